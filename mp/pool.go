package mp

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"
)

// How a pool works. Its invariant: a task is begun at most once. At any moment a
// task is either at its call or in flight at one worker. When a worker ends, the
// task that it has begun fails, and the others go back to their call.
//
// A worker does its tasks in the order in which it gets them. Before it calls the
// function, it says that the task is begun: in a message of its own if it had to
// wait for the task, and otherwise with the answer to the task before. So the
// pool knows at any moment which task is lost if a worker ends.
//
// A task through a pool whose worker is killed:
//
//	caller         pool                     worker A         worker B
//	  │ Apply x      │                         │                │
//	  ├─────────────▶│ at its call: x          │                │
//	  │              ├── task x ──────────────▶│                │
//	  │              │ in flight at A: x     killed             │
//	  │              │ A's pipe ends: x is not begun, and goes back
//	  │              ├── task x ───────────────────────────────▶│
//	  │              │ in flight at B: x                        │
//	  │              │◀─────────────────────────────── begun ───┤
//	  │              │ begun by B: x                            │
//	  │              │◀────────────────────────────── answer ───┤
//	  │◀─────────────┤                                          │
//
// If A has said that x is begun, Apply returns a TaskError that says how A ended.
// So it does when 30 workers have ended with x as the next task to begin, or when
// two were killed because they had not begun x within its timeout.
//
// Who calls whom: programs call the Pool (pool.go), whose Imap is a stream
// (stream.go). The Pool calls its workers (worker.go), with mu held, and none of
// them waits: each has goroutines that write to its process and hear it, and
// these goroutines call locked and change. With mu held, only the mutexes of a
// Process, of the family and of a coder are locked. In the process, work (work.go)
// takes tasks from the inbox (inbox.go), and sends only messages to the pool.

// A Pool is a fixed number of worker processes that do tasks. A task is one call
// of the pool's function, with one argument. It is Python's Pool.
//
// Make a pool with [NewPool], set its fields before the first task, and call
// Close when there are no more tasks. Goroutines can share a pool. For Python's
// apply_async and map_async, call Apply or Map in a goroutine.
//
// If a worker dies, only its present task (or chunk) fails. The error of that task
// names the worker and says how it ended. A new worker takes its place, and other
// workers do the tasks that the dead worker had not begun. No task is done twice.
//
// The argument of a task cannot contain a queue or an end of a pipe, because a
// worker has already started. If workers need one, make each a [Process] instead.
type Pool[A, R any] struct {
	// MaxTasksPerChild is how many tasks a worker does before a new worker takes
	// its place. If Map sends chunks, a worker may do a few tasks more, because it
	// always finishes its chunk. 0 means that a worker lives as long as the pool.
	MaxTasksPerChild int

	// TaskTimeout is how long a task may take. When a task takes longer, its
	// worker is killed and replaced, and the task's error wraps
	// context.DeadlineExceeded. With a timeout, the pool waits for a worker's
	// result before it sends the worker's next task. That is slower for quick
	// tasks. If a task does not begin in time, for example because its argument is
	// long, a second worker gets it. 0 means no timeout.
	TaskTimeout time.Duration

	// Chunk is how many arguments Map sends to a worker together; 0 means 1. Chunks
	// make very quick tasks faster. But if the worker dies, all tasks of the
	// chunk fail. A chunk's timeout is TaskTimeout times the number of its tasks.
	Chunk int

	f    Function[A, R]
	size int // how many workers there should be

	mu       sync.Mutex      // guards the fields below
	moved    sync.Cond       // signalled when something has changed that an Imap or hire waits for
	state    error           // nil, then ErrClosed or ErrTerminated
	opened   bool            // set with the first task, when the first workers are started
	keepers  sync.WaitGroup  // goroutines in keepWorker: one for each worker that there should be
	workers  []*worker[A, R] // those that have not ended, also those that have not started
	calls    []*call[A, R]   // those that are not over; the first gets the next worker
	stumbles int             // how many workers in a row have ended before they called Main; 0 when one has called it
	resting  bool            // set for a moment when workers cannot be started
}

// A call is one Apply, Map, Imap or ImapUnordered. Its pool's mu guards it.
type call[A, R any] struct {
	args     []A           // the arguments that no worker has got
	first    int           // the index of the first of them
	chunk    int           // how many make a task
	returned []*task[A, R] // tasks that workers have given back
	missing  int           // how many arguments have no result
	open     bool          // set while more arguments may come
	put      func(t *task[A, R], results []R, failed []*TaskError)
	news     sync.Cond // signalled when the call is over, or an Imap has a result
	over     bool      // set at its end: its tasks are not wanted any more
	err      error     // why it has ended, if not because all is done
}

