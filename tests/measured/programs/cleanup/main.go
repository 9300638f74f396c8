// What goroutines do after their cancel: clean up under a context of their own, or go round a
// loop in which the context was one job's.
package main

import (
	"context"
	"sync"
	"time"

	"selfmeasure.example/truth"
)

const ms = time.Millisecond

var wg sync.WaitGroup

// flush gives its work a time limit of its own, which nobody else has.
func flush(limit time.Duration, done <-chan struct{}) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	select {
	case <-ctx.Done():
	case <-done:
	}
}

// later closes a channel after a while.
func later(after time.Duration) <-chan struct{} {
	done := make(chan struct{})
	time.AfterFunc(after, func() { close(done) })
	return done
}

func listen(ctx context.Context) { <-ctx.Done() }

// give up on flushing: its limit passes.
func runsOut(ctx context.Context, l *truth.Line) {
	defer l.Left()
	<-ctx.Done()
	l.Heard()
	flush(40*ms, nil)
}

// flushing is done before its limit.
func isDone(ctx context.Context, l *truth.Line) {
	defer l.Left()
	<-ctx.Done()
	l.Heard()
	flush(time.Second, later(30*ms))
}

// The wait for the cancel is in a function of its own, and so is what follows.
func inHelpers(ctx context.Context, l *truth.Line) {
	defer l.Left()
	listen(ctx)
	l.Heard()
	for i := 0; i < 3; i++ {
		flush(12*ms, nil)
	}
}

// jobs takes one job after the other, each with a context; the cancel is the first one's.
func jobs(ctx context.Context, l *truth.Line) {
	l.LivesOn("has more jobs")
	for job := 0; job < 3; job++ {
		listen(ctx)
		if job == 0 {
			l.Heard()
		}
		next, cancel := context.WithTimeout(context.Background(), 15*ms)
		defer cancel()
		ctx = next
	}
}

// rounds waits for its context or for work, and has another context in each round.
func rounds(ctx context.Context, l *truth.Line) {
	l.LivesOn("has another context in the next round")
	heard := false
	for i := 0; i < 3; i++ {
		select {
		case <-ctx.Done():
			if !heard {
				l.Heard()
				heard = true
			}
			ctx = context.Background()
		case <-later(25 * ms):
		}
	}
}

func main() {
	truth.Run(func() {
		ctx, cancel := context.WithCancel(context.Background())
		c := truth.NewCancel("stop", "explicit", "main.main.func1")
		for name, run := range map[string]func(context.Context, *truth.Line){
			"runs out": runsOut, "is done": isDone, "in helpers": inHelpers,
			"jobs": jobs, "rounds": rounds,
		} {
			name, run := name, run
			wg.Add(1)
			go func() {
				defer wg.Done()
				run(ctx, truth.Enter(c, name, "woken", "own"))
			}()
		}
		slow := later(60 * ms)
		wg.Add(1)
		go func() {
			defer wg.Done()
			l := truth.Enter(c, "in a row", "woken", "own")
			defer l.Left()
			<-ctx.Done()
			l.Heard()
			<-slow
		}()
		time.Sleep(10 * ms)
		c.Before()
		cancel()
		c.After()
		wg.Wait()
		truth.Settle()
	})
}
