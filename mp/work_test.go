package mp

import (
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"processbook/mp/internal/frame"
)

// A shop is a worker whose pool is the test, at the other ends of its pipes.
type shop struct {
	tell  *frame.Writer
	hear  *frame.Reader
	ended chan error
}

func openShop(t *testing.T, f func(int) (int, error)) shop {
	t.Helper()
	downR, downW, _ := os.Pipe()
	upR, upW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeAll([]*os.File{downR, downW, upR, upW}) })
	c := &child{inbox: newInbox(), up: frame.NewWriter(upW)}
	go c.listen(frame.NewReader(downR), c.up)
	w := shop{frame.NewWriter(downW), frame.NewReader(upR), make(chan error, 1)}
	go func() { w.ended <- work(c, "f", f) }()
	return w
}

// expect hears the next message, which must be of this kind, and have this number.
func (w shop) expect(t *testing.T, kind frame.Kind, id uint64) (f frame.Frame) {
	t.Helper()
	inTime(t, "a message", func() {
		var err error
		if f, err = w.hear.Next(); f.Kind != kind || f.ID != id || err != nil {
			t.Errorf("the worker says kind %d, %d, %v; want %d, %d", f.Kind, f.ID, err, kind, id)
		}
	})
	return f
}

// While a worker does a task, however long, its pool can have those back that it
// has not begun, and give it others.
func TestOrdersDuringALongTask(t *testing.T) {
	goOn := make(chan bool)
	w := openShop(t, func(n int) (int, error) {
		<-goOn
		return n, nil
	})
	task := func(n int) frame.Frame { return say(msgTask, 1, n) }
	w.tell.Send(context.Background(), task(0), task(1), task(2), task(3))
	w.expect(t, msgBegun, 0)
	w.tell.Send(t.Context(), say(msgReturn, 0, nil))
	w.expect(t, msgReturned, 3)
	w.tell.Send(context.Background(), task(4), say(msgFinish, 0, nil))
	close(goOn)
	for answers := []int{0, 4}; len(answers) > 0; {
		inTime(t, "an answer", func() {
			f, err := w.hear.Next()
			if f.Kind == msgBegun {
				return // it has not read the task before
			}
			var n int
			if f.Kind != msgAnswer || frame.Decode(f.Value, &n) != nil || n != answers[0] {
				t.Errorf("the worker says kind %d, %d, %v; want the result %d", f.Kind, n, err, answers[0])
			}
			answers = answers[1:]
		})
	}
	inTime(t, "the end", func() {
		if err := <-w.ended; err != nil {
			t.Error(err)
		}
	})
}

// G2: the pool hears of each task that it is begun, once, before it is answered;
// and at once of a task that the worker had to wait for.
func TestWorkerSaysWhatItDoes(t *testing.T) {
	w := openShop(t, func(n int) (int, error) { return n, nil })
	for range 100 {
		w.tell.Send(t.Context(), say(msgTask, 1, 7))
		w.expect(t, msgBegun, 0)
		w.expect(t, msgAnswer, 0)
	}
	const n = 1000
	go func() {
		for range n {
			w.tell.Send(context.Background(), say(msgTask, 1, 7))
		}
		w.tell.Send(context.Background(), say(msgFinish, 0, nil))
	}()
	begun, answers := false, 0
	inTime(t, "all answers", func() {
		for answers < n {
			f, err := w.hear.Next()
			switch {
			case f.Kind == msgBegun && !begun:
				begun = true
			case f.Kind == msgAnswer && begun:
				begun = f.ID == 1
				answers++
			default:
				t.Errorf("after %d answers, begun is %t, and it says kind %d, %d, %v", answers, begun, f.Kind, f.ID, err)
				return
			}
		}
	})
	inTime(t, "the end", func() { <-w.ended })
}

// Each argument of a task may fail by itself: with an error, with a panic, or
// because it cannot be decoded.
func TestWorkerSaysWhatFailed(t *testing.T) {
	w := openShop(t, func(n int) (int, error) {
		switch n {
		case 1:
			return 9, errors.New("one")
		case 2:
			panic("two")
		}
		return n * n, nil
	})
	w.tell.Send(t.Context(), say(msgTask, 4, []int{3, 2, 1, 4}))
	w.expect(t, msgBegun, 0)
	for i, want := range []string{"two", "one"} {
		var r RemoteError
		if f := w.expect(t, msgFailure, uint64(i+1)); frame.Decode(f.Value, &r) != nil || r.Message != want || (r.Stack != "") != (i == 0) {
			t.Errorf("the worker says %+v, want %q", r, want)
		}
	}
	results, _, err := frame.DecodeList[int](w.expect(t, msgAnswer, 0).Value, 4)
	if !slices.Equal(results, []int{9, 0, 0, 16}) || err != nil {
		t.Errorf("results %v, %v", results, err)
	}
	w.tell.Send(t.Context(), say(msgTask, 1, "not a number"))
	w.expect(t, msgBegun, 0)
	var r RemoteError
	if f := w.expect(t, msgFailure, 0); frame.Decode(f.Value, &r) != nil || !strings.HasPrefix(r.Message, "its argument: ") {
		t.Errorf("the worker says %+v", r)
	}
	w.expect(t, msgAnswer, 0)
}

var goexitAt3 = Func("goexitAt3", func(n int) (int, error) {
	if n == 3 {
		runtime.Goexit()
	}
	return n, nil
})

// A runtime.Goexit in a task ends the worker. That costs the task, and no other.
func TestGoexitInATask(t *testing.T) {
	p := NewPool(goexitAt3, 1)
	defer p.Close()
	results, err := p.Map(soon(t), numbers(100))
	var task *TaskError
	var exit *ExitError
	if len(mapErrors(err)) != 1 || !errors.As(err, &task) || task.Index != 3 || !errors.As(err, &exit) || !strings.Contains(err.Error(), "runtime.Goexit was called") {
		t.Error(err)
	}
	want := numbers(100)
	if want[3] = 0; !slices.Equal(results, want) {
		t.Errorf("results %v", results)
	}
}
