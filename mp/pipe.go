package mp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"processbook/mp/internal/frame"
)

// A Conn is one end of a pipe between two processes. What it sends, the other
// end receives, value for value and in order. It is safe for use by several
// goroutines. It is Python's Connection.
//
// An end has one owner at any time. It is made with [Pipe] in one process and
// moves into another by being the argument, or an exported field of the
// argument, of a [Process] that starts; from then on it is gone here, and
// every call says [ErrMoved]. That is why the end of a pipe is always seen:
// no forgotten copy holds it open. An end that has been used stays where it
// is, and so it does if Start fails.
//
// Close an end when there is nothing more to send; if its process ends first,
// however that happens, the system closes it.
type Conn[S, R any] struct {
	r   *inlet
	w   *os.File
	out *frame.Writer

	number    uint64 // as a handle
	receiving sync.Mutex
	in        *frame.Reader

	mu       sync.Mutex
	state    error // nil, ErrMoved, ErrClosed, or why the pipe could not be made
	used     bool  // it has sent or received, so it stays here
	leaves   bool  // a process starts that it is passed to
	unwanted bool  // Close was called while it was leaving
}

// Pipe returns the two ends of a new pipe; each sends what the other receives.
// If the system has no more files to give, their first use says so. Call it in a
// function, as [NewQueue]. It is Python's Pipe(); write Pipe[T, None] where one
// direction is enough.
func Pipe[A, B any]() (*Conn[A, B], *Conn[B, A]) {
	if tooEarly() {
		return &Conn[A, B]{state: errTooEarly}, &Conn[B, A]{state: errTooEarly}
	}
	ends, err := pipes(2)
	if err != nil {
		return &Conn[A, B]{state: err}, &Conn[B, A]{state: err}
	}
	return newConn[A, B](ends[0], ends[3]), newConn[B, A](ends[2], ends[1])
}

func newConn[S, R any](r, w *os.File) *Conn[S, R] {
	in := &inlet{File: r}
	return &Conn[S, R]{r: in, w: w, in: frame.NewReader(in), out: frame.NewWriter(w), number: handles.Add(1)}
}

var errTooEarly = errors.New("mp: this pipe was made before mp.Main, so every process has one of its own; " +
	"call Pipe in run, and hand an end over in an argument")

// An inlet is a file to receive from that can be asked whether there is
// something to read. A byte may have to be read to know.
type inlet struct {
	*os.File
	early []byte
}

func (in *inlet) Read(b []byte) (int, error) {
	if len(in.early) > 0 {
		n := copy(b, in.early)
		in.early = in.early[n:]
		return n, nil
	}
	return in.File.Read(b)
}

const msgValue frame.Kind = 1

// Send sends v. It waits while the pipe is full, so it may wait for the other
// end to receive. It returns [ErrClosed] or [ErrMoved] if this end is closed
// or gone, and an error if v cannot be encoded, in which case nothing was sent
// and the pipe can still be used. If nobody is left at the other end, the
// error wraps [io.ErrClosedPipe].
func (c *Conn[S, R]) Send(v S) error {
	if err := c.use("send"); err != nil {
		return err
	}
	return c.explain("send", c.out.SendValue(context.Background(), msgValue, 0, &v))
}

// Recv waits for the next value and returns it. The error is [io.EOF] if the
// other end was closed, or its process ended, between two values, and
// [io.ErrUnexpectedEOF] if that happened in the middle of one.
func (c *Conn[S, R]) Recv() (R, error) {
	var v R
	if err := c.use("receive"); err != nil {
		return v, err
	}
	c.receiving.Lock()
	f, err := c.in.Next()
	if err == nil && f.Kind != msgValue {
		err = fmt.Errorf("%w: kind %d", frame.ErrBroken, f.Kind)
	}
	c.receiving.Unlock()
	if err == nil {
		err = frame.Decode(f.Value, &v)
	}
	return v, c.explain("receive", err)
}

// Poll reports whether Recv would return at once or soon, with a value or with
// the end of the pipe. It waits at most so long for the first sign of one; 0 or
// less is not at all. (While another goroutine is in Recv, it waits for that.)
func (c *Conn[S, R]) Poll(wait time.Duration) (bool, error) {
	if err := c.use("poll"); err != nil {
		return false, err
	}
	c.receiving.Lock()
	defer c.receiving.Unlock()
	if c.in.Waiting() {
		return true, nil
	}
	there, err := c.r.await(wait)
	return there, c.explain("poll", err)
}

// Close closes this end. What was sent can still be received; then the other
// end sees the end of the pipe. A second Close does nothing.
func (c *Conn[S, R]) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == ErrClosed {
		return nil
	}
	if c.state != nil {
		return fmt.Errorf("close: %w", c.state)
	}
	if c.leaves {
		c.unwanted = true // its files belong to the start for the moment
		return fmt.Errorf("close: %w", ErrMoved)
	}
	c.state = ErrClosed
	closePipe(c.r.File)
	closePipe(c.w)
	return nil
}

// use notes that this end has found its place.
func (c *Conn[S, R]) use(what string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.state != nil:
		return fmt.Errorf("%s: %w", what, c.state)
	case c.leaves:
		return fmt.Errorf("%s: %w", what, ErrMoved)
	}
	c.used = true
	return nil
}

// explain makes of a pipe's error what the documentation promises.
func (c *Conn[S, R]) explain(what string, err error) error {
	switch {
	case err == nil || err == io.EOF || err == io.ErrUnexpectedEOF:
		return err
	case errors.Is(err, os.ErrClosed):
		return fmt.Errorf("%s: %w", what, ErrClosed)
	case brokenPipe(err):
		return fmt.Errorf("mp: %s: nobody is left at the other end: %w", what, io.ErrClosedPipe)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// handOver passes the end to the process that is being started.
func (c *Conn[S, R]) handOver(h *handover) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.state != nil:
		return fmt.Errorf("an end of a pipe cannot move: %w", c.state)
	case c.w == nil:
		return errors.New("an end of a pipe that Pipe has not made")
	case c.used:
		return errors.New("an end of a pipe cannot move: it has been used here; pass it before its first Send, Recv or Poll")
	case h.has(c.number):
		return errors.New("an end of a pipe cannot move: the argument has it twice")
	case c.leaves:
		return fmt.Errorf("an end of a pipe cannot move: %w", ErrMoved)
	}
	c.leaves = true
	h.add(c.number, []*os.File{c.r.File, c.w}, c.settle)
	return nil
}

// settle lets go of the end, which belongs to the child now, or keeps it.
func (c *Conn[S, R]) settle(p *Process) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leaves = false
	if p == nil && !c.unwanted {
		takeBack(c.r.File)
		takeBack(c.w)
		return
	}
	c.state = ErrMoved
	if p == nil {
		c.state = ErrClosed
	}
	closePipe(c.r.File)
	closePipe(c.w)
}

// GobEncode writes the end's number into an argument; at any other time it is
// an error.
func (c *Conn[S, R]) GobEncode() ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.leaves {
		return nil, fmt.Errorf("an end of a pipe cannot be sent: %w", errNotPassed)
	}
	return encodeHandle(c.number), nil
}

// GobDecode takes the end from what this process was given at its start.
func (c *Conn[S, R]) GobDecode(number []byte) error {
	_, files, err := claim(number, 2)
	if err != nil {
		return fmt.Errorf("an end of a pipe cannot be received: %w", err)
	}
	arrived := newConn[S, R](files[0], files[1])
	c.r, c.w, c.in, c.out, c.number = arrived.r, arrived.w, arrived.in, arrived.out, arrived.number
	return nil
}
