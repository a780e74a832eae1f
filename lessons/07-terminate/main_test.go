package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
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
	if err := lessons.PrintsPatiently(main, here(output)); err != nil {
		t.Error(err)
	}
}

// here is output as it is on this system: Windows has no SIGTERM, so there
// Terminate is Kill.
func here(output string) string {
	if runtime.GOOS != "windows" {
		return output
	}
	return onWindows.Replace(output)
}

var onWindows = strings.NewReplacer(
	"is Stubborn alive? true", "is Stubborn alive? false",
	"Stubborn ended with exit code -9", "Stubborn ended with exit code -15",
	rows, `
  main      [==========================|..]     exit code 0
  Stuck        [===========x                    terminated
  Stubborn        [===========x                 terminated
  Left               [===========x              terminated
  Right                 [===========]           exit code 0
            [ starts  = runs  . waits  | last line  ] ends  x is terminated
            Time goes from left to right. Lengths mean nothing.

saw    Stuck was terminated. Stubborn was terminated. Left was terminated.
       Right exited. The output has "Right cleans up". Main's exit code is
       0.
`,
	"Main asked Stuck to end. Stuck exited. The output has \"Stuck cleans up\".", "Stuck was terminated.",
	refused, `
  handles SIGTERM                 Terminate         -15  does not run
  ignores SIGTERM                 Terminate         -15  does not run
`)

const output = `LESSON 7  How do you end a process, and when may you?           (no example)

plan   Main starts four processes. Stuck and Stubborn hang. Left and Right
       each wait for a message from the other: a deadlock. Stubborn ignores
       SIGTERM. Main calls Terminate for Stuck, and joins Stuck. Then it
       calls Terminate for Stubborn, calls Kill 2 ticks later, and joins
       Stubborn. Last, it calls Terminate for Left, and joins Left and
       Right.

prints Stuck hangs
       Stubborn hangs
       Left waits for a message
       Right waits for a message
       main: Stuck ended with exit code -15
       main: is Stubborn alive? true
       main: Stubborn ended with exit code -9
       main: Left ended with exit code -15
       Right received EOF
       Right cleans up
       main: Right ended with exit code 0
` + rows + `
also   Seven more processes each have a deferred cleanup. Main sends "please
       stop" to the first two, and calls Terminate for the others. If a
       process does not end then, main calls Kill.

  the process                     ended by    exit code  cleanup
  waits for a message             message             0  runs
  waits, then calls os.Exit(0)    message             0  does not run
  runs an endless loop            Terminate         -15  does not run
  sleeps for an hour              Terminate         -15  does not run
  locks a Mutex two times         Terminate         -15  does not run` + refused + `
saw    Terminate can end even a process that hangs. A deferred cleanup runs
       when its function returns. Terminate, Kill and os.Exit can end the
       process before that. On Linux and macOS, Terminate sends SIGTERM,
       signal 15 (exit code -15). A process can handle SIGTERM and return.
       Or it can ignore SIGTERM, and then only Kill ends it, with signal 9
       (exit code -9).

also   A queue with one item, a token, can be a lock. What happens to others
       when main terminates a process that ...

  has a child, which also has a child    of the three, 3 end
  has a token, and is sending a message  others get: a broken message, EOF

saw    Terminate only processes that share nothing. The system does not put
       the token back: others never get it. Children also end, and a message
       may be broken.
try    -unit 1s, -free, -plain
`

const rows = `
  main      [=============================|..]     exit code 0
  Stuck        [===========x                       terminated
  Stubborn        [===========?==X                 killed
  Left               [==============x              terminated
  Right                 [==============]           exit code 0
            [ starts  = runs  . waits  | last line  ] ends  x is terminated
            ? is asked to end  X is killed
            Time goes from left to right. Lengths mean nothing.

saw    Stuck was terminated. Terminate did not end Stubborn. Stubborn was
       killed. Left was terminated. Right exited. The output has "Right
       cleans up". Main's exit code is 0.
`

