package mp

import (
	"context"
	"sync"
	"time"

	"processbook/mp/internal/frame"
)

// An inbox is where a child finds its argument or its tasks. The pipe from the
// parent is also the lifeline, so somebody reads it all the time: a stand-in,
// from the child's first moment on. But to pass a task from one goroutine to
// another may cost more than to do it. So a worker that waits for a task reads
// the pipe itself, and while it is at one for long, a stand-in reads again.
type inbox struct {
	down    *frame.Reader
	up      *frame.Writer
	lost    func() // ends the process, because the parent is gone
	forever bool   // the stand-in never leaves: this child has only one argument

	mu       sync.Mutex
	arrived  sync.Cond     // the stand-in has something for a worker that waits
	tasks    []frame.Frame // read, and not begun
	finished bool          // no more will come
	reading  bool          // the stand-in reads
	waiting  bool          // the worker waits for the stand-in
	busy     bool          // the worker is at a task, or sends its answer
	begun    int           // tasks so far, with that one
	ticking  bool          // tick looks at it
}

// long is how long a task takes before there is a stand-in. Few do.
const long = time.Millisecond

func newInbox(down *frame.Reader, up *frame.Writer, forever bool) *inbox {
	in := &inbox{down: down, up: up, forever: forever, lost: func() { self.orphaned() }, reading: true}
	in.arrived.L = &in.mu
	go in.standIn()
	return in
}

// next returns the next task, if wait is not set only one that is there
// already, and reports whether there is one. After having waited, there is none
// only if there will be no more.
func (in *inbox) next(wait bool) (task frame.Frame, ok bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.busy = in.busy && !wait // before it waits, it has an answer to send
	for len(in.tasks) == 0 && !in.finished {
		switch {
		case in.reading && wait:
			in.waiting = true
			in.arrived.Wait()
		case !in.reading && in.down.Ready():
			in.obey(in.read()) // with mu held, so that no stand-in starts to read
		case !in.reading && wait:
			in.mu.Unlock()
			f := in.read()
			in.mu.Lock()
			in.obey(f)
		default:
			return task, false
		}
	}
	if len(in.tasks) == 0 {
		return task, false
	}
	task, in.tasks[0] = in.tasks[0], frame.Frame{} // let go of the argument
	in.tasks = in.tasks[1:]
	in.busy = true
	in.begun++
	if !in.ticking {
		in.ticking = true
		in.tick()
	}
	return task, true
}

// tick looks again and again, as long as the worker is busy, whether it is at
// the same task for long. Call it with mu held.
func (in *inbox) tick() {
	at := in.begun
	time.AfterFunc(long, func() {
		in.mu.Lock()
		defer in.mu.Unlock()
		if in.busy && !in.reading && in.begun == at {
			in.reading = true
			go in.standIn()
		}
		if in.ticking = in.busy && !in.reading; in.ticking {
			in.tick()
		}
	})
}

// standIn reads until the worker, having waited for it, can do so again.
func (in *inbox) standIn() {
	for {
		f := in.read()
		in.mu.Lock()
		in.obey(f)
		leave := in.waiting && (len(in.tasks) > 0 || in.finished)
		if leave {
			in.waiting = false
			in.arrived.Signal()
		}
		leave = leave && !in.forever
		in.reading = !leave
		in.mu.Unlock()
		if leave {
			return
		}
	}
}

func (in *inbox) read() frame.Frame {
	f, err := in.down.Next()
	if err != nil {
		in.lost()
	}
	return f
}

// obey follows an order from the parent. Call it with mu held.
func (in *inbox) obey(f frame.Frame) {
	switch f.Kind {
	case msgArgument, msgTask, msgChunk:
		in.tasks = append(in.tasks, f)
	case msgReturn:
		n := len(in.tasks)
		in.tasks = nil
		// Not to be waited for: an answer may be on its way for long. And until
		// this has come, no task is given.
		go in.up.Send(context.Background(), frame.Frame{Kind: msgReturned, ID: uint64(n)})
	case msgFinish:
		in.finished = true
	}
}
