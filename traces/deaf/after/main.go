// The payment in which everyone who waits also waits for the deadline.
package main

import (
	"context"
	"sync"
	"time"

	"overstay.example/traces/internal/record"
)

const (
	timeout    = 100 * time.Millisecond // of the whole payment
	replyAfter = 500 * time.Millisecond // the exchange gives up on its own
	retryFirst = 300 * time.Millisecond // pause before a retry,
	retryStep  = 50 * time.Millisecond  // longer for each of them
	retries    = 3
)

func heartbeat(ctx context.Context, wg *sync.WaitGroup) {
	defer wg.Done()
	defer record.Left(ctx, "heartbeat")
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func fetchQuote(ctx context.Context, wg *sync.WaitGroup) {
	defer wg.Done()
	defer record.Left(ctx, "fetchQuote")
	reply := make(chan float64, 1)
	go askExchange(ctx, reply)
	<-reply
}

func askExchange(ctx context.Context, reply chan<- float64) {
	defer record.Left(ctx, "askExchange")
	quotes := make(chan float64) // no exchange answers today
	select {
	case q := <-quotes:
		reply <- q
	case <-time.After(replyAfter):
		reply <- 0
	case <-ctx.Done():
		reply <- 0
	}
}

func settle(ctx context.Context, wg *sync.WaitGroup) {
	defer wg.Done()
	defer record.Left(ctx, "settle")
	var all sync.WaitGroup
	all.Add(retries)
	for i := 0; i < retries; i++ {
		go retryPayment(ctx, i, &all)
	}
	all.Wait()
}

func retryPayment(ctx context.Context, i int, all *sync.WaitGroup) {
	defer all.Done()
	defer record.Left(ctx, "retryPayment")
	pause := time.NewTimer(retryFirst + time.Duration(i)*retryStep)
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-ctx.Done():
	}
}

func main() {
	defer record.Trace()()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()

	var wg sync.WaitGroup
	wg.Add(3)
	go heartbeat(ctx, &wg)
	go fetchQuote(ctx, &wg)
	go settle(ctx, &wg)
	wg.Wait()
}
