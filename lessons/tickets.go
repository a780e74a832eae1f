package lessons

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// Tickets are how the tasks of a pool wait for each other. For a Process that
// is easy: a pipe or a queue rides in its argument when it starts. A task comes
// to a worker that runs already, and carries values only. But the name of a
// directory is a value, and files are what any two processes on a machine
// share. So ticket n is the file n in a directory: the system makes a file once
// and for one taker, so the tickets are numbered in the order of taking.
//
// Nobody hands tickets back. A task that should wait for three others to begin,
// or to end, waits until three tickets are taken.
type Tickets string

// NewTickets makes the directory. Remove it when the tasks are done.
func NewTickets() (Tickets, error) {
	dir, err := TempDir("tickets")
	return Tickets(dir), err
}

// Take takes the next ticket, and returns its number: 1, 2 and so on.
func (t Tickets) Take() (n int, err error) {
	for n = 1; ; n++ {
		f, err := os.OpenFile(t.file(n), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err == nil {
			return n, f.Close()
		}
		if !errors.Is(err, fs.ErrExist) {
			return 0, err
		}
	}
}

// Wait waits until n tickets are taken. It has to look again and again, which no
// pipe would need: a file calls nobody when it appears. After [Limit] it gives
// up for all, and the tasks that come then fail at once.
func (t Tickets) Wait(n int) error {
	for begin := time.Now(); n > 0; time.Sleep(time.Millisecond) { // it orders nothing
		if _, err := os.Stat(t.file(n)); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if _, err := os.Stat(string(t)); err != nil {
			return err
		}
		if time.Since(begin) > Limit {
			t.Remove()
			return fmt.Errorf("ticket %d was not taken for %v", n, Limit)
		}
	}
	return nil
}

// Remove removes the tickets.
func (t Tickets) Remove() { RemoveTemp(string(t)) }

func (t Tickets) file(n int) string { return filepath.Join(string(t), strconv.Itoa(n)) }
