package mp

import (
	"context"
	"fmt"
	"io"
	"iter"
	"os"
	"sync"
)

// A Queue passes items from processes that call [Queue.Put] to processes that
// call [Queue.Get]. There can be any number of both. Each item is a copy, and
// goes to one of them. It is Python's Queue.
//
// Make a queue with [NewQueue]. To share it with a child, pass it to
// [NewProcess], as the argument or in an exported field of the argument. A
// child can share it with its own children in the same way.
//
// Items come out in the order in which they arrived, and the items of one
// process keep the order of its Puts. There is one exception: items may be sent
// to a consumer before it asks for them, and those that it does not use go back
// to the front of the queue.
//
// A queue lives in the process that made it. When another process is killed, at
// any moment, the queue goes on working for the rest. Put adds an item as a
// whole or not at all, and an item stays in the queue until a Get returns it,
// even if it was on its way to the process that was killed.
type Queue[T any] struct {
	holder   holder[T]
	joinable bool
	stray    bool // made at package level of a child

	mu   sync.Mutex
	work []uint64 // of a JoinableQueue: the items got here and not done, oldest first
}

// A holder is a Queue as one process sees it: the store itself, in the process
// that made it (queue_owner.go), or a link to the parent's (queue_remote.go).
// Whatever serves a child (queue_serve.go) cannot tell the difference.
type holder[T any] interface {
	// put adds v, or says why not; it waits for room unless try is set.
	put(ctx context.Context, v T, try bool) error
	// want asks for 1 to n items, or for the reason why there will be none. It
	// calls got once, perhaps before it returns, and with locks held, so got
	// must not wait. After withdraw has returned, got is not called any more.
	want(n int, got func([]item[T], error)) (withdraw func())
	// tryTake takes one item, or says that there is none.
	tryTake() (item[T], error)
	// tell says of an item from want or tryTake that it is taken, done or
	// comes back: msgTaken, msgDone, msgBack.
	tell(what kind, id uint64) error

	count(ctx context.Context) (int, error)
	join(ctx context.Context) error
	close() error

	terms() terms                    // for a child's link, as things stand
	board() (t terms, landed func()) // the same, until the child's server is enlisted
	enlist(s *server[T])             // s serves a child from now on
	dismiss(s *server[T])
}

// terms are what a child's link must know.
type terms struct {
	Direct  bool // the owner is the parent, and there is always room: a Put needs no answer
	Relayed bool // the owner is further up: what must not be lost needs an answer
	Closed  bool // nothing more may be put
}

// An item is lent when it leaves its owner. It is the borrower's when he says
// that it is taken; it comes back when he says so, or dies.
type item[T any] struct {
	id    uint64
	value T
	err   error // it could not be decoded; whoever gets it is told
	taken bool
}

// NewQueue returns a queue that holds at most capacity items, or any number if
// capacity is 0 or less, as in Python. An item counts until Get returns it.
// Call it in a function, not for a variable at package level: there every
// process would make a queue of its own, which nobody else has, so its use in a
// child panics.
func NewQueue[T any](capacity int) *Queue[T] {
	return newQueue[T](capacity, false)
}

func newQueue[T any](capacity int, joinable bool) *Queue[T] {
	return &Queue[T]{holder: newStore[T](capacity, joinable), joinable: joinable, stray: tooEarly()}
}

// hold is where a queue that is none is found out.
func (q *Queue[T]) hold() holder[T] {
	if q == nil || q.holder == nil {
		panic("mp: a queue that NewQueue has not made; a queue travels only in an exported field of an argument")
	}
	if q.stray {
		panic("mp: this queue was made before mp.Main, so every process has one of its own; " +
			"call NewQueue in run, and hand the queue over in an argument")
	}
	return q.holder
}

// Put adds a copy of v to the queue. If the queue is full, Put waits for room.
//
// If Put returns nil, the item is in the queue, and stays there even if this
// process is killed a moment later. If Put returns an error, the item is not in
// the queue. The error is ctx.Err() if ctx ended first, and [ErrClosed] if the
// queue is closed. If v cannot be encoded, the error says why.
//
// If the queue is full and every consumer has ended, Put still waits, because a
// new consumer may be started. To limit the wait, use a ctx with a timeout.
func (q *Queue[T]) Put(ctx context.Context, v T) error {
	return inQueue("put", q.hold().put(ctx, v, false))
}

