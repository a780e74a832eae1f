package mp

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"
)

// G8: whatever a process says, the one who hears it goes on, with its own
// books in order. Each of these takes the place of one process's reader.

// talk makes seeds: sensible conversations.
func talk(say func(s *sender)) []byte {
	var b bytes.Buffer
	say(newSender(&b))
	return b.Bytes()
}

func about(what kind, id uint64) *[]byte {
	b := append([]byte{byte(what)}, make([]byte, 8)...)
	b[1] = byte(id)
	return &b
}

// mustEnd lets a hang be a failure of the input that it hangs on.
func mustEnd() (ended func() bool) {
	return time.AfterFunc(10*time.Second, func() {
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

// arrive lets this process have some files to claim. Nothing comes from them.
func arrive(f *testing.F) (again func()) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { arrived = nil; null.Close() })
	return func() { arrived = slices.Repeat([]*os.File{null}, placeFree+6) }
}

// A parent speaks to its newborn child.
func FuzzChild(f *testing.F) {
	_, end := Pipe[string, int]()
	full := belongings{end, NewQueue[int](0), NewJoinableQueue[int](1), map[string]int{"a": 1}}
	for _, v := range []belongings{full, {M: map[string]int{}}} {
		cargo := &luggage{files: make([]*os.File, placeFree)}
		f.Add(talk(func(s *sender) {
			s.send(msgOrders, 0, &orders{Func: "f", Name: "n", Number: "1", ParentPID: 1})
			cargo.pack(func() error { return s.send(msgArgument, 0, &v) })
		}))
		cargo.settleAll(nil)
	}
	again := arrive(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		defer mustEnd()()
		again()
		c := &child{newReceiver(bytes.NewReader(data)), newSender(io.Discard)}
		o, arg, err := c.meet()
		if err != nil {
			return
		}
		newChildFamily(o)
		var v belongings
		c.down.decode(arg, &v)
		checkLines(t)
	})
}

// checkLines: nothing that rides in an argument gets hold of the pipes between
// parent and child.
func checkLines(t *testing.T) {
	t.Helper()
	if slices.Contains(arrived[:placeFree], nil) {
		t.Error("a ticket for the pipes to the parent")
	}
}

// What a pipe end or a queue in an argument says of itself.
func FuzzTicket(f *testing.F) {
	f.Add([]byte{placeFree})
	f.Add([]byte{placeDown})
	f.Add([]byte{placeFree + 4, 1, 0, 1, 0})
	f.Add(binary.AppendUvarint(nil, 1<<64-1))
	again := arrive(f)
	f.Fuzz(func(t *testing.T, ticket []byte) {
		defer mustEnd()()
		again()
		for _, v := range []gob.GobDecoder{new(Conn[int, int]), new(Queue[int]), new(JoinableQueue[int])} {
			v.GobDecode(ticket)
			checkLines(t)
		}
	})
}

// Anybody may set the variable that marks a child.
func FuzzMarker(f *testing.F) {
	f.Add("3,4,5")
	f.Add("")
	f.Add("-1,18446744073709551615,")
	f.Fuzz(func(t *testing.T, list string) {
		defer mustEnd()()
		numbers, err := parseList(list)
		for _, n := range numbers {
			if int(n) < 0 {
				t.Errorf("%q is number %d", list, int(n))
			}
		}
		if err == nil && len(numbers) != strings.Count(list, ",")+1 {
			t.Errorf("%q is %d", list, numbers)
		}
	})
}

// through lets bytes come out of a real pipe.
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

// A child speaks to its parent, and dies.
func FuzzParent(f *testing.F) {
	f.Add(talk(func(s *sender) { s.send(msgFailed, 0, &RemoteError{Func: "f", Type: "t", Message: "m", Stack: "s"}) }))
	f.Add([]byte("runtime stack:\nruntime.newstack("))
	f.Fuzz(func(t *testing.T, data []byte) {
		defer mustEnd()()
		up := through(t, data)
		onlooker("Process-1", 0).listen(up)
		if n, err := up.Read(make([]byte, 1)); n > 0 || err != io.EOF {
			t.Error("it does not listen to the end:", err)
		}
		if words := lastWords(through(t, data)); len(words) > 65<<10 {
			t.Errorf("last words of %d bytes", len(words))
		}
	})
}

