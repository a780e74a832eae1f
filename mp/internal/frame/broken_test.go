package frame

import (
	"bytes"
	"encoding/gob"
	"errors"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"
)

// Bytes arrive that no process of this program has sent, and values cannot be
// sent.

// If a value cannot be encoded, no byte of it is sent. The encoder then sends the
// descriptions of the types again.
func TestFailedEncodeLeavesNoTrace(t *testing.T) {
	w, r, b := pipe()
	for range 2 {
		for _, bad := range []any{&loose{func() {}}, &[]picky{{"encode error"}}, &[]picky{{"encode goexit"}}, &[]*named{nil}} {
			if err := w.SendValue(ctx, 5, 1, bad); err == nil || b.Len() > 0 {
				t.Errorf("%T: %v, and %d bytes", bad, err, b.Len())
			}
		}
		same(t, w, r, loose{2})
		same(t, w, r, []picky{{"fine"}})
		same(t, w, r, []*named{{"a", point{1, 2}}})
	}
}

// A writer does not write 0 bytes: on Windows, the reader would take that for
// EOF.
func TestNothingIsNotWritten(t *testing.T) {
	writes := 0
	w := NewWriter(writerFunc(func(b []byte) (int, error) {
		writes++
		return len(b), nil
	}))
	if err := w.Send(ctx); writes > 0 || err != nil {
		t.Errorf("Send() of nothing: %d writes, %v", writes, err)
	}
	if err := w.Send(ctx, Frame{Kind: 1}); writes != 1 || err != nil {
		t.Errorf("Send() of a frame without bytes: %d writes, %v", writes, err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// After a failed write, half a frame may be in the pipe, so nothing else is
// written.
func TestNothingFollowsHalfAFrame(t *testing.T) {
	var out bytes.Buffer
	w := NewWriter(writerFunc(func(b []byte) (int, error) {
		if out.Len() > 0 {
			t.Error("it goes on in the middle of a frame")
		}
		n, _ := out.Write(b[:len(b)/2])
		return n, io.ErrClosedPipe
	}))
	f := Frame{Kind: 1, Value: Value{Data: make([]byte, 100)}}
	for range 2 {
		if err := w.Send(ctx, f); err != io.ErrClosedPipe {
			t.Errorf("Send() = %v", err)
		}
	}
	w.Post(f)
	if err := w.Send(ctx); err != io.ErrClosedPipe {
		t.Errorf("Send() of nothing = %v", err)
	}
}

// zeros is a pipe that never gets EOF.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// G8: if a frame claims a false size, the reader allocates at most a fixed number
// of bytes, and eight times the bytes that have arrived.
func TestLengthThatLies(t *testing.T) {
	for _, kind := range []Kind{1, kindTypes, 1 | failed} {
		lie := make([]byte, headerSize)
		lie[0], lie[headerSize-1] = byte(kind), 0x40 // 1 GiB
		for _, arrives := range []int{0, believed + 1} {
			r := NewReader(io.MultiReader(bytes.NewReader(lie), io.LimitReader(zeros{}, int64(arrives))))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := r.Next()
			runtime.ReadMemStats(&after)
			if err != io.ErrUnexpectedEOF {
				t.Error(err)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > uint64(believed+8*arrives+1<<20) {
				t.Errorf("after %d bytes, %d bytes were allocated", arrives, used)
			}
		}
	}
	r := NewReader(strings.NewReader(strings.Repeat("\xff", headerSize) + strings.Repeat("\x00", headerSize)))
	for range 2 { // the second error is the same: the next frame cannot be found
		if _, err := r.Next(); !errors.Is(err, ErrTooLong) {
			t.Error(err)
		}
	}
}

// Half a value, two values, and other bytes are errors, but not EOF.
func TestBrokenValues(t *testing.T) {
	whole, err := Encode(&named{"a", point{1, 2}})
	if err != nil {
		t.Fatal(err)
	}
	broken := func(v Value) {
		t.Helper()
		err := Decode(v, new(named))
		if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("Decode(% x) = %v", v.Data, err)
		}
	}
	for n := range whole.Data {
		broken(Value{Types: whole.Types, Data: whole.Data[:n]})
	}
	broken(Value{Types: whole.Types, Data: append(bytes.Clone(whole.Data), whole.Data...)})
	broken(Value{Data: whole.Data}) // without a type
	broken(Failure(errors.New("no")))
	var got named
	if err := Decode(whole, &got); err != nil || got.Name != "a" {
		t.Error("after all this:", got, err)
	}
}

// G8: if a list claims a false length, it is an error, and the reader does not
// allocate that length.
func TestCountsOfListsThatLie(t *testing.T) {
	whole, err := EncodeList([]*named{{"a", point{}}, {"b", point{}}})
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for n := range whole.Data {
		for _, count := range []int{-1, 0, 1, 2, 3, 1 << 40} {
			cut := whole
			cut.Data = whole.Data[:n]
			if list, _, err := DecodeList[*named](cut, count); err == nil && len(list) != count {
				t.Errorf("%d bytes are a list of %d elements, not %d", n, len(list), count)
			}
		}
	}
	for _, size := range []string{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "\x06", "\x81", strings.Repeat("\xff", 11)} { // of the first element
		if _, _, err := DecodeList[*named](Value{Data: []byte(size)}, 2); !errors.Is(err, ErrBroken) {
			t.Errorf("size % x: %v", size, err)
		}
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
		t.Errorf("%d bytes were allocated", used)
	}
}

// Any bytes can be read and decoded: the result is a value or an error. It does
// not hang, and needs little memory. (There are no maps here, because gob
// allocates as many elements as the bytes claim.)
func FuzzFrames(f *testing.F) {
	gob.Register([]any{})
	var b bytes.Buffer
	add := func(frames ...any) {
		b.Reset()
		w := NewWriter(&b)
		for i, v := range frames {
			if err := w.SendValue(ctx, 5, uint64(i), v); err != nil {
				f.Fatal(err)
			}
		}
		f.Add(b.Bytes())
	}
	add(&point{1, 2}, &point{3, 4}, &[]point{{5, 6}})
	add(&[]any{1, "two", 3.0})
	add(&[]string{"a", "b"}, &[]bool{true})
	add(&named{"a", point{1, 2}}, &named{"b", point{3, 4}})
	for _, list := range [][]*named{{{"a", point{}}, nil, {"c", point{}}}, {}} {
		b.Reset()
		v, err := EncodeList(list)
		if err == nil {
			err = NewWriter(&b).Send(ctx, Frame{Kind: 5, ID: 3, Value: v}, Frame{Kind: 5, ID: 0, Value: Failure(io.EOF)})
		}
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		defer mustEnd()()
		for in := NewReader(bytes.NewReader(data)); ; {
			f, err := in.Next()
			if err != nil {
				return
			}
			decode[point](f)
			decode[[]any](f)
			decode[string](f)
			decode[*named](f)
			decode[[]named](f)
			decode[[]point](f)
			decode[picky](f)
		}
	})
}

func decode[T any](f Frame) {
	var v T
	Decode(f.Value, &v)
	DecodeList[T](f.Value, int(f.ID%100))
}

// With mustEnd, a test that hangs fails. So the fuzzer keeps the input on which
// it hangs.
func mustEnd() (ended func() bool) {
	return time.AfterFunc(10*time.Second, func() {
		debug.SetTraceback("all")
		panic("it hangs")
	}).Stop
}
