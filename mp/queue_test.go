package mp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

type share struct {
	Q    *Queue[int]
	From int
	N    int
}

type consume struct {
	Jobs *Queue[int]
	Out  *Queue[int]
}

type joinConsume struct {
	Jobs *JoinableQueue[int]
	C    *Conn[int, None]
	Die  bool
}

var (
	putRange = Proc("putRange", func(s share) error {
		for i := range s.N {
			if err := s.Q.Put(context.Background(), s.From+i); err != nil {
				return err
			}
		}
		return nil
	})
	double = Proc("double", func(c consume) error {
		for v := range c.Jobs.All(context.Background()) {
			if err := c.Out.Put(context.Background(), 2*v); err != nil {
				return err
			}
		}
		return nil
	})
	viaChild = Proc("viaChild", func(c consume) error {
		return runProcess(NewProcess(double, c))
	})
	doJobs = Proc("doJobs", func(c joinConsume) error {
		for v := range c.Jobs.All(context.Background()) {
			c.C.Send(v)
			if c.Die {
				c.C.Recv()
			}
			if err := c.Jobs.TaskDone(); err != nil {
				return err
			}
		}
		return nil
	})
)

func runProcess(p *Process) error {
	if err := p.Start(context.Background()); err != nil {
		return err
	}
	return p.Join(context.Background())
}

func TestProducersAndConsumers(t *testing.T) {
	for _, test := range []struct {
		name     string
		capacity int
		worker   Function[consume, None]
	}{{"unbounded", 0, double}, {"bounded", 3, double}, {"grandchildren", 0, viaChild}, {"bounded, grandchildren", 2, viaChild}} {
		t.Run(test.name, func(t *testing.T) {
			const producers, consumers, each = 3, 4, 50
			jobs, out := NewQueue[int](test.capacity), NewQueue[int](test.capacity)
			var ps, cs []*Process
			for i := range producers {
				ps = append(ps, start(t, NewProcess(putRange, share{jobs, i * each, each})))
			}
			for range consumers {
				cs = append(cs, start(t, NewProcess(test.worker, consume{jobs, out})))
			}
			go func() {
				for _, p := range ps {
					p.Join(context.Background())
				}
				jobs.Close()
				for _, p := range cs {
					p.Join(context.Background())
				}
				out.Close()
			}()
			var got []int
			for v := range out.All(soon(t)) {
				got = append(got, v)
			}
			slices.Sort(got)
			if len(got) != producers*each {
				t.Fatalf("got %d items, want %d", len(got), producers*each)
			}
			for i, v := range got {
				if v != 2*i {
					t.Fatalf("item %d is %d", i, v)
				}
			}
		})
	}
}

