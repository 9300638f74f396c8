// Cancels that nobody is parked on, but that the program logs.
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

func poller(ctx context.Context, c *truth.Cancel, wg *sync.WaitGroup) {
	defer wg.Done()
	l := truth.Enter(c, "poller", "task|logged|none", "")
	defer l.Left()
	defer trace.StartRegion(ctx, "poll").End()
	for ctx.Err() == nil {
		time.Sleep(7 * ms)
	}
}

func job(i int) {
	base, task := trace.NewTask(context.Background(), "job")
	defer task.End()
	ctx, cancel := context.WithCancel(base)
	c := truth.NewCancel(fmt.Sprint("logged ", i), "logged|explicit", "main.job")
	var wg sync.WaitGroup
	wg.Add(1)
	go poller(ctx, c, &wg)
	time.Sleep(time.Duration(10+i) * ms)
	c.Before()
	trace.Log(ctx, "context", "cancel job")
	cancel()
	c.After()
	wg.Wait()
}

func main() {
	truth.Run(func() {
		for i := 0; i < 4; i++ {
			job(i)
		}
		truth.Settle()
	})
}
