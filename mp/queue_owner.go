package mp

import (
	"bytes"
	"context"
	"io"
	"reflect"
	"slices"
	"sync"
)

// A store holds the items of a queue, in the process that made the queue. It
// is ordinary Go: a slice, a mutex, and lists of those who wait.
type store[T any] struct {
	servers[T]
	capacity int
	joinable bool
	copy     func(T) (T, error)

	mu         sync.Mutex
	items      deque[item[T]]     // ready, first in first out
	lent       map[uint64]item[T] // given out; until taken, or until done if joinable
	untaken    int                // those of lent that are not taken; they still count
	unfinished int                // put, and not taken or, if joinable, not done
	made       uint64             // items numbered so far
	closing    bool               // Close was called
	closed     bool               // and everything that was put before has arrived
	settled    chan struct{}      // closed with closed
	aboard     sync.WaitGroup     // children that are being started with the queue
	takers     []*taker[T]        // only when items is empty
	putters    []*putter[T]       // only when the queue is full
	joiners    []chan struct{}    // closed when unfinished is 0
}

type taker[T any] struct {
	n   int
	got func([]item[T], error) // called with mu held
}

type putter[T any] struct {
	v    T
	done chan error
}

func newStore[T any](capacity int, joinable bool) *store[T] {
	return &store[T]{
		capacity: capacity, joinable: joinable, copy: copier[T](),
		lent: map[uint64]item[T]{}, settled: make(chan struct{}),
	}
}

func (s *store[T]) terms() terms {
	s.mu.Lock()
	defer s.mu.Unlock()
	return terms{Direct: s.capacity <= 0, Closed: s.closing}
}

// board keeps Close waiting for what a child that is being started may put.
func (s *store[T]) board() (t terms, landed func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t = terms{Direct: s.capacity <= 0, Closed: s.closing}
	if s.closing {
		return t, func() {}
	}
	s.aboard.Add(1)
	return t, s.aboard.Done
}

func (s *store[T]) full() bool {
	return s.capacity > 0 && s.items.len()+s.untaken >= s.capacity
}

func (s *store[T]) put(ctx context.Context, v T, try bool) error {
	v, err := s.copy(v)
	if err != nil {
		return err
	}
	err = s.admit(ctx, v, try)
	if err == ErrFull { // full means full: what a consumer has told to have taken may be on its way
		s.sync(ctx, msgSync)
		err = s.admit(ctx, v, try)
	}
	return err
}

// admit puts an item that nobody else can change.
func (s *store[T]) admit(ctx context.Context, v T, try bool) error {
	s.mu.Lock()
	switch {
	case s.closing:
		s.mu.Unlock()
		return ErrClosed
	case ctx.Err() != nil:
		s.mu.Unlock()
		return ctx.Err()
	case !s.full():
		s.add(v, nil)
		s.mu.Unlock()
		return nil
	case try:
		s.mu.Unlock()
		return ErrFull
	}
	p := &putter[T]{v, make(chan error, 1)}
	s.putters = append(s.putters, p)
	s.mu.Unlock()
	select {
	case err := <-p.done:
		return err
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.putters, p); i >= 0 {
		s.putters = slices.Delete(s.putters, i, i+1)
		return ctx.Err()
	}
	return <-p.done // it is in after all
}

// arrive adds an item from a producer that does not wait for an answer: it was
// put, so it is in, whatever has happened since.
func (s *store[T]) arrive(v T, err error) {
	s.mu.Lock()
	s.add(v, err)
	s.mu.Unlock()
}

// add appends an item. Call it, and all below that say nothing else, with mu held.
func (s *store[T]) add(v T, err error) {
	s.made++
	s.unfinished++
	s.items.push(item[T]{id: s.made, value: v, err: err})
	s.supply()
}

// supply gives ready items to those who wait for them.
func (s *store[T]) supply() {
	for len(s.takers) > 0 && s.items.len() > 0 {
		t := s.takers[0]
		s.takers = s.takers[1:]
		t.got(s.lend(t.n), nil)
	}
}

// lend gives out up to n items, but no more than a fair share: what somebody
// has fetched too much of has to be asked back when others want it.
func (s *store[T]) lend(n int) []item[T] {
	n = min(n, max(1, s.items.len()/max(1, len(s.list()))))
	lot := make([]item[T], n)
	for i := range lot {
		lot[i] = s.items.pop()
		s.lent[lot[i].id] = lot[i]
	}
	s.untaken += n
	return lot
}

