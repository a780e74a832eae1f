package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"processbook/lessons"
	"processbook/mp"
)

var experiments = lessons.Facts{
	"8a": xInBothBoxes,
	"8b": leftForTheSecond,
	"8c": whoElseLocks,
	"8d": doneByHasty,
	"8e": joinWithNobodyThere,
	"8f": takersOfOneTask,
	"8g": leaversAtOnePill,
	"8h": endsOfPipe,
}

// 8a measures x in the child's box when main has set its own to 20, and x in
// main's when the child has set its own to 99. Who thinks that a reference went
// through the queue expects 20 and 99.
func xInBothBoxes(ctx context.Context) (string, error) {
	me, _, child, err := example6(ctx)
	return fmt.Sprint(child.First, " ", me.Last), err
}

// 8b counts what the second consumer finds of six messages, when the first has
// taken four. Who thinks of a broadcast expects six.
func leftForTheSecond(ctx context.Context) (string, error) {
	s := open(ctx, consumer, Script{Consumers: 2})
	s.put(ctx, 1, 2, 3, 4, 5, 6)
	for range 4 {
		s.turn(s.crew[0])
	}
	s.note(s.tasks.Close())
	second := s.crew[1]
	for s.err == nil && !second.left {
		s.turn(second)
	}
	return fmt.Sprint(second.taken()), s.err
}

// 8c measures who can lock a Mutex that main has locked. Many expect that a
// lock holds for all who use the same variable, be they threads or processes.
func whoElseLocks(ctx context.Context) (string, error) {
	_, goroutine, child, err := example6(ctx)
	switch {
	case goroutine.Locked && child.Locked:
		return "both", err
	case goroutine.Locked:
		return "the goroutine", err
	case child.Locked:
		return "the child", err
	}
	return "neither", err
}

// lock is a variable of the program: what is it in a child?
var lock sync.Mutex

// A Box is what goes through the queue of example 6.
type Box struct{ X int }

// A Look is what somebody sees of the lock and of the box.
type Look struct {
	Locked bool // TryLock succeeded
	First  int  // x when main has set its own to 20
	Last   int  // x when the child has set its own to 99
}

