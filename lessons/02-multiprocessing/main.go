// Lesson 2, go run ./lessons/02-multiprocessing: processes or threads?
// Example 1 (in the chapter, it also prints when A and B begin and end). Then
// one of four workers fails. Predict first: which other workers print "ends"?
//
//	Python                           here
//	def f(...): at module level      var countDown = mp.Proc("countDown", ...)
//	Process(target=f); counter = 5   mp.NewProcess(countDown, 5)
//	args=("A", 0.5): name, delay     a.Name = ..., mp.Current().Name; tick
//	p.start(); p.join()              a.Start(ctx), a.Join(ctx)
//	Thread(target=f).start()         threads.Go(...)
//	if __name__ == "__main__":       lessons.Main(lesson, program)
//
// Change it: call a.Join before b.Start.
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

var tick, bad = 200 * time.Millisecond, 3 // -unit, -bad
var countDown = mp.Proc("countDown", func(n int) error {
	for ; n > 0; n-- {
		time.Sleep(tick)
		fmt.Println(mp.Current().Name, n) // A first, or B? The system decides
	}
	return nil
})

// Processes run divide, and so do goroutines: it is the same for both.
func divide(name string, n int) error {
	fmt.Println(name, n, "begins, PID", os.Getpid())
	by, ticks := n, 8+n
	if n == bad {
		by, ticks = 0, 4 // it divides before the others
	}
	time.Sleep(time.Duration(ticks) * tick)
	fmt.Println(name, n, "ends, 12 /", by, "=", 12/by) // 12/0: panic
	return nil
}

var worker = mp.Proc("worker", func(n int) error { return divide("Worker", n) })
var crew = mp.Proc("crew", func(workers int) error {
	var threads sync.WaitGroup
	for n := range workers {
		threads.Go(func() { divide("Goroutine", n+1) })
	}
	threads.Wait()
	return nil
})

func program(ctx context.Context) error {
	a, b := mp.NewProcess(countDown, 5), mp.NewProcess(countDown, 5)
	a.Name, b.Name = "A", "B"
	err := errors.Join(a.Start(ctx), b.Start(ctx))
	err = errors.Join(err, a.Join(ctx), b.Join(ctx))
	defer func(terminal *os.File) { os.Stderr = terminal }(os.Stderr)
	os.Stderr, _ = os.OpenFile(os.DevNull, os.O_WRONLY, 0) // for stack traces
	all := []*mp.Process{mp.NewProcess(crew, 4)}
	all[0].Name = "Crew"
	err = errors.Join(err, all[0].Start(ctx))
	for n := 1; n <= 4; n++ {
		all = append(all, mp.NewProcess(worker, n))
		all[n].Name = fmt.Sprint("Worker ", n)
		err = errors.Join(err, all[n].Start(ctx))
	}
	for _, p := range all {
		fmt.Println(p.Name, "ended well:", p.Join(ctx) == nil)
	}
	return err
}

func main() { lessons.Main(lesson, program) }
