package mp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"processbook/mp/internal/frame"
)

// A Process is a child of this process: this program, started again to run one
// function. Make one with [NewProcess]; set its fields before Start. It is
// Python's multiprocessing.Process.
type Process struct {
	// Name is for people: errors and [Children] tell it. "Process-1" and so on
	// unless set; the numbers count every Process made, named or not.
	Name string

	// Daemon makes it one that is terminated, not joined, when this process
	// comes to its end, and that may not have children. As the creating
	// process is, unless set.
	Daemon bool

	orders    orders                               // the first message to the child
	pack      func(*handover) (frame.Value, error) // makes its argument; nil for a pool's worker
	hear      func(frame.Frame)                    // takes the answers of a pool's worker
	say       *frame.Writer                        // to the child; set by Start
	cut       func()                               // closes the lifeline; set by Start
	links     sync.WaitGroup                       // whatever talks to the child over pipes of its own
	onHere    []func()                             // what to do when the child has come to Main
	dismissed atomic.Bool                          // ended by the end of this process, not by a failure; Main may say so of one that has just ended
	waiting   atomic.Int32                         // how many Gets of queues in this process wait in the child

	mu       sync.Mutex
	started  bool
	onlook   bool      // Current or Parent: only to look at
	cmd      *exec.Cmd // nil before Start
	pid      int
	sent     int           // -15 or -9, if we sent that
	here     bool          // the child has come to Main
	begun    bool          // its function has been called
	returned bool          // its function has returned nil
	done     chan struct{} // closed when it has ended and all that it said has arrived
	code     int           // valid once done is closed, and so is exit
	exit     *ExitError
}

// NewProcess makes a Process that will call f with arg, and does not start it.
// It gives no answer, as in Python: let it send one through a pipe or a queue,
// or use a [Pool].
//
// Ends of pipes move into the process when it starts, and queues are shared
// with it, if they are the argument or in an exported field of it.
func NewProcess[A, R any](f Function[A, R], arg A) *Process {
	p := newProcess("Process", f.function)
	p.pack = func(h *handover) (frame.Value, error) { return frame.EncodeArgument(&arg, h.found) }
	return p
}

func newProcess(kind string, f *function) *Process {
	number := self.nextNumber()
	p := &Process{Name: kind + "-" + number, Daemon: self.process.Daemon, done: make(chan struct{})}
	p.orders.Number = number
	if f != nil {
		p.orders.Func = f.name
	}
	return p
}

// Start starts the process and returns without waiting for it: its function
// runs while this process goes on. When ctx ends, the process is terminated,
// and killed a second later if that did not help; with context.Background it
// lives as long as it likes, but never longer than this process. (So a context
// that a deferred cancel ends, ends a child that nobody has joined before.)
//
// Nobody has to call Join for the process to be cleaned up. The errors are
// [ErrStarted], [ErrDaemonChild], [ErrNoMain], an argument that cannot be
// encoded, or the system's refusal; after all but the first, the ends of pipes
// in the argument are still here.
func (p *Process) Start(ctx context.Context) error {
	if err := p.claimStart(ctx); err != nil {
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	if err := p.start(ctx); err != nil {
		p.mu.Lock()
		p.started = false
		p.mu.Unlock()
		if errors.Is(err, syscall.EMFILE) {
			err = fmt.Errorf("%w; ulimit -n is the limit: raise it, or start fewer processes at a time", err)
		}
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	return nil
}

func (p *Process) claimStart(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.onlook:
		return errOnlooker
	case p.started:
		return ErrStarted
	case !ready.Load():
		return ErrNoMain
	case self.process.Daemon:
		return ErrDaemonChild
	case p.orders.Func == "":
		return fmt.Errorf("mp: its Function was not made by Func or Proc")
	case ctx.Err() != nil:
		return ctx.Err()
	}
	p.started = true
	return nil
}

// Join waits until the process has ended and everything that it put into
// queues has arrived. It returns nil if the process ended with code 0, and an
// [*ExitError] otherwise. If ctx ends first, Join returns ctx.Err() and the
// process goes on: that is Python's join with a timeout. An error that the
// function returned has also been printed by the child; you need not print it.
// A process that ranges over a queue ends when that is closed: Close it before
// Join. Join may be called any number of times, by any goroutine.
func (p *Process) Join(ctx context.Context) error {
	if p == self.process {
		return fmt.Errorf("%s: %w", p.Name, errOnlooker)
	}
	if err := p.mustBeStarted(); err != nil {
		return err
	}
	select {
	case <-p.done: // even if ctx has also ended
	default:
		select {
		case <-p.done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if p.exit != nil {
		return p.exit
	}
	return nil
}

func (p *Process) mustBeStarted() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.started {
		return fmt.Errorf("%s: %w", p.Name, ErrNotStarted)
	}
	return nil
}

// Done returns a channel that is closed when the process has ended; it stays
// open if the process is never started. Python's sentinel.
func (p *Process) Done() <-chan struct{} { return p.done }

// Alive reports whether the process has been started and has not ended.
// Python's is_alive.
func (p *Process) Alive() bool {
	_, ended := p.ExitCode()
	return p.mustBeStarted() == nil && !ended
}

// PID returns the system's number for the process, or 0 before Start.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pid
}

// ExitCode returns how the process ended, and whether it has: 0 for success, n
// for os.Exit(n), 1 for a returned error, 2 for a panic, and -n if signal n ended
// it, so -15 after Terminate and -9 after Kill. It is what happened and not what
// was asked for: a process that handles SIGTERM and exits has its own code. (Unix
// keeps only n modulo 256, so os.Exit(256) looks like success.) If another part of
// the program waits for all children, the code may be unknown: then it is 255, and
// the error of Join says so. Python's exitcode.
func (p *Process) ExitCode() (code int, ended bool) {
	select {
	case <-p.done:
		return p.code, true
	default:
		return 0, false
	}
}

// Terminate asks the process to end, with SIGTERM (on Windows it is [Kill]),
// and does not wait: call Join for that. A process that neither handles nor
// ignores SIGTERM ends where it stands: its deferred functions do not run, and
// its own children end with it. After the process has ended, Terminate does
// nothing.
func (p *Process) Terminate() error {
	if p.Alive() && !p.onlook {
		watcher.asked(p)
	}
	return p.signal(-15, terminate)
}

// Kill ends the process at once, with SIGKILL, and does not wait. After the
// process has ended, Kill does nothing.
func (p *Process) Kill() error { return p.signal(-9, kill) }

func (p *Process) signal(code int, send func(*os.Process) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.onlook:
		return fmt.Errorf("%s: %w", p.Name, errOnlooker)
	case p.cmd == nil:
		return fmt.Errorf("%s: %w", p.Name, ErrNotStarted)
	}
	switch err := send(p.cmd.Process); err {
	case nil:
		p.sent = code
		return nil
	case os.ErrProcessDone:
		return nil
	default:
		if _, ended := p.ExitCode(); ended {
			return nil
		}
		return fmt.Errorf("%s: %w", p.Name, err)
	}
}

// end terminates the process, and kills it a second later if it is still
// there. It does not wait.
func (p *Process) end(dismissed bool) {
	if dismissed {
		p.dismissed.Store(true)
	}
	p.Terminate()
	mercy := time.AfterFunc(time.Second, func() { p.Kill() })
	go func() {
		<-p.done
		mercy.Stop()
	}()
}
