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
)

var errOnlooker = errors.New("mp: only the process that started it can do that")

// family is what a process knows of its parent and its children.
type family struct {
	process *Process    // this process
	parent  *Process    // nil in the main process
	number  string      // "" in main, "2" in Process-2, "2:1" in Process-2:1
	watched atomic.Bool // somebody may be waiting for the parent's end

	mu       sync.Mutex
	made     int // processes made here so far
	children []*Process
	unread   error // the first item that a loop over a queue has skipped, because it could not be decoded
}

var self = &family{process: onlooker("MainProcess", os.Getpid())}

func newChildFamily(o orders) *family {
	f := &family{process: onlooker(o.Name, os.Getpid()), parent: onlooker(o.Parent, o.ParentPID), number: o.Number}
	f.process.Daemon = o.Daemon
	return f
}

// onlooker makes a Process to look at: this one, or its parent.
func onlooker(name string, pid int) *Process {
	return &Process{Name: name, pid: pid, started: true, onlook: true, done: make(chan struct{})}
}

// Current returns the process that calls it. Its Name, Daemon and PID are of
// interest; it cannot start, join or end itself. Python's current_process.
func Current() *Process { return self.process }

// Parent returns the process that started this one, or nil in the main
// process. The program can look at it, and wait for its end with Join or Done:
// then this process has half a second for its last words before it also ends.
// Python's parent_process.
func Parent() *Process {
	self.watched.Store(true)
	return self.parent
}

// Children returns this process's children that are alive, pool workers among
// them, in the order in which they started. Python's active_children.
func Children() []*Process {
	self.mu.Lock()
	defer self.mu.Unlock()
	return slices.Clone(self.children)
}

// Watch lets this process see the life of every process that it starts from now
// on, workers of pools among them. It calls started before that process runs its
// function, asked before [Process.Terminate] asks it to end, and ended, with the
// exit code, before [Process.Join] returns. Call Watch once, before the first
// Start; in a child, that is before [Main]. Python has log_to_stderr for it.
func Watch(started, asked func(p *Process), ended func(p *Process, code int)) {
	watcher.started, watcher.asked, watcher.ended = started, asked, ended
}

var watcher = struct {
	started, asked func(*Process)
	ended          func(*Process, int)
}{func(*Process) {}, func(*Process) {}, func(*Process, int) {}}

// nextNumber numbers the processes made here: "1", "2", or "3:1" in Process-3.
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

// skip notes that a loop over a queue has left out an item. The loop has no
// error to return, so this process says it, and does not end well.
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

// endFamily is what every process does when its function has returned:
// terminate the daemons, then wait for everybody. It comes back to look again,
// for a goroutine that is still running may have started another child.
func endFamily() {
	for children := Children(); len(children) > 0; children = Children() {
		for _, c := range children {
			if c.orders.Daemon {
				c.end(true)
			}
		}
		for _, c := range children {
			<-c.done
		}
	}
}

// awaited returns who endFamily waits for although nobody told them to end, and
// whether all of them have asked a queue for an item, and got none because it is
// open, or has items that are not done.
func awaited() (names []string, blocked bool) {
	blocked = true
	for _, c := range Children() {
		if !c.orders.Daemon {
			names = append(names, fmt.Sprintf("%s (pid %d)", c.Name, c.pid))
			blocked = blocked && c.waiting.Load() > 0
		}
	}
	return names, blocked && len(names) > 0
}

// orphaned ends this process because its parent is gone, and with it, through
// their lifelines, all of its descendants.
func (f *family) orphaned() {
	close(f.parent.done)
	if f.watched.Load() {
		f.mu.Lock()
		for _, c := range f.children {
			c.cut()
		}
		f.mu.Unlock()
		time.Sleep(500 * time.Millisecond) // not to order anything: time for last words, because the program has asked for the parent
	}
	os.Exit(1)
}
