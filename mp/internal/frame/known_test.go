package frame_test // so that none and passed are types of another package

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"processbook/mp/internal/frame"
)

// A none is sent in 0 bytes. A key is passed only in an argument.
type (
	none   struct{}
	key    struct{ Name string }
	passed interface{ pass() }
)

func (none) GobEncode() ([]byte, error) { return nil, nil }
func (*none) GobDecode([]byte) error    { return nil }

func (*key) pass() {}

func (k *key) GobEncode() ([]byte, error) { return []byte(k.Name), nil }

func (k *key) GobDecode(b []byte) error {
	k.Name = string(b)
	return nil
}

var _ = frame.Know(reflect.TypeFor[none](), reflect.TypeFor[passed](), nil)

type spot struct {
	X, Y int32
	N    none
}

type mixed struct {
	Name string
	N    none
	List []none
}

// A none needs no bytes. Numbers beside it are still sent as they are in memory.
func TestNoneIsNothing(t *testing.T) {
	for _, v := range []any{none{}, spot{1, 2, none{}}, [2]spot{{1, 2, none{}}, {3, 4, none{}}}} {
		if got, size := arrive(t, v), int(reflect.TypeOf(v).Size()); got.size != size || got.v != v {
			t.Errorf("%#v arrives as %#v, in %d bytes; want %d", v, got.v, got.size, size)
		}
	}
	for _, v := range []any{[]none{{}, {}}, []spot{{1, 2, none{}}}, mixed{"a", none{}, []none{{}}}} {
		if got := arrive(t, v); !reflect.DeepEqual(got.v, v) {
			t.Errorf("%#v arrives as %#v", v, got.v)
		}
	}
}

type arrival struct {
	v    any
	size int
}

func arrive(t *testing.T, v any) arrival {
	t.Helper()
	sent, got := reflect.New(reflect.TypeOf(v)), reflect.New(reflect.TypeOf(v))
	sent.Elem().Set(reflect.ValueOf(v))
	val, err := frame.Encode(sent.Interface())
	if err == nil {
		err = frame.Decode(val, got.Interface())
	}
	if err != nil {
		t.Errorf("%#v: %v", v, err)
	}
	return arrival{got.Elem().Interface(), len(val.Data)}
}

type bunch struct {
	Direct key
	Far    *key
	None   *key
	More   map[string][]*key
	Any    any
}

// EncodeArgument finds each handle in an argument. Encode refuses a value with a
// handle. Both refuse a handle that is a copy, or in a field that gob skips.
func TestHandlesAreFound(t *testing.T) {
	v := bunch{key{"a"}, &key{"b"}, nil, map[string][]*key{"x": {{"c"}, {"d"}}}, nil}
	names := map[string]bool{}
	val, err := frame.EncodeArgument(&v, func(handle any) error {
		names[handle.(*key).Name] = true
		return nil
	})
	if err != nil || len(names) != 4 {
		t.Error(names, err)
	}
	var got bunch
	if err := frame.Decode(val, &got); err != nil || got.Far.Name != "b" || got.More["x"][1].Name != "d" {
		t.Error(got, err)
	}
	no := errors.New("no")
	if _, err := frame.EncodeArgument(&v, func(any) error { return no }); !errors.Is(err, no) {
		t.Error(err)
	}
	refused := func(want string, _ frame.Value, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	encode := func(v any) (frame.Value, error) { return frame.Encode(v) }
	val, err = encode(&v)
	refused("passed only in the argument", val, err)
	val, err = encode(&struct{ Any any }{&key{"a"}})
	refused("passed only in the argument", val, err)
	val, err = encode(&struct {
		N int
		k []*key
	}{})
	refused("its field k, a []*frame_test.key, would not be sent", val, err)
	val, err = encode(&map[string]key{"a": {"b"}})
	refused("contains a copy", val, err)
}
