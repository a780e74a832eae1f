package mp

import "fmt"

// A worker is a pool's child. It is told its tasks ahead of time and does them
// one by one, in order. Its parent must know at any moment which one it would
// lose if the worker died now, and that is: the first one without an answer,
// if the worker has begun it. It says so if it had to look for it; otherwise
// the answer before has said so.

type worker[A, R any] struct {
	*inbox
	name  string
	f     func(A) (R, error)
	task  frame
	has   bool // a task, and its parent knows
	moved bool // on to that, and the answer before is not sent
}

func newWorker[A, R any](c *child, name string, f func(A) (R, error)) *worker[A, R] {
	return &worker[A, R]{inbox: newInbox(c), name: name, f: f}
}

// work is the life of a worker.
func work[A, R any](c *child, name string, f func(A) (R, error)) error {
	w := newWorker(c, name, f)
	attempts(name, w.step, w.fail)
	return nil
}

// step does a task, after having waited for one if need be. It reports whether
// there may be more.
func (w *worker[A, R]) step() (more bool) {
	if !w.has {
		if w.task, w.has = w.next(true); !w.has {
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
	if !w.moved { // or it has come here before, and a GobEncode has called runtime.Goexit
		w.task, w.has = w.next(false)
	}
	w.moved = true
	defer func() { w.moved = !more }() // after a Goexit nothing is returned
	next := uint64(bit(w.has))
	if err == nil {
		if err = w.up.send(k, next, v); err == nil {
			return true
		}
		err = &RemoteError{w.name, fmt.Sprintf("%T", err), "its answer: " + err.Error(), ""}
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
	var failed []mishap
	i := 0
	fail := func(why *RemoteError) bool {
		failed = append(failed, mishap{i, *why})
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

// A mishap is an answer that is an error.
type mishap struct {
	At  int // its place in the chunk
	Err RemoteError
}
