package main

// The experiments of the quiz, and of the pictures. You need not read this file to
// understand main.go. Each step waits for a message or a Join, not for some time.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"processbook/lessons"
	"processbook/mp"
	"sync"
	"time"
)

var experiments = lessons.Facts{
	"8a": func(ctx context.Context) (string, error) { // many expect one box: 20 and 99
		mine := &chest{lessons.Form(10, 5)}
		got, err := ask(ctx, mine, lessons.Form(20, 7), 99, 0)
		return fmt.Sprint(got[0], " ", mine.X), err
	},
	"8b": resultsOfTwo,
	"8c": orderOfLocking,
	"8d": func(ctx context.Context) (string, error) { // many expect the last answer, or nothing
		got, err := ask(ctx, &chest{lessons.Form(11, 21)}, 0, lessons.Form(12, 22), lessons.Form(13, 23), 0)
		return got[0] + ", " + got[len(got)-1], err
	},
	"8e": leftAndUnfinished,
	"8f": getAfterLook,
	"8g": tasksAndExits,
}

type chest struct{ X int } // a box: you may change the one in main.go
type desk struct {
	Boxes *mp.Queue[*chest]
	Line  *mp.Conn[int, int]
}

// answerer answers each question with the x in its box. Then the question is the new x.
var answerer = mp.Proc("answerer", func(d desk) error {
	copied, err := d.Boxes.Get(context.Background())
	for question := 1; question != 0 && err == nil; copied.X = question {
		question, err = d.Line.Recv()
		err = errors.Join(err, d.Line.Send(copied.X))
	}
	return err
})

// ask puts a box into a queue, and then sets x in main's box. The child gets the
// box and all questions, and exits. Only then main receives, until EOF.
func ask(ctx context.Context, mine *chest, x int, questions ...int) (got []string, err error) {
	boxes := mp.NewQueue[*chest](0)
	ours, theirs := mp.Pipe[int, int]()
	child := mp.NewProcess(answerer, desk{boxes, theirs})
	err = errors.Join(boxes.Put(ctx, mine), child.Start(ctx))
	mine.X = x
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

const pill = 0 // Python's pill is None
// taker takes tasks until it gets a pill, or until Close. Each result is the task.
var taker = mp.Proc("taker", func(s shop) (err error) {
	ctx := context.Background()
	for n := range s.Tasks.All(ctx) {
		if n == pill {
			s.Tasks.TaskDone()
			os.Exit(3)
		}
		err = errors.Join(err, s.Results.Put(ctx, fmt.Sprint(n)), s.Tasks.TaskDone())
	}
	return err
})

// resultsOfTwo: many expect that a killed process's results end with it.
func resultsOfTwo(ctx context.Context) (string, error) {
	s := shop{mp.NewJoinableQueue[task](0), mp.NewQueue[string](0)}
	for i, n := range []int{lessons.Form(2, 4), lessons.Form(3, 2)} {
		p := mp.NewProcess(taker, s)
		err := p.Start(ctx)
		for range n {
			err = errors.Join(err, s.Tasks.Put(ctx, task(i+1)))
		}
		if err = errors.Join(err, s.Tasks.Join(ctx)); err != nil {
			return "", err
		}
		p.Kill()
		lessons.Join(ctx, p)
	}
	s.Results.Close()
	got := make(map[string]int)
	for result := range s.Results.All(ctx) {
		got[result]++
	}
	return fmt.Sprint(got["1"], got["2"]), nil
}

var lock sync.Mutex // a variable of the program, so each process has its own
var locker = mp.Proc("locker", func(line *mp.Conn[bool, mp.None]) error {
	return line.Send(lock.TryLock())
})

// orderOfLocking: many expect that the child also waits for main.
func orderOfLocking(ctx context.Context) (string, error) {
	ours, theirs := mp.Pipe[mp.None, bool]()
	tried := make(chan bool)
	lock.Lock()
	err := mp.NewProcess(locker, theirs).Start(ctx)
	free, _ := lessons.Recv(ours)
	order := map[bool]string{true: "child, "}[free]
	go func() {
		tried <- lock.TryLock()
		lock.Lock()
		tried <- true
	}()
	order += map[bool]string{false: "main, "}[<-tried] // false: the goroutine waits
	lock.Unlock()
	<-tried
	lock.Unlock()
	return order + "goroutine", err
}

// leftAndUnfinished: many expect that Len counts what is not done, or Join what is left.
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
	for ; tasks.TaskDone() == nil; unfinished++ {
	}
	return fmt.Sprint(left, unfinished), errors.Join(err, tasks.Join(ctx))
}

// getAfterLook: many expect an error, or that a task that was seen is reserved.
func getAfterLook(ctx context.Context) (string, error) {
	s := shop{mp.NewJoinableQueue[task](0), mp.NewQueue[string](0)}
	err := s.Tasks.Put(ctx, 2)
	s.Tasks.Len() // main sees it
	other := mp.NewProcess(taker, s)
	err = errors.Join(err, other.Start(ctx), s.Tasks.Join(ctx)) // it has done the task
	moment, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	_, got := s.Tasks.Get(moment)
	s.Tasks.Close()
	return map[error]string{nil: "returns the task", context.DeadlineExceeded: "waits"}[got], errors.Join(err, other.Join(ctx))
}

// tasksAndExits: many expect that all consumers see the pill.
func tasksAndExits(ctx context.Context) (string, error) {
	s := shop{mp.NewJoinableQueue[task](0), mp.NewQueue[string](0)}
	var consumers [4]*mp.Process
	for i := range consumers {
		consumers[i] = mp.NewProcess(taker, s)
		if err := consumers[i].Start(ctx); err != nil {
			return "", err
		}
	}
	for _, n := range lessons.Form([]task{1, 2, 3, pill, 4, 5, 6, 7, 8, 9, 10}, []task{1, 2, pill, 3, 4, 5, 6, 7, 8}) {
		s.Tasks.Put(ctx, n)
	}
	err := errors.Join(s.Tasks.Join(ctx), s.Tasks.Close())
	exited := 0
	for _, p := range consumers {
		if errors.As(lessons.Join(ctx, p), new(*mp.ExitError)) { // the others exit with code 0
			exited++
		}
	}
	tasks, failed := s.Results.Len()
	return fmt.Sprint(tasks, exited), errors.Join(err, failed)
}
