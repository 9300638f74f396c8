// A payment under a deadline of 100 ms. The goroutines that do the slow part
// were never given the context, so the deadline passes them by, and whoever
// waits for them waits just as long.
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

// heartbeat hears the cancel and leaves at once.
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

// fetchQuote waits for a goroutine that knows nothing of the deadline.
func fetchQuote(ctx context.Context, wg *sync.WaitGroup) {
	defer wg.Done()
	defer record.LeftLate(ctx, "fetchQuote")
	reply := make(chan float64)
	go askExchange(reply)
	<-reply
}

func askExchange(reply chan<- float64) {
	defer record.LeftDeaf("askExchange")
	quotes := make(chan float64) // no exchange answers today
	select {
	case q := <-quotes:
		reply <- q
	case <-time.After(replyAfter):
		reply <- 0
	}
}

// settle waits for retries that sleep.
func settle(ctx context.Context, wg *sync.WaitGroup) {
	defer wg.Done()
	defer record.LeftLate(ctx, "settle")
	var all sync.WaitGroup
	all.Add(retries)
	for i := 0; i < retries; i++ {
		go retryPayment(i, &all)
	}
	all.Wait()
}

func retryPayment(i int, all *sync.WaitGroup) {
	defer all.Done()
	defer record.LeftDeaf("retryPayment")
	time.Sleep(retryFirst + time.Duration(i)*retryStep)
}

func main() {
	defer record.Trace()()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	record.CancelsAtDeadline(ctx)

	var wg sync.WaitGroup
	wg.Add(3)
	go heartbeat(ctx, &wg)
	go fetchQuote(ctx, &wg)
	go settle(ctx, &wg)
	wg.Wait()
}
