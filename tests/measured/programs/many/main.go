// Cancels that take long: thousands of waiters at several depths, on a machine
// busy with other things, so that the canceller is preempted between two wakes.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"selfmeasure.example/truth"
)

const (
	ms      = time.Millisecond
	rounds  = 5
	spinFor = 60 * ms
)

func wait(ctx context.Context, c *truth.Cancel, depth, i int, wg *sync.WaitGroup) {
	defer wg.Done()
	l := truth.Enter(c, "waiter", "woken", "own")
	l.Depth = depth
	defer l.Left()
	<-ctx.Done()
	l.Heard()
	if i%100 == 0 {
		l.Held("sleep", "main.wait.func1", func() { time.Sleep(50 * ms) })
	}
}

func spin(until time.Time, wg *sync.WaitGroup) {
	defer wg.Done()
	for time.Now().Before(until) {
	}
}

func main() {
	truth.Run(func() {
		for r := 0; r < rounds; r++ {
			round(r)
		}
		truth.Settle()
	})
}

func round(r int) {
	waiters := 1000
	if r == rounds-1 {
		waiters = 12000 // takes longer than a turn of the scheduler
	}
	ctx, cancel := context.WithCancel(context.Background())
	c := truth.NewCancel(fmt.Sprint("all", r), "explicit", "main.round")
	var wg sync.WaitGroup
	level := ctx
	for i := 0; i < waiters; i++ {
		depth := i / (waiters / 4)
		if i%(waiters/4) == 0 && i > 0 {
			sub, cancelSub := context.WithCancel(level)
			defer cancelSub()
			level = sub
		}
		wg.Add(1)
		if r < 2 {
			go wait(level, c, depth+1, i, &wg)
			continue
		}
		own, cancelOwn := context.WithCancel(level) // a context each: the cancel goes from one to the next
		defer cancelOwn()
		go wait(own, c, depth+2, i, &wg)
	}
	time.Sleep(100 * ms)
	now := time.Now()
	wg.Add(3)
	for i := 0; i < 3; i++ {
		go spin(now.Add(spinFor), &wg)
	}
	// Most of this goroutine's turn goes by before it cancels, so that its turn may end in between.
	for time.Since(now) < time.Duration(9+r)*ms {
	}
	c.Before()
	cancel()
	c.After()
	wg.Wait()
}
