// Lesson 8, go run ./lessons/08-ipc: how do processes talk?
//
// Watch these claims: a message is a copy, and one process gets it. A lock does
// not reach another process. That a queue is empty says nothing of what will
// come. A pipe ends with the process that holds its other end.
//
//	Python (examples 6, 7, 8)    here
//	q = JoinableQueue()          q := mp.NewJoinableQueue[int](0)
//	q.put(n); n = q.get()        q.Put(ctx, n); n, err := q.Get(ctx)
//	q.task_done(); q.join()      q.TaskDone(); q.Join(ctx)
//	while not q.empty():         for n, _ := q.Len(); n > 0; n, _ = q.Len()
//	a, b = Pipe(); a.send(n)     a, b := mp.Pipe[int, int](); a.Send(n)
//
// Change the source: in (*Shop).play, put the pills first. Try -pills 4.
package main

import (
	"context"
	"errors"
	"io"
	"slices"

	"processbook/lessons"
	"processbook/mp"
)

var (
	lesson    = lessons.New(8, "How do processes talk?", "examples 6, 7, 8")
	consumers = lesson.Int("consumers", 4, 1, 8, "start `N` consumers")
	pills     = lesson.Int("pills", 1, 0, 8, "put `N` pills, too")
)

// consumer takes a task each time that main says so, through a pipe which the
// two have to themselves. Without turns the system would decide who gets what:
// the queues are everybody's.
var consumer = mp.Proc("consumer", func(c Consumer) error {
	for {
		if _, err := c.Line.Recv(); err != nil {
			return err
		}
		if n, err := c.Tasks.Len(); c.Hasty && n == 0 {
			return errors.Join(err, c.Line.Send(looksEmpty)) // example 7
		}
		n, err := c.Tasks.Get(context.Background())
		if err == io.EOF {
			return c.Line.Send(isClosed)
		}
		if err == nil && n != pill {
			err = c.Results.Put(context.Background(), prime(n))
		}
		err = errors.Join(err, c.Tasks.TaskDone(), c.Line.Send(sign(n)))
		if err != nil || n == pill {
			return err // example 8
		}
	}
})

// play is the chapter's main, from where the consumers have started.
func (s *Shop) play(ctx context.Context) {
	if s.Early {
		s.round()
	}
	s.put(ctx, numbers...)
	s.put(ctx, slices.Repeat([]int{pill}, s.Pills)...)
	for s.queued() > 0 && s.anybody() {
		s.round()
	}
	s.join(ctx)  // main's Join: does it return?
	s.close(ctx) // ends those who still wait for a task
}

func run(ctx context.Context) error {
	lesson.Begin()
	if lesson.Facts {
		return experiments.Print(ctx)
	}
	return tell(ctx, *consumers, *pills)
}

func main() { mp.Main(run) }
