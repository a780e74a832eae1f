package mp

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"processbook/mp/internal/frame"
)

// A worker is one process of a pool, as the pool sees it. The pool's mu guards
// the fields below pool, process and outbox, except failures.
type worker[A, R any] struct {
	pool    *Pool[A, R]
	process *Process
	outbox  chan message[A, R] // what to tell the process; closed when the process has ended

	here      bool          // set when the process has called Main; before, it gets no tasks
	finishing bool          // set when it is told to finish; then it gets no more tasks
	recalled  bool          // set when it is asked to return tasks, until it has answered
	flight    []*task[A, R] // the tasks that it has got and not answered, oldest first; all are of one call
	begun     bool          // set while it does the first of them
	since     time.Time     // when it got the first of them, and later, when it began that task
	clock     *time.Timer   // calls expire when the first of them takes too long
	depth     int           // how many tasks may be in flight; set after each task, by how long it took
	done      int           // how many arguments it has done
	fault     error         // why the pool kills it, if it did something wrong
	failures  map[int]error // the errors of single arguments of the task that it does; only hear uses them
}

// A message is something to tell a worker.
type message[A, R any] struct {
	kind frame.Kind
	task *task[A, R] // nil unless kind is msgTask
}

const (
	maxDepth = 64
	quick    = time.Millisecond / 4 // a task that takes less is one of many
)

func newWorker[A, R any](p *Pool[A, R]) *worker[A, R] {
	w := &worker[A, R]{pool: p, process: newProcess("PoolWorker", p.f.function), depth: 1}
	w.outbox = make(chan message[A, R], maxDepth+2) // for all tasks in flight, one msgReturn and one msgFinish
	w.clock = time.AfterFunc(math.MaxInt64, w.expire)
	w.process.Daemon = true
	w.process.orders.Work = true
	w.process.hear = w.hear
	w.process.onReady = append(w.process.onReady, w.nowHere)
	return w
}

// live is the worker's whole life. It does not wait for write, because an
// argument may take long to encode.
func (w *worker[A, R]) live() {
	err := w.process.Start(context.Background())
	if err == nil {
		go w.write()
		<-w.process.Done()
	}
	w.pool.change(func() { w.reap(err) })
}

// write tells the process what is in the outbox. It encodes and writes without the
// pool's mu, because the program's own code may run, and the pipe may be full.
func (w *worker[A, R]) write() {
	for m := range w.outbox {
		if _, ended := w.process.ExitCode(); ended {
			continue // its tasks go to other workers, so this goroutine must not read their arguments
		}
		frames := append(make([]frame.Frame, 0, 1+len(w.outbox)), w.encode(m))
		for range len(w.outbox) { // many together cost one system call
			frames = append(frames, w.encode(<-w.outbox))
		}
		w.process.down.Send(context.Background(), frames...)
	}
}

// encode returns a message as the process reads it. In the place of arguments
// that cannot be encoded it sends the error, because answers are matched by order.
func (w *worker[A, R]) encode(m message[A, R]) frame.Frame {
	f := frame.Frame{Kind: m.kind}
	switch m.kind {
	case msgFinish:
		time.AfterFunc(time.Second, w.killNewborn) // not in finish: before Start there is nothing to kill
	case msgTask:
		var err error
		if f.Value, err = frame.EncodeList(m.task.args); err != nil {
			f.Value = frame.Failure(err)
			w.pool.locked(func() { m.task.refused = fmt.Errorf("its argument: %w", err) })
		}
		f.ID = uint64(len(m.task.args))
	}
	return f
}

// killNewborn ends a process that has not called Main, and so has not heard that
// it should finish.
func (w *worker[A, R]) killNewborn() {
	if !w.process.isHere() {
		w.process.Kill()
	}
}

// expire kills a process whose task takes too long.
func (w *worker[A, R]) expire() {
	w.pool.locked(func() {
		if len(w.flight) == 0 || time.Since(w.since) < w.limit() {
			return // it has answered in the same moment
		}
		if !w.begun { // a worker may have been suspended, but if two were too slow, it is the task
			w.flight[0].missed += patience/2 - 1
		}
		w.fault = fmt.Errorf("TaskTimeout is %v: %w", w.pool.TaskTimeout, context.DeadlineExceeded)
		w.process.Kill()
	})
}

