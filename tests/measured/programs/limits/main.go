// Time limits that nobody listens to: a deadline passes unheard while those who work under it sleep,
// and only the clock tells whose it was.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"selfmeasure.example/truth"
)

const ms = time.Millisecond

// limit begins a context of so long, and a cancel of which the program does not hear either.
func limit(name string, long time.Duration) (context.Context, *truth.Cancel, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.Background(), long)
	c := truth.NewCancel(name, "deadline", "")
	now := truth.Now()
	// Between some microseconds before the context's time is up, and when a late timer comes.
	c.LoNs, c.HiNs = now+int64(long)-int64(ms), now+int64(long)+int64(8*ms)
	return ctx, c, cancel
}

// fetch sleeps through whatever it was given.
func fetch(c *truth.Cancel, out chan<- int) {
	l := truth.Enter(c, "fetcher", "waited-on", "")
	l.Held("sleep", "main.fetch.func1", func() { time.Sleep(90 * ms) })
	l.Left()
	out <- 1
}

// ask waits for one answer, with a limit that it forgets itself.
func ask(n int) {
	_, c, cancel := limit(fmt.Sprint("ask ", n), 35*ms)
	defer cancel()
	out := make(chan int)
	go fetch(c, out)
	<-out
}

// handler has the same limit for each request.
func handler(w http.ResponseWriter, r *http.Request) {
	_, c, cancel := limit("request "+r.URL.Query().Get("n"), 45*ms)
	defer cancel()
	l := truth.Enter(c, "handler", "task", "").Handler()
	l.Held("sleep", "main.handler.func1", func() { time.Sleep(100 * ms) })
	io.WriteString(w, "ok")
	l.Left()
}

// poll looks at its context between sleeps, and is gone soon after.
func poll(n int, wg *sync.WaitGroup) {
	defer wg.Done()
	ctx, c, cancel := limit(fmt.Sprint("poll ", n), 50*ms)
	defer cancel()
	l := truth.Enter(c, "poller", "none", "")
	defer l.Left()
	for ctx.Err() == nil {
		time.Sleep(4 * ms)
	}
}

func main() {
	truth.Run(func() {
		for n := 0; n < 5; n++ {
			ask(n)
			time.Sleep(time.Duration(3+n*n) * ms)
		}

		ln, _ := net.Listen("tcp", "127.0.0.1:0")
		srv := &http.Server{Handler: http.HandlerFunc(handler)}
		go srv.Serve(ln)
		var clients sync.WaitGroup
		for n := 0; n < 5; n++ {
			clients.Add(1)
			go func(n int) {
				defer clients.Done()
				url := fmt.Sprintf("http://%s/?n=%d", ln.Addr(), n)
				if resp, err := http.Get(url); err == nil {
					io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				}
			}(n)
			time.Sleep(time.Duration(23+7*n*n) * ms)
		}
		clients.Wait()
		srv.Shutdown(context.Background())

		var polls sync.WaitGroup
		for n := 0; n < 4; n++ {
			polls.Add(1)
			go poll(n, &polls)
			time.Sleep(time.Duration(11+n*n) * ms)
		}
		polls.Wait()
		truth.Settle()
	})
}
