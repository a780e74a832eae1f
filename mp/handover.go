package mp

import (
	"encoding/binary"
	"errors"
	"os"
	"reflect"
	"slices"
	"sync/atomic"
	"syscall"

	"processbook/mp/internal/frame"
)

// How a file gets into a child. An end of a pipe, or a queue, is a handle: in an
// argument it is only a number. Before the parent encodes an argument, it looks
// for handles in the argument, and adds their files to the handover of the process
// that is starting. The first message to that process says which files belong to
// which number. The system passes the open files: see handover_unix.go and
// handover_windows.go.
//
// Who closes which file:
//
//	the parent's ends of a child's three pipes   attend (start.go), when the child has ended;
//	                                             orphaned (family.go) closes only the one down
//	the child's ends, in the parent              start (start.go), at its return
//	the child's ends, in the child               nobody: they last as long as the process; but
//	                                             init (child.go) closes crash: the runtime has a copy
//	an end of a Pipe                             Conn.Close, or Conn.afterStart when it has moved
//	the parent's two files of a passed queue     Server.Read (lend), when the child has ended
//	the child's two, in the parent               the function that Queue.handOver adds, in Start
//	the child's two, in the child                nobody: they last as long as the process
//
// If Start fails, start closes the three pipes, the function that Queue.handOver has
// added closes the queue's four files, and an end of a Pipe stays open in the parent.

// A handle is passed only in the argument of a process that starts.
type handle interface {
	// handOver adds the handle's files to h, or says why it cannot be passed.
	handOver(h *handover) error
}

// A Process and a Pool are local: only the process that made them can use them.
type local interface{ isLocal() }

func (*Process) isLocal()    {}
func (*Pool[A, R]) isLocal() {}

var _ = frame.Know(reflect.TypeFor[None](), reflect.TypeFor[handle](), reflect.TypeFor[local]())

// A handover has the files that one process gets when it starts.
type handover struct {
	files  []*os.File
	places []place
	after  []func(*Process) // are called in Start, with nil if it fails
}

// A place says where the files of a handle are.
type place struct {
	Handle uint64
	First  int // among the child's files
	Count  int
}

// Every child has these three files.
const (
	placeDown  = iota // from the parent; its EOF means that the parent has ended
	placeUp           // to the parent
	placeCrash        // the Go runtime's last words
	placeFree         // the files of handles
)

// found is for the encoder of the argument: it adds a handle.
func (h *handover) found(v any) error { return v.(handle).handOver(h) }

// add passes files along. after is called when the process has started, or
// with nil when it has not.
func (h *handover) add(number uint64, files []*os.File, after func(*Process)) {
	h.places = append(h.places, place{number, len(h.files), len(files)})
	h.files = append(h.files, files...)
	h.after = append(h.after, after)
}

func (h *handover) has(number uint64) bool {
	return slices.ContainsFunc(h.places, func(p place) bool { return p.Handle == number })
}

func (h *handover) afterStart(p *Process) {
	for _, do := range h.after {
		do(p)
	}
}

var errNotPassed = errors.New("it can be passed only in the argument of a process that starts: give it to NewProcess")

// handles counts the ends and queues that this process has made or received.
var handles atomic.Uint64

// encodeHandle returns the bytes of a handle in an argument.
func encodeHandle(number uint64) []byte { return binary.AppendUvarint(nil, number) }

// given is what this process was given when it started.
var given struct {
	files  []*os.File // claim takes the files of a handle, and leaves nil in their place
	places []place
	queues map[string]*queue // have been received, by their bytes; the argument may have one twice
}

// claim takes the n files of the handle that b stands for.
func claim(b []byte, n int) (files []*os.File, err error) {
	number, used := binary.Uvarint(b)
	i := slices.IndexFunc(given.places, func(p place) bool { return p.Handle == number })
	if used != len(b) || i < 0 {
		return nil, errNotPassed
	}
	p := given.places[i]
	if p.Count != n || p.First < placeFree || p.First > len(given.files)-n {
		return nil, errNotPassed
	}
	theirs := given.files[p.First : p.First+n]
	if slices.Contains(theirs, nil) {
		return nil, errNotPassed
	}
	files = slices.Clone(theirs)
	clear(theirs)
	return files, nil
}

// pipes returns the ends of n pipes: a reader, its writer, and so on. If the
// program has closed its standard streams, the null device gets their numbers. A
// pipe must not: a write to 1 or 2 that nobody reads would end a Go program.
func pipes(n int) (ends []*os.File, err error) {
	for len(ends) < 2*n {
		r, w, err := os.Pipe()
		switch {
		case err == nil && !isStandard(r) && !isStandard(w):
			ends = append(ends, r, w)
		case err == nil:
			closeAll([]*os.File{r, w})
			_, err = syscall.Open(os.DevNull, syscall.O_RDWR, 0)
		}
		if err != nil {
			closeAll(ends)
			return nil, err
		}
	}
	return ends, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
