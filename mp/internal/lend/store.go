package lend

import (
	"cmp"
	"context"
	"io"
	"slices"
	"sync"

	"processbook/mp/internal/frame"
)

// A Store holds the items of a queue, in the process that made the queue. It
// is ordinary Go: a slice, a mutex, and lists of those that wait.
type Store struct {
	servers
	capacity int
	joinable bool

	mu         sync.Mutex
	returned   []Item          // ready again, in the order of their numbers, which are below those of items
	items      []Item          // ready, in the order of their numbers
	lent       map[uint64]Item // given out; until taken, or until done if joinable
	untaken    int             // those of lent that are not taken; they still count
	reserved   int             // rooms for items that have not arrived; they also count
	unfinished int             // put, and not taken or, if joinable, not done
	made       uint64          // items numbered so far
	closing    bool            // Close was called
	closed     bool            // and everything that was put before has arrived
	settled    chan struct{}   // closed with closed
	takers     []*taker        // only when nothing is ready
	waiting    []*roomer       // for room, only when the queue is full
	joiners    []chan struct{} // closed when unfinished is 0
}

// A taker waits for items.
type taker struct {
	n     int
	local bool                // a Get of this process
	got   func([]Item, error) // called with the holder's lock held
}

// A roomer waits for room.
type roomer struct {
	granted chan error
}

// NewStore returns a Store for at most capacity items; 0 or less means any number.
func NewStore(capacity int, joinable bool) *Store {
	return &Store{capacity: capacity, joinable: joinable, lent: map[uint64]Item{}, settled: make(chan struct{})}
}

func (s *Store) terms() terms {
	s.mu.Lock()
	defer s.mu.Unlock()
	return terms{bounded: s.capacity > 0, closed: s.closing}
}

// Put adds an item.
func (s *Store) Put(ctx context.Context, v frame.Value, try bool) error {
	if err := s.reserve(ctx, try); err != nil {
		return err
	}
	s.arrive(v.Keep(), true)
	return nil
}

func (s *Store) reserve(ctx context.Context, try bool) error {
	err := s.reserveNow(ctx, try)
	if err == ErrFull { // full means full: what a consumer has told to have taken may be on its way
		s.sync(ctx, kindSync)
		err = s.reserveNow(ctx, try)
	}
	return err
}

func (s *Store) reserveNow(ctx context.Context, try bool) error {
	s.mu.Lock()
	switch {
	case s.closing:
		s.mu.Unlock()
		return ErrClosed
	case ctx.Err() != nil:
		s.mu.Unlock()
		return ctx.Err()
	case !s.full():
		s.reserved++
		s.mu.Unlock()
		return nil
	case try:
		s.mu.Unlock()
		return ErrFull
	}
	r := &roomer{make(chan error, 1)}
	s.waiting = append(s.waiting, r)
	s.mu.Unlock()
	select {
	case err := <-r.granted:
		return err
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.waiting, r); i >= 0 {
		s.waiting = slices.Delete(s.waiting, i, i+1)
		return ctx.Err()
	}
	return <-r.granted // there is room after all
}

func (s *Store) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reserved--
	s.change()
}

// arrive adds an item that was put, whatever has happened since.
func (s *Store) arrive(v frame.Value, reserved bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if reserved {
		s.reserved--
	}
	s.made++
	s.unfinished++
	s.items = append(s.items, Item{ID: s.made, Value: v})
	s.supply()
}

// Call the functions below that say nothing else with mu held.

func (s *Store) full() bool {
	return s.capacity > 0 && s.ready()+s.untaken+s.reserved >= s.capacity
}

func (s *Store) ready() int { return len(s.returned) + len(s.items) }

// supply gives ready items to those that wait for them.
func (s *Store) supply() {
	for len(s.takers) > 0 && s.ready() > 0 {
		t := s.takers[0]
		s.takers = s.takers[1:]
		t.got(s.lend(t.n), nil)
	}
}

