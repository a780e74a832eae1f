package lessons

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"processbook/mp"
)

// An Actor is the stage's line to one process of the story. It rides there in
// the argument, as an exported field, through the parent that starts it if need
// be. Its methods are for that process, in the order Enter, then what there is
// to do, then Leave. A process whose stage is gone ends: nobody is watching.
type Actor struct {
	Line *mp.Conn[word, cue]
	Free time.Duration // how long a tick of work is without a clock; 0 with one
}

type cue int // the tick that it is now

// A word is what an actor says to the stage.
type word struct {
	Kind     kind
	Text     string   // say: the line; mark: the sign; join: whom
	Children []string // the speaker's, those alive
	Daemon   bool     // enter: is the speaker one?
	PID      int      // enter
	Ticks    int      // join: how long at most, or NoLimit
}

type kind byte

const (
	acting kind = iota + 1 // it says nothing, and does what takes no time
	enter
	say
	mark
	work
	join
	joined // the end of the process that was joined; at the limit there is no word for it
	leave
)

// Enter tells the stage that this process has started. It comes first; let
// "defer a.Leave()" be next.
func (a Actor) Enter() {
	a.tell(word{Kind: enter, Daemon: mp.Current().Daemon, PID: os.Getpid()})
}

// Say prints a line.
func (a Actor) Say(format string, args ...any) {
	a.tell(word{Kind: say, Text: fmt.Sprintf(format, args...)})
}

// Mark puts a sign into the picture, for what this process did in the tick
// that has just passed.
func (a Actor) Mark(sign byte) {
	a.tell(word{Kind: mark, Text: string(sign)})
}

// Work is busy for some ticks.
func (a Actor) Work(ticks int) {
	for range ticks {
		a.tell(word{Kind: work})
		if a.Free > 0 {
			time.Sleep(a.Free) // it is the work here; it orders nothing
		} else {
			a.listen()
		}
	}
}

// NoLimit is a number of ticks for [Actor.Join].
const NoLimit = -1

// Join is p.Join with a limit in ticks, or [NoLimit]. It returns
// context.Canceled if p is still alive then.
func (a Actor) Join(p *mp.Process, ticks int) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	a.tell(word{Kind: join, Text: p.Name, Ticks: ticks})
	answered := make(chan struct{})
	go func() { // one cue comes: at the limit, or in answer to joined
		defer close(answered)
		if a.Free == 0 {
			a.listen()
			cancel()
		} else if ticks >= 0 {
			time.AfterFunc(time.Duration(ticks)*a.Free, cancel)
		}
	}()
	err := p.Join(ctx)
	if a.Free > 0 || !errors.Is(err, context.Canceled) {
		a.tell(word{Kind: joined})
	}
	<-answered
	return err
}

// Leave tells the stage that this process is at its last line, and returns when
// all others have done what they had to do in this tick. After it the process's
// function must return: what then becomes of its children is mp's business.
func (a Actor) Leave() {
	a.tell(word{Kind: leave})
	if a.Free == 0 {
		a.listen()
	}
}

func (a Actor) tell(w word) {
	for _, c := range mp.Children() {
		w.Children = append(w.Children, c.Name)
	}
	if a.Line.Send(w) != nil {
		os.Exit(1)
	}
}

func (a Actor) listen() {
	if _, err := a.Line.Recv(); err != nil {
		os.Exit(1)
	}
}
