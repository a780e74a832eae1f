package mp

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// G7: if a value cannot be encoded or decoded, only that value is an error, and
// the values before and after it arrive.

// A prickle can be sent, but it cannot be decoded in main, or in a child.
type prickle struct{ Where, How string }

func (p prickle) GobEncode() ([]byte, error) { return []byte(p.Where + " " + p.How), nil }

func (p *prickle) GobDecode(b []byte) error {
	p.Where, p.How, _ = strings.Cut(string(b), " ")
	if here := map[bool]string{true: "main", false: "child"}[Parent() == nil]; p.Where != here {
		return nil
	}
	switch p.How {
	case "panic":
		panic("it pricks")
	case "goexit":
		runtime.Goexit()
	}
	return errors.New("it pricks")
}

// In the bytes of a bag, the description of another type comes in the middle.
type bag struct{ In []any }

type marble struct{ A, B int }

func init() {
	for _, v := range []any{bag{}, marble{}, prickle{}} {
		gob.Register(v)
	}
}

var (
	echoPrickle  = Func("echoPrickle", func(p prickle) (prickle, error) { return p, nil })
	pipePrickles = Proc("pipePrickles", func(c *Conn[string, prickle]) error {
		for {
			p, err := c.Recv()
			if err != nil && !strings.Contains(err.Error(), "prickle") {
				return nil
			}
			c.Send(fmt.Sprintf("%s %v", p.How, err != nil))
		}
	})
	getPrickles = Proc("getPrickles", func(c prickles) error {
		for p := range c.In.All(context.Background()) {
			c.Out.Put(context.Background(), p.How)
			if c.Joinable {
				(&JoinableQueue[prickle]{c.In}).TaskDone()
			}
		}
		return nil
	})
	echoBag   = Func("echoBag", func(v any) (any, error) { return v, nil })
	noPointer = Func("noPointer", func(p *marble) (*marble, error) {
		if p.A == 3 {
			return nil, nil
		}
		return p, nil
	})
)

type prickles struct {
	In       *Queue[prickle]
	Out      *Queue[string]
	Joinable bool
}

var hows = []string{"error", "panic", "goexit"}

// Only those tasks fail whose argument or result cannot be decoded, with chunks
// and without.
func TestTroubleInAPool(t *testing.T) {
	for _, chunk := range []int{1, 4} {
		for _, how := range hows {
			p := NewPool(echoPrickle, 1)
			p.Chunk = chunk
			args := []prickle{{"", "0"}, {"child", how}, {"main", how}, {"", "3"}}
			got, err := p.Map(soon(t), args)
			errs := mapErrors(err)
			if len(got) != 4 || got[0].How != "0" || got[3].How != "3" || len(errs) != 2 {
				t.Errorf("chunk %d, %s: %v, %v", chunk, how, got, err)
				continue
			}
			for i, err := range errs {
				var task *TaskError
				if !errors.As(err, &task) || task.Index != i+1 {
					t.Errorf("chunk %d, %s: error %d is %v", chunk, how, i, err)
				}
			}
			p.Close()
		}
	}
}

func TestTroubleInAPipe(t *testing.T) {
	ours, theirs := Pipe[prickle, string]()
	start(t, NewProcess(pipePrickles, theirs))
	for _, how := range hows {
		ours.Send(prickle{"child", how})
		ours.Send(prickle{"", how})
		for _, want := range []string{"true", how + " false"} {
			if s, err := ours.Recv(); !strings.HasSuffix(s, want) || err != nil {
				t.Errorf("%s: %q, %v; want %q", how, s, err, want)
			}
		}
	}
}

// A loop over a queue skips an item that cannot be decoded, and Join says so.
func TestTroubleInAQueue(t *testing.T) {
	for _, joinable := range []bool{false, true} {
		q, out := NewJoinableQueue[prickle](0), NewQueue[string](0)
		if !joinable {
			q.Queue = NewQueue[prickle](0)
		}
		for _, how := range hows {
			q.Put(soon(t), prickle{"child", how})
			q.Put(soon(t), prickle{"", how})
		}
		q.Close()
		p := start(t, NewProcess(getPrickles, prickles{q.Queue, out, joinable}))
		err := p.Join(soon(t))
		if err == nil || !strings.Contains(err.Error(), "skipped an item") {
			t.Errorf("Join() = %v", err)
		}
		out.Close()
		n := 0
		for s := range out.All(soon(t)) {
			if s != hows[n] {
				t.Errorf("item %d is %q", n, s)
			}
			n++
		}
		if n != 3 {
			t.Errorf("%d items arrived, want 3", n)
		}
		if joinable {
			if err := q.Join(soon(t)); err != nil {
				t.Error(err)
			}
		}
	}
}

// If a value cannot be decoded, its descriptions of types are not lost.
func TestTypesAreNotLost(t *testing.T) {
	p := NewPool(echoBag, 1)
	defer p.Close()
	for _, v := range []any{1, bag{[]any{prickle{"child", "error"}, marble{1, 2}}}, marble{3, 4}, "x", bag{[]any{marble{5, 6}}}} {
		got, err := p.Apply(soon(t), v)
		if _, bad := v.(bag); bad && err != nil {
			continue
		}
		if err != nil || fmt.Sprint(got) != fmt.Sprint(v) {
			t.Errorf("%v came back as %v, %v", v, got, err)
		}
	}
}

