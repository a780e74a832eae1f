package mp

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
)

type point struct{ X, Y int }

// wire is a pipe in memory.
func wire() (*sender, *receiver, *bytes.Buffer) {
	var b bytes.Buffer
	return newSender(&b), newReceiver(&b), &b
}

func roundTrip[T any](t *testing.T, s *sender, r *receiver, v T) (got T) {
	t.Helper()
	if err := s.send(5, 1234567, &v); err != nil {
		t.Fatal(err)
	}
	f, err := r.next()
	if err != nil || f.kind != 5 || f.id != 1234567 {
		t.Fatal(f, err)
	}
	if err := r.decode(f, &got); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestValuesTravel(t *testing.T) {
	s, r, _ := wire()
	for range 2 { // the second time, gob sends no types
		if got := roundTrip(t, s, r, point{1, 2}); got != (point{1, 2}) {
			t.Error(got)
		}
		if got := roundTrip(t, s, r, "some text"); got != "some text" {
			t.Error(got)
		}
		if got := roundTrip(t, s, r, []byte{}); len(got) != 0 {
			t.Error(got)
		}
		if got := roundTrip(t, s, r, &point{3, 4}); *got != (point{3, 4}) {
			t.Error(got)
		}
		if got := roundTrip[any](t, s, r, 7); got != 7 {
			t.Error(got)
		}
		roundTrip(t, s, r, None{})
		roundTrip(t, s, r, struct{}{})
		if got := roundTrip(t, s, r, []None{{}, {}}); len(got) != 2 {
			t.Error(got)
		}
		long := strings.Repeat("0123456789", inline)
		if got := roundTrip(t, s, r, long); got != long {
			t.Error(len(got))
		}
		if got := roundTrip(t, s, r, []byte(long)); string(got) != long {
			t.Error(len(got))
		}
	}
}

// A value that cannot be encoded leaves no trace, and what the encoder then
// believes it has sent, it sends again.
func TestFailedEncodeLeavesNoTrace(t *testing.T) {
	s, r, b := wire()
	for range 2 {
		bad := parcelOf{N: 1, Any: func() {}} // its type can be described, its value cannot be encoded
		if err := s.send(5, 1, &bad); err == nil || b.Len() > 0 {
			t.Error(err, b.Len())
		}
		if got := roundTrip(t, s, r, parcelOf{N: 2}); got.N != 2 {
			t.Error(got)
		}
	}
}

// A write of nothing would be a system call for nothing; and on Windows, who
// reads it takes it for the end of the pipe.
func TestNothingIsNotWritten(t *testing.T) {
	writes := 0
	s := newSender(writerFunc(func(b []byte) (int, error) {
		writes++
		return len(b), nil
	}))
	s.flush()
	if writes > 0 {
		t.Errorf("flush() of nothing: %d writes", writes)
	}
}

// zeros is a pipe without an end.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func TestPipesEnd(t *testing.T) {
	s, _, b := wire()
	s.send(5, 1, &point{1, 2})
	whole := b.Bytes()
	for n := range whole {
		_, err := newReceiver(bytes.NewReader(whole[:n])).next()
		want := io.ErrUnexpectedEOF
		if n == 0 {
			want = io.EOF
		}
		if err != want {
			t.Errorf("after %d of %d bytes: %v", n, len(whole), err)
		}
	}
}

// G8: a length that lies costs no more than what is believed, and eight times
// of what has arrived.
func TestLengthThatLies(t *testing.T) {
	lie := append(make([]byte, 9), 0, 0, 0, 0x40) // 1 GiB
	for _, arrives := range []int{0, believed + 1} {
		r := newReceiver(io.MultiReader(bytes.NewReader(lie), io.LimitReader(zeros{}, int64(arrives))))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := r.next()
		runtime.ReadMemStats(&after)
		if err != io.ErrUnexpectedEOF {
			t.Error(err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > uint64(believed+8*arrives+1<<20) {
			t.Errorf("after %d bytes it has cost %d", arrives, used)
		}
	}
	r := newReceiver(strings.NewReader(strings.Repeat("\xff", headerSize) + strings.Repeat("\x00", headerSize)))
	for range 2 { // nobody knows where the next one would begin
		if _, err := r.next(); !errors.Is(err, ErrTooLong) {
			t.Error(err)
		}
	}
}

// G8: gob makes room for as many elements of a map as the bytes say that there
// are. So what we ourselves send has no map.
func TestCountsThatLie(t *testing.T) {
	s, _, b := wire()
	s.send(msgFailures, 0, &map[int]RemoteError{1: {}})
	lie := b.Bytes()[headerSize:]
	i, count := len(lie)-3, []byte{0xfd, 0x40, 0, 0} // 4 million, and then one
	if lie[i] != 1 {
		t.Fatalf("the count is not in % x", lie)
	}
	lie = slices.Replace(lie, i, i+1, count...)
	for k := range i { // the length of what gob takes for a message of its own
		if int(lie[k]) == len(lie)-len(count)-k {
			lie[k] += byte(len(count) - 1)
		}
	}
	seat := newSeat(NewPool(square, 1))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	o := seat.understand(newReceiver(nil), frame{kind: msgFailures, flags: freshStream, body: lie})
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; len(o.failed) > 0 || used > believed {
		t.Errorf("%d failures; it cost %d bytes", len(o.failed), used)
	}
}

// Whatever bytes arrive, reading and decoding them ends, with values or with
// errors, and takes no more memory than they deserve.
func FuzzFrames(f *testing.F) {
	s, _, b := wire()
	s.send(5, 1, &point{1, 2})
	s.send(5, 2, &point{3, 4})
	f.Add(b.Bytes())
	b.Reset()
	s = newSender(b)
	s.send(5, 1, &[]any{1, "two", 3.0})
	f.Add(b.Bytes())
	b.Reset()
	newSender(b).send(msgAnswers, 1, &[]string{"a", "b"})
	f.Add(b.Bytes())
	b.Reset()
	newSender(b).send(msgOrders, 1, &orders{Func: "f", Name: "n"})
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		defer mustEnd()()
		decodeAll[point](data)
		decodeAll[[]any](data)
		decodeAll[string](data)
		decodeAll[*orders](data)
		decodeAll[RemoteError](data)
		decodeAll[[]point](data)
		for in := newReceiver(bytes.NewReader(data)); ; {
			f, err := in.next()
			if err != nil {
				break
			}
			decodeReply(f.body)
		}
	})
}

func decodeAll[T any](data []byte) {
	in := newReceiver(bytes.NewReader(data))
	for {
		f, err := in.next()
		if err != nil {
			return
		}
		var v T
		in.decode(f, &v)
	}
}
