// Package exercise has the code that the four exercises share. Each lesson that
// has an exercise has a file exercise.go, in which the reader writes a function.
//
// The processes of that function call [Oracle], [Translate] or [WordsOf]. A [Case]
// is a part of the test. With [Note], the processes tell the test what they do.
package exercise

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
)

const stub = `panic("not begun")`

var stubLine = regexp.MustCompile(`(?m)^\s*` + regexp.QuoteMeta(stub))

// begun reports whether the reader has begun to write: the file no longer has the
// line of the stub.
func begun(file string) (bool, error) {
	text, err := os.ReadFile(file)
	return err == nil && !stubLine.Match(text), err
}

// Progress says in one line how many of the exercises are done. It tests those
// that are begun. top is the project's directory.
func Progress(ctx context.Context, top string) string {
	files, _ := filepath.Glob(filepath.Join(top, "lessons", "[0-9]*", "exercise.go"))
	done := make([]bool, len(files))
	next := ""
	var tests sync.WaitGroup
	for i, file := range files {
		if ok, _ := begun(file); ok {
			tests.Go(func() { done[i] = passes(ctx, filepath.Dir(file)) })
		}
	}
	tests.Wait()
	count := 0
	for i, file := range files {
		if done[i] {
			count++
		} else if ok, _ := begun(file); ok && next == "" {
			next = "; to go on: go test ./lessons/" + filepath.Base(filepath.Dir(file)) + " -run Exercise -v"
		}
	}
	return fmt.Sprintf("exercises: %d of %d done%s", count, len(files), next)
}

// passes tests the exercise in a lesson's directory.
func passes(ctx context.Context, dir string) bool {
	for _, d := range []string{dir, filepath.Dir(dir), filepath.Join(dir, "..", "..", "mp")} {
		os.ReadDir(d) // so that go test does not use an old result if a file there has changed
	}
	cmd := exec.CommandContext(ctx, "go", "test", "-run=^TestExercise$", ".") // with the dot, go test remembers results
	cmd.Dir = dir
	return cmd.Run() == nil
}
