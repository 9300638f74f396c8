// os/exec under a deadline: the command is killed, and its caller carries on.
package main

import (
	"context"
	"os/exec"
	"sync"
	"time"

	"selfmeasure.example/truth"
)

const ms = time.Millisecond

func command(c *truth.Cancel, ctx context.Context, wg *sync.WaitGroup) {
	defer wg.Done()
	// It waits for the process; os/exec's own goroutine is the one that is woken.
	l := truth.Enter(c, "command", "none|waited-on", "")
	l.LivesOn("its command was killed, it carries on")
	defer l.Left()
	exec.CommandContext(ctx, "sleep", "1").Run()
	time.Sleep(20 * ms)
}

func listen(c *truth.Cancel, ctx context.Context, wg *sync.WaitGroup) {
	defer wg.Done()
	l := truth.Enter(c, "listen", "woken", "own")
	defer l.Left()
	<-ctx.Done()
	l.Heard()
}

func main() {
	truth.Run(func() {
		for i := 0; i < 2; i++ {
			ctx, cancel := context.WithTimeout(context.Background(), 40*ms)
			c := truth.NewCancel("deadline"+string(rune('0'+i)), "deadline", "")
			c.Deadline(ctx)
			var wg sync.WaitGroup
			wg.Add(2)
			go command(c, ctx, &wg)
			go listen(c, ctx, &wg)
			wg.Wait()
			cancel()
		}
		truth.Settle()
	})
}
