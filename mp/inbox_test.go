package mp

import (
	"context"
	"os"
	"runtime"
	"testing"

	"processbook/mp/internal/frame"
)

// An office is an inbox. The test does what its parent does.
type office struct {
	*inbox
	say  *frame.Writer
	hear *frame.Reader
}

func (o *office) tell(k frame.Kind, id uint64) {
	o.say.Send(context.Background(), frame.Frame{Kind: k, ID: id})
}

func newOffice(t *testing.T) *office {
	t.Helper()
	downR, downW, _ := os.Pipe()
	upR, upW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	in := openInbox(frame.NewReader(downR), frame.NewWriter(upW), func(*inbox) { runtime.Goexit() }) // a stand-in is left at the test's end
	o := &office{in, frame.NewWriter(downW), frame.NewReader(upR)}
	t.Cleanup(func() { closeAll([]*os.File{downR, downW, upR, upW}) })
	return o
}

// openInbox is newInbox, but this process does not end when the pipe does.
func openInbox(down *frame.Reader, up *frame.Writer, lost func(*inbox)) *inbox {
	in := &inbox{down: down, up: up, reading: true}
	in.lost = func() { lost(in) }
	in.arrived.L = &in.mu
	go in.standIn()
	return in
}

// expect takes the next task, and checks its number.
func (o *office) expect(t *testing.T, id uint64) {
	t.Helper()
	inTime(t, "a task", func() {
		if f, ok := o.next(true); !ok || f.ID != id {
			t.Errorf("next() = task %d, %v; want task %d", f.ID, ok, id)
		}
	})
}

// While the worker does a long task, its parent can take back the tasks that are
// not begun, and send others.
func TestOrdersDuringALongTask(t *testing.T) {
	o := newOffice(t)
	for id := range uint64(4) {
		o.tell(msgTask, id)
	}
	o.expect(t, 0)
	o.tell(msgReturn, 0)
	inTime(t, "tasks that were not begun", func() {
		if f, err := o.hear.Next(); f.Kind != msgReturned || f.ID != 3 || err != nil {
			t.Errorf("got a message of kind %d, %d, %v", f.Kind, f.ID, err)
		}
	})
	o.tell(msgTask, 4)
	o.tell(msgFinish, 0)
	o.expect(t, 4)
	inTime(t, "the end", func() {
		if _, ok := o.next(true); ok {
			t.Error("a task after the last")
		}
	})
}

// After a worker has waited for its stand-in, the worker itself reads again.
func TestStandInLeaves(t *testing.T) {
	o := newOffice(t)
	o.tell(msgTask, 0)
	o.expect(t, 0)
	until(t, "a stand-in", func() bool {
		o.mu.Lock()
		defer o.mu.Unlock()
		return o.reading
	})
	go func() {
		until(t, "somebody who waits", func() bool {
			o.mu.Lock()
			defer o.mu.Unlock()
			return o.waiting
		})
		o.tell(msgTask, 1)
	}()
	o.expect(t, 1)
	if _, ok := o.next(false); ok {
		t.Error("got a task that was not sent")
	}
	o.tell(msgTask, 2)
	o.expect(t, 2)
}

// A worker that waits for its stand-in learns that there are no more tasks.
func TestEndWhileTheWorkerWaits(t *testing.T) {
	o := newOffice(t)
	o.tell(msgTask, 0)
	o.expect(t, 0)
	until(t, "a stand-in", func() bool {
		o.mu.Lock()
		defer o.mu.Unlock()
		return o.reading
	})
	go func() {
		until(t, "somebody who waits", func() bool {
			o.mu.Lock()
			defer o.mu.Unlock()
			return o.waiting
		})
		o.tell(msgFinish, 0)
	}()
	inTime(t, "the end", func() {
		if _, ok := o.next(true); ok {
			t.Error("a task after the last")
		}
	})
}
