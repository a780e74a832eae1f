package mp

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// A seat is a place in a pool, with one worker at a time on it. All fields are
// guarded by the pool's mu.
type seat[A, R any] struct {
	pool     *Pool[A, R]
	posted   chan struct{} // something is in outbox
	stumbles int           // workers in a row that died before they had said anything
	shift[A, R]
}

// A shift is what there is to know of the worker on a seat.
type shift[A, R any] struct {
	worker  *Process // nil between two
	outbox  []order[A, R]
	flight  []*task[A, R] // given and not answered, oldest first
	begun   bool          // the worker is at the first of them
	since   time.Time     // it has been, since then
	late    *time.Timer   // TaskTimeout
	overdue bool          // that has killed the worker
	depth   int           // how many tasks may be in flight: more for quick ones
	asked   bool          // the worker was asked to return tasks, and has not yet
	given   int           // tasks that this worker got
	ending  bool          // it gets no more
	proved  bool          // it has said something
	foreign bool          // it does not speak our language
	failed  []mishap      // of a chunk whose answers will follow
}

// An order is something to tell a worker.
type order[A, R any] struct {
	kind kind
	task *task[A, R] // of msgTask and msgChunk
}

const (
	maxDepth = 64
	quick    = time.Millisecond / 4 // a task that takes less is one of many
	patience = 30                   // how many workers in a row may die before they have said anything
)

func newSeat[A, R any](p *Pool[A, R]) *seat[A, R] {
	return &seat[A, R]{pool: p, posted: make(chan struct{}, 1)}
}

// run keeps the seat occupied. It ends with the pool.
func (s *seat[A, R]) run() {
	defer s.pool.staff.Done()
	for {
		if !s.hire() {
			return
		}
		s.write()
		<-s.worker.Done()
		s.bury()
	}
}

