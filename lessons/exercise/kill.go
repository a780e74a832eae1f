package exercise

import (
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"processbook/mp"
)

// KillFirst kills the first child that it sees, some time after that, and so at
// another moment for each length of time. It does that in the background, until
// stop is called.
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

// KillThose kills each child that has noted something that begins with these
// words. It does that in the background, until stop is called.
func KillThose(words string) (stop func()) {
	return inBackground(func() (more bool) {
		time.Sleep(2 * time.Millisecond) // it orders nothing: a pause before looking again
		for _, n := range Notes(words) {
			killChild(n.PID)
		}
		return true
	})
}

// KillBusy kills n children, one after the other, each a moment after it has
// noted something; and now and then a newborn one, or all. It does that in the
// background, until stop is called.
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

// inBackground does something again and again, as long as there is more to do
// and until stop is called.
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
