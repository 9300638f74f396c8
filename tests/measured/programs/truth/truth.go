// Package truth records a trace and, beside it, what the program itself knows.
package truth

import (
	"bytes"
	"context"
	"encoding/json"
	"log"
	"os"
	"runtime"
	"runtime/trace"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Cancel is one cancel of one context.
type Cancel struct {
	Kind     string   `json:"kind"` // "cancel"
	Name     string   `json:"cancel"`
	Cause    []string `json:"cause"`   // acceptable answers
	Site     string   `json:"site"`    // function, "" if none
	Visible  bool     `json:"visible"` // leaves evidence in the trace
	LoNs     int64    `json:"lo_ns"`   // not before this (wall clock)
	HiNs     int64    `json:"hi_ns"`   // not after this
	ByGo     int64    `json:"by"`      // goroutine that cancels, 0 if unknown
	Woken    int      `json:"woken"`   // goroutines that this program saw woken by it
	first    int64
	deadline bool
}

// Line is what one goroutine knows of one cancel.
type Line struct {
	Kind      string   `json:"kind"` // "goroutine"
	Cancel    string   `json:"cancel"`
	Goroutine int64    `json:"goroutine"`
	Name      string   `json:"name"`
	Function  string   `json:"function"` // its start function
	Evidence  []string `json:"evidence"` // acceptable answers; "none": no trace of it can be expected
	HeardIn   string   `json:"heard_in"` // own, call, "" for the deaf
	Depth     int      `json:"depth"`    // 0: not stated
	Outcome   string   `json:"outcome"`  // exited, alive, lives-on
	HeardNs   int64    `json:"heard_ns"` // 0: never
	EndNs     int64    `json:"end_ns"`   // 0: not before the trace ended
	LateLoNs  int64    `json:"late_lo_ns"`
	LateHiNs  int64    `json:"late_hi_ns"`
	HeldBy    string   `json:"held_by"` // largest piece of the overstay: sleep, running, syscall, mutex, ..., "" if prompt
	HeldNs    int64    `json:"held_ns"` // as measured around it
	HeldSite  string   `json:"held_site"`
	EndIs     string   `json:"end_is"` // what end_ns is the end of: the goroutine, or a handler on a connection's goroutine
	Note      string   `json:"note"`
	cancel    *Cancel
	ended     atomic.Int64
	heard     atomic.Int64
	heldNs    atomic.Int64
}

var (
	mu      sync.Mutex
	cancels []*Cancel
	lines   []*Line
)

func Now() int64 { return time.Now().UnixNano() }

func ID() int64 {
	var buf [40]byte
	b := buf[:runtime.Stack(buf[:], false)]
	b = bytes.TrimPrefix(b, []byte("goroutine "))
	b, _, _ = bytes.Cut(b, []byte(" "))
	n, _ := strconv.ParseInt(string(b), 10, 64)
	return n
}

// StartFunction is the outermost function of the calling goroutine.
func StartFunction() string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(0, pcs[:])])
	name := ""
	for {
		f, more := frames.Next()
		if f.Function != "" && f.Function != "runtime.goexit" && f.Function != "runtime.main" {
			name = f.Function
		}
		if !more {
			return name
		}
	}
}

// NewCancel announces a cancel. cause may have alternatives, separated by |.
func NewCancel(name, cause, site string) *Cancel {
	c := &Cancel{Kind: "cancel", Name: name, Cause: strings.Split(cause, "|"), Site: site, Visible: true}
	mu.Lock()
	cancels = append(cancels, c)
	mu.Unlock()
	return c
}

// Before and After enclose an explicit cancel().
func (c *Cancel) Before() { c.ByGo = ID(); atomic.StoreInt64(&c.LoNs, Now()) }
func (c *Cancel) After()  { c.HiNs = Now() }

// Deadline says that ctx's deadline is the cancel; it ends when the first one hears.
func (c *Cancel) Deadline(ctx context.Context) {
	d, _ := ctx.Deadline()
	c.LoNs, c.deadline = d.UnixNano(), true
}

// Since says that the cancel happens somewhere after now, on somebody else's goroutine.
func (c *Cancel) Since() { c.LoNs, c.deadline = Now(), true }

// Invisible: nobody is parked on it, so the trace cannot show it.
func (c *Cancel) Invisible() { c.Visible = false }

// Enter is called by a goroutine at its start, before the cancel.
func Enter(c *Cancel, name, evidence, heardIn string) *Line {
	l := &Line{Kind: "goroutine", Cancel: c.Name, cancel: c, Name: name, Goroutine: ID(), Function: StartFunction(),
		Evidence: strings.Split(evidence, "|"), HeardIn: heardIn, Outcome: "exited", EndIs: "goroutine"}
	mu.Lock()
	lines = append(lines, l)
	mu.Unlock()
	return l
}

// Heard: ctx.Done() has just returned.
func (l *Line) Heard() {
	now := Now()
	l.heard.Store(now)
	for {
		f := atomic.LoadInt64(&l.cancel.first)
		if f != 0 && f <= now || atomic.CompareAndSwapInt64(&l.cancel.first, f, now) {
			return
		}
	}
}

// Held measures one piece of the overstay.
func (l *Line) Held(by, site string, work func()) {
	start := Now()
	work()
	l.HeldBy, l.HeldSite = by, site
	l.heldNs.Store(Now() - start)
}

// Left is deferred: the goroutine ends right after it.
func (l *Line) Left() { l.ended.Store(Now()) }

// LivesOn: this goroutine was not meant to end with that context.
func (l *Line) LivesOn(why string) { l.Outcome, l.Note = "lives-on", why }

// Handler: the goroutine belongs to a connection and may go on to the next request.
func (l *Line) Handler() *Line {
	l.EndIs, l.Note = "handler", "a connection's goroutine: it ends soon after if the client is gone, otherwise it may live on"
	return l
}

// Run records work into os.Args[1] (trace) and os.Args[2] (JSON lines).
func Run(work func()) {
	if len(os.Args) != 3 {
		log.Fatal("usage: PROGRAM OUT.trace OUT.truth.jsonl")
	}
	f, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	if err := trace.Start(f); err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	trace.Log(ctx, "truth", "wall_ns="+strconv.FormatInt(Now(), 10))
	work()
	trace.Log(ctx, "truth", "wall_ns="+strconv.FormatInt(Now(), 10))
	end := Now()
	trace.Stop()
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
	write(end)
}

func write(end int64) {
	out, err := os.Create(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	defer out.Close()
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	mu.Lock()
	defer mu.Unlock()
	woken := map[*Cancel]int{}
	for _, l := range lines {
		if l.heard.Load() != 0 && l.Evidence[0] == "woken" {
			woken[l.cancel]++
		}
	}
	for _, c := range cancels {
		c.Woken = woken[c]
		if c.HiNs == 0 || c.deadline {
			c.HiNs = c.first
		}
		if c.HiNs < c.LoNs { // nobody heard
			c.HiNs = c.LoNs + int64(2*time.Millisecond)
		}
		enc.Encode(c)
	}
	for _, l := range lines {
		l.HeardNs, l.EndNs, l.HeldNs = l.heard.Load(), l.ended.Load(), l.heldNs.Load()
		to := l.EndNs
		if to == 0 || to > end {
			l.EndNs = 0
			to = end
			if l.Outcome == "exited" {
				l.Outcome = "alive"
			}
		}
		l.LateLoNs, l.LateHiNs = to-l.cancel.HiNs, to-l.cancel.LoNs
		enc.Encode(l)
	}
}

// Settle lets those on their way out leave.
func Settle() { time.Sleep(20 * time.Millisecond) }
