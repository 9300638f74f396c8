// The deployment whose five steps all leave at once when one of them fails: what
// the compactor has not synced is left to the next start.
package main

import (
	"context"
	"errors"
	"log"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"overstay.example/traces/internal/record"
)

const failsAfter = 60 * time.Millisecond

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

// compact gives its work up. The lock is held for a moment only.
func (s *store) compact(ctx context.Context) error {
	defer record.Left(ctx, "compact")
	<-ctx.Done()
	s.note(1)
	return ctx.Err()
}

func (s *store) index(ctx context.Context) error {
	defer record.Left(ctx, "index")
	<-ctx.Done()
	s.note(0)
	return ctx.Err()
}

func (s *store) note(merged int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.merged = merged
}

func deploy(done chan<- error) {
	var s store
	g, ctx := errgroup.WithContext(context.Background())
	defer record.Left(ctx, "deploy")
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
