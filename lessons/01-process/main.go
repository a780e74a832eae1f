// Lesson 1, go run ./lessons/01-process: what is a process, and how is it not
// a thread?
//
// Watch this claim: a process is a program that is being run, with memory of
// its own. What runs inside one process, here a goroutine, shares its memory.
//
//	Python (example 3)             here
//	p = Process(target=f)          p := mp.NewProcess(f, argument)
//	p.start(); p.join()            p.Start(ctx); p.Join(ctx)
//	Thread(target=f).start()       go f()
//	os.getpid(), os.getppid()      os.Getpid(), os.Getppid()
//
// Change the source: add func init() { counter = 7 }. Who begins with 7?
package main

import (
	"context"
	"fmt"

	"processbook/lessons"
	"processbook/mp"
)

var (
	lesson = lessons.New(1, "What is a process, and how is it not a thread?",
		"example 3")
	set      = lesson.Int("set", 5, 2, 999, "let main set counter to `N`")
	children = lesson.Int("children", 2, 1, 6, "start `N` processes")
)

var counter = 1

// addTen is run by children and by a goroutine. Nothing in it says which.
func addTen(line *mp.Conn[Look, mp.None]) error {
	line.Send(look())
	line.Recv() // main's word that all have started
	counter += 10
	return line.Send(look())
}

// adder is addTen for a new process. Only the name crosses to it: it is the
// same program, so it has the function already.
var adder = mp.Proc("adder", addTen)

// story has main set the counter, and then the others add to it.
func story(ctx context.Context, set, children int) (Cast, error) {
	ctx, cancel := context.WithTimeout(ctx, lessons.Limit)
	defer cancel() // whatever goes wrong, no child stays
	counter = set
	main := &Witness{Name: "main", Before: look()}
	routine, line := newWitness("goroutine")
	go addTen(line)
	cast := Cast{main, routine}
	for n := range children {
		child, line := newWitness(fmt.Sprintf("Child %d", n+1))
		child.process = mp.NewProcess(adder, line)
		child.process.Name = child.Name
		if err := child.process.Start(ctx); err != nil {
			return nil, err
		}
		cast = append(cast, child)
	}
	err := cast.play(ctx)
	main.After = look()
	return cast, err
}

func run(ctx context.Context) error {
	lesson.Begin()
	if lesson.Facts {
		return experiments.Print(ctx)
	}
	return tell(ctx, *set, *children) // in page.go
}

func main() { mp.Main(run) }
