package mp

import (
	"encoding/binary"
	"errors"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// How a file gets into a child. The parent puts it into the luggage of the
// process that it is about to start and writes its place there, a small
// number, into the argument; the child finds the file at that place. The
// system hands over the open files themselves: see hand_unix.go and
// hand_windows.go.

// childVar marks a child. Its value lists the files that were handed over, as
// this system numbers them. A child removes it before anything else runs, so
// that programs which it starts in other ways are not taken for children.
const childVar = "MP_CHILD"

// Every child has these three, whatever else it was given.
const (
	placeDown  = iota // orders from the parent; its end is the lifeline
	placeUp           // answers to the parent
	placeCrash        // the Go runtime's last words
	placeFree         // what rides in the argument
)

// luggage is what goes along with a process when it starts.
type luggage struct {
	files  []*os.File
	settle []func(*Process) // called once each, after Start: with nil if it failed
}

// boarding is the luggage of the process that is being started, while its
// argument is encoded, and nil at all other times.
var (
	boarding     atomic.Pointer[luggage]
	boardingTurn sync.Mutex
)

// pack encodes an argument; the pipe and queue ends in it board.
func (l *luggage) pack(encode func() error) error {
	boardingTurn.Lock()
	defer boardingTurn.Unlock()
	boarding.Store(l)
	defer boarding.Store(nil)
	return encode()
}

// ticket hands over files and says, in bytes, at which places.
func (l *luggage) ticket(files ...*os.File) []byte {
	t := binary.AppendUvarint(nil, uint64(len(l.files)))
	l.files = append(l.files, files...)
	return t
}

// settleAll tells everything that boarded whether the process has started.
func (l *luggage) settleAll(p *Process) {
	for _, settle := range l.settle {
		settle(p)
	}
}

var errNotBoarding = errors.New("it travels only in the argument of a process that is being started")

// arrived is what this process was given, by place. Files leave it when the
// argument that mentions them is decoded.
var arrived []*os.File

var (
	marked bool // as a child
	stray  bool // but no parent has done that
)

// claim takes n files that a ticket stands for.
func claim(ticket []byte, n int) (files []*os.File, rest []byte, err error) {
	place, used := binary.Uvarint(ticket)
	if used <= 0 || place < placeFree || place > uint64(len(arrived)) || uint64(n) > uint64(len(arrived))-place {
		return nil, nil, errNotBoarding
	}
	files = append(files, arrived[place:place+uint64(n)]...)
	for i := range files {
		if files[i] == nil {
			return nil, nil, errNotBoarding
		}
		arrived[int(place)+i] = nil
	}
	return files, ticket[used:], nil
}

// Runs before the init functions of every package that imports mp, so that no
// program which they start can inherit a file that is meant for us, and what
// one of them dies of is heard.
func init() {
	var list string
	if list, marked = os.LookupEnv(childVar); !marked {
		return
	}
	os.Unsetenv(childVar)
	ignoreInterrupt()
	numbers, err := parseList(list)
	for _, n := range numbers {
		arrived = append(arrived, adopt(n))
	}
	if stray = err != nil || len(arrived) < placeFree || slices.ContainsFunc(arrived, noPipe); !stray {
		debug.SetCrashOutput(arrived[placeCrash], debug.CrashOptions{})
		arrived[placeCrash].Close() // the runtime has its own copy
	}
}

// ignoreInterrupt: Ctrl-C goes to everybody at a terminal. In a child it must
// not end anything: the main process decides. (Not signal.Ignore: programs
// started by this one would inherit that.)
func ignoreInterrupt() { signal.Notify(make(chan os.Signal, 1), os.Interrupt) }

func parseList(list string) (numbers []uintptr, err error) {
	for number := range strings.SplitSeq(list, ",") {
		n, err := strconv.ParseUint(number, 10, strconv.IntSize-1)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, uintptr(n))
	}
	return numbers, nil
}

func noPipe(f *os.File) bool {
	info, err := f.Stat()
	return err != nil || info.Mode()&os.ModeNamedPipe == 0
}
