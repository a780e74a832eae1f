// Package lend lets many processes share the items of one queue.
//
// Its invariant: an item is lent, not given away. The process that made the
// queue, its owner, remembers each item that it has sent to a borrower until
// the borrower says that the item is taken. When a borrower ends before, its
// items come back to the front of the queue.
//
// The owner has a [Store]. Each process that the queue was passed to has a
// [Link], and the two are connected by a pipe in each direction, which nobody
// else has. At the owner's end of these pipes is a [Server]. A Link serves the
// process's own children in the same way: see [Holder].
//
// An item through a queue whose consumer is killed:
//
//	producer          owner                     consumer A     consumer B
//	(Link)            (Server, Store, Server)   (Link)         (Link)
//	  │ put "x"         │                         │              │
//	  ├────────────────▶│ items: x                │              │
//	  │                 │◀───────────── want 1 ───┤              │
//	  │                 ├── item x ──────────────▶│              │
//	  │                 │ lent: x to A          killed           │
//	  │                 │ the pipe ends: x comes back            │
//	  │                 │◀──────────────────────── want 1 ───────┤
//	  │                 ├── item x ─────────────────────────────▶│
//	  │                 │◀───────────────────────── taken x ─────┤
//	  │                 │ x is forgotten                       Get returns x
//
// Package mp calls [Put], [Get] and the like of a Holder.
// A Server calls its Holder; a Holder calls its Servers without waiting for
// them. Each lock is used only in the file that declares it.
//
// The package does not know what an item means, nor how processes are started.
package lend

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"

	"processbook/mp/internal/frame"
)

// What a call of a queue can refuse.
var (
	ErrClosed = errors.New("mp: closed")
	ErrFull   = errors.New("mp: the queue is full")
	ErrEmpty  = errors.New("mp: the queue is empty")
)

// A Holder is a queue as one process sees it: the Store itself in the process
// that made the queue, or a Link to the parent's. What serves a child cannot
// tell the difference.
type Holder interface {
	// Put adds an item, or says why not; it waits for room unless try is set.
	Put(ctx context.Context, v frame.Value, try bool) error
	// reserve keeps room for an item that follows, or says why not; release
	// gives the room back.
	reserve(ctx context.Context, try bool) error
	release()
	// want asks for 1 to n items, or for the reason why there will be none. It
	// calls got once, perhaps before it returns, and with locks held, so got
	// must not wait. After withdraw has returned, got is not called any more.
	// local is set if a Get of this process wants the item.
	want(n int, local bool, got func([]Item, error)) (withdraw func())
	// tryTake takes one item, or says that there is none.
	tryTake() (Item, error)
	// tell says that an item from want or tryTake is taken, done, or comes
	// back: kindTaken, kindDone, kindBack. If ctx ends first, it has not been said.
	tell(ctx context.Context, what frame.Kind, it Item) error

	Len(ctx context.Context) (int, error)
	Join(ctx context.Context) error
	Close() error

	terms() terms
	enlist(s *Server)  // s serves a child from now on
	dismiss(s *Server) // that child has ended
}

// terms are what a child's Link must know before it puts anything.
type terms struct {
	bounded bool // a Put must wait for room
	relayed bool // the owner is not the parent: what must not be lost needs an answer
	closed  bool // nothing more may be put
}

// An Item is lent when it leaves its owner.
type Item struct {
	ID    uint64
	Value frame.Value
	taken bool
}

// Get takes the next item, and waits for one. Before it returns, the owner has
// been told that the item is taken: so no item is ever given to two.
func Get(ctx context.Context, h Holder) (Item, error) {
	if ctx.Err() != nil {
		return Item{}, ctx.Err()
	}
	got := make(chan answer, 1)
	withdraw := h.want(1, true, func(lot []Item, err error) { got <- answer{lot, err} })
	select {
	case a := <-got:
		return a.take(ctx, h)
	case <-ctx.Done():
	}
	withdraw()
	select {
	case a := <-got: // it came in the same moment
		return a.take(ctx, h)
	default:
		return Item{}, ctx.Err()
	}
}

