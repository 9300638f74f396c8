// Nobody is told to stop: the only one that hears is the main goroutine, which goes on.
package main

import (
	"context"
	"time"

	"selfmeasure.example/truth"
)

func main() {
	truth.Run(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
		defer cancel()
		c := truth.NewCancel("patience", "deadline", "")
		c.Deadline(ctx)
		l := truth.Enter(c, "main", "woken", "own")
		l.LivesOn("the main goroutine")
		<-ctx.Done()
		l.Heard()
		truth.Settle()
	})
}
