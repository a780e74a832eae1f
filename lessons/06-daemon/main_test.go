package main

import (
	"bufio"
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

const output = `LESSON 6  What are daemon processes for?                     (examples 4, 5)

plan   Main starts Worker 1 (a daemon, 4 ticks of work). After 1 tick main
       starts Worker 2 (not a daemon, 2 ticks of work). Then main reaches
       its last line without joining either of them.

prints Worker 1 starting
       Worker 2 starting
       Worker 2 exiting

  main      [===========|...........]       exit code 0
  Worker 1      [===========x               terminated (a daemon)
  Worker 2          [===========]           exit code 0
            [ starts  = runs  . waits  | last line  ] ends  x is terminated
            Time goes from left to right. Lengths mean nothing.

saw    Main reached its last line. At that line, main terminates its
       daemons, and waits for its other children. Worker 1 was terminated.
       No line begins with "Worker 1 exiting". Worker 2 exited. Main's exit
       code is 0.

also   Now Worker 1 writes 10 numbers to a file, and Worker 2 adds 1 + 2 + 3
       + 4 + 5 + 6. When 3 numbers are written, main reaches its last line.

  Worker 1       its file      Worker 2 sends
  a daemon        3 numbers    21
  not a daemon   10 numbers    21

saw    As a daemon, Worker 1 wrote 3 of 10 numbers. If you need all of them,
       the file is useless. If they only say "I am alive", nothing is lost.
       Worker 2 sent 21 in the first case, and 21 in the second.
try    -nodaemon, -join 1, -join 20, -unit 2s, -free, -plain
`

func TestFacts(t *testing.T) {
	want := map[string]string{
		"6a": "A B C",
		"6b": "A B C D",
		"6c": "A B C D",
		"6d": "alive",
		"6e": "neither",
		"6f": "3 21",
		"6g": "4 3",
	}
	if err := experiments.Check(t.Context(), want); err != nil {
		t.Error(err)
	}
}

// bad is a worker as a reader may change it.
var bad = mp.Proc("bad", func(how string) error {
	fmt.Println(mp.Current().Name, "starting")
	switch how {
	case "exit":
		os.Exit(3)
	case "panic":
		panic("this is a test")
	case "error":
		return errors.New("this is a test")
	case "child":
		p := mp.NewProcess(worker, 20*tick)
		p.Name = "Worker 3"
		if err := p.Start(context.Background()); err != nil {
			return err
		}
		time.Sleep(tick)
		os.Exit(3)
	}
	return nil
})

// withBad is main.go with another Worker 2.
func withBad(how string) func(context.Context) error {
	return func(ctx context.Context) error {
		one, two := mp.NewProcess(worker, 8*tick), mp.NewProcess(bad, how)
		one.Name, two.Name, one.Daemon = "Worker 1", "Worker 2", true
		err := errors.Join(one.Start(ctx), two.Start(ctx))
		two.Join(ctx)
		time.Sleep(tick)
		return err
	}
}

// with is main.go with something before its last line.
func with(last func(one, two *mp.Process)) func(context.Context) error {
	return func(context.Context) error {
		one, two := mp.NewProcess(worker, 8*tick), mp.NewProcess(worker, 4*tick)
		one.Name, two.Name, one.Daemon = "Worker 1", "Worker 2", true
		err := one.Start(context.Background()) // a panic in main ends ctx
		time.Sleep(tick)
		last(one, two)
		return err
	}
}

// Changes that a reader may make in main.go, and the lesson's text after each.
var changes = map[string]struct {
	program func(context.Context) error
	want    []string
}{
	"Worker 2 a daemon": {with(func(_, two *mp.Process) { two.Daemon = true; two.Start(context.Background()) }), []string{
		"x               terminated (a daemon)", "waits for its other children. Worker 1 was terminated. No line begins with \"Worker 1 exiting\".",
		"Worker 2 was terminated. No line begins with \"Worker 2 exiting\". Main's exit code is 0."}},
	"one more daemon": {with(func(_, two *mp.Process) {
		three := mp.NewProcess(worker, 4*tick)
		three.Name, three.Daemon = "Heart", true
		errors.Join(two.Start(context.Background()), three.Start(context.Background()))
		time.Sleep(tick)
	}), []string{"Heart was terminated. No line begins with \"Heart exiting\"", "Worker 2 exited. "}},
	"no Start": {with(func(_, _ *mp.Process) {}), []string{"waits for its other children. Worker 1 was terminated. No line begins with \"Worker 1 exiting\". Main's exit code is 0."}},
	"nothing":  {func(context.Context) error { return nil }, []string{"prints (nothing)", "waits for its other children. Main's exit code is 0."}},
	"an error in main": {func(context.Context) error { return errors.New("this is a test") }, []string{
		"main  [===|...!       exit code 1", "Main reached its last line.", "Main's exit code is 1."}},
	"Terminate": {with(func(one, two *mp.Process) {
		one.Terminate()
		two.Start(context.Background())
		two.Join(context.Background())
	}), []string{
		"x ", "Worker 1 was terminated before main's last line.", "Worker 2 exited before main's last line."}},
	"Kill":  {with(func(one, _ *mp.Process) { one.Kill(); one.Join(context.Background()) }), []string{"X ", "killed (a daemon)", "X is killed", "Worker 1 was killed before main's last line."}},
	"exit":  {withBad("exit"), []string{"!  ", "! fails", "Worker 2 exited with exit code 3 before main's last line. No line begins with \"Worker 2 exiting\"."}},
	"panic": {withBad("panic"), []string{"exit code 2", "Worker 2 exited with exit code 2 before main's last line."}},
	"error": {withBad("error"), []string{"exit code 1", "Worker 2 exited with exit code 1 before main's last line."}},
	"child": {withBad("child"), []string{"exit code 3", "Worker 3", ") ends with its parent", "no exit code"}},
	"main exits": {with(func(_, two *mp.Process) { two.Start(context.Background()); time.Sleep(tick); os.Exit(4) }), []string{
		"Main ended before its last line. Then all its children end. Worker 1 ended with its parent. No line begins with \"Worker 1 exiting\". Worker 2 ended with its parent.", "Main's exit code is 4."}},
	"too long": {program: func(ctx context.Context) error {
		p := mp.NewProcess(worker, 2*lessons.Limit)
		p.Name = "Worker 2"
		return errors.Join(p.Start(ctx), p.Join(context.Background()))
	}},
	"main panics": {with(func(_, _ *mp.Process) { panic("this is a test") }), []string{
		"Main ended before its last line.", "Worker 1 ended with its parent.", "Main's exit code is 2."}},
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
			if err := lessons.ChangedPatiently(name, change.want, "-unit", "500ms"); err != nil {
				t.Error(err)
			}
		})
	}
}

