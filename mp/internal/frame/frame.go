// Package frame puts values on pipes and takes them off again.
//
// Its invariant: each value stands alone. Whether one value can be decoded does
// not depend on the values before it. So a value that cannot be decoded is an
// error only in its own place, and a process that only passes a value on need not
// know the value's type.
//
//	Encode              Writer.Send             Reader.Next        Decode
//	  value  ──▶ Value ──────▶ types (once) ─────────────▶ Value ──▶ value
//	                    └────▶ frame
//
// The Reader remembers the description of a value's types by its number, and adds
// it to each Value that has this number. A gob decoder reads the description before
// its first value. Strings, numbers, and lists and structs of numbers have no
// description: their bytes are sent. The description of a value with interfaces in it
// is a part of its own bytes.
//
// A frame on a pipe is:
//
//	kind    1 byte    what the frame means to its reader, and whether its bytes are an error's text
//	types   1 byte    the number of the description that its bytes need; 0 is none
//	id      8 bytes   what the frame is about: the number of an item, a call
//	size    4 bytes   how many bytes follow
//	bytes
//
// The package knows nothing of processes, queues and pools.
package frame

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"unique"
)

// A Kind says what a frame means. The kinds 1 to 62 are the caller's.
type Kind byte

const (
	kindTypes  Kind = 0    // a description of types; the types byte is its number
	failed          = 0x40 // this bit of a kind: the bytes are the text of an error
	headerSize      = 14
	maxTypes        = 255      // descriptions that a pipe remembers
	believed        = 16 << 20 // a size up to here is allocated at once
	inline          = 32 << 10 // longer bytes are written without a copy
	keep            = 1 << 20  // a longer buffer is not kept for the next value
	added           = 64       // how many bytes a caller may add to the longest value
)

// MaxSize is the size of the longest value.
const MaxSize = 1 << 30

// AtOnce is the size of the longest value that a pipe takes as a whole or not at
// all. POSIX promises it for 512 bytes, and Linux for 4 KiB.
var AtOnce = func() int {
	if runtime.GOOS == "linux" {
		return 4<<10 - headerSize
	}
	return 512 - headerSize
}()

// ErrTooLong says that a value is longer than [MaxSize].
var ErrTooLong = errors.New("mp: a message is longer than 1 GiB")

// ErrBroken says that bytes are not what a process of this program would send.
var ErrBroken = errors.New("mp: a broken message")

// A Frame is one message on a pipe.
type Frame struct {
	Kind Kind
	ID   uint64
	Value
}

// A Writer writes frames to a pipe. Several goroutines may use it.
type Writer struct {
	out     io.Writer
	turn    chan struct{}  // has room while nobody writes; the goroutine that fills it may use the fields up to fault
	buf     []byte         // frames to be written
	rest    []byte         // the end of a frame that was begun when a context ended: it comes before the next frame
	numbers map[Types]byte // of the descriptions that the reader has
	fault   error          // set by a failed write: half a frame may be out, so nothing may follow it

	mu     sync.Mutex // guards posted
	posted []Frame    // given to Post, and not written
}

// NewWriter returns a Writer for one end of a pipe.
func NewWriter(out io.Writer) *Writer {
	return &Writer{out: out, turn: make(chan struct{}, 1), numbers: map[Types]byte{}}
}

// Send writes frames, with nothing in between. If ctx ends first, Send returns ctx.Err(). Then
// no byte of frames of up to [AtOnce] bytes together has been sent. Of longer
// frames, some bytes may have been sent: the other bytes are written before the
// next frame. (On Windows a write cannot be interrupted.)
func (w *Writer) Send(ctx context.Context, frames ...Frame) error {
	if err := w.enter(ctx); err != nil {
		return err
	}
	defer w.leave()
	return w.writeFrames(ctx, frames)
}

func (w *Writer) writeFrames(ctx context.Context, frames []Frame) error {
	for _, f := range frames {
		if err := w.add(ctx, f); err != nil {
			return err
		}
	}
	return w.flush(ctx)
}

// Post does not wait: it lets a goroutine write frames, before all that are sent
// later. The goroutine ends when the pipe has taken them.
func (w *Writer) Post(frames ...Frame) {
	w.mu.Lock()
	w.posted = append(w.posted, frames...)
	w.mu.Unlock()
	select {
	case w.turn <- struct{}{}:
		w.leave()
	default: // the goroutine that writes now will leave
	}
}

// enter waits for this goroutine's turn, and writes what an interrupted Send has
// left.
func (w *Writer) enter(ctx context.Context) error {
	select {
	case w.turn <- struct{}{}:
	default:
		select {
		case w.turn <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err := w.writeRest(ctx)
	if err != nil {
		w.leave()
	}
	return err
}

func (w *Writer) writeRest(ctx context.Context) error {
	n, err := w.write(ctx, w.rest)
	w.rest = w.rest[n:]
	return err
}

// leave ends this goroutine's turn. What was posted has the next one.
func (w *Writer) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.posted) == 0 {
		<-w.turn
		return
	}
	frames := w.posted
	w.posted = nil
	go func() {
		defer w.leave()
		if w.writeRest(context.Background()) == nil {
			w.writeFrames(context.Background(), frames)
		}
	}()
}

