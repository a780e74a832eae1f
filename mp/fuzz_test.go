package mp

import (
	"bytes"
	"context"
	"io"
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
		for _, q := range []*Queue[int]{NewQueue[int](0), NewQueue[int](2), NewJoinableQueue[int](0).Queue} {
			q.TryPut(1)
			q.TryPut(2)
			s := newServer(q, onlooker("child", 0))
			s.read(newReceiver(bytes.NewReader(data)))
			s.end()
			store := q.holder.(*store[int])
			for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
				store.mu.Lock()
				lent, untaken := len(store.lent), store.untaken
				store.mu.Unlock()
				if lent == 0 && untaken == 0 { // a msgTryWant may give its item back a moment later
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("%d items are still lent, %d untaken", lent, untaken)
				}
			}
		}
	})
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
		l := quietLink[int](io.Discard, terms{Relayed: true})
		got := make(chan bool, 2)
		l.want(2, func([]item[int], error) { got <- true })
		called := make(chan bool)
		go func() {
			l.call(context.Background(), msgLen, nil)
			close(called)
		}()
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
		s.send(msgFailures, 1, &map[int]*RemoteError{0: {Func: "f", Message: "m"}})
		s.send(msgAnswers, 1, &[]int{1})
		s.send(msgProblem, 0, &RemoteError{Func: "f", Message: "m"})
		s.send(msgReturned, 1, nil)
	}))
	f.Fuzz(func(t *testing.T, data []byte) {
		p := NewPool(square, 1)
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
		c := &child{newReceiver(bytes.NewReader(data)), newSender(io.Discard)}
		w := newWorker(c, "square", func(n int) (int, error) { return n * n, nil })
		w.lost = func() { w.finished = true }
		attempts(w.name, w.step, w.fail)
	})
}