// Flags reach main.go, and the picture is that of its run.
func TestFlags(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"-nodaemon": `waits for its other children. Worker 1 exited. Worker 2 exited. Main's exit code is 0.`,
		"-join 1":   `main: Join says context deadline exceeded and Alive says true`,
		"-join 20":  `Worker 1 exited before main's last line. Worker 2 exited before main's last line.`,
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			err := lessons.OutputPatiently(args, func(out []byte) bool { return lessons.Contains(out, want) })
			if err != nil {
				t.Errorf("%v\nwant %q", err, want)
			}
		})
	}
}

// -plain is main.go and nothing else.
func TestPlain(t *testing.T) {
	t.Parallel()
	const want = "Worker 1 starting\nWorker 2 starting\nWorker 2 exiting\n"
	if err := lessons.OutputPatiently("-plain", func(out []byte) bool { return string(out) == want }); err != nil {
		t.Errorf("%v\nwant\n%s", err, want)
	}
}

// The output gets EOF when all processes have ended: see lessons.Killed.
func TestNobodyIsLeftAfterTheLesson(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-unit", "100ms"}, {"-unit", "100ms", "-nodaemon", "-plain"}, {"-free"}, {"-free", "-join", "1"}, {"-facts"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			cmd := lessons.Command(args...)
			cmd.WaitDelay = lessons.Limit
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %v\n%s", args, err, out)
			}
		})
	}
}

func TestNobodyIsLeftAfterTheLessonIsKilled(t *testing.T) {
	t.Setenv(lessons.ChangeVar, "too long")
	if err := lessons.Killed("", "Worker 2 starting", 0); err != nil {
		t.Error(err)
	}
}

// The reader goes in the middle of the story, when there are children and files.
func TestAReaderMayGo(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"TMPDIR", "TMP"} {
		t.Setenv(name, dir)
	}
	var stderr strings.Builder
	cmd := lessons.Command("-unit", "300ms")
	cmd.Stderr = &stderr
	story, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(story)
	for lines.Scan() && !strings.Contains(lines.Text(), "Worker 1 starting") {
	}
	story.Close()
	cmd.Wait()
	left, err := os.ReadDir(dir)
	if code := cmd.ProcessState.ExitCode(); code != 0 || stderr.Len() > 0 || len(left) > 0 || err != nil {
		t.Errorf("exit code %d, want 0; files %v, want none (%v); want no words:\n%s", code, left, err, &stderr)
	}
}

func TestWrongArgumentsAreOneSentence(t *testing.T) {
	for _, args := range []string{"-daemon", "-join", "-join x", "-join -1", "-join 21", "-unit 99ms", "-unit -1s", "-unit 1h", "-plan=x", "2"} {
		if err := lessons.Refused(args); err != nil {
			t.Error(err)
		}
	}
}
