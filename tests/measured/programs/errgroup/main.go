// golang.org/x/sync/errgroup: one fails, four hear, one of them is held up by another.
package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"selfmeasure.example/truth"
)

const ms = time.Millisecond

func main() {
	truth.Run(func() {
		done := make(chan struct{})
		go group(done)
		<-done
		truth.Settle()
	})
}

func group(done chan struct{}) {
	defer close(done)
	var mu sync.Mutex
	g, ctx := errgroup.WithContext(context.Background())
	c := truth.NewCancel("group", "errgroup", "|golang.org/x/sync/errgroup.(*Group).Go.func1.1")
	member := func(name, by, site string, late func()) {
		g.Go(func() error {
			l := truth.Enter(c, name, "woken", "own")
			l.Depth = 1
			defer l.Left()
			<-ctx.Done()
			l.Heard()
			if late != nil {
				l.Held(by, site, late)
			}
			return ctx.Err()
		})
	}
	member("prompt", "", "", nil)
	member("prompt2", "", "", nil)
	member("holder", "sleep", "main.group.func2", func() { mu.Lock(); time.Sleep(60 * ms); mu.Unlock() })
	member("held", "mutex", "main.group.func3", func() { time.Sleep(2 * ms); mu.Lock(); mu.Unlock() })
	g.Go(func() error {
		time.Sleep(20 * ms)
		c.Since()
		return errors.New("failed")
	})
	w := truth.Enter(c, "Wait", "none|waited-on", "")
	defer w.Left()
	g.Wait()
}
