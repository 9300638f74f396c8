// The service whose loop waits for its next turn and for the end of the request
// at the same time.
package main

import (
	"context"
	"sync"
	"time"

	"overstay.example/traces/internal/record"
)

const (
	timeout   = 100 * time.Millisecond // of a request
	syncPause = 500 * time.Millisecond // between two pulls of an account
	quickPull = 30 * time.Millisecond  // most replicas answer in this time,
	slowPull  = 150 * time.Millisecond // every third does not answer in time
	requests  = 90
	firstGap  = 40 * time.Millisecond // between the first two requests;
	lastGap   = 5 * time.Millisecond  // it shrinks to this as traffic grows
)

// handle serves one request: it answers when the account is in sync.
func handle(account int, wg *sync.WaitGroup) {
	defer wg.Done()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	defer record.Left(ctx, "handle")
	go progress(ctx)
	synced := make(chan struct{})
	go syncLoop(ctx, account, synced)
	<-synced
}

// progress tells the client how far the request is, and leaves at once.
func progress(ctx context.Context) {
	defer record.Left(ctx, "progress")
	tick := time.NewTicker(70 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func syncLoop(ctx context.Context, account int, synced chan<- struct{}) {
	defer close(synced)
	defer record.Left(ctx, "syncLoop")
	next := time.NewTicker(syncPause)
	defer next.Stop()
	for {
		if pull(ctx, account) != nil {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
	}
}

// pull asks a replica for news.
func pull(ctx context.Context, account int) error {
	answer := quickPull
	if account%3 == 0 {
		answer = slowPull
	}
	timer := time.NewTimer(answer)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func main() {
	defer record.Trace()()
	var wg sync.WaitGroup
	for i := 0; i < requests; i++ {
		wg.Add(1)
		go handle(i, &wg)
		time.Sleep(firstGap - (firstGap-lastGap)*time.Duration(i)/requests)
	}
	wg.Wait()
}
