// Trees of contexts, cancelled in the middle, then at the root; cancels in a
// loop; two in a row; causes and timeouts below a cancel; WithoutCancel.
package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"selfmeasure.example/truth"
)

const ms = time.Millisecond

type key struct{}

func listen(ctx context.Context, c *truth.Cancel, name string, depth int, late time.Duration, wg *sync.WaitGroup) {
	defer wg.Done()
	l := truth.Enter(c, name, "woken", "own")
	l.Depth = depth
	defer l.Left()
	<-ctx.Done()
	l.Heard()
	if late > 0 {
		l.Held("sleep", "main.listen.func1", func() { time.Sleep(late) })
	}
}

func stopMiddle(c *truth.Cancel, cancel func()) { c.Before(); cancel(); c.After() }
func stopRoot(c *truth.Cancel, cancel func())   { c.Before(); cancel(); c.After() }
func stopEach(c *truth.Cancel, cancel func())   { c.Before(); cancel(); c.After() }

func main() {
	truth.Run(func() {
		var wg sync.WaitGroup
		root, cancelRoot := context.WithCancel(context.Background())
		a, cancelA := context.WithCancelCause(root)
		b, cancelB := context.WithTimeout(context.WithValue(a, key{}, 1), time.Minute)
		d, cancelD := context.WithCancel(context.WithValue(b, key{}, 2))
		side, cancelSide := context.WithTimeoutCause(root, time.Minute, errors.New("side"))
		free, cancelFree := context.WithCancel(context.WithoutCancel(root))
		defer cancelB()
		defer cancelD()
		defer cancelSide()

		cA := truth.NewCancel("middle", "explicit", "*")
		cRoot := truth.NewCancel("root", "explicit", "main.stopRoot")
		cFree := truth.NewCancel("free", "explicit", "main.stopEach")
		wg.Add(10)
		go listen(a, cA, "a", 1, 0, &wg)
		go listen(b, cA, "b", 2, 0, &wg)
		go listen(b, cA, "b late", 2, 15*ms, &wg)
		go listen(d, cA, "d", 3, 0, &wg)
		go listen(d, cA, "d late", 3, 25*ms, &wg)
		go listen(root, cRoot, "root", 1, 0, &wg)
		go listen(root, cRoot, "root late", 1, 20*ms, &wg)
		go listen(side, cRoot, "side", 2, 0, &wg)
		go listen(side, cRoot, "side late", 2, 10*ms, &wg)
		go listen(free, cFree, "free", 1, 0, &wg)
		time.Sleep(10 * ms)
		stopMiddle(cA, func() { cancelA(errors.New("enough")) })
		time.Sleep(10 * ms)
		stopRoot(cRoot, cancelRoot)
		time.Sleep(10 * ms)
		stopEach(cFree, cancelFree)
		wg.Wait()

		// One cancel per turn of a loop, from the same line, with no pause in between.
		var ctxs [5]context.Context
		var cancels [5]context.CancelFunc
		var cs [5]*truth.Cancel
		for i := range ctxs {
			ctxs[i], cancels[i] = context.WithCancel(context.Background())
			cs[i] = truth.NewCancel(fmt.Sprint("loop", i), "explicit", "main.stopEach")
			wg.Add(2)
			go listen(ctxs[i], cs[i], fmt.Sprint("loop", i), 1, 0, &wg)
			go listen(ctxs[i], cs[i], fmt.Sprint("loop late", i), 1, time.Duration(i)*5*ms, &wg)
		}
		time.Sleep(10 * ms)
		for i := range cancels {
			stopEach(cs[i], cancels[i])
		}
		wg.Wait()
		truth.Settle()
	})
}