// add appends a frame to those that the next flush writes.
func (w *Writer) add(ctx context.Context, f Frame) error {
	number, err := w.describe(ctx, f.Types)
	if err != nil {
		return err
	}
	kind := f.Kind
	if f.Failed {
		kind |= failed
	}
	w.header(kind, number, f.ID, len(f.Data))
	if len(w.buf)+len(f.Data) <= inline || ctx.Done() != nil { // a frame that may be interrupted is one write
		w.buf = append(w.buf, f.Data...)
		return nil
	}
	n := min(len(f.Data), max(0, inline-len(w.buf))) // copy as many bytes as make a worthwhile first write
	w.buf = append(w.buf, f.Data[:n]...)
	if err := w.flush(ctx); err != nil {
		return err
	}
	_, err = w.write(ctx, f.Data[n:])
	return err
}

func (w *Writer) header(k Kind, types byte, id uint64, size int) {
	w.buf = append(w.buf, byte(k), types)
	w.buf = binary.LittleEndian.AppendUint64(w.buf, id)
	w.buf = binary.LittleEndian.AppendUint32(w.buf, uint32(size))
}

// describe returns the number of a description. It sends the description first if
// the reader has not got it. When all numbers are used, they begin again.
func (w *Writer) describe(ctx context.Context, t Types) (byte, error) {
	if t == (Types{}) {
		return 0, nil
	}
	if n, known := w.numbers[t]; known {
		return n, nil
	}
	if len(w.numbers) == maxTypes {
		clear(w.numbers)
	}
	n := byte(len(w.numbers) + 1)
	text := t.Value()
	w.header(kindTypes, n, 0, len(text))
	w.buf = append(w.buf, text...)
	err := w.flush(ctx)
	if err == nil || len(w.rest) > 0 {
		w.numbers[t] = n
	}
	return n, err
}

func (w *Writer) flush(ctx context.Context) error {
	b := w.buf
	if w.buf = b[:0]; cap(b) > keep {
		w.buf = nil
	}
	n, err := w.write(ctx, b)
	if n > 0 && n < len(b) {
		w.rest = bytes.Clone(b[n:])
	}
	return err
}

func (w *Writer) write(ctx context.Context, b []byte) (n int, err error) {
	if w.fault != nil || len(b) == 0 { // Windows takes a write of nothing for EOF
		return 0, w.fault
	}
	n, err = writeUntil(ctx, w.out, b)
	if err != nil && ctx.Err() == nil {
		w.fault = err
	}
	return n, err
}

// A Reader reads frames from a pipe. One goroutine at a time may call Next.
type Reader struct {
	in     *bufio.Reader
	header [headerSize]byte    // of the frame that is being read
	types  [maxTypes + 1]Types // the descriptions that have arrived, by number
	lost   error               // set after an impossible size: the next frame cannot be found
}

// NewReader returns a Reader for one end of a pipe.
func NewReader(in io.Reader) *Reader {
	return &Reader{in: bufio.NewReaderSize(in, 32<<10)}
}

// Next returns the next frame; its bytes are the caller's. The error is io.EOF
// if the pipe ended between two frames, io.ErrUnexpectedEOF if it ended within
// one, and nothing more can be read after any other.
func (r *Reader) Next() (f Frame, err error) {
	for {
		f, number, err := r.next()
		switch {
		case err != nil:
			return f, err
		case f.Kind == kindTypes:
			r.types[number] = unique.Make(string(f.Data))
		default:
			f.Types = r.types[number]
			return f, nil
		}
	}
}

func (r *Reader) next() (f Frame, types byte, err error) {
	header := r.header[:]
	if r.lost != nil {
		return f, 0, r.lost
	}
	if _, err := io.ReadFull(r.in, header); err != nil {
		return f, 0, err
	}
	f.Kind, f.Failed = Kind(header[0]&^failed), header[0]&failed != 0
	f.ID = binary.LittleEndian.Uint64(header[2:])
	size := int64(binary.LittleEndian.Uint32(header[10:]))
	if size > MaxSize+added {
		r.lost = fmt.Errorf("%w: its header says %d bytes", ErrTooLong, size)
		return f, 0, r.lost
	}
	f.Data, err = readBytes(r.in, int(size))
	return f, header[1], err
}

// Waiting reports whether bytes were read from the pipe that Next has not returned.
func (r *Reader) Waiting() bool { return r.in.Buffered() > 0 }

// readBytes reads size bytes. Beyond what is believed, the buffer grows as the bytes
// really arrive: a false size costs at most eight times the bytes that have arrived.
func readBytes(in io.Reader, size int) ([]byte, error) {
	b := make([]byte, min(size, believed))
	for n := 0; ; {
		if _, err := io.ReadFull(in, b[n:]); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		if n = len(b); n == size {
			return b, nil
		}
		longer := make([]byte, min(size, 8*n)) // slices.Grow would write zeros first
		copy(longer, b)
		b = longer
	}
}
