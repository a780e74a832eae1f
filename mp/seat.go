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
	pool   *Pool[A, R]
	posted chan struct{} // something is in outbox

	worker   *Process // nil between two
	outbox   []order[A, R]
	flight   []*task[A, R] // given and not answered, oldest first
	begun    bool          // the worker is at the first of them
	since    time.Time     // it has been, since then
	late     *time.Timer   // TaskTimeout
	overdue  bool          // that has killed the worker
	depth    int           // how many tasks may be in flight: more for quick ones
	asked    bool          // the worker was asked to return tasks, and has not yet
	given    int           // tasks that this worker got
	ending   bool          // it gets no more
	proved   bool          // it has said something
	foreign  bool          // it does not speak our language
	stumbles int           // workers in a row that died before they had said anything
}

// An order is something to tell a worker.
type order[A, R any] struct {
	kind kind
	task *task[A, R] // of msgTask and msgChunk
}

const (
	maxDepth = 64
	quick    = time.Millisecond // a task that takes less is one of many
	patience = 30               // how many workers in a row may die before they have said anything
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
	s.worker, s.depth, s.given = w, 1, 0
	s.begun, s.asked, s.ending, s.proved, s.foreign, s.overdue = false, false, false, false, false, false
	s.outbox, s.flight = nil, nil
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
		s.pool.mu.Lock()
		orders := s.outbox
		s.outbox = nil
		s.pool.mu.Unlock()
		for _, o := range orders {
			out.mu.Lock()
			err, broken := o.addTo(out), out.fault != nil
			out.mu.Unlock()
			if err != nil && !broken { // before anything after it is on its way, for answers are matched by order
				s.refuse(o.task, err)
			}
		}
		out.mu.Lock()
		out.flush()
		out.mu.Unlock()
	}
}

func (o order[A, R]) addTo(out *sender) error {
	switch o.kind {
	case msgTask:
		return out.add(o.kind, 0, &o.task.args[0])
	case msgChunk:
		b := newBatch(o.task.args)
		return out.add(o.kind, 0, &b)
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
	t.fail(&TaskError{Func: s.pool.f.name, Err: err})
	s.pool.deal()
	s.pool.moved.Broadcast()
}

// fail makes the task's outcome an error. Call it with the pool's mu held, as
// all below that say nothing else.
func (t *task[A, R]) fail(why *TaskError) {
	outcomes := make([]outcome[R], len(t.args))
	for i := range outcomes {
		e := *why
		e.Index = t.index + i
		outcomes[i] = outcome[R]{index: e.Index, err: &e}
	}
	t.finish(outcomes)
}

func (t *task[A, R]) finish(outcomes []outcome[R]) {
	if !t.call.over {
		t.call.put(t, outcomes)
	}
}

func (s *seat[A, R]) post(o order[A, R]) {
	if o.kind == msgFinish {
		s.ending = true
	}
	s.outbox = append(s.outbox, o)
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
	outcomes, err := s.understand(in, f)
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	if s.worker == nil || s.foreign { // it speaks before it is asked, or has said nonsense
		return
	}
	s.proved, s.stumbles = true, 0
	switch {
	case f.kind == msgBegun && len(s.flight) > 0 && !s.begun:
		s.begin()
	case f.kind == msgReturned && f.id <= uint64(len(s.flight)):
		s.returned(int(f.id))
	case f.kind >= msgAnswer && f.kind <= msgProblem && s.begun:
		s.answered(outcomes, err, f.id == 1)
	default:
		s.foreign = true
		s.worker.Kill()
	}
	s.pool.deal()
	s.pool.moved.Broadcast()
}

// understand decodes an answer. Call it without mu.
func (s *seat[A, R]) understand(in *receiver, f frame) ([]outcome[R], error) {
	switch f.kind {
	case msgAnswer:
		var o outcome[R]
		err := in.decode(f, &o.value)
		return []outcome[R]{o}, err
	case msgAnswers:
		var b batch[R]
		if err := in.decode(f, &b); err != nil {
			return nil, err
		}
		return s.outcomes(b)
	case msgProblem:
		r := new(RemoteError)
		if err := in.decode(f, r); err != nil {
			return nil, err
		}
		return nil, r
	}
	return nil, nil
}

func (s *seat[A, R]) outcomes(b batch[R]) ([]outcome[R], error) {
	values, err := b.items()
	if err != nil {
		return nil, err
	}
	if n := len(values) + len(b.Failed); n > max(1, s.pool.Chunk) {
		return nil, fmt.Errorf("mp: a broken message: %d answers", n)
	}
	outcomes := make([]outcome[R], len(values)+len(b.Failed))
	for _, m := range b.Failed {
		if m.At < 0 || m.At >= len(outcomes) || m.Err == nil || outcomes[m.At].err != nil {
			return nil, errBroken // failures of tasks that are not in the chunk, or twice
		}
		outcomes[m.At].err = m.Err
	}
	for i := range outcomes {
		if outcomes[i].err == nil {
			outcomes[i].value, values = values[0], values[1:]
		}
	}
	return outcomes, nil
}

// begin: the worker is at the first task in flight.
func (s *seat[A, R]) begin() {
	t := s.flight[0]
	s.begun, s.since = true, time.Now()
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
func (s *seat[A, R]) answered(outcomes []outcome[R], err error, more bool) {
	t := s.flight[0]
	s.flight[0] = nil
	s.flight = s.flight[1:]
	s.stopClock()
	if time.Since(s.since) < quick {
		s.depth = min(2*s.depth, maxDepth)
	} else {
		s.depth = 1
	}
	if err == nil && len(outcomes) != len(t.args) {
		err = fmt.Errorf("mp: a broken message: %d answers instead of %d", len(outcomes), len(t.args))
	}
	if err != nil {
		t.fail(s.taskError(err))
	} else {
		s.number(t, outcomes)
		t.finish(outcomes)
	}
	if more && len(s.flight) > 0 {
		s.begin()
	}
	if most := s.pool.MaxTasksPerChild; most > 0 && s.given >= most && len(s.flight) == 0 {
		s.post(order[A, R]{kind: msgFinish})
	}
}

// number completes outcomes with what the worker did not know.
func (s *seat[A, R]) number(t *task[A, R], outcomes []outcome[R]) {
	for i := range outcomes {
		o := &outcomes[i]
		o.index = t.index + i
		if o.err != nil {
			e := s.taskError(o.err)
			e.Index = o.index
			o.err = e
		}
	}
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

// returned takes back the last n tasks in flight, which the worker will not
// do. What describes their types to gob has gone unread with them.
func (s *seat[A, R]) returned(n int) {
	s.asked = false
	s.worker.say.restart()
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
	if w.dismissed { // Main is at its end
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
		return context.DeadlineExceeded
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
