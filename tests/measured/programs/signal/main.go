// signal.NotifyContext, and what shutting down by it looks like.
package main

import (
	"context"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"selfmeasure.example/truth"
)

const ms = time.Millisecond

func work(ctx context.Context, c *truth.Cancel, name string, late time.Duration, wg *sync.WaitGroup) {
	defer wg.Done()
	l := truth.Enter(c, name, "woken", "own")
	defer l.Left()
	<-ctx.Done()
	l.Heard()
	if late > 0 {
		l.Held("sleep", "main.work.func1", func() { time.Sleep(late) })
	}
}

func main() {
	truth.Run(func() {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGUSR1)
		defer stop()
		c := truth.NewCancel("signal", "signal", "|main.main.func1")
		var wg sync.WaitGroup
		wg.Add(3)
		go work(ctx, c, "prompt", 0, &wg)
		go work(ctx, c, "prompt", 0, &wg)
		go work(ctx, c, "late", 30*ms, &wg)
		time.Sleep(10 * ms)
		c.Since()
		syscall.Kill(syscall.Getpid(), syscall.SIGUSR1)
		wg.Wait()
		truth.Settle()
	})
}
