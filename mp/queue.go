package mp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"sync"
	"sync/atomic"

	"processbook/mp/internal/frame"
	"processbook/mp/internal/lend"
)

// A Queue passes items from processes that call [Queue.Put] to processes that
// call [Queue.Get]. There can be any number of these producers and consumers.
// Each item is a copy, and goes to only one consumer. It is Python's Queue.
//
// Make a queue with [NewQueue]. To share it with a child, pass it to
// [NewProcess], as the argument or in an exported field of the argument. A
// child can share it with its own children in the same way.
//
// Items come out in the order in which they arrived, and the items of one
// process keep the order of its Puts, with two exceptions. Items may be sent to a
// consumer before it asks for them. Items that this consumer does not use go back
// to the front of the queue. In the meantime, other consumers may have got newer
// items. An item can also come out later if it arrives in a grandchild of the
// process that made the queue just when Get's context ends.
//
// A queue lives in the process that made it. When another process is killed, at
// any moment, the queue goes on working for the others. Put adds an item as a
// whole or not at all. An item stays in the queue until a Get returns it, even
// if the item was on its way to the process that was killed.
type Queue[T any] struct{ *queue }

// A queue is what the Queues for one queue have in common in a process.
type queue struct {
	holder   lend.Holder
	joinable bool
	orphan   bool         // set if a child has made it at package level
	number   uint64       // stands for the queue in an argument
	passed   atomic.Int32 // how many Starts are passing it on at this moment

	mu         sync.Mutex // guards unfinished
	unfinished []uint64   // of a JoinableQueue: the items that this process has got and not done, oldest first
}

func newQueueOf(h lend.Holder) *queue {
	return &queue{holder: h, joinable: h.Terms()&lend.Joinable != 0, orphan: tooEarly(), number: handles.Add(1)}
}

// NewQueue returns a queue. Its capacity is how many items it can hold; 0 or less
// means any number, as in Python. A Get that returns an item makes room.
// Call NewQueue inside a function. At package level, each process would make a
// different queue. mp finds this mistake: a child that uses such a queue panics.
func NewQueue[T any](capacity int) *Queue[T] {
	return newQueue[T](capacity, false)
}

func newQueue[T any](capacity int, joinable bool) *Queue[T] {
	return &Queue[T]{newQueueOf(lend.NewStore(capacity, joinable))}
}

