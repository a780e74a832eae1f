//go:build unix

package mp

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// While the owner of a queue is suspended, a call in another process returns when
// its context ends.

type caller struct {
	Q, Full, Empty *Queue[[]byte]
	Jobs           *JoinableQueue[int]
	Say            *Conn[string, string]
	Count          *Conn[int, None]
	Size           int // of the items
	Deep           bool
}

var (
	// ownQueues makes the queues. At the end, it counts the items that have arrived.
	ownQueues = Proc("ownQueues", func(c caller) error {
		ctx := context.Background()
		c.Q, c.Full, c.Empty, c.Jobs = NewQueue[[]byte](0), NewQueue[[]byte](1), NewQueue[[]byte](0), NewJoinableQueue[int](0)
		count := c.Count
		c.Count = nil
		p := NewProcess(callWithContexts, c)
		if c.Deep {
			p = NewProcess(standBetween, c)
		}
		if err := errors.Join(c.Full.Put(ctx, nil), c.Jobs.Put(ctx, 1), p.Start(ctx), p.Join(ctx)); err != nil {
			return err
		}
		n, err := c.Q.Len()
		count.Send(n)
		return err
	})
	standBetween = Proc("standBetween", func(c caller) error {
		p := NewProcess(callWithContexts, c)
		return errors.Join(p.Start(context.Background()), p.Join(context.Background()))
	})
	callWithContexts = Proc("callWithContexts", func(c caller) error {
		c.Say.Send("ready")
		if _, err := c.Say.Recv(); err != nil {
			return err
		}
		put := 0
		ctx, cancel := context.WithTimeout(context.Background(), time.Second/5)
		defer cancel()
		for c.Q.Put(ctx, make([]byte, c.Size)) == nil {
			put++
		}
		for what, call := range map[string]func(context.Context) error{
			"put":           func(ctx context.Context) error { return c.Q.Put(ctx, nil) },
			"put when full": func(ctx context.Context) error { return c.Full.Put(ctx, nil) },
			"get": func(ctx context.Context) error {
				_, err := c.Empty.Get(ctx)
				return err
			},
			"join": func(ctx context.Context) error { return c.Jobs.Join(ctx) },
		} {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second/5)
			err := call(ctx)
			cancel()
			if err == nil && what == "put" { // there may be room for a short item
				put++
			} else if err != context.DeadlineExceeded {
				return c.Say.Send(fmt.Sprintf("%s: %v", what, err))
			}
		}
		c.Say.Send(fmt.Sprint(put))
		c.Say.Recv() // the owner goes on: now all arrives that still may
		return c.Q.Put(context.Background(), nil)
	})
)

func TestContextsEndCallsOfASuspendedOwner(t *testing.T) {
	for _, test := range []struct {
		size int
		deep bool
	}{{10, false}, {3000, false}, {100_000, false}, {10, true}, {100_000, true}} {
		t.Run(fmt.Sprint(test.size, " bytes, deep ", test.deep), func(t *testing.T) {
			t.Parallel()
			ours, theirs := Pipe[string, string]()
			counted, counting := Pipe[None, int]()
			p := start(t, NewProcess(ownQueues, caller{Say: theirs, Count: counting, Size: test.size, Deep: test.deep}))
			if s, err := ours.Recv(); s != "ready" {
				t.Fatal(s, err)
			}
			suspend(t, p.PID())
			waitSuspended(t, p.PID())
			ours.Send("go on")
			put := -1
			inTime(t, "the calls", func() {
				s, err := ours.Recv()
				if _, scanErr := fmt.Sscan(s, &put); scanErr != nil {
					t.Errorf("%q, %v", s, err)
				}
			})
			resume(p.PID())
			ours.Send("and one more")
			put++
			n, err := counted.Recv()
			if n < put || n > put && !test.deep || err != nil { // the item of a grandchild may arrive although its Put returned an error
				t.Errorf("%d Puts returned nil, and %d items arrived, %v", put, n, err)
			}
			if err := p.Join(soon(t)); err != nil {
				t.Error(err)
			}
		})
	}
}

var putLong = Proc("putLong", func(q *Queue[string]) error {
	if Parent().Name == "MainProcess" { // this process only starts two producers
		a, b := NewProcess(Function[*Queue[string], None]{functions["putLong"]}, q), NewProcess(Function[*Queue[string], None]{functions["putLong"]}, q)
		ctx := context.Background()
		return errors.Join(a.Start(ctx), b.Start(ctx), a.Join(ctx), b.Join(ctx))
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var all sync.WaitGroup
	for i := range 3 {
		all.Go(func() {
			for range 5 {
				q.Put(ctx, strings.Repeat(string(rune('a'+i)), 200_000))
			}
		})
	}
	all.Wait()
	return nil
})

// G3: several goroutines of several processes put long items at the same time,
// with contexts. The items do not mix.
func TestLongItemsDoNotMix(t *testing.T) {
	for _, capacity := range []int{0, 2} {
		q := NewQueue[string](capacity)
		p := start(t, NewProcess(putLong, q))
		go func() {
			p.Join(context.Background())
			q.Close()
		}()
		n := 0
		for s := range q.All(soon(t)) {
			if n++; len(s) != 200_000 || strings.Count(s, s[:1]) != len(s) {
				t.Errorf("item %d has %d bytes, %d of them like its first", n, len(s), strings.Count(s, s[:1]))
			}
		}
		if n != 30 {
			t.Errorf("%d items arrived, want 30", n)
		}
	}
}

// G12: if a worker is suspended before it begins its task, it is also killed at
// its timeout. Another worker does the task.
func TestTimeoutOfASuspendedWorker(t *testing.T) {
	t.Parallel()
	p := NewPool(pid, 1)
	p.TaskTimeout = time.Second
	defer p.Terminate()
	first := 0
	apply := func() int {
		for ctx := soon(t); ; {
			pid, err := p.Apply(ctx, None{})
			var late *TaskError // on a slow machine, another worker may also need more than its second
			if err == nil || !errors.As(err, &late) || late.PID == first || !errors.Is(err, context.DeadlineExceeded) {
				if err != nil || pid == first {
					t.Fatalf("Apply() = %d, %v; the suspended worker is %d", pid, err, first)
				}
				return pid
			}
		}
	}
	first = apply()
	suspend(t, first)
	waitSuspended(t, first)
	apply()
}
