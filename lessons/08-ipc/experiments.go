package main

// The experiments of the quiz, and of the pictures. You need not read this file to
// understand main.go. There the system decides which consumer gets a task. Here
// every step waits for a message or a Join, so the order is always the same.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"processbook/lessons"
	"processbook/mp"
)

var experiments = lessons.Facts{
	"8a": func(ctx context.Context) (string, error) { // many expect one box: 20 and 99
		mine := box{"x": lessons.Form(10, 5), "y": 0}
		got, err := ask(ctx, mine, lessons.Form(20, 7), "x", "x")
		return fmt.Sprint(got[0], " ", mine["x"]), err
	},
	"8b": resultsOfTwo,
	"8c": orderOfLocking,
	"8d": func(ctx context.Context) (string, error) { // many expect the last answer, or nothing
		n := lessons.Form(11, 21)
		got, err := ask(ctx, box{"a": n, "b": n + 1, "c": n + 2}, 0, "a", "b", "c")
		return got[0] + ", " + got[len(got)-1], err
	},
	"8e": leftAndUnfinished,
	"8f": getAfterLook,
	"8g": func(ctx context.Context) (string, error) { // many expect that all see the pill
		_, tasks, exited, err := turns(ctx)
		return fmt.Sprint(tasks, exited), err
	},
}

// answerer gets a box, and answers one question for each entry. Then it exits.
var answerer = mp.Proc("answerer", func(d desk) error {
	copied, err := d.Boxes.Get(context.Background())
	for range copied {
		question, failed := d.Line.Recv()
		err = errors.Join(err, failed, d.Line.Send(copied[question]))
		copied[question] = 99
	}
	return err
})

// ask puts a box into a queue, and then sets x in main's box. The child gets the
// box and all questions, and exits. Only then main receives, until EOF.
func ask(ctx context.Context, mine box, x int, questions ...string) (got []string, err error) {
	boxes := mp.NewQueue[box](0)
	ours, theirs := mp.Pipe[string, int]()
	child := mp.NewProcess(answerer, desk{boxes, theirs})
	err = errors.Join(boxes.Put(ctx, mine), child.Start(ctx))
	mine["x"] = x
	for _, q := range questions {
		err = errors.Join(err, ours.Send(q))
	}
	err = errors.Join(err, lessons.Join(ctx, child))
	for {
		answer, end := lessons.Recv(ours)
		if end != nil {
			return append(got, end.Error()), err
		}
		got = append(got, fmt.Sprint(answer))
	}
}

// resultsOfTwo: many expect that a killed process's results end with it.
func resultsOfTwo(ctx context.Context) (string, error) {
	s := shop{mp.NewJoinableQueue[int](0), mp.NewQueue[string](0)}
	for who, n := range []int{lessons.Form(2, 4), lessons.Form(3, 2)} {
		p := mp.NewProcess(consumer, s)
		err := p.Start(ctx)
		for range n {
			err = errors.Join(err, s.Tasks.Put(ctx, who))
		}
		if err = errors.Join(err, s.Tasks.Join(ctx)); err != nil {
			return "", err
		}
		p.Kill()
		lessons.Join(ctx, p)
	}
	s.Results.Close()
	var got [2]int
	for result := range s.Results.All(ctx) {
		got[min(1, strings.Count(" "+result, " 1 "))]++ // the task, 0 or 1, is a word in it
	}
	return fmt.Sprint(got[0], got[1]), nil
}

var lock sync.Mutex // a variable of the program, so each process has its own

var locker = mp.Proc("locker", func(line *mp.Conn[bool, mp.None]) error {
	return line.Send(lock.TryLock())
})

