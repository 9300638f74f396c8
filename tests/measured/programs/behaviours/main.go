// One explicit cancel, and every way to be late or not.
package main

import (
	"context"
	"net"
	"sync"
	"syscall"
	"time"

	"selfmeasure.example/truth"
)

const ms = time.Millisecond

var wg sync.WaitGroup

func run(f func()) {
	wg.Add(1)
	go func() {
		defer wg.Done()
		f()
	}()
}

func lateSleep(d time.Duration) { time.Sleep(d) }

func lateSpin(d time.Duration) {
	for s := time.Now(); time.Since(s) < d; {
	}
}

func lateSyscall(d time.Duration) {
	ts := syscall.NsecToTimespec(d.Nanoseconds())
	for syscall.Nanosleep(&ts, &ts) == syscall.EINTR {
	}
}

func lateMutex(mu *sync.Mutex) { mu.Lock(); mu.Unlock() }

func lateRW(mu *sync.RWMutex) { mu.RLock(); mu.RUnlock() }

func lateDrain(ch <-chan int) {
	for range ch {
	}
}

func lateSend(ch chan<- int) { ch <- 1 }

func lateWait(wg *sync.WaitGroup) { wg.Wait() }

func lateCond(c *sync.Cond, ready *bool) {
	c.L.Lock()
	for !*ready {
		c.Wait()
	}
	c.L.Unlock()
}

func lateRead(c net.Conn) { var b [1]byte; c.Read(b[:]) }

func lateSelect(d time.Duration) {
	select {
	case <-time.After(d):
	case <-make(chan int):
	}
}

func lateMix() {
	time.Sleep(6 * ms)
	lateSpin(4 * ms)
	lateSleep(25 * ms)
}

func main() {
	truth.Run(func() {
		ctx, cancel := context.WithCancel(context.Background())
		c := truth.NewCancel("stop", "explicit", "main.main.func1")

		var mu sync.Mutex
		var rw sync.RWMutex
		drainCh, sendCh := make(chan int), make(chan int)
		var inner sync.WaitGroup
		inner.Add(1)
		cond := sync.NewCond(new(sync.Mutex))
		ready := false
		ln, _ := net.Listen("tcp", "127.0.0.1:0")
		cl, _ := net.Dial("tcp", ln.Addr().String())
		sv, _ := ln.Accept()

		worker := func(name, by, site string, late func()) {
			run(func() {
				l := truth.Enter(c, name, "woken", "own")
				l.Depth = 1
				defer l.Left()
				<-ctx.Done()
				l.Heard()
				if late != nil {
					l.Held(by, site, late)
				}
			})
		}
		worker("prompt", "", "", nil)
		worker("prompt2", "", "", nil)
		worker("sleep30", "sleep", "main.lateSleep", func() { lateSleep(30 * ms) })
		worker("spin25", "running", "main.lateSpin", func() { lateSpin(25 * ms) })
		worker("syscall35", "syscall", "main.lateSyscall", func() { lateSyscall(35 * ms) })
		worker("mutex40", "mutex", "main.lateMutex", func() { lateMutex(&mu) })
		worker("rwmutex42", "rwmutex", "main.lateRW", func() { lateRW(&rw) })
		worker("drain45", "chan receive", "main.lateDrain", func() { lateDrain(drainCh) })
		worker("send50", "chan send", "main.lateSend", func() { lateSend(sendCh) })
		worker("waitgroup55", "waitgroup", "main.lateWait", func() { lateWait(&inner) })
		worker("cond60", "cond", "main.lateCond", func() { lateCond(cond, &ready) })
		worker("netread65", "network", "main.lateRead", func() { lateRead(sv) })
		worker("select70", "select", "main.lateSelect", func() { lateSelect(70 * ms) })
		worker("mix35", "sleep", "main.lateSleep", lateMix)

		// The one who lets the others go; it has no context.
		run(func() {
			mu.Lock()
			rw.Lock()
			time.Sleep(50 * ms) // the cancel comes at 10 ms
			mu.Unlock()
			time.Sleep(2 * ms)
			rw.Unlock()
			time.Sleep(3 * ms)
			close(drainCh)
			time.Sleep(5 * ms)
			<-sendCh
			time.Sleep(5 * ms)
			inner.Done()
			time.Sleep(5 * ms)
			cond.L.Lock()
			ready = true
			cond.L.Unlock()
			cond.Broadcast()
			time.Sleep(5 * ms)
			cl.Write([]byte{1})
		})
		time.Sleep(10 * ms)
		c.Before()
		cancel()
		c.After()
		wg.Wait()
		cl.Close()
		sv.Close()
		ln.Close()
		truth.Settle()
	})
}
