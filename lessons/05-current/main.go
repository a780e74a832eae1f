// Lesson 5, go run ./lessons/05-current: which process is this?
// The chapter's examples 2 (names) and 3 (IDs). Predict first: what are
// the names of the third process of example 2 and of the child of example 3?
//
//	Python                            here
//	def f(): at module level          var worker = mp.Proc("worker", ...)
//	current_process().name            mp.Current().Name
//	time.sleep(2)                     time.Sleep(2 * tick)
//	p = Process(target=f, name=n)     mp.NewProcess(worker, ...), one.Name = ...
//	p.start(), p.join()               one.Start(ctx), one.Join(ctx)
//	def info(title): prints IDs       func info(title string)
//	__name__ (of the module)          mp.Current().Name
//	os.getppid(), os.getpid()         os.Getppid(), os.Getpid()
//	if __name__ == "__main__":        lessons.Main(lesson, program)
//
// Change it: name all workers Kim. Or make another process first, and do not
// start it. What changes?
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"processbook/lessons"
	"processbook/mp"
	"time"
)

var tick = 200 * time.Millisecond // -unit

var worker = mp.Proc("worker", func(mp.None) error { // example 2
	name := mp.Current().Name
	fmt.Println(name, "starting")
	time.Sleep(2 * tick)
	fmt.Println(name, "exiting")
	return nil
})

func info(title string) { // example 3
	fmt.Println(title)
	fmt.Println("  name", mp.Current().Name)
	fmt.Println("  parent", os.Getppid())
	fmt.Println("  PID", os.Getpid())
}

var child = mp.Proc("child", func(mp.None) error {
	info("child")
	time.Sleep(tick)
	return nil
})

func program(ctx context.Context) error {
	one := mp.NewProcess(worker, mp.None{})
	one.Name = "Worker 1"
	two := mp.NewProcess(worker, mp.None{})
	two.Name = "Worker 2"
	three := mp.NewProcess(worker, mp.None{}) // without a name
	err := errors.Join(
		one.Start(ctx),
		two.Start(ctx),
		three.Start(ctx),
		one.Join(ctx),
		two.Join(ctx),
		three.Join(ctx))

	info("main")
	p := mp.NewProcess(child, mp.None{})
	return errors.Join(err, p.Start(ctx), p.Join(ctx))
}

func main() { lessons.Main(lesson, program) }
