package mp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

type counted struct {
	Q    *Queue[int]
	Say  *Conn[int, None]
	Word *Conn[None, None]
	Big  *Queue[[]byte]
}

var (
	// putForever puts numbers, and reports each Put that has returned.
	putForever = Proc("putForever", func(c counted) error {
		for i := 0; ; i++ {
			if err := c.Q.Put(context.Background(), i); err != nil {
				return err
			}
			if err := c.Say.Send(i); err != nil {
				return err
			}
		}
	})
	putBig = Proc("putBig", func(c counted) error {
		for {
			if err := c.Big.Put(context.Background(), make([]byte, 1<<20)); err != nil {
				return err
			}
			c.Say.Send(0)
		}
	})
	// getForever reports each item that a Get has returned.
	getForever = Proc("getForever", func(c counted) error {
		for v := range c.Q.All(context.Background()) {
			if err := c.Say.Send(v); err != nil {
				return err
			}
		}
		return nil
	})
	// hoard takes 501 items quickly, and then no more.
	hoard = Proc("hoard", func(c counted) error {
		for v := range c.Q.All(context.Background()) {
			c.Say.Send(v)
			if v == 500 {
				select {}
			}
		}
		return nil
	})
	useRemotely = Proc("useRemotely", func(c counted) error {
		ctx := context.Background()
		if _, err := c.Q.TryGet(); err != ErrEmpty {
			return errors.New("TryGet of an empty queue")
		}
		if err := c.Q.TryPut(1); err != nil {
			return err
		}
		if n, err := c.Q.Len(); n != 1 || err != nil {
			return errors.New("Len after one TryPut")
		}
		if err := c.Q.TryPut(2); err != ErrFull {
			return errors.New("TryPut into a full queue")
		}
		short, cancel := context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		if err := c.Q.Put(short, 2); err != context.DeadlineExceeded {
			return errors.New("Put into a full queue")
		}
		if v, err := c.Q.TryGet(); v != 1 || err != nil {
			return errors.New("TryGet of the one item")
		}
		short, cancel = context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		if _, err := c.Q.Get(short); err != context.DeadlineExceeded {
			return errors.New("Get of an empty queue: it returned the item of the Put that failed")
		}
		if err := c.Q.Close(); err != nil {
			return err
		}
		if err := c.Q.Put(ctx, 3); !errors.Is(err, ErrClosed) {
			return errors.New("Put after Close")
		}
		if _, err := c.Q.Get(ctx); err != io.EOF {
			return errors.New("Get after Close")
		}
		return nil
	})
	useViaChild = Proc("useViaChild", func(c counted) error { return runProcess(NewProcess(useRemotely, c)) })
)

// The methods of a queue do the same in a child and in a grandchild.
func TestQueueFromAfar(t *testing.T) {
	for _, f := range []Function[counted, None]{useRemotely, useViaChild} {
		p := start(t, NewProcess(f, counted{Q: NewQueue[int](1)}))
		if err := p.Join(soon(t)); err != nil {
			t.Error(err)
		}
	}
}

// G3: the items of a killed producer are in the queue: each item whose Put has
// returned, whole and once.
func TestKilledProducer(t *testing.T) {
	for _, capacity := range []int{0, 5} {
		q := NewQueue[int](capacity)
		ours, theirs := Pipe[None, int]()
		p := start(t, NewProcess(putForever, counted{Q: q, Say: theirs}))
		said := make(chan int)
		go func() {
			last := -1
			for {
				v, err := ours.Recv()
				if err != nil {
					said <- last
					return
				}
				if last = v; v == 100 {
					p.Kill()
				}
			}
		}()
		got := 0
		done := make(chan struct{})
		go func() {
			p.Join(context.Background())
			q.Close()
			close(done)
		}()
		for v := range q.All(soon(t)) {
			if v != got {
				t.Fatalf("got %d, want %d", v, got)
			}
			got++
		}
		<-done
		if last := <-said; got <= last {
			t.Errorf("%d Puts have returned, but only %d items came", last+1, got)
		}
	}
}

func TestProducerKilledInTheMiddleOfAnItem(t *testing.T) {
	q := NewQueue[[]byte](1)
	ours, theirs := Pipe[None, int]()
	p := start(t, NewProcess(putBig, counted{Big: q, Say: theirs}))
	ours.Recv()
	p.Kill() // while it puts the second item, for which there is no room
	p.Join(soon(t))
	if v, err := q.Get(soon(t)); len(v) != 1<<20 || err != nil {
		t.Error(len(v), err)
	}
	q.Put(soon(t), []byte("next"))
	for {
		v, err := q.Get(soon(t))
		if err != nil {
			t.Fatal(err)
		}
		if string(v) == "next" {
			break
		}
		if len(v) != 1<<20 {
			t.Errorf("an item of %d bytes", len(v))
		}
	}
}

