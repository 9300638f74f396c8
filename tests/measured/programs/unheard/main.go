// Clients that go away, and a server that closes its connections, while handlers do not listen:
// only the connection's background reader shows it.
package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"selfmeasure.example/truth"
)

const (
	ms       = time.Millisecond
	patience = 20 * ms // of a client
	slack    = 8 * ms  // until the server has noticed
)

var cancels [20]*truth.Cancel // by request number

func of(r *http.Request) *truth.Cancel {
	n, _ := strconv.Atoi(r.URL.Query().Get("n"))
	return cancels[n]
}

// sleeps has not heard of contexts.
func sleeps(w http.ResponseWriter, r *http.Request) {
	l := truth.Enter(of(r), "sleeping handler", "task", "").Handler()
	defer l.Left()
	l.Held("sleep", "main.sleeps.func1", func() { time.Sleep(70 * ms) })
}

// fans waits for those that have not.
func fans(w http.ResponseWriter, r *http.Request) {
	l := truth.Enter(of(r), "waiting handler", "task", "").Handler()
	defer l.Left()
	var wg sync.WaitGroup
	for i := 0; i < 3; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			l := truth.Enter(of(r), "sleeping child", "waited-on", "")
			defer l.Left()
			l.Held("sleep", "main.fans.func1.1", func() { time.Sleep(70 * ms) })
		}()
	}
	l.Held("sync", "main.fans", wg.Wait)
}

// gathers waits for those that hear; one of them is late.
func gathers(w http.ResponseWriter, r *http.Request) {
	l := truth.Enter(of(r), "gathering handler", "none", "").Handler()
	defer l.Left()
	var wg sync.WaitGroup
	for i := 0; i < 3; i++ {
		wg.Add(1)
		go func(late bool) {
			defer wg.Done()
			l := truth.Enter(of(r), "listening child", "woken", "own")
			defer l.Left()
			<-r.Context().Done()
			l.Heard()
			if late {
				l.Held("sleep", "main.gathers.func1.1", func() { time.Sleep(40 * ms) })
			}
		}(i == 1)
	}
	wg.Wait()
}

// answers serves clients that stay, but is not quick.
func answers(w http.ResponseWriter, r *http.Request) {
	time.Sleep(30 * ms)
	io.WriteString(w, "ok")
}

// leave asks and goes away.
func leave(addr, path string, n int, cause string) {
	cancels[n] = truth.NewCancel(path+strconv.Itoa(n), cause, "")
	conn := ask(addr, path+"?n="+strconv.Itoa(n))
	defer conn.Close()
	time.Sleep(patience)
	cancels[n].LoNs = truth.Now()
	conn.Close()
	time.Sleep(slack)
	cancels[n].HiNs = truth.Now()
	time.Sleep(80 * ms)
}

func ask(addr, path string) net.Conn {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		panic(err)
	}
	put(conn, path)
	return conn
}

func put(conn net.Conn, path string) {
	io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

// stay asks again while its first question is being answered, and then reads all answers.
func stay(addr string) {
	conn := ask(addr, "/answers")
	defer conn.Close()
	time.Sleep(10 * ms)
	put(conn, "/answers")
	put(conn, "/answers")
	in := bufio.NewReader(conn)
	for i := 0; i < 3; i++ {
		if resp, err := http.ReadResponse(in, nil); err == nil {
			io.Copy(io.Discard, resp.Body)
		}
	}
}

func main() {
	truth.Run(func() {
		mux := http.NewServeMux()
		mux.HandleFunc("/sleeps", sleeps)
		mux.HandleFunc("/fans", fans)
		mux.HandleFunc("/gathers", gathers)
		mux.HandleFunc("/answers", answers)
		ln, _ := net.Listen("tcp", "127.0.0.1:0")
		addr := ln.Addr().String()
		srv := &http.Server{Handler: mux}
		go srv.Serve(ln)

		for i, path := range []string{"/sleeps", "/fans", "/gathers", "/sleeps"} {
			leave(addr, path, i+1, "client-gone")
		}
		stay(addr)
		// A server that closes its connections takes the client's part.
		c := truth.NewCancel("closed", "server-shutdown", "")
		cancels[9] = c
		conn := ask(addr, "/sleeps?n=9")
		time.Sleep(patience)
		c.LoNs = truth.Now()
		srv.Close()
		time.Sleep(slack)
		c.HiNs = truth.Now()
		time.Sleep(80 * ms)
		conn.Close()
		srv.Shutdown(context.Background())
		truth.Settle()
	})
}
