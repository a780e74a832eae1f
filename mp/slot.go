package mp

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"processbook/mp/internal/frame"
)

// A slot is a place in a pool, with one worker at a time. Its fields are guarded
// by the pool's mu.
type slot[A, R any] struct {
	pool    *Pool[A, R]
	resting bool // no worker could be started a moment ago
	shift[A, R]
}

// A shift is what there is to know of the slot's worker.
type shift[A, R any] struct {
	worker   *Process      // nil between two
	ready    bool          // the worker has come to Main
	teller   *teller       // tells the worker what is in outbox
	outbox   []order[A, R] // what to tell the worker
	flight   []*task[A, R] // given and not answered, oldest first
	begun    bool          // the worker has begun the first of them
	since    time.Time     // when it did
	late     *time.Timer   // kills the worker when the task is over its TaskTimeout
	overdue  bool          // that timer has killed the worker
	depth    int           // how many tasks may be in flight: more for quick ones
	recalled bool          // the worker was asked to return tasks, and has not answered
	given    int           // tasks that this worker got
	ending   bool          // it gets no more
	broken   bool          // it has sent something that no worker sends
	failures []mishap      // of a chunk whose other answers will follow
}

// A teller encodes and sends what a worker is to be told. One goroutine at a time
// does it, without the pool's mu, for the program's own code may run.
type teller struct {
	sync.Mutex
	unsent []frame.Frame // by sendNow
	posted chan struct{} // something is in outbox
}

// An order is something to tell a worker.
type order[A, R any] struct {
	kind frame.Kind
	task *task[A, R] // of msgTask and msgChunk
}

const (
	maxDepth = 64
	quick    = time.Millisecond / 4 // a task that takes less is one of many
	patience = 30                   // how many workers in a row may be killed before they have come to Main
	byItself = patience / 3         // one that ended by itself counts as so many: it will happen again
	restTime = time.Second / 10     // after a worker that could not be started
)

// run keeps the slot occupied. It ends with the pool.
func (s *slot[A, R]) run() {
	defer s.pool.staff.Done()
	for s.await() {
		if err := s.hire(); err != nil {
			s.pool.notStarted(s, patience, err)
			continue
		}
		go s.write(s.worker, s.teller) // not to be waited for: an argument may take long to encode
		<-s.worker.Done()
		s.reap()
	}
}

// await waits until the slot should have a worker, and reports whether the pool
// goes on.
func (s *slot[A, R]) await() bool {
	p := s.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.goesOn() && p.stumbles > 0 && (s.resting || len(p.calls) == 0) {
		p.moved.Wait() // do not go on hiring for nothing
	}
	return p.goesOn()
}

// hire starts a worker.
func (s *slot[A, R]) hire() error {
	p := s.pool
	w := newProcess("PoolWorker", p.f.function)
	w.Daemon = true
	w.orders.Work = true
	w.hear = s.hear
	w.onHere = append(w.onHere, s.begins)
	p.mu.Lock()
	s.shift = shift[A, R]{worker: w, depth: 1, teller: &teller{posted: make(chan struct{}, 1)}}
	p.mu.Unlock()
	err := w.Start(context.Background())
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err != nil:
		s.worker = nil
	case p.state == ErrTerminated: // in the meantime
		w.Kill()
	case !p.goesOn():
		p.settle()
	}
	return err
}

// dismissal returns a function that kills a worker which has still not come to
// Main. Call the function without mu.
func (s *slot[A, R]) dismissal(w *Process) func() {
	return func() {
		s.pool.mu.Lock()
		defer s.pool.mu.Unlock()
		if s.worker == w && !s.ready {
			w.Kill()
		}
	}
}

// begins: the worker has come to Main. Only now it gets tasks: whatever has
// happened to it before has cost nothing.
func (s *slot[A, R]) begins() {
	p := s.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	s.ready = true
	p.stumbles = 0
	p.deal()
	p.settle()
	p.moved.Broadcast()
}

// write tells the worker what is in the outbox, until it is gone.
func (s *slot[A, R]) write(w *Process, t *teller) {
	for {
		select {
		case <-t.posted:
		case <-w.Done():
			return
		}
		t.Lock()
		frames := t.unsent
		t.unsent = nil
		w.say.Send(context.Background(), append(frames, s.encode(s.takeOrders(w))...)...)
		t.Unlock()
	}
}

