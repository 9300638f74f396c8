// A server as it should be. Clients keep their connections alive and give up
// after a timeout now and then, a pool of workers serves request after request,
// and at the end the server is shut down gracefully. Nothing here is late:
// every finding in this trace would be a false alarm.
package main

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"overstay.example/traces/internal/record"
)

const (
	clients        = 4
	requests       = 19                   // of each client, over one kept-alive connection where it can
	thinkTime      = 6 * time.Millisecond // of a client between two requests
	workers        = 3
	quickWork      = 1 * time.Millisecond
	slowWork       = 60 * time.Millisecond // every fifth request wants this much
	requestTimeout = 15 * time.Millisecond // what the server grants a request
	impatient      = 8 * time.Millisecond  // what every seventh request's client grants it
	metricsEvery   = 25 * time.Millisecond
	drainTime      = time.Second // what shutdown would wait at most
)

type job struct {
	ctx  context.Context
	work time.Duration
	done chan error // buffered: the worker never waits for the handler
}

// pool serves many contexts: a cancelled job does not end a worker.
type pool struct {
	jobs chan job
	wg   sync.WaitGroup
}

func startPool(ctx context.Context) *pool {
	p := &pool{jobs: make(chan job)}
	p.wg.Add(workers)
	for i := 0; i < workers; i++ {
		go p.worker(ctx)
	}
	return p
}

func (p *pool) worker(ctx context.Context) {
	defer p.wg.Done()
	defer record.Left(ctx, "worker")
	for {
		select {
		case <-ctx.Done():
			return
		case j := <-p.jobs:
			j.done <- perform(j)
		}
	}
}

func perform(j job) error {
	timer := time.NewTimer(j.work)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-j.ctx.Done():
		return j.ctx.Err()
	}
}

func (p *pool) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
	defer cancel()
	defer record.Left(ctx, "handler")
	j := job{ctx, quickWork, make(chan error, 1)}
	if r.URL.Path == "/slow" {
		j.work = slowWork
	}
	select {
	case p.jobs <- j:
	case <-ctx.Done():
		http.Error(w, "busy", http.StatusServiceUnavailable)
		return
	}
	select {
	case err := <-j.done:
		if err != nil {
			http.Error(w, err.Error(), http.StatusGatewayTimeout)
			return
		}
		io.WriteString(w, "ok\n")
	case <-ctx.Done():
		http.Error(w, "too slow", http.StatusGatewayTimeout)
	}
}

// metrics lives as long as the program's context.
func metrics(ctx context.Context, wg *sync.WaitGroup) {
	defer wg.Done()
	defer record.Left(ctx, "metrics")
	tick := time.NewTicker(metricsEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func client(base string, wg *sync.WaitGroup) {
	defer wg.Done()
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	c := &http.Client{Transport: tr}
	for i := 1; i <= requests; i++ {
		path, patience := "/quick", time.Second
		if i%5 == 0 {
			path = "/slow"
		}
		if i%7 == 0 {
			path, patience = "/slow", impatient
		}
		if err := get(c, base+path, patience); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			log.Fatal(err)
		}
		time.Sleep(thinkTime)
	}
}

func get(c *http.Client, url string, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

func main() {
	defer record.Trace()()
	ctx, stop := context.WithCancel(context.Background())
	p := startPool(ctx)
	var background sync.WaitGroup
	background.Add(1)
	go metrics(ctx, &background)

	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	srv := &http.Server{Handler: p}
	serving := make(chan error, 1)
	go func() { serving <- srv.Serve(ln) }()

	var users sync.WaitGroup
	users.Add(clients)
	for i := 0; i < clients; i++ {
		go client("http://"+ln.Addr().String(), &users)
	}
	users.Wait()

	grace, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if err := srv.Shutdown(grace); err != nil {
		log.Fatal(err)
	}
	if err := <-serving; err != http.ErrServerClosed {
		log.Fatal(err)
	}
	record.Cancelling()
	stop()
	background.Wait()
	p.wg.Wait()
}
