// Package overstayctx is package context with cancels that an execution trace shows.
//
// The runtime writes no event when a context is cancelled: a cancel is seen by whom it wakes,
// and one that wakes nobody is not seen at all. The contexts of this package write it down, with
// their name and their parent's, so that Overstay finds every cancel, and who polls ctx.Err().
//
// Copy this file into your program, below any import path that ends in overstayctx. It needs
// Go 1.21. While no trace is recorded it costs one addition and one allocation a context.
package overstayctx

import (
	"context"
	"runtime/trace"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Category is the category of the logs, the one that Overstay looks for.
const Category = "context"

// WithCancel is context.WithCancel for a context called name.
func WithCancel(parent context.Context, name string) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(named(parent, name))
	return ctx, logged(born(ctx), cancel)
}

// WithCancelCause is context.WithCancelCause for a context called name.
func WithCancelCause(parent context.Context, name string) (context.Context, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(named(parent, name))
	born(ctx)
	return ctx, func(cause error) {
		logCancel(ctx)
		cancel(cause)
	}
}

// WithTimeout is context.WithTimeout for a context called name.
func WithTimeout(parent context.Context, d time.Duration, name string) (context.Context, context.CancelFunc) {
	return WithDeadline(parent, time.Now().Add(d), name)
}

// WithDeadline is context.WithDeadline for a context called name. The runtime's timer shows that
// the deadline passed; a cancel before that is logged.
func WithDeadline(parent context.Context, at time.Time, name string) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithDeadline(named(parent, name), at)
	return ctx, logged(born(ctx), cancel)
}

// Heard logs that the caller noticed that ctx is cancelled. It is for code that polls
// ctx.Err(): whoever waits for ctx.Done() is seen to be woken.
func Heard(ctx context.Context) {
	if l, ok := ctx.Value(labelKey{}).(label); ok && trace.IsEnabled() {
		trace.Log(ctx, Category, "heard "+l.name)
	}
}

// label is what a context is called in the logs: name#number, since many can share a name.
type label struct{ name, parent string }

type labelKey struct{}

var count atomic.Uint64

func named(parent context.Context, name string) context.Context {
	above, _ := parent.Value(labelKey{}).(label)
	word := strings.Join(strings.Fields(name), "-") + "#" + strconv.FormatUint(count.Add(1), 10)
	return context.WithValue(parent, labelKey{}, label{name: word, parent: above.name})
}

func born(ctx context.Context) context.Context {
	log(ctx, "new")
	return ctx
}

func logged(ctx context.Context, cancel context.CancelFunc) context.CancelFunc {
	return func() {
		logCancel(ctx)
		cancel()
	}
}

// logCancel leaves out cancels that end nothing: the context is cancelled already.
func logCancel(ctx context.Context) {
	if ctx.Err() == nil {
		log(ctx, "cancel")
	}
}

func log(ctx context.Context, what string) {
	if !trace.IsEnabled() {
		return
	}
	l, _ := ctx.Value(labelKey{}).(label)
	message := what + " " + l.name
	if l.parent != "" {
		message += " under " + l.parent
	}
	trace.Log(ctx, Category, message)
}
