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

// Tickets let the tasks of a pool wait for each other. A task cannot contain a
// pipe or a queue, because its worker has already started. But it can contain the
// name of a directory. Ticket n is the file n in that directory. The system makes
// a file only once, so each ticket has one taker. A task that should wait for
// three other tasks waits until three tickets are taken.
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

// Wait waits until n tickets are taken. It has to look again and again: a file
// cannot tell when it appears. After [Limit] it gives up for all tasks.
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
