package mp

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"
	"unsafe"
)

// One value on a pipe is a frame:
//
//	kind     1 byte   what the payload means; the top bit: a new gob stream begins;
//	                  the next: it is not what was asked for, but the text of an error
//	id       8 bytes  what it is about: the number of an item, a task, a call
//	size     4 bytes  of the payload
//	payload           gob, or the bytes themselves of a string or of numbers
//
// Gob describes a type once for each stream and then only sends values, which
// makes a stream forty times as fast as a fresh coder for each message. So a
// pipe has one stream in each direction, and both of its ends must agree on
// where it begins.
type kind byte

const (
	freshStream = 0x80
	isError     = 0x40
	headerSize  = 13
	maxPayload  = 1 << 30
	believed    = 16 << 20 // a length up to here is allocated at once
	atOnce      = 2 << 10  // twice as much goes into a pipe without a reader
	inline      = 32 << 10 // longer raw payloads are written without a copy
	keep        = 1 << 20  // a longer buffer is not kept for the next message
)

type frame struct {
	kind  kind
	flags byte
	id    uint64
	body  []byte
}

// A sender writes frames. It is safe for use by several goroutines.
type sender struct {
	mu    sync.Mutex
	file  io.Writer
	buf   bytes.Buffer // frames not yet written
	rest  []byte       // of the last of them, if it is long: not copied
	enc   *gob.Encoder // into buf; nil: the next value begins a new stream
	fault error        // a failed write: half a frame may be out, so nothing may follow it
}

func newSender(file io.Writer) *sender { return &sender{file: file} }

// send writes one frame with the value that v points to, or with no payload
// for nil. A value that cannot be encoded is an error and leaves no trace.
func (s *sender) send(k kind, id uint64, v any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.add(k, id, v); err != nil {
		return err
	}
	return s.flush()
}

// add appends a frame to those that the next flush writes. Call it with mu held.
func (s *sender) add(k kind, id uint64, v any) error {
	if s.rest != nil {
		if err := s.flush(); err != nil {
			return err
		}
	}
	start, whole := s.buf.Len(), false
	defer func() {
		if !whole { // also after a runtime.Goexit in the value's own GobEncode
			s.buf.Truncate(start)
			s.enc = nil // it may believe that it has described types, in bytes that are now cut off
		}
	}()
	var header [headerSize]byte
	s.buf.Write(header[:])
	fresh, raw, err := s.encode(v)
	size := s.buf.Len() - start - headerSize + len(raw)
	if err == nil && size > maxPayload {
		err = fmt.Errorf("%w: %d bytes", ErrTooLong, size)
	}
	if err != nil {
		return err
	}
	whole = true
	head := s.buf.Bytes()[start:]
	head[0] = byte(k) | fresh
	binary.LittleEndian.PutUint64(head[1:], id)
	binary.LittleEndian.PutUint32(head[9:], uint32(size))
	s.addRaw(raw)
	return nil
}

// addError adds an error in the place of a value, for decode to return. Call it
// with mu held.
func (s *sender) addError(k kind, id uint64, why error) error {
	text := why.Error()
	return s.add(k|isError, id, &text)
}

// encode puts what v points to into buf, or returns it if it can go as it is.
func (s *sender) encode(v any) (fresh byte, raw []byte, err error) {
	switch v := v.(type) {
	case nil:
		return 0, nil, nil
	case *string:
		return 0, unsafe.Slice(unsafe.StringData(*v), len(*v)), nil
	}
	t := reflect.TypeOf(v).Elem()
	switch form := formOf(t); {
	case form.plain:
		return 0, form.memory(v), nil
	case form.lost != "":
		return 0, nil, fmt.Errorf("mp: cannot encode a %v: %s", t, form.lost)
	}
	if p := reflect.ValueOf(v).Elem(); p.Kind() == reflect.Pointer {
		v = p.Interface() // gob follows one pointer to a GobEncoder, not two
	}
	if s.enc == nil {
		s.enc, fresh = gob.NewEncoder(&s.buf), freshStream
	}
	defer func() { // a nil pointer at the top, or a panic in the value's own GobEncode
		if r := recover(); r != nil {
			text := strings.TrimPrefix(fmt.Sprint("panic: ", r), "panic: gob: ") // gob's own is a nil pointer
			err = fmt.Errorf("mp: cannot encode a %v: %s", t, text)
		}
	}()
	if err = s.enc.Encode(v); err != nil {
		err = fmt.Errorf("mp: cannot encode a %v: %w%s", t, err, advice(err))
	}
	return fresh, nil, err
}

