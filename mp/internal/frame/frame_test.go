package frame

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"io"
	"math/big"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
	"unique"
)

type point struct{ X, Y int }

type named struct {
	Name string
	At   point
}

var ctx = context.Background()

func roundTrip[T any](t *testing.T, w *Writer, r *Reader, v T) (got T) {
	t.Helper()
	val, err := Encode(&v)
	if err == nil {
		err = w.Send(ctx, Frame{Kind: 5, ID: 1234567, Value: val})
	}
	if err != nil {
		t.Fatal(err)
	}
	f, err := r.Next()
	if err != nil || f.Kind != 5 || f.ID != 1234567 {
		t.Fatal(f, err)
	}
	if err := Decode(f.Value, &got); err != nil {
		t.Fatal(err)
	}
	return got
}

func pipe() (*Writer, *Reader, *bytes.Buffer) {
	var b bytes.Buffer
	return NewWriter(&b), NewReader(&b), &b
}

func same[T any](t *testing.T, w *Writer, r *Reader, v T) {
	t.Helper()
	if got := roundTrip(t, w, r, v); !reflect.DeepEqual(got, v) {
		t.Errorf("%#v arrived as %#v", v, got)
	}
}

func TestValuesArrive(t *testing.T) {
	w, r, _ := pipe()
	long := strings.Repeat("0123456789", inline)
	for range 2 { // the second time, no types are described
		same(t, w, r, point{1, 2})
		same(t, w, r, named{"a", point{3, 4}})
		same(t, w, r, []named{{"a", point{3, 4}}, {"b", point{}}})
		same(t, w, r, map[string]int{"a": 1})
		same(t, w, r, "some text")
		same(t, w, r, []byte{})
		same(t, w, r, &point{3, 4})
		same(t, w, r, &named{"p", point{}})
		same(t, w, r, true)
		same[any](t, w, r, 7)
		same(t, w, r, struct{}{})
		same(t, w, r, []struct{}{{}, {}})
		same(t, w, r, long)
		same(t, w, r, []byte(long))
		same(t, w, r, time.Unix(1, 0).UTC())
	}
}

// Each value can be decoded without the others, also by a process that gets it
// through another pipe.
func TestValuesStandAlone(t *testing.T) {
	var values []Value
	for i := range 3 {
		v, err := Encode(&named{"n", point{i, i}})
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, v)
	}
	w, r, _ := pipe()
	for _, i := range []int{2, 0} {
		w.Send(ctx, Frame{Kind: 1, Value: values[i]})
		f, _ := r.Next()
		var got named
		if err := Decode(f.Value, &got); err != nil || got.At.X != i {
			t.Error(got, err)
		}
	}
}

// picky cannot always be encoded or decoded.
type picky struct{ How string }

func (p picky) GobEncode() ([]byte, error) {
	return []byte(p.How), trouble(p.How, "encode")
}

func (p *picky) GobDecode(b []byte) error {
	p.How = string(b)
	return trouble(p.How, "decode")
}

func trouble(how, when string) error {
	switch how {
	case when + " error":
		return errors.New("no")
	case when + " panic":
		panic("no")
	case when + " goexit":
		runtime.Goexit()
	case when + " rude":
		return rude{}
	}
	return nil
}

// A rude error ends the goroutine that asks for its text.
type rude struct{}

func (rude) Error() string { runtime.Goexit(); return "" }

// If a value cannot be encoded or decoded, only that value is an error.
func TestTroubleStaysAtItsValue(t *testing.T) {
	for _, when := range []string{"encode", "decode"} {
		for _, how := range []string{"error", "panic", "goexit", "rude"} {
			v, err := Encode(&[]picky{{when + " " + how}})
			if (err != nil) != (when == "encode") {
				t.Error(when, how, err)
			}
			var got []picky
			if err == nil && Decode(v, &got) == nil {
				t.Error(when, how, got)
			}
			w, r, _ := pipe()
			same(t, w, r, []picky{{"fine"}})
		}
	}
}

type ring struct{ Next *ring }

type loose struct{ Any any }

type event struct {
	time.Time
	Title string
}

type own struct { // has its own GobEncode, so the embedded one does not count
	time.Time
	Title string
}

func (o own) GobEncode() ([]byte, error) { return []byte(o.Title), nil }
func (o *own) GobDecode(b []byte) error  { o.Title = string(b); return nil }

// Of these two methods, each type has one itself, and the other from its Time.
type encodes struct {
	time.Time
	Title string
}

type decodes struct {
	time.Time
	Title string
}

func (encodes) GobEncode() ([]byte, error) { return nil, nil }
func (*decodes) GobDecode([]byte) error    { return nil }

// mute cannot be encoded, and its error has no text.
type mute struct{}

type noText string

func (n *noText) Error() string         { return string(*n) }
func (mute) GobEncode() ([]byte, error) { return nil, (*noText)(nil) }
func (*mute) GobDecode([]byte) error    { return (*noText)(nil) }