// G3: if a consumer is killed, an item that no Get has returned is not lost, and
// no item is given to two consumers.
func TestKilledConsumers(t *testing.T) {
	const n = 3000
	q := NewQueue[int](0)
	for i := range n {
		q.Put(soon(t), i)
	}
	var got []int
	killed := 0
	for ; len(got) < n/2; killed++ {
		ours, theirs := Pipe[None, int]()
		p := start(t, NewProcess(getForever, counted{Q: q, Say: theirs}))
		for i := 0; ; i++ {
			v, err := ours.Recv()
			if err != nil {
				break
			}
			got = append(got, v)
			if i == 50 {
				p.Kill()
			}
		}
		p.Join(soon(t))
	}
	q.Close()
	for v := range q.All(soon(t)) {
		got = append(got, v)
	}
	slices.Sort(got)
	if twice := len(got) - len(slices.Compact(slices.Clone(got))); twice > 0 {
		t.Errorf("%d items came twice", twice)
	}
	// One item is lost if a consumer dies after its Get and before its report.
	if lost := n - len(got); lost > killed {
		t.Errorf("%d items of %d are missing, %d consumers were killed", lost, n, killed)
	}
}

// If items were sent ahead to a consumer that does not take them, another
// consumer gets them.
func TestNobodyHoards(t *testing.T) {
	q := NewQueue[int](0)
	for i := range 1000 {
		q.Put(soon(t), i)
	}
	ours, theirs := Pipe[None, int]()
	start(t, NewProcess(hoard, counted{Q: q, Say: theirs}))
	for v := -1; v != 500; {
		v, _ = ours.Recv()
	}
	if n, err := q.Len(); n != 499 || err != nil {
		t.Errorf("Len() = %d, %v; want 499", n, err)
	}
	for want := 501; want < 1000; want++ {
		if v, err := q.Get(soon(t)); v != want || err != nil {
			t.Fatalf("Get() = %d, %v; want %d", v, err, want)
		}
	}
	if _, err := q.TryGet(); err != ErrEmpty {
		t.Error(err)
	}
}

var (
	putBigs = Proc("putBigs", func(q *Queue[[]byte]) error {
		for range 20 {
			if err := q.Put(context.Background(), make([]byte, 1<<20)); err != nil {
				return err
			}
		}
		return nil
	})
	putBelow = Proc("putBelow", func(s share) error { return runProcess(NewProcess(putRange, s)) })
)

// G11: a producer may end before its items are taken, even if they are much more
// than a pipe holds.
func TestJoinBeforeDraining(t *testing.T) {
	q, big, thorns := NewQueue[int](0), NewQueue[[]byte](0), NewQueue[thorn](0)
	for _, p := range []*Process{
		NewProcess(putRange, share{q, 0, 10_000}),
		NewProcess(putBelow, share{q, 0, 1000}),
		NewProcess(putBigs, big),
		NewProcess(putThorns, thorns),
	} {
		start(t, p)
		if err := p.Join(soon(t)); err != nil {
			t.Fatal(err)
		}
	}
	for want, length := range map[int]func() (int, error){11_000: q.Len, 20: big.Len, 2: thorns.Len} {
		if n, err := length(); n != want || err != nil {
			t.Errorf("Len() = %d, %v; want %d", n, err, want)
		}
	}
}

// All items come that any process has put before Close.
func TestCloseComesAfterWhatWasPut(t *testing.T) {
	for range 20 {
		q := NewQueue[int](0)
		ours, theirs := Pipe[None, int]()
		p := start(t, NewProcess(putForever, counted{Q: q, Say: theirs}))
		last := 0
		for last < 10 {
			last, _ = ours.Recv()
		}
		q.Close()
		got := 0
		for range q.All(soon(t)) {
			got++
		}
		for {
			v, err := ours.Recv()
			if err != nil {
				break
			}
			last = v
		}
		if got != last+1 {
			t.Fatalf("%d items were put, %d came", last+1, got)
		}
		if err := p.Join(soon(t)); err == nil {
			t.Error("the producer should have failed with ErrClosed")
		}
	}
}

type fostered struct {
	Job joinConsume
	Go  *Conn[None, string]
}

// foster kills its child when main sends a message, and goes on.
var foster = Proc("foster", func(f fostered) error {
	p := NewProcess(functionOf[joinConsume]("doJobs"), f.Job)
	if err := p.Start(context.Background()); err != nil {
		return err
	}
	f.Go.Recv()
	p.Kill()
	p.Join(context.Background())
	_, err := f.Go.Recv()
	return err
})

