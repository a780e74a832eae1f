package exercise

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// dirVar tells the children of a [Trial] its directory. Outside a trial it is not
// set, and Note does nothing.
const dirVar = "EXERCISE_DIR"

// Dir returns the directory of the trial, for its files.
func Dir() string { return os.Getenv(dirVar) }

func inTrial(name string) string { return filepath.Join(Dir(), name) }

// A Remark is one note of a process.
type Remark struct {
	PID  int
	Text string
}

// Note tells the test what this process does. All processes of a trial append
// lines to the same file, so the lines are in the order of the events.
func Note(format string, args ...any) {
	if os.Getenv(dirVar) == "" {
		return
	}
	f, err := os.OpenFile(inTrial("notes"), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o666)
	if err == nil {
		_, err = fmt.Fprintf(f, "%d %s\n", os.Getpid(), fmt.Sprintf(format, args...))
		f.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "exercise: a note is lost: ", err)
		os.Exit(1)
	}
}

// Notes returns all notes of the trial so far that begin with these words.
func Notes(words string) (all []Remark) {
	text, _ := os.ReadFile(inTrial("notes"))
	for line := range strings.Lines(string(text)) {
		pid, text, whole := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if n, err := strconv.Atoi(pid); err == nil && whole && strings.HasSuffix(line, "\n") && strings.HasPrefix(text, words) {
			all = append(all, Remark{n, text})
		}
	}
	return all
}

// Await waits until there are n notes that begin with these words, and reports
// whether they came. It gives up after half of the time that a trial has.
func Await(n int, words string) bool {
	for end := time.Now().Add(Limit() / 2); len(Notes(words)) < n; {
		if time.Now().After(end) {
			return false
		}
		time.Sleep(2 * time.Millisecond) // it orders nothing: a pause before looking again
	}
	return true
}

const (
	usualLimit = 30 * time.Second
	limitVar   = "EXERCISE_LIMIT" // if set, the limit is this
)

// Limit returns how long the code of an exercise may take. That is long, because
// a busy machine is slow. TestAttempts makes it shorter.
func Limit() time.Duration {
	if d, err := time.ParseDuration(os.Getenv(limitVar)); err == nil {
		return d
	}
	return usualLimit
}
