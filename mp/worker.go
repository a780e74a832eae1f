package mp

import (
	"fmt"
	"sync"
)

// A worker is a pool's child. It is told its tasks ahead of time and does them
// one by one, in order. Its parent must know at any moment which one it would
// lose if the worker died now, and that is: the first one without an answer,
// if the worker has begun it. It says so if it had to look for it; otherwise
// the answer before has said so.

// inbox holds the tasks that have not been begun.
type inbox struct {
	mu       sync.Mutex
	arrived  sync.Cond
	tasks    []frame
	finished bool // no more will come
}

// wait waits for a task. There is none only if there will be no more.
func (in *inbox) wait() (task frame, ok bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for len(in.tasks) == 0 && !in.finished {
		in.arrived.Wait()
	}
	return in.pop()
}

// another returns a task if there is one now.
func (in *inbox) another() (task frame, ok bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.pop()
}

func (in *inbox) pop() (task frame, ok bool) {
	if len(in.tasks) == 0 {
		return task, false
	}
	task, in.tasks[0] = in.tasks[0], frame{} // let go of the argument
	in.tasks = in.tasks[1:]
	return task, true
}

// obey follows an order from the parent.
func (in *inbox) obey(f frame, up *sender) {
	in.mu.Lock()
	defer in.mu.Unlock()
	switch f.kind {
	case msgTask, msgChunk:
		in.tasks = append(in.tasks, f)
		in.arrived.Signal()
	case msgReturn:
		n := len(in.tasks)
		in.tasks = nil
		up.send(msgReturned, uint64(n), nil)
	case msgFinish:
		in.finished = true
		in.arrived.Signal()
	}
}

// A worker is what a pool's child has in its hands.
type worker[A, R any] struct {
	*child
	inbox
	name string
	f    func(A) (R, error)
	task frame
	busy bool // with task, and its parent knows
}

func newWorker[A, R any](c *child, name string, f func(A) (R, error)) *worker[A, R] {
	w := &worker[A, R]{child: c, name: name, f: f}
	w.arrived.L = &w.mu
	return w
}

// work is the life of a worker.
func work[A, R any](c *child, name string, f func(A) (R, error)) error {
	w := newWorker(c, name, f)
	go c.watch(func(f frame) { w.obey(f, c.up) })
	attempts(name, w.step, w.fail)
	return nil
}

// step does a task, after having waited for one if need be. It reports whether
// there may be more.
func (w *worker[A, R]) step() (more bool) {
	if !w.busy {
		if w.task, w.busy = w.wait(); !w.busy {
			return false
		}
		w.up.send(msgBegun, 0, nil)
	}
	if w.task.kind == msgChunk {
		return w.performAll()
	}
	var arg A
	if err := w.down.decode(w.task, &arg); err != nil {
		return w.answer(0, nil, err)
	}
	answer, err := w.f(arg)
	return w.answer(msgAnswer, &answer, err)
}

// fail answers a task that has not returned.
func (w *worker[A, R]) fail(why *RemoteError) (more bool) { return w.answer(0, nil, why) }

// answer sends what came of the task, or that it cannot be sent; and in the
// same message whether the next task is begun.
func (w *worker[A, R]) answer(k kind, v any, err error) (more bool) {
	w.task, w.busy = w.another()
	next := uint64(bit(w.busy))
	if err == nil {
		if err = w.up.send(k, next, v); err == nil {
			return true
		}
		err = &RemoteError{w.name, fmt.Sprintf("%T", err), "the answer cannot be encoded: " + err.Error(), ""}
	}
	w.up.send(msgProblem, next, remote(w.name, err))
	return true
}

// performAll does the tasks of a chunk; each may fail by itself.
func (w *worker[A, R]) performAll() (more bool) {
	var args []A
	if err := w.down.decode(w.task, &args); err != nil {
		return w.answer(0, nil, err)
	}
	results := make([]R, 0, len(args)) // of those that failed there is none: gob would refuse their nil pointers
	failed := map[int]*RemoteError{}
	i := 0
	fail := func(why *RemoteError) bool {
		failed[i] = why
		i++
		return i < len(args)
	}
	attempts(w.name, func() bool {
		for ; i < len(args); i++ {
			result, err := w.f(args[i])
			if err != nil {
				return fail(remote(w.name, err))
			}
			results = append(results, result)
		}
		return false
	}, fail)
	if len(failed) > 0 {
		w.up.send(msgFailures, 0, &failed)
	}
	return w.answer(msgAnswers, &results, nil)
}