const refused = `
  handles SIGTERM                 Terminate           0  runs
  ignores SIGTERM                 Kill               -9  does not run
`

func TestFacts(t *testing.T) {
	want := map[string]string{
		"7a": "A B C",
		"7b": "3",
		"7c": "C D",
		"7d": "A D",
		"7e": "-15 -9 0",
	}
	if runtime.GOOS == "windows" { // Terminate is Kill
		want["7a"], want["7d"], want["7e"] = "A B C D", "A", "-15 -15 -15"
	}
	if err := experiments.Check(t.Context(), want); err != nil {
		t.Error(err)
	}
}

// changed is a worker as a reader may change it.
var changed = mp.Proc("changed", func(how string) error {
	name := mp.Current().Name
	defer fmt.Println(name, "cleans up")
	asked := make(chan os.Signal, 1)
	switch how {
	case "handle":
		signal.Notify(asked, syscall.SIGTERM)
	case "error":
		return errors.New("this is a test")
	case "panic":
		panic("this is a test")
	}
	fmt.Println(name, "hangs")
	<-asked
	return nil
})

// with is main.go with one worker, and with what main does to it.
func with(how string, do func(ctx context.Context, p *mp.Process)) func(context.Context) error {
	return func(ctx context.Context) error {
		p := mp.NewProcess(changed, how)
		p.Name = "Stuck"
		if err := p.Start(ctx); err != nil {
			return err
		}
		time.Sleep(2 * tick)
		do(ctx, p)
		return nil
	}
}

// pair is main.go with nobody but Left and Right.
func pair(do func(ctx context.Context, left, right *mp.Process)) func(context.Context) error {
	return func(ctx context.Context) error {
		one, other := mp.Pipe[string, string]()
		left, right := mp.NewProcess(partner, one), mp.NewProcess(partner, other)
		left.Name, right.Name = "Left", "Right"
		if err := errors.Join(left.Start(ctx), right.Start(ctx)); err != nil {
			return err
		}
		time.Sleep(2 * tick)
		do(ctx, left, right)
		return nil
	}
}

// sendsFirst is partner with a message before it waits.
var sendsFirst = mp.Proc("sendsFirst", func(c *mp.Conn[string, string]) error {
	defer fmt.Println(mp.Current().Name, "cleans up")
	return c.Send("")
})

// Changes that a reader may make in main.go, and the lesson's text after each.
var changes = map[string]struct {
	program func(context.Context) error
	want    []string
}{
	"Right, not Left": {pair(func(ctx context.Context, left, right *mp.Process) {
		right.Terminate()
		ended(ctx, right)
		ended(ctx, left)
	}), []string{"main: Right ended with exit code -15", "Left received EOF Left cleans up main: Left ended with exit code 0",
		"saw Left exited. The output has \"Left cleans up\". Right was terminated. Main's exit code is 0."}},
	"both": {pair(func(ctx context.Context, left, right *mp.Process) {
		left.Kill()
		right.Kill()
		ended(ctx, right)
		ended(ctx, left)
	}), []string{"Left was killed. Right was killed. Main's"}},
	"Left sends": {func(ctx context.Context) error {
		one, other := mp.Pipe[string, string]()
		left, right := mp.NewProcess(sendsFirst, one), mp.NewProcess(partner, other)
		left.Name, right.Name = "Left", "Right"
		err := errors.Join(left.Start(ctx), right.Start(ctx))
		ended(ctx, left)
		right.Join(ctx)
		return err
	}, []string{"saw Left exited. The output has \"Left cleans up\". Right exited. The output has \"Right cleans up\".", "ended with exit code 0"}},
	"Stuck handles SIGTERM": {with("handle", func(ctx context.Context, p *mp.Process) { p.Terminate(); ended(ctx, p) }), []string{
		here("Main asked Stuck to end. Stuck exited. The output has \"Stuck cleans up\".")}},
	"Kill": {with("", func(ctx context.Context, p *mp.Process) { p.Kill(); ended(ctx, p) }), []string{
		"X ", "killed", "Stuck was killed. Main's", "exit code -9"}},
	"Terminate twice": {with("", func(ctx context.Context, p *mp.Process) { p.Terminate(); p.Terminate(); ended(ctx, p) }), []string{
		"saw Stuck was terminated. Main's"}},
	"error":    {with("error", func(ctx context.Context, p *mp.Process) { ended(ctx, p) }), []string{"! ", "saw Stuck exited with exit code 1. The output has \"Stuck cleans up\"."}},
	"panic":    {with("panic", func(ctx context.Context, p *mp.Process) { ended(ctx, p) }), []string{"! ", "saw Stuck exited with exit code 2. The output has \"Stuck cleans up\"."}},
	"too late": {with("error", func(ctx context.Context, p *mp.Process) { p.Join(ctx); p.Terminate() }), []string{"saw Stuck exited with exit code 1"}},
	"main exits": {with("", func(context.Context, *mp.Process) { os.Exit(4) }), []string{
		") ends with its parent", "Stuck ended with its parent. Main's exit code is 4."}},
	"nothing":        {func(context.Context) error { return nil }, []string{"prints (nothing)", "saw Main's exit code is 0."}},
	"nobody ends it": {program: with("", func(context.Context, *mp.Process) {})},
}

