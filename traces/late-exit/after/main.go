// The importer whose workers return at once when they hear ctx.Done. What used
// to be done then is done as they go, or given up.
package main

import (
	"context"
	"sync"
	"time"

	"overstay.example/traces/internal/record"
)

const (
	timeout    = 100 * time.Millisecond // of the whole import
	flushEvery = 15 * time.Millisecond
	reportTime = 200 * time.Microsecond // the report is brought up to date in small steps
	rowTime    = 8 * time.Millisecond   // reading one row
)

// heartbeat is as it should be: it leaves at once.
func heartbeat(ctx context.Context, wg *sync.WaitGroup) {
	defer wg.Done()
	defer record.Left(ctx, "heartbeat")
	tick := time.NewTicker(7 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func flushWorker(ctx context.Context, wg *sync.WaitGroup) {
	defer wg.Done()
	defer record.Left(ctx, "flushWorker")
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func reportWorker(ctx context.Context, wg *sync.WaitGroup) {
	defer wg.Done()
	defer record.Left(ctx, "reportWorker")
	tick := time.NewTicker(7 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			summarize()
		}
	}
}

func summarize() (sum uint64) {
	for start := time.Now(); time.Since(start) < reportTime; {
		for i := uint64(0); i < 10_000; i++ {
			sum = sum*31 + i
		}
	}
	return sum
}

func readWorker(ctx context.Context, wg *sync.WaitGroup, rows chan<- int) {
	defer wg.Done()
	defer record.Left(ctx, "readWorker")
	next := time.NewTicker(rowTime)
	defer next.Stop()
	for row := 0; ; row++ {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		select {
		case <-ctx.Done():
			return
		case rows <- row:
		}
	}
}

func storeWorker(ctx context.Context, wg *sync.WaitGroup, rows <-chan int) {
	defer wg.Done()
	defer record.Left(ctx, "storeWorker")
	for {
		select {
		case <-ctx.Done():
			return
		case <-rows:
		}
	}
}

func main() {
	defer record.Trace()()
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()

	rows := make(chan int)
	var wg sync.WaitGroup
	wg.Add(5)
	go heartbeat(ctx, &wg)
	go flushWorker(ctx, &wg)
	go reportWorker(ctx, &wg)
	go readWorker(ctx, &wg, rows)
	go storeWorker(ctx, &wg, rows)
	wg.Wait()
}
