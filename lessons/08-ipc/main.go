// Lesson 8, go run ./lessons/08-ipc: how do processes talk?
// A box in a queue (example 6), a question and its answer through a pipe, and
// tasks and results (example 8). Predict first: which result do you see first?
// Change it: put a consumer's name into its results. (If it hangs: Ctrl-C.)
//
//	Python                         here
//	q = Queue(), q.put(), q.get()  mp.NewQueue[box](0), q.Put(...), q.Get(...)
//	class Consumer(Process)        type shop struct, and Proc("consumer", ...)
//	put(None) each, t.join()       s.Tasks.Close(), one.Join(...), two.Join(...)
package main

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"processbook/lessons"
	"processbook/mp"
)

type box struct{ X int } // mp sends only fields in upper case

func (b box) open() { fmt.Println(mp.Current().Name, "finds x =", b.X) }

var opener = mp.Proc("opener", func(q *mp.Queue[box]) error {
	b, err := q.Get(context.Background())
	b.open()
	return err
})
var listener = mp.Proc("listener", func(c *mp.Conn[int, string]) error {
	question, err := c.Recv()
	return errors.Join(err, c.Send(len(question)))
})

type task int64

func (t task) prime() bool { return big.NewInt(int64(t)).ProbablyPrime(0) }

type shop struct {
	Tasks   *mp.JoinableQueue[task]
	Results *mp.Queue[string]
}

var consumer = mp.Proc("consumer", func(s shop) (err error) {
	ctx := context.Background()       // a child ends with its parent
	for t := range s.Tasks.All(ctx) { // tasks.get(), until Close (not None)
		answer := fmt.Sprint(t, " prime: ", t.prime())
		err = errors.Join(err, s.Results.Put(ctx, answer), s.Tasks.TaskDone())
	}
	return err
})
var numbers = []int{2, 36, 101, 193, 323, 513, 1327, 100000, 9999999, 433785907}

func program(ctx context.Context) error {
	q := mp.NewQueue[box](0) // example 6
	p := mp.NewProcess(opener, q)
	err := errors.Join(p.Start(ctx), q.Put(ctx, box{7}), q.Close(), p.Join(ctx))

	s := shop{mp.NewJoinableQueue[task](0), mp.NewQueue[string](0)} // example 8
	one, two := mp.NewProcess(consumer, s), mp.NewProcess(consumer, s)
	err = errors.Join(err, one.Start(ctx), two.Start(ctx))
	ours, theirs := mp.Pipe[string, int]() // a pipe, while they start
	peer := mp.NewProcess(listener, theirs)
	if bad := errors.Join(peer.Start(ctx), ours.Send("four")); bad != nil {
		return errors.Join(err, bad, s.Tasks.Close())
	}
	answer, lost := ours.Recv()
	fmt.Println("the answer is", answer)
	for _, n := range numbers { // example 8 goes on
		err = errors.Join(err, s.Tasks.Put(ctx, task(n)))
	}
	err = errors.Join(err, lost, peer.Join(ctx), s.Tasks.Close()) // ends both
	err = errors.Join(err, one.Join(ctx), two.Join(ctx), s.Results.Close())
	for result := range s.Results.All(ctx) {
		fmt.Println(result)
	}
	return err
}

func main() { lessons.Main(lesson, program) }