func (s *store[T]) want(n int, got func([]item[T], error)) (withdraw func()) {
	t := &taker[T]{n, got}
	s.mu.Lock()
	s.takers = append(s.takers, t)
	s.supply()
	s.change()
	waits := len(s.takers) > 0
	s.mu.Unlock()
	if waits { // others may have been sent more than they can use at the moment
		s.recall()
	}
	return func() {
		s.mu.Lock()
		s.takers = slices.DeleteFunc(s.takers, func(o *taker[T]) bool { return o == t })
		s.mu.Unlock()
	}
}

func (s *store[T]) tryTake() (it item[T], err error) {
	if it, err = s.takeNow(); err != ErrEmpty {
		return it, err
	}
	s.sync(context.Background(), msgSync)
	if s.terms().Closed {
		<-s.settled
	}
	return s.takeNow()
}

func (s *store[T]) takeNow() (it item[T], err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.items.len() > 0:
		return s.lend(1)[0], nil
	case s.over():
		return it, io.EOF
	}
	return it, ErrEmpty
}

// over: nothing is left, and nothing can come or come back.
func (s *store[T]) over() bool {
	return s.closed && s.items.len()+s.untaken == 0 && !(s.joinable && s.unfinished > 0)
}

func (s *store[T]) tell(what kind, id uint64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	it, lent := s.lent[id]
	switch {
	case !lent: // only a child that talks nonsense could say this
	case what == msgTaken:
		it.taken = true
		s.untaken--
		if s.joinable {
			s.lent[id] = it
		} else {
			delete(s.lent, id)
			s.unfinished--
		}
	case what == msgDone:
		delete(s.lent, id)
		s.unfinished--
	case what == msgBack:
		delete(s.lent, id)
		if !it.taken {
			s.untaken--
		}
		it.taken = false
		s.items.insertFront(it, func(o item[T]) bool { return o.id < it.id })
		s.supply()
	}
	s.change()
	return nil
}

// change lets in those who wait for room, for the end, or for all to be done.
func (s *store[T]) change() {
	for len(s.putters) > 0 && !s.full() {
		p := s.putters[0]
		s.putters = s.putters[1:]
		s.add(p.v, nil)
		p.done <- nil
	}
	if s.unfinished == 0 {
		for _, j := range s.joiners {
			close(j)
		}
		s.joiners = nil
	}
	if s.over() {
		for _, t := range s.takers {
			t.got(nil, io.EOF)
		}
		s.takers = nil
	}
}

func (s *store[T]) count(ctx context.Context) (int, error) {
	if err := s.sync(ctx, msgSync); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.items.len() + s.untaken, nil
}

func (s *store[T]) join(ctx context.Context) error {
	if err := s.sync(ctx, msgSync); err != nil { // what was put may still be on its way
		return err
	}
	s.mu.Lock()
	all := make(chan struct{})
	s.joiners = append(s.joiners, all)
	s.change()
	s.mu.Unlock()
	select {
	case <-all:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.joiners = slices.DeleteFunc(s.joiners, func(j chan struct{}) bool { return j == all })
	return ctx.Err()
}

// close stops producers at once, and ends consumers when everything that any
// process has put before has arrived.
func (s *store[T]) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return nil
	}
	s.closing = true
	for _, p := range s.putters {
		p.done <- ErrClosed
	}
	s.putters = nil
	if !s.joinable { // at one that is, a child may still wait for somebody's TaskDone
		for _, child := range s.list() {
			child.setHungry(false) // whatever it waits for now, it is not the end of this queue
		}
	}
	go func() { // ends when every process that has the queue has answered, or ended
		s.aboard.Wait()
		s.sync(context.Background(), msgClosing)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.closed = true
		close(s.settled)
		s.change()
	}()
	return nil
}

// copier returns a function that copies a value as a journey to another
// process would, and finds out whether it could be made.
func copier[T any]() func(T) (T, error) {
	if flat(reflect.TypeFor[T]()) {
		return func(v T) (T, error) { return v, nil }
	}
	var mu sync.Mutex
	var pipe bytes.Buffer
	out, in := newSender(&pipe), newReceiver(&pipe)
	return func(v T) (c T, err error) {
		mu.Lock()
		defer mu.Unlock()
		if err := out.send(msgPut, 0, &v); err != nil {
			return c, err
		}
		f, err := in.next()
		if err == nil {
			err = in.decode(f, &c)
		}
		return c, err
	}
}