// takeOrders empties the outbox, if it is still for this worker.
func (s *slot[A, R]) takeOrders(w *Process) (orders []order[A, R]) {
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	if s.worker == w {
		orders, s.outbox = s.outbox, nil
	}
	return orders
}

// sendNow saves the way over the writer's goroutine for what an idle worker is
// to get, if that will not keep the caller, whose context may end.
func (s *slot[A, R]) sendNow() {
	s.pool.mu.Lock()
	t, w := s.teller, s.worker
	short := s.ready && len(s.flight) == 1 && len(s.outbox) == 1 && s.outbox[0].kind == msgTask && s.pool.certain
	if !short || !t.TryLock() {
		s.wake()
		s.pool.mu.Unlock()
		return
	}
	defer t.Unlock()
	orders := s.outbox
	s.outbox = nil
	s.pool.mu.Unlock()
	for _, f := range s.encode(orders) {
		if sent, _ := w.say.TrySend(f); !sent {
			f.Value = f.Keep()
			t.unsent = append(t.unsent, f)
			t.wake()
		}
	}
}

// encode makes frames of orders. A task that cannot be encoded is taken back
// before anything after it is sent, for answers are matched by order.
func (s *slot[A, R]) encode(orders []order[A, R]) []frame.Frame {
	frames := make([]frame.Frame, 0, len(orders))
	for _, o := range orders {
		f := frame.Frame{Kind: o.kind}
		var err error
		switch o.kind {
		case msgTask:
			f.Value, err = frame.Encode(&o.task.args[0])
		case msgChunk:
			f.ID = uint64(len(o.task.args))
			f.Value, err = frame.EncodeList(o.task.args)
		}
		if err != nil {
			s.refuse(o.task, err)
			continue
		}
		frames = append(frames, f)
	}
	return frames
}

// refuse takes back a task whose argument cannot be encoded. The worker has
// not heard of it.
func (s *slot[A, R]) refuse(t *task[A, R], err error) {
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	i := slices.Index(s.flight, t)
	if i < 0 {
		return
	}
	s.flight = slices.Delete(s.flight, i, i+1)
	s.given -= len(t.args)
	t.fail(&TaskError{Func: s.pool.f.name, Err: fmt.Errorf("its argument: %w", err)})
	s.pool.deal()
	s.pool.moved.Broadcast()
}

// Call the functions below that say nothing else with the pool's mu held.

// fail makes the task's outcome an error.
func (t *task[A, R]) fail(why *TaskError) {
	failed := make([]*TaskError, len(t.args))
	for i := range failed {
		e := *why
		e.Index = t.index + i
		failed[i] = &e
	}
	t.finish(make([]R, len(t.args)), failed)
}

// finish passes on what came of a task: a result for each argument, and an
// error for each that has failed.
func (t *task[A, R]) finish(results []R, failed []*TaskError) {
	if !t.call.over {
		t.call.put(t, results, failed)
	}
}

func (s *slot[A, R]) post(o order[A, R]) {
	if o.kind == msgFinish {
		s.ending = true
	}
	s.outbox = append(s.outbox, o)
}

func (s *slot[A, R]) wake() {
	if s.teller != nil {
		s.teller.wake()
	}
}

func (t *teller) wake() {
	select {
	case t.posted <- struct{}{}:
	default:
	}
}

// idle: it could begin a task at once.
func (s *slot[A, R]) idle() bool {
	return s.ready && !s.ending && !s.recalled && len(s.flight) == 0
}

// room returns how many more tasks it may have ahead of the one it is at.
func (s *slot[A, R]) room() int {
	if !s.ready || s.ending || s.recalled || len(s.flight) == 0 || s.pool.TaskTimeout > 0 {
		return 0 // with a timeout, nothing ahead: a worker killed for one task must not be at the next
	}
	n := s.depth - len(s.flight)
	if 2*n < s.depth {
		return 0 // many at once cost one system call, and one each in drips
	}
	if most := s.pool.MaxTasksPerChild; most > 0 {
		n = min(n, (most-s.given)/max(1, s.pool.Chunk))
	}
	return n
}

// ahead returns how many tasks it could give back.
func (s *slot[A, R]) ahead() int {
	if !s.ready || s.recalled {
		return 0
	}
	return len(s.flight) - 1
}

