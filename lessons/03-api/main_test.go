package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"processbook/lessons"
	"processbook/mp"
)

func TestMain(m *testing.M) {
	lessons.RunTests(m, func() {
		if changed := changes[os.Getenv(lessons.ChangeVar)].program; changed != nil {
			lessons.Main(lesson, changed)
			return
		}
		main()
	})
}

func TestOutput(t *testing.T) {
	t.Parallel()
	if err := lessons.PrintsPatiently(main, output); err != nil {
		t.Error(err)
	}
}

const output = `LESSON 3  What does the module offer?                        (Process, Pool)

plan   Main starts a Process and a goroutine. Each works 3 ticks (of 200ms),
       and stores 25: the Process in variable a, the goroutine in b. Main
       joins both. Then main gives a Pool (workers: 3) one task with Apply,
       and 9 tasks with Map. Main also does this work without the pool: in a
       plain call, and in 9 goroutines.

prints                   Process, Pool              goroutine
       made: alive?      false                      -
       started: alive?   true                       -
       exit code, ended  7 true                     -
       main has          a = 0                      b = 25
       apply(7)          49                         49
       map(n)            [1 4 9 16 25 36 49 64 81]  [1 4 9 16 25 36 49 64 81]
       workers alive     3                          -
       after close       0                          -

  main          [==========================|..]     exit code 0
  Process-1        [==!                             exit code 7
  PoolWorker-2           [========]                 exit code 0 (a daemon)
  PoolWorker-3              [========]              exit code 0 (a daemon)
  PoolWorker-4                 [========]           exit code 0 (a daemon)
                [ starts  = runs  . waits  | last line  ] ends
                ! fails
                Time goes from left to right. Lengths mean nothing.

saw    A process has an exit code, and its own variables. A goroutine has no
       exit code, and it uses the variables of its process. A goroutine is a
       part of its process, so it has no row in the picture. If a Process
       returns an error, its exit code is 1. If it panics, the code is 2.
       (In Python, an exception gives 1.) Pool workers: 3. Process-1 exited
       with exit code 7. PoolWorker-2 exited. PoolWorker-3 exited.
       PoolWorker-4 exited.
try    -code 0, -workers 1, -workers 9, -plain
`

func TestFacts(t *testing.T) {
	want := map[string]string{
		"3a": "1 3",
		"3b": "B A C",
		"3c": "7 0",
		"3d": "an error",
		"3e": "3 0",
		"3f": "0 7",
	}
	if runtime.GOOS == "windows" {
		want["3f"] = "256 263"
	}
	if err := experiments.Check(t.Context(), want); err != nil {
		t.Error(err)
	}
}

// bad is an errand as a reader may change it.
var bad = mp.Proc("bad", func(how string) error {
	switch how {
	case "panic":
		panic("this is a test")
	case "error":
		return errors.New("this is a test")
	case "long":
		time.Sleep(2 * lessons.Limit)
	}
	return nil
})

// dying is a pool's function that ends its worker in the task 2.
var dying = mp.Func("dying", func(x int) (int, error) {
	if x == 2 {
		os.Exit(3)
	}
	return x, nil
})

// with is main.go with another errand.
func with(how string, then func(p *mp.Process)) func(context.Context) error {
	return func(ctx context.Context) error {
		p := mp.NewProcess(bad, how)
		p.Name = "Child"
		err := p.Start(ctx)
		then(p)
		p.Join(ctx)
		return err
	}
}

func nothing(*mp.Process) {}

