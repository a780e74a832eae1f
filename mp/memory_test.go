package mp

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

type spot struct {
	X, Y int32
	N    None
}

func TestWhatTravelsAsItLiesInMemory(t *testing.T) {
	for _, v := range []any{1, uint8(1), 1.5, complex(1, 2), [3]int16{1, 2, 3}, spot{1, 2, None{}}, time.Second,
		[]int{1, 2}, []byte("ab"), []spot{{1, 2, None{}}}, []float64{}, []struct{}{{}, {}}, None{}} {
		t.Run(reflect.TypeOf(v).String(), func(t *testing.T) {
			sent, got := reflect.New(reflect.TypeOf(v)), reflect.New(reflect.TypeOf(v))
			sent.Elem().Set(reflect.ValueOf(v))
			form := formOf(reflect.TypeOf(v))
			if !form.plain {
				t.Fatal("gob would encode it")
			}
			bytes := append([]byte{}, form.memory(sent.Interface())...)
			if ok, err := remember(bytes, got.Interface()); !ok || err != nil || !reflect.DeepEqual(got.Elem().Interface(), v) {
				t.Errorf("remember() = %v, %v: %v", ok, err, got.Elem())
			}
		})
	}
}

func TestWhatGobMustEncode(t *testing.T) {
	for _, v := range []any{true, "a", uintptr(1), new(int), map[int]int{}, []string{}, []bool{}, [][]int{}, struct{ a int }{},
		struct{ B bool }{}, struct{ P *int }{}, time.Time{}, []time.Time{}, (*Conn[int, int])(nil)} {
		p := reflect.New(reflect.TypeOf(v))
		if formOf(reflect.TypeOf(v)).plain {
			t.Errorf("a %T would travel as it lies in memory", v)
		}
		if ok, _ := remember(make([]byte, reflect.TypeOf(v).Size()), p.Interface()); ok {
			t.Errorf("remember() takes a %T", v)
		}
	}
}

// What arrives may be of any length, and lie at any place.
func TestBrokenMemory(t *testing.T) {
	for _, n := range []int{0, 1, 7, 9, 16} {
		if ok, err := remember(make([]byte, n), new(int64)); !ok || err == nil {
			t.Errorf("%d bytes are an int64: %v, %v", n, ok, err)
		}
	}
	for _, n := range []int{1, 7, 9, 15} {
		if ok, err := remember(make([]byte, n), new([]int64)); !ok || err == nil {
			t.Errorf("%d bytes are int64s: %v, %v", n, ok, err)
		}
	}
	bytes := make([]byte, 25)
	bytes[1], bytes[9] = 1, 2
	for at := range 8 {
		copy(bytes[at:], append([]byte{1, 0, 0, 0, 0, 0, 0, 0, 2}, make([]byte, 7)...))
		var got []int64
		if ok, err := remember(bytes[at:at+16], &got); !ok || err != nil || !reflect.DeepEqual(got, []int64{1, 2}) {
			t.Errorf("at an odd place, %d: %v, %v, %v", at, got, ok, err)
		}
	}
}

type chain struct {
	Next *chain
	Ends map[string][]chan int
}

type trie map[string]trie

type desk struct {
	Next map[string]*struct{ In *JoinableQueue[int] }
}

func TestWhatWouldBeLost(t *testing.T) {
	for v, want := range map[any]string{
		reflect.TypeFor[chain]():                          "its field Ends, a chan int,",
		reflect.TypeFor[*chain]():                         "its field Ends, a chan int,",
		reflect.TypeFor[struct{ F func() }]():             "its field F, a func(),",
		reflect.TypeFor[struct{ c, C chan int }]():        "its field C, a chan int,",
		reflect.TypeFor[map[struct{ C chan int }]int]():   "its field C, a chan int,",
		reflect.TypeFor[struct{ f func() }]():             "",
		reflect.TypeFor[[]chan int]():                     "a chan int",
		reflect.TypeFor[struct{ A struct{ B, C int } }](): "",
		reflect.TypeFor[struct{ Q *Queue[int] }]():        "",
		reflect.TypeFor[struct{ q *Queue[int] }]():        "its field q, a *mp.Queue[int], would stay",
		reflect.TypeFor[struct{ c Conn[int, int] }]():     "its field c, a mp.Conn[int,int], would stay",
		reflect.TypeFor[struct{ n None }]():               "",
		reflect.TypeFor[struct{ t trie }]():               "",
		reflect.TypeFor[struct{ desk }]():                 "its field desk, a mp.desk, would stay",
		reflect.TypeFor[struct{ *desk }]():                "its field desk, a *mp.desk, would stay",
		reflect.TypeFor[struct{ D []desk }]():             "",
		reflect.TypeFor[any]():                            "",
	} {
		if got := formOf(v.(reflect.Type)).lost; !strings.HasPrefix(got, want) || got != "" && want == "" {
			t.Errorf("of a %v would be lost %q, want %q", v, got, want)
		}
	}
}
