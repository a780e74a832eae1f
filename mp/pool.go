package mp

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"sync"
	"time"

	"processbook/mp/internal/frame"
)

// A Pool is a fixed number of worker processes that do tasks. A task is one call
// of the pool's function, with one argument. It is Python's Pool.
//
// Make a pool with [NewPool], set its fields before the first task, and call
// Close when there are no more tasks. Goroutines can share a pool. For Python's
// apply_async and map_async, call Apply or Map in a goroutine.
//
// If a worker dies, only the task (or the chunk) that it was doing fails. The
// error of that task names the worker and says how it ended. A new worker takes
// its place, and other workers do the tasks that it had not begun. No task is
// done twice.
//
// The argument of a task cannot contain a queue or an end of a pipe. They can
// only be passed to a process when it starts, and a worker has already started.
type Pool[A, R any] struct {
	// MaxTasksPerChild is how many tasks a worker does, rounded up to a whole
	// Chunk, before a new worker takes its place. 0 means that a worker lives as
	// long as the pool.
	MaxTasksPerChild int

	// TaskTimeout is how long a task may take. When a task takes longer, its
	// worker is killed and replaced, and the task's error wraps
	// context.DeadlineExceeded. With a timeout, a worker gets its next task only
	// after the result of the last one, which is slower for quick tasks. 0 means
	// no timeout.
	TaskTimeout time.Duration

	// Chunk is how many arguments Map sends to a worker together. That is faster
	// for very quick tasks. But if the worker dies, all tasks of the chunk fail,
	// and TaskTimeout, times Chunk, is for the whole chunk. 0 means 1.
	Chunk int

	f       Function[A, R]
	workers int
	certain bool // an argument is encoded at once: none of the program's own code runs for it

	mu       sync.Mutex
	moved    sync.Cond // something has changed that feeders wait for
	state    error     // nil, ErrClosed, ErrTerminated, or why there are no workers
	slots    []*slot[A, R]
	staff    sync.WaitGroup // slots
	calls    []*call[A, R]  // unfinished, in order of arrival
	stumbles int            // workers that have not come to Main, since one has
}

// A call is one Apply, Map, Imap or ImapUnordered.
type call[A, R any] struct {
	next     func() *task[A, R]                   // the next task, if there is one now
	left     func() int                           // how many next would return now
	put      func(*task[A, R], []R, []*TaskError) // takes a task's results, and the errors of those that failed
	fail     func(err error)                      // ends the call
	returned []*task[A, R]                        // came back from a worker that had not begun them
	over     bool                                 // ended: its tasks are not wanted any more
}

// A task is what is handed to a worker at once: an argument, or a chunk.
type task[A, R any] struct {
	call  *call[A, R]
	index int // of the first argument
	args  []A
	chunk bool
}

// NewPool returns a pool of so many workers that call f. They start, all of
// them, with the first task.
func NewPool[A, R any](f Function[A, R], workers int) *Pool[A, R] {
	p := &Pool[A, R]{f: f, workers: workers, certain: frame.Certain(reflect.TypeFor[A]())}
	p.moved.L = &p.mu
	return p
}

// Apply does one task and returns its result. The error is a [*TaskError],
// which wraps what went wrong; or ctx.Err(), and then the task is not done, or
// its worker is killed; or [ErrClosed] or [ErrTerminated]. After these, what
// the argument refers to may be read for another moment, until Close: leave it
// as it is.
func (p *Pool[A, R]) Apply(ctx context.Context, arg A) (r R, err error) {
	results, err := p.all(ctx, []A{arg}, 1)
	if len(results) == 1 {
		r = results[0]
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		err = joined.Unwrap()[0]
	}
	return r, err
}

// Map does one task for each argument, and waits for all of them. It returns the
// results in the order of the arguments, whichever task finished first.
//
// If a task fails, the other tasks are still done. Map then returns their
// results, in their places, with a zero value in the place of each failed task.
// The error joins one [*TaskError] for each failed task, in the same order;
// [errors.As] finds the first. To see each error beside its result, use
// [Pool.Imap].
//
// If the whole call fails, for example because ctx ended or the pool was already
// closed, Map returns nil and an error that is not a TaskError: see
// [Pool.Apply]. So check the error before you use the results.
//
// To hand over several arguments at a time, set the pool's Chunk, which is
// Python's chunksize.
func (p *Pool[A, R]) Map(ctx context.Context, args []A) ([]R, error) {
	return p.all(ctx, args, max(1, p.Chunk))
}