// Changes that a reader may make in main.go, and the lesson's text after each.
var changes = map[string]struct {
	program func(context.Context) error
	want    []string
}{
	"nothing": {func(context.Context) error { return nil }, []string{
		"prints (nothing)", "Pool workers: 0."}},
	"panic":     {with("panic", nothing), []string{"! exit code 2", "Child exited with exit code 2.", "If it panics, the code is 2."}},
	"error":     {with("error", nothing), []string{"! exit code 1", "Child exited with exit code 1."}},
	"returns":   {with("", nothing), []string{"Child exited.", "Pool workers: 0."}},
	"Terminate": {with("long", func(p *mp.Process) { p.Terminate() }), []string{"x terminated", "Child was terminated."}},
	"Kill":      {with("long", func(p *mp.Process) { p.Kill() }), []string{"X killed", "Child was killed."}},
	"main exits": {with("long", func(*mp.Process) { os.Exit(4) }), []string{
		"no exit code", "Child ended with its parent.", "exit code 4"}},
	"no Join": {func(ctx context.Context) error {
		p := mp.NewProcess(errand, 5)
		return p.Start(ctx)
	}, []string{"|..", "Process-1 exited with exit code 7."}},
	"Start twice": {func(ctx context.Context) error {
		p := mp.NewProcess(errand, 5)
		return errors.Join(p.Start(ctx), p.Start(ctx))
	}, []string{"Pool workers: 0. Process-1 exited with exit code 7. Main exited with exit code 1. If an error above names a task,"}},
	"no Close": {func(ctx context.Context) error {
		_, err := mp.NewPool(square, 2).Map(ctx, []int{1, 2, 3, 4})
		return err
	}, []string{"Pool workers: 2. PoolWorker-1 was terminated. PoolWorker-2 was terminated."}},
	"a worker dies": {func(ctx context.Context) error {
		pool := mp.NewPool(dying, 1)
		all, err := pool.Map(ctx, []int{1, 2, 3})
		fmt.Println(all)
		return errors.Join(err, pool.Close())
	}, []string{"[1 0 3]", "Pool workers: 2. PoolWorker-1 exited with exit code 3. PoolWorker-2 exited. Main exited with exit code 1. If an error above names a task, this task has 0 in place of its result.", "main  ["}},
	"two workers die": {func(ctx context.Context) error {
		pool := mp.NewPool(square, 2)
		pool.MaxTasksPerChild = 1
		_, err := pool.Map(ctx, []int{1, 2, 3, 4})
		return errors.Join(err, pool.Close())
	}, []string{"PoolWorker-1 exited.", "PoolWorker-2 exited."}},
	"too long": {program: with("long", func(*mp.Process) { fmt.Println("started") })},
}

// The lesson tells what happened, whatever a reader makes of main.go.
func TestChangedProgram(t *testing.T) {
	t.Parallel()
	for name, change := range changes {
		if change.want == nil {
			continue // it is for another test
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := lessons.ChangedPatiently(name, change.want, "-unit", "100ms"); err != nil {
				t.Error(err)
			}
		})
	}
}

// Flags reach main.go, and the picture is that of its run.
func TestFlags(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"-code 0":    "Process-1 exited.",
		"-code 255":  "exit code, ended 255 true -",
		"-workers 1": "Pool workers: 1.",
		"-workers 9": "workers alive 9 - after close 0 -",
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			err := lessons.OutputPatiently(args+" -unit 100ms", func(out []byte) bool { return lessons.Contains(out, want) })
			if err != nil {
				t.Errorf("%v\nwant %q", err, want)
			}
		})
	}
}

// -plain is main.go and nothing else.
func TestPlain(t *testing.T) {
	t.Parallel()
	want, _, _ := strings.Cut(strings.SplitN(output, "prints ", 2)[1], "\n\n")
	err := lessons.OutputPatiently("-plain", func(out []byte) bool {
		return lessons.Contains(out, want) && !strings.Contains(string(out), "LESSON")
	})
	if err != nil {
		t.Errorf("%v\nwant\n%s", err, want)
	}
}

func TestAtOnce(t *testing.T) {
	for want, tasks := range [][][2]int{{}, {{1, 2}, {3, 4}}, {{1, 2}, {3, 5}, {4, 6}}, {{1, 6}, {2, 4}, {3, 5}}} {
		if got := atOnce(tasks); got != want {
			t.Errorf("of %v, %d were under way at the same time, want %d", tasks, got, want)
		}
	}
}

// The output gets EOF when all processes have ended: see lessons.Killed.
func TestNobodyIsLeftAfterTheLesson(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"-plan", "-unit 100ms -code 0", "-free -plain", "-free -code 255 -workers 1", "-free -workers 9", "-facts"} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			cmd := lessons.Command(strings.Fields(args)...)
			cmd.WaitDelay = lessons.Limit
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", args, err, out)
			}
		})
	}
}

func TestNobodyIsLeftAfterTheLessonIsKilled(t *testing.T) {
	t.Setenv(lessons.ChangeVar, "too long")
	if err := lessons.Killed("", "started", 0); err != nil {
		t.Error(err)
	}
}

func TestWrongArgumentsAreOneSentence(t *testing.T) {
	for _, args := range []string{"-join 1", "-code", "-code x", "-code -1", "-code 256", "-workers 0", "-workers 10", "-unit 99ms", "-plan=x", "3"} {
		if err := lessons.Refused(args); err != nil {
			t.Error(err)
		}
	}
}
