// Lesson 8, go run ./lessons/08-ipc: how do processes talk?
// A box in a queue (example 6), a question and its answer through a pipe, and
// tasks and results (example 8). Predict first: which x is the answer?
// Change it: put a consumer's name into its results. (Ctrl-C ends a hang.)
//
//	Python                    here
//	def f(): at module level  var opener = mp.Proc("opener", ...)
//	Process, start(), join()  mp.NewProcess(...), one.Start(ctx), one.Join(ctx)
//	q = Queue()               mp.NewQueue[box](0)
//	q.put(box), q.get()       boxes.Put(ctx, mine), d.Boxes.Get(...)
//	a, b = Pipe()             ours, theirs := mp.Pipe[string, int]()
//	a.send("x"), a.recv()     ours.Send("x"), ours.Recv()
//	t = JoinableQueue()       mp.NewJoinableQueue[int](0)
//	t.get(), t.task_done()    range s.Tasks.All(ctx), s.Tasks.TaskDone()
//	r.put(x), r.get()         s.Results.Put(ctx, text), s.Results.All(ctx)
//	put(None) each, t.join()  s.Tasks.Close(), one.Join(ctx), two.Join(ctx)
package main

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"processbook/lessons"
	"processbook/mp"
)

type box map[string]int // a reference, within one process
type desk struct {
	Boxes *mp.Queue[box]
	Line  *mp.Conn[int, string]
}
type shop struct {
	Tasks   *mp.JoinableQueue[int]
	Results *mp.Queue[string]
}

var numbers = []int{2, 36, 101, 193, 323, 513, 1327, 100000, 9999999, 433785907}

var opener = mp.Proc("opener", func(d desk) error {
	copied, err := d.Boxes.Get(context.Background())
	question, noQuestion := d.Line.Recv()
	return errors.Join(err, noQuestion, d.Line.Send(copied[question]))
})

var consumer = mp.Proc("consumer", func(s shop) (err error) {
	ctx := context.Background()       // a child ends with its parent
	for n := range s.Tasks.All(ctx) { // ends when closed, and all are done
		text := fmt.Sprint(n, " prime: ", big.NewInt(int64(n)).ProbablyPrime(0))
		err = errors.Join(err, s.Results.Put(ctx, text), s.Tasks.TaskDone())
	}
	return err
})

func program(ctx context.Context) error {
	boxes, mine := mp.NewQueue[box](0), box{"x": 10}
	ours, theirs := mp.Pipe[string, int]()
	child := mp.NewProcess(opener, desk{boxes, theirs})
	err := boxes.Put(ctx, mine)
	mine["x"] = 20 // in the same map
	if err = errors.Join(err, child.Start(ctx), ours.Send("x")); err != nil {
		return err
	}
	x, err := ours.Recv()
	fmt.Println("main has x =", mine["x"], "and the child answers", x)
	s := shop{mp.NewJoinableQueue[int](0), mp.NewQueue[string](0)}
	one, two := mp.NewProcess(consumer, s), mp.NewProcess(consumer, s)
	err = errors.Join(err, child.Join(ctx), one.Start(ctx), two.Start(ctx))
	for _, n := range numbers {
		err = errors.Join(err, s.Tasks.Put(ctx, n))
	}
	s.Tasks.Close() // or the consumers wait forever
	err = errors.Join(err, one.Join(ctx), two.Join(ctx), s.Results.Close())
	for result := range s.Results.All(ctx) {
		fmt.Println(result)
	}
	return err
}

func main() { lessons.Main(lesson, program) }
