// Lesson 7, go run ./lessons/07-terminate: how do you end a process?
//
// The chapter has no example. Here four processes hang, and main ends them.
// Predict first: how does each of them end, and which of them clean up?
//
//	Python                            here
//	signal.signal(SIGTERM, SIG_IGN)   signal.Ignore(syscall.SIGTERM)
//	try: ... finally: print(...)      defer fmt.Println(name, "cleans up")
//	a, b = Pipe(); a.recv()           mp.Pipe[string, string](); c.Recv()
//	p.terminate(); p.kill()           stuck.Terminate(); stubborn.Kill()
//	p.join(); p.exitcode              p.Join(ctx); p.ExitCode()
//
// Change it: call right.Terminate, not left.Terminate. Or delete the line with
// Kill, or one with Terminate. If the program hangs, Ctrl-C ends it.
package main

import (
	"context"
	"fmt"
	"os/signal"
	"processbook/lessons"
	"processbook/mp"
	"syscall"
	"time"
)

var tick = 400 * time.Millisecond // -unit

var worker = mp.Proc("worker", func(ignore bool) error {
	name := mp.Current().Name
	defer fmt.Println(name, "cleans up") // when this function returns
	if ignore {
		signal.Ignore(syscall.SIGTERM)
	}
	fmt.Println(name, "hangs")
	select {} // it never returns
})

var partner = mp.Proc("partner", func(c *mp.Conn[string, string]) error {
	defer fmt.Println(mp.Current().Name, "cleans up")
	fmt.Println(mp.Current().Name, "waits for a message")
	_, err := c.Recv() // EOF. In Python, only if main closes its ends
	time.Sleep(2 * tick)
	fmt.Println(mp.Current().Name, "received", err)
	return nil
})

func program(ctx context.Context) error {
	stuck, stubborn := mp.NewProcess(worker, false), mp.NewProcess(worker, true)
	one, other := mp.Pipe[string, string]()
	left, right := mp.NewProcess(partner, one), mp.NewProcess(partner, other)
	stuck.Name, stubborn.Name = "Stuck", "Stubborn"
	left.Name, right.Name = "Left", "Right"
	for _, p := range []*mp.Process{stuck, stubborn, left, right} {
		if err := p.Start(ctx); err != nil {
			return err
		}
		time.Sleep(2 * tick)
	}
	stuck.Terminate() // does not wait
	ended(ctx, stuck)
	stubborn.Terminate()
	time.Sleep(2 * tick)
	fmt.Println("main: is Stubborn alive?", stubborn.Alive()) // Windows: false
	stubborn.Kill()
	ended(ctx, stubborn)
	left.Terminate()
	ended(ctx, left)
	ended(ctx, right) // it got no signal
	return nil
}

func ended(ctx context.Context, p *mp.Process) {
	p.Join(ctx)                           // its error is the exit code in words
	if code, over := p.ExitCode(); over { // not after Ctrl-C
		fmt.Println("main:", p.Name, "ended with exit code", code)
	}
}

func main() { lessons.Main(lesson, program) }