// nowHere is called when the process has called Main. Only now does it get tasks:
// if it had ended before, no task would have been lost.
func (w *worker[A, R]) nowHere() {
	w.pool.change(func() {
		w.here = true
		w.pool.stumbles = 0
	})
}

// hear does what a message of the process asks for. If the message makes no sense
// at this moment, hear kills the process.
func (w *worker[A, R]) hear(f frame.Frame) {
	t := w.current()
	var results []R
	var failed []*TaskError
	if t != nil && f.Kind == msgAnswer {
		results, failed = w.read(t, f.Value) // without mu, because the program's own code may run
	}
	w.pool.change(func() {
		switch {
		case f.Kind == msgBegun && t == nil && len(w.flight) > 0:
			w.begin(time.Now())
		case f.Kind == msgFailure && t != nil && f.ID < uint64(len(t.args)):
			w.note(int(f.ID), f.Value)
		case f.Kind == msgAnswer && t != nil:
			w.answered(results, failed, f.ID == 1)
		case f.Kind == msgReturned && w.recalled && f.ID <= uint64(len(w.flight))-uint64(bit(w.begun)):
			w.recalled = false
			w.giveBack(int(f.ID))
		default:
			w.misbehave()
		}
	})
}

// current returns the task that the process does, or nil. Only hear, and the
// process's end, change which task that is.
func (w *worker[A, R]) current() (t *task[A, R]) {
	w.pool.locked(func() {
		if w.begun {
			t = w.flight[0]
		}
	})
	return t
}

// note remembers the error of one argument until the answer comes.
func (w *worker[A, R]) note(at int, v frame.Value) {
	if w.failures == nil {
		w.failures = map[int]error{}
	}
	r := new(RemoteError)
	w.failures[at] = cmp.Or[error](frame.Decode(v, r), r)
}

// read decodes the answer to a task: a result for each argument, and an error for
// each that has failed.
func (w *worker[A, R]) read(t *task[A, R], v frame.Value) (results []R, failed []*TaskError) {
	results, unread, err := frame.DecodeList[R](v, len(t.args))
	if err != nil {
		return nil, t.errors(w.taskError(err))
	}
	if len(unread)+len(w.failures) == 0 {
		return results, nil
	}
	for i := range results {
		if why := cmp.Or(w.failures[i], unread[i]); why != nil {
			e := w.taskError(why)
			e.Index = t.first + i
			failed = append(failed, e)
			results[i] = *new(R)
		}
	}
	return results, failed
}

func (w *worker[A, R]) taskError(why error) *TaskError {
	return &TaskError{Func: w.pool.f.name, Worker: w.process.Name, PID: w.process.PID(), Err: why}
}

// The methods below are called with the pool's mu held.

// tell puts a message into the outbox. It always fits, unless the process has
// returned tasks that it has not read.
func (w *worker[A, R]) tell(k frame.Kind, t *task[A, R]) {
	select {
	case w.outbox <- message[A, R]{k, t}:
	default:
		w.misbehave()
	}
}

func (w *worker[A, R]) misbehave() {
	w.fault = frame.ErrBroken
	w.process.Kill()
}

// finish lets the process end.
func (w *worker[A, R]) finish() {
	if !w.finishing {
		w.finishing = true
		w.tell(msgFinish, nil)
	}
}

// available reports whether it may get a task.
func (w *worker[A, R]) available() bool { return w.here && !w.finishing && !w.recalled }

// idle reports whether it could begin a task at once.
func (w *worker[A, R]) idle() bool { return w.available() && len(w.flight) == 0 }

