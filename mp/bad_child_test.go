package mp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"processbook/mp/internal/frame"
	"processbook/mp/internal/lend"
)

// G3, G5, G8: children that die in the middle of a message, and children that
// send nonsense. They write to their pipes themselves.

type babbling struct {
	C    *Conn[[]byte, []byte]
	Q    *tap
	What []byte
	Then string // "return", a way to die, or "" to wait until it is killed
}

// A tap is a queue in the parent. In the child it is only the queue's two pipes.
type tap struct {
	*Queue[[]byte]
	in, out *os.File
	terms   lend.Terms
}

func (p *tap) GobDecode(b []byte) error {
	files, err := claim(b[1:], 2)
	if err == nil {
		p.in, p.out, p.terms = files[0], files[1], lend.Terms(b[0])
	}
	return err
}

// pipe returns the pipe to which the child writes.
func (b babbling) pipe() io.Writer {
	switch {
	case b.C != nil:
		return b.C.w
	case b.Q != nil:
		return b.Q.out
	}
	return given.files[placeUp]
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

// A breaking pipe kills its process in the middle of a write: the first one
// after this number of writes.
type breaking struct {
	*os.File
	writes int
}

func (b *breaking) Write(p []byte) (int, error) {
	if b.writes--; b.writes < 0 {
		b.File.Write(p[:len(p)/2])
		die("kill")
	}
	return b.File.Write(p)
}

var (
	babble     = Proc("babble", babbling.babble)
	babbleTask = Func("babbleTask", func(b babbling) (int, error) {
		if b.What == nil {
			return 1, nil
		}
		return 0, b.babble()
	})
	// putHalf is a Put whose process dies before it is complete.
	putHalf = Proc("putHalf", func(h halfPut) error {
		link := lend.NewLink(&breaking{h.Q.out, h.Writes}, h.Q.terms)
		go link.Listen(h.Q.in)
		ctx, cancel := context.Background(), func() {}
		if h.Parts {
			ctx, cancel = context.WithCancel(ctx)
		}
		defer cancel()
		return link.Put(ctx, frame.Value{Data: make([]byte, 100_000)}, false)
	})
	sendBig = Proc("sendBig", func(c *Conn[[]byte, None]) error { return c.Send(make([]byte, 1<<20)) })
)

// half is the first half of a message.
func half(k frame.Kind) []byte {
	b := talk(say(k, 0, make([]byte, 1000)))
	return b[:len(b)/2]
}

// garbage begins with a length that is longer than any message may be.
var garbage = bytes.Repeat([]byte{0xff}, 100)

// unknown is a complete message of a kind that does not exist.
func unknown() []byte { return talk(say(39, 1, nil)) }

type halfPut struct {
	Q      *tap
	Parts  bool // the item is sent in parts, because its context may end
	Writes int  // whole ones, before the one in which the process dies
}

// G3: an item is put as a whole or not at all.
func TestHalfAnItem(t *testing.T) {
	for _, test := range []struct {
		name     string
		capacity int
		put      halfPut
	}{
		{"half an item", 0, halfPut{}},
		{"half an item, for which there is room", 1, halfPut{Writes: 1}},
		{"half a part", 0, halfPut{Parts: true, Writes: 1}},
		{"half of the frame that makes an item of the parts", 0, halfPut{Parts: true, Writes: 3}},
	} {
		t.Run(test.name, func(t *testing.T) {
			q := NewQueue[[]byte](test.capacity)
			test.put.Q = &tap{Queue: q}
			p := start(t, NewProcess(putHalf, test.put))
			p.Join(soon(t))
			if code, _ := p.ExitCode(); code == 0 {
				t.Error("the Put is complete")
			}
			if n, err := q.Len(); n != 0 || err != nil {
				t.Errorf("Len() = %d, %v; want 0", n, err)
			}
			if err := q.TryPut([]byte("whole")); err != nil {
				t.Error(err)
			}
			if v, err := q.Get(soon(t)); string(v) != "whole" || err != nil {
				t.Errorf("Get() = %q, %v", v, err)
			}
		})
	}
}

// G5: a process is killed while it sends a value that is longer than the pipe
// holds. Recv in the other process says that the value is broken.
func TestSenderKilledInTheMiddleOfAValue(t *testing.T) {
	ours, theirs := Pipe[None, []byte]()
	p := start(t, NewProcess(sendBig, theirs))
	if begun, err := ours.Poll(30 * time.Second); !begun || err != nil {
		t.Fatalf("Poll() = %t, %v", begun, err)
	}
	p.Kill() // it cannot have sent all: nobody receives
	p.Join(soon(t))
	inTime(t, "Recv", func() {
		if v, err := ours.Recv(); err != io.ErrUnexpectedEOF {
			t.Errorf("Recv() = %d bytes, %v; want %v", len(v), err, io.ErrUnexpectedEOF)
		}
	})
}

// G5: Send does not wait for room in the pipe if the receiver is dead.
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

// G8: a parent gives up a child that sends nonsense, and does not wait for it.
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
		start(t, NewProcess(babble, babbling{C: theirs, What: what}))
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
		p := start(t, NewProcess(babble, babbling{Q: &tap{Queue: q}, What: what}))
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

// G2, G8: if a worker sends nonsense, only the task that it is doing fails.
func TestGarbageFromAWorker(t *testing.T) {
	for name, b := range map[string]babbling{
		"garbage":                     {What: garbage},
		"an unknown kind":             {What: unknown()},
		"half an answer":              {What: half(msgAnswer), Then: "kill"},
		"two answers to one task":     {What: talk(say(msgAnswer, 0, []int{1, 2}), say(msgAnswer, 0, nil))},
		"more returned than was sent": {What: talk(say(msgReturned, 9, nil))},
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

// G8: gob allocates as many elements of a map as the bytes claim. So mp's own
// messages contain no map.
func TestCountsThatLie(t *testing.T) {
	v, err := frame.Encode(&map[int]RemoteError{1: {}})
	if err != nil {
		t.Fatal(err)
	}
	i, count := len(v.Data)-3, []byte{0xfd, 0x40, 0, 0} // 4 million, and then one
	if v.Data[i] != 1 || int(v.Data[0]) != len(v.Data)-1 {
		t.Fatalf("the count, or the length, is not in % x", v.Data)
	}
	v.Data = slices.Replace(v.Data, i, i+1, count...)
	v.Data[0] += byte(len(count) - 1)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	err = frame.Decode(v, new(RemoteError))
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; err == nil || used > 16<<20 {
		t.Errorf("%v; %d bytes were allocated", err, used)
	}
}
