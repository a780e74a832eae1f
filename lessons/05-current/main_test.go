package main

import (
	"context"
	"errors"
	"os"
	"regexp"
	"slices"
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
	t.Parallel()
	if err := lessons.Prints(main, output, inOrder); err != nil {
		t.Error(err)
	}
}

// inOrder sorts the lines of the workers: the system decides their order.
func inOrder(output string) string {
	all := strings.Split(strings.Replace(output, "\nprints", "\n      ", 1), "\n")
	var workers []string
	for _, line := range all {
		if byWorker.MatchString(line) {
			workers = append(workers, line)
		}
	}
	slices.Sort(workers)
	for i, line := range all {
		if byWorker.MatchString(line) {
			all[i], workers = workers[0], workers[1:]
		}
	}
	return strings.Join(all, "\n")
}

var byWorker = regexp.MustCompile(` (starting|exiting)$`)

const output = `LESSON 5  Which process is this?                             (examples 2, 3)

plan   Example 2: main starts "Worker 1", "Worker 2", and a process without
       a name, and joins all of them. Each of them prints its name, works
       for 2 ticks, and prints its name again. The system decides the order
       of these lines. Example 3: main prints its name, its parent's PID,
       and its own PID. Then it starts a child, which prints the same.

prints Process-3 exiting
       Process-3 starting
       Worker 1 exiting
       Worker 1 starting
       Worker 2 exiting
       Worker 2 starting
       main
         name MainProcess
         parent #1
         PID #2
       child
         name Process-4
         parent #2
         PID #3

  #2  main, which is MainProcess
   +- #4  Worker 1
   +- #5  Worker 2
   +- #6  Process-3
   +- #3  Process-4

saw    Processes that were started: 4. Different names: 4. Different PIDs:
       4. You can choose a name. The system chooses the PID. The tree has
       the name that each process had at its start. mp counts all processes
       that main makes, also those with names. If number 3 has no name, it
       becomes Process-3.

also   This time, the lesson itself is main. It has a child named Child,
       which starts two processes, and names both Twin. Another child, named
       Ended, has ended. Main looks for each PID: in mp.Children, and in the
       system (os.FindProcess and Signal(0)).

  who          name             PID   parent  mp.Children()  os
  main         MainProcess       #1       #7  false          true
  a goroutine  MainProcess       #1       #7  false          true
  child        Child             #8       #1  true           true
  grandchild   Twin              #9       #8  false          true
  grandchild   Twin             #10       #8  false          true
  ended child  Ended            #11       #1  false          false

saw    A goroutine has the name and the PID of its process. Processes with
       the same name have different PIDs. In main, mp.Current is main, not
       the process that was started last. mp.Children has the children of
       the process that calls it, and only those that are alive. The system
       knows the PIDs of all processes that are alive. (Signal 0 changes
       nothing in a process.)
try    -plain, five times: which worker prints first? Also -unit 2s, -free
`

func TestFacts(t *testing.T) {
	want := map[string]string{
		"5a": "A D E",
		"5b": "3 3",
		"5c": "main, Child",
		"5d": "1 2 3",
		"5e": "New, Old",
	}
	if err := experiments.Check(t.Context(), want); err != nil {
		t.Error(err)
	}
}

// with is a program that starts one process, and joins it.
func with(f mp.Function[mp.None, mp.None], change func(p *mp.Process)) func(context.Context) error {
	return func(ctx context.Context) error {
		p := mp.NewProcess(f, mp.None{})
		change(p)
		return errors.Join(p.Start(ctx), p.Join(ctx))
	}
}

func nothing(*mp.Process) {}

