package mp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A Process is a child of this process: this program, started once more to run
// one function. Make one with [NewProcess]; set its fields before Start. It is
// Python's multiprocessing.Process.
type Process struct {
	// Name is for people: errors and [Children] tell it. "Process-1" and so on
	// unless set; the numbers count every Process made, named or not.
	Name string

	// Daemon makes it one that is terminated, not joined, when this process
	// comes to its end, and that may not have children. As the creating
	// process is, unless set.
	Daemon bool

	orders    orders                 // the first message to the child
	pack      func(*sender) error    // the second: its argument
	hear      func(*receiver, frame) // what to do with the child's answers, if anything
	say       *sender                // to the child; set by Start
	cut       func()                 // the lifeline; set by Start
	guests    sync.WaitGroup         // whoever talks to the child over pipes of its own
	dismissed atomic.Bool            // ended by the end of this process, not by a failure; Main may say so of one that has just ended
	hungry    atomic.Int32           // how many queues of this process it has asked for an item, and got none, nor the end

	mu        sync.Mutex
	started   bool
	onlooking bool      // Current or Parent: only to look at
	cmd       *exec.Cmd // nil before Start
	pid       int
	sent      int           // -15 or -9, if we sent that
	done      chan struct{} // closed when it has ended and all that it said has arrived
	code      int           // valid once done is closed, and so is exit
	exit      *ExitError
}

// orders are what a child must know before anything else.
type orders struct {
	Func         string
	Work         bool // for a Pool: tasks will follow
	Name, Number string
	Daemon       bool
	Parent       string
	ParentPID    int
}