// A task is what a worker gets in one message: one argument, or a chunk of them.
type task[A, R any] struct {
	call    *call[A, R]
	first   int // the index of the first argument
	args    []A
	refused error // set if args cannot be encoded
	missed  int   // how many workers have ended when this task was their next one; one that was too slow to begin it counts as half of patience
}

// NewPool returns a pool of workers that call f. All of them are started when
// the first task comes.
func NewPool[A, R any](f Function[A, R], workers int) *Pool[A, R] {
	p := &Pool[A, R]{f: f, size: workers}
	p.moved.L = &p.mu
	return p
}

// Apply does one task and returns its result. If the task fails, the error is
// a [*TaskError], which wraps the cause. If ctx ends first, the error is
// ctx.Err(): the task is never begun, or its worker is killed. If the pool is
// closed or terminated, the error is [ErrClosed] or [ErrTerminated]. After
// ctx.Err(), ErrClosed or ErrTerminated, the pool may still read the argument, even
// for a moment after Close. So do not change what the argument points to.
func (p *Pool[A, R]) Apply(ctx context.Context, arg A) (r R, err error) {
	results, failed, err := p.all(ctx, []A{arg}, 1)
	if err != nil {
		return r, err
	}
	return results[0], failed[0]
}

// Map does one task for each argument, and waits for all of them. It returns the
// results in the order of the arguments, whichever task finished first.
//
// If a task fails, the other tasks are still done. Map then returns their
// results, in their places, with a zero value in the place of each failed task.
// The error contains one [*TaskError] for each failed task, in the same order.
// [errors.As] finds the first. For all, call its method Unwrap() []error. To get
// the results and errors one by one, use [Pool.Imap].
//
// If the whole call fails, for example because ctx ended or the pool was already
// closed, Map returns nil and an error that is not a TaskError: see
// [Pool.Apply]. So check the error before you use the results.
//
// To send several arguments together, set the pool's Chunk, which is Python's
// chunksize.
func (p *Pool[A, R]) Map(ctx context.Context, args []A) ([]R, error) {
	results, failed, err := p.all(ctx, args, min(max(1, p.Chunk), max(1, len(args))))
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, index := range slices.Sorted(maps.Keys(failed)) {
		errs = append(errs, failed[index])
	}
	return results, errors.Join(errs...)
}

// Imap does a task for each argument of a sequence, which may be endless. If
// you have a list, pass slices.Values(list). Imap yields the results in the
// order of the arguments: a result that is ready waits for those before it. For
// a task that fails, Imap yields a [*TaskError] and goes on. If the whole call
// fails, Imap yields one last error, which is not a TaskError: see [Pool.Apply].
//
// Imap takes arguments from the sequence as workers become free. With n workers,
// it is at most 64*n arguments ahead of your loop. If you leave the loop, or if
// ctx ends, tasks that have not begun are not done, and workers that are doing a
// task of this call are killed. The sequence's function runs in its own
// goroutine. That function must not wait forever: the loop ends only when it has
// returned. When the function has yielded an argument, do not change what the
// argument points to: the argument is sent later. Each loop over Imap's result does the tasks again.
func (p *Pool[A, R]) Imap(ctx context.Context, args iter.Seq[A]) iter.Seq2[R, error] {
	return p.stream(ctx, args, true)
}

// ImapUnordered is [Pool.Imap], but yields each result as soon as it is ready.
func (p *Pool[A, R]) ImapUnordered(ctx context.Context, args iter.Seq[A]) iter.Seq2[R, error] {
	return p.stream(ctx, args, false)
}

// Close says that there will be no more tasks. It waits until all tasks are
// done, and ends the workers. If an Imap has not taken all of its arguments, it
// takes no more, and its last error is ErrClosed. A second Close does nothing.
// Do not call Close inside a sequence that Imap reads: Close waits until that
// sequence has ended.
//
// A pool that is never closed keeps its workers until [Main] returns.
func (p *Pool[A, R]) Close() error {
	p.mu.Lock()
	if p.state == nil {
		p.state = ErrClosed
	}
	p.finishIfDone()
	p.mu.Unlock()
	p.keepers.Wait()
	return nil
}

// Terminate kills the workers, also those that are busy, and waits for their
// end. Every call that is waiting returns [ErrTerminated]. A second Terminate
// does nothing.
func (p *Pool[A, R]) Terminate() error {
	p.mu.Lock()
	p.terminate()
	p.mu.Unlock()
	p.keepers.Wait()
	return nil
}

