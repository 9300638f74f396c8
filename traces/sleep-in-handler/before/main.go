// A payment handler with one line of delay logic: half a second of sleep before
// it lets a payment through. A hundred clients at once wait 150 ms and go away.
// The handlers do not.
package main

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"runtime/trace"
	"strconv"
	"sync"
	"time"

	"overstay.example/traces/internal/record"
)

const (
	clients   = 100
	requests  = 2 // of each client
	clientGap = 4 * time.Millisecond
	patience  = 150 * time.Millisecond // of a client
	delay     = 500 * time.Millisecond // the line of delay logic
	quickDB   = 5 * time.Millisecond   // looking up the account,
	slowDB    = 300 * time.Millisecond // every third time
)

func pay(w http.ResponseWriter, r *http.Request) {
	ctx, task := trace.NewTask(r.Context(), "pay")
	defer task.End()
	if ns, err := strconv.ParseInt(r.Header.Get("Deadline"), 10, 64); err == nil {
		defer record.LeftLateSince(time.Unix(0, ns), "pay")
	}
	done := make(chan struct{})
	defer close(done)
	go logClient(ctx, done)

	lookup(ctx, r.URL.Query().Get("account"))
	time.Sleep(delay)
	io.WriteString(w, "paid\n")
}

// lookup listens to the context, but its caller goes on to sleep.
func lookup(ctx context.Context, account string) error {
	answer := quickDB
	if n, _ := strconv.Atoi(account); n%3 == 0 {
		answer = slowDB
	}
	timer := time.NewTimer(answer)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// logClient notes whether the client waited for its answer.
func logClient(ctx context.Context, done <-chan struct{}) {
	select {
	case <-ctx.Done():
		trace.Log(ctx, "client", "went away")
	case <-done:
		trace.Log(ctx, "client", "answered")
	}
}

func client(account int, base string, wg *sync.WaitGroup) {
	defer wg.Done()
	time.Sleep(time.Duration(account) * clientGap)
	for i := 0; i < requests; i++ {
		get(base + "/pay?account=" + strconv.Itoa(account))
	}
}

func get(url string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		log.Fatal(err)
	}
	deadline, _ := ctx.Deadline()
	req.Header.Set("Deadline", strconv.FormatInt(deadline.UnixNano(), 10))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
}

func main() {
	defer record.Trace()()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/pay", pay)
	srv := &http.Server{}
	serving := make(chan error, 1)
	go func() { serving <- srv.Serve(ln) }()

	var wg sync.WaitGroup
	wg.Add(clients)
	for i := 0; i < clients; i++ {
		go client(i, "http://"+ln.Addr().String(), &wg)
	}
	wg.Wait()
	http.DefaultClient.CloseIdleConnections()
	if err := srv.Shutdown(context.Background()); err != nil {
		log.Fatal(err)
	}
	<-serving
}
