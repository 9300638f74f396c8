// Goroutines that call a net/http client, are cut off in the call, and carry on.
package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"selfmeasure.example/truth"
)

const ms = time.Millisecond

func slow(w http.ResponseWriter, r *http.Request) {
	select {
	case <-time.After(300 * ms):
	case <-r.Context().Done():
	}
}

func get(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// carryOn is cut off by its own deadline and does something else afterwards.
func carryOn(i int, url string, wg *sync.WaitGroup) {
	defer wg.Done()
	ctx, cancel := context.WithTimeout(context.Background(), 25*ms)
	defer cancel()
	c := truth.NewCancel(fmt.Sprint("timeout", i), "deadline", "")
	c.Deadline(ctx)
	l := truth.Enter(c, "carryOn", "woken", "call")
	l.LivesOn("cut off in a call, carries on")
	defer l.Left()
	get(ctx, url)
	l.Heard()
	time.Sleep(40 * ms) // what it does instead
}

// cutOff is told by somebody else's cancel, in the call, and carries on too.
func cutOff(ctx context.Context, c *truth.Cancel, url string, wg *sync.WaitGroup) {
	defer wg.Done()
	l := truth.Enter(c, "cutOff", "woken", "call")
	l.LivesOn("cut off in a call by an explicit cancel, carries on")
	defer l.Left()
	get(ctx, url)
	l.Heard()
	time.Sleep(30 * ms)
}

// returns leaves right after the call: prompt, whatever it is called.
func returns(ctx context.Context, c *truth.Cancel, url string, wg *sync.WaitGroup) {
	defer wg.Done()
	l := truth.Enter(c, "returns", "woken", "call")
	defer l.Left()
	get(ctx, url)
	l.Heard()
}

func main() {
	truth.Run(func() {
		ln, _ := net.Listen("tcp", "127.0.0.1:0")
		srv := &http.Server{Handler: http.HandlerFunc(slow)}
		go srv.Serve(ln)
		url := "http://" + ln.Addr().String()
		var wg sync.WaitGroup
		for i := 0; i < 4; i++ {
			wg.Add(1)
			go carryOn(i, url, &wg)
		}
		wg.Wait()

		ctx, cancel := context.WithCancel(context.Background())
		c := truth.NewCancel("explicit", "explicit", "main.main.func1")
		wg.Add(4)
		go cutOff(ctx, c, url, &wg)
		go cutOff(ctx, c, url, &wg)
		go returns(ctx, c, url, &wg)
		go returns(ctx, c, url, &wg)
		time.Sleep(20 * ms)
		c.Before()
		cancel()
		c.After()
		wg.Wait()
		http.DefaultClient.CloseIdleConnections()
		srv.Shutdown(context.Background())
		truth.Settle()
	})
}
