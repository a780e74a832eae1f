package frame

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unique"
	"unsafe"
)

// Gob describes a type once for each stream and then only sends values. So a
// stream is forty times as fast as a new encoder for each value. But only a
// reader that has read all values before can read the next one. So we cut off the
// description and send it beside the values, and each value stands alone. There
// is one exception: gob describes what an interface holds in the middle of a
// value, so a value that may hold interfaces is a stream of its own.

// Types is what gob says about the types of a value. Equal descriptions are one
// Types; the zero Types describes nothing.
type Types = unique.Handle[string]

// A Value is an encoded value. It can be decoded without any other.
type Value struct {
	Types  Types
	Data   []byte
	Failed bool // Data is the text of an error, which Decode returns
	shared bool // Data is the memory of the value itself
}

// Keep returns a Value that does not change with the value that was encoded.
func (v Value) Keep() Value {
	if v.shared {
		v.Data, v.shared = bytes.Clone(v.Data), false
	}
	return v
}

// Failure returns a Value for which Decode returns this error.
func Failure(err error) Value { return Value{Data: []byte(err.Error()), Failed: true} }

var errHandle = errors.New("queues and ends of pipes are passed only in the argument of a process that starts: give them to NewProcess")

// Encode encodes what v points to. The Value may share memory with it until
// [Value.Keep]. A handle in v is an error.
func Encode(v any) (Value, error) { return EncodeArgument(v, noHandles) }

func noHandles(any) error { return errHandle }

// EncodeArgument is [Encode] for a value that may have handles in it: found is
// called with each handle, before the handle's own GobEncode.
func EncodeArgument(v any, found func(handle any) error) (Value, error) {
	val, e, err := encode(v, found)
	if e != nil {
		val.Data = bytes.Clone(val.Data)
		e.putBack()
	}
	return val, err
}

// SendValue sends what v points to: it is Encode and Send, without a copy.
func (w *Writer) SendValue(ctx context.Context, k Kind, id uint64, v any) error {
	val, e, err := encode(v, noHandles)
	if err != nil {
		return err
	}
	err = w.Send(ctx, Frame{Kind: k, ID: id, Value: val})
	if e != nil {
		e.putBack()
	}
	return err
}

// encode returns a Value, and the encoder that it shares memory with, if any.
func encode(v any, found func(handle any) error) (val Value, e *encoder, err error) {
	c := coderOf(reflect.TypeOf(v).Elem())
	if c.refusal != "" {
		return val, nil, c.explain("encode", errors.New(c.refusal))
	}
	if c.deep {
		if err := inspect(reflect.ValueOf(v).Elem(), found, 0); err != nil {
			return val, nil, c.explain("encode", err)
		}
	}
	switch {
	case c.text:
		s := *(*string)(reflect.ValueOf(v).UnsafePointer())
		val = Value{Data: unsafe.Slice(unsafe.StringData(s), len(s)), shared: true}
	case c.plain:
		val = Value{Data: c.memory(v), shared: true}
	case c.custom:
		val, e, err = c.encodeGuarded(v)
	default:
		val, e, err = c.encode(v)
	}
	if err == nil && len(val.Data) > MaxSize {
		err = fmt.Errorf("%w: %d bytes", ErrTooLong, len(val.Data))
	}
	if err != nil {
		return Value{}, nil, c.explain("encode", err)
	}
	return val, e, nil
}

// Decode puts a value where v points to, which must be zero: gob does not write
// fields that are zero.
func Decode(val Value, v any) error {
	if val.Failed {
		return errors.New(string(val.Data))
	}
	c := coderOf(reflect.TypeOf(v).Elem())
	switch {
	case c.text:
		*(*string)(reflect.ValueOf(v).UnsafePointer()) = unsafe.String(unsafe.SliceData(val.Data), len(val.Data))
		return nil
	case c.plain:
		return c.remember(val.Data, v)
	}
	var err error
	if c.custom {
		err = Guard(func() error { return c.decode(val, v) })
	} else {
		err = c.decode(val, v)
	}
	if err != nil {
		return c.explain("decode", err)
	}
	return nil
}

// A coder encodes and decodes the values of one type.
type coder struct {
	shape
	encoders sync.Pool // of *encoder: those not in use

	mu       sync.Mutex // guards decoders
	decoders []*decoder // those not in use
}

// An encoder is a gob stream that has described its type already. After an error
// the encoder is thrown away: it may have noted a description that was lost.
type encoder struct {
	coder  *coder
	stream *gob.Encoder
	buf    bytes.Buffer
	types  Types
}

// A decoder is a gob stream that has read these types.
type decoder struct {
	stream *gob.Decoder
	in     bytes.Reader
	types  Types
}

const spare = 4 // how many decoders of a type are kept for the next value

var coders sync.Map // by reflect.Type

func coderOf(t reflect.Type) *coder {
	if c, known := coders.Load(t); known {
		return c.(*coder)
	}
	c, _ := coders.LoadOrStore(t, &coder{shape: newShape(t)})
	return c.(*coder)
}