// hold returns the queue's holder. It panics if the queue was not made by
// NewQueue, or was made too early.
func (q *Queue[T]) hold() lend.Holder {
	if q == nil || q.queue == nil {
		panic("mp: this queue was not made by NewQueue; a queue is passed only as an argument or in an exported field of an argument")
	}
	if q.orphan {
		panic("mp: this queue was made before mp.Main, so each process has a different one; " +
			"call NewQueue in run, and pass the queue in an argument")
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
// One exception: a grandchild of the process that made the queue puts the item
// through its parent. If the parent, or the process that made the queue, is
// suspended when ctx ends, Put returns ctx.Err() a second later, and the item
// may still arrive.
//
// If the queue is full and every consumer has ended, Put still waits, because
// a new consumer may be started. To limit the wait, use a ctx with a timeout.
func (q *Queue[T]) Put(ctx context.Context, v T) error {
	return q.put(ctx, &v, false)
}

// TryPut is [Queue.Put] without waiting for a consumer: it returns [ErrFull] if
// the queue is full. Before it returns ErrFull, it asks each process that has
// the queue, as [Queue.TryGet] does. It is Python's put_nowait.
func (q *Queue[T]) TryPut(v T) error {
	return q.put(context.Background(), &v, true)
}

// Get removes the first item from the queue and returns it. If the queue is
// empty, Get waits. It returns [io.EOF] if the queue is empty and closed, and
// ctx.Err() if ctx ends first.
//
// If the queue is empty and every producer has ended, Get still waits, because
// a new producer may be started. To end the wait, call [Queue.Close].
func (q *Queue[T]) Get(ctx context.Context) (T, error) {
	it, err := lend.Get(ctx, q.hold())
	return q.open(it, err)
}

func (q *Queue[T]) put(ctx context.Context, v *T, try bool) error {
	h := q.hold()
	val, err := frame.Encode(v)
	if err == nil {
		err = h.Put(ctx, val, try)
	}
	return inQueue("put", err)
}

// open decodes an item that this process has got. An item that cannot be decoded
// is done, because the next consumer could not decode it either.
func (q *Queue[T]) open(it lend.Item, err error) (v T, _ error) {
	if err != nil {
		return v, inQueue("get", err)
	}
	if err := frame.Decode(it.Value, &v); err != nil {
		if q.joinable {
			lend.Done(q.holder, it.ID)
		}
		return v, inQueue("get", errUnread{err})
	}
	if q.joinable {
		q.mu.Lock()
		q.unfinished = append(q.unfinished, it.ID)
		q.mu.Unlock()
	}
	return v, nil
}

// errUnread is the error of one item, after which there may be others.
type errUnread struct{ error }

func (e errUnread) Unwrap() error { return e.error }

// TryGet is [Queue.Get] without waiting for a producer: it returns [ErrEmpty]
// if the queue is empty. Before it returns ErrEmpty, it asks each process that
// has the queue, and waits while one of them is suspended. If an item is put at
// the same time, TryGet may miss it. It is Python's get_nowait.
func (q *Queue[T]) TryGet() (T, error) {
	it, err := lend.TryGet(q.hold())
	return q.open(it, err)
}

// All returns a sequence of items, for a loop:
//
//	for item := range queue.All(ctx) { ... }
//
// When the queue is closed and empty, the loops of all processes end. A loop also
// ends when its ctx ends, so return ctx.Err() after the loop. If an item cannot be
// decoded, All skips it and prints why on standard error. If the process's
// function returns nil after that, the process still fails, with the error of
// the skipped item. With All you do not need Python's None for each consumer.
func (q *Queue[T]) All(ctx context.Context) iter.Seq[T] {
	return func(yield func(T) bool) {
		for {
			v, err := q.Get(ctx)
			switch {
			case errors.As(err, new(errUnread)):
				self.skip(err)
			case err != nil || !yield(v):
				return
			}
		}
	}
}

// Len returns the number of items that were put and that no Get has returned.
// It asks each process that has the queue, and waits while one of them is
// suspended. The processes may answer at different moments, so while other
// processes put and get, the number may be wrong. To know whether there will
// be more items, use Close and [io.EOF], not Len. It is Python's qsize.
func (q *Queue[T]) Len() (int, error) {
	n, err := q.hold().Len(context.Background())
	return n, inQueue("len", err)
}

// Close tells every process that nothing more will be put, like close(ch) for a
// channel. After that, Put returns [ErrClosed]. (In another process, Put may for a
// moment still return nil: then the item is in the queue.) Get still returns the
// items that are in the queue, and then [io.EOF]. (While a process that has the
// queue is suspended, Get does not return EOF: that process may have put an item.)
//
// Call Close when all producers have finished, in the process that joined them.
// Do not leave it to a producer: a producer that is killed never calls Close. If
// nobody calls Close, consumers wait forever, and [Main] waits for them. So
// if your run function may return early, write defer q.Close() in it. A second
// Close does nothing.
//
// [io.EOF] from Get does not mean that the producers have ended: ask Join.
func (q *Queue[T]) Close() error { return inQueue("close", q.hold().Close()) }

// A JoinableQueue is a [Queue] that knows when its items are done: a consumer
// calls TaskDone when it has finished an item. If a consumer ends before that,
// for any reason, the item goes back to the front of the queue, and another
// consumer gets it. So each item is done at least once. (If an item makes its
// consumer crash, it makes all consumers crash, one after the other. Then Join
// waits for a new consumer.) It is Python's JoinableQueue.
//
// While an item is not done, Get waits even if the queue is closed and empty,
// because the item may come back. So Close the queue, and then join the
// consumers: they end when all items are done. If you want to put more items
// later, call the queue's Join instead of Close.
type JoinableQueue[T any] struct{ *Queue[T] }

// NewJoinableQueue is [NewQueue] for a [JoinableQueue].
func NewJoinableQueue[T any](capacity int) *JoinableQueue[T] {
	return &JoinableQueue[T]{newQueue[T](capacity, true)}
}

// TaskDone says that the oldest unfinished item of this process is done. So
// only one goroutine of a process should get items and finish them. If a
// TaskDone is forgotten, consumers and Join wait forever. TaskDone returns
// [ErrTaskDone] if all items of this process are done.
func (q *JoinableQueue[T]) TaskDone() error {
	h := q.hold()
	q.mu.Lock()
	if len(q.unfinished) == 0 {
		q.mu.Unlock()
		return ErrTaskDone
	}
	id := q.unfinished[0]
	q.unfinished = q.unfinished[1:]
	q.mu.Unlock()
	return inQueue("task done", lend.Done(h, id))
}

// Join waits until every item that was put is done. It also waits if all
// consumers have ended, because a new one may be started. It returns ctx.Err() if
// ctx ends first.
func (q *JoinableQueue[T]) Join(ctx context.Context) error {
	return inQueue("join", q.hold().Join(ctx))
}

func inQueue(what string, err error) error {
	switch err {
	case nil, io.EOF, context.Canceled, context.DeadlineExceeded, ErrFull, ErrEmpty:
		return err
	}
	return fmt.Errorf("%s: %w", what, err)
}

var errNoQueue = errors.New("this queue was not made by NewQueue")

// handOver shares the queue with the process that is being started.
func (q *Queue[T]) handOver(h *handover) error {
	if q == nil || q.queue == nil {
		return errNoQueue
	}
	if h.has(q.number) {
		return nil
	}
	holder := q.hold()
	ends, err := pipes(2)
	if err != nil {
		return err
	}
	in, out, theirs := ends[0], ends[3], []*os.File{ends[2], ends[1]}
	q.passed.Add(1)
	h.add(q.number, theirs, func(p *Process) {
		q.passed.Add(-1)
		closeAll(theirs)
		if p == nil {
			closeAll([]*os.File{in, out})
			return
		}
		s := lend.NewServer(holder, out, p.Kill)
		p.servers = append(p.servers, s)
		p.links.Go(func() { s.Read(in) })
		p.onReady = append(p.onReady, s.Open)
	})
	return nil
}

// GobEncode is for package encoding/gob. Only the argument of a process that is
// starting can contain a queue. In other values, a queue is an error.
func (q *Queue[T]) GobEncode() ([]byte, error) {
	if q == nil || q.queue == nil {
		return nil, errNoQueue
	}
	if q.passed.Load() == 0 {
		return nil, fmt.Errorf("a queue cannot be sent: %w", errNotPassed)
	}
	return append([]byte{byte(q.holder.Terms())}, encodeHandle(q.number)...), nil
}

// GobDecode is for package encoding/gob. In a child, it connects the queue with
// the parent.
func (q *Queue[T]) GobDecode(b []byte) error {
	if len(b) < 1 {
		return errNotPassed
	}
	if q.queue = given.queues[string(b)]; q.queue != nil {
		return nil
	}
	files, err := claim(b[1:], 2)
	if err != nil {
		return fmt.Errorf("a queue cannot be received: %w", err)
	}
	link := lend.NewLink(files[1], lend.Terms(b[0]))
	go link.Listen(files[0]) // ends with the parent, and so does this process
	q.queue = newQueueOf(link)
	if given.queues == nil {
		given.queues = map[string]*queue{}
	}
	given.queues[string(b)] = q.queue
	return nil
}

// GobDecode is for package encoding/gob, like [Queue.GobDecode].
func (q *JoinableQueue[T]) GobDecode(b []byte) error {
	q.Queue = new(Queue[T])
	return q.Queue.GobDecode(b)
}

func bit(on bool) byte {
	if on {
		return 1
	}
	return 0
}