// G4: the consumer is a grandchild. It is killed, or it ends because its parent
// is killed.
func TestItemComesBackFromAGrandchild(t *testing.T) {
	for _, victim := range []string{"grandchild", "child"} {
		t.Run(victim, func(t *testing.T) {
			q := NewJoinableQueue[int](0)
			q.Put(soon(t), 7)
			ours, theirs := Pipe[None, int]()
			word, hears := Pipe[string, None]()
			defer ours.Close() // if the garbage collector closed it, the grandchild would finish the item
			p := start(t, NewProcess(foster, fostered{joinConsume{q, theirs, true}, hears}))
			if v, err := ours.Recv(); v != 7 || err != nil {
				t.Fatal(v, err)
			}
			if victim == "child" {
				p.Kill()
			} else {
				word.Send("kill it")
			}
			if v, err := q.Get(soon(t)); v != 7 || err != nil {
				t.Fatal(v, err)
			}
			if err := q.TaskDone(); err != nil {
				t.Error(err)
			}
			if err := q.Join(soon(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

// When a consumer reports that it has an item, TryPut already finds room.
func TestTryPutKnowsOfTheRoom(t *testing.T) {
	q := NewQueue[int](1)
	ours, theirs := Pipe[None, int]()
	start(t, NewProcess(getForever, counted{Q: q, Say: theirs}))
	for i := range 2000 {
		if err := q.TryPut(i); err != nil {
			t.Fatalf("item %d: %v", i, err)
		}
		if v, err := ours.Recv(); v != i || err != nil {
			t.Fatal(v, err)
		}
	}
}

// A door is part of an argument. It closes a queue when it is encoded.
type door struct{ q *Queue[int] }

func (d door) GobEncode() ([]byte, error) {
	d.q.Close()
	for range 1000 { // give Close time
		runtime.Gosched()
	}
	return nil, nil
}

func (d *door) GobDecode([]byte) error { return nil }

type closingTime struct {
	Q    *Queue[int]
	Say  *Conn[int, None]
	Door door
}

// putUntilClosed reports how many Puts returned nil.
var putUntilClosed = Proc("putUntilClosed", func(c closingTime) error {
	for i := 0; ; i++ {
		if err := c.Q.Put(context.Background(), i); err != nil {
			c.Say.Send(i)
			return nil
		}
	}
})

// A queue is closed while a process starts that has it. Each Put of that process
// either fails, or its item comes.
func TestCloseWhileAProcessStarts(t *testing.T) {
	for range 10 {
		q := NewQueue[int](0)
		ours, theirs := Pipe[None, int]()
		start(t, NewProcess(putUntilClosed, closingTime{q, theirs, door{q}}))
		got := 0
		for range q.All(soon(t)) {
			got++
		}
		if put, err := ours.Recv(); put != got || err != nil {
			t.Fatalf("%d items were put (%v), %d came", put, err, got)
		}
	}
}

type lastCalls struct {
	Jobs *JoinableQueue[int]
	Full *Queue[int]
	Say  *Conn[string, None]
}

var (
	// host makes the queues on which its child waits.
	host = Proc("host", func(say *Conn[string, None]) error {
		l := lastCalls{NewJoinableQueue[int](0), NewQueue[int](1), say}
		l.Jobs.TryPut(1)
		l.Full.TryPut(1)
		return runProcess(NewProcess(waitOnHost, l))
	})
	// In waitOnHost, three calls wait. It reports how they end.
	waitOnHost = Proc("waitOnHost", func(l lastCalls) error {
		Parent()       // from now on, this process ends a moment after its parent,
		self.mu.Lock() // but not before it has reported, however slow the machine is: orphaned needs mu
		defer self.mu.Unlock()
		time.AfterFunc(time.Minute, func() { os.Exit(1) }) // in case a call does not end
		ctx := context.Background()
		l.Jobs.Get(ctx) // without TaskDone, so Join waits
		var all sync.WaitGroup
		said := make([]string, 3)
		for i, call := range []func() error{
			func() error { _, err := l.Jobs.Get(ctx); return err },
			func() error { return l.Jobs.Join(ctx) },
			func() error { return l.Full.Put(ctx, 2) },
		} {
			all.Go(func() { said[i] = fmt.Sprint(errors.Is(call(), io.ErrUnexpectedEOF)) })
		}
		for waitingIn("lend.Get") < 1 || waitingIn("lend.wait") < 2 {
			time.Sleep(time.Millisecond)
		}
		l.Say.Send("waiting")
		all.Wait()
		return l.Say.Send(strings.Join(said, " "))
	})
)

// waitingIn counts the goroutines of this process that wait in this function.
func waitingIn(function string) int {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	return len(regexp.MustCompile(`\[select[^\]]*\]:\n\S*`+regexp.QuoteMeta(function+"(")).FindAll(stacks, -1))
}

// G5: a process dies that has made a queue. A child that still lives for a
// moment sees its calls end.
func TestQueueWhoseHolderDies(t *testing.T) {
	ours, theirs := Pipe[None, string]()
	p := start(t, NewProcess(host, theirs))
	if s, err := ours.Recv(); s != "waiting" || err != nil {
		t.Fatal(s, err)
	}
	p.Kill()
	if s, err := ours.Recv(); s != "true true true" || err != nil {
		t.Errorf("Get, Join, Put: %q, %v; want three times an unexpected EOF", s, err)
	}
}
