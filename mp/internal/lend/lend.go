// Package lend lets many processes share the items of one queue.
//
// Its invariant: an item is lent, not given away. The process that made the
// queue, its owner, remembers each item that it has sent to a borrower until
// the borrower says that the item is done. When a borrower ends before, its
// items come back to the front of the queue.
//
// The owner has a [Store]. Each process that the queue was passed to has a
// [Link] to its parent: a pipe in each direction, which no other process has. At
// the parent's end of these pipes is a [Server]. If the parent is not the owner,
// its Server asks the parent's own Link: see [Holder].
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
//	  │                 │◀────────────────────────── done x ─────┤
//	  │                 │ x is forgotten                       Get returns x
//
// When a Get is about to return x, a child says "done x". A grandchild says
// "taken x" and, when the owner has heard that, "done x". At a joinable queue both
// say "taken x", and "done x" at TaskDone. If a Get gives up after "taken x", it says
// "back x". If the consumer is killed, x comes back unless the consumer said "done x",
// or, at a queue that is not joinable, "taken x".
//
// Package mp calls [Get], Holder.Put and the like. A Server calls its Holder. A
// Holder calls its Servers, and waits for their answers only without a lock.
//
// Each lock is used only in the file that declares it. They are taken in this
// order: mu of the Holder, mu of the Server, and then one of desk, calls.mu and the
// Writer's mu. While one of them is held, nothing waits for a pipe or an answer.
//
// The package does not know what an item means, nor how processes are started.
package lend

import (
	"context"
	"errors"

	"processbook/mp/internal/frame"
)

// When a call is refused, it returns one of these errors.
var (
	ErrClosed = errors.New("mp: already closed, by a call of Close")
	ErrFull   = errors.New("mp: the queue is full")
	ErrEmpty  = errors.New("mp: the queue is empty")
)

// Terms tell a process about a queue that was passed to it.
type Terms byte

const (
	Joinable Terms = 1 << iota // an item that is taken may still come back
	bounded                    // a Put must wait for room
	relayed                    // the owner is not the parent: a message that must not be lost needs an answer
)

// A Holder is a queue as one process sees it: the Store itself in the process
// that made the queue, or a Link to the parent's Holder. A Server uses both in the
// same way.
type Holder interface {
	// Put adds an item, or says why not; it waits for room unless try is set.
	Put(ctx context.Context, v frame.Value, try bool) error
	Len(ctx context.Context) (int, error)
	Join(ctx context.Context) error
	Close() error
	// Terms are those for a child that the queue is passed to.
	Terms() Terms

	// want asks for 1 to n items, or for the reason why there will be none. It
	// calls got once, perhaps before it returns, and with locks held, so got
	// must not wait. After withdraw has returned, got is not called any more.
	want(n int, got func([]Item, error)) (withdraw func())
	// takeNow takes an item that is in this process, or says that none is.
	takeNow() (Item, error)
	// tryTake takes one item, or says that there is none in any process.
	tryTake() (Item, error)
	// take tells the owner that a Get is about to return an item. If ctx ends
	// first, the item goes back.
	take(ctx context.Context, id uint64) error

	// reserve keeps room for an item, or says why not. The room is not 0.
	reserve(ctx context.Context, try bool) (room uint64, err error)
	// release gives the room back; put adds the item. They do not wait.
	release(room uint64)
	put(room uint64, v frame.Value)
	// tell says that an item is taken, done, or comes back: kindTaken, kindDone,
	// kindBack. It does not wait.
	tell(what frame.Kind, id uint64)
	// heard returns when the owner is sure to read everything that was put
	// and told before, even if this process is killed now.
	heard(ctx context.Context) error

	closed() bool
	enlist(s *Server)  // s has a child from now on
	dismiss(s *Server) // that child has ended
}

// An Item is lent when it leaves its owner.
type Item struct {
	ID    uint64
	Value frame.Value
	taken bool // as the owner knows: a Get has it, so it does not count any more
}

// Get takes the next item, and waits for one. Before Get returns, the owner has
// been told that the item is taken: so no two Gets return the same item, unless
// the queue is joinable and a consumer has ended before it was done.
func Get(ctx context.Context, h Holder) (Item, error) {
	if ctx.Err() != nil {
		return Item{}, ctx.Err()
	}
	if it, err := h.takeNow(); err == nil {
		return it, h.take(ctx, it.ID)
	}
	type answer struct {
		lot []Item
		err error
	}
	got := make(chan answer, 1)
	withdraw := h.want(1, func(lot []Item, err error) { got <- answer{lot, err} })
	var a answer
	select {
	case a = <-got:
	case <-ctx.Done():
		withdraw()
		select {
		case a = <-got: // it came at the same time
		default:
			return Item{}, ctx.Err()
		}
	}
	if a.err != nil {
		return Item{}, a.err
	}
	return a.lot[0], h.take(ctx, a.lot[0].ID)
}

// TryGet takes the next item, or returns ErrEmpty.
func TryGet(h Holder) (Item, error) {
	it, err := h.tryTake()
	if err != nil {
		return it, err
	}
	return it, h.take(context.Background(), it.ID)
}

// Done says that an item from Get or TryGet is done.
func Done(h Holder, id uint64) error {
	h.tell(kindDone, id)
	return h.heard(context.Background())
}

// The frames between a Link and its Server.
const (
	kindPut     frame.Kind = iota + 1 // up: an item, or the last part of a long one; the id is that of its room, or 0
	kindPart                          // up: a part of a long item; the id is that of its kindPut
	kindWant                          // up: id is how many items would be welcome; one batch answers
	kindTaken                         // up: a Get is about to return this item
	kindBack                          // up: this item is not wanted after all
	kindDone                          // up: this item is done, or a Get has it and no other will
	kindRoom                          // up, a call: keep room for an item; the room has the id of the call
	kindTryRoom                       // up, a call: the same, but do not wait
	kindTryWant                       // up, a call: one item if there is one; the reply has it
	kindHeard                         // up, a call: reply when the owner will hear of all that came before
	kindLen                           // up, a call
	kindJoin                          // up, a call
	kindClose                         // up, a call
	kindCancel                        // up: that call, that room or these parts are not wanted any more
	kindSynced                        // up: the reply to kindSync and kindClosing
	kindOpen                          // down, first: from now on items may be put
	kindMore                          // down: an item, and more of this batch follow
	kindItem                          // down: the batch's last item
	kindEnd                           // down: closed and empty, for good
	kindReply                         // down: to a call
	kindSync                          // down, a call: give back what is not taken; what was put before the reply has arrived
	kindClosing                       // down, a call: the same, and put nothing more
)

const maxWant = 512 // items in a batch
