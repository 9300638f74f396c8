// Contexts of a type that package context does not know, as parents; and a
// cancel called by `go cancel()`.
package main

import (
	"context"
	"sync"
	"time"

	"selfmeasure.example/truth"
)

const ms = time.Millisecond

// stopper is a context whose end is somebody closing a channel.
type stopper struct{ done chan struct{} }

func (s *stopper) Deadline() (time.Time, bool) { return time.Time{}, false }
func (s *stopper) Done() <-chan struct{}       { return s.done }
func (s *stopper) Value(any) any               { return nil }
func (s *stopper) Err() error {
	select {
	case <-s.done:
		return context.Canceled
	default:
		return nil
	}
}

// hooked also offers AfterFunc, which spares the watcher.
type hooked struct {
	stopper
	mu    sync.Mutex
	funcs []func()
}

func (h *hooked) AfterFunc(f func()) func() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.funcs = append(h.funcs, f)
	return func() bool { return false }
}

func (h *hooked) stop() {
	close(h.done)
	for _, f := range h.funcs {
		f()
	}
}

func listen(ctx context.Context, c *truth.Cancel, name string, late time.Duration, wg *sync.WaitGroup) {
	defer wg.Done()
	l := truth.Enter(c, name, "woken", "own")
	defer l.Left()
	<-ctx.Done()
	l.Heard()
	if late > 0 {
		l.Held("sleep", "main.listen.func1", func() { time.Sleep(late) })
	}
}

func main() {
	truth.Run(func() {
		var wg sync.WaitGroup

		s := &stopper{make(chan struct{})}
		ctx, cancel := context.WithCancel(s)
		defer cancel()
		c := truth.NewCancel("foreign", "parent", "|main.main.func1")
		wg.Add(2)
		go listen(ctx, c, "foreign", 0, &wg)
		go listen(ctx, c, "foreign late", 20*ms, &wg)
		time.Sleep(10 * ms)
		c.Since()
		close(s.done)
		wg.Wait()

		h := &hooked{stopper: stopper{make(chan struct{})}}
		hctx, hcancel := context.WithCancel(h)
		defer hcancel()
		hc := truth.NewCancel("hooked", "parent", "main.(*hooked).stop")
		wg.Add(2)
		go listen(hctx, hc, "hooked", 0, &wg)
		go listen(hctx, hc, "hooked late", 20*ms, &wg)
		time.Sleep(10 * ms)
		hc.Before()
		h.stop()
		hc.After()
		wg.Wait()

		gctx, gcancel := context.WithCancel(context.Background())
		gc := truth.NewCancel("go cancel", "explicit", "main.main.func1|")
		wg.Add(2)
		go listen(gctx, gc, "go cancel", 0, &wg)
		go listen(gctx, gc, "go cancel late", 20*ms, &wg)
		time.Sleep(10 * ms)
		gc.Since()
		go gcancel()
		wg.Wait()

		nctx, ncancel := context.WithCancel(context.Background())
		_ = nctx
		nc := truth.NewCancel("go cancel unheard", "explicit", "main.main.func1|")
		nc.Since()
		go ncancel()
		truth.Settle()
	})
}
