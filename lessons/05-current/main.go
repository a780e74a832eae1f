// Lesson 5, go run ./lessons/05-current: which process is this?
//
// The chapter's examples 2 and 3. Predict first: how is the third child called?
//
//	Python                            here
//	p = Process(target=f, name=n)     p := mp.NewProcess(worker, "child")
//	current_process().name            mp.Current().Name
//	os.getpid(), os.getppid()         os.Getpid(), os.Getppid()
//	active_children(); os.kill(n, 0)  mp.Children(); os.FindProcess(p.PID())
//
// Change it: make another process before the first one. Which name changes?
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"

	"processbook/lessons"
	"processbook/mp"
)

var tick, twins = 500 * time.Millisecond, 2 // -unit, -twins

func whoami(where string) {
	name := mp.Current().Name
	fmt.Printf("%-11s  %-12s  %d  %d\n", where, name, os.Getpid(), os.Getppid())
}

var worker = mp.Proc("worker", func(where string) error {
	whoami(where)
	select {} // until main terminates it
})

var parent = mp.Proc("parent", func(where string) error {
	whoami(where)
	return mp.NewProcess(worker, "its child").Start(context.Background())
})

func program(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // terminates all that are started with ctx
	one, two := mp.NewProcess(worker, "child"), mp.NewProcess(worker, "child")
	one.Name, two.Name = "Worker 1", "Worker 2"
	all := []*mp.Process{one, two, mp.NewProcess(parent, "child")}
	for range twins {
		p := mp.NewProcess(worker, "child")
		p.Name = "Twin"
		all = append(all, p)
	}
	whoami("main")
	for _, p := range all {
		if err := p.Start(ctx); err != nil {
			return err
		}
		time.Sleep(2 * tick)
	}
	whoami("main again")
	go whoami("a goroutine") // of main
	time.Sleep(2 * tick)
	one.Terminate()
	one.Join(ctx) // its error says that one was terminated
	alive(one)
	alive(two)
	return nil
}

func alive(p *mp.Process) {
	listed := slices.Contains(mp.Children(), p)
	found, err := os.FindProcess(p.PID())
	ask := syscall.Signal(0) // it does nothing to a process
	exists := err == nil && !errors.Is(found.Signal(ask), os.ErrProcessDone)
	fmt.Printf("alive?  %-12s  Children %t, os %t\n", p.Name, listed, exists)
}

func main() { lessons.Main(lesson, program) }