func (s *slot[A, R]) give(t *task[A, R]) {
	s.flight = append(s.flight, t)
	s.given += len(t.args)
	kind := msgTask
	if t.chunk {
		kind = msgChunk
	}
	s.post(order[A, R]{kind, t})
	if len(s.flight) == 1 {
		s.startClock(t)
	}
}

func (s *slot[A, R]) recall() {
	s.recalled = true
	s.post(order[A, R]{kind: msgReturn})
}

// abandon is for the tasks of a call that has ended.
func (s *slot[A, R]) abandon(c *call[A, R]) {
	if !slices.ContainsFunc(s.flight, func(t *task[A, R]) bool { return t.call == c }) {
		return
	}
	if s.begun && s.flight[0].call == c {
		s.worker.Kill()
	} else if !s.recalled {
		s.recall()
	}
}

// hear takes in what the worker says. Call it without mu.
func (s *slot[A, R]) hear(f frame.Frame) {
	o := s.understand(f)
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	if s.broken {
		return
	}
	switch {
	case f.Kind == msgBegun && len(s.flight) > 0 && !s.begun:
		s.begin(time.Now())
	case f.Kind == msgReturned && f.ID <= uint64(len(s.flight))-uint64(bit(s.begun)): // if begun, there is one
		s.recalled = false
		s.giveBack(int(f.ID))
	case f.Kind == msgFailures && s.begun:
		s.failures = o.failed
	case f.Kind >= msgAnswer && f.Kind <= msgProblem && s.begun:
		s.answered(o, f.ID == 1)
	default:
		s.broken = true
		s.worker.Kill()
	}
	s.pool.deal()
	s.pool.moved.Broadcast()
}

// An outcome is what came of a task, in the worker's words.
type outcome[R any] struct {
	good   []R
	unread map[int]error // those of good that cannot be decoded
	failed []mishap      // those of a chunk, in order
	err    error         // of the task as a whole
}

// understand decodes an answer. Call it without mu.
func (s *slot[A, R]) understand(f frame.Frame) (o outcome[R]) {
	switch f.Kind {
	case msgFailures:
		frame.Decode(f.Value, &o.failed) // if that fails, they will be missing in the answer
	case msgAnswer:
		o.good = make([]R, 1)
		o.err = frame.Decode(f.Value, &o.good[0])
	case msgAnswers:
		o.good, o.unread, o.err = frame.DecodeList[R](f.Value, s.expected())
	case msgProblem:
		r := new(RemoteError)
		if o.err = frame.Decode(f.Value, r); o.err == nil {
			o.err = r
		}
	}
	return o
}

// expected returns how many answers a chunk still lacks. Call it without mu.
func (s *slot[A, R]) expected() int {
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	if len(s.flight) == 0 {
		return 0
	}
	return max(0, len(s.flight[0].args)-len(s.failures))
}

// align returns a result for each of a task's n arguments, and an error for each
// that has failed.
func (s *slot[A, R]) align(t *task[A, R], o outcome[R]) (results []R, failed []*TaskError, err error) {
	n := len(t.args)
	if o.err != nil || len(o.good)+len(o.failed) != n {
		return nil, nil, cmp.Or(o.err, fmt.Errorf("%w: %d answers instead of %d", frame.ErrBroken, len(o.good)+len(o.failed), n))
	}
	if results = o.good; len(o.failed) == 0 && len(o.unread) == 0 {
		return results, nil, nil
	}
	results = make([]R, n)
	fail := func(at int, why error) {
		e := s.taskError(why)
		e.Index = t.index + at
		failed = append(failed, e)
	}
	for i, k := 0, 0; i < n; i++ {
		switch {
		case len(o.failed) > 0 && o.failed[0].At == i:
			fail(i, &o.failed[0].Err)
			o.failed = o.failed[1:]
			continue
		case k == len(o.good):
			return nil, nil, frame.ErrBroken
		case o.unread[k] != nil:
			fail(i, o.unread[k])
		default:
			results[i] = o.good[k]
		}
		k++
	}
	return results, failed, nil
}

// begin: the worker is at the first task in flight.
func (s *slot[A, R]) begin(now time.Time) {
	t := s.flight[0]
	s.begun, s.since = true, now
	if t.call.over {
		s.worker.Kill()
		return
	}
	s.startClock(t)
}

