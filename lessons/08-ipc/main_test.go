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

const output = `LESSON 8  How do processes talk?                          (examples 6, 7, 8)

plan   Example 6: main puts a box with x = 10 into a queue, and then sets x
       in its box to 20. A child gets the box. Through a pipe, main asks for
       x, and the child answers. Example 8: main puts 10 numbers into a
       queue. 2 consumers take them until main closes the queue, and put the
       results into another queue. The system decides their order.

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
       main has x = 20 and the child answers 10

saw    Main's exit code is 0. Process-1 exited. Process-2 exited. Process-3
       exited.

also   The box again, step by step, and a lock. Main locks a Mutex, a
       variable of the program. The child and a goroutine of main ask for
       it. Then main unlocks it.

  main        child
  +--------+  +--------+
  | x = 20 |  | x = 10 |  main has set its x to 20
  | x = 20 |  | x = 99 |  then the child has set its x to 99
  +--------+  +--------+

lock   main locks it, the child gets it, the goroutine waits, main unlocks
       it, the goroutine gets it
saw    The child has a copy of the box. It also has its own Mutex, which
       nobody has locked. The goroutine asks for the Mutex that main has. A
       Mutex is for the threads of one process.

also   Example 7: 4 consumers exit when the queue looks empty. They look
       before main puts 10 tasks.

  tasks done   main's Join
           0   waits

saw    0 tasks are done. An empty queue can mean that all is done, but also
       that nothing has come yet. Main's Join waits: it counts unfinished
       tasks, not consumers. In the chapter's program timing decides when a
       consumer looks. So it hangs in some runs only.

also   Example 8, with turns, and with a pill: a message that means "exit".
       4 consumers take 10 tasks and 1 pill. A column is a turn. In it stand
       the task that a consumer took and the result that it put: is it
       prime?

  Consumer 1  2 yes          323 no         9999999 no     .
  Consumer 2  36 no          513 no         433785907 yes  .
  Consumer 3  101 yes        1327 yes       *
  Consumer 4  193 yes        100000 no      .
              * a pill  . waits until main closes the queue

saw    A task goes to one consumer. All consumers put results into one
       queue, and each result says who put it. A pill is a message, so it
       goes to one consumer, too: 1 of 4 exited. The other 3 waited until
       main closed the queue. Every consumer sees that.

also   Two processes send a message to main, each through its own pipe. One
       is killed after that message, the other in the middle of its next
       one. What does main receive then?

  the sender is killed         main receives
  between two messages         EOF
  in the middle of a message   a broken message

saw    When a process ends, the system closes its pipes. So the reader does
       not wait forever, and it knows whether the last message was complete.
try    -plain, five times: is the order of the results the same?
`

func TestFacts(t *testing.T) {
	want := map[string]string{
		"8a": "10 20",
		"8b": "2",
		"8c": "the child",
		"8d": "0",
		"8e": "waits",
		"8f": "1",
		"8g": "10 1",
		"8h": "EOF, a broken message",
	}
	if err := experiments.Check(t.Context(), want); err != nil {
		t.Error(err)
	}
}

// Each consumer puts the results of the tasks that it took, and of no others.
func TestEachTaskGoesToOneConsumer(t *testing.T) {
	c, err := example8(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	by := make(map[string]string)
	for _, r := range c.said {
		by[r.By] += r.Text + ", "
	}
	for name, want := range map[string]string{
		"Consumer 1": "2 yes, 323 no, 9999999 no, ., ",
		"Consumer 2": "36 no, 513 no, 433785907 yes, ., ",
		"Consumer 3": "101 yes, 1327 yes, *, ",
		"Consumer 4": "193 yes, 100000 no, ., ",
	} {
		if by[name] != want {
			t.Errorf("%s said %q, want %q", name, by[name], want)
		}
	}
}

// A Mutex that another goroutine has makes a goroutine wait.
func TestLock(t *testing.T) {
	_, events, err := example6(t.Context())
	want := "main locks it, the child gets it, the goroutine waits, main unlocks it, the goroutine gets it"
	if got := strings.Join(events, ", "); got != want || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

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
	Shop struct{ Tasks *mp.JoinableQueue[int] }
}

// with is a program with one more consumer, which takes the first task and fails.
func with(how string) func(context.Context) error {
	return func(ctx context.Context) error {
		s := shop{mp.NewJoinableQueue[int](0), mp.NewQueue[string](0)}
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

// What a reader may do to main.go, and what the lesson then says.
var changes = map[string]struct {
	program func(context.Context) error
	want    []string
}{
	"exit":  {with("exit"), []string{"7 prime: true", "Main's exit code is 0. Bad exited with exit code 3. Good exited."}},
	"panic": {with("panic"), []string{"7 prime: true", "Bad exited with exit code 2. Good exited."}},
	"error": {with("error"), []string{"7 prime: true", "Bad exited with exit code 1. Good exited."}},
	"nothing": {func(context.Context) error { return nil }, []string{
		"prints (nothing)", "saw    Main's exit code is 0.\n"}},
	"an error in main": {func(context.Context) error { return errors.New("this is a test") }, []string{"Main's exit code is 1."}},
	"killed": {func(ctx context.Context) error {
		s := shop{mp.NewJoinableQueue[int](0), mp.NewQueue[string](0)}
		p := mp.NewProcess(consumer, s)
		err := p.Start(ctx)
		p.Kill()
		p.Join(ctx)
		return err
	}, []string{"Process-1 was killed."}},
	"never closed": {program: func(ctx context.Context) error {
		s := shop{mp.NewJoinableQueue[int](0), mp.NewQueue[string](0)}
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
	if err != nil || lines[0] != "main has x = 20 and the child answers 10" || len(lines) != len(numbers)+2 {
		t.Errorf("got %v and\n%s", err, out)
	}
	for i, n := range numbers {
		if line := fmt.Sprintf("\n%d prime: %v\n", n, strings.Contains("2 101 193 1327 433785907", fmt.Sprint(n))); strings.Count(string(out), line) != 1 {
			t.Errorf("result %d: want once %q in\n%s", i, line, out)
		}
	}
}

// Whoever is left holds the standard output that all of the family share, so
// its end is the end of everybody.
func TestNobodyIsLeftAfterTheStory(t *testing.T) {
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
	for _, name := range []string{"TMPDIR", "TMP"} { // it cannot remove its file any more
		t.Setenv(name, t.TempDir())
	}
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
