package exercise

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// dirVar names the directory of a [Trial], for its children. Outside of a trial
// nobody takes notes.
const dirVar = "EXERCISE_DIR"

// Dir returns the directory of the trial, for files that go with it.
func Dir() string { return os.Getenv(dirVar) }

func inTrial(name string) string { return filepath.Join(Dir(), name) }

// A Remark is what a process has noted.
type Remark struct {
	PID  int
	Text string
}

// Note writes down what this process does, for the test. All processes of a
// trial write to the same file, a line at a time, so its lines are in the order
// in which things happened.
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

// Notes returns what all processes of the trial have noted so far, if it begins
// with certain words.
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
	limitVar   = "EXERCISE_LIMIT" // has another one
)

// Limit is how long the code of an exercise may take: long, because a busy
// machine is slow. Tests of these tests shorten it.
func Limit() time.Duration {
	if d, err := time.ParseDuration(os.Getenv(limitVar)); err == nil {
		return d
	}
	return usualLimit
}
