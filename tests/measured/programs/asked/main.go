// Questions with a time limit: whoever asks leaves when the time is up, and whoever was to answer
// goes on. And a group that still waits when the trace ends.
package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"selfmeasure.example/truth"
)

const ms = time.Millisecond

// answer has not heard of contexts.
func answer(c *truth.Cancel, out chan<- int, delay time.Duration, evidence string) {
	l := truth.Enter(c, "answer", evidence, "")
	l.Held("sleep", "main.answer.func1", func() { time.Sleep(delay) })
	l.Left()
	out <- 1
}

// request asks once, and leaves when its time is up.
func request(n int, wg *sync.WaitGroup) {
	defer wg.Done()
	ctx, cancel := context.WithTimeout(context.Background(), 20*ms)
	defer cancel()
	c := truth.NewCancel(fmt.Sprint("request ", n), "deadline", "")
	c.Deadline(ctx)
	l := truth.Enter(c, "asker", "woken", "own")
	defer l.Left()
	out := make(chan int, 1)
	go answer(c, out, 70*ms, "waited-on")
	select {
	case <-out:
	case <-ctx.Done():
		l.Heard()
	}
}

// serve takes one job after another, each with a time limit; it lives on.
func serve(jobs <-chan int, wg *sync.WaitGroup) {
	defer wg.Done()
	for n := range jobs {
		ctx, cancel := context.WithTimeout(context.Background(), 15*ms)
		c := truth.NewCancel(fmt.Sprint("job ", n), "deadline", "")
		c.Deadline(ctx)
		l := truth.Enter(c, "worker", "woken", "own")
		l.LivesOn("it takes the next job")
		out := make(chan int, 1)
		go answer(c, out, 60*ms, "waited-on")
		select {
		case <-out:
		case <-ctx.Done():
			l.Heard()
		}
		cancel()
	}
}

// stop tells its helper by a channel.
func stop(wg *sync.WaitGroup) {
	defer wg.Done()
	ctx, cancel := context.WithTimeout(context.Background(), 20*ms)
	defer cancel()
	c := truth.NewCancel("stop", "deadline", "")
	c.Deadline(ctx)
	l := truth.Enter(c, "stopper", "woken", "own")
	done, failed := make(chan struct{}), make(chan error)
	go func() {
		l := truth.Enter(c, "helper", "none", "")
		defer l.Left()
		<-done
		time.Sleep(40 * ms)
	}()
	select {
	case <-failed:
	case <-ctx.Done():
		l.Heard()
	}
	close(done)
	l.Left()
}

// hang waits for three, one of which never leaves.
func hang() {
	ctx, cancel := context.WithTimeout(context.Background(), 20*ms)
	defer cancel()
	c := truth.NewCancel("hang", "deadline", "")
	c.Deadline(ctx)
	var wg sync.WaitGroup
	for i := 0; i < 3; i++ {
		wg.Add(1)
		go member(ctx, c, i == 1, &wg)
	}
	wg.Wait()
}

func member(ctx context.Context, c *truth.Cancel, stuck bool, wg *sync.WaitGroup) {
	defer wg.Done()
	if stuck {
		truth.Enter(c, "stuck", "waited-on", "")
		<-make(chan struct{})
	}
	l := truth.Enter(c, "member", "woken", "own")
	defer l.Left()
	<-ctx.Done()
	l.Heard()
}

func main() {
	truth.Run(func() {
		var wg sync.WaitGroup
		for i := 0; i < 3; i++ {
			wg.Add(1)
			go request(i, &wg)
		}
		wg.Wait()
		jobs := make(chan int)
		wg.Add(2)
		go serve(jobs, &wg)
		for i := 0; i < 3; i++ {
			jobs <- i
		}
		time.Sleep(100 * ms)
		close(jobs)
		go stop(&wg)
		wg.Wait()
		go hang()
		time.Sleep(120 * ms)
	})
}
