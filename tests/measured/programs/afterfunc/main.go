// context.AfterFunc: the callback's goroutine is born of the cancel.
package main

import (
	"context"
	"sync"
	"time"

	"selfmeasure.example/truth"
)

const ms = time.Millisecond

func stop(c *truth.Cancel, cancel func()) { c.Before(); cancel(); c.After() }

func main() {
	truth.Run(func() {
		var wg sync.WaitGroup
		ctx, cancel := context.WithCancel(context.Background())
		c := truth.NewCancel("explicit", "explicit", "main.stop")
		wg.Add(2)
		context.AfterFunc(ctx, func() {
			defer wg.Done()
			l := truth.Enter(c, "callback", "after-func", "own")
			l.Heard()
			l.Left()
		})
		context.AfterFunc(ctx, func() {
			defer wg.Done()
			l := truth.Enter(c, "late callback", "after-func", "own")
			l.Heard()
			l.Held("sleep", "main.main.func1.2.1", func() { time.Sleep(30 * ms) })
			l.Left()
		})
		stopped := context.AfterFunc(ctx, func() { panic("must not run") })
		stopped()
		time.Sleep(10 * ms)
		stop(c, cancel)
		wg.Wait()

		d, cancelD := context.WithTimeout(context.Background(), 20*ms)
		defer cancelD()
		cd := truth.NewCancel("deadline", "deadline", "")
		cd.Deadline(d)
		sub, cancelSub := context.WithCancel(d)
		defer cancelSub()
		wg.Add(2)
		context.AfterFunc(sub, func() {
			defer wg.Done()
			l := truth.Enter(cd, "deadline callback", "after-func", "own")
			l.Heard()
			l.Held("sleep", "main.main.func1.4.1", func() { time.Sleep(25 * ms) })
			l.Left()
		})
		go func() {
			defer wg.Done()
			l := truth.Enter(cd, "listener", "woken", "own")
			defer l.Left()
			<-d.Done()
			l.Heard()
		}()
		wg.Wait()
		truth.Settle()
	})
}