// all is Map with a chunk size. It returns the results, and the errors by index, or
// the error of the whole call.
func (p *Pool[A, R]) all(ctx context.Context, args []A, chunk int) ([]R, map[int]error, error) {
	results := make([]R, len(args))
	var errs map[int]error // nil if no task fails: nearly always
	c := &call[A, R]{args: args, chunk: chunk, missing: len(args)}
	c.put = func(t *task[A, R], got []R, failed []*TaskError) {
		copy(results[t.first:], got)
		for _, e := range failed {
			if errs == nil {
				errs = map[int]error{}
			}
			errs[e.Index] = e
		}
	}
	forget, err := p.begin(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	defer forget()
	p.mu.Lock()
	defer p.mu.Unlock()
	for !c.over {
		c.news.Wait()
	}
	if c.err != nil {
		return nil, nil, c.err
	}
	return results, errs, nil
}

// begin adds a call to those that the workers work for, until forget is called
// or ctx ends.
func (p *Pool[A, R]) begin(ctx context.Context, c *call[A, R]) (forget func() bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.size < 1:
		return nil, fmt.Errorf("mp: a pool needs at least 1 worker, not %d", p.size)
	case p.state != nil:
		return nil, p.state
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	c.news.L = &p.mu
	p.calls = append(p.calls, c)
	if !p.opened {
		p.opened = true
		for range p.size {
			p.keepers.Go(p.keepWorker)
		}
	}
	p.endIfDone(c)
	p.assign()
	return context.AfterFunc(ctx, func() { p.cancel(c, ctx.Err()) }), nil
}

// cancel ends a call whose tasks are not wanted any more, and kills the workers
// that have got some of these tasks.
func (p *Pool[A, R]) cancel(c *call[A, R], err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.over {
		return
	}
	for _, w := range p.workers {
		if len(w.flight) > 0 && w.flight[0].call == c {
			w.process.Kill()
		}
	}
	p.end(c, err)
}

// keepWorker keeps one worker in the pool, one after the other, until the pool's end.
func (p *Pool[A, R]) keepWorker() {
	for w := p.hire(); w != nil; w = p.hire() {
		w.live()
	}
}

// hire adds a worker. If the last worker ended before it called Main, hire waits
// until there is a call. After many such workers, it also waits until those that
// were started since have called Main or ended. At the pool's end it returns nil.
func (p *Pool[A, R]) hire() *worker[A, R] {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.goesOn() && p.stumbles > 0 && (len(p.calls) == 0 || p.resting || p.stumbles >= patience && p.starting()) {
		p.moved.Wait()
	}
	if !p.goesOn() {
		return nil
	}
	w := newWorker(p)
	p.workers = append(p.workers, w)
	return w
}

// locked calls do with mu held. Workers and Imaps look at the pool in this way.
func (p *Pool[A, R]) locked(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do()
}

// change calls do with mu held, and then hands out tasks. Workers and Imaps
// change the pool in this way.
func (p *Pool[A, R]) change(do func()) {
	p.locked(func() {
		do()
		p.assign()
	})
}

// The methods below are called with mu held.

// endIfDone ends a call when each argument has its result. The loop over an Imap
// may not have got all results yet, so it can call Close.
func (p *Pool[A, R]) endIfDone(c *call[A, R]) {
	if !c.over && !c.open && c.missing == 0 {
		p.end(c, c.err)
	}
}

// end takes a call off the list, and wakes its caller.
func (p *Pool[A, R]) end(c *call[A, R], err error) {
	c.over, c.err = true, err
	p.calls = slices.DeleteFunc(p.calls, func(o *call[A, R]) bool { return o == c })
	c.news.Broadcast()
	p.finishIfDone()
}

func (p *Pool[A, R]) endAll(err error) {
	for _, c := range slices.Clone(p.calls) {
		p.end(c, err)
	}
}

// starting reports whether there is a worker that has not called Main yet.
func (p *Pool[A, R]) starting() bool {
	return slices.ContainsFunc(p.workers, func(w *worker[A, R]) bool { return !w.here })
}

// goesOn reports whether there may be tasks.
func (p *Pool[A, R]) goesOn() bool { return p.state == nil || p.state == ErrClosed && len(p.calls) > 0 }

// finishIfDone ends the workers when the pool is terminated, or closed and all
// tasks are done.
func (p *Pool[A, R]) finishIfDone() {
	if !p.goesOn() {
		for _, w := range p.workers {
			w.finish()
		}
	}
	p.moved.Broadcast()
}

func (p *Pool[A, R]) terminate() {
	p.state = ErrTerminated
	p.endAll(ErrTerminated)
	p.finishIfDone() // for a worker that is just being started, and cannot be killed yet
	for _, w := range p.workers {
		w.process.Kill()
	}
}

const (
	patience = 30               // how many workers in a row may be killed before they call Main; also, how many may end before they begin a task
	restTime = time.Second / 10 // after a worker that could not be started
)

// stumble is called when a worker has ended before it called Main. If it was
// killed, the next one may live. Otherwise the next one will end in the same way,
// so the pool goes on with the other workers. If there are none, the waiting
// calls fail, and the next call tries again.
func (p *Pool[A, R]) stumble(why error, killed bool) {
	if p.stumbles++; !killed {
		p.stumbles = max(p.stumbles, patience)
	}
	if p.stumbles < patience {
		return
	}
	p.resting = true
	time.AfterFunc(restTime, func() {
		p.change(func() { p.resting = false })
	})
	if len(p.workers) == 0 {
		p.endAll(fmt.Errorf("mp: no worker can be started: %w", why))
	}
}

// assign hands out tasks: one to every idle worker, and then some ahead to quick
// workers, so that they need not wait for the next task. When there is nothing
// for an idle worker, a busy one is asked to return tasks that it has not begun.
func (p *Pool[A, R]) assign() {
	for _, w := range p.workers {
		if w.idle() {
			p.next(w)
		}
	}
	for _, w := range p.workers {
		if len(w.flight) > 0 && !p.otherWaits(w.flight[0].call) {
			p.refill(w)
		}
	}
	if slices.ContainsFunc(p.workers, (*worker[A, R]).idle) {
		p.rebalance()
	}
	p.moved.Broadcast()
}

// next gives a worker tasks of the first call that has some. Then that call is the
// last: so calls that are made at the same time share the workers.
func (p *Pool[A, R]) next(w *worker[A, R]) {
	if i := slices.IndexFunc(p.calls, func(c *call[A, R]) bool { return c.waiting() > 0 }); i >= 0 {
		c := p.calls[i]
		p.calls = append(slices.Delete(p.calls, i, i+1), c)
		w.give(c.take())
		p.refill(w)
	}
}

// otherWaits reports whether a call other than c has tasks for a worker.
func (p *Pool[A, R]) otherWaits(c *call[A, R]) bool {
	return slices.ContainsFunc(p.calls, func(o *call[A, R]) bool { return o != c && o.waiting() > 0 })
}

// refill gives a busy worker as many tasks as it should have ahead: a share
// of the tasks, so that all workers finish at about the same time.
func (p *Pool[A, R]) refill(w *worker[A, R]) {
	n := w.moreAhead()
	if n == 0 || w.flight[0].call.over {
		return
	}
	c := w.flight[0].call // no other: if c is canceled, this worker is killed
	for range min(n, c.waiting()/(2*p.size)) {
		w.give(c.take())
	}
}

// rebalance asks the worker with most tasks ahead for those not begun.
func (p *Pool[A, R]) rebalance() {
	most := slices.MaxFunc(p.workers, func(a, b *worker[A, R]) int { return a.ahead() - b.ahead() })
	if most.ahead() > 0 {
		most.recalled = true
		most.tell(msgReturn, nil)
	}
}

// window is how far ahead of its caller an Imap may be, for each worker.
const window = 64

// demand returns how many tasks the workers could take now.
func (p *Pool[A, R]) demand() int {
	n := p.size - len(p.workers) // a new one comes when there is a task for it
	for _, w := range p.workers {
		n += w.moreAhead() + int(bit(w.idle()))
	}
	return n
}

// waiting returns how many tasks of the call could be handed out now.
func (c *call[A, R]) waiting() int { return len(c.returned) + (len(c.args)+c.chunk-1)/c.chunk }

// take returns the next task. Those that came back are first.
func (c *call[A, R]) take() (t *task[A, R]) {
	if len(c.returned) > 0 {
		t, c.returned = c.returned[0], c.returned[1:]
		return t
	}
	n := min(c.chunk, len(c.args))
	t = &task[A, R]{call: c, first: c.first, args: c.args[:n:n]}
	c.first += n
	c.args = c.args[n:]
	return t
}

// deliver passes the result of a task to its call, unless the call is over.
func (t *task[A, R]) deliver(p *Pool[A, R], results []R, failed []*TaskError) {
	if c := t.call; !c.over {
		c.missing -= len(t.args)
		c.put(t, results, failed)
		p.endIfDone(c)
	}
}

// errors returns an error for each argument of the task.
func (t *task[A, R]) errors(why *TaskError) []*TaskError {
	failed := make([]*TaskError, len(t.args))
	for i := range failed {
		e := *why
		e.Index = t.first + i
		failed[i] = &e
	}
	return failed
}
