package frame

import (
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"
)

type spot struct{ X, Y int32 }

func TestWhatIsSentAsItLiesInMemory(t *testing.T) {
	for _, v := range []any{1, uint8(1), 1.5, complex(1, 2), [3]int16{1, 2, 3}, spot{1, 2}, time.Second,
		[]int{1, 2}, []byte("ab"), []spot{{1, 2}}, []float64{}, []struct{}{{}, {}}} {
		t.Run(reflect.TypeOf(v).String(), func(t *testing.T) {
			sent, got := reflect.New(reflect.TypeOf(v)), reflect.New(reflect.TypeOf(v))
			sent.Elem().Set(reflect.ValueOf(v))
			s := newShape(reflect.TypeOf(v))
			if !s.plain {
				t.Fatal("gob would encode it")
			}
			bytes := append([]byte{}, s.memory(sent.Interface())...)
			if err := s.remember(bytes, got.Interface()); err != nil || !reflect.DeepEqual(got.Elem().Interface(), v) {
				t.Errorf("remember() = %v: %v", err, got.Elem())
			}
		})
	}
}

func TestWhatGobMustEncode(t *testing.T) {
	for _, v := range []any{true, "a", uintptr(1), new(int), map[int]int{}, []string{}, []bool{}, [][]int{}, struct{ a int }{},
		struct{ B bool }{}, struct{ P *int }{}, time.Time{}, []time.Time{}, picky{}, [0]picky{}} {
		if newShape(reflect.TypeOf(v)).plain {
			t.Errorf("a %T would be sent as it is in memory", v)
		}
	}
}

// Bytes may have a wrong length, and may begin at an odd address.
func TestBrokenMemory(t *testing.T) {
	for _, n := range []int{0, 1, 7, 9, 16} {
		if err := Decode(Value{Data: make([]byte, n)}, new(int64)); err == nil {
			t.Errorf("%d bytes are an int64", n)
		}
	}
	for _, n := range []int{1, 7, 9, 15} {
		if err := Decode(Value{Data: make([]byte, n)}, new([]int64)); err == nil {
			t.Errorf("%d bytes are int64s", n)
		}
	}
	bytes := make([]byte, 25)
	for at := range 8 {
		copy(bytes[at:], append([]byte{1, 0, 0, 0, 0, 0, 0, 0, 2}, make([]byte, 7)...))
		var got []int64
		if err := Decode(Value{Data: bytes[at : at+16]}, &got); err != nil || !reflect.DeepEqual(got, []int64{1, 2}) {
			t.Errorf("at an odd address, %d: %v, %v", at, got, err)
		}
		if uintptr(unsafe.Pointer(&got[0]))%unsafe.Alignof(got[0]) != 0 {
			t.Error("numbers are at an odd address")
		}
	}
}

// If a variable changes after Encode, a kept value does not change.
func TestKeep(t *testing.T) {
	list := []int{1, 2}
	v, _ := Encode(&list)
	kept := v.Keep()
	list[0] = 7
	var got []int
	if err := Decode(kept, &got); err != nil || got[0] != 1 {
		t.Error(got, err)
	}
}

type chain struct {
	Next *chain
	Ends map[string][]chan int
}

// These types are only pointers to pointers, without end.
type (
	self *self
	ping *pong
	pong *ping
)

func TestWhatWouldBeLost(t *testing.T) {
	for v, want := range map[reflect.Type]string{
		reflect.TypeFor[chain]():                          "its field Ends, a chan int,",
		reflect.TypeFor[*chain]():                         "its field Ends, a chan int,",
		reflect.TypeFor[struct{ F func() }]():             "its field F, a func(),",
		reflect.TypeFor[struct{ c, C chan int }]():        "its field C, a chan int,",
		reflect.TypeFor[map[struct{ C chan int }]int]():   "its field C, a chan int,",
		reflect.TypeFor[struct{ f func() }]():             "",
		reflect.TypeFor[[]chan int]():                     "a chan int",
		reflect.TypeFor[struct{ A struct{ B, C int } }](): "",
		reflect.TypeFor[any]():                            "",
		reflect.TypeFor[self]():                           "a frame.self",
		reflect.TypeFor[struct{ P *ping }]():              "its field P, a *frame.ping,",
	} {
		if got := newShape(v).refusal; !strings.HasPrefix(got, want) || got != "" && want == "" {
			t.Errorf("refusal of a %v is %q, want %q", v, got, want)
		}
	}
}
