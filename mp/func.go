package mp

import (
	"fmt"

	"processbook/mp/internal/frame"
)

// Only a name can cross to another process: its memory is its own, and a
// function is a place in memory. So what children can run is declared where
// parent and child both find it, at package level.

// A Function is something that other processes can run. Make one with [Func]
// or [Proc].
type Function[A, R any] struct {
	*function
}

// function is a Function without its types.
type function struct {
	name string
	run  func(arg frame.Value) error // once, for a Process
	work func(c *child) error        // again and again, for a Pool
}

// None stands for an argument or a result that a function does not have.
type None struct{}

// GobEncode lets a None stand in a field or a slice: gob refuses a struct
// without fields.
func (None) GobEncode() ([]byte, error) { return nil, nil }

// GobDecode is the other half of GobEncode.
func (*None) GobDecode([]byte) error { return nil }

// Func declares a function that other processes can run, and gives it its
// name. Call it like flag.Int, for a variable at package level:
//
//	var square = mp.Func("square", func(n int) (int, error) { return n * n, nil })
//
// The argument and the result are sent as package encoding/gob encodes them:
// only exported fields (one in lower case arrives as its zero value, without an
// error, unless it has a queue or an end of a pipe in it), and what has a
// function or a channel in it is refused. The error arrives as a [RemoteError],
// so errors.Is does not find what it wrapped. The function needs no context: it
// ends with its parent.
//
// A function that starts itself has to be declared in two steps, or the
// compiler sees an initialization cycle: var f mp.Function[A, R], and in an
// init function f = mp.Func("f", ...).
//
// Func panics if the name is taken, or if [Main] or [Init] has run already, for
// then this process and its children would not agree on what there is. In
// Python it is any function at the top level of a module.
func Func[A, R any](name string, f func(A) (R, error)) Function[A, R] {
	if f == nil {
		panic(fmt.Sprintf("mp: Func(%q) with a nil function", name))
	}
	return Function[A, R]{register(&function{
		name: name,
		run: func(arg frame.Value) error {
			var a A
			if err := frame.Decode(arg, &a); err != nil {
				return err
			}
			this.say(msgBegun, 0, frame.Value{})
			_, err := f(a)
			return err
		},
		work: func(c *child) error { return work(c, name, f) },
	})}
}

// Proc is a [Func] without an answer.
func Proc[A any](name string, f func(A) error) Function[A, None] {
	if f == nil {
		panic(fmt.Sprintf("mp: Proc(%q) with a nil function", name))
	}
	return Func(name, func(arg A) (None, error) { return None{}, f(arg) })
}

var functions = map[string]*function{}

func register(f *function) *function {
	switch {
	case ready.Load():
		panic(fmt.Sprintf("mp: Func(%q) after Main or Init; declare it at package level", f.name))
	case functions[f.name] != nil:
		panic(fmt.Sprintf("mp: Func(%q): the name is given twice", f.name))
	}
	functions[f.name] = f
	return f
}