// NewProcess makes a Process that will call f with arg, and does not start it.
// It gives no answer, as in Python: let it send one through a pipe or a queue,
// or use a [Pool].
//
// Ends of pipes move into the process when it starts, and queues are shared
// with it, if they are the argument or in an exported field of it.
func NewProcess[A, R any](f Function[A, R], arg A) *Process {
	p := newProcess("Process", f.function)
	p.pack = func(s *sender) error { return s.send(msgArgument, 0, &arg) }
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
	case p.onlooking:
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

func (p *Process) start(ctx context.Context) error {
	p.orders.Name, p.orders.Daemon = p.Name, p.Daemon
	p.orders.Parent, p.orders.ParentPID = self.process.Name, os.Getpid()
	lines, theirs, err := newLines()
	if err != nil {
		return err
	}
	defer closeAll(theirs) // the child has its own copies, or will never come to life

	var first bytes.Buffer
	cargo := &luggage{files: theirs}
	err = cargo.pack(func() error {
		s := newSender(&first)
		if err := s.send(msgOrders, 0, &p.orders); err != nil {
			return err
		}
		if err := p.pack(s); err != nil {
			return fmt.Errorf("its argument: %w", err)
		}
		return nil
	})
	if err == nil {
		err = p.exec(cargo.files)
	}
	if err != nil {
		closeAll(lines.files())
		cargo.settleAll(nil)
		return err
	}
	cargo.settleAll(p)
	watcher.started(p)
	p.say, p.cut = lines.say(first.Bytes()), func() { closePipe(lines.down) }
	self.add(p)
	go p.attend(ctx, lines)
	return nil
}

// exec starts this program once more.
func (p *Process) exec(files []*os.File) error {
	path, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := &exec.Cmd{Path: path, Args: os.Args, Stdout: os.Stdout, Stderr: os.Stderr}
	cmd.Env = append(os.Environ(), childVar+"="+hand(cmd, files))
	if err := cmd.Start(); err != nil {
		return err
	}
	p.mu.Lock()
	p.cmd, p.pid = cmd, cmd.Process.Pid
	p.mu.Unlock()
	return nil
}

// lines are the parent's ends of the three pipes to a child.
type lines struct{ down, up, crash *os.File }

func newLines() (ours lines, theirs []*os.File, err error) {
	ends := make([]*os.File, 6)
	for i := 0; i < 6 && err == nil; i += 2 {
		ends[i], ends[i+1], err = os.Pipe()
	}
	if err != nil {
		closeAll(ends)
		return ours, nil, err
	}
	return lines{down: ends[1], up: ends[2], crash: ends[4]}, []*os.File{ends[0], ends[3], ends[5]}, nil
}

func (l lines) files() []*os.File { return []*os.File{l.down, l.up, l.crash} }

// say writes the first message. A long one must not keep Start waiting: the
// child reads it when it gets to it, and a child that is stopped does not.
func (l lines) say(first []byte) *sender {
	s := newSender(l.down)
	if len(first) <= atOnce {
		s.write(first)
		return s
	}
	s.mu.Lock() // nothing may come before it
	go func() {
		defer s.mu.Unlock()
		s.write(first)
	}()
	return s
}

func closeAll(files []*os.File) {
	for _, f := range files {
		if f != nil {
			f.Close()
		}
	}
}

// attend looks after a child from its start to its end. Everything that it
// said is read to the end before its exit is looked at: what arrived, counts.
func (p *Process) attend(ctx context.Context, l lines) {
	forget := context.AfterFunc(ctx, func() { p.end(false) })
	crash := make(chan string, 1)
	go func() { crash <- lastWords(l.crash) }()
	exit := &ExitError{Name: p.Name, PID: p.pid, Err: p.listen(l.up)}
	exit.Crash = <-crash
	p.cmd.Wait() // its error is the exit code in other words
	p.guests.Wait()
	forget()
	closeAll(l.files())

	p.mu.Lock()
	exit.Code = exitCode(p.cmd.ProcessState, p.sent)
	p.code = exit.Code
	if exit.Code != 0 {
		p.exit = exit
	}
	p.mu.Unlock()
	self.remove(p)
	watcher.ended(p, exit.Code)
	close(p.done)
}

// listen reads what the child says until its end, and returns its failure, if
// it told one.
func (p *Process) listen(up *os.File) (failure error) {
	for r := newReceiver(up); ; {
		f, err := r.next()
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return failure // the exit code says the rest
		case err != nil:
			failure = err
			p.Kill() // it does not speak our language: it cannot be helped
			io.Copy(io.Discard, up)
			return failure
		case f.kind == msgFailed:
			told := new(RemoteError)
			if failure = r.decode(f, told); failure == nil {
				failure = told
			}
		case p.hear != nil:
			p.hear(r, f)
		}
	}
}

// lastWords is what the runtime writes when a process crashes, the beginning
// of it.
func lastWords(crash *os.File) string {
	b, _ := io.ReadAll(io.LimitReader(crash, 64<<10))
	io.Copy(io.Discard, crash)
	text := strings.TrimSpace(string(b))
	switch { // of a fatal error, the runtime writes the first line to standard error only
	case strings.HasPrefix(text, "runtime stack:") && strings.Contains(text, "runtime.newstack("):
		return "fatal error: stack overflow\n\n" + text
	case strings.HasPrefix(text, "goroutine") && strings.Contains(text, "runtime/maps.fatal("):
		return "fatal error: concurrent map access\n\n" + text
	case strings.HasPrefix(text, "runtime stack:") || strings.HasPrefix(text, "goroutine"):
		return "fatal error\n\n" + text
	}
	return text
}

// Join waits until the process has ended and everything that it put into
// queues has arrived. It returns nil if the process ended with code 0, and an
// [*ExitError] otherwise. If ctx ends first, Join returns ctx.Err() and the
// process goes on: that is Python's join with a timeout. An error that the
// function returned has been printed by the child, too, so there is no need to.
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
	case <-p.done: // even if ctx has ended, too
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
// for os.Exit(n), 1 for a returned error, 2 for a panic, and -n if signal n
// ended it, so -15 after Terminate and -9 after Kill. It is what happened and
// not what was asked for: a process that handles SIGTERM and exits has its own
// code. Python's exitcode.
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
	if p.Alive() && !p.onlooking {
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
	case p.onlooking:
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
