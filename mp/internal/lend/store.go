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
// is ordinary Go: a slice, a mutex, and a list of Gets that wait.
type Store struct {
	servers
	capacity int
	joinable bool

	mu       sync.Mutex      // guards the fields below
	room     *sync.Cond      // signalled once for each room that is free again
	changed  *sync.Cond      // for Join, and for calls that wait for the end of Close
	returned []Item          // given back, in the order of their numbers, which are below the numbers of items
	items    []Item          // ready, in the order of their numbers
	lent     map[uint64]Item // given out, and neither done nor back, by number
	untaken  int             // how many of lent are not taken; they still count
	reserved int             // rooms for items that have not arrived; they also count
	made     uint64          // items numbered so far
	closing  bool            // set by Close
	allIn    bool            // set when everything that was put before Close has arrived
	takers   []*taker        // wait for an item; there are some only when nothing is ready
}

// A taker waits for items.
type taker struct {
	n   int
	got func([]Item, error) // called with the holder's lock held
}

// NewStore returns a Store for at most capacity items; 0 or less means any number.
func NewStore(capacity int, joinable bool) *Store {
	s := &Store{capacity: capacity, joinable: joinable, lent: map[uint64]Item{}}
	s.room, s.changed = sync.NewCond(&s.mu), sync.NewCond(&s.mu)
	return s
}

// Terms are those for a child.
func (s *Store) Terms() (t Terms) {
	if s.joinable {
		t |= Joinable
	}
	if s.capacity > 0 {
		t |= bounded
	}
	return t
}

func (s *Store) closed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

// await waits until so, which it calls with mu held, or until ctx ends. Call it
// with mu held.
func (s *Store) await(ctx context.Context, c *sync.Cond, so func() bool) error {
	if ctx.Err() == nil && so() {
		return nil
	}
	stop := context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		c.Broadcast()
	})
	defer stop()
	for ctx.Err() == nil && !so() {
		c.Wait()
	}
	if ctx.Err() != nil {
		c.Signal() // this signal may be for the next waiter
	}
	return ctx.Err()
}

// Put adds an item.
func (s *Store) Put(ctx context.Context, v frame.Value, try bool) error {
	room, err := s.reserve(ctx, try)
	if err == nil {
		s.put(room, v.Keep())
	}
	return err
}

// reserve keeps room. Before it says that the queue is full, it asks the children:
// a consumer may have taken an item and not told it yet.
func (s *Store) reserve(ctx context.Context, try bool) (room uint64, err error) {
	err = s.reserveNow(ctx, try)
	if err == ErrFull {
		s.sync(ctx, kindSync)
		err = s.reserveNow(ctx, try)
	}
	return 1, err
}

func (s *Store) reserveNow(ctx context.Context, try bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.await(ctx, s.room, func() bool { return s.closing || try || !s.full() })
	switch {
	case s.closing:
		return ErrClosed
	case err != nil:
		return err
	case s.full():
		return ErrFull
	}
	s.reserved++
	return nil
}

func (s *Store) release(uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reserved--
	s.change()
}

// put adds an item, even if the queue was closed since there was room for it.
func (s *Store) put(room uint64, v frame.Value) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if room > 0 {
		s.reserved--
	}
	s.made++
	s.items = append(s.items, Item{ID: s.made, Value: v})
	s.supply()
}

// Call full, ready, unfinished, over, supply, lend, insert and change with mu held.

func (s *Store) full() bool {
	return s.capacity > 0 && s.ready()+s.untaken+s.reserved >= s.capacity
}

func (s *Store) ready() int { return len(s.returned) + len(s.items) }

// unfinished: put, and not done.
func (s *Store) unfinished() int { return s.ready() + len(s.lent) }

// over: no item is left, and none can come or come back.
func (s *Store) over() bool { return s.allIn && s.reserved == 0 && s.unfinished() == 0 }

// supply gives ready items to the takers.
func (s *Store) supply() {
	for len(s.takers) > 0 && s.ready() > 0 {
		t := s.takers[0]
		s.takers = s.takers[1:]
		t.got(s.lend(t.n), nil)
	}
}

// lend gives out up to n items, but not more than a fair share: if one process has
// too many, they have to be asked back when other processes want them.
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

func (s *Store) want(n int, got func([]Item, error)) (withdraw func()) {
	t := &taker{n, got}
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
	s.mu.Lock() // if Close was called, wait until everything that was put before has arrived
	s.await(context.Background(), s.changed, func() bool { return s.allIn || !s.closing })
	s.mu.Unlock()
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

func (s *Store) take(_ context.Context, id uint64) error {
	if s.joinable {
		s.tell(kindTaken, id)
	} else {
		s.tell(kindDone, id)
	}
	return nil
}

func (s *Store) tell(what frame.Kind, id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	it, lent := s.lent[id]
	if !lent { // only nonsense says this
		return
	}
	if !it.taken {
		s.untaken--
	}
	if it.taken = what == kindTaken; it.taken {
		s.lent[id] = it
	} else {
		delete(s.lent, id)
	}
	if what == kindBack {
		s.insert(it)
	}
	s.change()
}

// insert puts an item back, before all items that were not lent.
func (s *Store) insert(it Item) {
	i, _ := slices.BinarySearchFunc(s.returned, it, func(a, b Item) int { return cmp.Compare(a.ID, b.ID) })
	s.returned = slices.Insert(s.returned, i, it)
	s.supply()
}

func (s *Store) heard(context.Context) error { return nil }

// change wakes the calls that wait for room, for EOF, or until all items are done.
func (s *Store) change() {
	if !s.full() {
		s.room.Signal()
	}
	if s.unfinished() == 0 {
		s.changed.Broadcast()
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
	defer s.mu.Unlock()
	return s.await(ctx, s.changed, func() bool { return s.unfinished() == 0 })
}

// Close stops producers at once. Consumers see EOF when everything that any
// process has put before has arrived. A process that has not called Main yet has
// put nothing, so Close does not wait for it.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return nil
	}
	s.closing = true
	s.room.Broadcast()
	go func() { // this goroutine ends when every process that has the queue has answered, or ended
		s.sync(context.Background(), kindClosing)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.allIn = true
		s.changed.Broadcast()
		s.change()
	}()
	return nil
}
