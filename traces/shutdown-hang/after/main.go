// A server that is told to stop by a signal, and shuts down in good order. The
// contexts of its requests end with the program's, so that its streams do, too.
package main

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"overstay.example/traces/internal/record"
)

const (
	streams   = 3
	tickEvery = 25 * time.Millisecond
	signalAt  = 200 * time.Millisecond
	grace     = 500 * time.Millisecond // for the shutdown
)

// events tells its client the time until the client goes away or the server does.
func events(w http.ResponseWriter, r *http.Request) {
	defer record.Left(r.Context(), "events")
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	for {
		select {
		case <-r.Context().Done():
			return
		case now := <-tick.C:
			io.WriteString(w, now.Format("data: 15:04:05.000\n\n"))
			http.NewResponseController(w).Flush()
		}
	}
}

// follow reads a stream to its end.
func follow(url string, wg *sync.WaitGroup) {
	defer wg.Done()
	resp, err := http.Get(url)
	if err != nil {
		log.Print(err)
		return
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
}

func main() {
	defer record.Trace()()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	srv := &http.Server{
		Handler:     http.HandlerFunc(events),
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	go srv.Serve(ln)
	var clients sync.WaitGroup
	for i := 0; i < streams; i++ {
		clients.Add(1)
		go follow("http://"+ln.Addr().String(), &clients)
	}
	time.AfterFunc(signalAt, func() { syscall.Kill(os.Getpid(), syscall.SIGINT) })

	<-ctx.Done()
	within, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := srv.Shutdown(within); err != nil {
		log.Print("shutdown: ", err)
	}
}