func TestNilPointersInAChunk(t *testing.T) {
	for _, chunk := range []int{1, 5} {
		p := NewPool(noPointer, 2)
		p.Chunk = chunk
		got, err := p.Map(soon(t), []*marble{{1, 0}, nil, {2, 0}, {3, 0}, {4, 0}})
		if errs := mapErrors(err); len(errs) != 2 || len(got) != 5 || got[0].A != 1 || got[2].A != 2 || got[4].A != 4 {
			t.Errorf("chunk %d: %v, %v", chunk, got, err)
		}
		p.Close()
	}
}

type loop struct{ Next *loop }

var takeLoop = Func("takeLoop", func(l *loop) (*loop, error) {
	l.Next = &loop{l}
	return l, nil
})

// A value that refers to itself is an error of its call. To encode it would
// overflow the stack, and Go cannot recover from that.
func TestValueThatRefersToItself(t *testing.T) {
	circle := &loop{}
	circle.Next = circle
	a, _ := Pipe[*loop, None]()
	p := NewPool(takeLoop, 1)
	defer p.Close()
	_, argument := p.Apply(soon(t), circle)
	_, result := p.Apply(soon(t), &loop{})
	for what, err := range map[string]error{
		"Send": a.Send(circle), "Put": NewQueue[*loop](0).Put(soon(t), circle),
		"Start":           NewProcess(takeLoop, circle).Start(soon(t)),
		"Apply, argument": argument, "Apply, result": result,
	} {
		if err == nil || !strings.Contains(err.Error(), "refers to itself") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

var typedNil = Func("typedNil", func(kind string) (int, error) {
	switch kind {
	case "remote":
		return 0, (*RemoteError)(nil)
	case "path":
		return 0, (*os.PathError)(nil)
	case "exits":
		return 0, exitsAsText{}
	}
	return 1, nil
})

// The text of an exitsAsText is never returned.
type exitsAsText struct{}

func (exitsAsText) Error() string { runtime.Goexit(); return "" }

// A function returns an error that is a nil pointer. It is also an error in the
// parent.
func TestTypedNilErrors(t *testing.T) {
	for _, chunk := range []int{1, 3} {
		p := NewPool(typedNil, 1)
		p.Chunk = chunk
		p.Apply(soon(t), "")
		worker := p.staffed()[0]
		got, err := p.Map(soon(t), []string{"remote", "path", ""})
		if errs := mapErrors(err); len(errs) != 2 || len(got) != 3 || got[2] != 1 || !worker.Alive() {
			t.Errorf("%v, %v; the worker is alive: %t", got, err, worker.Alive())
		}
		p.Close()
	}
	for _, kind := range []string{"remote", "exits"} {
		p := start(t, NewProcess(typedNil, kind))
		if err := p.Join(soon(t)); !errors.As(err, new(*ExitError)) {
			t.Errorf("%s: Join() = %v", kind, err)
		}
	}
}

// To encode a slow takes forever, unless N is 1.
type slow struct{ N int }

func (s slow) GobEncode() ([]byte, error) {
	if s.N == 1 {
		return []byte{1}, nil
	}
	select {}
}

func (*slow) GobDecode([]byte) error { return nil }

var takeSlow = Func("takeSlow", func(slow) (int, error) { return 0, nil })

// No worker lives to begin this task: each is killed at the timeout, because the
// argument is still being encoded. So the task fails in the end.
func TestTaskThatIsNeverBegun(t *testing.T) {
	p := NewPool(takeSlow, 1)
	defer p.Terminate()
	p.TaskTimeout = time.Millisecond
	inTime(t, "Apply", func() {
		var lost *TaskError
		if _, err := p.Apply(context.Background(), slow{}); !errors.As(err, &lost) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Apply() = %v, want a TaskError because of the timeout", err)
		}
	})
}

// Ends and queues that nobody has made say so.
func TestHandlesThatNobodyHasMade(t *testing.T) {
	c := new(Conn[int, int])
	_, err := c.Recv()
	for _, err := range []error{c.Send(1), err, c.Close()} {
		if !errors.Is(err, errNotMade) {
			t.Errorf("an end that Pipe has not made: %v", err)
		}
	}
	defer func() {
		if text := fmt.Sprint(recover()); !strings.Contains(text, "not made by NewQueue") {
			t.Error("TaskDone of a queue that nobody has made:", text)
		}
	}()
	new(JoinableQueue[int]).TaskDone()
}

// If an argument takes forever to encode, no other call and no Terminate waits
// for it.
func TestArgumentWithoutEnd(t *testing.T) {
	p := NewPool(takeSlow, 1)
	if _, err := p.Apply(soon(t), slow{1}); err != nil { // from now on the worker waits for a task
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(soon(t))
	done := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := p.Apply(ctx, slow{})
			done <- err
		}()
	}
	until(t, "a task for the worker", p.given)
	cancel()
	inTime(t, "Apply", func() {
		for range 2 {
			if err := <-done; err != context.Canceled {
				t.Errorf("Apply() = %v", err)
			}
		}
	})
	inTime(t, "Terminate", func() { p.Terminate() })
}
