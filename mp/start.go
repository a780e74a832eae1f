package mp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"processbook/mp/internal/frame"
	"processbook/mp/internal/lend"
)

// The parent's side of a child: how it starts, sends messages, and ends.

func (p *Process) start(ctx context.Context) error {
	p.orders.Name, p.orders.Daemon = p.Name, p.Daemon
	p.orders.Parent, p.orders.ParentPID = self.process.Name, os.Getpid()
	ends, err := pipes(3)
	if err != nil {
		return err
	}
	ours := []*os.File{placeDown: ends[1], placeUp: ends[2], placeCrash: ends[4]}
	theirs := []*os.File{placeDown: ends[0], placeUp: ends[3], placeCrash: ends[5]}
	defer closeAll(theirs) // the child has its own copies, or will never start
	over := &handover{files: slices.Clone(theirs)}
	first, err := p.firstFrames(over)
	if err == nil {
		err = p.exec(over.files)
	}
	if err != nil {
		closeAll(ours)
		over.afterStart(nil)
		return err
	}
	p.down, p.cut = frame.NewWriter(ours[placeDown]), func() { closePipe(ours[placeDown]) }
	over.afterStart(p)
	watcher.started(p)
	p.down.Post(first...) // not Send: a suspended child does not read them
	self.add(p)
	go p.attend(ctx, ours)
	return nil
}

// firstFrames returns the orders and the argument. It encodes the argument first,
// because the orders say where the files of the argument's handles are.
func (p *Process) firstFrames(h *handover) ([]frame.Frame, error) {
	var frames []frame.Frame
	if p.pack != nil {
		arg, err := p.pack(h)
		if err != nil {
			return nil, fmt.Errorf("its argument: %w", err)
		}
		frames = append(frames, frame.Frame{Kind: msgArgument, Value: arg.Keep()}) // Start returns before it is written
	}
	p.orders.Places = h.places
	o, err := frame.Encode(&p.orders)
	return slices.Insert(frames, 0, frame.Frame{Kind: msgOrders, Value: o}), err
}

// programFile is this program's file, and programInfo says what it was at the beginning.
var programFile, programInfo = func() (string, os.FileInfo) {
	file, _ := os.Executable() // after an error, Start says that there is no such file
	return file, statNow(file)
}()

// statNow is os.Stat. The comparison lets Windows find out now which file that is.
func statNow(file string) os.FileInfo {
	info, _ := os.Stat(file)
	os.SameFile(info, info)
	return info
}

// ourselves returns the file to start. The child must be exactly the same program,
// because numbers are sent as they are in memory. On Linux, the file is the one
// that this process runs, even if it was replaced or removed. On other systems,
// the file must not have changed.
func ourselves() (string, error) {
	const running = "/proc/self/exe"
	if _, err := os.Stat(running); err == nil && runtime.GOOS == "linux" {
		return running, nil
	}
	return programFile, unchanged(programFile, programInfo)
}

// unchanged returns an error if the file has changed.
func unchanged(file string, was os.FileInfo) error {
	now, err := os.Stat(file)
	if err != nil {
		return fmt.Errorf("mp: the file of this program was removed, so no child can be started: %w", err)
	}
	if was == nil || !os.SameFile(was, now) || was.Size() != now.Size() || !was.ModTime().Equal(now.ModTime()) {
		return fmt.Errorf("mp: the program %s was replaced, so no child can be started; end this process and start the new program", file)
	}
	return nil
}

// arguments are those that this program was started with: main may change os.Args.
var arguments = slices.Clone(os.Args)

// exec starts this program again.
func (p *Process) exec(files []*os.File) error {
	path, err := ourselves()
	if err != nil {
		return err
	}
	cmd := &exec.Cmd{Path: path, Args: arguments, Stdout: os.Stdout, Stderr: os.Stderr}
	cmd.Env = append(os.Environ(), childVar+"="+mark(pass(cmd, files)))
	if err := cmd.Start(); err != nil {
		return err
	}
	p.mu.Lock()
	p.cmd, p.pid = cmd, cmd.Process.Pid
	p.mu.Unlock()
	return nil
}

