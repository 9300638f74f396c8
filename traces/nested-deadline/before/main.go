// A checkout with a deadline of 100 ms calls a payment step whose author gives
// it 400 ms. A child's deadline can only be the earlier one: the step is cut off
// with the checkout, and its own timer never fires.
package main

import (
	"context"
	"sync"
	"time"

	"overstay.example/traces/internal/record"
)

const (
	checkoutTime = 100 * time.Millisecond // the parent's
	paymentTime  = 400 * time.Millisecond // the child's, as its author believes
	bankAnswers  = 250 * time.Millisecond
	checkouts    = 3
)

func checkout(wg *sync.WaitGroup) {
	defer wg.Done()
	ctx, cancel := context.WithDeadline(context.Background(), time.Now().Add(checkoutTime))
	defer cancel()
	defer record.Left(ctx, "checkout")

	var steps sync.WaitGroup
	steps.Add(2)
	go holdStock(ctx, &steps)
	go pay(ctx, &steps)
	steps.Wait()
}

// holdStock keeps the goods reserved while the checkout lasts.
func holdStock(ctx context.Context, steps *sync.WaitGroup) {
	defer steps.Done()
	defer record.Left(ctx, "holdStock")
	<-ctx.Done()
}

func pay(ctx context.Context, steps *sync.WaitGroup) {
	defer steps.Done()
	ctx, cancel := context.WithDeadline(ctx, time.Now().Add(paymentTime))
	defer cancel()
	defer record.Left(ctx, "pay")

	var banks sync.WaitGroup
	banks.Add(2)
	go authorize(ctx, &banks)
	go capture(ctx, &banks)
	banks.Wait()
}

func authorize(ctx context.Context, banks *sync.WaitGroup) {
	defer banks.Done()
	defer record.Left(ctx, "authorize")
	askBank(ctx)
}

func capture(ctx context.Context, banks *sync.WaitGroup) {
	defer banks.Done()
	defer record.Left(ctx, "capture")
	askBank(ctx)
}

func askBank(ctx context.Context) error {
	timer := time.NewTimer(bankAnswers)
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
		go checkout(&wg)
		wg.Wait()
	}
}
