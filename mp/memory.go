package mp

import (
	"cmp"
	"encoding"
	"encoding/gob"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"unsafe"
)

// Both ends of a pipe are the same program. So numbers, and arrays, structs and
// slices of numbers, lie in memory in the same way there, and travel as the
// bytes that they are, much faster than by gob, which encodes number for number.
// What has a pointer in it cannot, for a place in memory means nothing to
// another process. A bool could, but not every byte is one, and the bytes that
// arrive may be garbage.

// memory returns the bytes of what v points to. Call it if the form is plain:
// then they are all that there is to it.
func (f form) memory(v any) []byte {
	p := reflect.ValueOf(v)
	switch {
	case !f.slice:
		return unsafe.Slice((*byte)(p.UnsafePointer()), f.size)
	case f.size == 0: // nothing, so many times: a byte each
		return make([]byte, min(p.Elem().Len(), maxPayload+1))
	default:
		return unsafe.Slice((*byte)(p.Elem().UnsafePointer()), p.Elem().Len()*f.size)
	}
}

// remember is the other half of memory. A slice takes over the bytes.
func remember(bytes []byte, v any) (ok bool, err error) {
	p := reflect.ValueOf(v).Elem()
	form := formOf(p.Type())
	if !form.plain {
		return false, nil
	}
	n := len(bytes) / max(1, form.size)
	if len(bytes) != n*max(1, form.size) && form.slice || len(bytes) != form.size && !form.slice {
		return true, fmt.Errorf("mp: a broken message: %d bytes are no %v", len(bytes), p.Type())
	}
	if at := unsafe.Pointer(unsafe.SliceData(bytes)); form.slice && uintptr(at)%form.align == 0 {
		p.Set(reflect.SliceAt(p.Type().Elem(), at, n).Convert(p.Type()))
		return true, nil
	}
	if form.slice {
		p.Set(reflect.MakeSlice(p.Type(), n, n))
	}
	copy(form.memory(v), bytes)
	return true, nil
}

// A form is what memory must know of a type.
type form struct {
	plain bool // numbers all through, or a slice of such
	slice bool
	size  int // of it, or of an element
	align uintptr
	lost  string // a part that gob would leave out without a word
}

var forms sync.Map // of types that have been seen

func formOf(t reflect.Type) form {
	if known, ok := forms.Load(t); ok {
		return known.(form)
	}
	part, f := t, form{}
	if t.Kind() == reflect.Slice && !codesItself(t) {
		part, f.slice = t.Elem(), true
	}
	f.plain = madeOf(part, func(k reflect.Kind) bool {
		return k >= reflect.Int && k <= reflect.Complex128 && k != reflect.Uintptr
	})
	f.size, f.align = int(part.Size()), uintptr(part.Align())
	f.lost = lost(t, "", map[reflect.Type]bool{})
	forms.Store(t, f)
	return f
}

// flat reports whether an assignment copies all of a value, so that nobody else
// can change it, and whether it can be encoded whatever it is.
func flat(t reflect.Type) bool {
	return madeOf(t, func(k reflect.Kind) bool {
		return k >= reflect.Bool && k <= reflect.Complex128 && k != reflect.Uintptr || k == reflect.String
	})
}

// madeOf reports whether there are only such kinds in a type, and nothing that
// gob would leave out or treat in another way.
func madeOf(t reflect.Type, kinds func(reflect.Kind) bool) bool {
	switch {
	case t == reflect.TypeFor[None]():
		return true
	case codesItself(t):
		return false
	case t.Kind() == reflect.Array:
		return madeOf(t.Elem(), kinds)
	case t.Kind() == reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); !f.IsExported() || !madeOf(f.Type, kinds) {
				return false
			}
		}
		return true
	}
	return kinds(t.Kind())
}

// lost finds a function or a channel in a type, or an unexported field with a
// queue or an end of a pipe, and says what is wrong with it. Gob leaves them out
// where it can: a channel would arrive as nil, and who waits at that waits for
// ever. What an interface will hold, no type tells.
func lost(t reflect.Type, path string, seen map[reflect.Type]bool) string {
	if seen[t] || codesItself(t) {
		return ""
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Func, reflect.Chan:
		if path == "" {
			return fmt.Sprintf("a %v means nothing in another process", t)
		}
		return fmt.Sprintf("its field %s, a %v, means nothing in another process", path[1:], t)
	case reflect.Map:
		return cmp.Or(lost(t.Key(), path, seen), lost(t.Elem(), path, seen))
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return lost(t.Elem(), path, seen)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			path := path + "." + f.Name
			part := ""
			if f.IsExported() {
				part = lost(f.Type, path, seen)
			} else if boards(f.Type, map[reflect.Type]bool{}) {
				part = fmt.Sprintf("its field %s, a %v, would stay behind: begin its name with a capital letter", path[1:], f.Type)
			}
			if part != "" {
				return part
			}
		}
	}
	return ""
}

// boards reports whether there is a queue or an end of a pipe in a type.
func boards(t reflect.Type, seen map[reflect.Type]bool) bool {
	none := reflect.TypeFor[None]()
	switch {
	case seen[t]:
		return false
	case codesItself(t):
		return t.PkgPath() == none.PkgPath() && t != none
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Map:
		return boards(t.Key(), seen) || boards(t.Elem(), seen)
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return boards(t.Elem(), seen)
	case reflect.Struct:
		return slices.ContainsFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool { return boards(f.Type, seen) })
	}
	return false
}

// codesItself reports whether a type has its own way of being encoded.
func codesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(reflect.TypeFor[gob.GobEncoder]()) || p.Implements(reflect.TypeFor[gob.GobDecoder]()) ||
		p.Implements(reflect.TypeFor[encoding.BinaryMarshaler]()) || p.Implements(reflect.TypeFor[encoding.BinaryUnmarshaler]())
}