func TestJoinableQueueGivesUnfinishedItemsToOthers(t *testing.T) {
	q := NewJoinableQueue[int](0)
	for i := range 10 {
		q.Put(soon(t), i)
	}
	ours, theirs := Pipe[None, int]()
	defer ours.Close() // if the garbage collector closed it, the child would finish the item
	p := start(t, NewProcess(doJobs, joinConsume{q, theirs, true}))
	if v, err := ours.Recv(); v != 0 || err != nil {
		t.Fatal(v, err)
	}
	p.Kill()
	p.Join(soon(t))
	q.Close()
	ours, theirs = Pipe[None, int]()
	start(t, NewProcess(doJobs, joinConsume{q, theirs, false}))
	for i := range 10 {
		if v, err := ours.Recv(); v != i || err != nil {
			t.Fatalf("Recv() = %v, %v; want %d", v, err, i)
		}
	}
	if err := q.Join(soon(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := q.Get(soon(t)); err != io.EOF {
		t.Error(err)
	}
	if err := q.TaskDone(); err != ErrTaskDone {
		t.Error(err)
	}
}

func TestQueueInOneProcess(t *testing.T) {
	q := NewQueue[int](1)
	if err := q.TryPut(1); err != nil {
		t.Fatal(err)
	}
	if err := q.TryPut(2); err != ErrFull {
		t.Fatal(err)
	}
	if v, err := q.TryGet(); v != 1 || err != nil {
		t.Fatal(v, err)
	}
	if _, err := q.TryGet(); err != ErrEmpty {
		t.Fatal(err)
	}
	q.Close()
	if err := q.TryPut(2); !errors.Is(err, ErrClosed) {
		t.Fatal(err)
	}
	if _, err := q.TryGet(); err != io.EOF {
		t.Fatal(err)
	}
}

// A sharp thorn can be sent, but not received.
type thorn struct{ Sharp bool }

func (t thorn) GobEncode() ([]byte, error) { return []byte{bit(t.Sharp)}, nil }

func (t *thorn) GobDecode(b []byte) error {
	if b[0] == 1 {
		return errors.New("it is sharp")
	}
	return nil
}

func putSharpAndBlunt(q *Queue[thorn]) error {
	ctx := context.Background()
	return errors.Join(q.Put(ctx, thorn{true}), q.Put(ctx, thorn{false}))
}

var putThorns = Proc("putThorns", putSharpAndBlunt)

// G7: if an item cannot be decoded, its Get returns an error. Join does not wait
// for that item.
func TestItemThatCannotBeDecoded(t *testing.T) {
	for name, put := range map[string]func(q *Queue[thorn]) error{
		"from here":    putSharpAndBlunt,
		"from a child": func(q *Queue[thorn]) error { return runProcess(NewProcess(putThorns, q)) },
	} {
		t.Run(name, func(t *testing.T) {
			q := NewJoinableQueue[thorn](0)
			for _, get := range []func() (thorn, error){q.TryGet, func() (thorn, error) { return q.Get(soon(t)) }} {
				if err := put(q.Queue); err != nil {
					t.Fatal(err)
				}
				if v, err := get(); err == nil || !strings.Contains(err.Error(), "sharp") {
					t.Errorf("the first is %v, %v", v, err)
				}
				if v, err := get(); v.Sharp || err != nil {
					t.Errorf("the second is %v, %v", v, err)
				}
				if err := errors.Join(q.TaskDone(), unless(q.TaskDone(), ErrTaskDone), q.Join(soon(t))); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func init() {
	programs["skips an item"] = func(ctx context.Context) error {
		q := NewQueue[thorn](0)
		err := errors.Join(putSharpAndBlunt(q), putSharpAndBlunt(q), q.Close())
		n := 0
		for range q.All(ctx) {
			n++
		}
		fmt.Println(n, "items")
		return err
	}
}

// G7: a loop over a queue cannot return an error. If it skips an item, Main says
// so, and fails.
func TestMainSaysWhatALoopHasSkipped(t *testing.T) {
	cmd, stdout := program(t, "skips an item")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.Start()
	said := ended(t, stdout)
	cmd.Wait()
	if said != "2 items\n" || cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("it printed %q, and ended with %v", said, cmd.ProcessState)
	}
	for text, n := range map[string]int{"MainProcess: an item is skipped: ": 2, "it is sharp": 3, ": a loop over a queue has skipped an item: ": 1} {
		if strings.Count(stderr.String(), text) != n {
			t.Errorf("it printed %s\nwant %d times %q", &stderr, n, text)
		}
	}
}

// A slug takes long to decode: much longer than its producer takes to end.
type slug struct{ N uint16 }

func (s slug) GobEncode() ([]byte, error) { return []byte{byte(s.N >> 8), byte(s.N)}, nil }

func (s *slug) GobDecode(b []byte) error {
	s.N = uint16(b[0])<<8 | uint16(b[1])
	sha256.Sum256(make([]byte, 16<<10))
	return nil
}

var putSlugs = Proc("putSlugs", func(q *Queue[slug]) error {
	for i := range uint16(1000) {
		if err := q.Put(context.Background(), slug{i}); err != nil {
			return err
		}
	}
	return nil
})

// When Join of a process has returned, all of its items are in the queue. So they
// come before items that are put after Join.
func TestJoinWaitsForWhatWasPut(t *testing.T) {
	q := NewQueue[slug](0)
	p := start(t, NewProcess(putSlugs, q))
	if err := p.Join(soon(t)); err != nil {
		t.Fatal(err)
	}
	q.Put(soon(t), slug{1000})
	for want := range uint16(1001) {
		if v, err := q.TryGet(); v.N != want || err != nil {
			t.Fatalf("TryGet() = %d, %v; want %d", v.N, err, want)
		}
	}
}

var getOnWord = Proc("getOnWord", func(c counted) error {
	for {
		if _, err := c.Word.Recv(); err != nil {
			return nil
		}
		v, err := c.Q.Get(context.Background())
		if err != nil {
			return err
		}
		c.Say.Send(v)
	}
})

// The producer of a bounded queue has to wait: it is never more than the capacity
// ahead of the consumer.
func TestProducerIsHeldBack(t *testing.T) {
	const capacity = 5
	q := NewQueue[int](capacity)
	puts, theirs := Pipe[None, int]()
	got, theirGot := Pipe[None, int]()
	word, theirWord := Pipe[None, None]()
	start(t, NewProcess(getOnWord, counted{Q: q, Say: theirGot, Word: theirWord}))
	start(t, NewProcess(putForever, counted{Q: q, Say: theirs}))
	for taken := range 20 {
		for put := -1; put < taken+capacity-1; { // the producer goes as far as it can
			var err error
			if put, err = puts.Recv(); err != nil {
				t.Fatal(err)
			}
		}
		if n, err := q.Len(); n != capacity || err != nil { // Len asks the producer, so any other Put has arrived
			t.Errorf("Len() = %d, %v; want %d", n, err, capacity)
		}
		if more, err := puts.Poll(0); more || err != nil {
			t.Errorf("more than %d items ahead, %v", capacity, err)
		}
		word.Send(None{})
		if v, err := got.Recv(); v != taken || err != nil {
			t.Errorf("got %d, %v; want %d", v, err, taken)
		}
	}
}
