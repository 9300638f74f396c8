// The sessions whose pollers wait for the next tick and for the end of the
// session at the same time.
package main

import (
	"context"
	"sync"
	"time"

	"overstay.example/traces/internal/record"
)

const (
	sessions   = 60
	sessionGap = 11 * time.Millisecond
	shortest   = 104 * time.Millisecond // of the sessions,
	step       = 7 * time.Millisecond   // in steps of this,
	lengths    = 13                     // so many different ones
	period     = 50 * time.Millisecond  // of the poller
	pollTime   = 300 * time.Microsecond
)

// session lasts as long as its context, and ends when its poller is gone.
func session(length time.Duration, wg *sync.WaitGroup) {
	defer wg.Done()
	ctx, cancel := context.WithTimeout(context.Background(), length)
	defer cancel()
	defer record.Left(ctx, "session")
	go heartbeat(ctx)
	polled := make(chan int)
	go poller(ctx, polled)
	<-polled
}

func heartbeat(ctx context.Context) {
	defer record.Left(ctx, "heartbeat")
	<-ctx.Done()
}

func poller(ctx context.Context, polled chan<- int) {
	n := 0
	defer func() { polled <- n }()
	defer record.Left(ctx, "poller")
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		n += poll()
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func poll() int {
	for start := time.Now(); time.Since(start) < pollTime; {
	}
	return 1
}

func main() {
	defer record.Trace()()
	var wg sync.WaitGroup
	for i := 0; i < sessions; i++ {
		wg.Add(1)
		go session(shortest+step*time.Duration(i%lengths), &wg)
		time.Sleep(sessionGap)
	}
	wg.Wait()
}
