// Lesson 4, go run ./lessons/04-pool: a Process or a Pool? Both mark the primes
// of example 8 (*). 2 takes longest. Predict first: where in each list is 2?
//
//	Python                         here
//	a task's method: is n prime?   func star(n int) string
//	class C(Process): def run()    var single = mp.Proc("single", ...)
//	q = Queue(), q.put(x)          mp.NewQueue[string](0), e.Q.Put(...)
//	p = C(n, q), p.start()         mp.NewProcess(single, ...), p.Start(ctx)
//	p.join(), q.get()              p.Join(ctx), q.All(ctx)
//	pool = Pool(2), pool.map(...)  mp.NewPool(mark, ...), pool.Map(ctx, numbers)
//
// Change it: write if n == 101 { panic("oops") } into star. What is lost?
package main

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"processbook/lessons"
	"processbook/mp"
)

var tick, slow, workers = 200 * time.Millisecond, 1, 2 // -unit, -slow, -workers
var numbers = []int{2, 36, 101, 193, 323, 513, 1327, 100000, 9999999, 433785907}

func star(n int) string {
	if n == numbers[slow-1] {
		time.Sleep(8 * tick)
	}
	if big.NewInt(int64(n)).ProbablyPrime(0) {
		return fmt.Sprint(n, "*")
	}
	return fmt.Sprint(n)
}

type errand struct {
	N int
	Q *mp.Queue[string]
}

var single = mp.Proc("single", func(e errand) error {
	return e.Q.Put(context.Background(), star(e.N))
})

func byProcesses(ctx context.Context) (list []string, err error) {
	q, started := mp.NewQueue[string](0), []*mp.Process{}
	for _, n := range numbers {
		p := mp.NewProcess(single, errand{n, q})
		if err = p.Start(ctx); err != nil {
			break
		}
		started = append(started, p)
	}
	for _, p := range started {
		err = errors.Join(err, p.Join(ctx))
	}
	q.Close()
	return slices.Collect(q.All(ctx)), err
}

var mark = mp.Func("mark", func(n int) (string, error) { return star(n), nil })

func byPool(ctx context.Context) ([]string, error) {
	pool := mp.NewPool(mark, workers)
	defer pool.Close()
	return pool.Map(ctx, numbers) // an error counts tasks from 0
}

func program(ctx context.Context) error {
	queue, err := byProcesses(ctx)
	list, failed := byPool(ctx)
	fmt.Printf("queue  %v\nMap    %v\n", queue, list)
	return errors.Join(err, failed)
}

func main() { lessons.Main(lesson, program) }
