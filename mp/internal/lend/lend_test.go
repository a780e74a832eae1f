package lend

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"processbook/mp/internal/frame"
)

var ctx = context.Background()

// soon returns a context that ends in half a minute. In a correct program, no
// call takes that long.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// until asks again and again until so() is true, if there is no message to wait
// for.
func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	for ctx := soon(t); !so(); time.Sleep(time.Millisecond) {
		if ctx.Err() != nil {
			t.Fatalf("%s: not true after half a minute", what)
		}
	}
}

// kill takes the place of a child's Kill.
func kill() error { return nil }

// newServer returns a Server for a child that hears nothing.
func newServer(h Holder) *Server { return NewServer(h, deaf{io.Discard}, kill) }

type deaf struct{ io.Writer }

func (deaf) Close() error { return nil }

// number returns an item.
func number(n int) frame.Value { return frame.Value{Data: []byte(strconv.Itoa(n))} }

func numberOf(t *testing.T, it Item) int {
	t.Helper()
	n, err := strconv.Atoi(string(it.Value.Data))
	if err != nil {
		t.Error(err)
	}
	return n
}

// link connects a child to a holder. end ends the child, and returns when the
// holder has read all of its messages.
func link(t *testing.T, h Holder) (l *Link, end func()) {
	t.Helper()
	l, s, end := connect(t, h)
	s.Open()
	return l, end
}

// connect is link for a child that may already get items, but not put any.
func connect(t *testing.T, h Holder) (l *Link, s *Server, end func()) {
	t.Helper()
	upR, upW, _ := os.Pipe()
	downR, downW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s = NewServer(h, downW, kill)
	l = NewLink(upW, h.Terms())
	var all sync.WaitGroup
	all.Go(func() { s.Read(upR) })
	all.Go(func() { l.Listen(downR) })
	end = sync.OnceFunc(func() {
		upW.Close()
		all.Wait()
		downR.Close()
	})
	t.Cleanup(end)
	return l, s, end
}

// In serve, a child sends these bytes slowly, and then ends. serve returns when
// all calls of the child have ended.
func serve(t *testing.T, h Holder, said []byte) {
	t.Helper()
	s := newServer(h)
	s.Open()
	s.Read(io.NopCloser(&drip{said}))
	until(t, "the end of all calls", func() bool { return s.waiting() == 0 })
}

// A drip lets other goroutines run before each byte, and before EOF.
type drip struct{ said []byte }

func (d *drip) Read(b []byte) (int, error) {
	for range 10 {
		runtime.Gosched()
	}
	n := copy(b[:1], d.said)
	if d.said = d.said[n:]; n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// waiting counts the calls that have no result yet.
func (s *Server) waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.serving)
}

// talk returns the bytes of several messages.
func talk(frames ...frame.Frame) []byte {
	var b bytes.Buffer
	frame.NewWriter(&b).Send(ctx, frames...)
	return b.Bytes()
}

func say(k frame.Kind, id uint64, data ...byte) frame.Frame {
	return frame.Frame{Kind: k, ID: id, Value: frame.Value{Data: data}}
}

// If items were sent ahead to a consumer, the owner can take them back for
// another consumer.
func TestItemsAheadAreAskedBack(t *testing.T) {
	for _, opened := range []bool{true, false} { // Open may come later than the first Get
		askBack(t, opened, func(s *Store) (Item, error) { return TryGet(s) })
		askBack(t, opened, func(s *Store) (Item, error) { return Get(soon(t), s) })
	}
}

func askBack(t *testing.T, opened bool, get func(*Store) (Item, error)) {
	t.Helper()
	const n = 1000
	s := NewStore(0, false)
	for i := range n {
		s.Put(ctx, number(i), false)
	}
	l, server, _ := connect(t, s)
	if opened {
		server.Open()
	}
	taken, sum := 0, 0
	for ahead := 0; ahead == 0 && taken < n; taken++ {
		it, err := Get(soon(t), l)
		if err != nil {
			t.Fatal(err)
		}
		sum += numberOf(t, it)
		l.mu.Lock()
		ahead = len(l.fetched)
		l.mu.Unlock()
	}
	if taken == n {
		t.Fatal("nothing was sent ahead")
	}
	for ; taken < n; taken++ {
		it, err := get(s)
		if err != nil {
			t.Fatalf("%d of %d items: %v", taken, n, err)
		}
		sum += numberOf(t, it)
	}
	if sum != n*(n-1)/2 {
		t.Errorf("the sum is %d, want %d", sum, n*(n-1)/2)
	}
}