// orderOfLocking: many expect that the child also waits for main.
func orderOfLocking(ctx context.Context) (string, error) {
	ours, theirs := mp.Pipe[mp.None, bool]()
	asked, got := make(chan bool), make(chan bool)
	lock.Lock()
	err := mp.NewProcess(locker, theirs).Start(ctx)
	order := ""
	if free, _ := lessons.Recv(ours); free {
		order = "child, "
	}
	go func() {
		asked <- lock.TryLock()
		lock.Lock()
		close(got)
	}()
	<-asked
	order += "main, "
	lock.Unlock()
	<-got
	lock.Unlock()
	return order + "goroutine", err
}

// leftAndUnfinished: many expect that Len counts unfinished tasks, or that Join
// waits only until the queue is empty.
func leftAndUnfinished(ctx context.Context) (string, error) {
	tasks := mp.NewJoinableQueue[int](0)
	for n := range lessons.Form(6, 9) {
		tasks.Put(ctx, n)
	}
	for range lessons.Form(4, 5) {
		tasks.Get(ctx)
	}
	for range lessons.Form(3, 2) {
		tasks.TaskDone()
	}
	left, err := tasks.Len()
	for range left {
		tasks.Get(ctx)
	}
	unfinished := 0
	for tasks.TaskDone() == nil {
		unfinished++
	}
	return fmt.Sprint(left, unfinished), errors.Join(err, tasks.Join(ctx))
}

// getAfterLook: many expect an error, or that a task that was seen is reserved.
func getAfterLook(ctx context.Context) (string, error) {
	s := shop{mp.NewJoinableQueue[int](0), mp.NewQueue[string](0)}
	err := s.Tasks.Put(ctx, 2)
	if n, failed := s.Tasks.Len(); n != 1 {
		return "", errors.Join(err, failed, errors.New("main sees no task"))
	}
	other := mp.NewProcess(consumer, s)
	err = errors.Join(err, other.Start(ctx), s.Tasks.Join(ctx)) // it has done the task
	moment, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	_, got := s.Tasks.Get(moment)
	s.Tasks.Close()
	return map[error]string{nil: "returns the task", context.DeadlineExceeded: "waits"}[got], errors.Join(err, other.Join(ctx))
}

const pill, closed = 0, -1 // Python's pill is None

// taker is a consumer that takes a box when main gives it a turn.
var taker = mp.Proc("taker", func(d desk) error {
	for {
		d.Line.Recv()
		got, err := d.Boxes.Get(context.Background())
		n := got["task"]
		if err != nil {
			n = closed
		}
		if err = d.Line.Send(n); err != nil || n == pill || n == closed {
			return err
		}
	}
})

// turns lets consumers take tasks, a pill and more tasks, in turn. It returns what
// each of them took, how many tasks that were, and how many exited after a pill.
// There is one item at a time, because a queue may send more to a quick consumer.
func turns(ctx context.Context) (took [4][]int, tasks, exited int, err error) {
	boxes := mp.NewQueue[box](0)
	items := lessons.Form([]int{1, 2, 3, pill, 4, 5, 6, 7, 8, 9, 10}, []int{1, 2, pill, 3, 4, 5, 6, 7, 8})
	var lines [4]*mp.Conn[string, int]
	var left []int // consumers that have not exited, the next one first
	for i := range lines {
		ours, theirs := mp.Pipe[string, int]()
		lines[i], left = ours, append(left, i)
		err = errors.Join(err, mp.NewProcess(taker, desk{boxes, theirs}).Start(ctx))
	}
	for n := 0; len(left) > 0 && err == nil; left = left[1:] {
		if len(items) > 0 {
			boxes.Put(ctx, box{"task": items[0]})
			items = items[1:]
		} else {
			boxes.Close()
		}
		i := left[0]
		lines[i].Send("your turn")
		n, err = lessons.Recv(lines[i])
		took[i] = append(took[i], n)
		if n > 0 {
			tasks++
			left = append(left, i)
		} else if _, gone := lessons.Recv(lines[i]); n == pill && gone == io.EOF {
			exited++
		}
	}
	return took, tasks, exited, err
}
