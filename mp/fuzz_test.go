package mp

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"io"
	"math"
	"os"
	"reflect"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"processbook/mp/internal/frame"
)

// G8: a process may send any bytes. The process that reads them goes on, and its
// data stays consistent. Each of these tests is the reader of one kind of pipe.

// talk returns the bytes of several messages. As seeds, they make sense.
func talk(frames ...frame.Frame) []byte {
	var b bytes.Buffer
	frame.NewWriter(&b).Send(context.Background(), frames...)
	return b.Bytes()
}

// say returns a frame with the value v, or without a value if v is nil.
func say(k frame.Kind, id uint64, v any) frame.Frame {
	f := frame.Frame{Kind: k, ID: id}
	if v != nil {
		p := reflect.New(reflect.TypeOf(v))
		p.Elem().Set(reflect.ValueOf(v))
		f.Value, _ = frame.Encode(p.Interface())
	}
	return f
}

// With mustEnd, a test that hangs fails. So the fuzzer keeps the input on which
// it hangs.
func mustEnd() (ended func() bool) {
	return time.AfterFunc(30*time.Second, func() {
		debug.SetTraceback("all")
		panic("it hangs")
	}).Stop
}

type belongings struct {
	C *Conn[int, string]
	Q *Queue[int]
	J *JoinableQueue[int]
	M map[string]int
}

// arrive gives this process files, as if it were a child. Reading them gets EOF.
func arrive(f *testing.F) (again func(...place)) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		given.files, given.places, given.queues = nil, nil, nil
		null.Close()
	})
	return func(places ...place) {
		given.files = slices.Repeat([]*os.File{null}, placeFree+6)
		given.places, given.queues = places, nil
	}
}

// A child reads from its parent, when it starts.
func FuzzChild(f *testing.F) {
	_, end := Pipe[string, int]()
	full := belongings{end, NewQueue[int](0), NewJoinableQueue[int](1), map[string]int{"a": 1}}
	for _, v := range []belongings{full, {M: map[string]int{}}} {
		p := NewProcess(Function[belongings, None]{&function{name: "f"}}, v)
		h := &handover{files: make([]*os.File, placeFree)}
		frames, err := p.firstFrames(h)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(talk(frames...))
		h.afterStart(nil)
	}
	again := arrive(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		defer mustEnd()()
		down := frame.NewReader(bytes.NewReader(data))
		o, err := meet(down)
		if err != nil {
			return
		}
		again(o.Places...)
		newChildFamily(o)
		arg, _ := down.Next()
		var v belongings
		frame.Decode(arg.Value, &v)
		checkLines(t)
	})
}

// checkLines checks that no handle in an argument has got the pipes between
// parent and child.
func checkLines(t *testing.T) {
	t.Helper()
	if slices.Contains(given.files[:placeFree], nil) {
		t.Error("a handle has got the pipes to the parent")
	}
}

// A child decodes an end of a pipe or a queue in its argument, and looks for its
// files in the orders.
func FuzzTicket(f *testing.F) {
	f.Add(encodeHandle(1), placeFree, 2)
	f.Add(encodeHandle(1), placeDown, 2)
	f.Add(append([]byte{1}, encodeHandle(1)...), placeFree+4, 2)
	f.Add(append([]byte{0}, encodeHandle(2)...), placeFree+5, 2)
	f.Add(encodeHandle(1<<64-1), -1, 0)
	f.Add(encodeHandle(3), placeFree+5, 2)
	f.Add(encodeHandle(3), math.MaxInt, math.MaxInt)
	f.Add(encodeHandle(3), -2, 2)
	again := arrive(f)
	f.Fuzz(func(t *testing.T, ticket []byte, first, count int) {
		defer mustEnd()()
		again(place{1, first, count}, place{2, placeFree, 2}, place{3, first, 2}, place{1<<64 - 1, placeFree, count})
		for _, v := range []gob.GobDecoder{new(Conn[int, int]), new(Queue[int]), new(JoinableQueue[int])} {
			v.GobDecode(ticket)
			checkLines(t)
		}
	})
}