// TryPut is [Queue.Put] without waiting for a consumer: [ErrFull] if there is
// no room. Full means full: as TryGet does, it asks the other processes that
// have the queue first, and waits while one of them is stopped. It is Python's
// put_nowait.
func (q *Queue[T]) TryPut(v T) error {
	return inQueue("put", q.hold().put(context.Background(), v, true))
}

// Get removes the first item from the queue and returns it. If the queue is
// empty, Get waits. It returns [io.EOF] if the queue is empty and closed, and
// ctx.Err() if ctx ends first.
//
// If the queue is empty and every producer has ended, Get still waits, because
// a new producer may be started. To end the wait, call [Queue.Close].
func (q *Queue[T]) Get(ctx context.Context) (T, error) {
	var v T
	if ctx.Err() != nil {
		return v, ctx.Err()
	}
	got := make(chan answer[T], 1)
	withdraw := q.hold().want(1, func(lot []item[T], err error) { got <- answer[T]{lot, err} })
	select {
	case a := <-got:
		return q.accept(a)
	case <-ctx.Done():
	}
	withdraw()
	select {
	case a := <-got: // it came in the same moment
		return q.accept(a)
	default:
		return v, ctx.Err()
	}
}

// answer is what want gives.
type answer[T any] struct {
	lot []item[T]
	err error
}

// accept makes an item this process's own, and tells its owner before anybody
// here can see it: so no item is ever given twice.
func (q *Queue[T]) accept(a answer[T]) (v T, err error) {
	if a.err != nil {
		return v, inQueue("get", a.err)
	}
	it := a.lot[0]
	if err := q.hold().tell(msgTaken, it.id); err != nil {
		return v, inQueue("get", err)
	}
	if q.joinable {
		q.mu.Lock()
		q.work = append(q.work, it.id)
		q.mu.Unlock()
	}
	return it.value, inQueue("get", it.err)
}

// TryGet is [Queue.Get] without waiting for a producer: [ErrEmpty] if there is
// no item. Empty means empty: what any process has put before is counted, so
// TryGet may ask the other processes that have the queue, and waits while one
// of them is stopped. It is Python's get_nowait.
func (q *Queue[T]) TryGet() (T, error) {
	it, err := q.hold().tryTake()
	return q.accept(answer[T]{[]item[T]{it}, err})
}

// All returns a sequence of the items that Get returns, until Get fails:
//
//	for item := range queue.All(ctx) { ... }
//
// ends when the queue is closed and empty, in every process that ranges over
// it. If ctx may have ended, one more Get says whether it was that. It takes
// the place of Python's None for each consumer.
func (q *Queue[T]) All(ctx context.Context) iter.Seq[T] {
	return func(yield func(T) bool) {
		for {
			v, err := q.Get(ctx)
			if err != nil || !yield(v) {
				return
			}
		}
	}
}

// Len returns the number of items that have been put and not been got, by any
// process, at one moment. It asks all of them, and waits while one is stopped.
// To know whether there will be more, use Close and [io.EOF], not Len. It is
// Python's qsize.
func (q *Queue[T]) Len() (int, error) {
	n, err := q.hold().count(context.Background())
	return n, inQueue("len", err)
}

// Close tells every process that nothing more will be put, like close(ch) for a
// channel. After that, Put returns [ErrClosed]. Get still returns the items that
// are in the queue, and then [io.EOF].
//
// Call Close when all producers have finished, in the process that joined them.
// Do not leave it to a producer: a producer that is killed never calls it. If
// nobody calls Close, consumers wait forever, and [Main] waits for them; so if
// run may return early, write defer q.Close(). A second Close does nothing.
//
// [io.EOF] from Get does not mean that the producers have ended. To know that,
// join them.
func (q *Queue[T]) Close() error { return inQueue("close", q.hold().close()) }

// A JoinableQueue is a [Queue] that knows when its items have been dealt with:
// whoever gets an item calls TaskDone after that. An item whose consumer ended
// without TaskDone, killed or not, goes back to the front of the queue and to
// another consumer, so the work is done at least once. (An item that kills
// whoever gets it kills them all; then Join waits for a new consumer.) It is
// Python's JoinableQueue.
//
// While items are unfinished, Get waits even if the queue is closed and empty,
// since one may come back. So Close, and then join the consumers: they end when
// all is done. Join is for those who go on putting.
type JoinableQueue[T any] struct{ *Queue[T] }

