package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

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
	if err := lessons.Prints(main, output); err != nil {
		t.Error(err)
	}
}

const output = `LESSON 8  How do processes talk?                             (examples 6, 8)

plan   Example 6: main puts a box with x = 7 into a queue. A child gets the
       box, and opens it. Example 8: main starts 2 consumers, which wait for
       tasks. Main asks one more child a question through a pipe, and this
       child answers with the question's length. Then main puts 10 tasks
       into a queue, and closes it. The consumers do all tasks. The system
       decides the order of their results.

prints 100000 prime: false
       101 prime: true
       1327 prime: true
       193 prime: true
       2 prime: true
       323 prime: false
       36 prime: false
       433785907 prime: true
       513 prime: false
       9999999 prime: false
       Process-1 finds x = 7
       the answer is 4

saw    Main's exit code is 0. Numbers to test in main.go: 10. The word
       "prime" is in the output this many times: 10. Process-1 exited.
       Process-2 exited. Process-3 exited. Process-4 exited. A consumer that
       is ready takes the next task, so one may do more than the other. If a
       consumer ends before it calls TaskDone, its task goes to another
       consumer, if there is one.

also   Main puts a box with x = 10 into a queue, and then sets its own x to
       20. A child gets the box. Through a pipe, main asks for x two times.
       Between the answers, the child sets its x to 99.

  main        child
  +--------+  +--------+
  | x = 20 |  | x = 10 |
  | x = 20 |  | x = 99 |
  +--------+  +--------+

saw    The child has a copy of the box. A message is always a copy.

also   Six more experiments. A and B are processes. A pill is an item that
       means "exit". In the last row below, main has locked a Mutex, a
       variable of the program. Then a child and a goroutine of main call
       Lock, and main calls Unlock. In which order do these three calls
       return?

  A puts 2 results, B puts 3; both are killed  main gets 2 of A, 3 of B
  4 consumers, 3 tasks, a pill, and 7 tasks    10 tasks done, 1 consumer exits
  of 6 tasks 4 are taken, 3 of these are done  Len says 2; 3 are not done
  Len sees a task; another process takes it    main's Get waits
  a child sends 11, 12 and 13, and exits       main gets 11 first, EOF last
  a child and a goroutine lock, main unlocks   order: child, main, goroutine

saw    When a process has ended, its items stay in the queue, and its
       messages stay in the pipe. Each item, also a pill, goes to one
       consumer. Len does not reserve a task. An empty queue does not mean
       that all tasks are done. Each process has its own Mutex, so the child
       did not wait for main.
try    -plain, five times: is the order of the results the same?
`

func TestFacts(t *testing.T) {
	want := map[string]string{
		"8a": "10 20",
		"8b": "2 3",
		"8c": "child, main, goroutine",
		"8d": "11, EOF",
		"8e": "2 3",
		"8f": "waits",
		"8g": "10 1",
	}
	if err := experiments.Check(t.Context(), want); err != nil {
		t.Error(err)
	}
}

// A reader may change each function of main.go. The experiments do not call them.
func TestExperimentsWithoutMain(t *testing.T) {
	defer func(original mp.Function[shop, mp.None]) { consumer = original }(consumer)
	consumer = broken
	ctx, cancel := context.WithTimeout(t.Context(), lessons.Limit)
	defer cancel()
	if fact, err := experiments.Measure(ctx, "8f"); fact != "waits" || err != nil {
		t.Errorf("got %q, %v, want %q", fact, err, "waits")
	}
}

var broken = mp.Proc("broken", func(shop) error { os.Exit(3); return nil })

// bad is a consumer as a reader may change it: it takes one task.
var bad = mp.Proc("bad", func(b badArg) error {
	if _, err := b.Shop.Tasks.Get(context.Background()); err != nil {
		return err
	}
	switch b.How {
	case "exit":
		os.Exit(3)
	case "panic":
		panic("this is a test")
	}
	return errors.New("this is a test")
})

type badArg struct {
	How  string
	Shop struct{ Tasks *mp.JoinableQueue[task] }
}

// with is a program with one more consumer, which takes the first task and fails.
func with(how string) func(context.Context) error {
	return func(ctx context.Context) error {
		s := shop{mp.NewJoinableQueue[task](0), mp.NewQueue[string](0)}
		b := badArg{How: how}
		b.Shop.Tasks = s.Tasks
		one, two := mp.NewProcess(bad, b), mp.NewProcess(consumer, s)
		one.Name, two.Name = "Bad", "Good"
		err := errors.Join(s.Tasks.Put(ctx, 7), one.Start(ctx))
		one.Join(ctx)
		err = errors.Join(err, two.Start(ctx), s.Tasks.Close(), two.Join(ctx), s.Results.Close())
		for result := range s.Results.All(ctx) {
			fmt.Println(result)
		}
		return err
	}
}

// named is consumer with its name in the results, as main.go suggests.
var named = mp.Proc("named", func(s shop) (err error) {
	ctx := context.Background()
	for t := range s.Tasks.All(ctx) {
		answer := fmt.Sprint(mp.Current().Name, " ", t, " prime: ", t.prime())
		err = errors.Join(err, s.Results.Put(ctx, answer), s.Tasks.TaskDone())
	}
	return err
})

// Both consumers do tasks. The system decides how many, so one run is not enough.
func TestBothConsumersWork(t *testing.T) {
	for range 20 {
		cmd := lessons.Command("-plain")
		cmd.Env = append(cmd.Env, lessons.ChangeVar+"=names")
		out, err := cmd.Output()
		if err != nil || strings.Count(string(out), "prime") != len(numbers) {
			t.Fatalf("%v\n%s", err, out)
		}
		if strings.Contains(string(out), "Process-2 ") && strings.Contains(string(out), "Process-3 ") {
			return
		}
	}
	t.Error("in each of 20 runs, one consumer did all tasks")
}

