package exercise

import (
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"processbook/mp"
)

// KillFirst waits for a child, and kills it this much later. It works in the
// background until stop is called.
func KillFirst(later time.Duration) (stop func()) {
	return inBackground(func() (more bool) {
		for _, c := range mp.Children() {
			time.Sleep(later) // it orders nothing: any moment will do
			c.Kill()
			return false
		}
		return true
	})
}

// KillThose kills each child with a note that begins with these words. It works
// in the background until stop is called.
func KillThose(words string) (stop func()) {
	return inBackground(func() (more bool) {
		time.Sleep(2 * time.Millisecond) // it orders nothing: a pause before looking again
		for _, n := range Notes(words) {
			killChild(n.PID)
		}
		return true
	})
}

// KillBusy kills n times, each time a moment after a new note: usually the child
// that wrote the note, sometimes the newest child, and sometimes all. It works in
// the background until stop is called.
func KillBusy(n int) (stop func()) {
	seen := int64(0)
	return inBackground(func() (more bool) {
		notes, err := os.Stat(inTrial("notes"))
		if err != nil || notes.Size() == seen {
			return true
		}
		time.Sleep(time.Duration(rand.IntN(400)) * time.Microsecond) // it orders nothing: any moment will do
		children := mp.Children()
		switch n--; {
		case len(children) == 0:
		case n%5 == 1:
			children[len(children)-1].Kill()
		case n%5 == 2:
			for _, c := range children {
				c.Kill()
			}
		default:
			if all := Notes(""); len(all) > 0 {
				killChild(all[len(all)-1].PID)
			}
		}
		if notes, err = os.Stat(inTrial("notes")); err == nil {
			seen = notes.Size()
		}
		return n > 0
	})
}

func killChild(pid int) {
	children := mp.Children()
	if i := slices.IndexFunc(children, func(c *mp.Process) bool { return c.PID() == pid }); i >= 0 {
		children[i].Kill()
	}
}

// inBackground calls do again and again, until do returns false or stop is called.
func inBackground(do func() (more bool)) (stop func()) {
	stopped, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for do() {
			select {
			case <-stopped:
				return
			case <-time.After(200 * time.Microsecond):
			}
		}
	}()
	return func() {
		close(stopped)
		<-ended
	}
}
