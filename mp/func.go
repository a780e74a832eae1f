package mp

import (
	"fmt"

	"processbook/mp/internal/frame"
)

// A Function is a function that other processes can call. Make one with [Func] or
// [Proc]. Only its name is sent to another process, because a function is a place
// in memory, and each process has its own memory.
type Function[A, R any] struct {
	*function
}

// function is what a Function has without its types.
type function struct {
	name string
	run  func(arg frame.Value) error // calls it once, for a Process
	work func(c *child) error        // calls it for each task of a Pool
}

// None is the type to write for an argument that a function does not need, or for a
// result that it does not have.
type None struct{}

// GobEncode lets a None be a field or an element: gob refuses an empty struct.
func (None) GobEncode() ([]byte, error) { return nil, nil }

// GobDecode is the other half of GobEncode.
func (*None) GobDecode([]byte) error { return nil }

// Func gives a function a name, so that other processes can call it. Like
// flag.Int, Func is for a variable at package level:
//
//	var square = mp.Func("square", func(n int) (int, error) { return n * n, nil })
//
// The argument and the result can have any type that package encoding/gob can
// encode. Only exported fields are sent: a field in lower case arrives as its
// zero value, without an error. A nil slice or map may arrive empty, and an empty
// one as nil. But these are errors:
//
//   - a queue or an end of a pipe in a lower-case field
//   - a function, a channel, a Process or a Pool in an exported field
//   - a value in an interface (or an error) without gob.Register for its type
//   - fields next to an embedded type that has a GobEncode, like time.Time: gob
//     would not send these fields. Give the embedded field a name, or write a
//     GobEncode for the whole struct.
//   - in a field, a pointer to a zero value, like a *int to 0: gob would send nil
//
// The error that the function returns arrives as a [RemoteError], so errors.Is
// does not find the original error. The function needs no context, because its
// process ends when the parent ends.
//
// If a function starts a process that runs the same function, Go reports an
// initialization cycle. Then declare the variable first, and set it in an init
// function:
//
//	var f mp.Function[int, int]
//
//	func init() { f = mp.Func("f", ...) }
//
// Func panics if the name is taken or empty, or if [Main] or [Init] has been
// called. It is Python's def at the top level of a module.
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
			asChild.say(msgBegun, 0, frame.Value{})
			_, err := f(a)
			return err
		},
		work: func(c *child) error { return work(c, name, f) },
	})}
}

// Proc is [Func] for a function that returns only an error.
func Proc[A any](name string, f func(A) error) Function[A, None] {
	if f == nil {
		panic(fmt.Sprintf("mp: Proc(%q) with a nil function", name))
	}
	return Func(name, func(arg A) (None, error) { return None{}, f(arg) })
}

var functions = map[string]*function{}

func register(f *function) *function {
	switch {
	case f.name == "":
		panic(`mp: Func("") needs a name`)
	case mainCalled.Load():
		panic(fmt.Sprintf("mp: Func(%q) after Main or Init; declare it at package level", f.name))
	case functions[f.name] != nil:
		panic(fmt.Sprintf("mp: Func(%q): another Func or Proc has this name; give each a name of its own", f.name))
	}
	functions[f.name] = f
	return f
}
