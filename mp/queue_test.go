package mp

import (
	"context"
	"errors"
	"io"
	"slices"
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
			const producers, consumers, each = 3, 4, 200
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