// encode returns a Value, and the encoder that shares its bytes, if any.
func (c *coder) encode(v any) (val Value, e *encoder, err error) {
	defer caught(&err)
	if p := reflect.ValueOf(v).Elem(); p.Kind() == reflect.Pointer {
		for q := p; q.Kind() == reflect.Pointer; q = q.Elem() {
			if q.IsNil() {
				return val, nil, errors.New("it is a nil pointer")
			}
		}
		v = p.Interface() // gob follows one pointer to a GobEncoder, not two
	}
	e = c.encoder()
	e.buf.Reset()
	if err := e.stream.Encode(v); err != nil {
		return val, nil, err
	}
	b := e.buf.Bytes()
	if c.open {
		return Value{Data: b}, nil, nil
	}
	cut := endOfTypes(b)
	if cut > 0 {
		e.types = unique.Make(string(b[:cut]))
	}
	val = Value{Types: e.types, Data: b[cut:]}
	if len(b) > keep {
		return val, nil, nil
	}
	return val, e, nil
}

// encodeGuarded is encode for a type whose own code may run.
func (c *coder) encodeGuarded(v any) (val Value, e *encoder, err error) {
	err = Guard(func() (err error) {
		val, e, err = c.encode(v)
		return err
	})
	return val, e, err
}

// putBack lets another value use the encoder.
func (e *encoder) putBack() { e.coder.encoders.Put(e) }

func (c *coder) encoder() *encoder {
	if e, ok := c.encoders.Get().(*encoder); ok {
		return e
	}
	e := &encoder{coder: c}
	e.stream = gob.NewEncoder(&e.buf)
	return e
}

// endOfTypes returns where the value begins in what an encoder has written. Gob
// writes messages: a length, and then a number, negative if a type follows.
func endOfTypes(b []byte) int {
	for at := 0; at < len(b); {
		length, n := gobUint(b[at:])
		if number, _ := gobUint(b[at+n:]); number&1 == 0 { // the sign is the last bit
			return at
		}
		at += n + int(length)
	}
	return 0
}

// gobUint reads an unsigned number as package gob documents it: one byte up to
// 127, or the number of bytes, negated, and then these.
func gobUint(b []byte) (x uint64, n int) {
	if b[0] <= 127 {
		return uint64(b[0]), 1
	}
	n = -int(int8(b[0]))
	for _, digit := range b[1 : 1+n] {
		x = x<<8 | uint64(digit)
	}
	return x, 1 + n
}

func (c *coder) decode(val Value, v any) (err error) {
	defer caught(&err)
	d := c.decoder(val.Types)
	if d == nil {
		d = &decoder{types: val.Types}
		d.stream = gob.NewDecoder(&d.in)
		if d.types != (Types{}) {
			val.Data = append([]byte(d.types.Value()), val.Data...)
		}
	}
	d.in.Reset(val.Data)
	if err := d.stream.Decode(v); err != nil {
		return notEOF(err)
	}
	if d.in.Len() > 0 {
		return fmt.Errorf("%w: %d bytes are left over", ErrBroken, d.in.Len())
	}
	if c.open {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.decoders) < spare && len(val.Data) <= keep {
		c.decoders = append(c.decoders, d)
	}
	return nil
}

// decoder returns a decoder that has read these types, or nil.
func (c *coder) decoder(t Types) *decoder {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, d := range slices.Backward(c.decoders) {
		if d.types == t {
			c.decoders = slices.Delete(c.decoders, i, i+1)
			return d
		}
	}
	return nil
}

// notEOF keeps the end of a value from looking like the end of the pipe.
func notEOF(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it ends too early", ErrBroken)
	}
	return err
}

// ErrGoexit says that a function of the program has called runtime.Goexit.
var ErrGoexit = errors.New("runtime.Goexit was called")

// Guard calls f, which may run code of the program. If that code calls
// runtime.Goexit, f's goroutine ends, so f has its own goroutine, and Guard
// returns [ErrGoexit].
func Guard(f func() error) error {
	err := ErrGoexit
	left := make(chan struct{})
	go func() {
		defer close(left)
		err = f()
	}()
	<-left
	return err
}

// caught makes an error of a panic: gob's own at a nil pointer, or the program's. It
// asks for the error's text because here, within Guard, even a Goexit does no harm.
func caught(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("panic: %v", r)
	} else if *err != nil {
		_ = fmt.Sprint(*err)
	}
}

func (c *coder) explain(what string, err error) error {
	advice := ""
	switch text := fmt.Sprint(err); { // the program's own Error may panic, and fmt catches that
	case strings.Contains(text, "not registered"):
		advice = "; call gob.Register, in an init function, for each type in an interface; instead of an error, send its text"
	case strings.Contains(text, "no exported fields"):
		advice = "; only fields that begin with a capital letter are sent"
	}
	return fmt.Errorf("mp: cannot %s a value of type %v: %w%s", what, c.t, err, advice)
}
