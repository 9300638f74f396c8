// Deadlines: prompt, late, deaf with and without someone waiting, still alive
// at the end, and a main goroutine that hears and carries on.
package main

import (
	"context"
	"sync"
	"time"

	"selfmeasure.example/truth"
)

const ms = time.Millisecond

func prompt(ctx context.Context, c *truth.Cancel, wg *sync.WaitGroup) {
	defer wg.Done()
	l := truth.Enter(c, "prompt", "woken", "own")
	l.Depth = 1
	defer l.Left()
	<-ctx.Done()
	l.Heard()
}

func lateSleeper(ctx context.Context, c *truth.Cancel, wg *sync.WaitGroup) {
	defer wg.Done()
	l := truth.Enter(c, "lateSleeper", "woken", "own")
	defer l.Left()
	<-ctx.Done()
	l.Heard()
	l.Held("sleep", "main.lateSleeper.func1", func() { time.Sleep(40 * ms) })
}

// waiter waits for a deaf one since before the cancel.
func waiter(c *truth.Cancel, wg *sync.WaitGroup) {
	defer wg.Done()
	w := truth.Enter(c, "waiter", "none|waited-on|sibling", "")
	defer w.Left()
	done := make(chan struct{})
	go deafSleeper(c, done)
	<-done
}

func deafSleeper(c *truth.Cancel, done chan<- struct{}) {
	l := truth.Enter(c, "deafSleeper", "waited-on|sibling|none", "")
	defer l.Left()
	defer close(done)
	time.Sleep(120 * ms)
}

// deafAlone: nobody waits for it; it is reached by no grade but the guess.
func deafAlone(c *truth.Cancel) {
	l := truth.Enter(c, "deafAlone", "none|sibling", "")
	defer l.Left()
	time.Sleep(90 * ms)
}

func stuck(ctx context.Context, c *truth.Cancel, never chan int) {
	l := truth.Enter(c, "stuck", "woken", "own")
	<-ctx.Done()
	l.Heard()
	<-never
	l.Left()
}

func main() {
	truth.Run(func() {
		for round := 0; round < 3; round++ {
			ctx, cancel := context.WithTimeout(context.Background(), 30*ms)
			c := truth.NewCancel("deadline"+string(rune('0'+round)), "deadline", "")
			c.Deadline(ctx)
			var wg sync.WaitGroup
			wg.Add(4)
			go prompt(ctx, c, &wg)
			go prompt(ctx, c, &wg)
			go lateSleeper(ctx, c, &wg)
			go waiter(c, &wg)
			go deafAlone(c)
			if round == 2 {
				go stuck(ctx, c, make(chan int))
			}
			m := truth.Enter(c, "main", "woken", "own")
			m.LivesOn("the main goroutine")
			<-ctx.Done()
			m.Heard()
			wg.Wait()
			cancel()
		}
		// A deadline without listeners.
		ctx, cancel := context.WithTimeout(context.Background(), 10*ms)
		c := truth.NewCancel("unheard", "deadline", "")
		c.Deadline(ctx)
		time.Sleep(20 * ms)
		cancel()
		truth.Settle()
	})
}
