package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"

	"processbook/lessons"
	"processbook/mp"
)

// A Look is what anybody can see of themselves.
type Look struct {
	PID, Parent int
	Program     string // the file that is being run
	Threads     int    // that the system has given to this process
	Counter     int
}

// look asks the system, and not mp: what a process is, the system knows.
func look() Look {
	program, _ := os.Executable()
	threads, _ := runtime.ThreadCreateProfile(nil)
	return Look{os.Getpid(), os.Getppid(), program, threads, counter}
}

// A Witness is main, a goroutine or a child, and what it saw.
type Witness struct {
	Name          string
	Before, After Look                    // everybody has added
	line          *mp.Conn[mp.None, Look] // main's end; nil for main itself
	process       *mp.Process             // nil but for a child
}

// newWitness also returns the end of its line that is the witness's own.
func newWitness(name string) (*Witness, *mp.Conn[Look, mp.None]) {
	ours, theirs := mp.Pipe[mp.None, Look]()
	return &Witness{Name: name, line: ours}, theirs
}

// A Cast is all witnesses, main first, then those in its process.
type Cast []*Witness

// play lets everybody start, and then add, one after the other. Nobody goes on
// before the last one has started, so all of them live at the same time.
func (c Cast) play(ctx context.Context) error {
	others := c[1:]
	for _, w := range others {
		if err := w.hear(&w.Before); err != nil {
			return err
		}
	}
	for _, w := range others {
		w.line.Send(mp.None{})
		if err := w.hear(&w.After); err != nil {
			return err
		}
	}
	var failed error
	for _, w := range others {
		w.line.Close()
		if w.process != nil {
			failed = errors.Join(failed, lessons.Join(ctx, w.process))
		}
	}
	return failed
}

// hear waits for what the witness sees now.
func (w *Witness) hear(l *Look) (err error) {
	if *l, err = lessons.Recv(w.line); err != nil {
		err = fmt.Errorf("%s has not said what it sees: %w", w.Name, err)
	}
	return err
}

// families are the witnesses by process, in the order of the cast.
func (c Cast) families() (all []Cast) {
	for _, w := range c {
		i := slices.IndexFunc(all, func(f Cast) bool { return f[0].Before.PID == w.Before.PID })
		if i < 0 {
			all = append(all, Cast{w})
		} else {
			all[i] = append(all[i], w)
		}
	}
	return all
}

// programs counts the files that are being run. One file may go by several
// names, so names do not count.
func (c Cast) programs() (int, error) {
	var files []os.FileInfo
	for _, w := range c {
		file, err := os.Stat(w.Before.Program)
		if err != nil {
			return 0, fmt.Errorf("the program of %s: %w", w.Name, err)
		}
		if !slices.ContainsFunc(files, func(f os.FileInfo) bool { return os.SameFile(f, file) }) {
			files = append(files, file)
		}
	}
	return len(files), nil
}
