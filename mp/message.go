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
	"slices"
	"sync"
)

// One value on a pipe is a frame:
//
//	kind     1 byte   what the payload means; the top bit: a new gob stream begins
//	id       8 bytes  what it is about: the number of an item, a task, a call
//	size     4 bytes  of the payload
//	payload           gob, or the bytes themselves of a []byte or a string
//
// Gob describes a type once for each stream and then only sends values, which
// makes a stream forty times as fast as a fresh coder for each message. So a
// pipe has one stream in each direction, and both of its ends must agree on
// where it begins.
type kind byte

const (
	freshStream = 0x80
	headerSize  = 13
	maxPayload  = 1 << 30
	believed    = 16 << 20 // a length up to here is allocated at once
	inline      = 32 << 10 // longer raw payloads are written without a copy
	keep        = 1 << 20  // a longer buffer is not kept for the next message
)

type frame struct {
	kind  kind
	fresh bool
	id    uint64
	body  []byte
}

// A sender writes frames. It is safe for use by several goroutines.
type sender struct {
	mu    sync.Mutex
	file  io.Writer
	buf   bytes.Buffer // frames not yet written
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
	start := s.buf.Len()
	var header [headerSize]byte
	s.buf.Write(header[:])
	fresh, raw, err := s.encode(v)
	size := s.buf.Len() - start - headerSize + len(raw)
	if err == nil && size > maxPayload {
		err = fmt.Errorf("%w: %d bytes", ErrTooLong, size)
	}
	if err != nil {
		s.buf.Truncate(start)
		s.enc = nil // it may believe that it has described types, in bytes that are now cut off
		return err
	}
	head := s.buf.Bytes()[start:]
	head[0] = byte(k) | fresh
	binary.LittleEndian.PutUint64(head[1:], id)
	binary.LittleEndian.PutUint32(head[9:], uint32(size))
	return s.addRaw(raw)
}

// encode puts what v points to into buf, or returns it if it can go as it is.
func (s *sender) encode(v any) (fresh byte, raw []byte, err error) {
	switch v := v.(type) {
	case nil, *None, *struct{}: // gob refuses a struct without fields
		return 0, nil, nil
	case *[]byte:
		return 0, *v, nil
	case *string:
		if len(*v) <= inline {
			s.buf.WriteString(*v)
			return 0, nil, nil
		}
		return 0, []byte(*v), nil
	}
	if p := reflect.ValueOf(v).Elem(); p.Kind() == reflect.Pointer {
		v = p.Interface() // gob follows one pointer to a GobEncoder, not two
	}
	if s.enc == nil {
		s.enc, fresh = gob.NewEncoder(&s.buf), freshStream
	}
	defer func() { // a nil pointer at the top, or a panic in the value's own GobEncode
		if r := recover(); r != nil {
			err = fmt.Errorf("mp: cannot encode a %T: panic: %v", v, r)
		}
	}()
	return fresh, nil, s.enc.Encode(v)
}

func (s *sender) addRaw(raw []byte) error {
	if len(raw) <= inline {
		s.buf.Write(raw)
		return nil
	}
	if err := s.flush(); err != nil {
		return err
	}
	return s.write(raw)
}

func (s *sender) flush() error {
	err := s.write(s.buf.Bytes())
	if s.buf.Cap() > keep {
		s.buf = bytes.Buffer{}
	}
	s.buf.Reset()
	return err
}

func (s *sender) write(b []byte) error {
	if s.fault == nil {
		_, s.fault = s.file.Write(b)
	}
	return s.fault
}

// restart begins a new gob stream: the other side has dropped frames unread.
func (s *sender) restart() {
	s.mu.Lock()
	s.enc = nil
	s.mu.Unlock()
}

// A receiver reads frames. One goroutine at a time may use it.
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
	f.kind = kind(header[0] &^ freshStream)
	f.fresh = header[0]&freshStream != 0
	f.id = binary.LittleEndian.Uint64(header[1:])
	size := int64(binary.LittleEndian.Uint32(header[9:]))
	if size > maxPayload {
		r.lost = fmt.Errorf("%w: its header says %d bytes", ErrTooLong, size)
		return f, r.lost
	}
	f.body, err = readBody(r.in, int(size))
	return f, err
}

// readBody reads size bytes. Beyond what is believed the buffer doubles as the
// bytes really arrive: a length that lies costs nothing.
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
		body = slices.Grow(body, min(size-n, n))[:min(size, 2*n)]
	}
}

// decode puts the frame's value where v points to. What v points to must be
// zero: gob does not write fields that are zero. After an error the pipe can
// still be used, for its frames keep their boundaries.
func (r *receiver) decode(f frame, v any) (err error) {
	switch v := v.(type) {
	case nil, *None, *struct{}:
		return f.mustBeEmpty()
	case *[]byte:
		*v = f.body
		return nil
	case *string:
		*v = string(f.body)
		return nil
	}
	if f.fresh || r.dec == nil {
		r.dec = gob.NewDecoder(&r.body)
	}
	defer func() { // a panic in the value's own GobDecode
		if r := recover(); r != nil {
			err = fmt.Errorf("mp: cannot decode a %T: panic: %v", v, r)
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
