package mp

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// G3, G5, G8: children that break off in the middle of what they say, and
// children that talk nonsense. They write to their pipes themselves.

type babbling struct {
	C     *Conn[[]byte, []byte]
	Q     *Queue[[]byte]
	Where string
	What  []byte
	Then  string // a way to die, or to return; or it goes on for ever
}

// pipe returns where the child is to write.
func (b babbling) pipe() io.Writer {
	switch b.Where {
	case "Conn":
		return b.C.w
	case "Queue":
		return b.Q.holder.(*link[[]byte]).out.file
	}
	return arrived[placeUp]
}

func (b babbling) babble() error {
	if _, err := b.pipe().Write(b.What); err != nil {
		return err
	}
	if b.Then == "return" {
		return nil
	}
	return die(b.Then)
}

var (
	babble     = Proc("babble", babbling.babble)
	babbleTask = Func("babbleTask", func(b babbling) (int, error) {
		if b.What == nil {
			return 1, nil
		}
		return 0, b.babble()
	})
	sendBig = Proc("sendBig", func(c *Conn[[]byte, None]) error { return c.Send(make([]byte, 1<<20)) })
)

// half is the first half of a message.
func half(k kind) []byte {
	long := make([]byte, 1000)
	b := talk(func(s *sender) { s.send(k, 0, &long) })
	return b[:len(b)/2]
}

// garbage says that it is longer than anything may be.
var garbage = bytes.Repeat([]byte{0xff}, 100)

// unknown is a message like others, of a kind that there is not.
func unknown() []byte { return talk(func(s *sender) { s.send(39, 1, nil) }) }

// G3: an item is put as a whole or not at all.
func TestHalfAnItem(t *testing.T) {
	for _, test := range []struct {
		name     string
		capacity int
		what     []byte
	}{{"half an item", 0, half(msgPut)}, {"half an item that waits for an answer", 2, half(msgOffer)}} {
		t.Run(test.name, func(t *testing.T) {
			q := NewQueue[[]byte](test.capacity)
			p := start(t, NewProcess(babble, babbling{Q: q, Where: "Queue", What: test.what, Then: "kill"}))
			p.Join(soon(t))
			if n, err := q.Len(); n != 0 || err != nil {
				t.Errorf("Len() = %d, %v; want 0", n, err)
			}
			q.Put(soon(t), []byte("whole"))
			if v, err := q.Get(soon(t)); string(v) != "whole" || err != nil {
				t.Errorf("Get() = %q, %v", v, err)
			}
		})
	}
}

// G5: a process that is killed in the middle of a value that is longer than
// the pipe: whoever receives it is told so.
func TestSenderKilledInTheMiddleOfAValue(t *testing.T) {
	ours, theirs := Pipe[None, []byte]()
	p := start(t, NewProcess(sendBig, theirs))
	if begun, err := ours.Poll(30 * time.Second); !begun || err != nil {
		t.Fatalf("Poll() = %t, %v", begun, err)
	}
	p.Kill() // it cannot have come to the end: nobody receives
	p.Join(soon(t))
	inTime(t, "Recv", func() {
		if v, err := ours.Recv(); err != io.ErrUnexpectedEOF {
			t.Errorf("Recv() = %d bytes, %v; want %v", len(v), err, io.ErrUnexpectedEOF)
		}
	})
}

// G5: Send does not wait for room that nobody will make.
func TestReceiverKilledBeforeItReceives(t *testing.T) {
	ours, theirs := Pipe[[]byte, int]()
	p := start(t, NewProcess(deaf, theirs))
	ours.Recv()
	sent := make(chan error, 1)
	go func() { sent <- ours.Send(make([]byte, 1<<20)) }()
	p.Kill()
	inTime(t, "Send", func() {
		if err := <-sent; !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("Send() = %v, want %v", err, io.ErrClosedPipe)
		}
	})
}

var deaf = Proc("deaf", func(c *Conn[int, []byte]) error { c.Send(0); select {} })

// G8: a child that says what cannot be understood is given up, and nobody
// waits for it.
func TestGarbageFromAChild(t *testing.T) {
	p := start(t, NewProcess(babble, babbling{What: garbage}))
	var exit *ExitError
	if err := p.Join(soon(t)); !errors.As(err, &exit) || !errors.Is(err, ErrTooLong) {
		t.Errorf("Join() = %v, want an ExitError with %v", err, ErrTooLong)
	}
}

func TestGarbageInAPipe(t *testing.T) {
	for text, what := range map[string][]byte{ErrTooLong.Error(): garbage, "a broken message: kind 39": unknown()} {
		ours, theirs := Pipe[[]byte, []byte]()
		start(t, NewProcess(babble, babbling{C: theirs, Where: "Conn", What: what}))
		inTime(t, "Recv", func() {
			if _, err := ours.Recv(); err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("Recv() = %v, want ... %s", err, text)
			}
		})
	}
}

func TestGarbageInAQueue(t *testing.T) {
	for _, what := range [][]byte{garbage, unknown()} {
		q := NewQueue[[]byte](0)
		p := start(t, NewProcess(babble, babbling{Q: q, Where: "Queue", What: what}))
		var exit *ExitError
		if err := p.Join(soon(t)); !errors.As(err, &exit) || exit.Code == 0 {
			t.Errorf("Join() = %v, want an ExitError", err)
		}
		q.Put(soon(t), []byte("whole"))
		if v, err := q.Get(soon(t)); string(v) != "whole" || err != nil {
			t.Errorf("Get() = %q, %v", v, err)
		}
	}
}

// G2, G8: a worker that talks nonsense costs the task that it is at.
func TestGarbageFromAWorker(t *testing.T) {
	for name, b := range map[string]babbling{
		"garbage":                      {What: garbage},
		"an unknown kind":              {What: unknown()},
		"half an answer":               {What: half(msgAnswer), Then: "kill"},
		"two answers, and another one": {What: talk(func(s *sender) { s.send(msgAnswers, 0, &[]int{1, 2}) }), Then: "return"},
		"more returned than was sent":  {What: talk(func(s *sender) { s.send(msgReturned, 9, nil) })},
	} {
		t.Run(name, func(t *testing.T) {
			p := NewPool(babbleTask, 1)
			defer p.Terminate()
			results, err := p.Map(soon(t), []babbling{{}, b, {}})
			var task *TaskError
			if !errors.As(err, &task) || task.Index != 1 || task.PID == 0 || strings.Contains(err.Error(), "\n") {
				t.Errorf("Map() = %v, %v; want an error of task 1 only", results, err)
			}
			if len(results) != 3 || results[0] != 1 || results[2] != 1 {
				t.Errorf("results %v", results)
			}
		})
	}
}
