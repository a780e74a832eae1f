// Lesson 2, go run ./lessons/02-multiprocessing: processes or threads?
// Example 1 of the chapter: A and B count down side by side. Then one of four
// workers fails. Predict first: which of the others print that they end?
//
//	Python                           here
//	time.sleep(0.5)                  time.Sleep(tick)
//	Process(target=f, args=(5,))     mp.NewProcess(countDown, 5)
//	p.start(); p.join()              a.Start(ctx), a.Join(ctx)
//	Thread(target=f).start()         threads.Go(...)
//
// Change it: join a before you start b.
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
	by := n
	if n == bad {
		by = 0
	}
	time.Sleep(time.Duration(2+2*by) * tick)
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
	terminal := os.Stderr
	os.Stderr, _ = os.OpenFile(os.DevNull, os.O_WRONLY, 0) // for stack traces
	all := []*mp.Process{mp.NewProcess(crew, 4)}
	all[0].Name = "Crew"
	err = errors.Join(err, all[0].Start(ctx))
	for n := range 4 {
		p := mp.NewProcess(worker, n+1)
		p.Name = fmt.Sprint("Worker ", n+1)
		all, err = append(all, p), errors.Join(err, p.Start(ctx))
	}
	os.Stderr = terminal
	for _, p := range all {
		fmt.Println(p.Name, "ended well:", p.Join(ctx) == nil)
	}
	return err
}

func main() { lessons.Main(lesson, program) }
