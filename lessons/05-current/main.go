// Lesson 5, go run ./lessons/05-current: which process is this?
//
// Everybody here calls one function, whoami, while all the others are there.
// Watch this claim: a process has a name, which its parent gave it, and an ID,
// which the system gave it. Only the ID is sure to be nobody else's.
//
//	Python (examples 2, 3, 4)             here
//	Process(target=f, name="Worker 1")    p := mp.NewProcess(f, arg)
//	                                      p.Name = "Worker 1"
//	current_process().name                mp.Current().Name
//	os.getpid(), os.getppid()             os.Getpid(), os.Getppid()
//
// Change the source: in run, make another process first. Which name changes?
package main

import (
	"context"
	"os"

	"processbook/lessons"
	"processbook/mp"
)

var (
	lesson = lessons.New(5, "Which process is this?", "examples 2, 3, 4")
	depth  = lesson.Int("depth", 2, 1, 5, "`N` generations of children")
	twins  = lesson.Int("twins", 2, 2, 9, "`N` processes with the same name")
)

// An Identity is what a process can find out about itself.
type Identity struct {
	Name        string // from its parent, which is in this program
	PID, Parent int    // from the system
}

func whoami() Identity {
	return Identity{mp.Current().Name, os.Getpid(), os.Getppid()}
}

// child says who it is, and has a child of its own if there is a line for one.
// It stays until main lets it go: an ID is free again when its process ends.
var child mp.Function[[]Line, mp.None]

func init() { // not in the declaration, because child mentions itself
	child = mp.Proc("child", func(toMain []Line) (err error) {
		toMain[0].Send(whoami())
		if len(toMain) > 1 {
			err = mp.NewProcess(child, toMain[1:]).Start(context.Background())
		}
		toMain[0].Recv() // nothing comes but the end of the pipe
		return err
	})
}

// start starts a child with this name, or with the name that it was made with.
func start(ctx context.Context, name string, to []Line) (*mp.Process, error) {
	p := mp.NewProcess(child, to)
	if name != "" {
		p.Name = name
	}
	return p, lessons.Start(ctx, p)
}

func run(ctx context.Context) error {
	lesson.Begin()
	if lesson.Facts {
		return experiments.Print(ctx)
	}
	if !lesson.Plan(plan, generations[*depth], *twins) {
		return nil
	}
	names := append([]string{"Worker 1", "Worker 2", ""}, twinNames(*twins)...)
	answers, err := askEverybody(ctx, names, *depth)
	if err == nil {
		show(answers)
	}
	return err
}

func main() { mp.Main(run) }
