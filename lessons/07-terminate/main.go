// Lesson 7, go run ./lessons/07-terminate: how do you end a process, and when
// may you? Watch this claim: Terminate asks nobody. So it ends what hangs, and
// does no harm where nobody needs what the process has in its hands.
//
//	Python (no example)            here
//	p.terminate(); p.exitcode      p.Terminate(); p.ExitCode()
//	try: ... finally: cleanup()    defer cleanup()
//	Lock(); acquire(); release()   mp.NewQueue, one token; Get; Put
//
// Change the source: in stop, Kill instead of Terminate. What else changes?
package main

import (
	"context"

	"processbook/lessons"
	"processbook/mp"
)

var (
	lesson = lessons.New(7, "How do you end a process?", "no example")
	listen = lesson.Bool("listen", "let Holder read its messages, too")
	others = lesson.Int("others", 3, 2, 9, "`N` others beside Loner and Holder")
)

// worker gets something into its hands and then hangs, unless it listens.
var worker = mp.Proc("worker", func(h Hands) (err error) {
	defer h.Main.Send("cleanup") // when the function returns, if it does
	switch {
	case h.Kid != nil: // Parent
		err = mp.NewProcess(kid, h.Kid).Start(context.Background())
	case h.Lock != nil: // Holder: takes the only token, and will put it back
		_, err = h.Lock.Get(context.Background())
		defer h.Lock.Put(context.Background(), mp.None{})
	case h.Pipe != nil: // Writer: too much for a pipe, and nobody receives it
		go h.Pipe.Send(make([]byte, 4<<20))
	}
	if err != nil {
		return err
	}
	h.Main.Send("ready")
	if h.Listens {
		_, err = h.Main.Recv()
		return err
	}
	select {} // nothing that is sent to it can change that
})

// stop asks everybody to end, and terminates those who do not listen. The first
// is Listener: the time that it takes, the others have had as well.
func stop(ctx context.Context, team ...*Member) error {
	for _, m := range team {
		m.line.Send("please stop")
	}
	for _, m := range team {
		if m.listens {
			lessons.Join(ctx, m.Process) // until it has received that
		}
		if m.deaf = m.Alive(); m.deaf {
			m.Terminate() // does not wait for the end
		}
		if err := lessons.Join(ctx, m.Process); m.Alive() {
			return err
		}
	}
	return nil
}

func run(ctx context.Context) error {
	lesson.Begin()
	if lesson.Facts {
		return experiments.Print(ctx)
	}
	if !lesson.Plan("%s", plan(*others, *listen)) {
		return nil
	}
	return tell(ctx, *others, *listen)
}

func main() { mp.Main(run) }