// example6 lets a box go through a queue, while main has the lock, and looks
// with the eyes of main, of one of its goroutines, and of a child.
func example6(ctx context.Context) (me, goroutine, child Look, err error) {
	me.Locked = lock.TryLock()
	defer lock.Unlock()
	boxes, box := mp.NewQueue[*Box](0), &Box{X: 10}
	ours, theirs := mp.Pipe[mp.None, Look]()
	p := mp.NewProcess(reader, Reader{theirs, boxes})
	err = errors.Join(boxes.Put(ctx, box), lessons.Start(ctx, p))
	hear := func() {
		if err != nil {
			return
		}
		if child, err = lessons.Recv(ours); err != nil {
			err = fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	hear() // it has its box
	box.X = 20
	me.First = box.X
	await(func() { goroutine.Locked, goroutine.First = lock.TryLock(), box.X })
	ours.Send(mp.None{})
	hear() // it has set its x
	me.Last = box.X
	await(func() { goroutine.Last = box.X })
	return me, goroutine, child, err
}

// await does something in a goroutine.
func await(do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	<-done
}

// A Reader is what reader must know.
type Reader struct {
	Line  *mp.Conn[Look, mp.None]
	Boxes *mp.Queue[*Box]
}

// reader is the child of example 6.
var reader = mp.Proc("reader", func(r Reader) error {
	look := Look{Locked: lock.TryLock()}
	box, err := r.Boxes.Get(context.Background())
	if err != nil {
		return err
	}
	r.Line.Send(look)
	r.Line.Recv() // main has set its x
	look.First = box.X
	box.X = 99
	look.Last = box.X
	return r.Line.Send(look)
})

// 8d counts the results of example 7, if the consumers look before main puts
// the tasks. Many expect that consumers of an empty queue wait.
func doneByHasty(ctx context.Context) (string, error) {
	s, err := play(ctx, Script{Consumers: 4, Hasty: true, Early: true})
	return fmt.Sprint(s.done()), err
}

// 8e measures whether main's Join returns then. Many expect it to see that
// nobody is left; but all it knows is what was put and what is done.
func joinWithNobodyThere(ctx context.Context) (string, error) {
	s, err := play(ctx, Script{Consumers: 4, Hasty: true, Early: true})
	return s.joinDid(), err
}

// 8f counts who gets the only task, after two have seen that there is one. Many
// expect that who has looked can take.
func takersOfOneTask(ctx context.Context) (string, error) {
	s := open(ctx, looker, Script{Consumers: 2})
	s.put(ctx, numbers[0])
	s.round() // both look,
	s.note(s.eachSaid("sees 1"))
	s.close(ctx) // both try to take, and who would wait for ever is told so
	return fmt.Sprint(s.Consumers - s.waited()), s.err
}

// looker looks in its first turn and takes in its second.
var looker = mp.Proc("looker", func(c Consumer) error {
	c.Line.Recv()
	n, _ := c.Tasks.Len()
	c.Line.Send(fmt.Sprintf("sees %d", n))
	c.Line.Recv() // by now the other one has looked, too
	task, err := c.Tasks.Get(context.Background())
	if err == io.EOF {
		return c.Line.Send(isClosed)
	}
	return errors.Join(err, c.Tasks.TaskDone(), c.Line.Send(sign(task)))
})

// 8g measures how many tasks of example 8 are done, and how many consumers
// leave, if there is one pill for four. Many expect that one is enough, since
// all can see it.
func leaversAtOnePill(ctx context.Context) (string, error) {
	s, err := play(ctx, Script{Consumers: 4, Pills: 1})
	return fmt.Sprint(s.done(), " ", s.Consumers-s.waited()), err
}

// 8h measures what Recv returns when the process at the other end has been
// killed, between two messages and in the middle of one. Many expect that who
// only reads cannot know, and waits.
func endsOfPipe(ctx context.Context) (string, error) {
	_, between, err := killSender(ctx, 0)
	_, middle, err2 := killSender(ctx, 1<<20)
	return between + ", " + middle, errors.Join(err, err2)
}

// killSender kills a process when it has sent "hello", or in the middle of a
// second message of so many bytes, which are more than a pipe holds. It returns
// what main receives before and after.
func killSender(ctx context.Context, more int) (hello, last string, err error) {
	ours, theirs := mp.Pipe[mp.None, []byte]()
	p := mp.NewProcess(sender, Sender{theirs, more})
	if err := lessons.Start(ctx, p); err != nil {
		return "", "", err
	}
	first, err := lessons.Recv(ours)
	if err == nil && more > 0 {
		_, err = ours.Poll(lessons.Limit) // its first bytes are here; the last ones cannot be sent before main reads
	}
	if err != nil {
		return "", "", fmt.Errorf("%s: %w", p.Name, err)
	}
	p.Kill()
	lessons.Join(ctx, p)
	if code, ended := p.ExitCode(); !ended || code >= 0 {
		return "", "", fmt.Errorf("%s was not killed", p.Name)
	}
	switch _, err := lessons.Recv(ours); err {
	case nil:
		last = "a message"
	case io.EOF:
		last = "EOF"
	case io.ErrUnexpectedEOF:
		last = "a broken message"
	default:
		return "", "", err
	}
	return string(first), last, nil
}

// A Sender is what sender must know.
type Sender struct {
	Line *mp.Conn[[]byte, mp.None]
	More int
}

// sender does not end by itself.
var sender = mp.Proc("sender", func(s Sender) error {
	err := s.Line.Send([]byte("hello"))
	if err == nil && s.More > 0 {
		err = s.Line.Send(make([]byte, s.More))
	}
	if err == nil {
		_, err = s.Line.Recv()
	}
	return err
})
