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
	"processbook/mp/internal/lend"
)

// A Process is a child: this program, started again to run one function. Make one
// with [NewProcess]; set its fields before Start. It is Python's
// multiprocessing.Process.
type Process struct {
	// The process's errors contain its Name. If you do not set it, it is
	// "Process-1", "Process-2" and so on. The number counts all processes that
	// the parent makes, also the workers of pools.
	Name string

	// Daemon says that the process is terminated, and not joined, when its
	// parent ends. A daemon cannot start children. Daemon is false unless you
	// set it. (In a daemon, NewProcess sets it, as in Python.)
	Daemon bool

	orders    orders                               // the first message to the child; Start completes it
	pack      func(*handover) (frame.Value, error) // encodes the argument; nil for a pool's worker
	hear      func(frame.Frame)                    // takes the answers of a pool's worker; nil for others
	down      *frame.Writer                        // writes to the child; Start sets it
	cut       func()                               // closes the lifeline; Start sets it
	links     sync.WaitGroup                       // counts the goroutines that do what the child asks of queues
	onReady   []func()                             // called when the child calls its function; a worker: Main
	dismissed atomic.Bool                          // set when the child is terminated because run has returned
	servers   []*lend.Server                       // one for each queue in the argument; Start sets it

	mu      sync.Mutex    // guards the fields from claimed to reached
	claimed bool          // set by Start, and cleared if Start fails
	onlook  bool          // this is Current or Parent, which can only be looked at
	cmd     *exec.Cmd     // set by Start
	pid     int           // set by Start, when the child is there
	sent    int           // -15 or -9 after our Terminate or Kill
	reached frame.Kind    // the last that the child has sent of msgBorn, msgHere, msgBegun and msgDone
	done    chan struct{} // closed when the child has ended and all its messages have arrived
	exit    *ExitError    // how the child ended, well or not; set before done is closed
}

// NewProcess makes a Process that will call f with arg, and does not start it.
// As in Python, f's result is lost: let f send the result through a pipe or a
// queue, or use a [Pool].
//
// If the argument is an end of a pipe, or has one in an exported field, that end
// moves into the process when it starts. A queue is passed in the same way, but
// both processes can then use the queue.
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

// Start starts the process and does not wait for it: its function runs while
// this process goes on. When ctx ends, the process is terminated, and killed
// a second later if it is still alive. (A deferred cancel ends ctx, so it
// terminates a child that you have not joined.) With context.Background, the
// process lives until its function has returned and its own children have ended,
// or until this process ends.
//
// The process is cleaned up even if nobody calls Join. If Start fails, its error
// is [ErrStarted], [ErrDaemonChild], [ErrNoMain], ctx.Err(), the reason why the
// argument cannot be encoded, or the system's error. Then the ends of pipes in
// the argument do not move. (If Start returns ErrStarted, an earlier Start has
// already moved them.)
func (p *Process) Start(ctx context.Context) error {
	if err := p.claimStart(ctx); err != nil {
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	if err := p.start(ctx); err != nil {
		p.mu.Lock()
		p.claimed = false
		p.mu.Unlock()
		if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.EBADF) { // EBADF: os/exec needed a number above the limit
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
	case p.claimed:
		return ErrStarted
	case !mainCalled.Load():
		return ErrNoMain
	case self.process.Daemon:
		return ErrDaemonChild
	case p.orders.Func == "":
		return fmt.Errorf("mp: it was not made by NewProcess, with a Function that Func or Proc has made")
	case ctx.Err() != nil:
		return ctx.Err()
	}
	p.claimed = true
	return nil
}

// Join waits until the process has ended and everything that it put into queues
// has arrived. It returns nil if the process called its function and ended with
// code 0, and an [*ExitError] otherwise. If ctx ends first, Join returns ctx.Err()
// and the process goes on: that is Python's join with a timeout. If the child's
// function has returned an error, the child has printed it; you need not print it
// again. A process that loops over a queue ends when the queue is closed: call
// Close before Join. Any goroutine can call Join, and more than once.
func (p *Process) Join(ctx context.Context) error {
	if p == self.process {
		return fmt.Errorf("%s: %w", p.Name, errOnlooker)
	}
	if p.PID() == 0 {
		return fmt.Errorf("%s: %w", p.Name, ErrNotStarted)
	}
	select {
	case <-p.done:
	case <-ctx.Done():
		if _, ended := p.ExitCode(); !ended {
			return ctx.Err()
		}
	}
	if p.exit.Code != 0 || p.exit.Err != nil {
		return p.exit
	}
	return nil
}

// Done returns a channel that is closed when the process has ended. If the
// process is never started, the channel stays open. It is Python's sentinel.
func (p *Process) Done() <-chan struct{} { return p.done }

// Alive reports whether the process has been started and has not ended. It is
// Python's is_alive.
func (p *Process) Alive() bool {
	_, ended := p.ExitCode()
	return p.PID() != 0 && !ended
}

// PID returns the system's number for the process, or 0 before Start. It is
// Python's pid.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pid
}

// ExitCode returns how the process ended, and whether it has ended. The code is 0
// for success, n after os.Exit(n), 1 after a returned error, 2 after a panic, and
// -n if signal n ended the process: -15 after Terminate, -9 after Kill. If a
// process handles SIGTERM and then exits, the code is the one that it exits with.
// (Unix keeps only n modulo 256, so os.Exit(256) looks like success.) If the
// program ignores SIGCHLD, or calls wait4 with -1, mp may not be able to find out
// the code. Then ExitCode returns 255, and the error of Join says why. It is
// Python's exitcode.
func (p *Process) ExitCode() (code int, ended bool) {
	select {
	case <-p.done:
		return p.exit.Code, true
	default:
		return 0, false
	}
}

// Terminate asks the process to end, with SIGTERM. (On Windows, Terminate is
// [Process.Kill].) It does not wait: call Join for that. If the process neither
// handles nor ignores SIGTERM, it ends at once: its deferred functions do not
// run, and its own children also end. When the process has ended, Terminate does
// nothing. It is Python's terminate.
func (p *Process) Terminate() error {
	if p.Alive() && !p.onlook {
		watcher.asked(p)
	}
	return p.signal(-15, terminate)
}

// Kill ends the process at once, with SIGKILL, which no process can handle or
// ignore. It does not wait. When the process has ended, Kill does nothing. It is
// Python's kill.
func (p *Process) Kill() error { return p.signal(-9, kill) }

func (p *Process) signal(code int, send func(*os.Process) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.onlook:
		return fmt.Errorf("%s: %w", p.Name, errOnlooker)
	case p.pid == 0:
		return fmt.Errorf("%s: %w", p.Name, ErrNotStarted)
	}
	err := send(p.cmd.Process)
	_, ended := p.ExitCode()
	switch {
	case err == nil:
		p.sent = code
	case err != os.ErrProcessDone && !ended:
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	return nil
}

// end terminates the process, and kills it a second later if it is still
// there. It does not wait.
func (p *Process) end() {
	p.Terminate()
	mercy := time.AfterFunc(time.Second, func() { p.Kill() })
	go func() {
		<-p.done
		mercy.Stop()
	}()
}
