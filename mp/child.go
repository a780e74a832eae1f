package mp

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"processbook/mp/internal/frame"
	"processbook/mp/internal/lend"
)

// The frames that a parent and its child exchange.
const (
	msgBorn     frame.Kind = iota + 1 // up: the Go runtime runs, so signals are heard
	msgHere                           // up: this process has called Main or Init, and has the function
	msgBegun                          // up: the function is called; from a worker: for the first task that you have no answer to
	msgDone                           // up: the function has returned
	msgFailed                         // up: a RemoteError, the last thing a child says
	msgOrders                         // down: the child's name and what to run
	msgArgument                       // down: the function's argument
	msgTask                           // down, to a pool's worker: arguments; id is how many
	msgReturn                         // down: give back the tasks that you have not begun
	msgFinish                         // down: there will be no more
	msgReturned                       // up: id is how many tasks I give back, the last ones
	msgFailure                        // up: a RemoteError; id is which argument of the task failed
	msgAnswer                         // up, then: the results of the task; id is 1 if I have begun the next one
)

// orders are what a child must know before anything else.
type orders struct {
	Func         string
	Work         bool // for a Pool: tasks will follow
	Name, Number string
	Daemon       bool
	Parent       string
	ParentPID    int
	Places       []place // of the handles in the argument
}

// child is what a child knows of its parent.
type child struct {
	*inbox // from the parent; its EOF means that the parent has ended
	up     *frame.Writer
	orders orders
}

// asChild is nil in a process that is not a child.
var asChild *child

// childVar marks a child. Its value has four parts: the import path of the mp that
// has started the child, because a program may have two copies of mp; the PID of the
// parent, and the files that were passed, as this system numbers them; a generation;
// and the program's file. When the child has taken the files, it writes a dash in
// their place. When it has called Main or Init, it removes the variable. So a process
// that finds the mark with a dash has the environment of a child from before Main.
const childVar = "MP_CHILD"

const filesTaken = "-"

func mark(files string) string {
	file, _ := os.Executable()
	if files != filesTaken {
		files = fmt.Sprintf("%d:%s", os.Getpid(), files)
	}
	return strings.Join([]string{importPath, files, strconv.Itoa(generation), file}, " ")
}

// markAtBirth is the mark with which this process was started, or "". An init
// function of another package may have cleared the environment before: on Linux,
// the system still has it.
var markAtBirth = func() string {
	if mark, ok := os.LookupEnv(childVar); ok {
		return mark
	}
	all, _ := os.ReadFile("/proc/self/environ")
	for entry := range strings.SplitSeq(string(all), "\x00") {
		if mark, ok := strings.CutPrefix(entry, childVar+"="); ok {
			return mark
		}
	}
	return ""
}()

// generation counts programs of which each was started by a child of the program
// before, when that child had not called Main. More than a few are a chain.
var generation = 0

const mostGenerations = 3

// This runs before the init functions of every package that imports mp. So
// from its first line on, a child's program finds Current and Parent; the
// child ends with its parent; its crash output reaches the parent; and a
// program that it starts cannot inherit a file that is meant for the child.
func init() {
	files, ours := filesOfMark()
	if !ours {
		return
	}
	os.Setenv(childVar, mark(filesTaken))
	if err := adoptAll(files); err != nil {
		strayChild()
	}
	ignoreInterrupt()
	nameProcess()
	debug.SetCrashOutput(given.files[placeCrash], debug.CrashOptions{})
	given.files[placeCrash].Close() // the runtime has its own copy
	down := frame.NewReader(given.files[placeDown])
	o, err := meet(down)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		os.Exit(1) // the parent is gone already
	}
	if err != nil {
		strayChild()
	}
	given.places = o.Places
	self = newChildFamily(o)
	asChild = &child{up: frame.NewWriter(given.files[placeUp]), orders: o}
	asChild.inbox = newInbox()
	go func() {
		asChild.listen(down, asChild.up)
		self.orphaned()
	}()
	asChild.say(msgBorn, 0, frame.Value{})
}

// filesOfMark sets generation, and returns the mark's files and whether they are ours.
func filesOfMark() (files string, ours bool) {
	var path string
	fmt.Sscan(markAtBirth, &path, &files, &generation)
	parent, files, _ := strings.Cut(files, ":")
	switch {
	case path != importPath || files == "":
	case parent == strconv.Itoa(os.Getppid()):
		return files, true
	case os.Getppid() == 1:
		os.Exit(1) // the parent is gone already
	case gone(parent):
		strayChild()
	default: // a child has started this process before it came to this line, or with an older environment
		markAtBirth = strings.Replace(markAtBirth, parent+":"+files, filesTaken, 1) // see checkMark
	}
	return "", false
}

// gone reports whether there is no process with this PID.
func gone(pid string) bool {
	n, err := strconv.Atoi(pid)
	if err != nil {
		return true
	}
	p, err := os.FindProcess(n)
	return err != nil || p.Signal(syscall.Signal(0)) == os.ErrProcessDone
}