// hire starts a worker, unless the pool is at its end.
func (s *seat[A, R]) hire() bool {
	p := s.pool
	p.mu.Lock()
	over := p.state != nil && (p.state != ErrClosed || len(p.calls) == 0)
	p.mu.Unlock()
	if over {
		return false
	}
	w := newProcess("PoolWorker", p.f.function)
	w.Daemon = true
	w.orders.Work = true
	w.pack = func(out *sender) error { return out.send(msgArgument, 0, nil) }
	w.hear = s.hear
	if err := w.Start(context.Background()); err != nil {
		p.mu.Lock()
		p.breakDown(err)
		p.mu.Unlock()
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	s.shift = shift[A, R]{worker: w, depth: 1}
	if p.state == ErrTerminated || p.failed { // in the meantime
		w.Kill()
	}
	p.deal()
	p.settle()
	p.moved.Broadcast()
	return true
}

// write tells the worker what is in the outbox, until it is gone.
func (s *seat[A, R]) write() {
	out := s.worker.say
	for {
		select {
		case <-s.posted:
		case <-s.worker.Done():
			return
		}
		out.mu.Lock()
		s.pool.mu.Lock()
		orders := s.outbox
		s.outbox = nil
		s.pool.mu.Unlock()
		s.speak(out, orders)
		out.flush()
		out.mu.Unlock()
	}
}

// hasten saves the way over the writer's goroutine for what an idle worker is
// to get, if that will not keep the caller, whose context may end: it is so
// short that any pipe takes it without a reader.
func (s *seat[A, R]) hasten() {
	out, orders := s.whatIsShort()
	if out == nil {
		s.wake()
		return
	}
	defer out.mu.Unlock()
	s.speak(out, orders)
	if out.buf.Len() <= atOnce && out.rest == nil {
		out.flush()
	} else {
		s.wake()
	}
}

// whatIsShort takes a task out of the outbox, together with the worker that it
// is for: by the time that it is told, there may be another one. Then out.mu is
// held.
func (s *seat[A, R]) whatIsShort() (out *sender, orders []order[A, R]) {
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	if s.worker == nil || len(s.flight) != 1 || len(s.outbox) != 1 || s.outbox[0].kind != msgTask {
		return nil, nil
	}
	if !s.pool.brief || !s.worker.say.mu.TryLock() {
		return nil, nil
	}
	orders = s.outbox
	s.outbox = nil
	return s.worker.say, orders
}

// speak encodes orders. Call it with out.mu held.
func (s *seat[A, R]) speak(out *sender, orders []order[A, R]) {
	for _, o := range orders {
		if err := o.addTo(out); err != nil && out.fault == nil { // before anything after it is on its way, for answers are matched by order
			s.refuse(o.task, err)
		}
	}
}

func (o order[A, R]) addTo(out *sender) error {
	switch o.kind {
	case msgTask:
		return out.add(o.kind, 0, &o.task.args[0])
	case msgChunk:
		return out.add(o.kind, 0, &o.task.args)
	case msgReturned: // what describes types to gob has gone unread with what was returned
		out.enc = nil
		return nil
	}
	return out.add(o.kind, 0, nil)
}

// refuse takes back a task whose argument cannot be encoded. The worker has
// not heard of it.
func (s *seat[A, R]) refuse(t *task[A, R], err error) {
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

// fail makes the task's outcome an error. Call it with the pool's mu held, as
// all below that say nothing else.
func (t *task[A, R]) fail(why *TaskError) {
	failed := make([]*TaskError, len(t.args))
	for i := range failed {
		e := *why
		e.Index = t.index + i
		failed[i] = &e
	}
	t.finish(nil, failed)
}

// finish hands over what came of a task: the good results and the failures,
// each in order.
func (t *task[A, R]) finish(good []R, failed []*TaskError) {
	if !t.call.over {
		t.call.put(t, good, failed)
	}
}

func (s *seat[A, R]) post(o order[A, R]) {
	if o.kind == msgFinish {
		s.ending = true
	}
	s.outbox = append(s.outbox, o)
}

func (s *seat[A, R]) wake() {
	select {
	case s.posted <- struct{}{}:
	default:
	}
}

// idle: it could begin a task at once.
func (s *seat[A, R]) idle() bool {
	return s.worker != nil && !s.ending && !s.asked && len(s.flight) == 0
}

// room returns how many more tasks it may have ahead of the one it is at.
func (s *seat[A, R]) room() int {
	if s.worker == nil || s.ending || s.asked || len(s.flight) == 0 || s.pool.TaskTimeout > 0 {
		return 0 // with a time limit, nothing ahead: a worker killed for one task must not be at the next
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
func (s *seat[A, R]) ahead() int {
	if s.worker == nil || s.asked {
		return 0
	}
	return len(s.flight) - 1
}

func (s *seat[A, R]) give(t *task[A, R]) {
	s.flight = append(s.flight, t)
	s.given += len(t.args)
	kind := msgTask
	if t.chunk {
		kind = msgChunk
	}
	s.post(order[A, R]{kind, t})
}

func (s *seat[A, R]) recall() {
	s.asked = true
	s.post(order[A, R]{kind: msgReturn})
}

// abandon is for the tasks of a call that has ended.
func (s *seat[A, R]) abandon(c *call[A, R]) {
	if s.worker == nil || !slices.ContainsFunc(s.flight, func(t *task[A, R]) bool { return t.call == c }) {
		return
	}
	if s.begun && s.flight[0].call == c {
		s.worker.Kill()
	} else if !s.asked {
		s.recall()
	}
}

// hear takes in what the worker says.
func (s *seat[A, R]) hear(in *receiver, f frame) {
	o := s.understand(in, f)
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	if s.worker == nil || s.foreign { // it speaks before it is asked, or has said nonsense
		return
	}
	switch {
	case f.kind == msgBegun && len(s.flight) > 0 && !s.begun:
		s.begin(time.Now())
	case f.kind == msgReturned && f.id <= uint64(len(s.flight))-uint64(bit(s.begun)): // if begun, there is one
		s.returned(int(f.id))
	case f.kind == msgFailures && s.begun:
		s.failed = o.failed
	case f.kind >= msgAnswer && f.kind <= msgProblem && s.begun:
		s.answered(o, f.id == 1)
	default:
		s.foreign = true
		s.worker.Kill()
	}
	if !s.foreign {
		s.proved, s.stumbles = true, 0
	}
	s.pool.deal()
	s.pool.moved.Broadcast()
}

// An outcome is what came of a task, in the worker's words.
type outcome[R any] struct {
	good   []R
	failed []mishap // those of a chunk, in order
	err    error    // of the task as a whole
}

// understand decodes an answer. Call it without mu.
func (s *seat[A, R]) understand(in *receiver, f frame) (o outcome[R]) {
	switch f.kind {
	case msgFailures:
		in.decode(f, &o.failed) // if that fails, they will be missing in the answer
	case msgAnswer:
		o.good = make([]R, 1)
		o.err = in.decode(f, &o.good[0])
	case msgAnswers:
		o.err = in.decode(f, &o.good)
	case msgProblem:
		r := new(RemoteError)
		if o.err = in.decode(f, r); o.err == nil {
			o.err = r
		}
	}
	return o
}

// mustAnswer reports whether there is one answer to each of n arguments.
func (o outcome[R]) mustAnswer(n int) error {
	if o.err != nil {
		return o.err
	}
	if got := len(o.good) + len(o.failed); got != n {
		return fmt.Errorf("mp: a broken message: %d answers instead of %d", got, n)
	}
	for i, m := range o.failed {
		if m.At < i || m.At >= n || i > 0 && m.At <= o.failed[i-1].At {
			return errBroken
		}
	}
	return nil
}

// begin: the worker is at the first task in flight.
func (s *seat[A, R]) begin(now time.Time) {
	t := s.flight[0]
	s.begun, s.since = true, now
	if t.call.over {
		s.worker.Kill()
		return
	}
	if limit := s.pool.TaskTimeout * time.Duration(len(t.args)); limit > 0 {
		s.late = time.AfterFunc(limit, func() { s.expire(t) })
	}
}

// expire kills a worker that is over its time. Call it without mu.
func (s *seat[A, R]) expire(t *task[A, R]) {
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	if s.begun && s.flight[0] == t {
		s.overdue = true
		s.worker.Kill()
	}
}

// answered finishes the first task in flight.
func (s *seat[A, R]) answered(o outcome[R], more bool) {
	t := s.flight[0]
	s.flight[0] = nil
	s.flight = s.flight[1:]
	o.failed, s.failed = s.failed, nil
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
	if err := o.mustAnswer(len(t.args)); err != nil {
		t.fail(s.taskError(err))
	} else {
		t.finish(o.good, s.failures(t, o.failed))
	}
	if more && len(s.flight) > 0 {
		s.begin(now)
	}
	if most := s.pool.MaxTasksPerChild; most > 0 && s.given >= most && len(s.flight) == 0 {
		s.post(order[A, R]{kind: msgFinish})
	}
}

// failures completes what the worker said of those of a task that failed.
func (s *seat[A, R]) failures(t *task[A, R], failed []mishap) (errs []*TaskError) {
	for _, m := range failed {
		e := s.taskError(&m.Err)
		e.Index = t.index + m.At
		errs = append(errs, e)
	}
	return errs
}

func (s *seat[A, R]) taskError(err error) *TaskError {
	return &TaskError{Func: s.pool.f.name, Worker: s.worker.Name, PID: s.worker.PID(), Err: err}
}

func (s *seat[A, R]) stopClock() {
	s.begun = false
	if s.late != nil {
		s.late.Stop()
		s.late = nil
	}
}

// returned takes back the last n tasks in flight, which the worker will not do.
func (s *seat[A, R]) returned(n int) {
	s.asked = false
	s.post(order[A, R]{kind: msgReturned})
	s.giveBack(n)
}

func (s *seat[A, R]) giveBack(n int) {
	keep := len(s.flight) - n
	for _, t := range slices.Backward(s.flight[keep:]) {
		s.given -= len(t.args)
		t.call.spare.pushFront(t)
	}
	s.flight = s.flight[:keep]
}

// bury does what there is to do when a worker has ended.
func (s *seat[A, R]) bury() {
	p := s.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	w := s.worker
	if w.dismissed.Load() { // Main is at its end
		p.terminate(ErrTerminated)
	}
	if !s.proved {
		s.stumbles++
		if w.code >= 0 { // nobody has killed it: it will happen again
			s.stumbles += patience / 3
		}
	}
	if s.begun || s.stumbles >= patience && len(s.flight) > 0 {
		t := s.flight[0]
		s.flight = s.flight[1:]
		t.fail(s.taskError(s.why(w)))
	}
	s.giveBack(len(s.flight))
	s.stopClock()
	s.worker = nil
	p.deal()
	p.moved.Broadcast()
	for s.stumbles >= patience && p.state == nil && p.available() == 0 {
		p.moved.Wait() // do not go on hiring for nothing
	}
}

// why says how a worker lost its task.
func (s *seat[A, R]) why(w *Process) error {
	switch {
	case s.overdue:
		return fmt.Errorf("TaskTimeout is %v: %w", s.pool.TaskTimeout, context.DeadlineExceeded)
	case w.exit != nil:
		return w.exit
	}
	return &ExitError{Name: w.Name, PID: w.pid} // it called os.Exit(0)
}

// breakDown ends everything because a worker could not be started. When all
// seats are left, the next task tries again.
func (p *Pool[A, R]) breakDown(err error) {
	if p.failed || p.state == ErrTerminated {
		return
	}
	closed := p.state == ErrClosed
	p.failed = true
	p.terminate(err)
	go func() {
		p.staff.Wait()
		p.mu.Lock()
		defer p.mu.Unlock()
		p.failed, p.seats = false, nil
		switch {
		case closed || p.state == ErrClosed:
			p.state = ErrClosed
		case p.state == err:
			p.state = nil
		}
	}()
}