// advice completes what gob says of what beginners meet.
func advice(err error) string {
	switch text := err.Error(); {
	case strings.Contains(text, "not registered"):
		return "; what an interface holds travels only if gob.Register knows its type; of an error send its text"
	case strings.Contains(text, "no exported fields"):
		return "; only fields that begin with a capital letter travel"
	}
	return ""
}

// addRaw adds bytes as they are. Of many, only so many are copied that the
// first write is worth its while.
func (s *sender) addRaw(raw []byte) {
	n := len(raw)
	if n > inline {
		n = max(0, inline-s.buf.Len())
		s.rest = raw[n:]
	}
	s.buf.Write(raw[:n])
}

func (s *sender) flush() error {
	err := s.write(s.buf.Bytes())
	if s.rest != nil {
		err = s.write(s.rest)
		s.rest = nil
	}
	if s.buf.Cap() > keep {
		s.buf = bytes.Buffer{}
	}
	s.buf.Reset()
	return err
}

func (s *sender) write(b []byte) error {
	if s.fault == nil && len(b) > 0 { // Windows takes a write of nothing for the end
		_, s.fault = s.file.Write(b)
	}
	return s.fault
}

// A receiver reads frames. One goroutine at a time may call next, and one
// decode.
type receiver struct {
	in   *bufio.Reader
	body bytes.Reader
	dec  *gob.Decoder // from body
	lost error        // a length that cannot be: nobody knows where the next frame begins
}

func newReceiver(file io.Reader) *receiver {
	return &receiver{in: bufio.NewReaderSize(file, 32<<10)}
}

// next returns the next frame: io.EOF if the pipe ended between two of them,
// io.ErrUnexpectedEOF if it ended within one. The body is the caller's.
func (r *receiver) next() (f frame, err error) {
	var header [headerSize]byte
	if r.lost != nil {
		return f, r.lost
	}
	if _, err := io.ReadFull(r.in, header[:]); err != nil {
		return f, err
	}
	f.flags = header[0] & (freshStream | isError)
	f.kind = kind(header[0] ^ f.flags)
	f.id = binary.LittleEndian.Uint64(header[1:])
	size := int64(binary.LittleEndian.Uint32(header[9:]))
	if size > maxPayload {
		r.lost = fmt.Errorf("%w: its header says %d bytes", ErrTooLong, size)
		return f, r.lost
	}
	f.body, err = readBody(r.in, int(size))
	return f, err
}

// buffered reports whether next would return a frame without waiting for the
// pipe.
func (r *receiver) buffered() bool {
	if r.in.Buffered() < headerSize {
		return false
	}
	header, _ := r.in.Peek(headerSize)
	return r.in.Buffered()-headerSize >= int(binary.LittleEndian.Uint32(header[9:]))
}

// readBody reads size bytes. Beyond what is believed the buffer grows as the
// bytes really arrive: a length that lies costs eight times as much at most.
func readBody(in io.Reader, size int) ([]byte, error) {
	body := make([]byte, min(size, believed))
	for n := 0; ; {
		if _, err := io.ReadFull(in, body[n:]); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
		if n = len(body); n == size {
			return body, nil
		}
		longer := make([]byte, min(size, 8*n)) // slices.Grow would write zeros first
		copy(longer, body)
		body = longer
	}
}

// decode puts the frame's value where v points to. What v points to must be
// zero: gob does not write fields that are zero. After an error the pipe can
// still be used, for its frames keep their boundaries.
func (r *receiver) decode(f frame, v any) (err error) {
	if f.flags&isError != 0 {
		return errors.New(string(f.body))
	}
	switch v := v.(type) {
	case nil:
		return f.mustBeEmpty()
	case *string:
		*v = unsafe.String(unsafe.SliceData(f.body), len(f.body))
		return nil
	}
	if ok, err := remember(f.body, v); ok {
		return err
	}
	if f.flags&freshStream != 0 || r.dec == nil {
		r.dec = gob.NewDecoder(&r.body)
	}
	defer func() { // a panic in the value's own GobDecode
		if r := recover(); r != nil {
			err = fmt.Errorf("mp: cannot decode a %v: panic: %v", reflect.TypeOf(v).Elem(), r)
		}
	}()
	r.body.Reset(f.body)
	if err := r.dec.Decode(v); err != nil {
		return fmt.Errorf("mp: a broken message: %w", notEOF(err))
	}
	f.body = f.body[len(f.body)-r.body.Len():]
	return f.mustBeEmpty()
}

func (f frame) mustBeEmpty() error {
	if len(f.body) > 0 {
		return errors.New("mp: a broken message: bytes are left over")
	}
	return nil
}

// notEOF keeps the end of a payload from looking like the end of the pipe.
func notEOF(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it ends too early")
	}
	return err
}