func TestWhatCannotBeSentIsNamed(t *testing.T) {
	gob.Register([]any{})
	circle := &ring{}
	circle.Next = circle
	endless := []any{nil}
	endless[0] = endless
	book := map[string]any{}
	book["a"] = book
	long := &ring{}
	for range 2 * deepest {
		long = &ring{long}
	}
	refused := func(v any, want string) {
		t.Helper()
		p := reflect.New(reflect.TypeOf(v))
		p.Elem().Set(reflect.ValueOf(v))
		if _, err := Encode(p.Interface()); err == nil || strings.Count(err.Error(), want) != 1 {
			t.Errorf("%T: %v, want %q once", v, err, want)
		}
	}
	refused(circle, "refers to itself")
	refused(endless, "refers to itself")
	refused(book, "refers to itself")
	refused(long, "refers to itself")
	refused(loose{circle}, "refers to itself")
	refused((*point)(nil), "nil pointer")
	refused([]*named{nil}, "nil element")
	refused(event{}, "give that field a name")
	refused([]event{}, "give that field a name")
	refused(loose{event{}}, "give that field a name")
	refused(encodes{}, "give that field a name")
	refused(decodes{}, "give that field a name")
	refused(struct{ *time.Time }{}, "give that field a name")
	refused(struct{ C chan int }{}, "its field C, a chan int, means nothing in another process")
	refused(struct{ C []func() }{}, "means nothing in another process")
	refused(struct{ c int }{}, "capital letter")
	refused(loose{point{}}, "gob.Register")
	refused(struct{ event }{}, "give that field a name") // one level more
	refused(mute{}, "<nil>")
	w, r, _ := pipe()
	same(t, w, r, struct{ time.Time }{time.Unix(1, 0).UTC()})
	one := 1
	same(t, w, r, struct {
		N, None *int
		P       *point
	}{N: &one, P: &point{}})
	if got := roundTrip(t, w, r, own{Title: "x"}); got.Title != "x" {
		t.Error(got)
	}
	short := &ring{}
	for range deepest / 2 {
		short = &ring{short}
	}
	same(t, w, r, short)
}

func TestListsHaveErrorsInTheirPlaces(t *testing.T) {
	v, err := EncodeList([]picky{{"a"}, {"encode error"}, {"decode panic"}, {"d"}})
	if err != nil {
		t.Fatal(err)
	}
	got, errs, err := DecodeList[picky](v, 4)
	if err != nil || len(got) != 4 || got[0].How != "a" || got[3].How != "d" || len(errs) != 2 || errs[1] == nil || errs[2] == nil {
		t.Error(got, errs, err)
	}
	v, _ = EncodeList([]*named{{"a", point{}}, nil, {"c", point{}}})
	people, errs, err := DecodeList[*named](v, 3)
	if err != nil || people[2].Name != "c" || len(errs) != 1 {
		t.Error(people, errs, err)
	}
	for n := range 5 {
		if _, errs, err := DecodeList[*named](v, n); (err == nil && errs[0] == nil) != (n == 3) {
			t.Error(n, errs, err)
		}
	}
	v, err = EncodeList([]picky{{"a"}})
	if got, errs, err := DecodeList[picky](v, 1); err != nil || got[0].How != "a" || len(errs) > 0 {
		t.Error("only one:", got, errs, err)
	}
	if _, err := EncodeList([]picky{{"encode error"}}); err == nil {
		t.Error("the only one cannot be encoded")
	}
	v, _ = EncodeList([]int{1, 2, 3})
	if ints, _, err := DecodeList[int](v, 3); err != nil || ints[2] != 3 {
		t.Error(ints, err)
	}
}

// A pipe remembers a limited number of descriptions of types. When there are too
// many, they are sent again.
func TestManyTypes(t *testing.T) {
	w, r, _ := pipe()
	v, _ := Encode(&named{"a", point{1, 2}})
	text := v.Types.Value()
	for i := range 3 * maxTypes {
		other := v
		if i%2 == 0 { // the same description, and bytes after it that are never read
			other.Types = unique.Make(text + strings.Repeat("\x00", i))
		}
		if err := w.Send(ctx, Frame{Kind: 1, Value: other}); err != nil {
			t.Fatal(err)
		}
		if f, err := r.Next(); err != nil || f.Types != other.Types {
			t.Fatal(i, err)
		}
	}
}

