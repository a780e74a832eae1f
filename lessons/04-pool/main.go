// Lesson 4, go run ./lessons/04-pool: a Process or a Pool? Which numbers are
// prime is asked twice, of a Process for each number, and of a Pool.
//
// Watch this claim: a queue has answers in the order in which they come; Map
// returns them in the order of the questions.
//
//	Python (example 8)             here
//	results = Queue()              answers := mp.NewQueue[Answer](0)
//	p = Process(target=f, args=a)  p := mp.NewProcess(alone, Errand{...})
//	p.start(); p.join()            p.Start(ctx); p.Join(ctx)
//	results.get()                  answers.Get(ctx)
//	Pool(2).map(f, numbers)        mp.NewPool(pooled, 2).Map(ctx, tasks)
//
// Change the source: pool.MaxTasksPerChild = 1, before Map. Who did what now?
package main

import (
	"context"
	"errors"

	"processbook/lessons"
	"processbook/mp"
)

var (
	lesson  = lessons.New(4, "Process or Pool?", "example 8's numbers")
	workers = lesson.Int("workers", 2, 2, 10, "give the pool `N` workers")
	hold    = lesson.Int("hold", 1, 1, 10, "hold task `N` back: do it last")
)

// alone is what a Process runs. Whatever it returned, nobody would get it.
var alone = mp.Proc("alone", func(e Errand) error {
	answer, err := e.Task.do()
	return errors.Join(err, e.Answers.Put(context.Background(), answer))
})

// pooled is what the workers of a Pool run, again for each task that they get.
var pooled = mp.Func("pooled", func(t Task) (Answer, error) {
	answer, err := t.do()
	err = errors.Join(err, t.done(&answer))
	return answer, err
})

// byProcesses needs a Process for each task, and a queue for the answers.
func byProcesses(ctx context.Context, tasks []Task) (came []Answer, err error) {
	answers, processes := mp.NewQueue[Answer](0), []*mp.Process{}
	for _, t := range tasks {
		p := mp.NewProcess(alone, Errand{t, answers})
		if err := p.Start(ctx); err != nil {
			return nil, err
		}
		processes = append(processes, p)
	}
	for _, t := range tasks {
		answer, lost := answers.Get(ctx) // waits in vain if one has died
		err = errors.Join(err, lost, t.done(&answer))
		came = append(came, answer)
	}
	for _, p := range processes { // they end when ctx does
		err = errors.Join(err, p.Join(context.WithoutCancel(ctx)))
	}
	return came, err
}

// byPool needs the tasks. A worker that dies costs one error, not the pool.
func byPool(ctx context.Context, workers int, tasks []Task) ([]Answer, error) {
	pool := mp.NewPool(pooled, workers)
	defer pool.Close()
	return pool.Map(ctx, tasks)
}

func run(ctx context.Context) error {
	lesson.Begin()
	if lesson.Facts {
		return experiments.Print(ctx)
	}
	return tell(ctx, *hold, *workers) // in page.go
}

func main() { mp.Main(run) }
