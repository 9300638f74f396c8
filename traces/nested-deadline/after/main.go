// The checkout whose deadline leaves room for the payment's. The bank answers
// in time, and the payment's deadline, when it is needed, is its own.
package main

import (
	"context"
	"sync"
	"time"

	"overstay.example/traces/internal/record"
)

const (
	checkoutTime = 400 * time.Millisecond // the parent's
	paymentTime  = 300 * time.Millisecond // the child's
	bankAnswers  = 250 * time.Millisecond
	bankIsDown   = time.Second // in the last checkout
	checkouts    = 3
)

func checkout(bank time.Duration, wg *sync.WaitGroup) {
	defer wg.Done()
	ctx, cancel := context.WithDeadline(context.Background(), time.Now().Add(checkoutTime))
	defer cancel()
	defer record.Left(ctx, "checkout")

	var steps sync.WaitGroup
	steps.Add(2)
	go holdStock(ctx, &steps)
	go pay(ctx, bank, &steps, cancel)
	steps.Wait()
}

// holdStock keeps the goods reserved until the payment is through.
func holdStock(ctx context.Context, steps *sync.WaitGroup) {
	defer steps.Done()
	defer record.Left(ctx, "holdStock")
	<-ctx.Done()
}

func pay(ctx context.Context, bank time.Duration, steps *sync.WaitGroup, paid func()) {
	defer steps.Done()
	ctx, cancel := context.WithDeadline(ctx, time.Now().Add(paymentTime))
	defer cancel()
	defer record.Left(ctx, "pay")

	var banks sync.WaitGroup
	banks.Add(2)
	go authorize(ctx, bank, &banks)
	go capture(ctx, bank, &banks)
	banks.Wait()
	record.Cancelling()
	paid()
}

func authorize(ctx context.Context, bank time.Duration, banks *sync.WaitGroup) {
	defer banks.Done()
	defer record.Left(ctx, "authorize")
	askBank(ctx, bank)
}

func capture(ctx context.Context, bank time.Duration, banks *sync.WaitGroup) {
	defer banks.Done()
	defer record.Left(ctx, "capture")
	askBank(ctx, bank)
}

func askBank(ctx context.Context, bank time.Duration) error {
	timer := time.NewTimer(bank)
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
	for i := 0; i < checkouts; i++ {
		var wg sync.WaitGroup
		wg.Add(1)
		bank := bankAnswers
		if i == checkouts-1 {
			bank = bankIsDown
		}
		go checkout(bank, &wg)
		wg.Wait()
	}
}
