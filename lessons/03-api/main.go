// Lesson 3, go run ./lessons/03-api: what does the module offer? A Process runs
// one function once; a Pool keeps processes ready for any number of tasks.
// Examples 1, 2 and 8 use Processes; the chapter has no program with a Pool.
//
// Watch this claim: Start does not wait for the child. Join does.
//
//	Python                          here
//	p = Process(target=f, args=a)   p := mp.NewProcess(f, a)
//	p.start(); p.join(1); p.join()  p.Start(ctx); p.Join(short); p.Join(ctx)
//	p.pid, p.is_alive(), p.exitcode p.PID(), p.Alive(), p.ExitCode()
//	pool = Pool(3)                  pool := mp.NewPool(f, 3)
//	pool.map(f, args)               pool.Map(ctx, args)
//	pool.close(); pool.join()       pool.Close()
//
// Change the source: in errand, write panic("oops") in the place of os.Exit.
package main

import (
	"context"
	"os"
	"time"

	"processbook/lessons"
	"processbook/mp"
)

var (
	lesson  = lessons.New(3, "What does the module offer?", "examples 1, 2, 8")
	code    = lesson.Int("code", 7, 0, 255, "let the child call os.Exit(`N`)")
	workers = lesson.Int("workers", 3, 1, 9, "give the pool `N` workers")
)

// errand is for a Process: it says that it runs, waits for a word, and ends.
var errand = mp.Proc("errand", func(e Errand) error {
	e.Line.Send("I run")
	lessons.Recv(e.Line)
	os.Exit(e.Code)
	return nil
})

// life is what main does with a Process; it notes what each call gives.
func life(ctx context.Context, code int) (l Life) {
	ours, theirs := mp.Pipe[string, string]()
	p := mp.NewProcess(errand, Errand{theirs, code})
	l.note("mp.NewProcess", p, p)
	l.note("p.Start", p, p.Start(ctx))
	l.hear(p, ours)
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	l.note("p.Join, 20 ms", p, p.Join(short)) // the child waits for the word
	ours.Send("go on")
	l.note("p.Join", p, lessons.Join(ctx, p)) // p.Join, but 30 s at most
	l.note("p.Start", p, p.Start(ctx))
	return l
}

// square is for a Pool, whose workers call it for one task after another.
var square = mp.Func("square", func(t Task) (Answer, error) {
	return Answer{t.N * t.N, os.Getpid()}, t.meet()
})

// work is what main does with a Pool; it counts the processes that it sees.
func work(ctx context.Context, workers int, tasks []Task) (w Work) {
	pool := mp.NewPool(square, workers)
	w.Answers, w.Failed = pool.Map(ctx, tasks)
	w.AfterMap = len(mp.Children())
	pool.Close()
	w.AfterClose = len(mp.Children())
	return w
}

func run(ctx context.Context) error {
	lesson.Begin()
	if lesson.Facts {
		return experiments.Print(ctx)
	}
	return tell(ctx, *code, *workers) // in page.go
}

func main() { mp.Main(run) }
