package mp

import (
	"sync"
	"time"
)

// An inbox is where a worker finds its tasks. To hand one from goroutine to
// goroutine may cost more than to do it; so the worker reads the pipe itself
// when it looks for a task. But the pipe is also the lifeline, and the parent
// may want tasks back. So while the worker is busy with one for long, a
// stand-in reads, and keeps what comes.
type inbox struct {
	*child
	mu       sync.Mutex
	arrived  sync.Cond // the stand-in has something for a worker that waits
	tasks    []frame   // read, and not begun
	finished bool      // no more will come
	reading  bool      // the stand-in is
	waiting  bool      // the worker is, for the stand-in
	busy     bool      // the worker is at a task, or sends its answer
	begun    int       // tasks so far, with that one
	ticking  bool      // tick looks at it
	lost     func()    // ends the process, for the parent is gone
}

// long is how long a task takes before there is a stand-in. Few do.
const long = time.Millisecond

func newInbox(c *child) *inbox {
	in := &inbox{child: c, lost: self.orphaned}
	in.arrived.L = &in.mu
	return in
}

// next returns the next task, if wait is not set only one that is there
// already, and reports whether there is one. After having waited, there is none
// only if there will be no more.
func (in *inbox) next(wait bool) (task frame, ok bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.busy = in.busy && !wait // before it waits, it has an answer to send
	for len(in.tasks) == 0 && !in.finished {
		switch {
		case in.reading && wait:
			in.waiting = true
			in.arrived.Wait()
		case !in.reading && in.down.buffered():
			in.obey(in.read()) // with mu held: no stand-in may start to read, too
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
	task, in.tasks[0] = in.tasks[0], frame{} // let go of the argument
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
		if in.waiting && (len(in.tasks) > 0 || in.finished) {
			in.waiting, in.reading = false, false
			in.arrived.Signal()
			in.mu.Unlock()
			return
		}
		in.mu.Unlock()
	}
}

func (in *inbox) read() frame {
	f, err := in.down.next()
	if err != nil {
		in.lost()
	}
	return f
}

// obey follows an order from the parent. Call it with mu held.
func (in *inbox) obey(f frame) {
	switch f.kind {
	case msgTask, msgChunk:
		in.tasks = append(in.tasks, f)
	case msgReturn:
		n := len(in.tasks)
		in.tasks = nil
		// Not to be waited for: an answer may be on its way for long. And until
		// this has come, no task is given.
		go in.up.send(msgReturned, uint64(n), nil)
	case msgFinish:
		in.finished = true
	}
}
