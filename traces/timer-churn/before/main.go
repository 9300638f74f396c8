// A payment gateway that gives every call to a bank its own timer, made anew.
// The timers become garbage at the rate of the calls, and the collector takes
// its time from the batches that happen to run then: see their p99.
package main

import (
	"context"
	"log"
	"runtime/trace"
	"sync"
	"time"

	"overstay.example/traces/internal/record"
)

const (
	lanes      = 2   // batches at the same time
	batches    = 200 // of each lane
	calls      = 800 // to the bank, per batch
	callLimit  = 250 * time.Millisecond
	ledgerSize = 100_000 // entries in the ledger: what a garbage collection has to go through
)

type entry struct {
	amount int
	next   *entry
}

func newLedger() (ledger *entry) {
	for i := 0; i < ledgerSize; i++ {
		ledger = &entry{i, ledger}
	}
	return ledger
}

func lane(ctx context.Context, ledger *entry, wg *sync.WaitGroup) {
	defer wg.Done()
	answers := make(chan int, 1)
	for i := 0; i < batches; i++ {
		settle(ctx, ledger, answers)
	}
}

func settle(ctx context.Context, ledger *entry, answers chan int) {
	ctx, task := trace.NewTask(ctx, "settle")
	defer task.End()
	for i := 0; i < calls; i++ {
		askBank(i, answers)
		ledger.amount += await(ctx, answers)
	}
}

// askBank stands for the network: the answer is there at once.
func askBank(amount int, answers chan<- int) {
	answers <- amount
}

func await(ctx context.Context, answers <-chan int) int {
	timer := time.NewTimer(callLimit)
	defer timer.Stop()
	select {
	case a := <-answers:
		return a
	case <-timer.C:
		log.Fatal("the bank does not answer")
	case <-ctx.Done():
	}
	return 0
}

// idle notices when the gateway is shut down.
func idle(ctx context.Context, wg *sync.WaitGroup) {
	defer wg.Done()
	defer record.Left(ctx, "idle")
	<-ctx.Done()
}

func main() {
	var ledgers [lanes]*entry
	for i := range ledgers {
		ledgers[i] = newLedger()
	}
	defer record.Trace()()
	ctx, cancel := context.WithCancel(context.Background())
	var busy, waiting sync.WaitGroup
	waiting.Add(1)
	go idle(ctx, &waiting)
	busy.Add(lanes)
	for i := 0; i < lanes; i++ {
		go lane(ctx, ledgers[i], &busy)
	}
	busy.Wait()
	record.Cancelling()
	cancel()
	waiting.Wait()
}
