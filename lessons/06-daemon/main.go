// Lesson 6, go run ./lessons/06-daemon: what are daemon processes for?
//
// Watch this claim: nobody waits for a daemon. When main is at its last line
// its daemons are stopped, at once, and only then does it wait for the others.
//
//	Python (examples 4 and 5)      here
//	p = Process(target=f, args=a)  p := mp.NewProcess(f, a)
//	p.daemon = True; p.start()     p.Daemon = true; p.Start(ctx)
//	p.join(1); p.is_alive()        me.Join(p, 1), in ticks; p.Alive()
//
// Change the source: add s.Two.Daemon = true in run. Which lines are left?
package main

import (
	"context"
	"errors"
	"os"

	"processbook/lessons"
	"processbook/mp"
)

var (
	lesson   = lessons.New(6, "What are daemon processes for?", "examples 4, 5")
	clock    = lesson.Clock()
	noDaemon = lesson.Bool("nodaemon", "make Worker 1 a process like any other")
	limit    = lesson.Int("join", 0, 0, 20, "join Worker 1, at most `N` ticks")
)

// worker writes a number to its file in every tick, when its work is done.
var worker = mp.Proc("worker", func(e Errand) (err error) {
	e.Me.Enter()
	defer e.Me.Leave()
	for n := 1; n <= e.Ticks && err == nil; n++ {
		e.Me.Work(1)
		err = appendTo(e.File, n)
	}
	e.Me.Say("exiting") // who is stopped does not get here
	return err
})

// program is the chapter's main. What happens after its last line can only be
// told by somebody else, so it is a child, too, of the process that tells. It
// makes no difference to its own children: mp ends every family in this way.
var program = mp.Proc("program", func(s Script) error {
	s.Me.Enter()
	defer s.Me.Leave() // its last line
	one, two := mp.NewProcess(worker, s.One), mp.NewProcess(worker, s.Two)
	one.Name, two.Name = "Worker 1", "Worker 2"
	one.Daemon, two.Daemon = s.One.Daemon, s.Two.Daemon
	err := one.Start(context.Background())
	s.Me.Work(s.Pause)
	err = errors.Join(err, two.Start(context.Background()))
	if s.Join != 0 {
		joined := s.Me.Join(one, s.Join)
		s.Me.Say("%s Worker 1; alive: %t", verb(joined), one.Alive())
	}
	return err
})

func run(ctx context.Context) error {
	lesson.Begin()
	if lesson.Facts {
		return experiments.Print(ctx)
	}
	s := example4(!*noDaemon, *limit)
	if !lesson.Plan("%s", s) {
		return nil
	}
	events, numbers, err := play(ctx, clock.Stage(os.Stdout), s)
	if err != nil {
		return err
	}
	lessons.Figure(events.Timeline())
	lessons.Para("saw", "%s", s.saw(events, numbers))
	lessons.Para("try", "-nodaemon, -join 1, -join 3, -unit 500ms, -free")
	return nil
}

func main() { mp.Main(run) }
