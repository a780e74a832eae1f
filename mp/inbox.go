package mp

import (
	"sync"

	"processbook/mp/internal/frame"
)

// An inbox is where a child finds its argument or its tasks. The pipe from the
// parent is also the lifeline, so a goroutine reads it all the time, from the
// child's first moment on.
type inbox struct {
	mu       sync.Mutex    // guards the fields below; with it held, only the mu of a Writer is locked
	changed  sync.Cond     // signalled when tasks or finished has changed
	tasks    []frame.Frame // those that were read and not begun, oldest first
	finished bool          // set when no more will come
}

func newInbox() *inbox {
	in := &inbox{}
	in.changed.L = &in.mu
	return in
}

// listen does what the parent says, until the pipe ends.
func (in *inbox) listen(down *frame.Reader, up *frame.Writer) {
	for {
		f, err := down.Next()
		if err != nil {
			return
		}
		in.obey(f, up)
	}
}

func (in *inbox) obey(f frame.Frame, up *frame.Writer) {
	in.mu.Lock()
	defer in.mu.Unlock()
	switch f.Kind {
	case msgArgument, msgTask:
		in.tasks = append(in.tasks, f)
	case msgReturn:
		n := len(in.tasks)
		in.tasks = nil
		up.Post(frame.Frame{Kind: msgReturned, ID: uint64(n)}) // until this arrives, the pool sends no task
	case msgFinish:
		in.finished = true
	}
	in.changed.Signal()
}

// next returns the next task, and reports whether there is one. If there is none,
// and wait is set, it waits until there is one or there will be no more.
func (in *inbox) next(wait bool) (task frame.Frame, ok bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for wait && len(in.tasks) == 0 && !in.finished {
		in.changed.Wait()
	}
	if len(in.tasks) == 0 {
		return task, false
	}
	task, in.tasks[0] = in.tasks[0], frame.Frame{} // let go of the argument
	in.tasks = in.tasks[1:]
	return task, true
}
