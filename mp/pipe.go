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

// A Conn is one end of a pipe between two processes. The other end receives the
// values that this end sends, in the same order. Several goroutines can use a
// Conn. It is Python's Connection.
//
// Make both ends with [Pipe]. To move an end into a child, pass it to
// [NewProcess], as the argument or in an exported field of the argument. When
// the child has started, every method of that end returns [ErrMoved] in this
// process. So each end is in only one process. When that process ends, the other
// side gets [io.EOF]. An end that this process has used cannot move: Start
// returns an error.
//
// Close an end when you will neither send nor receive any more. When a process
// dies, for any reason, the system closes its ends. If the program keeps no
// reference to an end, the end is closed at some time, like an [os.File].
type Conn[S, R any] struct {
	w      *os.File      // the file that Send writes to; nil if nobody has made this end
	out    *frame.Writer // writes to w
	number uint64        // stands for the end in an argument

	receiving sync.Mutex    // held while this end receives; guards in
	r         *inlet        // the file that Recv reads from
	in        *frame.Reader // reads from r

	mu       sync.Mutex // guards the fields below
	state    error      // nil, ErrMoved, ErrClosed, or why the pipe could not be made
	used     bool       // set when it has sent or received, so it cannot move
	leaves   bool       // set while the process that it is passed to is starting
	unwanted bool       // set if Close was called in that time
}

// Pipe returns the two ends of a new pipe. The first end sends A and receives
// B. If only the first end sends, write Pipe[T, None]. If no more files can be
// opened, the first use of an end returns the system's error. Call Pipe inside a
// function, not at package level: see [NewQueue]. It is Python's Pipe().
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

var errTooEarly = errors.New("mp: this pipe was made before mp.Main, so each process has a different one; " +
	"call Pipe in run, and pass an end in an argument")

var errNotMade = errors.New("mp: this end of a pipe was not made by Pipe")

// An inlet is a file that can be asked whether there is something to read.
// Before it answers, it may have to read a byte.
type inlet struct {
	*os.File
	early []byte // that byte; Read returns it first
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

// Send sends v. While the pipe is full, it waits for the other end to receive.
// It returns [ErrClosed] or [ErrMoved] if this end is closed or has moved. If v
// cannot be encoded, Send returns an error and sends nothing, and the pipe goes
// on working. If the other end is closed, the error wraps [io.ErrClosedPipe]. It
// is Python's send.
func (c *Conn[S, R]) Send(v S) error {
	if err := c.use("send"); err != nil {
		return err
	}
	return c.explain("send", c.out.SendValue(context.Background(), msgValue, 0, &v))
}

// Recv waits for the next value and returns it. It returns [io.EOF] if the other
// end was closed or its process has ended, and [io.ErrUnexpectedEOF] if that
// happened in the middle of a value. It is Python's recv.
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

// Poll reports whether a value or EOF has arrived, or has begun to arrive. If
// so, Recv does not wait long. Poll waits for at most the given time. If this is
// 0 or less, Poll does not wait. (But if another goroutine is in Recv, Poll first
// waits until that Recv returns.) It is Python's poll.
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

// Close closes this end. The other end can still receive what was sent; then its
// Recv returns [io.EOF]. A second Close does nothing. It is Python's close.
func (c *Conn[S, R]) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unwanted = c.leaves // Start uses its files at this moment
	switch err := c.refusal(); err {
	case nil:
	case ErrClosed:
		return nil
	default:
		return fmt.Errorf("close: %w", err)
	}
	c.state = ErrClosed
	closePipe(c.r.File)
	closePipe(c.w)
	return nil
}

// use notes that this process uses this end, so the end cannot move any more.
func (c *Conn[S, R]) use(what string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.refusal(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	c.used = true
	return nil
}

// refusal says why this end cannot be used, if it cannot. Call it with mu held.
func (c *Conn[S, R]) refusal() error {
	switch {
	case c.state != nil:
		return c.state
	case c.r == nil:
		return errNotMade
	case c.leaves:
		return ErrMoved
	}
	return nil
}

// explain turns an error of a file into the one that the documentation promises.
func (c *Conn[S, R]) explain(what string, err error) error {
	switch {
	case err == nil || err == io.EOF || err == io.ErrUnexpectedEOF:
		return err
	case errors.Is(err, os.ErrClosed):
		return fmt.Errorf("%s: %w", what, ErrClosed)
	case brokenPipe(err):
		return fmt.Errorf("%s: mp: the other end is closed: %w", what, io.ErrClosedPipe)
	}
	return fmt.Errorf("%s: %w", what, err)
}

// handOver passes the end to the process that is starting.
func (c *Conn[S, R]) handOver(h *handover) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.refusal()
	switch {
	case h.has(c.number):
		err = errors.New("the argument has it twice")
	case err == nil && c.used:
		err = errors.New("it has been used already; pass it before its first Send, Recv or Poll")
	}
	if err != nil {
		return fmt.Errorf("an end of a pipe cannot move: %w", err)
	}
	c.leaves = true
	h.add(c.number, []*os.File{c.r.File, c.w}, c.afterStart)
	return nil
}

// afterStart closes the files of the end if the child has the end now, and keeps
// them if Start has failed.
func (c *Conn[S, R]) afterStart(p *Process) {
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

// GobEncode is for package encoding/gob. Only the argument of a process that is
// starting can contain an end of a pipe. In other values, an end is an error.
func (c *Conn[S, R]) GobEncode() ([]byte, error) {
	if c == nil {
		return nil, errNotMade
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.leaves {
		return nil, fmt.Errorf("an end of a pipe cannot be sent: %w", errNotPassed)
	}
	return encodeHandle(c.number), nil
}

// GobDecode is for package encoding/gob. In a child, it finds the end that the
// parent has passed.
func (c *Conn[S, R]) GobDecode(number []byte) error {
	files, err := claim(number, 2)
	if err != nil {
		return fmt.Errorf("an end of a pipe cannot be received: %w", err)
	}
	end := newConn[S, R](files[0], files[1])
	c.r, c.w, c.in, c.out, c.number = end.r, end.w, end.in, end.out, end.number
	return nil
}
