// Lesson 5, go run ./lessons/05-current: which process is this?
//
// These are the chapter's examples 2 and 3: names, PIDs, and the parents' PIDs.
// Predict first: which name does the third process have?
//
//	Python                            here
//	p = Process(target=f, name=n)     p := mp.NewProcess(worker, mp.None{}); p.Name = "Twin"
//	current_process().name            mp.Current().Name
//	os.getpid(), os.getppid()         os.Getpid(), os.Getppid()
//	active_children()                 mp.Children()
//	os.kill(pid, 0)                   os.FindProcess(p.PID()); found.Signal(
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

var tick, twins = 300 * time.Millisecond, 2 // -unit, -twins

func whoami(where string) {
	fmt.Printf("%-11s  %-12s  %d  %d\n", where, mp.Current().Name, os.Getpid(), os.Getppid())
}

var worker = mp.Proc("worker", func(mp.None) error {
	whoami("a child")
	select {} // until main terminates it
})

var parent = mp.Proc("parent", func(mp.None) error {
	whoami("a child")
	return mp.NewProcess(worker, mp.None{}).Start(context.Background())
})

func program(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // terminates all that are started with ctx
	one, two := mp.NewProcess(worker, mp.None{}), mp.NewProcess(worker, mp.None{})
	one.Name, two.Name = "Worker 1", "Worker 2"
	all := []*mp.Process{one, two, mp.NewProcess(parent, mp.None{})}
	for range twins {
		p := mp.NewProcess(worker, mp.None{})
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
	found, err := os.FindProcess(p.PID())
	exists := err == nil && !errors.Is(found.Signal(syscall.Signal(0)), os.ErrProcessDone)
	inList := slices.Contains(mp.Children(), p)
	fmt.Printf("%-11s  %-12s  Children %t, os %t\n", "alive?", p.Name, inList, exists)
}

func main() { lessons.Main(lesson, program) }