// attend watches a child from its start to its end. It reads all messages of the
// child before it looks at the exit code, because a result that arrived counts. ours
// are the parent's ends of the child's three pipes.
func (p *Process) attend(ctx context.Context, ours []*os.File) {
	forget := context.AfterFunc(ctx, p.end)
	crash := make(chan string, 1)
	go func() { crash <- lastWords(ours[placeCrash]) }()
	exit := &ExitError{Name: p.Name, PID: p.pid, Err: p.listen(ours[placeUp])}
	if !p.isHere() || p.orders.Work { // it has ended, or executed another program, which would start children, or never answer
		p.cmd.Process.Kill()
	}
	exit.Crash = <-crash
	p.cmd.Wait() // its error is the exit code in other words
	p.links.Wait()
	forget()
	closeAll(ours)
	p.mu.Lock()
	p.judge(exit)
	p.mu.Unlock()
	self.remove(p)
	watcher.ended(p, exit.Code)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cmd.Process.Release() // if somebody else has waited for it, this process still has a file of its own for it
	close(p.done)
}

func (p *Process) isHere() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.reached >= msgHere
}

// isBlocked reports whether the child waits for an item of a queue.
func (p *Process) isBlocked() bool { return slices.ContainsFunc(p.servers, (*lend.Server).Blocked) }

// judge finds out how the process ended. Call it with mu held.
func (p *Process) judge(exit *ExitError) {
	state := p.cmd.ProcessState
	told, _ := exit.Err.(*RemoteError)
	switch {
	case state != nil:
		exit.Code = exitCode(state, p.sent)
	case p.reached == msgDone: // the rest is not known, see below
	case exit.Crash != "" || told != nil && told.Stack != "":
		exit.Code = 2
	case exit.Err != nil:
		exit.Code = 1
	case p.sent != 0:
		exit.Code = p.sent
	default:
		exit.Code, exit.Err = 255, errReaped
	}
	if exit.Err == nil && (exit.Code >= 0 || p.sent == 0) {
		exit.Err = p.lacks()
	}
	p.exit = exit
}

// lacks says which step the child has not reached, if any. Without that step, even
// exit code 0 is a failure. Call it with mu held.
func (p *Process) lacks() error {
	switch {
	case p.reached < msgHere:
		return errNotHere
	case p.reached < msgBegun && !p.orders.Work:
		return errNotBegun
	}
	return nil
}

var (
	errNotHere  = errors.New("it ended before it called mp.Main or mp.Init: does main return, exit or execute a program before that?")
	errNotBegun = errors.New("it ended before its function was called, while its argument was decoded")
	errReaped   = errors.New("its exit code is unknown: other code in this program has called wait4 with -1, or SIGCHLD is ignored")
)

// listen reads what the child says until the child ends, and returns the failure
// that the child has told, if any.
func (p *Process) listen(up *os.File) (failure error) {
	for in := frame.NewReader(up); ; {
		f, err := in.Next()
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			return failure // the exit code says the rest
		case err != nil:
			p.Kill() // it sent nonsense
			io.Copy(io.Discard, up)
			return err
		case f.Kind <= msgDone && !(f.Kind == msgBegun && p.orders.Work):
			p.reach(f.Kind)
		case f.Kind == msgFailed:
			told := new(RemoteError)
			if failure = frame.Decode(f.Value, told); failure == nil {
				failure = told
			}
		case p.hear != nil:
			p.hear(f)
		default:
			p.Kill() // it sent nonsense
			failure = frame.ErrBroken
		}
	}
}

// reach notes how far the child has come. If Terminate was called before the
// child's runtime could hear SIGTERM, reach sends the signal again: if this
// process ignores SIGTERM, a child also ignores it until then.
func (p *Process) reach(kind frame.Kind) {
	p.mu.Lock()
	p.reached = kind
	sent := p.sent
	p.mu.Unlock()
	switch {
	case kind == msgBorn && sent == -15:
		p.signal(-15, terminate)
	case kind == msgBegun, kind == msgHere && p.orders.Work:
		for _, do := range p.onReady {
			do()
		}
	}
}

// lastWords returns the beginning of what the runtime prints when a process
// crashes.
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
