// Workers that serve many contexts: they hear cancels that end one job, not them.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"selfmeasure.example/truth"
)

const ms = time.Millisecond

type job struct {
	ctx context.Context
	c   *truth.Cancel
}

func worker(ctx context.Context, c *truth.Cancel, jobs <-chan job, wg *sync.WaitGroup) {
	defer wg.Done()
	l := truth.Enter(c, "worker", "woken", "own")
	defer l.Left()
	for {
		select {
		case <-ctx.Done():
			l.Heard()
			return
		case j := <-jobs:
			jl := truth.Enter(j.c, "worker", "woken", "own")
			jl.LivesOn("serves many contexts")
			<-j.ctx.Done()
			jl.Heard()
		}
	}
}

func client(n int, jobs chan<- job, wg *sync.WaitGroup) {
	defer wg.Done()
	for i := 0; i < 6; i++ {
		ctx, cancel := context.WithTimeout(context.Background(), 8*ms)
		c := truth.NewCancel(fmt.Sprintf("job %d.%d", n, i), "deadline", "")
		if i%2 == 0 {
			c.Deadline(ctx)
			jobs <- job{ctx, c}
			time.Sleep(12 * ms)
			cancel()
			continue
		}
		c.Cause, c.Site = []string{"explicit"}, "main.client"
		jobs <- job{ctx, c}
		time.Sleep(4 * ms)
		c.Before()
		cancel()
		c.After()
	}
}

func main() {
	truth.Run(func() {
		ctx, stop := context.WithCancel(context.Background())
		c := truth.NewCancel("stop", "explicit", "main.main.func1")
		jobs := make(chan job)
		var workers, clients sync.WaitGroup
		for i := 0; i < 3; i++ {
			workers.Add(1)
			go worker(ctx, c, jobs, &workers)
		}
		for i := 0; i < 3; i++ {
			clients.Add(1)
			go client(i, jobs, &clients)
		}
		clients.Wait()
		time.Sleep(5 * ms)
		c.Before()
		stop()
		c.After()
		workers.Wait()
		truth.Settle()
	})
}
