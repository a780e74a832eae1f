package mp

import (
	"fmt"
	"io"
	"os"
)

// The frames that a parent and its child exchange.
const (
	msgOrders   kind = iota + 1 // down: who you are and what to run
	msgArgument                 // down: with what
	msgFailed                   // up: a RemoteError, the last thing a child says
	msgTask                     // down, to a pool's worker
	msgChunk                    // down: several tasks at once
	msgReturn                   // down: give back the tasks that you have not begun
	msgFinish                   // down: there will be no more
	msgBegun                    // up: I have begun the next task
	msgReturned                 // up: id is how many tasks I give back, the last ones
	msgAnswer                   // up: to a task; id is 1 if I have begun the next one, too
	msgAnswers                  // up: to those of a chunk that have one
	msgFailures                 // up, before msgAnswers: RemoteErrors of the others, by their places
	msgProblem                  // up: a RemoteError instead of an answer
)

// child is what a child knows of its parent.
type child struct {
	down *receiver // orders; its end means that the parent is gone
	up   *sender
}

// live is the whole life of a child. It does not return.
func live() {
	if stray {
		strayChild()
	}
	c := &child{newReceiver(arrived[placeDown]), newSender(arrived[placeUp])}
	o, arg, err := c.meet()
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		os.Exit(1) // the parent is gone already
	}
	if err != nil {
		strayChild()
	}
	self = newChildFamily(o)
	c.end(o, attempt(o.Func, func() error { return c.serve(o, arg) }))
}

// meet hears what a child must know before anything else.
func (c *child) meet() (o orders, arg frame, err error) {
	f, err := c.down.next()
	if err == nil {
		err = c.down.decode(f, &o)
	}
	if err == nil {
		arg, err = c.down.next()
	}
	if err == nil && (f.kind != msgOrders || arg.kind != msgArgument) {
		err = errBroken
	}
	return o, arg, err
}

// strayChild ends a process that looks like a child and is none.
func strayChild() {
	fmt.Fprintf(os.Stderr, "mp: the environment says that this is a child process, but there is no parent; unset %s\n", childVar)
	os.Exit(2)
}

// serve does what the orders say.
func (c *child) serve(o orders, arg frame) error {
	f := functions[o.Func]
	if f == nil {
		return fmt.Errorf("there is no such function in the child; declare it at package level, with mp.Func or mp.Proc")
	}
	if o.Work {
		return f.work(c)
	}
	go c.watch()
	return f.run(c, arg)
}

// watch reads to the end, for then the parent is gone: nobody is left to work
// for. The pipe is the lifeline. It works on every system, for every reason,
// and at once.
func (c *child) watch() {
	for {
		if _, err := c.down.next(); err != nil {
			self.orphaned()
		}
	}
}

// end reports how the function ended, ends this process's own family as Main
// does, and exits.
func (c *child) end(o orders, err error) {
	if err == nil {
		endFamily()
		os.Exit(0)
	}
	failure := remote(o.Func, err)
	c.up.send(msgFailed, 0, failure)
	if failure.Stack != "" { // a panic: no time for the family, its lifelines will do
		fmt.Fprintf(os.Stderr, "%s: panic: %s\n\n%s", o.Name, failure.Message, failure.Stack)
		os.Exit(2)
	}
	fmt.Fprintf(os.Stderr, "%s: %v\n", o.Name, err)
	endFamily()
	os.Exit(1)
}
