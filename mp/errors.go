package mp

import (
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"runtime/debug"
	"strings"

	"processbook/mp/internal/frame"
	"processbook/mp/internal/lend"
)

// When a call is refused, its error is usually one of these. Test for it with
// [errors.Is], because the call usually wraps it in an error that names the
// process or the queue.
var (
	ErrStarted     = errors.New("mp: a process can be started only once; make another with NewProcess")
	ErrNotStarted  = errors.New("mp: not started: Start was not called, or it returned an error")
	ErrDaemonChild = errors.New("mp: a daemon cannot have children")
	ErrNoMain      = errors.New("mp: this program has called neither mp.Main nor mp.Init yet; " +
		"write func main() { mp.Main(run) }, or in TestMain, call mp.Init() first")
	ErrMoved      = errors.New("mp: this end of the pipe has moved to another process; make a Pipe for each child")
	ErrClosed     = lend.ErrClosed   // Close of this queue, this end of a pipe or this pool was called before
	ErrFull       = lend.ErrFull     // TryPut
	ErrEmpty      = lend.ErrEmpty    // TryGet
	ErrTooLong    = frame.ErrTooLong // a value is longer than 1 GiB
	ErrTerminated = errors.New("mp: the pool was terminated")
	ErrTaskDone   = errors.New("mp: TaskDone was called, but this process has no unfinished item")
)

// An ExitError says how a process ended, if it did not succeed.
// [Process.Join] returns it, and the error of a pool's task wraps it when the
// worker died.
type ExitError struct {
	Name string // of the process
	PID  int
	Code int   // as Process.ExitCode gives it: -9 after SIGKILL
	Err  error // a *RemoteError, if the function returned an error or panicked

	// Crash has what the Go runtime printed when the process crashed. If the
	// function panicked, Crash is empty, because Err has the text of the panic.
	Crash string
}

func (e *ExitError) Error() string {
	return fmt.Sprintf("%s (pid %d): %s", e.Name, e.PID, e.reason())
}

func (e *ExitError) reason() string {
	switch {
	case e.Err == errNotHere || e.Err == errNotBegun:
		return e.how() + "; " + e.Err.Error()
	case e.Err != nil:
		return e.Err.Error()
	}
	return e.how()
}

func (e *ExitError) how() string {
	switch {
	case e.Crash != "":
		first, _, _ := strings.Cut(e.Crash, "\n")
		return fmt.Sprintf("exit code %d: %s", e.Code, first)
	case e.Code < 0:
		return "ended by " + signalName(-e.Code)
	case e.Code == 0 && e.Err == nil:
		return "exit code 0, before it returned a result"
	}
	return fmt.Sprintf("exit code %d", e.Code)
}

func (e *ExitError) Unwrap() error { return e.Err }

// A RemoteError has the text of an error that a function returned in another
// process, or the text of a panic. (An error value cannot be sent.) It is
// Python's RemoteTraceback.
type RemoteError struct {
	Func    string // the name given to Func or Proc
	Type    string // the error's Go type, or that of the value given to panic
	Message string
	Stack   string // the stack of a panic, up to the function; empty for a returned error
}

func (e *RemoteError) Error() string {
	if e.Stack != "" {
		return fmt.Sprintf("%s: panic: %s%s", e.Func, e.Message, e.sourceLine())
	}
	return fmt.Sprintf("%s: %s", e.Func, e.Message)
}

// here is how the names of this package's functions begin in a stack.
var (
	importPath = reflect.TypeFor[Process]().PkgPath()
	here       = importPath + "."
)

// sourceLine returns the file and line of the first frame that is not in the
// runtime or in mp. That is where the user should look.
func (e *RemoteError) sourceLine() string {
	theirs := false
	for line := range strings.Lines(e.Stack) {
		if at, isPlace := strings.CutPrefix(line, "\t"); !isPlace {
			theirs = !strings.HasPrefix(line, "panic(") && !strings.HasPrefix(line, "runtime.")
			theirs = theirs && !strings.HasPrefix(line, here)
		} else if at, _, _ = strings.Cut(strings.TrimSpace(at), " +0x"); theirs {
			return " (" + filepath.Base(at) + ")"
		}
	}
	return ""
}

// framesOfPanic returns the frames from the last panic up to try. The frames
// before and after these are mp's own.
func framesOfPanic(stack string) string {
	head, frames, _ := strings.Cut(stack, "\n")
	if _, after, ok := strings.Cut(frames, "\npanic("); ok {
		frames = "panic(" + after
	}
	frames, _, _ = strings.Cut(frames, here+"try(")
	return head + "\n" + frames
}

// A TaskError says which task of a [Pool] failed, where, and why.
type TaskError struct {
	Index  int    // of the argument, counted from 0
	Func   string // the pool's function
	Worker string // the worker's name; empty if the task never reached a worker
	PID    int    // of the worker

	// Err is a *RemoteError, an *ExitError, an error that wraps
	// context.DeadlineExceeded, or another one, for example if the argument
	// cannot be encoded.
	Err error
}

func (e *TaskError) Error() string {
	where := ""
	if e.Worker != "" {
		where = fmt.Sprintf(" in %s (pid %d)", e.Worker, e.PID)
	}
	return fmt.Sprintf("task %d of %s%s: %s", e.Index, e.Func, where, e.reason())
}

// reason leaves out what Error has said already: the function, the worker.
func (e *TaskError) reason() string {
	switch err := e.Err.(type) {
	case *RemoteError:
		return strings.TrimPrefix(err.Error(), e.Func+": ")
	case *ExitError:
		return err.reason()
	}
	return e.Err.Error()
}

func (e *TaskError) Unwrap() error { return e.Err }

// attempt calls try in a goroutine of its own, because a runtime.Goexit in f
// ends its goroutine. A Goexit is also an error.
func attempt(name string, f func() error) error {
	err := frame.Guard(func() error { return try(name, f) })
	if err == frame.ErrGoexit {
		err = &RemoteError{name, "runtime.Goexit", err.Error(), "goroutine exited\n"}
	}
	return err
}

// try calls f, and returns a panic as an error, because the process that asked
// for the call must hear of the panic.
func try(name string, f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &RemoteError{name, fmt.Sprintf("%T", r), fmt.Sprint(r), framesOfPanic(string(debug.Stack()))}
		}
	}()
	return f()
}

// remote turns an error into one that can be sent.
func remote(name string, err error) *RemoteError {
	if r, ok := err.(*RemoteError); ok && r != nil {
		return r
	}
	return &RemoteError{Func: name, Type: fmt.Sprintf("%T", err), Message: textOf(name, err).Error()}
}

// textOf returns an error with the text of err, whose Error may panic, on a nil pointer.
func textOf(name string, err error) error {
	return attempt(name, func() error { return errors.New(err.Error()) })
}