// all is Map with a chunk size.
func (p *Pool[A, R]) all(ctx context.Context, args []A, chunk int) ([]R, error) {
	results := make([]R, len(args))
	var failures []*TaskError
	given, missing := 0, len(args)
	done := make(chan error, 1)
	c := &call[A, R]{fail: func(err error) { done <- err }}
	c.left = func() int { return (len(args) - given + chunk - 1) / chunk }
	c.next = func() *task[A, R] {
		t := &task[A, R]{c, given, args[given:min(given+chunk, len(args))], chunk > 1}
		given += len(t.args)
		return t
	}
	c.put = func(t *task[A, R], got []R, failed []*TaskError) {
		failures = append(failures, failed...)
		copy(results[t.index:], got)
		if missing -= len(t.args); missing == 0 {
			p.end(c, nil)
		}
	}
	if err := p.begin(ctx, c); err != nil || len(args) == 0 {
		p.cancel(c, nil)
		return nil, err
	}
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		p.cancel(c, ctx.Err())
		err = <-done // nil: the last result came in the same moment
	}
	if err != nil {
		return nil, err
	}
	return results, joined(failures)
}

// joined is errors.Join, in the order of the tasks.
func joined(failures []*TaskError) error {
	slices.SortFunc(failures, func(a, b *TaskError) int { return a.Index - b.Index })
	errs := make([]error, len(failures))
	for i, f := range failures {
		errs[i] = f
	}
	return errors.Join(errs...)
}

// begin adds a call to those that are being worked for.
func (p *Pool[A, R]) begin(ctx context.Context, c *call[A, R]) error {
	slots, err := p.enter(ctx, c)
	for _, s := range slots {
		s.sendNow()
	}
	return err
}

// enter returns the slots where there is something to tell now.
func (p *Pool[A, R]) enter(ctx context.Context, c *call[A, R]) (slots []*slot[A, R], err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.workers < 1:
		return nil, fmt.Errorf("mp: a pool needs at least 1 worker, not %d", p.workers)
	case p.state != nil:
		return nil, p.state
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	p.calls = append(p.calls, c)
	if p.slots == nil {
		p.open()
	}
	p.assign()
	p.moved.Broadcast()
	for _, s := range p.slots {
		if len(s.outbox) > 0 {
			slots = append(slots, s)
		}
	}
	return slots, nil
}

// open hires the workers.
func (p *Pool[A, R]) open() {
	for range p.workers {
		s := &slot[A, R]{pool: p}
		p.slots = append(p.slots, s)
		p.staff.Add(1)
		go s.run()
	}
}

// end takes a call off the list and tells it. Call it with mu held.
func (p *Pool[A, R]) end(c *call[A, R], err error) {
	if c.over {
		return
	}
	c.over = true
	p.calls = slices.DeleteFunc(p.calls, func(o *call[A, R]) bool { return o == c })
	c.fail(err)
	p.moved.Broadcast()
	p.settle()
}

// cancel ends a call whose tasks are not wanted any more. Those that have not
// begun come back; a worker that is at one of them is killed.
func (p *Pool[A, R]) cancel(c *call[A, R], err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.slots {
		s.abandon(c)
	}
	p.end(c, err)
	p.deal()
}

// goesOn reports whether there may be tasks.
func (p *Pool[A, R]) goesOn() bool { return p.state == nil || p.state == ErrClosed && len(p.calls) > 0 }

// settle lets the workers go when the pool is closed and all is done.
func (p *Pool[A, R]) settle() {
	if p.state == ErrClosed && len(p.calls) == 0 {
		for _, s := range p.slots {
			if s.ready {
				s.post(order[A, R]{kind: msgFinish})
				s.wake()
			} else if s.worker != nil { // it has not come to Main; do not wait long for it
				time.AfterFunc(time.Second, s.dismissal(s.worker))
			}
		}
	}
}

// Close says that there will be no more tasks, waits until the given ones are
// done, and ends the workers. An Imap gets no more of its arguments; it yields
// ErrClosed in the place of the next. A second Close does nothing. Do not call
// it from a sequence that is an Imap's argument: it would wait for itself.
//
// A pool that is never closed keeps its workers until [Main] returns.
func (p *Pool[A, R]) Close() error {
	p.mu.Lock()
	if p.state == nil {
		p.state = ErrClosed
	}
	p.moved.Broadcast()
	p.settle()
	p.mu.Unlock()
	p.staff.Wait()
	return nil
}

