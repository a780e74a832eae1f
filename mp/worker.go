package mp

import (
	"fmt"

	"processbook/mp/internal/frame"
)

// A worker is a pool's child. It is told its tasks ahead of time and does them
// one by one, in order. Its parent must know at any moment which one it would
// lose if the worker died now, and that is: the first one without an answer,
// if the worker has begun it. It says so if it had to look for it; otherwise
// the answer before has said so.

type worker[A, R any] struct {
	*child
	name string
	f    func(A) (R, error)
	task frame.Frame
	has  bool // a task, and its parent knows
}

// work is the life of a worker.
func work[A, R any](c *child, name string, f func(A) (R, error)) error {
	w := &worker[A, R]{child: c, name: name, f: f}
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
		w.say(msgBegun, 0, frame.Value{})
	}
	if w.task.Kind == msgChunk {
		return w.performAll()
	}
	var arg A
	if err := frame.Decode(w.task.Value, &arg); err != nil {
		return w.answerProblem(err)
	}
	answer, err := w.f(arg)
	if err != nil {
		return w.answerProblem(err)
	}
	v, err := frame.Encode(&answer)
	return w.answer(msgAnswer, v, err)
}

// fail answers a task that has not returned.
func (w *worker[A, R]) fail(why *RemoteError) (more bool) { return w.answerProblem(why) }

func (w *worker[A, R]) answerProblem(why error) (more bool) {
	v, _ := frame.Encode(remote(w.name, why)) // texts can always be encoded, unless they are too long
	return w.answer(msgProblem, v, nil)
}

// answer sends what came of the task, or why that cannot be sent; and in the
// same message whether the next task is begun.
func (w *worker[A, R]) answer(k frame.Kind, v frame.Value, err error) (more bool) {
	if err != nil {
		return w.answerProblem(&RemoteError{w.name, fmt.Sprintf("%T", err), "its answer: " + err.Error(), ""})
	}
	w.task, w.has = w.next(false)
	w.say(k, uint64(bit(w.has)), v)
	return true
}

// performAll does the tasks of a chunk; each may fail by itself.
func (w *worker[A, R]) performAll() (more bool) {
	args, broken, err := frame.DecodeList[A](w.task.Value, int(w.task.ID))
	if err != nil {
		return w.answerProblem(err)
	}
	results := make([]R, 0, len(args)) // of those that failed there is none
	var failed []mishap
	i := 0
	fail := func(why *RemoteError) bool {
		failed = append(failed, mishap{i, *why})
		i++
		return i < len(args)
	}
	attempts(w.name, func() bool {
		for ; i < len(args); i++ {
			if err := broken[i]; err != nil {
				return fail(remote(w.name, fmt.Errorf("its argument: %w", err)))
			}
			result, err := w.f(args[i])
			if err != nil {
				return fail(remote(w.name, err))
			}
			results = append(results, result)
		}
		return false
	}, fail)
	if len(failed) > 0 {
		v, _ := frame.Encode(&failed)
		w.say(msgFailures, 0, v)
	}
	v, err := frame.EncodeList(results)
	return w.answer(msgAnswers, v, err)
}

// A mishap is an answer that is an error.
type mishap struct {
	At  int // its place in the chunk
	Err RemoteError
}
