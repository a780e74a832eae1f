package mp

import (
	"context"
	"iter"
	"sync"
)

// A stream is an Imap. Its arguments come one by one, from the goroutine that runs
// feed. Its results go one by one, to the goroutine that runs drain.
// Its pool's mu guards it.
type stream[A, R any] struct {
	call[A, R]
	pool    *Pool[A, R]
	ordered bool
	kept    map[int]delivery[R] // results that were not yielded: by index, or in order of arrival
	yielded int                 // how many results were yielded
	burst   any                 // what the sequence panicked with
}

// A delivery is a result, or the error in its place.
type delivery[R any] struct {
	value R
	err   error
}

func (p *Pool[A, R]) stream(ctx context.Context, args iter.Seq[A], ordered bool) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		s := &stream[A, R]{pool: p, ordered: ordered, kept: map[int]delivery[R]{}}
		s.chunk, s.open, s.put = 1, true, s.add
		forget, err := p.begin(ctx, &s.call)
		if err != nil {
			yield(*new(R), err)
			return
		}
		var feeder sync.WaitGroup
		feeder.Go(func() { s.feed(args) })
		defer func() { // also when the loop's body panics
			forget()
			p.cancel(&s.call, nil)
			feeder.Wait()
			if s.burst != nil {
				panic(s.burst)
			}
		}()
		s.drain(yield)
	}
}

// feed pulls arguments while there is demand for them. If the sequence panics,
// stream panics with the same value, in the caller's goroutine.
func (s *stream[A, R]) feed(args iter.Seq[A]) {
	ended := false
	defer func() {
		burst := recover()
		if burst == nil && !ended {
			burst = "mp: the sequence called runtime.Goexit"
		}
		s.pool.locked(func() {
			s.burst, s.open = burst, false
			s.pool.endIfDone(&s.call)
		})
	}()
	if s.waitForDemand() {
		for arg := range args {
			if s.offer(arg); !s.waitForDemand() {
				break
			}
		}
	}
	ended = true
}

// offer lets a worker have an argument.
func (s *stream[A, R]) offer(arg A) {
	s.pool.change(func() {
		s.args = append(s.args, arg)
		s.missing++
	})
}

// waitForDemand waits until a worker could take another argument, and reports
// whether one is still wanted.
func (s *stream[A, R]) waitForDemand() (wanted bool) {
	p := s.pool
	p.locked(func() {
		for !s.over && p.state == nil && (len(s.args) >= p.demand() || s.pulled()-s.yielded >= window*p.size) {
			p.moved.Wait()
		}
		if !s.over {
			s.err = p.state // if the pool is closed, the arguments that were pulled are still done
		}
		wanted = !s.over && p.state == nil
	})
	return wanted
}

func (s *stream[A, R]) pulled() int { return s.first + len(s.args) }

// add keeps the result of a task, until the loop wants it.
func (s *stream[A, R]) add(t *task[A, R], results []R, failed []*TaskError) {
	var d delivery[R]
	if len(failed) > 0 {
		d.err = failed[0]
	} else {
		d.value = results[0]
	}
	index := t.first
	if !s.ordered {
		index = s.yielded + len(s.kept)
	}
	s.kept[index] = d
	s.news.Signal()
}

// drain yields results until the last, or until the loop is left.
func (s *stream[A, R]) drain(yield func(R, error) bool) {
	for {
		d, ok := s.result()
		if !ok {
			if s.err != nil {
				yield(*new(R), s.err)
			}
			return
		}
		if !yield(d.value, d.err) {
			return
		}
	}
}

// result waits for the next result. There is none after the last, and none when
// the call was ended from outside.
func (s *stream[A, R]) result() (d delivery[R], ok bool) {
	s.pool.locked(func() {
		for d, ok = s.kept[s.yielded]; !ok && !s.over; d, ok = s.kept[s.yielded] {
			s.news.Wait()
		}
		if ok = ok && !(s.over && (s.open || s.missing > 0)); ok {
			delete(s.kept, s.yielded)
			s.yielded++
			s.pool.moved.Broadcast()
		}
	})
	return d, ok
}
