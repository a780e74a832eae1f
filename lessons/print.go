package lessons

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"

	"processbook/mp"
)

// Print prints as fmt.Print does, but not in vain: see [Printf].
func Print(args ...any) { printed(fmt.Print(args...)) }

// Println prints as fmt.Println does, but not in vain: see [Printf].
func Println(args ...any) { printed(fmt.Println(args...)) }

// Printf prints as fmt.Printf does, but not in vain. If the disk is full, the
// lesson says so and ends with exit status 1: what nobody can read must not
// look like success. If the reader has gone, as "| head -1" does, nobody has
// any use for words: the lesson ends, and all is well.
func Printf(format string, args ...any) { printed(fmt.Printf(format, args...)) }

func printed(_ int, err error) {
	switch {
	case err == nil:
	case closedPipe(err):
		end(0)
	default:
		fmt.Fprintf(os.Stderr, "%s: the rest of the lesson is lost: %v\n", filepath.Base(os.Args[0]), err)
		end(1)
	}
}

func closedPipe(err error) bool {
	if runtime.GOOS == "windows" {
		const brokenPipe, noData = syscall.Errno(109), syscall.Errno(232) // ERROR_...
		return errors.Is(err, brokenPipe) || errors.Is(err, noData)
	}
	return errors.Is(err, syscall.EPIPE)
}

// surviveClosedPipe makes an error of what would otherwise end a process of
// Unix on the spot, with its files still there.
func surviveClosedPipe() { signal.Notify(closedPipes, syscall.SIGPIPE) }

var closedPipes = make(chan os.Signal, 1) // nobody receives from it: the error says it, too

// end ends the lesson in the middle of its story.
func end(code int) {
	EndChildren()
	tempDirs.Range(func(dir, _ any) bool {
		os.RemoveAll(dir.(string))
		return true
	})
	os.Exit(code)
}

// EndChildren ends all children, and returns when they are gone. A story that
// cannot go on does that before it takes anything from them, a directory or
// main's end of a pipe: otherwise they would complain, too.
func EndChildren() {
	children := mp.Children()
	for _, c := range children {
		c.Kill()
	}
	for _, c := range children {
		<-c.Done()
	}
}

// TempDir makes a directory for what processes leave to each other. Give it to
// RemoveTemp when they are done.
func TempDir(name string) (string, error) {
	dir, err := os.MkdirTemp("", name)
	if err != nil {
		variable := "TMPDIR"
		if runtime.GOOS == "windows" {
			variable = "TMP"
		}
		return "", fmt.Errorf("no place for files: set %s to a directory in which you may write (%w)", variable, err)
	}
	tempDirs.Store(dir, nil)
	return dir, nil
}

// RemoveTemp removes a directory that [TempDir] made.
func RemoveTemp(dir string) {
	os.RemoveAll(dir)
	tempDirs.Delete(dir)
}

var tempDirs sync.Map // those that are there
