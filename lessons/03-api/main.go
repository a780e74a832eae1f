// Lesson 3, go run ./lessons/03-api: what does the module offer?
//
// A Process works, and then a Pool. Beside them, goroutines do the same work.
// Predict first: a and b are set to 25. Which of them is then 25 in main?
//
//	Python                               here
//	p = Process(target=f, args=(5,))     p := mp.NewProcess(errand, 5)
//	p.start(), p.is_alive(), p.join()    p.Start(ctx), p.Alive(), p.Join(ctx)
//	t.start(), t.join() (a Thread)       g.Go(...), g.Wait()
//	os._exit(7), p.exitcode              os.Exit(code), p.ExitCode()
//	pool = Pool(3)                       pool := mp.NewPool(square, workers)
//	pool.apply(f, (7,)), pool.map(f, n)  pool.Apply(ctx, 7), pool.Map(ctx, n)
//	pool.close(), pool.join()            pool.Close()
//
// Change it: write panic("oops") before os.Exit(code). What is different?
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"processbook/lessons"
	"processbook/mp"
)

var (
	tick    = 200 * time.Millisecond // -unit
	code    = 7                      // -code
	workers = 3                      // -workers
	a, b    int                      // for the child, for the goroutine
)

const row = "%-16s  %-25v  %v\n"

func work(x int) int {
	time.Sleep(3 * tick)
	return x * x
}

var errand = mp.Proc("errand", func(x int) error {
	a = work(x)
	os.Exit(code)
	return nil
})

var square = mp.Func("square", func(x int) (int, error) { return work(x), nil })

func program(ctx context.Context) error {
	var g sync.WaitGroup
	fmt.Printf(row, "", "Process, Pool", "goroutine")
	p := mp.NewProcess(errand, 5)
	fmt.Printf(row, "made: alive?", p.Alive(), "-")
	err := p.Start(ctx)
	g.Go(func() { b = work(5) })
	fmt.Printf(row, "started: alive?", p.Alive(), "-")
	p.Join(ctx) // its error says how p ended, as ExitCode does
	g.Wait()
	fmt.Printf(row, "exit code, ended", fmt.Sprint(p.ExitCode()), "-")
	fmt.Printf(row, "main has", fmt.Sprint("a = ", a), fmt.Sprint("b = ", b))
	pool := mp.NewPool(square, workers)
	one, failed := pool.Apply(ctx, 7)
	fmt.Printf(row, "apply(7)", one, work(7))
	n := []int{1, 2, 3, 4, 5, 6, 7, 8, 9}
	all, lost := pool.Map(ctx, n)
	for i, x := range n {
		g.Go(func() { n[i] = work(x) })
	}
	g.Wait()
	fmt.Printf(row, "map(n)", fmt.Sprint(all), n)
	fmt.Printf(row, "workers alive", len(mp.Children()), "-")
	pool.Close()
	fmt.Printf(row, "after close", len(mp.Children()), "-")
	return errors.Join(err, failed, lost)
}

func main() { lessons.Main(lesson, program) }
