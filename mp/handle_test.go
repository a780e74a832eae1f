package mp

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"processbook/mp/internal/frame"
)

// A handle is a queue or an end of a pipe. It is passed only in the argument that
// contains it, whatever other goroutines do at the same time.

// A crate is an argument. A test decides how long it takes to encode it.
type crate struct{ Text string }

var (
	packing = make(chan bool) // a crate tells that its encoding has begun
	packed  = make(chan bool) // the test tells the crate to end its encoding
)

func (c crate) GobEncode() ([]byte, error) {
	if c.Text == "slow" {
		packing <- true
		<-packed
	}
	return []byte(c.Text), nil
}

func (c *crate) GobDecode(b []byte) error { c.Text = string(b); return nil }

type crateAndEnd struct {
	Crate crate
	End   *Conn[string, string]
}

var (
	openCrate       = Proc("openCrate", func(c crate) error { return nil })
	openCrateAndSay = Proc("openCrateAndSay", func(c crateAndEnd) error { return c.End.Send(c.Crate.Text) })
)

// slowly begins a Start. Its argument is being encoded until the test calls
// letGo.
func slowly(t *testing.T, p *Process) (letGo func() error) {
	t.Helper()
	started := make(chan error, 1)
	go func() { started <- p.Start(context.Background()) }()
	inTime(t, "an argument to be encoded", func() { <-packing })
	return func() error {
		packed <- true
		err := <-started
		t.Cleanup(func() { p.Kill(); p.Join(context.Background()) })
		return err
	}
}

// While a process starts, Send of an end of a pipe is refused, and the end still
// works. Another Start does not wait.
func TestHandlesOfOthersAreNotPassed(t *testing.T) {
	letGo := slowly(t, NewProcess(openCrate, crate{"slow"}))
	mine, other := Pipe[string, string]()
	a, _ := Pipe[*Conn[string, string], None]()
	if err := a.Send(mine); err == nil || !strings.Contains(err.Error(), "in the argument of a process that starts") {
		t.Errorf("Send() of an end = %v", err)
	}
	q := NewQueue[*Queue[int]](0)
	if err := q.Put(soon(t), NewQueue[int](0)); err == nil {
		t.Error("a queue was put into a queue")
	}
	inTime(t, "another Start", func() {
		if err := runProcess(NewProcess(exitWith, 0)); err != nil {
			t.Error(err)
		}
	})
	if err := letGo(); err != nil {
		t.Error(err)
	}
	mine.Send("still here")
	if s, err := other.Recv(); s != "still here" || err != nil {
		t.Errorf("Recv() = %q, %v", s, err)
	}
}

// While Start passes an end, no other call can pass, use or close it. Then the
// end moves to the child.
func TestEndThatIsBeingPassed(t *testing.T) {
	ours, theirs := Pipe[string, string]()
	letGo := slowly(t, NewProcess(openCrateAndSay, crateAndEnd{crate{"slow"}, theirs}))
	second := NewProcess(openCrateAndSay, crateAndEnd{crate{"x"}, theirs})
	for what, err := range map[string]error{
		"Send": theirs.Send("x"), "Close": theirs.Close(), "another Start": second.Start(context.Background()),
	} {
		if !errors.Is(err, ErrMoved) {
			t.Errorf("%s = %v, want %v", what, err, ErrMoved)
		}
	}
	if err := letGo(); err != nil {
		t.Fatal(err)
	}
	if s, err := ours.Recv(); s != "slow" || err != nil {
		t.Errorf("Recv() = %q, %v", s, err)
	}
	if _, err := ours.Recv(); err != io.EOF {
		t.Errorf("after the child's end: %v", err)
	}
}

// An end is closed while Start is passing it. If Start then fails, the end is
// closed here.
func TestEndThatIsClosedWhileAStartFails(t *testing.T) {
	ours, theirs := Pipe[string, string]()
	p := NewProcess(Function[crateAndEnd, None]{&function{name: "none"}}, crateAndEnd{crate{"slow"}, theirs})
	p.pack = func(h *handover) (v frame.Value, err error) {
		if err := theirs.handOver(h); err != nil {
			return v, err
		}
		theirs.Close()
		return v, io.ErrNoProgress
	}
	if err := p.Start(soon(t)); !errors.Is(err, io.ErrNoProgress) {
		t.Fatal(err)
	}
	if _, err := ours.Recv(); err != io.EOF {
		t.Errorf("Recv() = %v; want EOF", err)
	}
	if err := theirs.Send("x"); !errors.Is(err, ErrClosed) {
		t.Errorf("Send() = %v; want %v", err, ErrClosed)
	}
}

type sameTwice struct{ A, B *Queue[int] }

var putBoth = Proc("putBoth", func(s sameTwice) error {
	return errors.Join(s.A.Put(context.Background(), 1), s.B.Put(context.Background(), 2))
})

// The same queue may be twice in an argument.
func TestQueueTwiceInAnArgument(t *testing.T) {
	q := NewQueue[int](0)
	if err := runProcess(NewProcess(putBoth, sameTwice{q, q})); err != nil {
		t.Fatal(err)
	}
	for want := range 2 {
		if v, err := q.Get(soon(t)); v != want+1 || err != nil {
			t.Errorf("Get() = %d, %v", v, err)
		}
	}
}