// Main may call Kill before Terminate, or Terminate when the process ends by itself, and
// two processes may have one name. The story is also true then.
func TestStory(t *testing.T) {
	over, cancel := context.WithCancel(t.Context())
	cancel() // no experiments
	run := &lessons.Run{Output: "Twin cleans up\n", Moments: 10, Lives: []lessons.Life{{Name: "main", PID: 1, Started: 1, Ended: 10},
		{Name: "Stuck", PID: 2, Parent: 1, Started: 2, Asked: 3, Ended: 4, Code: -9},
		{Name: "Twin", PID: 3, Parent: 1, Started: 5, Asked: 6, Ended: 7},
		{Name: "Twin", PID: 4, Parent: 1, Started: 8, Ended: 9, Code: -15}}}
	err := lessons.Prints(func() { picture(over, run) }, `saw Terminate did not end Stuck. Stuck was killed. Main asked Twin to end.
 Twin exited. The output has "Twin cleans up". Twin was terminated. The output has "Twin cleans up". Main's exit code is 0.`,
		func(text string) string { return strings.Join(strings.Fields(text[strings.Index(text, "saw"):]), " ") })
	if err != nil {
		t.Error(err)
	}
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
			if err := lessons.ChangedPatiently(name, change.want); err != nil {
				t.Error(err)
			}
		})
	}
}

// -plain is main.go and nothing else.
func TestPlain(t *testing.T) {
	t.Parallel()
	want := here(plain)
	if err := lessons.OutputPatiently("-plain", func(out []byte) bool { return string(out) == want }); err != nil {
		t.Errorf("%v\nwant\n%s", err, want)
	}
}

const plain = `Stuck hangs
Stubborn hangs
Left waits for a message
Right waits for a message
main: Stuck ended with exit code -15
main: is Stubborn alive? true
main: Stubborn ended with exit code -9
main: Left ended with exit code -15
Right received EOF
Right cleans up
main: Right ended with exit code 0
`

// All these processes share one standard output. It is at its end when the last
// of them has ended. That matters here: most of them hang.
func TestNobodyIsLeftAfterTheLesson(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"-unit 500ms", "-free", "-free -plain", "-plan", "-facts"} {
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
	if err := lessons.Killed("", "Right waits", 0); err != nil {
		t.Error(err)
	}
	t.Setenv(lessons.ChangeVar, "nobody ends it")
	if err := lessons.Killed("", "Stuck hangs", 0); err != nil {
		t.Error(err)
	}
}

func TestWrongArgumentsAreOneSentence(t *testing.T) {
	for _, args := range []string{"-others 2", "-listen", "-unit 99ms", "-unit", "-case 2", "2"} {
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
