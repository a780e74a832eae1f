package mp

import (
	"context"
	"iter"
)

// A stream is the call behind Imap: its arguments come one by one from the
// goroutine that runs feed, its results go one by one to the one that runs
// drain. The fields are the pool's to guard, with its mu.
type stream[A, R any] struct {
	pool    *Pool[A, R]
	call    *call[A, R]
	ordered bool

	input   []*task[A, R]       // pulled, not handed out
	pulled  int                 // arguments so far
	yielded int                 // results so far
	ready   map[int]delivery[R] // results not yielded: by index, or by arrival
	arrived int
	done    bool          // the sequence is at its end
	news    chan struct{} // something for drain to look at
	err     error         // why the call has ended
	burst   any           // what the sequence panicked with
}

// A delivery is a result, or the error in its place.
type delivery[R any] struct {
	value R
	err   error
}

func (p *Pool[A, R]) stream(ctx context.Context, args iter.Seq[A], ordered bool) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		s := &stream[A, R]{pool: p, ordered: ordered, ready: map[int]delivery[R]{}, news: make(chan struct{}, 1)}
		s.call = &call[A, R]{left: func() int { return len(s.input) }, next: s.next, put: s.put, fail: s.fail}
		if err := p.begin(ctx, s.call); err != nil {
			var none R
			yield(none, err)
			return
		}
		fed := make(chan struct{})
		go func() {
			defer close(fed)
			s.feed(args)
		}()
		forget := context.AfterFunc(ctx, func() { p.cancel(s.call, ctx.Err()) })
		defer func() { // also when the loop's body panics
			forget()
			p.cancel(s.call, nil)
			<-fed
			if s.burst != nil {
				panic(s.burst)
			}
		}()
		s.drain(yield)
	}
}

// feed pulls arguments while there is room for them. A panic of the sequence
// is the caller's, so it goes there.
func (s *stream[A, R]) feed(args iter.Seq[A]) {
	ended := false
	defer func() {
		burst := recover()
		if burst == nil && !ended {
			burst = "mp: the sequence called runtime.Goexit"
		}
		s.pool.mu.Lock()
		s.burst, s.done = burst, true
		s.complete()
		s.pool.mu.Unlock()
	}()
	if !s.waitForRoom() {
		ended = true
		return
	}
	for arg := range args {
		s.pool.mu.Lock()
		s.input = append(s.input, &task[A, R]{call: s.call, index: s.pulled, args: []A{arg}})
		s.pulled++
		s.pool.deal()
		s.pool.moved.Broadcast()
		s.pool.mu.Unlock()
		if !s.waitForRoom() {
			break
		}
	}
	ended = true
}

// next hands out a task.
func (s *stream[A, R]) next() *task[A, R] {
	t := s.input[0]
	s.input[0] = nil
	s.input = s.input[1:]
	return t
}

// waitForRoom waits until a worker could take another argument, and reports
// whether one is still wanted.
func (s *stream[A, R]) waitForRoom() bool {
	p := s.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	for !s.call.over && p.state == nil && (len(s.input) >= p.room() || s.pulled-s.yielded >= window*p.workers) {
		p.moved.Wait()
	}
	if !s.call.over && s.err == nil {
		s.err = p.state // closed: what was pulled is still done
	}
	return !s.call.over && p.state == nil
}

// room returns how many tasks the workers could take now.
func (p *Pool[A, R]) room() (n int) {
	for _, s := range p.slots {
		if s.idle() || s.worker == nil { // a new one comes when there is a task for it
			n++
		}
		n += max(0, s.room())
	}
	return n
}

func (s *stream[A, R]) put(t *task[A, R], results []R, failed []*TaskError) {
	var o delivery[R]
	if len(failed) > 0 {
		o.err = failed[0]
	} else {
		o.value = results[0]
	}
	place := t.index
	if !s.ordered {
		place = s.arrived
	}
	s.ready[place] = o
	s.arrived++
	s.complete()
}

// complete ends the call when all its tasks are done, though the results may
// not have been yielded: so Close may be called in the loop.
func (s *stream[A, R]) complete() {
	if s.done && s.arrived == s.pulled {
		s.pool.end(s.call, nil)
	}
	s.tell()
}

func (s *stream[A, R]) fail(err error) {
	if err != nil {
		s.err = err
	}
	s.tell()
}

func (s *stream[A, R]) tell() {
	select {
	case s.news <- struct{}{}:
	default:
	}
}

// drain yields results until the last, or until the loop is left.
func (s *stream[A, R]) drain(yield func(R, error) bool) {
	for {
		o, ok, over := s.result()
		switch {
		case over && s.err != nil:
			yield(o.value, s.err)
			return
		case over:
			return
		case !ok:
			<-s.news
		case !yield(o.value, o.err):
			return
		}
	}
}

// result returns the next result, if it is there, and whether there will be
// none. A call that was ended from outside is over at once.
func (s *stream[A, R]) result() (o delivery[R], ok, over bool) {
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	if s.call.over && !(s.done && s.arrived == s.pulled) {
		return o, false, true
	}
	if o, ok = s.ready[s.yielded]; ok {
		delete(s.ready, s.yielded)
		s.yielded++
		s.pool.moved.Broadcast()
		return o, true, false
	}
	return o, false, s.call.over
}
