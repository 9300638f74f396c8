// The server's side: clients that go away, handlers that return, prompt and late
// handlers, their helpers, and a base context cancelled at shutdown.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"selfmeasure.example/truth"
)

const ms = time.Millisecond

var cancels [40]*truth.Cancel // by request number, made by the client

func number(r *http.Request) (int, *truth.Cancel) {
	n, _ := strconv.Atoi(r.URL.Query().Get("n"))
	return n, cancels[n]
}

// prompt leaves when the client goes away. Its goroutine is the connection's.
func prompt(w http.ResponseWriter, r *http.Request) {
	_, c := number(r)
	l := truth.Enter(c, "prompt handler", "woken", "own").Handler()
	defer l.Left()
	select {
	case <-r.Context().Done():
		l.Heard()
	case <-time.After(500 * ms):
	}
}

// late hears the client going away and sleeps on.
func late(w http.ResponseWriter, r *http.Request) {
	_, c := number(r)
	l := truth.Enter(c, "late handler", "woken", "own").Handler()
	defer l.Left()
	<-r.Context().Done()
	l.Heard()
	l.Held("sleep", "main.late.func1", func() { time.Sleep(35 * ms) })
}

// helped returns at once, and its helper hears that the handler has returned.
func helped(w http.ResponseWriter, r *http.Request) {
	n, c := number(r)
	ready := make(chan struct{})
	go func() {
		l := truth.Enter(c, "helper", "woken", "own")
		defer l.Left()
		close(ready)
		<-r.Context().Done()
		l.Heard()
		if n%2 == 1 {
			l.Held("sleep", "main.helped.func1.1", func() { time.Sleep(20 * ms) })
		}
	}()
	<-ready
	time.Sleep(3 * ms)
	io.WriteString(w, "ok")
	c.Since()
}

func get(url string, patience time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, "GET", url, nil)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
}

func main() {
	truth.Run(func() {
		base, stop := context.WithCancel(context.Background())
		mux := http.NewServeMux()
		mux.HandleFunc("/prompt", prompt)
		mux.HandleFunc("/late", late)
		mux.HandleFunc("/helped", helped)
		ln, _ := net.Listen("tcp", "127.0.0.1:0")
		srv := &http.Server{Handler: mux, BaseContext: func(net.Listener) context.Context { return base }}
		go srv.Serve(ln)
		url := "http://" + ln.Addr().String()

		n := 0
		for _, path := range []string{"/prompt", "/late", "/prompt", "/late"} {
			n++
			cancels[n] = truth.NewCancel(fmt.Sprint("client gone ", n), "client-gone", "")
			cancels[n].Since()
			get(url+path+"?n="+strconv.Itoa(n), 20*ms)
			time.Sleep(50 * ms)
		}
		for i := 0; i < 4; i++ {
			n++
			cancels[n] = truth.NewCancel(fmt.Sprint("handler done ", n), "handler-done", "")
			get(url+"/helped?n="+strconv.Itoa(n), time.Second)
			time.Sleep(30 * ms)
		}
		// Handlers cut off by the end of the program.
		bc := truth.NewCancel("base", "explicit", "main.main.func1")
		var wg sync.WaitGroup
		for _, path := range []string{"/prompt", "/late"} {
			n++
			cancels[n] = bc
			wg.Add(1)
			go func(u string) { defer wg.Done(); get(u, time.Second) }(url + path + "?n=" + strconv.Itoa(n))
		}
		time.Sleep(20 * ms)
		bc.Before()
		stop()
		bc.After()
		wg.Wait()
		http.DefaultClient.CloseIdleConnections()
		srv.Shutdown(context.Background())
		truth.Settle()
	})
}
