package lend

import (
	"bytes"
	"io"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"
	"time"

	"processbook/mp/internal/frame"
)

// G8: a process may send any bytes. The process that reads them goes on, and its
// data stays consistent.

// With mustEnd, a test that hangs fails. So the fuzzer keeps the input on which
// it hangs.
func mustEnd() (ended func() bool) {
	return time.AfterFunc(20*time.Second, func() {
		debug.SetTraceback("all")
		panic("it hangs")
	}).Stop
}

// The owner of a queue reads from a child.
func FuzzQueueServer(f *testing.F) {
	f.Add(talk(say(kindPut, 0, '7'), say(kindWant, 3), say(kindTaken, 1), say(kindDone, 1), say(kindBack, 2)))
	f.Add(talk(
		say(kindTryWant, 3),
		say(kindLen, 4),
		say(kindJoin, 5),
		say(kindCancel, 5),
		say(kindHeard, 6),
		say(kindSynced, 1),
		say(kindClose, 7),
	))
	f.Add(talk(
		say(kindRoom, 1),
		say(kindTryRoom, 2),
		say(kindRoom, 3),
		say(kindCancel, 2),
		say(kindPart, 1, '1', '2'),
		say(kindPart, 1, '3'),
		say(kindPut, 1, '4'),
		say(kindPart, 3, '4'),
		say(kindCancel, 3),
		say(kindPut, 3, '7'),
		say(kindRoom, 4),
	))
	f.Add(talk(say(kindWant, 2), say(kindTaken, 1), say(kindBack, 1), say(kindTaken, 2)))
	f.Add(talk(say(kindOpen, 0)))
	f.Fuzz(func(t *testing.T, data []byte) {
		defer mustEnd()()
		for _, store := range []*Store{NewStore(0, false), NewStore(2, false), NewStore(0, true), NewStore(3, true)} {
			store.Put(ctx, number(1), true)
			store.Put(ctx, number(2), true)
			serve(t, store, data)
			checkReturned(t, store)
		}
	})
}

// A process has a queue of its parent, and reads from its own child.
func FuzzQueueServerInTheMiddle(f *testing.F) {
	f.Add(talk(
		say(kindWant, 3),
		say(kindRoom, 1),
		say(kindPut, 1, '7'),
		say(kindHeard, 2),
		say(kindTryWant, 3),
		say(kindTaken, 1),
		say(kindDone, 1),
		say(kindJoin, 5),
		say(kindSynced, 1),
		say(kindClose, 7),
	))
	f.Add(talk(say(kindRoom, 1), say(kindPart, 1, '7'), say(kindPut, 1), say(kindTryRoom, 2), say(kindCancel, 2)))
	f.Add(talk(
		say(kindWant, 2),
		say(kindTaken, 1),
		say(kindHeard, 1),
		say(kindBack, 1),
		say(kindLen, 3),
	))
	f.Fuzz(func(t *testing.T, data []byte) {
		defer mustEnd()()
		for _, store := range []*Store{NewStore(2, true), NewStore(0, false)} {
			store.Put(ctx, number(1), true)
			store.Put(ctx, number(2), true)
			l, end := link(t, store)
			<-l.open
			serve(t, l, data)
			end()
			checkReturned(t, store)
		}
	})
}

// A child reads from the owner of a queue.
func FuzzQueueLink(f *testing.F) {
	f.Add(talk(
		say(kindOpen, 0),
		say(kindMore, 1, '7'),
		say(kindItem, 2, '7'),
		say(kindReply, 1),
		say(kindSync, 1),
		say(kindClosing, 2),
		say(kindEnd, 0),
	))
	f.Add(talk(
		say(kindClosing, 1),
		say(kindOpen, 0),
		frame.Frame{Kind: kindItem, ID: 1, Value: frame.Failure(io.ErrNoProgress)},
		frame.Frame{Kind: kindReply, ID: 1, Value: frame.Failure(io.EOF)},
		say(kindReply, 2),
		say(kindOpen, 0),
	))
	f.Add(talk(say(kindReply, 1), say(kindReply, 2, 1, 2), say(kindReply, 3, withNumber(1, number(7)).Data...)))
	f.Add(talk(say(kindOpen, 0), frame.Frame{Kind: kindReply, ID: 1, Value: frame.Failure(io.ErrNoProgress)}, say(kindPut, 0, '7')))
	f.Fuzz(func(t *testing.T, data []byte) {
		defer mustEnd()()
		l := NewLink(io.Discard, bounded|relayed)
		got := 0
		l.want(2, func([]Item, error) { got++ })
		var calls sync.WaitGroup
		calls.Go(func() { l.Len(ctx) })
		calls.Go(func() { l.Put(ctx, number(1), false) })
		calls.Go(func() { l.take(ctx, 1) })
		calls.Go(func() { l.tryTake() })
		for waiting := 0; waiting < 3; runtime.Gosched() {
			l.calls.mu.Lock()
			waiting = len(l.calls.waiting)
			l.calls.mu.Unlock()
		}
		l.Listen(bytes.NewReader(data))
		calls.Wait() // no call waits forever
		if got != 1 {
			t.Errorf("%d results of one want", got)
		}
	})
}