// startClock limits the time of a task. It begins when the task is given, for the
// worker may be suspended, and again when the worker begins it.
func (s *slot[A, R]) startClock(t *task[A, R]) {
	if s.late != nil {
		s.late.Stop()
	}
	if limit := s.pool.TaskTimeout * time.Duration(len(t.args)); limit > 0 {
		s.late = time.AfterFunc(limit, func() { s.expire(t) })
	}
}

// expire kills a worker that is over its time. Call it without mu.
func (s *slot[A, R]) expire(t *task[A, R]) {
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	if len(s.flight) > 0 && s.flight[0] == t {
		s.overdue = s.begun // otherwise the task goes to another worker
		s.worker.Kill()
	}
}

// answered finishes the first task in flight.
func (s *slot[A, R]) answered(o outcome[R], more bool) {
	t := s.flight[0]
	s.flight[0] = nil
	s.flight = s.flight[1:]
	o.failed, s.failures = s.failures, nil
	s.stopClock()
	now := time.Now()
	switch took := now.Sub(s.since); {
	case took < quick:
		s.depth = min(2*s.depth, maxDepth)
	case took < 80*quick:
		s.depth = 2 // while the worker is at one task, the next can be on its way
	default:
		s.depth = 1
	}
	if results, failed, err := s.align(t, o); err != nil {
		t.fail(s.taskError(err))
	} else {
		t.finish(results, failed)
	}
	if more && len(s.flight) > 0 {
		s.begin(now)
	}
	if most := s.pool.MaxTasksPerChild; most > 0 && s.given >= most && len(s.flight) == 0 {
		s.post(order[A, R]{kind: msgFinish})
	}
}

func (s *slot[A, R]) taskError(err error) *TaskError {
	return &TaskError{Func: s.pool.f.name, Worker: s.worker.Name, PID: s.worker.PID(), Err: err}
}

func (s *slot[A, R]) stopClock() {
	s.begun = false
	if s.late != nil {
		s.late.Stop()
		s.late = nil
	}
}

// giveBack takes back the last n tasks in flight, which the worker will not do.
func (s *slot[A, R]) giveBack(n int) {
	keep := len(s.flight) - n
	for _, t := range slices.Backward(s.flight[keep:]) {
		s.given -= len(t.args)
		t.call.returned = slices.Insert(t.call.returned, 0, t)
	}
	s.flight = s.flight[:keep]
}

// reap does what there is to do when a worker has ended. Call it without mu.
func (s *slot[A, R]) reap() {
	p := s.pool
	p.mu.Lock()
	w, came := s.worker, s.ready
	if w.dismissed.Load() { // Main is at its end
		p.terminate(ErrTerminated)
	}
	if s.begun {
		t := s.flight[0]
		s.flight = s.flight[1:]
		t.fail(s.taskError(s.why(w)))
	}
	s.giveBack(len(s.flight))
	s.stopClock()
	s.shift = shift[A, R]{}
	s.pool.deal()
	p.moved.Broadcast()
	p.mu.Unlock()
	if !came && w.code >= 0 {
		p.notStarted(s, byItself, s.why(w))
	} else if !came {
		p.notStarted(s, 1, s.why(w))
	}
}

// why says how a worker ended.
func (s *slot[A, R]) why(w *Process) error {
	switch {
	case s.overdue:
		return fmt.Errorf("TaskTimeout is %v: %w", s.pool.TaskTimeout, context.DeadlineExceeded)
	case w.exit != nil:
		return w.exit
	}
	return &ExitError{Name: w.Name, PID: w.pid} // it called os.Exit(0)
}

// notStarted: a worker has not come to Main. The others go on with the tasks.
// If there are none, and it has happened too often, the waiting calls fail; the
// next call tries again.
func (p *Pool[A, R]) notStarted(s *slot[A, R], weight int, why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stumbles += weight
	if weight > 1 || p.stumbles >= patience {
		s.resting = true
		time.AfterFunc(restTime, func() {
			p.mu.Lock()
			defer p.mu.Unlock()
			s.resting = false
			p.moved.Broadcast()
		})
	}
	if p.stumbles >= patience && !slices.ContainsFunc(p.slots, func(s *slot[A, R]) bool { return s.worker != nil }) {
		for _, c := range slices.Clone(p.calls) {
			p.end(c, fmt.Errorf("mp: no worker can be started: %w", why))
		}
	}
	p.moved.Broadcast()
}