// Any program may set the variable that marks a child.
func FuzzMarker(f *testing.F) {
	f.Add("3000000,4000000,5000000")
	f.Add("")
	f.Add("18446744073709551615,-1,")
	f.Add("9223372036854775808")
	f.Cleanup(func() { given.files = nil })
	f.Fuzz(func(t *testing.T, list string) {
		defer mustEnd()()
		for number := range strings.SplitSeq(list, ",") {
			if n, err := strconv.ParseUint(number, 10, 64); err == nil && n < 1<<20 {
				return // this process may have a file with that number
			}
		}
		given.files = nil
		if adoptAll(list) == nil {
			t.Errorf("%q are the files of a child", list)
		}
		if slices.Contains(given.files, nil) || len(given.files) > strings.Count(list, ",")+1 {
			t.Errorf("%q are the files %v", list, given.files)
		}
	})
}

// through returns a real pipe from which these bytes come.
func through(t *testing.T, data []byte) *os.File {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	go func() {
		defer w.Close()
		w.Write(data)
	}()
	return r
}

// A parent reads from a child that then dies.
func FuzzParent(f *testing.F) {
	f.Add(talk(say(msgFailed, 0, RemoteError{Func: "f", Type: "t", Message: "m", Stack: "s"})))
	f.Add([]byte("runtime stack:\nruntime.newstack("))
	f.Fuzz(func(t *testing.T, data []byte) {
		defer mustEnd()()
		up := through(t, data)
		onlooker("Process-1", 0).listen(up)
		if n, err := up.Read(make([]byte, 1)); n > 0 || err != io.EOF {
			t.Error("it does not read to EOF:", err)
		}
		if words := lastWords(through(t, data)); len(words) > 65<<10 {
			t.Errorf("lastWords returned %d bytes", len(words))
		}
	})
}

// A process receives from the other end of a pipe.
func FuzzConn(f *testing.F) {
	f.Add(talk(say(msgValue, 0, []string{"a", "b"}), say(msgValue, 0, []string{})))
	f.Fuzz(func(t *testing.T, data []byte) {
		defer mustEnd()()
		c := newConn[int, []string](through(t, data), nil)
		for most := len(data)/len(talk(frame.Frame{})) + 1; ; most-- {
			c.Poll(0)
			_, err := c.Recv()
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				return
			}
			if errors.Is(err, ErrTooLong) {
				if _, again := c.Recv(); !errors.Is(again, ErrTooLong) {
					t.Errorf("it goes on in the middle of a message: %v", again)
				}
				return
			}
			if most == 0 {
				t.Fatal("more values than there are messages")
			}
		}
	})
}

// A pool reads from a worker.
func FuzzSlot(f *testing.F) {
	f.Add(talk(
		say(msgBegun, 0, nil),
		say(msgAnswer, 1, 7),
		say(msgFailure, 1, RemoteError{Func: "f", Message: "m"}),
		say(msgAnswer, 1, []int{1, 0}),
		say(msgReturned, 1, nil),
	))
	f.Fuzz(func(t *testing.T, data []byte) {
		defer mustEnd()()
		p := NewPool(square, 1)
		w := newWorker(p)
		w.process = onlooker("PoolWorker-1", 0)
		w.here, w.recalled = true, true
		p.workers = append(p.workers, w)
		results := 0
		c := &call[int, int]{chunk: 1, missing: 5, put: func(t *task[int, int], _ []int, _ []*TaskError) { results += len(t.args) }}
		c.news.L = &p.mu
		for i, args := range [][]int{{1}, {2, 3}, {4}, {5}} {
			w.give(&task[int, int]{call: c, first: i, args: args})
		}
		for in := frame.NewReader(bytes.NewReader(data)); ; {
			f, err := in.Next()
			if err != nil {
				break
			}
			w.hear(f)
		}
		w.reap(nil)
		for _, t := range c.returned {
			results += len(t.args)
		}
		if results != 5 { // each has a result or an error, or goes to another worker
			t.Errorf("%d tasks of 5 are accounted for", results)
		}
	})
}

// A worker reads from its pool.
func FuzzWorker(f *testing.F) {
	f.Add(talk(
		say(msgTask, 1, 7),
		say(msgTask, 2, []int{1, 2}),
		say(msgReturn, 0, nil),
		say(msgTask, 1, 7),
		say(msgFinish, 0, nil),
	))
	f.Fuzz(func(t *testing.T, data []byte) {
		defer mustEnd()()
		c := &child{inbox: newInbox(), up: frame.NewWriter(io.Discard)}
		go func() {
			c.listen(frame.NewReader(bytes.NewReader(data)), c.up)
			c.obey(frame.Frame{Kind: msgFinish}, c.up)
		}()
		work(c, "square", func(n int) (int, error) { return n * n, nil })
	})
}
