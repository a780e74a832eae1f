// Lesson 6, go run ./lessons/06-daemon: what are daemon processes for?
//
// Example 4 of the chapter: a daemon, and a process that is not a daemon. With
// -join, it is example 5. Predict first: which lines will the workers print?
//
//	Python                           here
//	def f(): at module level         var worker = mp.Proc("worker", ...)
//	current_process().name           mp.Current().Name
//	time.sleep(4)                    time.Sleep(work)
//	Process(target=f, name=n)        one := mp.NewProcess(worker, 4*tick)
//	d.daemon = True                  one.Daemon = true
//	d.start()                        one.Start(ctx)
//	d.join(1)                        one.Join(limit), limit made by WithTimeout
//	d.is_alive()                     one.Alive()
//	if __name__ == "__main__":       lessons.Main(lesson, program)
//
// Change it: make Worker 2 a daemon, and let main sleep a tick at its end.
package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"processbook/lessons"
	"processbook/mp"
)

var (
	tick     = 800 * time.Millisecond // the chapter's second; -unit
	join     = 0                      // -join: how long main joins Worker 1
	noDaemon = false                  // -nodaemon
)

var worker = mp.Proc("worker", func(work time.Duration) error {
	name := mp.Current().Name
	fmt.Println(name, "starting")
	time.Sleep(work)
	fmt.Println(name, "exiting")
	return nil
})

func program(ctx context.Context) error {
	one := mp.NewProcess(worker, 4*tick)
	one.Name = "Worker 1"
	one.Daemon = true // before Start
	if noDaemon {
		one.Daemon = false
	}
	two := mp.NewProcess(worker, 2*tick)
	two.Name = "Worker 2"

	err := one.Start(ctx)
	time.Sleep(tick)
	err = errors.Join(err, two.Start(ctx))

	if join > 0 && err == nil {
		limit, cancel := context.WithTimeout(ctx, time.Duration(join)*tick)
		defer cancel()
		joined := one.Join(limit)
		fmt.Println("main: Join says", joined, "and Alive says", one.Alive())
	}
	return err // main's last line: it has joined nobody else
}

func main() { lessons.Main(lesson, program) }