// adoptAll takes the files whose numbers are in a list.
func adoptAll(list string) error {
	for number := range strings.SplitSeq(list, ",") {
		n, err := strconv.ParseUint(number, 10, strconv.IntSize-1)
		if err != nil {
			return err
		}
		given.files = append(given.files, adopt(uintptr(n)))
	}
	if len(given.files) < placeFree || slices.ContainsFunc(given.files, notPipe) {
		return errors.New("not the files of a child")
	}
	return nil
}

func notPipe(f *os.File) bool {
	info, err := f.Stat()
	return err != nil || info.Mode()&os.ModeNamedPipe == 0
}

// strayChild ends a process that looks like a child and has no parent.
func strayChild() {
	fmt.Fprintf(os.Stderr, "mp: the environment says that this is a child process, but it has no parent; unset %s\n", childVar)
	os.Exit(2)
}

// ignoreInterrupt: Ctrl-C goes to all processes at a terminal. In a child it
// must not end anything: the main process decides. (Not signal.Ignore: programs
// that this process starts would inherit that. But where Ctrl-C was ignored from
// the start, as in the background of a script, that is inherited.)
func ignoreInterrupt() {
	if !signal.Ignored(os.Interrupt) {
		signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	}
}

// nameProcess gives this process the program's name in ps; it was started as
// /proc/self/exe.
func nameProcess() {
	if runtime.GOOS == "linux" && len(os.Args) > 0 {
		os.WriteFile("/proc/self/comm", []byte(filepath.Base(os.Args[0])), 0)
	}
}

// meet reads the orders: the name of this process, and its function.
func meet(down *frame.Reader) (o orders, err error) {
	f, err := down.Next()
	if err == nil && f.Kind != msgOrders {
		err = frame.ErrBroken
	}
	if err == nil {
		err = frame.Decode(f.Value, &o)
	}
	return o, err
}

// checkMark ends a process that a child has started before the child called Main, or
// later with its environment from before. This process would do the work of the main
// process, start such a child again, and so on forever.
func checkMark(inMain bool) {
	if markAtBirth == "" || asChild != nil {
		return
	}
	parts := strings.SplitN(markAtBirth, " ", 4)
	ours, _ := os.Executable()
	switch {
	case len(parts) < 4 || parts[0] == importPath && parts[1] != filesTaken:
		strayChild()
	case parts[3] != ours: // another program, which has inherited the mark
		if generation++; generation <= mostGenerations {
			os.Unsetenv(childVar)
			markAtBirth = ""
			return
		}
		fallthrough
	case parts[0] == importPath:
		fmt.Fprintln(os.Stderr, "mp: a child process has started this program again before mp.Main, or with the environment that it had before; "+
			"call mp.Main (or mp.Init) first, or start the program only where mp.Parent() is nil")
		os.Exit(2)
	case inMain:
		fmt.Fprintf(os.Stderr, "mp: this is a child process of another copy of mp, %s; call its Init before this copy's Main\n", parts[0])
		os.Exit(2)
	}
}

// live does everything that a child does after it has called Main or Init. It
// does not return.
func (c *child) live() {
	os.Unsetenv(childVar)
	if functions[c.orders.Func] != nil {
		c.say(msgHere, 0, frame.Value{})
	}
	c.end(attempt(c.orders.Func, c.serve))
}

// say sends a frame to the parent. If that fails, the parent has ended, and
// the inbox will see EOF.
func (c *child) say(k frame.Kind, id uint64, v frame.Value) {
	c.up.Send(context.Background(), frame.Frame{Kind: k, ID: id, Value: v})
}

// serve does what the orders say.
func (c *child) serve() error {
	f := functions[c.orders.Func]
	if f == nil {
		return fmt.Errorf("the child has no such function; declare it at package level, with mp.Func or mp.Proc")
	}
	if c.orders.Work {
		return f.work(c)
	}
	arg, _ := c.next(true)
	return f.run(arg.Value)
}

// end reports how the function ended, ends this process's children as Main does,
// and exits.
func (c *child) end(err error) {
	err = cmp.Or(err, self.skipped())
	quietPipes()
	for _, q := range given.queues {
		q.holder.(*lend.Link).Flush()
	}
	if err == nil {
		c.say(msgDone, 0, frame.Value{})
		endFamily()
		os.Exit(0)
	}
	failure := remote(c.orders.Func, err)
	text, _ := frame.Encode(failure)
	c.say(msgFailed, 0, text)
	if failure.Stack != "" { // a panic: its children end because this process does
		fmt.Fprintf(os.Stderr, "%s: panic: %s\n\n%s", self.process.Name, failure.Message, failure.Stack)
		os.Exit(2)
	}
	fmt.Fprintf(os.Stderr, "%s: %s\n", self.process.Name, strings.TrimPrefix(failure.Error(), c.orders.Func+": "))
	endFamily()
	os.Exit(1)
}
