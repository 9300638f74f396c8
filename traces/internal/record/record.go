// Package record is what the cases share: it writes the execution trace and
// keeps the program's own account of who left how long after its cancel, to
// hold against what Overstay makes of the trace.
package record

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"os"
	"runtime"
	"runtime/trace"
	"sync/atomic"
	"time"
)

type departure struct {
	goroutine string
	name      string
	late      time.Duration
	prompt    bool // as far as the case goes, it should have left at once
}

// settle is how long the trace goes on when the program is done, so that
// goroutines on their way out, those of net/http say, are seen to leave.
const settle = 20 * time.Millisecond

var (
	departures [4096]departure // slots are claimed by n, so that noting one never blocks
	n          atomic.Int64
	cancelled  atomic.Int64
)

// Trace starts a trace into the file named by the first argument. The function
// it returns stops the trace and prints the account; every goroutine of the
// program must have returned by then, except those the case leaves behind.
func Trace() (stop func()) {
	if len(os.Args) != 2 {
		log.Fatalf("usage: %s OUT.trace", os.Args[0])
	}
	f, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	if err := trace.Start(f); err != nil {
		log.Fatal(err)
	}
	return func() {
		time.Sleep(settle)
		trace.Stop()
		if err := f.Close(); err != nil {
			log.Fatal(err)
		}
		account()
	}
}

// Cancelling is called right before an explicit cancel().
func Cancelling() { cancelled.Store(time.Now().UnixNano()) }

// CancelsAtDeadline is called instead of Cancelling where ctx will be cancelled
// by its deadline and some goroutines that matter have no ctx to look at.
func CancelsAtDeadline(ctx context.Context) {
	if d, ok := ctx.Deadline(); ok {
		cancelled.Store(d.UnixNano())
	}
}

// Left is deferred by a goroutine that works under ctx. If ctx is done, it
// notes how long ago that happened: since the deadline if that has passed,
// otherwise since Cancelling was called.
func Left(ctx context.Context, name string) {
	note(ctx, name, true)
}

// LeftLate is Left for a goroutine whose lateness is the point of the case.
func LeftLate(ctx context.Context, name string) {
	note(ctx, name, false)
}

// LeftDeaf is LeftLate for a goroutine that was given no context.
func LeftDeaf(name string) {
	if c := cancelled.Load(); c != 0 {
		noteSince(time.Unix(0, c), name, false)
	}
}

// LeftSince is Left for a goroutine that knows from elsewhere when it was cancelled.
func LeftSince(t time.Time, name string) {
	noteSince(t, name, true)
}

// LeftLateSince is LeftLate for a goroutine that knows from elsewhere when it was cancelled.
func LeftLateSince(t time.Time, name string) {
	noteSince(t, name, false)
}

func note(ctx context.Context, name string, prompt bool) {
	if ctx.Err() == nil {
		return
	}
	if d, ok := ctx.Deadline(); ok && ctx.Err() == context.DeadlineExceeded {
		noteSince(d, name, prompt)
	} else if c := cancelled.Load(); c != 0 {
		noteSince(time.Unix(0, c), name, prompt)
	}
}

func noteSince(t time.Time, name string, prompt bool) {
	late := time.Since(t)
	if i := n.Add(1) - 1; late >= 0 && i < int64(len(departures)) {
		departures[i] = departure{id(), name, late, prompt}
	}
}

func id() string {
	var buf [32]byte
	b := buf[:runtime.Stack(buf[:], false)]
	b = bytes.TrimPrefix(b, []byte("goroutine "))
	b, _, _ = bytes.Cut(b, []byte(" "))
	return string(b)
}

func account() {
	var worst time.Duration
	for _, d := range departures[:min(int(n.Load()), len(departures))] {
		if d.goroutine == "" {
			continue // it left before its cancel
		}
		fmt.Fprintf(os.Stderr, "goroutine %s %s left %v after its cancel\n", d.goroutine, d.name, d.late)
		if d.prompt && d.late > worst {
			worst = d.late
		}
	}
	fmt.Fprintf(os.Stderr, "worst of those that should leave at once: %d us\n", worst.Microseconds())
}