// Changes that a reader may make in main.go, and the lesson's text after each.
var changes = map[string]struct {
	program func(context.Context) error
	want    []string
}{
	"one more before": {func(ctx context.Context) error {
		mp.NewProcess(worker, mp.None{}) // it is never started
		return program(ctx)
	}, []string{"name Process-5 parent", "+- Worker 1 +- Worker 2 +- Process-4 +- Process-5 saw", "started: 4. Different names: 4. Different PIDs: 4."}},
	"all named Kim": {func(ctx context.Context) error {
		one, two := mp.NewProcess(worker, mp.None{}), mp.NewProcess(worker, mp.None{})
		one.Name, two.Name = "Kim", "Kim"
		return errors.Join(one.Start(ctx), two.Start(ctx), one.Join(ctx), two.Join(ctx))
	}, []string{"+- Kim +- Kim saw", "started: 2. Different names: 1. Different PIDs: 2."}},
	"renamed":        {with(renamed, nothing), []string{"name New parent", "+- Process-1 saw", "the name that each process had at its start"}},
	"a grandchild":   {with(parent, nothing), []string{"+- Process-1 +- Process-1:1 saw", "started: 2."}},
	"nobody":         {func(context.Context) error { return nil }, []string{"prints (nothing)", "started: 0."}},
	"an error":       {func(context.Context) error { return errors.New("this is a test") }, []string{"MainProcess (exited with exit code 1) saw", "started: 0."}},
	"a worker fails": {with(failing, nothing), []string{"MainProcess (exited with exit code 1) +- Process-1 (exited with exit code 3) saw"}},
	"a panic":        {with(panicking, nothing), []string{"MainProcess (exited with exit code 1) +- Process-1 (exited with exit code 2) saw"}},
	"a daemon without Join": {func(ctx context.Context) error {
		p := mp.NewProcess(endless, mp.None{})
		p.Daemon = true
		return p.Start(ctx)
	}, []string{"main, which is MainProcess +- Process-1 (was terminated) saw", "started: 1."}},
	"main exits": {func(ctx context.Context) error {
		err := mp.NewProcess(endless, mp.None{}).Start(ctx)
		os.Exit(4)
		return err
	}, []string{"MainProcess (exited with exit code 4) +- Process-1 (ended with its parent) saw"}},
	"no end": {program: with(endless, func(p *mp.Process) { p.Name = "Endless" })},
}

// renamed gives itself another name.
var renamed = mp.Proc("renamed", func(mp.None) error {
	mp.Current().Name = "New"
	info("child")
	return nil
})

var parent = mp.Proc("parent", func(mp.None) error {
	return mp.NewProcess(child, mp.None{}).Start(context.Background())
})

var failing = mp.Proc("failing", func(mp.None) error {
	os.Exit(3)
	return nil
})

var panicking = mp.Proc("panicking", func(mp.None) error { panic("this is a test") })

var endless = mp.Proc("endless", func(mp.None) error {
	info("endless")
	select {}
})

// The lesson tells what happened, whatever a reader makes of main.go.
func TestChangedProgram(t *testing.T) {
	t.Parallel()
	for name, change := range changes {
		if change.want == nil {
			continue // it is for another test
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := lessons.Command()
			cmd.Env = append(cmd.Env, lessons.ChangeVar+"="+name)
			out, err := cmd.Output()
			masked := pid.ReplaceAll(out, nil)
			for _, want := range change.want {
				if !lessons.Contains(masked, want) {
					t.Errorf("%v, the lesson does not say %q:\n%s", err, want, out)
				}
			}
		})
	}
}

var pid = regexp.MustCompile(`\b\d{2,}\b`) // or another number as long

// -plain is main.go and nothing else. A worker begins before it ends.
func TestPlain(t *testing.T) {
	t.Parallel()
	out, err := lessons.Command("-plain").CombinedOutput()
	all := "\n" + string(out)
	for _, name := range []string{"Worker 1", "Worker 2", "Process-3"} {
		if _, after, ok := strings.Cut(all, "\n"+name+" starting\n"); !ok || strings.Count("\n"+after, "\n"+name+" exiting\n") != 1 {
			t.Errorf("%s does not start and then exit", name)
		}
	}
	if err != nil || strings.Count(all, "\n") != 15 || !regexp.MustCompile(idsOfBoth).MatchString(all) {
		t.Errorf("got %v and\n%s\nwant 14 lines, the last ones with names and IDs", err, out)
	}
}

const idsOfBoth = `\nmain\n  name MainProcess\n  parent \d+\n  PID \d+\nchild\n  name Process-4\n  parent \d+\n  PID \d+\n$`

// The output gets EOF when all processes have ended: see lessons.Killed.
func TestNobodyIsLeftAfterTheLesson(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"", "-plain", "-free", "-plan", "-facts"} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			cmd := lessons.Command(strings.Fields(args)...)
			cmd.WaitDelay = lessons.Limit
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("%v: %v\n%s", args, err, out)
			}
			for line := range strings.Lines(string(out)) {
				if len(line) > 77 || strings.HasSuffix(line, " \n") {
					t.Errorf("%v: a long line, or blanks at its end: %q", args, line)
				}
			}
		})
	}
}

func TestNobodyIsLeftAfterTheLessonIsKilled(t *testing.T) {
	if err := lessons.Killed("", "Worker 2 starting", 0); err != nil {
		t.Error(err)
	}
	t.Setenv(lessons.ChangeVar, "no end")
	if err := lessons.Killed("", "  name Endless", 0); err != nil {
		t.Error(err)
	}
}

func TestWrongArgumentsAreOneSentence(t *testing.T) {
	for _, args := range []string{"-depth 2", "-twins 3", "-unit 1ms", "-unit", "twin"} {
		if err := lessons.Refused(args); err != nil {
			t.Error(err)
		}
	}
}
