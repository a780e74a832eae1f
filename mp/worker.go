package mp

import (
	"fmt"
	"reflect"
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

func newInbox() *inbox {
	in := &inbox{}
	in.arrived.L = &in.mu
	return in
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
func (in *inbox) obey(c *child, f frame) {
	in.mu.Lock()
	defer in.mu.Unlock()
	switch f.kind {
	case msgTask, msgChunk:
		in.tasks = append(in.tasks, f)
		in.arrived.Signal()
	case msgReturn:
		n := len(in.tasks)
		in.tasks = nil
		c.up.send(msgReturned, uint64(n), nil)
	case msgFinish:
		in.finished = true
		in.arrived.Signal()
	}
}

// A batch is some arguments, or their answers, that travel together: gob takes
// a tenth of the time for a slice that it would take for its elements.
type batch[T any] struct {
	N      int
	Items  []T      // none if they have nothing to tell
	Failed []mishap // answers that are errors
}

// A mishap is an answer that is an error. (Not a map: gob believes the length
// of a map, whatever it says.)
type mishap struct {
	At  int // its place in the batch
	Err *RemoteError
}

func newBatch[T any](items []T) batch[T] {
	if t := reflect.TypeFor[T](); t.Kind() == reflect.Struct && t.NumField() == 0 {
		return batch[T]{N: len(items)} // gob refuses a struct without fields
	}
	return batch[T]{N: len(items), Items: items}
}

// items is the other half of newBatch.
func (b batch[T]) items() ([]T, error) {
	if b.Items == nil && b.N >= 0 && b.N <= maxPayload && reflect.TypeFor[T]().Size() == 0 {
		return make([]T, b.N), nil
	}
	if b.N != len(b.Items) {
		return nil, fmt.Errorf("mp: a broken message: %d items instead of %d", len(b.Items), b.N)
	}
	return b.Items, nil
}

// work is the life of a worker.
func work[A, R any](c *child, name string, f func(A) (R, error)) error {
	in := newInbox()
	go c.watch(func(f frame) { in.obey(c, f) })
	return workOff(c, in, name, f)
}

func workOff[A, R any](c *child, in *inbox, name string, f func(A) (R, error)) error {
	for {
		task, ok := in.wait()
		if !ok {
			return nil
		}
		c.up.send(msgBegun, 0, nil)
		for ok {
			answer := perform(c, name, f, task)
			task, ok = in.another()
			answer(ok)
		}
	}
}

// perform does a task and returns how to send its answer, together with
// whether the next task is begun.
func perform[A, R any](c *child, name string, f func(A) (R, error), task frame) func(more bool) {
	var err error
	if task.kind == msgChunk {
		var answers batch[R]
		if err = attempt(name, func() (err error) {
			answers, err = performAll(c, name, f, task)
			return err
		}); err == nil {
			return func(more bool) { c.answer(name, msgAnswers, more, &answers) }
		}
	} else {
		var answer R
		if err = attempt(name, func() error {
			var arg A
			if err := c.down.decode(task, &arg); err != nil {
				return err
			}
			var err error
			answer, err = f(arg)
			return err
		}); err == nil {
			return func(more bool) { c.answer(name, msgAnswer, more, &answer) }
		}
	}
	failure := remote(name, err)
	return func(more bool) { c.answer(name, msgProblem, more, failure) }
}

// performAll does the tasks of a chunk; each may fail by itself.
func performAll[A, R any](c *child, name string, f func(A) (R, error), chunk frame) (answers batch[R], err error) {
	var b batch[A]
	if err := c.down.decode(chunk, &b); err != nil {
		return answers, err
	}
	args, err := b.items()
	if err != nil {
		return answers, err
	}
	good, failed := make([]R, 0, len(args)), []mishap(nil)
	for i := range args {
		if err := attempt(name, func() error {
			r, err := f(args[i])
			if err == nil { // gob refuses the nil pointers of those that failed
				good = append(good, r)
			}
			return err
		}); err != nil {
			failed = append(failed, mishap{i, remote(name, err)})
		}
	}
	answers = newBatch(good)
	answers.Failed = failed
	return answers, nil
}

// answer sends an answer, or that it cannot be sent.
func (c *child) answer(name string, k kind, more bool, v any) {
	if err := c.up.send(k, uint64(bit(more)), v); err != nil {
		failure := &RemoteError{Func: name, Type: fmt.Sprintf("%T", err), Message: "the answer cannot be encoded: " + err.Error()}
		c.up.send(msgProblem, uint64(bit(more)), failure)
	}
}
