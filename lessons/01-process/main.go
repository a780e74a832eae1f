// Lesson 1, go run ./lessons/01-process: how does a process differ from
// a thread?
//
// The chapter's example 3: main and its child print their IDs. (There the child
// also sleeps.) Here all processes also have a counter, and a goroutine stands
// for a thread. Predict first: which PIDs are equal, and what are the counters?
//
//	Python                           here
//	def info(name): prints IDs       func addTen(name string)
//	os.getpid(), os.getppid()        os.Getpid(), os.Getppid()
//	def f(): at module level         var adder = mp.Proc("adder", ...)
//	current_process().name           mp.Current().Name
//	p = Process(target=f)            child := mp.NewProcess(adder, mp.None{})
//	p.start()                        child.Start(ctx)
//	p.join()                         child.Join(ctx)
//	t = Thread(...), t.start()       thread.Go(...)
//	t.join()                         thread.Wait()
//	if __name__ == "__main__":       lessons.Main(lesson, program)
//
// Change it: add func init() { counter = 7 }. Which processes begin with 7?
package main

import (
	"context"
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

var adder = mp.Proc("adder", func(mp.None) error {
	addTen(mp.Current().Name)
	return nil
})

func program(ctx context.Context) error {
	counter = set
	fmt.Printf("main       PID %d, parent %d, counter %d\n",
		os.Getpid(), os.Getppid(), counter)

	for n := range children {
		child := mp.NewProcess(adder, mp.None{})
		child.Name = fmt.Sprint("Child ", n+1)
		if err := child.Start(ctx); err != nil {
			return err
		}
		if err := child.Join(ctx); err != nil { // Python's join raises nothing
			return err
		}
	}

	var thread sync.WaitGroup
	thread.Go(func() { addTen("goroutine") })
	thread.Wait()

	fmt.Printf("main       PID %d, parent %d, counter %d\n",
		os.Getpid(), os.Getppid(), counter)
	return nil
}

func main() { lessons.Main(lesson, program) }
