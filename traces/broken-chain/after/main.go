// The gateway whose middleware passes the request's own context on.
package main

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"overstay.example/traces/internal/record"
)

const (
	timeout     = 100 * time.Millisecond // the gateway's, for the whole request
	serviceTime = 400 * time.Millisecond // both services are slow today
	requests    = 5
	requestGap  = 40 * time.Millisecond
)

type userKey struct{}

func withUser(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := context.WithValue(r.Context(), userKey{}, r.Header.Get("User"))
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func prices(w http.ResponseWriter, r *http.Request) {
	defer record.Left(r.Context(), "prices")
	answer(w, r)
}

func orders(w http.ResponseWriter, r *http.Request) {
	defer record.Left(r.Context(), "orders")
	answer(w, r)
}

// answer is what a service does: some work that a cancel would cut off.
func answer(w http.ResponseWriter, r *http.Request) {
	select {
	case <-time.After(serviceTime):
		io.WriteString(w, "[]")
	case <-r.Context().Done():
		w.WriteHeader(http.StatusGatewayTimeout)
	}
}

type gateway struct {
	prices, orders http.Handler
	inFlight       sync.WaitGroup
}

// ServeHTTP asks both services at once and gives up at its deadline.
func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	defer record.Left(ctx, "gateway")
	r = r.WithContext(ctx)

	var calls sync.WaitGroup
	calls.Add(2)
	g.inFlight.Add(1)
	go call(g.prices, r, &calls)
	go call(g.orders, r, &calls)
	both := make(chan struct{})
	go g.collect(&calls, both)
	select {
	case <-both:
		io.WriteString(w, "ok\n")
	case <-ctx.Done():
		w.WriteHeader(http.StatusGatewayTimeout)
	}
}

func call(service http.Handler, r *http.Request, calls *sync.WaitGroup) {
	defer calls.Done()
	service.ServeHTTP(httptest.NewRecorder(), r)
}

func (g *gateway) collect(calls *sync.WaitGroup, both chan<- struct{}) {
	defer g.inFlight.Done()
	calls.Wait()
	close(both)
}

func client(url string) {
	for i := 0; i < requests; i++ {
		resp, err := http.Get(url)
		if err != nil {
			log.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		time.Sleep(requestGap)
	}
	http.DefaultClient.CloseIdleConnections()
}

func main() {
	defer record.Trace()()
	g := &gateway{
		prices: http.HandlerFunc(prices),
		orders: withUser(http.HandlerFunc(orders)),
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	srv := &http.Server{Handler: g}
	serving := make(chan error, 1)
	go func() { serving <- srv.Serve(ln) }()
	client("http://" + ln.Addr().String())
	if err := srv.Shutdown(context.Background()); err != nil {
		log.Fatal(err)
	}
	<-serving
	g.inFlight.Wait()
}
