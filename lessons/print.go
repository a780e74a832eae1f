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

// Println is fmt.Println with the care of [Printf].
func Println(args ...any) { printed(fmt.Println(args...)) }

// Printf prints as fmt.Printf does. If that fails, for example because the disk is
// full, the lesson says so and ends with exit code 1. If the reader has closed the
// pipe, as "| head -1" does, the lesson ends with exit code 0.
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
	const brokenPipe, noData = syscall.Errno(109), syscall.Errno(232) // ERROR_..., on Windows
	return errors.Is(err, syscall.EPIPE) || runtime.GOOS == "windows" && (errors.Is(err, brokenPipe) || errors.Is(err, noData))
}

// surviveClosedPipe: on Unix, writing to a closed pipe ends a process at once. After
// this call, it is only an error, so the lesson can remove its files.
func surviveClosedPipe() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

// end ends the lesson early.
func end(code int) {
	EndChildren()
	tempDirs.Range(func(dir, _ any) bool {
		os.RemoveAll(dir.(string))
		return true
	})
	os.Exit(code)
}

// EndChildren kills all children, and returns when they have ended. A lesson that
// cannot go on calls it before it removes their files.
func EndChildren() {
	children := mp.Children()
	for _, c := range children {
		c.Kill()
	}
	for _, c := range children {
		<-c.Done()
	}
}

// TempDir makes a directory for files that processes share. RemoveTemp removes it.
func TempDir(name string) (string, error) {
	dir, err := os.MkdirTemp("", name)
	if err != nil {
		return "", fmt.Errorf("no place for files: set TMPDIR (on Windows TMP) to a directory in which you may write (%w)", err)
	}
	tempDirs.Store(dir, nil)
	return dir, nil
}

// RemoveTemp removes a directory that [TempDir] made.
func RemoveTemp(dir string) {
	os.RemoveAll(dir)
	tempDirs.Delete(dir)
}

var tempDirs sync.Map // those that exist
