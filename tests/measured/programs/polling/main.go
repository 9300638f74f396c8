// Goroutines that are never parked on Done: pollers of ctx.Err(), alone, waited
// for, or known by their task.
package main

import (
	"context"
	"fmt"
	"runtime/trace"
	"sync"
	"time"

	"selfmeasure.example/truth"
)

const ms = time.Millisecond

func poller(ctx context.Context, c *truth.Cancel, evidence string, done chan<- struct{}) {
	l := truth.Enter(c, "poller", evidence, "")
	defer l.Left()
	if done != nil {
		defer close(done)
	}
	defer trace.StartRegion(ctx, "poll").End()
	for ctx.Err() == nil {
		time.Sleep(17 * ms)
	}
}

func request(i int, withTask, wait, heard bool, wg *sync.WaitGroup) {
	defer wg.Done()
	base := context.Background()
	evidence := "none|sibling"
	if withTask {
		var task *trace.Task
		base, task = trace.NewTask(base, "request")
		defer task.End()
		if heard {
			evidence = "task|sibling"
		}
	}
	ctx, cancel := context.WithTimeout(base, 20*ms)
	defer cancel()
	c := truth.NewCancel(fmt.Sprintf("request %d task=%v wait=%v heard=%v", i, withTask, wait, heard), "deadline", "")
	c.Deadline(ctx)
	if wait {
		if heard {
			evidence = "waited-on|" + evidence
		} else {
			evidence = "none|waited-on|" + evidence
		}
	}
	var listening sync.WaitGroup
	if heard {
		listening.Add(1)
		go func() {
			defer listening.Done()
			l := truth.Enter(c, "listener", "woken", "own")
			defer l.Left()
			defer trace.StartRegion(ctx, "listen").End()
			<-ctx.Done()
			l.Heard()
		}()
	}
	if wait {
		done := make(chan struct{})
		go poller(ctx, c, evidence, done)
		<-done
	} else {
		go poller(ctx, c, evidence, nil)
		time.Sleep(60 * ms)
	}
	listening.Wait()
}

func main() {
	truth.Run(func() {
		i := 0
		for _, task := range []bool{false, true} {
			for _, wait := range []bool{false, true} {
				for _, heard := range []bool{false, true} {
					var wg sync.WaitGroup
					wg.Add(1)
					go request(i, task, wait, heard, &wg)
					wg.Wait()
					i++
				}
			}
		}
		// An explicit cancel with nobody parked: nothing to see.
		ctx, cancel := context.WithCancel(context.Background())
		c := truth.NewCancel("unheard", "explicit", "main.main.func1")
		c.Invisible()
		go poller(ctx, c, "none", nil)
		time.Sleep(10 * ms)
		c.Before()
		cancel()
		c.After()
		time.Sleep(40 * ms)
		truth.Settle()
	})
}
