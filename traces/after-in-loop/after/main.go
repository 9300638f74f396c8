// The feed of quotes with a single watchdog, wound up again for every quote.
package main

import (
	"context"
	"log"
	"sync"
	"time"

	"overstay.example/traces/internal/record"
)

const (
	quotes    = 200_000
	burst     = 4096 // quotes come in bursts: the feed's buffer
	silence   = time.Second
	bookDepth = 100_000 // orders in the book: what a garbage collection has to go through
	listening = 20 * time.Millisecond
)

type order struct {
	price int
	next  *order
}

func newBook() (book *order) {
	for i := 0; i < bookDepth; i++ {
		book = &order{i, book}
	}
	return book
}

func feed(out chan<- int) {
	for i := 0; i < quotes; i++ {
		out <- i
	}
}

func follow(ctx context.Context, in <-chan int, book *order, wg *sync.WaitGroup) {
	defer wg.Done()
	defer record.Left(ctx, "follow")
	watchdog := time.NewTimer(silence)
	defer watchdog.Stop()
	for {
		if !watchdog.Stop() {
			select { // before Go 1.23 a time that came meanwhile would still be in there
			case <-watchdog.C:
			default:
			}
		}
		watchdog.Reset(silence)
		select {
		case q := <-in:
			book.price = q
		case <-ctx.Done():
			return
		case <-watchdog.C:
			log.Fatal("the feed fell silent")
		}
	}
}

func main() {
	book := newBook()
	defer record.Trace()()
	ctx, cancel := context.WithCancel(context.Background())
	in := make(chan int, burst)
	var wg sync.WaitGroup
	wg.Add(1)
	go follow(ctx, in, book, &wg)
	feed(in)
	time.Sleep(listening) // nothing more comes
	record.Cancelling()
	cancel()
	wg.Wait()
}
