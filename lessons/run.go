package lessons

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A Run records one run of the program in main.go.
type Run struct {
	Changed bool   // the reader has changed main.go
	Output  string // what all its processes printed on standard output
	Lives   []Life // main's first, then in the order of the starts
	Moments int    // how many events there were
}

// A Life is that of one process. LastLine is for main only.
type Life struct {
	Name        string
	PID, Parent int
	Daemon      bool
	Started     int // place in the order of all events, from 1
	Asked       int // the same, for Terminate; 0: it was not asked, or ended at once
	LastLine    int // the same; 0: main did not reach its last line
	Ended       int // the same; 0: its parent had ended, so no process saw it
	Code        int // exit code; unknown if Ended is 0

	// dismissed: main ended this daemon at its last line. On a very busy machine, mp
	// may have to kill the daemon, a second after it has terminated it. If the reader
	// has changed main.go, a kill may be what the reader wants to see.
	dismissed bool
}

// Main returns the life of the program's first process.
func (r *Run) Main() Life { return r.Lives[0] }

// Children returns the lives of the children of a process.
func (r *Run) Children(parent Life) []Life {
	return slices.DeleteFunc(slices.Clone(r.Lives), func(l Life) bool { return l.Parent != parent.PID })
}

// Pooled reports whether this is the life of a pool's worker.
func (l Life) Pooled() bool { return strings.HasPrefix(l.Name, "PoolWorker-") } // mp names them

// Printed reports whether the program has printed a line that begins like that.
func (r *Run) Printed(start string) bool {
	return strings.Contains("\n"+r.Output, "\n"+start)
}

// run runs the program, prints what it prints, and returns what happened. The
// program is this one, started again with the same arguments. It ends when its
// standard input gets EOF: see recorded.
func (l Lesson) run(ctx context.Context) (*Run, error) {
	dir, err := TempDir("lesson")
	path, failed := os.Executable()
	if err = errors.Join(err, failed); err != nil {
		return nil, err
	}
	defer RemoveTemp(dir)
	record := filepath.Join(dir, "record")
	if err := os.WriteFile(record, nil, 0o600); err != nil {
		return nil, err
	}
	printed := &margin{label: "prints"}
	cmd := &exec.Cmd{Path: path, Args: arguments, Stdout: printed, Stderr: os.Stderr, WaitDelay: Limit}
	cmd.Env = append(os.Environ(), recordVar+"="+record)
	ctx, ended := context.WithCancel(ctx)
	defer ended()
	go remind(ctx, record, max(200*time.Millisecond, *cmp.Or(l.Tick, new(time.Duration))*2/5))
	if err := live(ctx, cmd); err != nil {
		return nil, err
	}
	run := &Run{Changed: l.changed(), Output: printed.all.String()}
	run.Lives = []Life{{Name: "main", PID: cmd.Process.Pid, Started: 1}}
	note(record, entry{"ended", Life{PID: cmd.Process.Pid, Code: cmd.ProcessState.ExitCode()}})
	err = run.read(record)
	if aliases != nil {
		printed.all = *bytes.NewBufferString(run.comparable(l.AnyOrder))
	}
	printed.finish()
	return run, err
}

// live runs the program, and returns when the program and all its descendants have
// ended: then its standard output gets EOF. It ignores the exit code.
func live(ctx context.Context, cmd *exec.Cmd) error {
	lifeline, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { lifeline.Close() })()
	err = cmd.Run()
	if errors.As(err, new(*exec.ExitError)) {
		err = nil
	}
	return cmp.Or(ctx.Err(), err)
}

// remind prints a note if the program may hang: no process has started or ended for 100
// pauses, which are 20 seconds or more, and 40 ticks or more. No lesson needs so long. A
// suspended lesson does not count.
func remind(ctx context.Context, record string, pause time.Duration) {
	size, seen := 0, &Run{Lives: []Life{{Name: "main"}}}
	for quiet := 0; quiet < 100; quiet++ {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
		if text, _ := os.ReadFile(record); len(text) != size {
			size, quiet = len(text), 0
		}
	}
	seen.read(record)
	waits := "The lesson still waits for main"
	for _, life := range seen.Lives[1:] {
		if life.Ended == 0 {
			waits += ", " + life.Name
		}
	}
	fmt.Fprint(os.Stderr, para("note", waits+". To end everything, press Ctrl-C."))
}

// A margin prints what a program prints, to the right of a label.
type margin struct {
	label string
	all   bytes.Buffer
	done  int // how many bytes are printed
}

func (m *margin) Write(b []byte) (int, error) {
	m.all.Write(b)
	if aliases == nil { // in tests the lines have to be sorted first
		m.flush()
	}
	return len(b), nil
}

// flush prints the lines that are whole.
func (m *margin) flush() {
	for line := range bytes.Lines(m.all.Bytes()[m.done:]) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			return
		}
		Println(strings.TrimRight(fmt.Sprintf("%-6s %s", m.label, line), " \n"))
		m.label, m.done = "", m.done+len(line)
	}
}

func (m *margin) finish() {
	if m.all.Len() == 0 {
		m.all.WriteString("(nothing)")
	}
	if !bytes.HasSuffix(m.all.Bytes(), []byte("\n")) {
		m.all.WriteString("\n")
	}
	m.flush()
	Println()
}
