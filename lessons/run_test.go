package lessons

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// The lives of a program's processes are read from their notes.
func TestRead(t *testing.T) {
	record := filepath.Join(t.TempDir(), "record")
	if err := os.WriteFile(record, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, e := range []entry{
		{"started", Life{Name: "Ann", PID: 7, Parent: 1, Daemon: true}},
		{"started", Life{Name: "Bob", PID: 8, Parent: 1}},
		{"started", Life{Name: "Kim", PID: 9, Parent: 8}},
		{"ended", Life{PID: 8, Code: 3}},
		{"started", Life{Name: "Eve", PID: 8, Parent: 1}}, // the number occurs again
		{"started", Life{Name: "Joe", PID: 5, Parent: 1, Daemon: true}},
		{"last line", Life{PID: 1}},
		{"asked", Life{PID: 7}}, // and this ends it
		{"asked", Life{PID: 8}},
		{"asked", Life{PID: 5}},
		{"ended", Life{PID: 7, Code: -15}},
		{"asked", Life{PID: 8}},
		{"ended", Life{PID: 8, Code: -9}},
		{"ended", Life{PID: 5, Code: -9}}, // main also ended it
		{"ended", Life{PID: 1}},
	} {
		note(record, e)
	}
	run := &Run{Lives: []Life{{Name: "main", PID: 1, Started: 1}}}
	if err := run.read(record); err != nil {
		t.Fatal(err)
	}
	want := `  main  [=============|.........]   exit code 0
  Ann     [===============x         terminated (a daemon)
  Bob       [===!                   exit code 3
  Kim         [===================) no exit code
  Eve             [=====?===X       killed
  Joe               [=========x     terminated (a daemon)
        [ starts  = runs  . waits  | last line  ] ends  x is terminated
        ? is asked to end  X is killed  ! fails  ) ends with its parent
        Time goes from left to right. Lengths mean nothing.
`
	if differ := difference(run.Rows(), want); differ != nil {
		t.Errorf("%v\nall of it:\n%s", differ, run.Rows())
	}
	changed := &Run{Changed: true, Lives: []Life{{Name: "main", PID: 1, Started: 1}}} // a kill may be what the reader wants
	if err := changed.read(record); err != nil || changed.Lives[5].End() != "was killed" || changed.Lives[5].Asked == 0 {
		t.Errorf("%v, %+v %s, want that it was asked to end, and then killed", err, changed.Lives[5], changed.Lives[5].End())
	}
	if kids := run.Children(run.Lives[2]); len(kids) != 1 || kids[0].Name != "Kim" {
		t.Errorf("Bob's children are %v, want Kim", kids)
	}
}

// When a lesson removes its directory, its program may still run.
func TestNoteMakesNoFile(t *testing.T) {
	record := filepath.Join(t.TempDir(), "record")
	note(record, entry{"ended", Life{PID: 1}})
	if _, err := os.Stat(record); err == nil {
		t.Error("it has made the file, so the directory cannot be removed")
	}
}

// Workers that start or end directly after one another are sorted. Workers with an
// event between them, or with different ends, keep their places.
func TestWorkersThatStartTogetherAreSorted(t *testing.T) {
	run := &Run{Lives: []Life{{Name: "main"}, {Name: "PoolWorker-10"}, {Name: "PoolWorker-9"}, {Name: "PoolWorker-2"},
		{Name: "PoolWorker-12"}, {Name: "Process-1"}, {Name: "PoolWorker-11"}}}
	for i := range run.Lives {
		run.Lives[i].Ended = 1
	}
	run.Lives[3].Code = 3
	run.arrange([]moment{{"started", 1}, {"started", 2}, {"started", 3}, {"ended", 3}, {"ended", 1}, {"ended", 2},
		{"started", 4}, {"started", 5}, {"started", 6}, {"ended", 4}, {"ended", 5}, {"ended", 6}, {"ended", 0}})
	got := ""
	for _, l := range run.Lives {
		got += fmt.Sprintln(l.Name, l.Started, l.Ended)
	}
	const want = `main 0 14
PoolWorker-9 2 6
PoolWorker-10 3 7
PoolWorker-2 4 5
PoolWorker-12 8 11
Process-1 9 12
PoolWorker-11 10 13
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// If the program hangs, a note says which processes have not ended. It is not part
// of the output.
func TestHangingProgramIsNoted(t *testing.T) {
	if os.Getenv("LONG_TESTS") == "" {
		t.Skip("it waits 20 seconds for the note: LONG_TESTS=1 go test ./lessons")
	}
	t.Parallel()
	cmd := Command("-size", "14", "-free")
	dir := t.TempDir()
	cmd.Env = append(cmd.Environ(), "TMPDIR="+dir, "TMP="+dir) // it cannot remove its file any more
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(3*Limit, func() { cmd.Process.Kill() })
	defer timer.Stop()
	const note = "note   The lesson still waits for main, Process-1. To end everything, press\n       Ctrl-C.\n"
	got := make([]byte, len(note))
	_, err = io.ReadFull(stderr, got)
	if took := time.Since(begin); err != nil || string(got) != note || took < 20*time.Second {
		t.Errorf("after %v: %v, got %q, want %q", took, err, got, note)
	}
	cmd.Process.Kill()
	if rest, _ := io.ReadAll(stderr); len(rest) > 0 {
		t.Errorf("then it printed %q", rest)
	}
	cmd.Wait()
}

func TestSumIsOfTheCode(t *testing.T) {
	const code = "package main\n\nvar a = 1\n"
	for other, same := range map[string]bool{
		"package main\r\n\r\n// note\r\nvar a  =  1 // one\r\n": true,
		"package main\n\nvar a = 2\n":                           false,
		"package main\n\n//var a = 1\n":                         false,
	} {
		if (sum(other) == sum(code)) != same {
			t.Errorf("sum(%q) == sum(%q) is %t", other, code, !same)
		}
	}
}

// Tests see an alias for each PID, and lines in any order as if they were sorted.
func TestComparable(t *testing.T) {
	clear(aliases)
	run := &Run{Output: "b PID 700, parent 12\na PID 700, parent 3, 12\n", Lives: []Life{{PID: 700}, {PID: 12}}}
	if got, want := run.comparable(false), "b PID #1, parent #2\na PID #1, parent 3, 12\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := run.comparable(true), "a PID #1, parent 3, 12\nb PID #1, parent #2\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
