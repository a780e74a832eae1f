package mp

import (
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

type parcelOf struct {
	N    int
	Load []byte
	Any  any
}

type result struct{ N int }

var (
	number  = Func("number", func(p parcelOf) (int, error) { return p.N, nil })
	pointer = Func("pointer", func(n int) (*result, error) {
		if n == 1 {
			return nil, errors.New("not one")
		}
		return &result{n}, nil
	})
	slowAt = Func("slowAt", func(n int) (int, error) {
		for n == 40 {
		}
		return n, nil
	})
)

// Many tasks are sent ahead, and some arguments cannot be encoded. Only those
// tasks fail, and all other results are in their places.
func TestRefusedArgumentsShiftNothing(t *testing.T) {
	p := NewPool(number, 1)
	defer p.Close()
	args := make([]parcelOf, 400)
	for i := range args {
		args[i] = parcelOf{N: i, Load: make([]byte, 40_000)}
		if i%37 == 0 {
			args[i].Any = func() {}
		}
	}
	results, err := p.Map(soon(t), args)
	if len(results) != len(args) {
		t.Fatal(err)
	}
	for i, r := range results {
		if i%37 != 0 && r != i {
			t.Errorf("result %d is %d", i, r)
		}
	}
	if errs := mapErrors(err); len(errs) != 11 {
		t.Errorf("%d errors, want 11", len(errs))
	}
}

// If a task in a chunk fails, the other tasks of the chunk do not, even if the
// failed task returns nil.
func TestFailureInAChunk(t *testing.T) {
	p := NewPool(pointer, 2)
	p.Chunk = 4
	defer p.Close()
	results, err := p.Map(soon(t), numbers(10))
	var task *TaskError
	if !errors.As(err, &task) || task.Index != 1 {
		t.Fatal(err)
	}
	for i, r := range results {
		if i != 1 && (r == nil || r.N != i) {
			t.Errorf("result %d is %v", i, r)
		}
	}
}

// If the context of a call ends, the call's worker is killed, but no task of
// another call is lost.
func TestEndedCallsHarmNoOthers(t *testing.T) {
	p := NewPool(square, 2)
	defer p.Close()
	var all sync.WaitGroup
	stop := make(chan struct{})
	all.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i%100)*time.Microsecond)
			p.Apply(ctx, 1)
			cancel()
		}
	})
	var patient sync.WaitGroup
	for range 4 {
		patient.Go(func() {
			for i := range many(500) {
				if r, err := p.Apply(context.Background(), i); r != i*i || err != nil {
					t.Errorf("Apply(%d) = %d, %v", i, r, err)
					return
				}
			}
		})
	}
	patient.Wait()
	close(stop)
	all.Wait()
}

// doze takes so long that an Imap has its next argument ready when a worker is idle.
var doze = Func("doze", func(n int) (int, error) { time.Sleep(time.Millisecond); return n, nil })

// An Imap that never ends does not keep an Apply waiting: they take turns.
func TestApplyBesideAnEndlessImap(t *testing.T) {
	for _, f := range []Function[int, int]{square, doze} {
		t.Run(f.name, func(t *testing.T) { checkTurns(t, NewPool(f, 1)) })
	}
}

func checkTurns(t *testing.T, p *Pool[int, int]) {
	t.Helper()
	defer p.Terminate()
	ctx := soon(t)
	running, begun := context.WithCancel(ctx)
	go func() {
		defer begun()
		endless := func(yield func(int) bool) {
			for yield(1) {
			}
		}
		yielded := 0
		for range p.ImapUnordered(ctx, endless) {
			if yielded++; yielded == 200 {
				begun()
			}
		}
	}()
	<-running.Done()
	for range 4 {
		if _, err := p.Apply(ctx, 2); err != nil {
			t.Fatal(err)
		}
		others := make(chan int, 1)
		p.change(func() { // as Apply does; but with mu held, nothing can happen between the call and the count
			imap := p.calls[0]
			before := imap.first
			c := &call[int, int]{args: []int{2}, chunk: 1, missing: 1}
			c.put = func(*task[int, int], []int, []*TaskError) { others <- imap.first - before }
			c.news.L = &p.mu
			p.calls = append(p.calls, c)
		})
		inTime(t, "a call", func() {
			if n := <-others; n > maxDepth {
				t.Errorf("while a call of one task waited, the worker got %d tasks of the Imap", n)
			}
		})
	}
}

