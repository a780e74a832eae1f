package main

import (
	"context"
	"errors"
	"os"
	"regexp"
	"slices"
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
	if err := lessons.Prints(main, output); err != nil {
		t.Error(err)
	}
}

const output = `LESSON 5  Which process is this?                             (examples 2, 3)

plan   Main starts "Worker 1", "Worker 2", one with no name (it has a
       child), and 2 more, all named "Twin". Each of them prints its name,
       its PID, and its parent's PID; main does so before and after that,
       and in a goroutine, too. Then main terminates Worker 1, and looks who
       is alive.

prints main         MainProcess   #1  #2
       child        Worker 1      #3  #1
       child        Worker 2      #4  #1
       child        Process-3     #5  #1
       its child    Process-3:1   #6  #5
       child        Twin          #7  #1
       child        Twin          #8  #1
       main again   MainProcess   #1  #2
       a goroutine  MainProcess   #1  #2
       alive?  Worker 1      Children false, os false
       alive?  Worker 2      Children true, os true

  #1  main, which is MainProcess
   +- #3  Worker 1
   +- #4  Worker 2
   +- #5  Process-3
   |   +- #6  Process-3:1
   +- #7  Twin
   +- #8  Twin

saw    Processes that were started: 6. Different names: 5. Different PIDs:
       6. A name is yours to choose, a PID is the system's. The process that
       was made without a name is Process-3: the numbers count every process
       that was made, named or not. Main again is MainProcess: current is
       the process that asks, not the one that was started last. A goroutine
       has the PID of its process.

also   Main has a child, Child, and that has a child, Grandchild. A third
       process, Ended, has ended. Main looks for them.

  who           mp.Children()     os.FindProcess
  Child         alive             alive
  Grandchild    -                 alive
  Ended         -                 -

saw    mp.Children has the children of the process that calls it, and only
       those that are alive. By its PID, the system finds each process that
       is alive, whoever has started it.
try    -twins 5, -unit 1s, -free, -plain
`

// A number in a name counts what its maker has made so far. So the facts need
// a program of their own.
func TestFacts(t *testing.T) {
	out, err := lessons.Command("-facts").CombinedOutput()
	want := strings.Join([]string{
		"5a\tProcess-3",
		"5b\tMainProcess",
		"5c\tmain, Child",
		"5d\t1 2",
		"5e\t3",
		"5f\tNew, Old",
		"",
	}, "\n")
	if string(out) != want || err != nil {
		t.Errorf("-facts: %v\n%swant\n%s", err, out, want)
	}
}

func TestClaims(t *testing.T) {
	if err := claims.Check(t.Context(), map[string]string{"others": "A D E"}); err != nil {
		t.Error(err)
	}
}

// Everybody is in the tree once, below its parent.
func TestFlags(t *testing.T) {
	t.Parallel()
	for args, twins := range map[string]int{"-twins 4": 4, "-twins 9 -unit 200ms": 9} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			out, err := lessons.Command(strings.Fields(args)...).Output()
			if err != nil {
				t.Errorf("%s: %v\n%s", args, err, out)
			}
			want := append([]string{"+- Worker 1", "+- Worker 2", "+- Process-3", "| +- Process-3:1"}, slices.Repeat([]string{"+- Twin"}, twins)...)
			if got, pids := treeOf(string(out)); !slices.Equal(got, want) || pids != len(want) {
				t.Errorf("%s: %q with %d PIDs, want %q, each with one of its own", args, got, pids, want)
			}
		})
	}
}

// treeOf returns the lines of a tree without the PIDs, and counts these.
func treeOf(output string) (lines []string, pids int) {
	different := make(map[string]bool)
	for line := range strings.Lines(output) {
		if before, after, ok := strings.Cut(line, "+- "); ok {
			pid, name, _ := strings.Cut(strings.TrimSpace(after), "  ")
			lines, different[pid] = append(lines, strings.Join(strings.Fields(before+"+- "+name), " ")), true
		}
	}
	return lines, len(different)
}

// with is main.go with other processes.
func with(all func() []*mp.Process) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		for _, p := range all() {
			if err := p.Start(ctx); err != nil {
				return err
			}
			time.Sleep(2 * tick)
		}
		return nil
	}
}

func named(name string) *mp.Process {
	p := mp.NewProcess(worker, "child")
	p.Name = name
	return p
}

// What a reader may do to main.go, and what the lesson then says.
var changes = map[string]struct {
	program func(context.Context) error
	want    []string
}{
	"one more before": {with(func() []*mp.Process {
		mp.NewProcess(worker, "child") // it is never started
		return []*mp.Process{named("Worker 1"), mp.NewProcess(parent, "child")}
	}), []string{"Process-3 ", "+- Process-3", "+- Process-3:1", "started: 3. Different names: 3. Different PIDs: 3."}},
	"one more name": {with(func() []*mp.Process { return []*mp.Process{named("Kim"), named("Kim")} }), []string{
		"Kim child Kim", "started: 2. Different names: 1. Different PIDs: 2."}},
	"renamed": {with(func() []*mp.Process { return []*mp.Process{mp.NewProcess(renamed, mp.None{})} }), []string{
		"child New", "+- Process-1"}},
	"nobody": {with(func() []*mp.Process { return nil }), []string{"prints (nothing)", "started: 0."}},
	"a daemon with a child": {with(func() []*mp.Process {
		p := mp.NewProcess(parent, "child")
		p.Daemon = true
		return []*mp.Process{p}
	}), []string{"+- Process-1", "started: 1."}},
	"an error": {func(context.Context) error { return errors.New("this is a test") }, []string{"started: 0."}},
	"main exits": {func(ctx context.Context) error {
		err := named("Worker 1").Start(ctx)
		time.Sleep(2 * tick)
		os.Exit(4)
		return err
	}, []string{"child Worker 1", "started: 1."}},
	"no end": {program: func(ctx context.Context) error { return named("Worker 1").Start(ctx) }},
}

// renamed is a worker that gives itself another name.
var renamed = mp.Proc("renamed", func(mp.None) error {
	mp.Current().Name = "New"
	whoami("child")
	return nil
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

// -plain is main.go and nothing else.
func TestPlain(t *testing.T) {
	t.Parallel()
	out, err := lessons.Command("-plain").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "main  ") || strings.Count(string(out), "\n") != 11 {
		t.Errorf("got %v and\n%s\nwant 11 lines, from main's on", err, out)
	}
}

// Whoever is left holds the standard output that all of the family share, so
// its end is the end of everybody.
func TestNobodyIsLeftAfterTheStory(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"-unit 200ms", "-unit 200ms -plain", "-free", "-free -twins 9", "-plan", "-facts"} {
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
	for _, name := range []string{"TMPDIR", "TMP"} { // it cannot remove its file any more
		t.Setenv(name, t.TempDir())
	}
	if err := lessons.Killed("", "Process-3:1", 0); err != nil {
		t.Error(err)
	}
	t.Setenv(lessons.ChangeVar, "no end")
	if err := lessons.Killed("", "Worker 1  ", 0); err != nil {
		t.Error(err)
	}
}

func TestWrongArgumentsAreOneSentence(t *testing.T) {
	for _, args := range []string{"-depth 2", "-twins 1", "-twins 10", "-twins", "-unit 1", "twin"} {
		if err := lessons.Refused(args); err != nil {
			t.Error(err)
		}
	}
}