// Len does not count an item that a consumer has already taken.
func TestLenAsksTheConsumers(t *testing.T) {
	s := NewStore(0, false)
	l, _ := link(t, s)
	for range 1000 {
		s.Put(ctx, number(1), false)
		if _, err := Get(soon(t), l); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Len(ctx); n != 0 || err != nil {
			t.Fatalf("Len() = %d, %v; want 0", n, err)
		}
	}
}

// A consumer can say of an item that it is taken, done or comes back. After any
// other message, the item must still be there.
func TestNonsenseAboutAnItem(t *testing.T) {
	store := NewStore(0, false)
	store.Put(ctx, number(7), true)
	s := newServer(store)
	store.want(1, s.deliver)
	s.told(kindPut, 1)
	s.end()
	if it, err := TryGet(store); err != nil || numberOf(t, it) != 7 {
		t.Errorf("TryGet() = %v, %v; want 7", it, err)
	}
}

// If a child says something impossible of an item, the item is still there for
// other consumers.
func TestNonsenseFromAConsumer(t *testing.T) {
	for name, said := range map[string][]byte{
		"it wants no items": talk(say(kindWant, 0)),
		"it is done with an item that it has not taken": talk(
			say(kindWant, 1), say(kindDone, 1)),
		"it takes an item that it was not given":      talk(say(kindTaken, 1), say(kindDone, 1)),
		"it gives back an item that it was not given": talk(say(kindBack, 1)),
		"it is done twice":                            talk(say(kindWant, 1), say(kindTaken, 1), say(kindBack, 1), say(kindDone, 1)),
	} {
		t.Run(name, func(t *testing.T) {
			store := NewStore(0, true)
			store.Put(ctx, number(7), true)
			serve(t, store, said)
			checkReturned(t, store)
			it, err := TryGet(store)
			if err != nil || numberOf(t, it) != 7 {
				t.Errorf("TryGet() = %v, %v; want 7", it, err)
			}
			if it, err := TryGet(store); err != ErrEmpty {
				t.Errorf("another item: %v, %v", it, err)
			}
			Done(store, it.ID)
			if err := store.Join(soon(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

// A room is a place in a queue for one item. It is used once or given back once,
// even if a child says something else.
func TestNonsenseAboutRooms(t *testing.T) {
	for name, said := range map[string][]frame.Frame{
		"it uses none":                       {say(kindRoom, 1), say(kindTryRoom, 2)},
		"it gives one back":                  {say(kindRoom, 1), say(kindCancel, 1)},
		"it gives back twice":                {say(kindRoom, 1), say(kindCancel, 1), say(kindCancel, 1)},
		"it gives back one that it has used": {say(kindRoom, 1), say(kindPut, 1, '7'), say(kindCancel, 1), say(kindWant, 1), say(kindTaken, 1)},
		"it gives back rooms of others":      {say(kindRoom, 1), say(kindCancel, 2), say(kindCancel, 0)},
		"it puts parts of nothing":           {say(kindRoom, 1), say(kindPart, 1, 1), say(kindPart, 9, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			store := NewStore(2, false)
			s := newServer(store)
			s.Open()
			for _, f := range said {
				if err := s.obey(f); err != nil {
					t.Error(err)
				}
				until(t, "an answer", func() bool { return s.waiting() == 0 })
			}
			s.end()
			checkReturned(t, store)
			if err := errors.Join(store.Put(ctx, number(1), true), store.Put(ctx, number(2), true)); err != nil {
				t.Errorf("there were two rooms: %v", err)
			}
			if err := store.Put(ctx, number(3), true); err != ErrFull {
				t.Errorf("a third room: %v", err)
			}
		})
	}
}

// A child asks for room, and ends. The room is given back.
func TestRoomForOneThatHasEnded(t *testing.T) {
	store := NewStore(1, false)
	s := newServer(store)
	s.Open()
	s.end()
	s.obey(say(kindRoom, 1))
	until(t, "an answer", func() bool { return s.waiting() == 0 })
	checkReturned(t, store)
}

// While a call waits for room, its child ends, or gives the call up. The call
// gets no room.
func TestRoomThatNobodyWaitsFor(t *testing.T) {
	for _, cancel := range []bool{true, false} {
		store := NewStore(1, false)
		store.Put(ctx, number(1), true)
		s := newServer(store)
		s.Open()
		s.obey(say(kindRoom, 1))
		until(t, "a call that waits for room", func() bool {
			stacks := make([]byte, 1<<20)
			stacks = stacks[:runtime.Stack(stacks, true)]
			return regexp.MustCompile(`sync\.\(\*Cond\)\.Wait\(.*\n.*\n\S*\(\*Store\)\.await\(`).Match(stacks)
		})
		if cancel {
			s.obey(say(kindCancel, 1))
		} else {
			s.end()
		}
		until(t, "an answer", func() bool { return s.waiting() == 0 })
		TryGet(store)
		if err := store.Put(ctx, number(2), true); err != nil {
			t.Errorf("canceled %t: %v", cancel, err)
		}
		s.end()
	}
}

// G3: if a child dies in the middle of a Put, nothing of it is left: not half an
// item, and no room.
func TestPutThatBreaksOff(t *testing.T) {
	long := bytes.Repeat([]byte("long"), 20)
	for name, said := range map[string][]byte{
		"an item":               talk(say(kindPut, 0, long...)),
		"an item with its room": talk(say(kindRoom, 1), say(kindPut, 1, long...)),
		"an item in parts":      talk(say(kindPart, 5, long[:30]...), say(kindPut, 5, long[30:]...)),
	} {
		t.Run(name, func(t *testing.T) {
			for n := range len(said) + 1 {
				store := NewStore(1, false)
				serve(t, store, said[:n])
				checkReturned(t, store)
				if n < len(said) {
					if err := store.Put(ctx, number(1), true); err != nil {
						t.Fatalf("after %d of %d bytes: %v", n, len(said), err)
					}
					continue
				}
				if it, err := TryGet(store); err != nil || !bytes.Equal(it.Value.Data, long) {
					t.Errorf("the item: %q, %v", it.Value.Data, err)
				}
			}
		})
	}
}

// Items that come back are again in their old places: before all items that were
// not lent.
func TestOrderOfWhatComesBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	s := NewStore(0, false)
	var ready, lent []int
	put := 0
	for i := range 50_000 {
		grow := i%5000 < 3000 // the queue becomes long, and then short again
		switch n := rng.IntN(10); {
		case n < 2 && len(lent) > 0:
			at := rng.IntN(len(lent))
			back := lent[at]
			lent = slices.Delete(lent, at, at+1)
			s.tell(kindBack, uint64(back))
			where, _ := slices.BinarySearch(ready, back)
			ready = slices.Insert(ready, where, back)
		case n < 6 && grow || n < 3:
			put++
			s.Put(ctx, number(put), true)
			ready = append(ready, put)
		case n == 9 && len(lent) > 0:
			s.tell(kindDone, uint64(lent[0]))
			lent = lent[1:]
		case len(ready) > 0:
			it, err := s.takeNow()
			if err != nil || numberOf(t, it) != ready[0] || it.ID != uint64(ready[0]) {
				t.Fatalf("step %d: %v, %v; want %d", i, it, err, ready[0])
			}
			lent, ready = append(lent, ready[0]), ready[1:]
		}
		if n, err := s.Len(ctx); n != len(ready)+len(lent) || err != nil {
			t.Fatalf("step %d: Len() = %d, %v; want %d", i, n, err, len(ready)+len(lent))
		}
	}
}

// checkReturned checks that no child has an item of the queue, or a room in it.
func checkReturned(t *testing.T, store *Store) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		store.mu.Lock()
		lent, untaken, reserved := len(store.lent), store.untaken, store.reserved
		store.mu.Unlock()
		if lent == 0 && untaken == 0 && reserved == 0 { // a kindTryWant may give its item back a moment later
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d items are still lent, %d untaken, %d rooms reserved", lent, untaken, reserved)
		}
	}
}

// Main says that a child waits for an item. It need not say so of a closed queue,
// unless a TaskDone may be missing.
func TestBlocked(t *testing.T) {
	for _, joinable := range []bool{false, true} {
		store := NewStore(0, joinable)
		l, s, _ := connect(t, store)
		silent := newServer(store) // its child does not answer, so Get cannot see EOF yet
		silent.Open()
		go Get(t.Context(), l)
		until(t, "a Get of the child waits", s.Blocked)
		store.Close()
		if s.Blocked() != joinable {
			t.Errorf("joinable %t: after Close, Blocked() = %t", joinable, !joinable)
		}
		silent.end()
		until(t, "EOF", func() bool { return !s.Blocked() })
	}
}