// passTime lets the timeout of a task pass, and reports whether a worker was doing
// that task. Every worker's clock rings, also those that ring too early. So these
// tests need no timeout that a quick task might also miss on a busy machine.
func (p *Pool[A, R]) passTime(index int) (passed bool) {
	p.locked(func() {
		for _, w := range p.workers {
			if w.begun && w.flight[0].first == index {
				w.since = w.since.Add(-p.TaskTimeout)
				passed = true
			}
			w.clock.Reset(0)
		}
	})
	return passed
}

// G12: only the task that is over its timeout fails.
func TestTimeoutHitsNoOther(t *testing.T) {
	p := NewPool(slowAt, 2)
	p.TaskTimeout = time.Hour
	defer p.Terminate()
	failed := make(chan error, 1)
	go func() {
		_, err := p.Map(soon(t), numbers(100))
		failed <- err
	}()
	until(t, "the slow task is begun", func() bool { return p.passTime(40) })
	err := <-failed
	errs := mapErrors(err)
	var task *TaskError
	if len(errs) != 1 || !errors.As(errs[0], &task) || task.Index != 40 || !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

// G12: while a worker in an endless loop is killed, another worker goes on, and
// is still alive afterwards.
func TestTimeoutHitsNoNeighbour(t *testing.T) {
	t.Parallel()
	p := NewPool(spin, 2)
	p.TaskTimeout = time.Hour
	defer p.Terminate()
	late := make(chan error)
	go func() {
		_, err := p.Apply(soon(t), true)
		late <- err
	}()
	until(t, "the endless task is begun", func() bool { return busy(p) })
	neighbour, err := p.Apply(soon(t), false)
	p.passTime(0) // of the endless task: no other is begun
	for over := false; !over && err == nil; {
		select {
		case err := <-late:
			var task *TaskError // not only the context's error
			if !errors.As(err, &task) || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Apply() = %v, want a TaskError with %v", err, context.DeadlineExceeded)
			}
			over = true
		default:
			_, err = p.Apply(soon(t), false)
		}
	}
	if err != nil {
		t.Error(err)
	}
	if !slices.ContainsFunc(p.staffed(), func(w *Process) bool { return w.PID() == neighbour }) {
		t.Errorf("process %d is not alive any more", neighbour)
	}
}

// busy reports whether a worker has begun a task.
func busy[A, R any](p *Pool[A, R]) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.workers, func(w *worker[A, R]) bool { return w.begun })
}

// spin returns its PID, or runs forever.
var spin = Func("spin", func(endless bool) (int, error) {
	for endless {
	}
	return os.Getpid(), nil
})

// A worker that reaches MaxTasksPerChild finishes its chunk, and gets no other.
func TestMaxTasksPerChildInChunks(t *testing.T) {
	p := NewPool(pid, 1)
	p.MaxTasksPerChild, p.Chunk = 9, 2
	defer p.Close()
	pids, err := p.Map(soon(t), make([]None, 60))
	if err != nil {
		t.Fatal(err)
	}
	for i := range pids {
		if i >= 10 && pids[i] == pids[i-10] {
			t.Errorf("process %d did more than 10 tasks", pids[i])
		}
		if pids[i] != pids[i-i%10] {
			t.Errorf("process %d did only %d tasks", pids[i-i%10], i%10)
		}
	}
}

// If no worker can ever start, each call fails, also Imap. Each call tries again.
func TestWorkersThatNeverStart(t *testing.T) {
	p := NewPool(Function[int, int]{&function{name: "ghost"}}, 2)
	defer p.Close()
	for range 3 {
		checkNotStarted(t, imapErrors(p.Imap(soon(t), slices.Values([]int{1, 2, 3}))), "the child has no such function")
	}
}

// A pool that waits for a task before it tries to start another worker can also
// be terminated.
func TestTerminateAPoolThatHasGivenUp(t *testing.T) {
	p := NewPool(Function[int, int]{&function{name: "ghost"}}, 2)
	p.Apply(soon(t), 1)
	until(t, "both places wait for a task", func() bool {
		stacks := make([]byte, 1<<20)
		return strings.Count(string(stacks[:runtime.Stack(stacks, true)]), "Pool[...]).hire(") >= 2
	})
	inTime(t, "Terminate", func() { p.Terminate() })
}