// After a Send whose context has ended, the pipe still works.
func TestSendEndsWithItsContext(t *testing.T) {
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer out.Close()
	w, r := NewWriter(out), NewReader(in)
	sent := 0
	for _, size := range []int{100, 30_000, 0} {
		short, cancel := context.WithTimeout(ctx, time.Second/4)
		for err = nil; err == nil; {
			if err = w.Send(short, Frame{Kind: 1, ID: uint64(size), Value: Value{Data: make([]byte, size)}}); err == nil {
				sent++
			}
		}
		cancel()
		if err != context.DeadlineExceeded {
			t.Fatal(err)
		}
	}
	go func() {
		w.Send(ctx, Frame{Kind: 2})
	}()
	for len(w.turn) == 0 { // until that Send waits for room
		runtime.Gosched()
	}
	defer time.AfterFunc(30*time.Second, func() { in.Close() }).Stop()
	short, cancel := context.WithTimeout(ctx, time.Second/4)
	defer cancel()
	if err := w.Send(short, Frame{Kind: 3}); err != context.DeadlineExceeded {
		t.Fatal("Send while another one waits:", err)
	}
	partial := 0
	for {
		f, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if f.Kind == 2 {
			break
		}
		if len(f.Data) != int(f.ID) {
			t.Fatal(f.ID, len(f.Data))
		}
		if sent--; sent < 0 && f.ID < uint64(AtOnce) {
			t.Error("a short frame that was not sent arrived")
		} else if sent < 0 {
			partial++
		}
	}
	if sent > 0 || partial > 1 {
		t.Errorf("%d frames are missing, %d arrived although their Send failed", sent, partial)
	}
}

func TestPipesEnd(t *testing.T) {
	w, _, b := pipe()
	v, _ := Encode(&point{1, 2})
	w.Send(ctx, Frame{Kind: 5, ID: 1, Value: v})
	whole := b.Bytes()
	for n := range whole {
		_, err := NewReader(bytes.NewReader(whole[:n])).Next()
		want := io.ErrUnexpectedEOF
		if n == 0 {
			want = io.EOF
		}
		if err != want {
			t.Errorf("after %d of %d bytes: %v", n, len(whole), err)
		}
	}
}

// What was posted comes before all that is sent later, whoever writes it, and
// none of the two keeps the one who posts.
func TestPostedComesFirst(t *testing.T) {
	r, out := io.Pipe()
	w, in := NewWriter(out), NewReader(r)
	const n = 1000
	long := make([]byte, 2*inline)
	go func() {
		for i := uint64(0); i < 4*n; i += 4 {
			w.Post(Frame{Kind: 1, ID: i}, Frame{Kind: 1, ID: i + 1, Value: Value{Data: long}})
			w.Post(Frame{Kind: 1, ID: i + 2})
			if i%3 == 0 {
				w.Post(Frame{Kind: 1, ID: i + 3})
			} else {
				w.Send(ctx, Frame{Kind: 1, ID: i + 3})
			}
		}
	}()
	for i := range uint64(4 * n) {
		if f, err := in.Next(); f.ID != i || err != nil {
			t.Fatalf("frame %d, %v; want %d", f.ID, err, i)
		}
	}
	r.Close() // nobody reads any more
	for range 10 {
		w.Post(Frame{Kind: 1})
		w.Send(ctx)
	}
	if err := w.Send(ctx); err != io.ErrClosedPipe {
		t.Errorf("Send() = %v; want %v", err, io.ErrClosedPipe)
	}
	if w.posted != nil {
		t.Errorf("%d frames are kept for nobody", len(w.posted))
	}
}

type holder[T any] struct {
	Pointer T
	Rest    int
}

// A pointer to a zero value in a field is refused if gob would lose it, and only
// then.
func TestPointersThatGobLoses(t *testing.T) {
	for _, lost := range []bool{
		loses(t, new(bool)), loses(t, new(int)), loses(t, new(complex128)), loses(t, new(string)), loses(t, new([]int)),
		loses(t, &[]byte{}), loses(t, new(map[int]int)), loses(t, new(any)), loses(t, pointer(new(string))),
	} {
		if !lost {
			t.Error("gob does not lose any of these: the test is wrong")
		}
	}
	for _, lost := range []bool{
		loses(t, new(time.Time)), loses(t, new(big.Int)), loses(t, new(big.Rat)), loses(t, pointer(new(big.Int))), loses(t, new([3]int)),
		loses(t, new(point)), loses(t, &map[int]int{}), loses(t, pointer(1)), loses(t, (*int)(nil)),
	} {
		if lost {
			t.Error("gob loses one of these")
		}
	}
}

// loses reports whether gob loses a pointer. This package must refuse exactly those.
func loses[T any](t *testing.T, p *T) bool {
	t.Helper()
	v, was := holder[*T]{p, 1}, holder[*T]{}
	var stream bytes.Buffer
	if err := errors.Join(gob.NewEncoder(&stream).Encode(v), gob.NewDecoder(&stream).Decode(&was)); err != nil {
		t.Error(err)
	}
	lost := p != nil && was.Pointer == nil
	_, err := Encode(&v)
	if refused := err != nil && strings.Contains(err.Error(), "its field Pointer points to a zero value"); refused != lost {
		t.Errorf("%T: gob loses it: %t, Encode returns %v", p, lost, err)
	}
	return lost
}

func pointer[T any](v T) *T { return &v }