// TryGet takes the next item, or returns ErrEmpty.
func TryGet(h Holder) (Item, error) {
	if l, ok := h.(*Link); ok {
		if it, ok := l.takeOurs(); ok {
			return it, nil
		}
	}
	it, err := h.tryTake()
	return answer{[]Item{it}, err}.take(context.Background(), h)
}

// Done says that an item from Get or TryGet is done.
func Done(h Holder, id uint64) error {
	return h.tell(context.Background(), kindDone, Item{ID: id})
}

// An answer is what want gives.
type answer struct {
	lot []Item
	err error
}

func (a answer) take(ctx context.Context, h Holder) (Item, error) {
	if a.err != nil {
		return Item{}, a.err
	}
	if it := a.lot[0]; it.taken { // by an earlier Get here, whose context ended before it knew
		return it, nil
	}
	return a.lot[0], h.tell(ctx, kindTaken, a.lot[0])
}

// The frames between a Link and its Server.
const (
	kindPut      frame.Kind = iota + 1 // up: an item, for which there is room: with its reply, the id is the room's call
	kindPart                           // up: a part of a long item; the id is that of its put
	kindPutParts                       // up: these parts are an item
	kindWant                           // up: id is how many items would be welcome; one batch answers
	kindTaken                          // up: a Get is about to return this item
	kindBack                           // up: this item is not wanted after all
	kindDone                           // up: this item is done
	kindRoom                           // up, a call: keep room for an item
	kindTryRoom                        // up, a call: the same, but do not wait
	kindOffer                          // up, a call: an item; reply when it is in
	kindTryOffer                       // up, a call: an item; reply whether it is in
	kindTryWant                        // up, a call: one item if there is one
	kindLen                            // up, a call
	kindJoin                           // up, a call
	kindClose                          // up, a call
	kindTell                           // up, a call: kindTaken, kindDone or kindBack, if the owner is not the parent
	kindReturn                         // up, a call: an item that was taken, but no Get has returned it
	kindCancel                         // up: that call is not wanted any more
	kindSynced                         // up: the answer to kindSync and kindClosing
	kindTerms                          // down, first: what a Put must know
	kindMore                           // down: an item, and more of this batch follow
	kindItem                           // down: the batch's last item
	kindTried                          // down: the item for a kindTryWant
	kindEnd                            // down: closed and empty, for good
	kindReply                          // down: to a call
	kindSync                           // down: give back what is not taken; what was put before the answer has arrived
	kindClosing                        // down: the same, and put nothing more
)

const maxWant = 512 // items in a batch

func encodeTerms(t terms) []byte {
	return []byte{bit(t.bounded), bit(t.relayed), bit(t.closed)}
}

func decodeTerms(b []byte) (t terms) {
	if len(b) == 3 {
		t = terms{b[0] == 1, b[1] == 1, b[2] == 1}
	}
	return t
}

func bit(on bool) byte {
	if on {
		return 1
	}
	return 0
}

// A tell for an owner further up is a kind and the number of an item.
func encodeTell(what frame.Kind, id uint64) []byte {
	return binary.LittleEndian.AppendUint64([]byte{byte(what)}, id)
}

func decodeTell(b []byte) (what frame.Kind, id uint64, err error) {
	if len(b) != 9 {
		return 0, 0, frame.ErrBroken
	}
	return frame.Kind(b[0]), binary.LittleEndian.Uint64(b[1:]), nil
}

// A reply is a code, a number and a text.
var replyCodes = []error{nil, ErrClosed, ErrFull, ErrEmpty, io.EOF, context.Canceled}

func encodeReply(n int, err error) []byte {
	code := slices.Index(replyCodes, err)
	b := binary.LittleEndian.AppendUint64([]byte{byte(code)}, uint64(n))
	if code < 0 {
		b = append(b, err.Error()...)
	}
	return b
}

func decodeReply(b []byte) (n int, err error) {
	if len(b) < 9 {
		return 0, frame.ErrBroken
	}
	n = int(binary.LittleEndian.Uint64(b[1:]))
	if code := int(b[0]); code < len(replyCodes) {
		return n, replyCodes[code]
	}
	return n, errors.New(string(b[9:]))
}
