package mp

import (
	"os"
	"runtime"
	"testing"
)

// An office is an inbox whose parent is the test.
type office struct {
	*inbox
	say  *sender
	hear *receiver
}

func newOffice(t *testing.T) *office {
	t.Helper()
	downR, downW, _ := os.Pipe()
	upR, upW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	o := &office{newInbox(&child{newReceiver(downR), newSender(upW)}), newSender(downW), newReceiver(upR)}
	o.lost = runtime.Goexit // a stand-in is left at the test's end
	t.Cleanup(func() { closeAll([]*os.File{downR, downW, upR, upW}) })
	return o
}

// expect takes the next task, which must be this one.
func (o *office) expect(t *testing.T, id uint64) {
	t.Helper()
	inTime(t, "a task", func() {
		if f, ok := o.next(true); !ok || f.id != id {
			t.Errorf("next() = task %d, %v; want task %d", f.id, ok, id)
		}
	})
}

// While the worker is at a task, however long, its parent can have those back
// that it has not begun, and give it others.
func TestOrdersDuringALongTask(t *testing.T) {
	o := newOffice(t)
	for id := range uint64(4) {
		o.say.send(msgTask, id, nil)
	}
	o.expect(t, 0)
	o.say.send(msgReturn, 0, nil)
	inTime(t, "what was not begun", func() {
		if f, err := o.hear.next(); f.kind != msgReturned || f.id != 3 || err != nil {
			t.Errorf("the answer is kind %d, %d, %v", f.kind, f.id, err)
		}
	})
	o.say.send(msgTask, 4, nil)
	o.say.send(msgFinish, 0, nil)
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
	o.say.send(msgTask, 0, nil)
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
		o.say.send(msgTask, 1, nil)
	}()
	o.expect(t, 1)
	if _, ok := o.next(false); ok {
		t.Error("a task from nowhere")
	}
	o.say.send(msgTask, 2, nil)
	o.expect(t, 2)
}