// A process speaks to the one at the other end of a pipe.
func FuzzConn(f *testing.F) {
	f.Add(talk(func(s *sender) {
		s.send(msgValue, 0, &[]string{"a", "b"})
		s.send(msgValue, 0, &[]string{})
	}))
	f.Fuzz(func(t *testing.T, data []byte) {
		defer mustEnd()()
		c := newConn[int, []string](through(t, data), nil)
		for most := len(data)/headerSize + 1; ; most-- {
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

// A child speaks to the holder of a queue.
func FuzzQueueServer(f *testing.F) {
	n := 7
	f.Add(talk(func(s *sender) {
		s.send(msgPut, 0, &n)
		s.send(msgWant, 3, nil)
		s.send(msgTaken, 1, nil)
		s.send(msgDone, 1, nil)
		s.send(msgBack, 2, nil)
	}))
	f.Add(talk(func(s *sender) {
		s.send(msgOffer, 1, &n)
		s.send(msgTryOffer, 2, &n)
		s.send(msgTryWant, 3, nil)
		s.send(msgLen, 4, nil)
		s.send(msgJoin, 5, nil)
		s.send(msgCancel, 5, nil)
		s.send(msgTell, 6, about(msgTaken, 1))
		s.send(msgSynced, 1, nil)
		s.send(msgClose, 7, nil)
	}))
	f.Fuzz(func(t *testing.T, data []byte) {
		defer mustEnd()()
		for _, q := range []*Queue[int]{NewQueue[int](0), NewQueue[int](2), NewJoinableQueue[int](0).Queue} {
			q.TryPut(1)
			q.TryPut(2)
			s := newServer(q, onlooker("child", 0))
			s.read(newReceiver(bytes.NewReader(data)))
			s.end()
			checkReturned(t, q)
		}
	})
}

// A grandchild speaks to a process that has the queue from its own parent.
func FuzzQueueServerInTheMiddle(f *testing.F) {
	n := 7
	f.Add(talk(func(s *sender) {
		s.send(msgWant, 3, nil)
		s.send(msgOffer, 1, &n)
		s.send(msgTell, 6, about(msgTaken, 1))
		s.send(msgTryWant, 3, nil)
		s.send(msgTaken, 1, nil)
		s.send(msgDone, 1, nil)
		s.send(msgJoin, 5, nil)
		s.send(msgSynced, 1, nil)
		s.send(msgClose, 7, nil)
	}))
	f.Fuzz(func(t *testing.T, data []byte) {
		defer mustEnd()()
		q := NewJoinableQueue[int](2).Queue
		q.TryPut(1)
		q.TryPut(2)
		r1, w1, _ := os.Pipe()
		r2, w2, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		child := onlooker("child", 0)
		serve(q, child, r1, w2)
		s := newServer(&Queue[int]{holder: newLink[int](r2, w1, terms{}), joinable: true}, onlooker("grandchild", 0))
		s.read(newReceiver(bytes.NewReader(data)))
		s.end()
		w1.Close() // the child ends
		child.guests.Wait()
		r2.Close()
		checkReturned(t, q)
	})
}

// checkReturned: nobody has an item of the queue any more.
func checkReturned(t *testing.T, q *Queue[int]) {
	t.Helper()
	store := q.holder.(*store[int])
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		store.mu.Lock()
		lent, untaken := len(store.lent), store.untaken
		store.mu.Unlock()
		if lent == 0 && untaken == 0 { // a msgTryWant may give its item back a moment later
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d items are still lent, %d untaken", lent, untaken)
		}
	}
}

// Of an item can be told that it is taken, done or comes back; anything else is
// nonsense and must not make it disappear.
func TestNonsenseAboutAnItem(t *testing.T) {
	q := NewQueue[int](0)
	q.TryPut(7)
	s := newServer(q, onlooker("child", 0))
	s.q.want(1, s.deliver)
	s.told(msgPut, 1)
	s.end()
	if v, err := q.TryGet(); v != 7 || err != nil {
		t.Errorf("TryGet() = %d, %v; want 7", v, err)
	}
}

// The holder of a queue speaks to a child.
func FuzzQueueLink(f *testing.F) {
	n := 7
	f.Add(talk(func(s *sender) {
		s.send(msgMore, 1, &n)
		s.send(msgItem, 2, &n)
		s.send(msgTried, 3, &n)
		s.send(msgSync, 1, nil)
		s.send(msgClosing, 2, nil)
		s.send(msgEnd, 0, nil)
	}))
	f.Add(talk(func(s *sender) {
		text, r := "broken", encodeReply(3, io.EOF)
		s.send(msgItem|isError, 1, &text)
		s.send(msgReply, 1, &r)
	}))
	f.Fuzz(func(t *testing.T, data []byte) {
		defer mustEnd()()
		l := quietLink[int](io.Discard, terms{Relayed: true})
		got := make(chan bool, 2)
		l.want(2, func([]item[int], error) { got <- true })
		called := make(chan bool)
		go func() {
			l.call(context.Background(), msgLen, nil)
			close(called)
		}()
		for waiting := 0; waiting == 0; runtime.Gosched() {
			l.mu.Lock()
			waiting = len(l.calls)
			l.mu.Unlock()
		}
		l.listen(newReceiver(bytes.NewReader(data)))
		<-got // an item, or that there is none: nobody waits for ever
		<-called
	})
}

// A worker speaks to its pool.
func FuzzSeat(f *testing.F) {
	n := 7
	f.Add(talk(func(s *sender) {
		s.send(msgBegun, 0, nil)
		s.send(msgAnswer, 1, &n)
		s.send(msgFailures, 1, &[]mishap{{At: 1, Err: RemoteError{Func: "f", Message: "m"}}})
		s.send(msgAnswers, 1, &[]int{1})
		s.send(msgProblem, 0, &RemoteError{Func: "f", Message: "m"})
		s.send(msgReturned, 1, nil)
	}))
	f.Fuzz(func(t *testing.T, data []byte) {
		defer mustEnd()()
		p := NewPool(square, 1)
		p.Chunk = 2
		s := newSeat(p)
		p.seats = append(p.seats, s)
		s.worker = onlooker("PoolWorker-1", 0)
		s.worker.say = newSender(io.Discard)
		results := 0
		c := &call[int, int]{
			left: func() int { return 0 },
			put:  func(t *task[int, int], _ []int, _ []*TaskError) { results += len(t.args) },
			fail: func(error) {},
		}
		for i, args := range [][]int{{1}, {2, 3}, {4}, {5}} {
			s.give(&task[int, int]{call: c, index: i, args: args, chunk: len(args) > 1})
		}
		for in := newReceiver(bytes.NewReader(data)); ; {
			f, err := in.next()
			if err != nil {
				break
			}
			s.hear(in, f)
		}
		s.bury()
		for c.spare.len() > 0 {
			results += len(c.spare.pop().args)
		}
		if results != 5 { // each is answered, failed, or will be given to another worker
			t.Errorf("%d tasks of 5 are accounted for", results)
		}
	})
}

// A pool speaks to a worker.
func FuzzWorker(f *testing.F) {
	n := 7
	f.Add(talk(func(s *sender) {
		s.send(msgTask, 0, &n)
		s.send(msgChunk, 0, &[]int{1, 2})
		s.send(msgReturn, 0, nil)
		s.send(msgTask, 0, &n)
		s.send(msgFinish, 0, nil)
	}))
	f.Fuzz(func(t *testing.T, data []byte) {
		defer mustEnd()()
		c := &child{newReceiver(bytes.NewReader(data)), newSender(io.Discard)}
		w := newWorker(c, "square", func(n int) (int, error) { return n * n, nil })
		w.lost = func() { w.finished = true }
		attempts(w.name, w.step, w.fail)
	})
}
