// Five steps of a deployment in an errgroup. One fails, and the group's context
// tells the other four. Two leave at once. The compactor first finishes what it
// is doing, with the lock held, and the indexer, which would leave at once, is
// waiting for that lock: Wait returns late.
package main

import (
	"context"
	"errors"
	"log"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"overstay.example/traces/internal/record"
)

const (
	failsAfter = 60 * time.Millisecond
	slowDisk   = 140 * time.Millisecond // how long the disk takes to sync, in a system call
)

var errNoSpace = errors.New("upload: no space left")

type store struct {
	mu     sync.Mutex
	merged int
}

func upload(ctx context.Context) error {
	timer := time.NewTimer(failsAfter)
	defer timer.Stop()
	<-timer.C
	record.Cancelling()
	return errNoSpace
}

func watchConfig(ctx context.Context) error {
	defer record.Left(ctx, "watchConfig")
	<-ctx.Done()
	return ctx.Err()
}

func warmCache(ctx context.Context) error {
	defer record.Left(ctx, "warmCache")
	tick := time.NewTicker(7 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// compact hears the cancel, and then syncs the disk once more.
func (s *store) compact(ctx context.Context) error {
	defer record.LeftLate(ctx, "compact")
	<-ctx.Done()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.merged++
	return syncDisk()
}

// syncDisk stands for an fsync on a slow disk.
func syncDisk() error {
	left := syscall.NsecToTimespec(slowDisk.Nanoseconds())
	for {
		err := syscall.Nanosleep(&left, &left)
		if err != syscall.EINTR {
			return err
		}
	}
}

// index hears the cancel and only wants to put its state in order.
func (s *store) index(ctx context.Context) error {
	defer record.LeftLate(ctx, "index")
	<-ctx.Done()
	time.Sleep(time.Millisecond) // a last entry
	s.mu.Lock()
	defer s.mu.Unlock()
	s.merged = 0
	return ctx.Err()
}

func deploy(done chan<- error) {
	var s store
	g, ctx := errgroup.WithContext(context.Background())
	defer record.LeftLate(ctx, "deploy")
	g.Go(func() error { return upload(ctx) })
	g.Go(func() error { return watchConfig(ctx) })
	g.Go(func() error { return warmCache(ctx) })
	g.Go(func() error { return s.compact(ctx) })
	g.Go(func() error { return s.index(ctx) })
	done <- g.Wait()
}

func main() {
	defer record.Trace()()
	done := make(chan error, 1)
	go deploy(done)
	if err := <-done; err != errNoSpace {
		log.Fatal(err)
	}
}
