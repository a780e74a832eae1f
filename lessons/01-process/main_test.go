package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"processbook/lessons"
	"processbook/mp"
)

func TestMain(m *testing.M) {
	lessons.RunTests(m, func() {
		if change, there := changes[os.Getenv(lessons.ChangeVar)]; there {
			if change.source != 0 {
				counter = change.source
			}
			lessons.Main(lesson, change.program)
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

const output = `LESSON 1  How does a process differ from a thread?               (example 3)

plan   The source says: var counter = 1. Main sets counter to 5. Then main
       starts children (2), one after the other. Last, main starts a
       goroutine. Each child and the goroutine add 10 to counter.

prints main       PID #1, parent #2, counter 5
       Child 1    PID #3, parent #1, counter 1, then 11
       Child 2    PID #4, parent #1, counter 1, then 11
       goroutine  PID #1, parent #2, counter 5, then 15
       main       PID #1, parent #2, counter 15

  +--------------+--------------------------+--------------------------+
  | PID #1       | counter 5, then 15       | main, goroutine          |
  +--------------+--------------------------+--------------------------+
  | PID #3       | counter 1, then 11       | Child 1                  |
  +--------------+--------------------------+--------------------------+
  | PID #4       | counter 1, then 11       | Child 2                  |
  +--------------+--------------------------+--------------------------+

saw    Processes: 3. Each has its own PID and its own counter. All names in
       a box share one process and its counter. A child is a new start of
       the program. So its counter begins with the value in the source (var,
       init), and not with the value that main has set. (In Python, spawn
       also starts the program again. But fork copies main.)

also   Now main sets a variable, goes to another directory, sets an
       environment variable and writes a file. A child looks for these
       changes. Then the child also makes these changes, and sends a message
       through a pipe. Main looks for all of this. Last, a goroutine does
       what the child did, and main looks again.

done by      looked for by  variable  directory  environment  file  pipe
main         a child        no        yes        yes          yes   -
a child      main           no        no         no           yes   yes
a goroutine  main           yes       yes        yes          yes   yes

saw    Variables, directory and environment belong to one process, and its
       goroutines share them. A child begins with copies of the directory
       and the environment, but not of the variables. Files and pipes are
       outside of all processes. The child starts no goroutine, and has more
       than one thread.
try    -set 100, -children 6, -plain
`

func TestFacts(t *testing.T) {
	want := map[string]string{
		"1a": "B C D",
		"1b": "1",
		"1c": "15",
		"1d": "D E",
		"1e": "A B C D E",
		"1f": "some",
	}
	if err := experiments.Check(t.Context(), want); err != nil {
		t.Error(err)
	}
}

// A goroutine changes the directory of its whole process. The next test must not
// begin there.
func TestMainGoesHome(t *testing.T) {
	home, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := host(t.Context(), Visit{}, goroutine); err != nil {
		t.Fatal(err)
	}
	if now, err := os.Getwd(); now != home || err != nil {
		t.Errorf("after the traces main is in %q, %v, want %q", now, err, home)
	}
}

// bad is a child as a reader may change it.
var bad = mp.Proc("bad", func(how string) error {
	switch how {
	case "exit":
		os.Exit(3)
	case "panic":
		panic("this is a test")
	case "thread":
		addTen("Child 1")
		addTen("goroutine")
	case "grandchild":
		addTen("Child 1")
		p := mp.NewProcess(adder, mp.None{})
		p.Name = "Grandchild"
		return errors.Join(p.Start(context.Background()), p.Join(context.Background()))
	case "long":
		fmt.Println("Child 1 is there")
		time.Sleep(2 * lessons.Limit)
	}
	return nil
})

// with is main.go with another child.
func with(how string) func(context.Context) error {
	return func(ctx context.Context) error {
		say(set)
		p := mp.NewProcess(bad, how)
		p.Name = "Child 1"
		err := errors.Join(p.Start(ctx), p.Join(ctx))
		addTen("goroutine")
		return err
	}
}

func say(n int) {
	counter = n
	fmt.Printf("main       PID %d, parent %d, counter %d\n", os.Getpid(), os.Getppid(), counter)
}

// Changes that a reader may make in main.go, and the lesson's text after each.
var changes = map[string]struct {
	source  int // what the source says of counter, if it is not 1
	program func(context.Context) error
	want    []string
}{
	"init":   {7, program, []string{"| counter 7, then 17   | Child 1", "| counter 7, then 17   | Child 2", "counter 5, then 15", "begins with the value in the source"}},
	"no set": {0, func(ctx context.Context) error { set = counter; return program(ctx) }, []string{"counter 1, then 11 | main, goroutine", "counter 1, then 11 | Child 1"}},
	"goroutine first": {0, func(ctx context.Context) error {
		say(set)
		addTen("goroutine")
		p := mp.NewProcess(adder, mp.None{})
		p.Name = "Child 1"
		return errors.Join(p.Start(ctx), p.Join(ctx))
	}, []string{"counter 5, then 15 | main, goroutine", "counter 1, then 11"}},
	"no Join": {0, func(ctx context.Context) error {
		say(set)
		p := mp.NewProcess(adder, mp.None{})
		p.Name = "Child 1"
		return p.Start(ctx)
	}, []string{"Processes: 2. Each", "counter 5, then 5", "counter 1, then 11"}},
	"no child": {0, func(context.Context) error { say(set); addTen("goroutine"); return nil }, []string{"Processes: 1. Each", "main, goroutine"}},
	"nothing":  {0, func(context.Context) error { return nil }, []string{"prints (nothing)", "| counter not found | main", `No line of main looks like "main PID 7, parent 6, counter 5".`}},
	"exit":     {0, with("exit"), []string{"| counter not found | Child 1", `No line of Child 1 looks like "main PID 7, parent 6, counter 5".`, "Process main exited with exit code 1. Process Child 1 exited with exit code 3."}},
	"panic":    {0, with("panic"), []string{"Process Child 1 exited with exit code 2."}},
	"thread":   {0, with("thread"), []string{"| counter 1, then 21 | Child 1, goroutine"}},
	"long names": {0, func(context.Context) error {
		addTen("goroutine")
		addTen("one more")
		addTen("the last one")
		return nil
	}, []string{
		"| goroutine, one more, the last one |"}},
	"grandchild":  {0, with("grandchild"), []string{"Processes: 3.", "| counter 1, then 11 | Grandchild"}},
	"main exits":  {0, func(context.Context) error { say(set); os.Exit(4); return nil }, []string{"Process main exited with exit code 4."}},
	"other lines": {0, func(context.Context) error { fmt.Println("counter", counter); return nil }, []string{"| counter not found | main"}},
	"long":        {0, with("long"), nil},
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

// -plain is main.go and nothing else.
func TestPlain(t *testing.T) {
	out, err := lessons.Command("-plain", "-children", "1").CombinedOutput()
	for _, want := range []string{"counter 5\n", "Child 1 ", "counter 1, then 11\n", "goroutine ", "counter 5, then 15\n", "counter 15\n"} {
		_, after, found := strings.Cut(string(out), want)
		if !found || err != nil {
			t.Fatalf("%v, and next comes not %q, but\n%s", err, want, out)
		}
		out = []byte(after)
	}
	if len(out) > 0 {
		t.Errorf("got %q at the end, want nothing", out)
	}
}

// The output gets EOF when all processes have ended: see lessons.Killed.
func TestEveryFlagWorksAndNobodyIsLeft(t *testing.T) {
	for args, want := range map[string]string{
		"-children 1":          "| counter 1, then 11   | Child 1                  |",
		"-children 6 -set 999": "counter 1, then 11   | Child 6                  |",
		"-set 2":               "counter 2, then 12   | main, goroutine",
		"-set 1 -plan":         "Main sets counter to 1.",
		"-plain -set 4":        "counter 4, then 14",
		"-facts":               "1f\t",
	} {
		cmd := lessons.Command(strings.Fields(args)...)
		cmd.WaitDelay = lessons.Limit
		out, err := cmd.CombinedOutput()
		if err != nil || !lessons.Contains(out, want) {
			t.Errorf("%s: %v, want %q\n%s", args, err, want, out)
		}
		for _, row := range boxes.FindAllString(string(out), -1) {
			if strings.LastIndexAny(row, "|+") != 71 {
				t.Errorf("%s: the box has a bad border: %q", args, row)
			}
		}
		for line := range strings.Lines(string(out)) {
			if line = strings.TrimSuffix(line, "\n"); len(line) > 76 || strings.TrimRight(line, " ") != line {
				t.Errorf("%s: a line is too long or ends with a blank: %q", args, line)
			}
		}
	}
}

var boxes = regexp.MustCompile(`(?m)^  [|+].*$`)

func TestNobodyIsLeftAfterTheLessonIsKilled(t *testing.T) {
	t.Setenv(lessons.ChangeVar, "long")
	if err := lessons.Killed("", "Child 1 is there", 0); err != nil {
		t.Error(err)
	}
}

func TestWrongArgumentsAreOneSentence(t *testing.T) {
	for _, args := range []string{"-set", "-set 0", "-set 1000", "-children 0", "-children 7", "-unit 1s", "-free", "1"} {
		if err := lessons.Refused(args); err != nil {
			t.Error(err)
		}
	}
}
