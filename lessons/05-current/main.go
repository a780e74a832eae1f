// Lesson 5, go run ./lessons/05-current: which process is this?
// The chapter's examples 2, 3. Predict first: what is the third child's name?
//
//	Python                            here
//	def f(): at module level          var worker = mp.Proc("worker", ...)
//	p = Process(target=f, name=n)     p := mp.NewProcess(f, ...); p.Name = ...
//	p.start(); p.join()               p.Start(ctx); one.Join(ctx)
//	current_process().name            mp.Current().Name
//	os.getpid(), os.getppid()         os.Getpid(), os.Getppid()
//	active_children(); os.kill(n, 0)  mp.Children(); os.FindProcess(p.PID())
//	if __name__ == "__main__":        lessons.Main(lesson, program)
//
// Change it: add mp.NewProcess(worker, nil) before "one, two". What changes?
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"processbook/lessons"
	"processbook/mp"
	"slices"
	"syscall"
)

type pipe = *mp.Conn[bool, mp.None] // tells main that a child has printed

var twins = 2 // -twins

func whoami(where string) {
	fmt.Printf("%-11s  %-12s  PID %d, parent %d\n", where,
		mp.Current().Name, os.Getpid(), os.Getppid())
}

var worker = mp.Proc("worker", func(toMain pipe) error {
	whoami("child")
	toMain.Send(true)
	select {} // until main terminates it
})

var parent = mp.Proc("parent", func(toMain pipe) error {
	whoami("child")
	return mp.NewProcess(worker, toMain).Start(context.Background())
})

func program(ctx context.Context) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // terminates all that are started with ctx
	start := func(f mp.Function[pipe, mp.None], name string) *mp.Process {
		printed, toMain := mp.Pipe[mp.None, bool]()
		p := mp.NewProcess(f, toMain)
		p.Name = cmp.Or(name, p.Name)
		if err = errors.Join(err, p.Start(ctx)); err == nil {
			printed.Recv() // returns when the child has printed, or ended
		}
		return p
	}
	one, two := start(worker, "Worker 1"), start(worker, "Worker 2")
	start(parent, "")
	for range twins {
		start(worker, "Twin")
	}
	whoami("main")
	go func() { whoami("a goroutine"); one.Terminate() }()
	one.Join(ctx) // its error says that one was terminated
	alive(one)
	alive(two)
	return err
}

func alive(p *mp.Process) {
	listed := slices.Contains(mp.Children(), p)
	found, err := os.FindProcess(p.PID())
	exists := err == nil && found.Signal(syscall.Signal(0)) != os.ErrProcessDone
	fmt.Printf("alive? %-9s mp.Children: %t, os: %t\n", p.Name, listed, exists)
}

func main() { lessons.Main(lesson, program) }
