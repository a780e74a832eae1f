package mp

import (
	"context"
	"os"
	"runtime"
	"testing"

	"processbook/mp/internal/frame"
)

// An office is an inbox whose parent is the test.
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

// openInbox is newInbox, but the process does not end with the pipe.
func openInbox(down *frame.Reader, up *frame.Writer, lost func(*inbox)) *inbox {
	in := &inbox{down: down, up: up, reading: true}
	in.lost = func() { lost(in) }
	in.arrived.L = &in.mu
	go in.standIn()
	return in
}

// expect takes the next task, which must be this one.
func (o *office) expect(t *testing.T, id uint64) {
	t.Helper()
	inTime(t, "a task", func() {
		if f, ok := o.next(true); !ok || f.ID != id {
			t.Errorf("next() = task %d, %v; want task %d", f.ID, ok, id)
		}
	})
}

// While the worker is at a task, however long, its parent can have those back
// that it has not begun, and give it others.
func TestOrdersDuringALongTask(t *testing.T) {
	o := newOffice(t)
	for id := range uint64(4) {
		o.tell(msgTask, id)
	}
	o.expect(t, 0)
	o.tell(msgReturn, 0)
	inTime(t, "what was not begun", func() {
		if f, err := o.hear.Next(); f.Kind != msgReturned || f.ID != 3 || err != nil {
			t.Errorf("the answer is kind %d, %d, %v", f.Kind, f.ID, err)
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

// A worker that has waited for its stand-in reads by itself again.
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
		t.Error("a task from nowhere")
	}
	o.tell(msgTask, 2)
	o.expect(t, 2)
}

// A worker that waits for its stand-in hears that there will be no more.
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