// While one consumer is busy, the other gets the next task. Here neither can put a
// result before main gets one, so each has one task when main has put a third.
func TestBothConsumersHaveATask(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), lessons.Limit)
	defer cancel()
	s := shop{mp.NewJoinableQueue[task](1), mp.NewQueue[string](1)} // room for one item
	one, two := mp.NewProcess(consumer, s), mp.NewProcess(consumer, s)
	err := errors.Join(s.Results.Put(ctx, "no room"), one.Start(ctx), two.Start(ctx))
	for n := range task(3) {
		err = errors.Join(err, s.Tasks.Put(ctx, n))
	}
	for range 4 {
		_, lost := s.Results.Get(ctx)
		err = errors.Join(err, lost)
	}
	if err = errors.Join(err, s.Tasks.Close(), one.Join(ctx), two.Join(ctx)); err != nil {
		t.Error(err)
	}
}

// Changes that a reader may make in main.go, and the lesson's text after each.
var changes = map[string]struct {
	program func(context.Context) error
	want    []string
}{
	"exit":  {with("exit"), []string{"7 prime: true", "Main's exit code is 0. Numbers to test in main.go: 10. The word \"prime\" is in the output this many times: 1. Bad exited with exit code 3. Good exited. A consumer that is ready takes the next task, so one may do more than the other. If a consumer ends before it calls TaskDone, its task goes to another consumer, if there is one."}},
	"panic": {with("panic"), []string{"7 prime: true", "Bad exited with exit code 2. Good exited."}},
	"error": {with("error"), []string{"7 prime: true", "Bad exited with exit code 1. Good exited."}},
	"no box": {func(ctx context.Context) error {
		q := mp.NewQueue[box](0)
		p := mp.NewProcess(opener, q)
		return errors.Join(p.Start(ctx), q.Close(), p.Join(ctx))
	}, []string{"Process-1 finds x = 0", "Process-1 exited with exit code 1. If Get or Recv returns an error, the value is 0."}},
	"no answer": {func(ctx context.Context) error {
		ours, theirs := mp.Pipe[string, int]()
		theirs.Close()
		answer, err := ours.Recv()
		fmt.Println("the answer is", answer)
		return err
	}, []string{"saw    Main's exit code is 1.", "If Get or Recv returns an error, the value is 0."}},
	"nothing": {func(context.Context) error { return nil }, []string{
		"prints (nothing)", "saw    Main's exit code is 0. Numbers to test in main.go: 10. The word \"prime\" is in the output this many times: 0."}},
	"an error in main": {func(context.Context) error { return errors.New("this is a test") }, []string{"Main's exit code is 1."}},
	"killed": {func(ctx context.Context) error {
		s := shop{mp.NewJoinableQueue[task](0), mp.NewQueue[string](0)}
		p := mp.NewProcess(consumer, s)
		err := p.Start(ctx)
		p.Kill()
		p.Join(ctx)
		return err
	}, []string{"Process-1 was killed."}},
	"one number": {func(ctx context.Context) error { numbers = numbers[:1]; return program(ctx) }, []string{"2 prime: true", "is in the output this many times: 1."}},
	"names":      {program: func(ctx context.Context) error { consumer = named; return program(ctx) }},
	"never closed": {program: func(ctx context.Context) error {
		s := shop{mp.NewJoinableQueue[task](0), mp.NewQueue[string](0)}
		p := mp.NewProcess(consumer, s)
		fmt.Println("main waits")
		return errors.Join(p.Start(ctx), p.Join(ctx))
	}},
}

// The lesson tells what happened, whatever a reader makes of main.go.
func TestChangedProgram(t *testing.T) {
	for name, change := range changes {
		if change.want == nil {
			continue // it is for another test
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := lessons.Changed(name, change.want); err != nil {
				t.Error(err)
			}
		})
	}
}

// -plain is main.go and nothing else. The order of the results is the system's
// affair.
func TestPlain(t *testing.T) {
	out, err := lessons.Command("-plain").CombinedOutput()
	lines := strings.Split(string(out), "\n")
	if err != nil || lines[0] != "Process-1 finds x = 7" || lines[1] != "the answer is 4" || len(lines) != len(numbers)+3 {
		t.Errorf("got %v and\n%s", err, out)
	}
	for i, n := range numbers {
		if line := fmt.Sprintf("\n%d prime: %v\n", n, strings.Contains("2 101 193 1327 433785907", fmt.Sprint(n))); strings.Count(string(out), line) != 1 {
			t.Errorf("result %d: want once %q in\n%s", i, line, out)
		}
	}
}

// All these processes share one standard output. It is at its end when the last
// of them has ended.
func TestNobodyIsLeftAfterTheLesson(t *testing.T) {
	for _, args := range [][]string{{}, {"-plain"}, {"-facts"}} {
		cmd := lessons.Command(args...)
		cmd.WaitDelay = lessons.Limit
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
}

// A program that waits forever for another task ends with the lesson.
func TestNobodyIsLeftAfterTheLessonIsKilled(t *testing.T) {
	t.Setenv(lessons.ChangeVar, "never closed")
	if err := lessons.Killed("", "main waits", 0); err != nil {
		t.Error(err)
	}
}

func TestWrongArgumentsAreOneSentence(t *testing.T) {
	for _, args := range []string{"-consumers 4", "-pills 1", "-unit 1s", "-plan=x", "4"} {
		if err := lessons.Refused(args); err != nil {
			t.Error(err)
		}
	}
}

func TestFewFiles(t *testing.T) {
	if err := lessons.Cramped(""); err != nil {
		t.Error(err)
	}
}
