package main

// The experiments of the quiz, and of the lesson's last table. You need not read
// this file to understand main.go. There a task sleeps; here it waits for tickets,
// so a slow machine cannot change the results.

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"strings"

	"processbook/lessons"
	"processbook/mp"
)

var experiments = lessons.Facts{
	"4a": with(2, 3, 4, orderOfMap),
	"4b": with(2, 4, 5, linesOfAllWays),
	"4c": with(3, 9, 6, processesForTasks),
	"4d": with(1, 3, 5, lastTaskSees),
	"4e": with(2, 3, 4, resultsDespiteFailure),
	"4f": ticksOfWaiting,
}

// A Task takes a ticket when it begins, and one when it ends. Numbered tickets are
// files: a queue cannot be passed with a task, because a worker has already started.
type Task struct {
	N       int
	Tickets lessons.Tickets
	After   int // the task ends only after this many tickets are taken
}

// A Result also says what happened in its process.
type Result struct {
	N       int
	Process string
	Seen    int // how many tasks the process has seen
	Ended   int // the number of the task's second ticket
}

// tasksSeen is a variable like any other: each process has its own.
var tasksSeen int

func (t Task) do() (Result, error) {
	tasksSeen++
	_, e1 := t.Tickets.Take()
	e2 := t.Tickets.Wait(t.After)
	ended, e3 := t.Tickets.Take()
	return Result{t.N, mp.Current().Name, tasksSeen, ended}, errors.Join(e1, e2, e3)
}

// with gives an experiment a pool of so many workers, and tasks with tickets. In form 2
// of the worksheet, the number of tasks is different.
func with(workers, first, second int, f func(context.Context, *mp.Pool[Task, Result], []Task) (string, error)) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		tickets, err := lessons.NewTickets()
		if err != nil {
			return "", err
		}
		defer tickets.Remove()
		var tasks []Task
		for i := range lessons.Form(first, second) {
			tasks = append(tasks, Task{N: i + 1, Tickets: tickets})
		}
		pool := mp.NewPool(pooled, workers)
		defer pool.Close()
		return f(ctx, pool, tasks)
	}
}

var pooled = mp.Func("pooled", Task.do)

// A Job is a task for a Process, and a queue for its result.
type Job struct {
	Task    Task
	Results *mp.Queue[Result]
}

var alone = mp.Proc("alone", func(j Job) error {
	r, err := j.Task.do()
	return errors.Join(err, j.Results.Put(context.Background(), r))
})

// apart does each task with its own Process, one after the other.
func apart(ctx context.Context, tasks []Task) ([]Result, error) {
	results := mp.NewQueue[Result](0)
	var err error
	for _, t := range tasks {
		p := mp.NewProcess(alone, Job{t, results})
		err = errors.Join(err, p.Start(ctx), lessons.Join(ctx, p))
	}
	results.Close()
	return slices.Collect(results.All(ctx)), err
}

// 4a measures the order of Map's results. Task 1 ends when all have begun, and
// the others have ended. So many expect its result at the end.
func orderOfMap(ctx context.Context, pool *mp.Pool[Task, Result], tasks []Task) (order string, err error) {
	tasks[0].After = 2*len(tasks) - 1
	results, err := pool.Map(ctx, tasks)
	for _, r := range results {
		order += fmt.Sprint(r.N, " ")
	}
	return strings.TrimSpace(order), err
}

// 4b counts the lines that main has printed when task 2 (in form 2, task 3) ends, after
// all others: with Map, Imap and ImapUnordered. Here main also takes a ticket for each
// line. Many expect that Imap gives each result when it comes.
func linesOfAllWays(ctx context.Context, pool *mp.Pool[Task, Result], tasks []Task) (printed string, err error) {
	byMap := func(yield func(Result, error) bool) {
		list, err := pool.Map(ctx, tasks)
		for _, r := range list {
			yield(r, err)
		}
	}
	last := lessons.Form(1, 2) // the place of that task
	for i, way := range []iter.Seq2[Result, error]{byMap, pool.Imap(ctx, slices.Values(tasks)), pool.ImapUnordered(ctx, slices.Values(tasks))} {
		taken := i*3*len(tasks) + 2*len(tasks) - 1                    // when all others have ended
		tasks[last].After = taken + []int{0, last, len(tasks) - 1}[i] // if main cannot print these lines, the task never ends
		for r, failed := range way {
			_, untaken := tasks[0].Tickets.Take()
			err = errors.Join(err, failed, untaken)
			if r.N == last+1 {
				printed += fmt.Sprint(r.Ended-1-taken, " ")
			}
		}
	}
	return strings.TrimSpace(printed), err
}

// 4c counts the processes that do all tasks twice: the workers of one pool, and a
// Process for each task. Tasks 1 and 2 end last, so the pool needs all its three
// workers. Many expect new workers for the second Map.
func processesForTasks(ctx context.Context, pool *mp.Pool[Task, Result], tasks []Task) (string, error) {
	tasks[0].After, tasks[1].After = 2*len(tasks)-2, 2*len(tasks)-2
	a, e1 := pool.Map(ctx, tasks)
	b, e2 := pool.Map(ctx, tasks)
	c, e3 := apart(ctx, slices.Concat(tasks, tasks))
	return fmt.Sprint(processes(slices.Concat(a, b)), processes(c)), errors.Join(e1, e2, e3)
}

func processes(results []Result) int {
	different := make(map[string]bool)
	for _, r := range results {
		different[r.Process] = true
	}
	return len(different)
}

// 4d measures what the last task finds in a variable that every task adds 1 to: in a
// pool of one, and in the last of several Processes. Many expect that a task in a
// pool begins with new variables.
func lastTaskSees(ctx context.Context, pool *mp.Pool[Task, Result], tasks []Task) (string, error) {
	pools, failed := pool.Map(ctx, tasks)
	each, err := apart(ctx, tasks)
	if err = errors.Join(failed, err); err != nil {
		return "", err
	}
	last := len(tasks) - 1
	return fmt.Sprint(pools[last].Seen, each[last].Seen), nil
}

// 4e counts the results that Map gives although a task fails, and those that the
// same pool gives after that. Many expect 0 and 0: that the failure is the pool's.
func resultsDespiteFailure(ctx context.Context, pool *mp.Pool[Task, Result], tasks []Task) (string, error) {
	bad := slices.Clone(tasks)
	bad[1].Tickets = "nowhere" // it cannot take one
	some, _ := pool.Map(ctx, bad)
	all, err := pool.Map(ctx, tasks)
	empty := func(r Result) bool { return r == Result{} } // in the place of a failed task
	return fmt.Sprint(len(slices.DeleteFunc(some, empty)), len(slices.DeleteFunc(all, empty))), err
}

// 4f measures how many processes wait at the same time in a pool with two workers
// for each CPU (in form 2, three): each task ends only after all workers have begun
// one. A task takes a tick, so that tells how many ticks all of them take. Many
// expect that only one task for each CPU can wait.
func ticksOfWaiting(ctx context.Context) (string, error) {
	workers := lessons.Form(2, 3) * runtime.NumCPU()
	return with(workers, 3*workers, 4*workers, func(ctx context.Context, pool *mp.Pool[Task, Result], tasks []Task) (string, error) {
		for i := range tasks {
			tasks[i].After = workers
		}
		results, err := pool.Map(ctx, tasks)
		return fmt.Sprint(len(tasks) / max(1, processes(results))), err
	})(ctx)
}
