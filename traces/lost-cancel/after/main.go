// The hot path that cancels what it asked for: nothing outlives its request.
package main

import (
	"context"
	"sync"
	"time"

	"overstay.example/traces/internal/record"
)

const (
	requests   = 450
	requestGap = 1 * time.Millisecond
	sessionTTL = time.Minute
	workTime   = 2 * time.Millisecond
	bufferSize = 48 << 10 // of each request
)

type request struct {
	over   time.Time // when its contexts are cancelled
	buffer []byte
}

func handle(server context.Context, wg *sync.WaitGroup) {
	defer wg.Done()
	r := &request{buffer: make([]byte, bufferSize)}

	ctx, cancel := context.WithCancel(server)
	defer cancel()
	go audit(ctx, r)

	session, endSession := context.WithTimeout(server, sessionTTL)
	defer endSession()
	context.AfterFunc(session, func() { release(r) })
	go refresh(session, r)

	time.Sleep(workTime)
	r.over = time.Now()
}

// audit hears the end of the request.
func audit(ctx context.Context, r *request) {
	<-ctx.Done()
	record.LeftSince(r.over, "audit")
}

// refresh keeps the session fresh, every now and then, until it is over.
func refresh(ctx context.Context, r *request) {
	tick := time.NewTicker(10 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			record.LeftSince(r.over, "refresh")
			return
		case <-tick.C:
		}
	}
}

func release(r *request) {
	r.buffer = nil
}

func main() {
	defer record.Trace()()
	var wg sync.WaitGroup
	for i := 0; i < requests; i++ {
		wg.Add(1)
		go handle(context.Background(), &wg)
		time.Sleep(requestGap)
	}
	wg.Wait()
}