// Terminate kills the workers, whatever they are at, and waits for their end.
// Every call that is waiting returns [ErrTerminated]. A second Terminate does
// nothing.
func (p *Pool[A, R]) Terminate() error {
	p.mu.Lock()
	p.terminate(ErrTerminated)
	p.mu.Unlock()
	p.staff.Wait()
	return nil
}

// terminate ends all calls with this error, and the workers. Call it with mu held.
func (p *Pool[A, R]) terminate(why error) {
	p.state = why
	for _, c := range slices.Clone(p.calls) {
		p.end(c, why)
	}
	for _, s := range p.slots {
		if s.worker != nil {
			s.worker.Kill()
		}
	}
	p.moved.Broadcast()
}

// available returns how many tasks could be handed out now.
func (p *Pool[A, R]) available() int {
	n := 0
	for _, c := range p.calls {
		n += c.ready()
	}
	return n
}

// take returns the next task. Those that came back are first.
func (p *Pool[A, R]) take() *task[A, R] {
	for _, c := range p.calls {
		if c.ready() > 0 {
			return c.take()
		}
	}
	return nil
}

// ready returns how many tasks of the call could be handed out now.
func (c *call[A, R]) ready() int { return len(c.returned) + c.left() }

func (c *call[A, R]) take() *task[A, R] {
	if len(c.returned) > 0 {
		t := c.returned[0]
		c.returned = c.returned[1:]
		return t
	}
	return c.next()
}

// deal hands out tasks, and lets the writers know. Call it with mu held.
func (p *Pool[A, R]) deal() {
	p.assign()
	for _, s := range p.slots {
		if len(s.outbox) > 0 {
			s.wake()
		}
	}
}

// assign hands out tasks: one to every idle worker, and then, to those that are
// quick, some ahead, so that they need not wait for the next. When there is
// nothing for an idle worker, a busy one is asked to return what it has not
// begun. Call it, and all below, with mu held.
func (p *Pool[A, R]) assign() {
	for _, s := range p.slots {
		if s.idle() {
			if t := p.take(); t != nil {
				s.give(t)
			}
		}
	}
	for _, s := range p.slots {
		p.refill(s)
	}
	if slices.ContainsFunc(p.slots, (*slot[A, R]).idle) {
		p.rebalance()
	}
}

// refill gives a busy worker as many tasks as it should have ahead: a share of
// what is there, so that all workers come to the end at about the same time.
func (p *Pool[A, R]) refill(s *slot[A, R]) {
	n := s.room()
	if n <= 0 {
		return
	}
	c := s.flight[0].call // no other: if c is canceled, this worker is killed
	if c.over {
		return
	}
	for range min(n, c.ready()/(2*len(p.slots))) {
		s.give(c.take())
	}
}

// rebalance asks the worker with most tasks ahead for those not begun.
func (p *Pool[A, R]) rebalance() {
	most := slices.MaxFunc(p.slots, func(a, b *slot[A, R]) int { return a.ahead() - b.ahead() })
	if most.ahead() > 0 {
		most.recall()
	}
}

// window is how far ahead of its caller an Imap may be, for each worker.
const window = 64

// Imap does a task for each argument of a sequence, which may be endless; for a
// list, write slices.Values(list). It yields the results in the order of the
// arguments, each as soon as the results before it have been yielded. For a task
// that fails, it yields a [*TaskError] and goes on. If the call itself fails, the
// last thing that it yields is that error, which is not a TaskError: see
// [Pool.Apply].
//
// Imap takes arguments from the sequence as workers become free, and is never
// more than 64 for each worker ahead of your loop. If you leave the loop, or if
// ctx ends, tasks that have not begun are not done, and workers that are at a
// task of this call are killed. The sequence runs in a goroutine of its own, and
// has returned before the loop ends, so it must not wait forever. Each loop over
// what Imap returns does the tasks again.
func (p *Pool[A, R]) Imap(ctx context.Context, args iter.Seq[A]) iter.Seq2[R, error] {
	return p.stream(ctx, args, true)
}

// ImapUnordered is [Pool.Imap], but yields the results as they come.
func (p *Pool[A, R]) ImapUnordered(ctx context.Context, args iter.Seq[A]) iter.Seq2[R, error] {
	return p.stream(ctx, args, false)
}