// lend gives out up to n items, but not more than a fair share: what one
// process has fetched too much of has to be asked back when others want it.
func (s *Store) lend(n int) []Item {
	n = min(n, max(1, s.ready()/max(1, len(s.list()))))
	lot := make([]Item, n)
	k := copy(lot, s.returned)
	s.returned = s.returned[k:]
	copy(lot[k:], s.items)
	clear(s.items[:n-k]) // let go of the values
	if s.items = s.items[n-k:]; len(s.items) == 0 {
		s.items = nil
	}
	for _, it := range lot {
		s.lent[it.ID] = it
	}
	s.untaken += n
	return lot
}

func (s *Store) want(n int, _ bool, got func([]Item, error)) (withdraw func()) {
	t := &taker{n: n, got: got}
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
		s.takers = slices.DeleteFunc(s.takers, func(o *taker) bool { return o == t })
		s.mu.Unlock()
	}
}

func (s *Store) tryTake() (it Item, err error) {
	if it, err = s.takeNow(); err != ErrEmpty {
		return it, err
	}
	s.sync(context.Background(), kindSync)
	if s.terms().closed {
		<-s.settled
	}
	return s.takeNow()
}

func (s *Store) takeNow() (it Item, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.ready() > 0:
		return s.lend(1)[0], nil
	case s.over():
		return it, io.EOF
	}
	return it, ErrEmpty
}

// over: nothing is left, and nothing can come or come back.
func (s *Store) over() bool {
	return s.closed && s.ready()+s.untaken+s.reserved == 0 && !(s.joinable && s.unfinished > 0)
}

func (s *Store) tell(_ context.Context, what frame.Kind, about Item) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	it, lent := s.lent[about.ID]
	switch {
	case what == kindReturn && s.gone(about.ID):
		s.unfinished++
		s.insert(about)
	case what == kindReturn || !lent: // only a child that talks nonsense could say this
	case what == kindTaken:
		s.untaken -= int(bit(!it.taken))
		if it.taken = true; s.joinable {
			s.lent[it.ID] = it
		} else {
			delete(s.lent, it.ID)
			s.unfinished--
		}
	case what == kindDone:
		delete(s.lent, it.ID)
		s.unfinished--
	case what == kindBack:
		delete(s.lent, it.ID)
		s.untaken -= int(bit(!it.taken))
		s.insert(it)
	}
	s.change()
	return nil
}

// gone reports whether an item was put, and is neither here nor lent.
func (s *Store) gone(id uint64) bool {
	has := func(it Item) bool { return it.ID == id }
	_, lent := s.lent[id]
	return id > 0 && id <= s.made && !lent && !slices.ContainsFunc(s.returned, has) && (len(s.items) == 0 || id < s.items[0].ID)
}

// insert lets an item come back, before all that have not been lent.
func (s *Store) insert(it Item) {
	it.taken = false
	i, _ := slices.BinarySearchFunc(s.returned, it, func(a, b Item) int { return cmp.Compare(a.ID, b.ID) })
	s.returned = slices.Insert(s.returned, i, it)
	s.supply()
}

// change lets in those that wait for room, for the end, or for all to be done.
func (s *Store) change() {
	for len(s.waiting) > 0 && !s.full() {
		s.reserved++
		s.waiting[0].granted <- nil
		s.waiting = s.waiting[1:]
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

// Len returns how many items have not been taken.
func (s *Store) Len(ctx context.Context) (int, error) {
	if err := s.sync(ctx, kindSync); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ready() + s.untaken, nil
}

// Join waits until no item is unfinished.
func (s *Store) Join(ctx context.Context) error {
	if err := s.sync(ctx, kindSync); err != nil { // what was put may still be on its way
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

// Close stops producers at once. Consumers see EOF when everything that any
// process has put before has arrived. A process that has not come to its
// function yet has put nothing, so Close does not wait for it.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return nil
	}
	s.closing = true
	for _, r := range s.waiting {
		r.granted <- ErrClosed
	}
	s.waiting = nil
	if !s.joinable { // a joinable queue may still wait for a TaskDone
		for _, child := range s.list() {
			child.block(false) // whatever it waits for now, it is not the end of this queue
		}
	}
	go func() { // ends when every process that has the queue has answered, or ended
		s.sync(context.Background(), kindClosing)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.closed = true
		close(s.settled)
		s.change()
	}()
	return nil
}
