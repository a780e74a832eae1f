package main

import (
	"bufio"
	"os"
	"strings"
	"testing"

	"processbook/lessons"
	"processbook/mp"
)

func TestMain(m *testing.M) {
	mp.Init()
	lessons.RunTests(m, main)
}

func TestOutput(t *testing.T) {
	if err := lessons.Prints(main, output); err != nil {
		t.Error(err)
	}
}

const output = `LESSON 6  What are daemon processes for?                     (examples 4, 5)

plan   Main starts Worker 1 (a daemon, 4 ticks of work). After 1 tick it
       starts Worker 2 (not a daemon, 2 ticks of work). Then main reaches
       its last line without joining either of them. At the end of each tick
       of work, a worker writes one number to its own file.

tick   who        what
   0   main       starting (PID #1)
   0   Worker 1   starting (PID #2)
   1   Worker 2   starting (PID #3)
   1   main       reaches its last line
   1   Worker 1   is terminated
   3   Worker 2   exiting
   3   main       ends

  main      [=====|...........]
  Worker 1  [=====x
  Worker 2        [===========]
  tick      0     1     2     3
            [ starts  = runs  . waits  | last line  ] ends  x is terminated

saw    After its last line, main terminated its daemon, Worker 1, and waited
       for Worker 2. Worker 1 never printed "exiting". It wrote 1 of its 4
       numbers.
try    -nodaemon, -join 1, -join 3, -unit 500ms, -free
`

func TestFacts(t *testing.T) {
	want := map[string]string{
		"6a": "A B C",
		"6b": "A B C D",
		"6c": "A B C D",
		"6d": "alive",
		"6e": "is gone",
		"6f": "3",
	}
	if err := experiments.Check(t.Context(), want); err != nil {
		t.Error(err)
	}
}

// What the lesson says is true for all values of its flags, and for a reader who
// makes Worker 2 a daemon, too.
func TestSaw(t *testing.T) {
	daemons := example4(true, 0)
	daemons.Two.Daemon = true
	for _, test := range []struct {
		script Script
		want   string
	}{
		{example4(false, 0), `After its last line, main waited for Worker 1 and Worker 2, and both printed "exiting".`},
		{example4(true, 1), `Main joined Worker 1 for 1 tick, then gave up. After its last line, it terminated its daemon, Worker 1,` +
			` and waited for Worker 2. Worker 1 never printed "exiting". It wrote 2 of its 4 numbers.`},
		{example4(true, 2), `Main joined Worker 1 for 2 ticks, then gave up. After its last line, it terminated its daemon, Worker 1,` +
			` and waited for nobody. Worker 1 never printed "exiting".`},
		{example4(true, 3), `Main joined Worker 1 for 3 ticks, until it ended. After its last line, it waited for nobody:` +
			` both workers had already printed "exiting". Worker 1 wrote 4 of its 4 numbers.`},
		{example4(false, 2), `Main joined Worker 1 for 2 ticks, then gave up. After its last line, it waited for Worker 1,` +
			` which printed "exiting".`},
		{daemons, `After its last line, main terminated its daemons, Worker 1 and Worker 2, and waited for nobody.` +
			` They never printed "exiting". Worker 1 wrote 1 of its 4 numbers.`},
	} {
		events, numbers, err := play(t.Context(), lessons.Clock{}.Stage(nil), test.script)
		if got := test.script.saw(events, numbers); err != nil || !strings.HasPrefix(got, test.want) {
			t.Errorf("%s\nsaw %s\nwant %s\nerror: %v", test.script, got, test.want, err)
		}
	}
	if plan := daemons.String(); !strings.Contains(plan, "Worker 2 (a daemon, 2 ticks of work)") {
		t.Errorf("the plan does not say that Worker 2 is a daemon: %s", plan)
	}
}

// Whoever is left holds the standard output that all of the family share, so
// its end is the end of everybody.
func TestNobodyIsLeftAfterTheStory(t *testing.T) {
	for _, args := range [][]string{{}, {"-nodaemon"}, {"-join", "1"}, {"-join", "3"}, {"-free"}, {"-facts"}} {
		cmd := lessons.Command(args...)
		cmd.WaitDelay = lessons.Limit
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
}

func TestNobodyIsLeftAfterTheTellerIsKilled(t *testing.T) {
	for _, name := range []string{"TMPDIR", "TMP"} { // it cannot remove its file any more
		t.Setenv(name, t.TempDir())
	}
	if err := lessons.Killed("-unit 300ms", "Worker 2   starting", 0); err != nil {
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
	for lines.Scan() && !strings.Contains(lines.Text(), "Worker 1   starting") {
	}
	story.Close()
	cmd.Wait()
	left, err := os.ReadDir(dir)
	if code := cmd.ProcessState.ExitCode(); code != 0 || stderr.Len() > 0 || len(left) > 0 || err != nil {
		t.Errorf("exit code %d, want 0; files %v, want none (%v); want no words:\n%s", code, left, err, &stderr)
	}
}

func TestWrongArgumentsAreOneSentence(t *testing.T) {
	for _, args := range []string{"-daemon", "-join", "-join x", "-join -1", "-join 21", "-unit -1s", "-unit 1h", "-plan=x", "2"} {
		if err := lessons.Refused(args); err != nil {
			t.Error(err)
		}
	}
}
