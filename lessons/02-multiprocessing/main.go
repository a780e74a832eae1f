// Lesson 2, go run ./lessons/02-multiprocessing: processes or threads?
//
// Watch two claims: processes run at the same time, also more of them than
// there are CPUs; and each dies for itself, which a goroutine does not.
//
//	Python (example 1)             here
//	p = Process(target=f, args=a)  p := mp.NewProcess(f, a)
//	p.start(); p.join()            p.Start(ctx); p.Join(ctx), me.Join(p, t)
//	Thread(target=f).start()       go f()
//
// Change the source: let program join a before it starts b.
package main

import (
	"context"
	"errors"
	"os"
	"sync"

	"processbook/lessons"
	"processbook/mp"
)

var (
	lesson = lessons.New(2, "Multiprocessing or multithreading?", "example 1")
	clock  = lesson.Clock()
)

// countDown is for the processes A and B, program is the chapter's main.
var countDown = mp.Proc("countDown", func(me lessons.Actor) error {
	me.Enter()
	defer me.Leave()
	for n := 5; n > 0; n-- {
		me.Work(1)
		me.Mark(byte('0' + n))
		me.Say("%d", n)
	}
	return nil
})

var program = mp.Proc("program", func(s Script) error {
	s.Me.Enter()
	defer s.Me.Leave()
	a, b := mp.NewProcess(countDown, s.A), mp.NewProcess(countDown, s.B)
	a.Name, b.Name = "A", "B"
	err := a.Start(context.Background())
	err = errors.Join(err, b.Start(context.Background()))
	s.Me.Join(a, lessons.NoLimit)
	s.Me.Join(b, lessons.NoLimit)
	return err
})

// work is for a process, and for a goroutine. It does not know for which.
func work(j Job) error {
	j.Line.Send(os.Getpid())
	j.Line.Recv() // main's word that all are at work
	return j.Line.Send(12 / j.Divisor)
}

// worker is a worker in a process of its own, crew is all in one process.
var worker = mp.Proc("worker", work)
var crew = mp.Proc("crew", func(jobs []Job) error {
	var all sync.WaitGroup
	all.Add(len(jobs))
	for _, j := range jobs {
		go func() { work(j); all.Done() }()
	}
	all.Wait()
	return nil
})

func run(ctx context.Context) error {
	lesson.Begin()
	if lesson.Facts {
		return experiments.Print(ctx)
	}
	return tell(ctx) // in page.go
}

func main() { mp.Main(run) }
