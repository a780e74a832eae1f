package mp

import (
	"context"
	"flag"
	"runtime"
	"slices"
	"testing"
	"time"
)

// holdings counts what this process has: goroutines, open files and children.
func holdings() (goroutines, files, children int) {
	return runtime.NumGoroutine(), openFiles(), len(Children())
}

// 200 cycles also find rare leaks, but they take long.
var cycles = flag.Int("cycles", many(10), "how often TestNothingIsLeftOver does each thing")

// leavesNothing calls do many times, and compares the holdings before and after.
// It waits up to half a minute, because a goroutine may end a moment later.
func leavesNothing(t *testing.T, do func(*testing.T)) {
	t.Helper()
	do(t) // some things are made once and kept
	runtime.GC()
	goroutines, files, children := holdings()
	for range *cycles {
		do(t)
	}
	var g, f, c int
	for ctx := soon(t); ctx.Err() == nil; time.Sleep(time.Millisecond) {
		if g, f, c = holdings(); g <= goroutines && f <= files && c <= children {
			if z := zombies(); z > 0 {
				t.Errorf("%d children have ended, and nobody has waited for them", z)
			}
			return
		}
	}
	t.Errorf("before %d goroutines, %d files, %d children; after %d times %d, %d, %d", goroutines, files, children, *cycles, g, f, c)
	if g > goroutines {
		b := make([]byte, 1<<16)
		t.Logf("%s", b[:runtime.Stack(b, true)])
	}
}

// G9: nothing is left over after many cycles.
func TestNothingIsLeftOver(t *testing.T) {
	ctx := context.Background()
	for _, test := range []struct {
		name string
		do   func(*testing.T)
	}{
		{"a process", func(*testing.T) { runProcess(NewProcess(exitWith, 0)) }},
		{"a process that is killed", func(*testing.T) {
			p := NewProcess(idle, None{})
			p.Start(ctx)
			p.Kill()
			p.Join(ctx)
		}},
		{"a process that ends with its context", func(*testing.T) {
			ctx, cancel := context.WithCancel(ctx)
			p := NewProcess(idle, None{})
			p.Start(ctx)
			cancel()
			p.Join(context.Background())
		}},
		{"a process that cannot be started", func(*testing.T) {
			a, b := Pipe[string, string]()
			NewProcess(takePair, pair{b, func() {}}).Start(ctx)
			a.Close()
			b.Close()
		}},
		{"a pipe", func(*testing.T) {
			ours, theirs := Pipe[string, string]()
			p := NewProcess(echo, theirs)
			p.Start(ctx)
			ours.Send("")
			ours.Recv()
			ours.Close()
			p.Join(ctx)
		}},
		{"a queue", func(*testing.T) {
			q, out := NewQueue[int](0), NewQueue[int](2)
			p := NewProcess(double, consume{q, out})
			p.Start(ctx)
			q.Put(ctx, 1)
			out.Get(ctx)
			q.Close()
			p.Join(ctx)
		}},
		{"a queue with a killed consumer", func(*testing.T) {
			q := NewJoinableQueue[int](0)
			ours, theirs := Pipe[None, int]()
			p := NewProcess(doJobs, joinConsume{q, theirs, true})
			p.Start(ctx)
			q.Put(ctx, 1)
			ours.Recv()
			p.Kill()
			p.Join(ctx)
			ours.Close()
		}},
		{"a pool", func(*testing.T) {
			p := NewPool(square, 2)
			p.Map(ctx, []int{1, 2, 3})
			p.Close()
		}},
		{"a pool that is terminated", func(*testing.T) {
			p := NewPool(forever, 2)
			p.Apply(ctx, 0)
			done := make(chan bool)
			go func() {
				p.Map(ctx, []int{1, 1, 1})
				close(done)
			}()
			p.Terminate()
			<-done
		}},
		{"a loop that is left", func(*testing.T) {
			p := NewPool(square, 2)
			for range p.Imap(ctx, count(1<<60)) {
				break
			}
			p.Close()
		}},
		{"a loop that is left while the workers are busy", func(t *testing.T) {
			p := NewPool(forever, 2)
			for range p.Imap(ctx, func(yield func(int) bool) {
				for i := 0; yield(min(i, 1)); i++ { // only the first task ends
				}
			}) {
				until(t, "a worker is busy", func() bool { return busy(p) })
				break
			}
			p.Close()
		}},
		{"a worker that is killed", func(*testing.T) {
			p := NewPool(picky, 1)
			p.Map(ctx, []int{1, 6, 2})
			p.Close()
		}},
		{"a task over its time", func(*testing.T) {
			p := NewPool(forever, 1)
			p.TaskTimeout = time.Millisecond
			p.Apply(ctx, 1)
			p.Close()
		}},
		{"a queue and a grandchild, when the child is killed", func(*testing.T) {
			q := NewJoinableQueue[int](0)
			ours, theirs := Pipe[None, int]()
			p := NewProcess(doJobsBelow, joinConsume{q, theirs, true})
			p.Start(ctx)
			q.Put(ctx, 1)
			ours.Recv()
			p.Kill()
			p.Join(ctx)
			ours.Recv() // the end of the grandchild
			ours.Close()
		}},
		{"a call that is given up", func(*testing.T) {
			p := NewPool(forever, 1)
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(time.Millisecond, cancel)
			p.Apply(ctx, 1)
			p.Close()
		}},
	} {
		t.Run(test.name, func(t *testing.T) { leavesNothing(t, test.do) })
	}
}

type pair struct {
	C *Conn[string, string]
	F any
}

var (
	takePair  = Proc("takePair", func(pair) error { return nil })
	countOpen = Proc("countOpen", func(c counted) error {
		_, files, _ := holdings()
		c.Say.Send(files)
		c.Q.Get(context.Background()) // live until the others have counted
		return nil
	})
	doJobsBelow = Proc("doJobsBelow", func(c joinConsume) error { return runProcess(NewProcess(doJobs, c)) })
)

// Children of one process inherit nothing from each other: the last one has as
// many files as the first.
func TestSiblingsHaveAsManyFiles(t *testing.T) {
	q := NewQueue[int](0)
	var files []int
	for range 5 {
		ours, theirs := Pipe[None, int]()
		start(t, NewProcess(countOpen, counted{Q: q, Say: theirs}))
		n, err := ours.Recv()
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, n)
	}
	if slices.Min(files) != slices.Max(files) {
		t.Error(files)
	}
}

// If Start fails, an end of a pipe stays here and works as before: Close ends a
// Recv that waits.
func TestEndStaysIfStartFails(t *testing.T) {
	a, b := Pipe[string, string]()
	if err := NewProcess(takePair, pair{b, func() {}}).Start(soon(t)); err == nil {
		t.Fatal("Start with a function in the argument")
	}
	go a.Send("still here")
	if s, err := b.Recv(); s != "still here" || err != nil {
		t.Error(s, err)
	}
	go b.Close()
	inTime(t, "Recv during Close", func() {
		if _, err := b.Recv(); err == nil {
			t.Error("Recv returned a value that was not sent")
		}
	})
}
