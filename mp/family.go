package mp

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"processbook/mp/internal/frame"
)

var errOnlooker = errors.New("mp: only the process that started it can do that")

// family is what a process knows of its parent and its children.
type family struct {
	process *Process    // is this process
	parent  *Process    // is nil in the main process
	number  string      // is "" in main, "2" in Process-2, "2:1" in Process-2:1
	watched atomic.Bool // is set when the program has asked for the parent

	mu       sync.Mutex // guards the fields below
	made     int        // counts the processes that this process has made
	children []*Process // are alive
	unread   error      // tells of the first item that a loop over a queue has skipped
}

var self = &family{process: onlooker("MainProcess", os.Getpid())}

func newChildFamily(o orders) *family {
	f := &family{process: onlooker(o.Name, os.Getpid()), parent: onlooker(o.Parent, o.ParentPID), number: o.Number}
	f.process.Daemon = o.Daemon
	return f
}

// onlooker makes a Process for Current or Parent.
func onlooker(name string, pid int) *Process {
	return &Process{Name: name, pid: pid, onlook: true, exit: &ExitError{}, done: make(chan struct{})}
}

// Current returns the process that calls it. You can read its Name, its
// Daemon and its PID. A process cannot start, join or terminate itself. It is
// Python's current_process.
func Current() *Process { return self.process }

// Parent returns the process that started this one, or nil in the main
// process. You can wait for the parent's end with Join or Done. After that, this
// process has half a second before it also ends. It is Python's parent_process.
func Parent() *Process {
	self.watched.Store(true)
	return self.parent
}

// Children returns this process's children that are alive, also the workers of
// pools, in the order in which they started. It is Python's active_children.
func Children() []*Process {
	self.mu.Lock()
	defer self.mu.Unlock()
	return slices.Clone(self.children)
}

// Watch reports on every process that this process starts, also on the workers
// of pools. It calls started(p) before p runs its function, asked(p) before
// [Process.Terminate] sends SIGTERM to p, and ended(p, code) before
// [Process.Join] returns. Call Watch once, before the first Start. In a child,
// call it before [Main]. A function that is nil is not called. If one panics, the
// process crashes. It is like Python's log_to_stderr.
func Watch(started, asked func(p *Process), ended func(p *Process, code int)) {
	if started != nil {
		watcher.started = func(p *Process) { frame.Guard(func() error { started(p); return nil }) }
	}
	if asked != nil {
		watcher.asked = func(p *Process) { frame.Guard(func() error { asked(p); return nil }) }
	}
	if ended != nil {
		watcher.ended = func(p *Process, code int) { frame.Guard(func() error { ended(p, code); return nil }) }
	}
}

var watcher = struct {
	started, asked func(*Process)
	ended          func(*Process, int)
}{func(*Process) {}, func(*Process) {}, func(*Process, int) {}}

// nextNumber numbers the processes that this process makes: "1", "2", or "3:1" in Process-3.
func (f *family) nextNumber() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.made++
	if f.number == "" {
		return strconv.Itoa(f.made)
	}
	return f.number + ":" + strconv.Itoa(f.made)
}

func (f *family) add(p *Process) {
	f.mu.Lock()
	f.children = append(f.children, p)
	f.mu.Unlock()
}

func (f *family) remove(p *Process) {
	f.mu.Lock()
	f.children = slices.DeleteFunc(f.children, func(c *Process) bool { return c == p })
	f.mu.Unlock()
}

// skip notes that a loop over a queue has left out an item. The loop cannot
// return an error, so this process prints it, and its function fails.
func (f *family) skip(err error) {
	complain(fmt.Sprintf("%s: an item is skipped: %v", f.process.Name, err))
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.unread == nil {
		f.unread = fmt.Errorf("a loop over a queue has skipped an item: %w", err)
	}
}

func (f *family) skipped() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.unread
}

// Every process calls endFamily when its function has returned. It terminates
// the daemons, and waits for the other children. Then it looks again, because
// a goroutine may have started another child.
func endFamily() {
	for children := Children(); len(children) > 0; children = Children() {
		for _, c := range children {
			if c.orders.Daemon {
				c.dismissed.Store(true)
				c.end()
			}
		}
		for _, c := range children {
			<-c.done
		}
	}
}

// awaited returns the processes that endFamily waits for and has not terminated,
// and whether all of them wait for an item of a queue.
func awaited() (names []string, blocked bool) {
	blocked = true
	for _, c := range Children() {
		if !c.orders.Daemon {
			names = append(names, fmt.Sprintf("%s (pid %d)", c.Name, c.pid))
			blocked = blocked && c.isBlocked()
		}
	}
	return names, blocked && len(names) > 0
}

// orphaned ends this process because its parent has ended. Its own children see
// that in the same way.
func (f *family) orphaned() {
	close(f.parent.done)
	if f.watched.Load() {
		for _, c := range Children() {
			c.cut()
		}
		time.Sleep(500 * time.Millisecond) // orders nothing: the program has asked for the parent, and may have something to finish
	}
	os.Exit(1)
}