// NewJoinableQueue is [NewQueue] for a [JoinableQueue].
func NewJoinableQueue[T any](capacity int) *JoinableQueue[T] {
	return &JoinableQueue[T]{newQueue[T](capacity, true)}
}

// TaskDone says that the item which this process got longest ago is done: so
// let one goroutine of a process get items and finish them. Forgotten once, the
// consumers and Join wait for ever. It returns [ErrTaskDone] if this process has
// no unfinished item.
func (q *JoinableQueue[T]) TaskDone() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.work) == 0 {
		return ErrTaskDone
	}
	id := q.work[0]
	q.work = q.work[1:]
	return inQueue("task done", q.hold().tell(msgDone, id))
}

// Join waits until every item that was put is done, even if no consumer is left:
// there may be another one. It returns ctx.Err() if ctx ends first.
func (q *JoinableQueue[T]) Join(ctx context.Context) error {
	return inQueue("join", q.hold().join(ctx))
}

func inQueue(what string, err error) error {
	switch err {
	case nil, io.EOF, context.Canceled, context.DeadlineExceeded, ErrFull, ErrEmpty:
		return err
	}
	return fmt.Errorf("%s: %w", what, err)
}

// The frames between a queue's holder and a child's link to it.
const (
	msgPut      kind = iota + 1 // up: an item; it is in
	msgWant                     // up: id is how many items would be welcome; one batch answers
	msgTaken                    // up: a Get is about to return this item
	msgBack                     // up: this item is not wanted after all
	msgDone                     // up: this item is finished
	msgOffer                    // up, a call: an item; reply when it is in
	msgTryOffer                 // up, a call: an item; reply whether it is in
	msgTryWant                  // up, a call: one item if there is one
	msgLen                      // up, a call
	msgJoin                     // up, a call
	msgClose                    // up, a call
	msgTell                     // up, a call: of an item (see tell), for what must not be lost on the way
	msgCancel                   // up: never mind that call; a reply comes all the same
	msgSynced                   // up: the answer to msgSync and msgClosing
	msgMore                     // down: an item, and more of this batch follow
	msgItem                     // down: the batch's last item
	msgTried                    // down: the item for a msgTryWant
	msgEnd                      // down: closed and empty, for good
	msgReply                    // down: to a call
	msgSync                     // down: give back what is not taken; what was put before the answer, has arrived
	msgClosing                  // down: the same, and put nothing more
)

// GobEncode shares the queue with the process that is being started; at any
// other time it is an error.
func (q *Queue[T]) GobEncode() ([]byte, error) {
	cargo := boarding.Load()
	if cargo == nil {
		return nil, fmt.Errorf("a queue cannot be sent: %w", errNotBoarding)
	}
	in, theirOut, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	theirIn, out, err := os.Pipe()
	if err != nil {
		closeAll([]*os.File{in, theirOut})
		return nil, err
	}
	t, landed := q.hold().board()
	cargo.settle = append(cargo.settle, func(p *Process) {
		defer landed()
		closeAll([]*os.File{theirIn, theirOut})
		if p == nil {
			closeAll([]*os.File{in, out})
			return
		}
		serve(q, p, in, out)
	})
	return append(cargo.ticket(theirIn, theirOut), bit(t.Direct), bit(t.Relayed), bit(t.Closed), bit(q.joinable)), nil
}

// GobDecode makes a link to the parent's queue.
func (q *Queue[T]) GobDecode(ticket []byte) error {
	files, flags, err := claim(ticket, 2)
	if err == nil && len(flags) != 4 {
		err = errNotBoarding
	}
	if err != nil {
		return fmt.Errorf("a queue cannot be received: %w", err)
	}
	q.joinable = flags[3] == 1
	q.holder = newLink[T](files[0], files[1], terms{flags[0] == 1, flags[1] == 1, flags[2] == 1})
	return nil
}

func bit(on bool) byte {
	if on {
		return 1
	}
	return 0
}

// GobDecode makes a link to the parent's queue.
func (q *JoinableQueue[T]) GobDecode(ticket []byte) error {
	q.Queue = new(Queue[T])
	return q.Queue.GobDecode(ticket)
}
