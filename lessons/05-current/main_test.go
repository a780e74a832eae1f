package main

import (
	"cmp"
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
	if err := lessons.Prints(main, output); err != nil {
		t.Error(err)
	}
}

const output = `LESSON 5  Which process is this?                             (examples 2, 3)

plan   Main starts "Worker 1", "Worker 2", a process without a name (which
       starts a child), and 2 more, all named "Twin". Each of them prints
       its name, its PID, and its parent's PID. Then main prints the same,
       and so does a goroutine of main, which also terminates Worker 1.
       Last, main looks for Worker 1 and Worker 2: in mp.Children, and by
       PID in the system (os).

prints child        Worker 1      PID #1, parent #2
       child        Worker 2      PID #3, parent #2
       child        Process-3     PID #4, parent #2
       child        Process-3:1   PID #5, parent #4
       child        Twin          PID #6, parent #2
       child        Twin          PID #7, parent #2
       main         MainProcess   PID #2, parent #8
       a goroutine  MainProcess   PID #2, parent #8
       alive? Worker 1  mp.Children: false, os: false
       alive? Worker 2  mp.Children: true, os: true

  #2  main, which is MainProcess
   +- #1  Worker 1
   +- #3  Worker 2
   +- #4  Process-3
   |   +- #5  Process-3:1
   +- #6  Twin
   +- #7  Twin

saw    Processes that were started: 6. Different names: 5. Different PIDs:
       6. A name is yours to choose, a PID is the system's. A process that
       was made without a name gets one like Process-3: the number counts
       every process that its parent made, named or not. In main, mp.Current
       is main, not the process that was started last. A goroutine has the
       PID of its process.

also   Main has a child, Child, and that has a child, Grandchild. A third
       process, Ended, has ended. Main looks for them.

  who           mp.Children()    os.FindProcess and Signal(0)
  Child         true             true
  Grandchild    false            true
  Ended         false            false

saw    mp.Children has the children of the process that calls it, and only
       those that are alive. With its PID, the system finds any process that
       is alive. (Signal 0 changes nothing in a process.)
try    -twins 5, -plain
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

// Each process is in the tree once, below its parent.
func TestFlags(t *testing.T) {
	t.Parallel()
	for args, twins := range map[string]int{"-twins 4": 4, "-twins 9": 9} {
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

// A starter starts a process, as main.go does.
type starter func(f mp.Function[pipe, mp.None], name string, daemon bool)

// with is main.go with other processes.
func with(all func(start starter)) func(context.Context) error {
	return func(ctx context.Context) (err error) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		all(func(f mp.Function[pipe, mp.None], name string, daemon bool) {
			printed, toMain := mp.Pipe[mp.None, bool]()
			p := mp.NewProcess(f, toMain)
			p.Name, p.Daemon = cmp.Or(name, p.Name), daemon
			if err = errors.Join(err, p.Start(ctx)); err == nil {
				printed.Recv()
			}
		})
		return err
	}
}

// Changes that a reader may make in main.go, and the lesson's text after each.
var changes = map[string]struct {
	program func(context.Context) error
	want    []string
}{
	"one more before": {with(func(start starter) {
		mp.NewProcess(worker, nil) // it is never started
		start(worker, "Worker 1", false)
		start(parent, "", false)
	}), []string{"Process-3 ", "+- Process-3", "+- Process-3:1", "started: 3. Different names: 3. Different PIDs: 3.", "the number counts every process that its parent made, named or not"}},
	"one more name": {with(func(start starter) { start(worker, "Kim", false); start(worker, "Kim", false) }), []string{
		"Kim PID , parent child Kim", "started: 2. Different names: 1. Different PIDs: 2."}},
	"renamed":               {with(func(start starter) { start(renamed, "", false) }), []string{"child New", "+- Process-1"}},
	"nobody":                {with(func(starter) {}), []string{"prints (nothing)", "started: 0."}},
	"a daemon with a child": {with(func(start starter) { start(parent, "", true) }), []string{"+- Process-1", "started: 1."}},
	"an error":              {func(context.Context) error { return errors.New("this is a test") }, []string{"started: 0."}},
	"main exits":            {with(func(start starter) { start(worker, "Worker 1", false); os.Exit(4) }), []string{"child Worker 1", "started: 1."}},
	"a worker fails":        {with(func(start starter) { start(failing, "Worker 1", false) }), []string{"+- Worker 1", "started: 1."}},
	"no end": {program: func(context.Context) error {
		_, toMain := mp.Pipe[mp.None, bool]()
		p := mp.NewProcess(worker, toMain)
		p.Name = "Worker 1"
		return p.Start(context.Background())
	}},
}

// renamed is a worker that gives itself another name.
var renamed = mp.Proc("renamed", func(pipe) error {
	mp.Current().Name = "New"
	whoami("child")
	return nil
})

// failing is a worker that fails before it has printed anything.
var failing = mp.Proc("failing", func(pipe) error { return errors.New("this is a test") })

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
	if err != nil || !strings.HasPrefix(string(out), "child  ") || strings.Count(string(out), "\n") != 10 {
		t.Errorf("got %v and\n%s\nwant 10 lines, from a child's on", err, out)
	}
}

// The output gets EOF when all processes have ended: see lessons.Killed.
func TestNobodyIsLeftAfterTheLesson(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"", "-plain", "-twins 9", "-plan", "-facts"} {
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
	if err := lessons.Killed("", "Process-3:1", 0); err != nil {
		t.Error(err)
	}
	t.Setenv(lessons.ChangeVar, "no end")
	if err := lessons.Killed("", "Worker 1  ", 0); err != nil {
		t.Error(err)
	}
}

func TestWrongArgumentsAreOneSentence(t *testing.T) {
	for _, args := range []string{"-depth 2", "-twins 1", "-twins 10", "-twins", "-unit 1s", "twin"} {
		if err := lessons.Refused(args); err != nil {
			t.Error(err)
		}
	}
}
