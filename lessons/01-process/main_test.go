package main

import (
	"context"
	"errors"
	"fmt"
	"os"
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

const output = `LESSON 1  What is a process, and how is it not a thread?         (example 3)

plan   The source says: var counter = 1. Main sets counter to 5. Then it
       starts this same program again as 2 child processes, one after the
       other. Last, it starts a goroutine. Each child and the goroutine add
       10 to counter.

prints main       PID #1, parent #2, counter 5
       Child 1    PID #3, parent #1, counter 1, then 11
       Child 2    PID #4, parent #1, counter 1, then 11
       goroutine  PID #1, parent #2, counter 5, then 15
       main       PID #1, parent #2, counter 15

  PID #1            PID #3            PID #4
  +--------------+  +--------------+  +--------------+
  | counter 15   |  | counter 11   |  | counter 11   |
  | main         |  | Child 1      |  | Child 2      |
  | goroutine    |  |              |  |              |
  +--------------+  +--------------+  +--------------+

saw    3 processes, and each has its own PID and its own counter. The
       goroutine printed main's PID: it runs in main's process, and has
       main's counter. Child 1 and Child 2 began with 1, and not with the 5
       that main had printed: a child is a new start of the program, and not
       a copy of main. (In Python, it is a copy with fork, and a new start
       with spawn.) In all, 30 was added: 10 to main's counter, and 20 in
       other processes. Main is the parent of Child 1 and Child 2. (In
       Python also, but not with forkserver, the default on Linux since
       Python 3.14: there the parent is the fork server.)

also   Now main and 2 children run at the same time. Different PIDs: 3.
       Different program files: 1. Each process has several threads, even if
       it starts no goroutine.

also   Now a child sets a variable, changes its directory, sets an
       environment variable, writes a file, and sends through a pipe. Then a
       goroutine does the same. Where does main find it, in its own memory,
       directory and environment, in the file, and in the pipe?

done by      variable  directory  environment  file  pipe
a child      no        no         no           yes   yes
a goroutine  yes       yes        yes          yes   yes

saw    Main found 2 of the 5 that the child did, and 5 of the 5 that the
       goroutine did. Variables, directory and environment belong to one
       process, and its goroutines share them. Files and pipes are outside
       all processes.
try    -set 100, -children 6, -plain
`

func TestFacts(t *testing.T) {
	want := map[string]string{
		"1a": "1 2",
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

// A goroutine takes the whole process to another directory; those who come
// after must not find it there.
func TestMainGoesHome(t *testing.T) {
	home, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := seen(t.Context(), byGoroutine); err != nil {
		t.Fatal(err)
	}
	if now, err := os.Getwd(); now != home || err != nil {
		t.Errorf("after the traces main is in %q, %v, want %q", now, err, home)
	}
	if sign, there := os.LookupEnv("SIGN"); there {
		t.Errorf("after the traces SIGN is %q", sign)
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
		p := mp.NewProcess(adder, "Grandchild")
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

// What a reader may do to main.go, and what the lesson then says.
var changes = map[string]struct {
	source  int // what the source says of counter, if it is not 1
	program func(context.Context) error
	want    []string
}{
	"init": {7, program, []string{"Child 1 and Child 2 began with 7, and not with the 5", "| counter 17   |", "30 was added: 10 to main's counter, and 20"}},
	"no set": {0, func(ctx context.Context) error { set = counter; return program(ctx) }, []string{
		"Child 1 and Child 2 began with 1, as main had printed, too: here you cannot tell", "| counter 11   |"}},
	"goroutine first": {0, func(ctx context.Context) error {
		say(set)
		addTen("goroutine")
		p := mp.NewProcess(adder, "Child 1")
		p.Name = "Child 1"
		return errors.Join(p.Start(ctx), p.Join(ctx))
	}, []string{"Child 1 began with 1, and not with the 15 that main had printed"}},
	"no Join": {0, func(ctx context.Context) error {
		say(set)
		p := mp.NewProcess(adder, "Child 1")
		p.Name = "Child 1"
		return p.Start(ctx)
	}, []string{"2 processes, and each", "Child 1 began with 1, and not with the 5", "10 was added: 0 to main's counter, and 10 in other"}},
	"no child": {0, func(context.Context) error { say(set); addTen("goroutine"); return nil }, []string{
		"Main started no child. The goroutine printed main's PID", "10 was added: 10 to main's counter, and 0 in other"}},
	"nothing":     {0, func(context.Context) error { return nil }, []string{"prints (nothing)", "| counter ?", "Process main printed no counter."}},
	"exit":        {0, with("exit"), []string{"Process main exited with exit code 1. Process Child 1 exited with exit code 3. Process Child 1 printed no counter."}},
	"panic":       {0, with("panic"), []string{"Process Child 1 exited with exit code 2. Process Child 1 printed no counter."}},
	"thread":      {0, with("thread"), []string{"| counter 21   |", "| Child 1      | | goroutine", "30 was added: 10 to main's counter, and 20"}},
	"grandchild":  {0, with("grandchild"), []string{"3 processes", "Child 1 and Grandchild began with 1", "Main is the parent of Child 1."}},
	"main exits":  {0, func(context.Context) error { say(set); os.Exit(4); return nil }, []string{"Process main exited with exit code 4."}},
	"other lines": {0, func(context.Context) error { fmt.Println("counter", counter); return nil }, []string{"Process main printed no counter."}},
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

// Whoever is left holds the standard output that all of the family share, so
// its end is the end of everybody.
func TestEveryFlagWorksAndNobodyIsLeft(t *testing.T) {
	for args, want := range map[string]string{
		"-children 1":          "20 was added: 10 to main's counter, and 10 in other processes",
		"-children 6 -set 999": "Child 5 and Child 6 began with 1, and not with the 999",
		"-set 2":               "not with the 2",
		"-set 1 -plan":         "Main sets counter to 1.",
		"-plain -set 4":        "counter 4, then 14",
		"-facts":               "1f\t",
	} {
		cmd := lessons.Command(strings.Fields(args)...)
		cmd.WaitDelay = lessons.Limit
		out, err := cmd.CombinedOutput()
		if text := strings.Join(strings.Fields(string(out)), " "); err != nil || !strings.Contains(text, strings.TrimSpace(want)) {
			t.Errorf("%s: %v, want %q\n%s", args, err, want, out)
		}
		for line := range strings.Lines(string(out)) {
			if line = strings.TrimSuffix(line, "\n"); len(line) > 76 || strings.TrimRight(line, " ") != line {
				t.Errorf("%s: a line is too long or ends with a blank: %q", args, line)
			}
		}
	}
}

func TestNobodyIsLeftAfterTheLessonIsKilled(t *testing.T) {
	for _, name := range []string{"TMPDIR", "TMP"} { // it cannot remove its file any more
		t.Setenv(name, t.TempDir())
	}
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
