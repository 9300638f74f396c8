// An importer whose workers all hear ctx.Done, and then do something more
// before they return: one sleeps, one computes, one drains a channel.
package main

import (
	"context"
	"sync"
	"time"

	"overstay.example/traces/internal/record"
)

const (
	timeout    = 100 * time.Millisecond // of the whole import
	flushPause = 80 * time.Millisecond  // the flush worker "gives the disk a moment"
	reportTime = 60 * time.Millisecond  // the report worker sums up once more
	rowTime    = 8 * time.Millisecond   // reading one row
	rowsLeft   = 15                     // rows the reader still delivers: 120 ms
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
	defer record.LeftLate(ctx, "flushWorker")
	tick := time.NewTicker(15 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			lateWork()
			return
		case <-tick.C:
		}
	}
}

func lateWork() {
	time.Sleep(flushPause)
}

func reportWorker(ctx context.Context, wg *sync.WaitGroup) {
	defer wg.Done()
	defer record.LeftLate(ctx, "reportWorker")
	<-ctx.Done()
	summarize()
}

// summarize spins: all of its time is spent running.
func summarize() (sum uint64) {
	for start := time.Now(); time.Since(start) < reportTime; {
		for i := uint64(0); i < 10_000; i++ {
			sum = sum*31 + i
		}
	}
	return sum
}

// readWorker does not want to lose rows, so it reads on after the cancel.
func readWorker(ctx context.Context, wg *sync.WaitGroup, rows chan<- int) {
	defer wg.Done()
	defer record.LeftLate(ctx, "readWorker")
	defer close(rows)
	next := time.NewTicker(rowTime)
	defer next.Stop()
	for row := 0; ; row++ {
		select {
		case <-ctx.Done():
			for left := 0; left < rowsLeft; left++ {
				rows <- readRow(row + left)
			}
			return
		case <-next.C:
			rows <- row
		}
	}
}

func readRow(row int) int {
	time.Sleep(rowTime)
	return row
}

func storeWorker(ctx context.Context, wg *sync.WaitGroup, rows <-chan int) {
	defer wg.Done()
	defer record.LeftLate(ctx, "storeWorker")
	stored := 0
	for {
		select {
		case <-ctx.Done():
			stored += drain(rows)
			return
		case <-rows:
			stored++
		}
	}
}

func drain(rows <-chan int) (n int) {
	for range rows {
		n++
	}
	return n
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