// moreAhead returns how many more tasks it may have ahead of the one that it does.
func (w *worker[A, R]) moreAhead() int {
	if !w.available() || len(w.flight) == 0 || w.pool.TaskTimeout > 0 {
		return 0 // with a timeout, nothing ahead: a process killed for one task must not have begun the next
	}
	n := w.depth - len(w.flight)
	if 2*n < w.depth {
		return 0 // many together need one system call, but one by one, each needs a call
	}
	if most := w.pool.MaxTasksPerChild; most > 0 {
		n = min(n, (most-w.done)/max(1, w.pool.Chunk)-len(w.flight))
	}
	return max(0, n)
}

// ahead returns how many tasks it could give back.
func (w *worker[A, R]) ahead() int {
	if !w.available() {
		return 0
	}
	return len(w.flight) - 1
}

func (w *worker[A, R]) give(t *task[A, R]) {
	w.flight = append(w.flight, t)
	w.tell(msgTask, t)
	if len(w.flight) == 1 {
		w.startClock(time.Now())
	}
}

// startClock limits the time of the first task in flight: from when it is given,
// because the process may be suspended, and again from when it is begun.
func (w *worker[A, R]) startClock(now time.Time) {
	w.since = now
	if limit := w.limit(); limit > 0 {
		w.clock.Reset(limit)
	}
}

func (w *worker[A, R]) limit() time.Duration {
	return w.pool.TaskTimeout * time.Duration(len(w.flight[0].args))
}

// begin is called when the process does the first task in flight.
func (w *worker[A, R]) begin(now time.Time) {
	w.begun = true
	w.startClock(now)
}

// answered takes the first task out of flight. next is set if the process has
// begun the task after it.
func (w *worker[A, R]) answered(results []R, failed []*TaskError, next bool) {
	t, now := w.flight[0], time.Now()
	w.flight[0] = nil
	w.flight = w.flight[1:]
	w.begun, w.failures = false, nil
	w.clock.Stop()
	w.pace(now.Sub(w.since))
	if t.refused != nil {
		failed = t.errors(&TaskError{Func: w.pool.f.name, Err: t.refused})
	}
	t.deliver(w.pool, results, failed)
	if w.done += len(t.args); w.pool.MaxTasksPerChild > 0 && w.done >= w.pool.MaxTasksPerChild {
		w.finish()
	}
	if next && len(w.flight) > 0 {
		w.begin(now)
	}
}

// pace sets depth after a task. took is how long the task took.
func (w *worker[A, R]) pace(took time.Duration) {
	switch {
	case took < quick:
		w.depth = min(2*w.depth, maxDepth)
	case took < 80*quick:
		w.depth = 2 // while the process does one task, the next can be on its way
	default:
		w.depth = 1
	}
}

// giveBack takes the last n tasks out of flight, which the process will not do.
func (w *worker[A, R]) giveBack(n int) {
	keep := len(w.flight) - n
	for _, t := range slices.Backward(w.flight[keep:]) {
		t.call.returned = slices.Insert(t.call.returned, 0, t)
	}
	w.flight = w.flight[:keep]
}

// reap is called when the process has ended, or was not started because of err.
// The task that it has begun is lost; the others go back. If many workers end
// just before they begin a task, that task is also lost.
func (w *worker[A, R]) reap(err error) {
	p := w.pool
	if w.process.dismissed.Load() { // Main has terminated it at the end
		p.terminate()
	}
	if len(w.flight) > 0 && !w.begun {
		w.flight[0].missed++
	}
	if w.begun || len(w.flight) > 0 && w.flight[0].missed >= patience {
		t := w.flight[0]
		w.flight = w.flight[1:]
		t.deliver(p, nil, t.errors(w.taskError(w.why(err))))
	}
	w.giveBack(len(w.flight))
	w.clock.Stop()
	close(w.outbox)
	p.workers = slices.DeleteFunc(p.workers, func(o *worker[A, R]) bool { return o == w })
	if !w.here {
		p.stumble(w.why(err), err == nil && w.process.exit.Code < 0)
	}
}

// why says how the worker ended.
func (w *worker[A, R]) why(err error) error {
	switch {
	case err != nil:
		return err
	case w.fault != nil:
		return w.fault
	}
	return w.process.exit
}
