// Lesson 1, go run ./lessons/01-process: how does a process differ from
// a thread?
//
// This is the chapter's example 3: main and its children print their IDs. Here
// they also have a counter, and a goroutine stands for the chapter's thread.
// Predict first: which PIDs are equal, and which counters will be printed?
//
//	Python                           here
//	def f(): at module level         var adder = mp.Proc("adder", ...)
//	os.getpid()                      os.Getpid()
//	os.getppid()                     os.Getppid()
//	Process(target=f, args=(n,))     child := mp.NewProcess(adder, name)
//	p.start()                        child.Start(ctx)
//	p.join()                         child.Join(ctx)
//	Thread(target=f).start()         thread.Go(...)
//	t.join()                         thread.Wait()
//	if __name__ == "__main__":       lessons.Main(lesson, program)
//
// Change it: add func init() { counter = 7 }. Which processes begin with 7?
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"processbook/lessons"
	"processbook/mp"
)

var (
	set      = 5 // -set
	children = 2 // -children
)

var counter = 1 // which processes run this line?

// Children run addTen, and so does a goroutine: it is the same for both.
func addTen(name string) {
	before := counter
	counter += 10
	fmt.Printf("%-9s  PID %d, parent %d, counter %d, then %d\n",
		name, os.Getpid(), os.Getppid(), before, counter)
}

var adder = mp.Proc("adder", func(name string) error {
	addTen(name)
	return nil
})

func program(ctx context.Context) error {
	counter = set
	fmt.Printf("main       PID %d, parent %d, counter %d\n",
		os.Getpid(), os.Getppid(), counter)

	var failed error
	for n := range children {
		name := fmt.Sprint("Child ", n+1)
		child := mp.NewProcess(adder, name)
		child.Name = name
		failed = errors.Join(failed, child.Start(ctx), child.Join(ctx))
	}

	var thread sync.WaitGroup
	thread.Go(func() { addTen("goroutine") })
	thread.Wait()

	fmt.Printf("main       PID %d, parent %d, counter %d\n",
		os.Getpid(), os.Getppid(), counter)
	return failed
}

func main() { lessons.Main(lesson, program) }
