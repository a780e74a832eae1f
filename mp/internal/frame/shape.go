package frame

import (
	"cmp"
	"encoding"
	"encoding/gob"
	"fmt"
	"reflect"
	"runtime"
	"unsafe"
)

// Both ends of a pipe are the same program. So numbers, and arrays, structs and
// slices of numbers, lie in memory in the same way there, and are sent as the
// bytes that they are, much faster than by gob, which encodes number by number.
// A value with a pointer in it cannot be: a place in memory means nothing to
// another process. A bool could, but not every byte is a bool, and the bytes
// that arrive may be garbage.

// A shape is what a coder must know of its type.
type shape struct {
	t       reflect.Type
	plain   bool // numbers all through, or a slice of such
	slice   bool
	size    int // of the type, or of an element of the slice
	align   uintptr
	text    bool   // a string
	open    bool   // it has interfaces in it
	custom  bool   // the program's own code may run: a GobEncode, a GobDecode
	deep    bool   // a value may refer to itself, or have handles in it
	certain bool   // whatever the value is, it can be encoded and decoded
	refusal string // why no value can be encoded, or some of it would be lost without a word
}

// none is an empty struct that encodes itself, and is sent as nothing; a handle
// is a value that is passed only in an argument.
var none, handle reflect.Type

// Know tells the package two types of its caller: an empty struct that encodes
// itself and is sent as nothing, and the interface that handles implement,
// which are passed only in an argument. It returns true, so that a variable's
// declaration can call it.
func Know(empty, handles reflect.Type) bool {
	none, handle = empty, handles
	return true
}

func newShape(t reflect.Type) shape {
	s := shape{t: t, text: t.Kind() == reflect.String && !codesItself(t)}
	part := t
	if t.Kind() == reflect.Slice && !codesItself(t) {
		part, s.slice = t.Elem(), true
	}
	s.size, s.align = int(part.Size()), uintptr(part.Align())
	s.plain = onlyNumbers(part)
	s.refusal = refusal(t, "", map[reflect.Type]bool{})
	l := lookAt(t, false)
	s.open, s.custom, s.deep = l.open, l.open || l.custom, l.open || l.recursive || l.handles
	s.certain = !s.custom && !s.deep && !l.pointers && s.refusal == ""
	return s
}

// Certain reports whether each value of a type can be encoded and decoded,
// whatever is in it, and none of the program's own code runs for it.
func Certain(t reflect.Type) bool { return coderOf(t).certain }

// Fixed reports whether a copy of a value is independent of it.
func Fixed(t reflect.Type) bool { return !coderOf(t).slice && (coderOf(t).plain || coderOf(t).text) }

// onlyNumbers reports whether a type has only numbers in it, and nothing that
// gob would leave out or encode in another way.
func onlyNumbers(t reflect.Type) bool {
	switch {
	case t == none:
		return true
	case codesItself(t):
		return false
	case t.Kind() == reflect.Array:
		return onlyNumbers(t.Elem())
	case t.Kind() == reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); !f.IsExported() || !onlyNumbers(f.Type) {
				return false
			}
		}
		return true
	}
	return t.Kind() >= reflect.Int && t.Kind() <= reflect.Complex128 && t.Kind() != reflect.Uintptr
}

// A look goes through all parts of a type.
type look struct {
	on, seen                                   map[reflect.Type]bool
	all                                        bool // also unexported fields
	open, custom, recursive, handles, pointers bool
}

func lookAt(t reflect.Type, all bool) *look {
	l := &look{on: map[reflect.Type]bool{}, seen: map[reflect.Type]bool{}, all: all}
	l.at(t)
	return l
}

func (l *look) at(t reflect.Type) {
	switch {
	case isHandle(t):
		l.handles, l.custom = true, true
		return
	case t == none:
		return
	case codesItself(t):
		l.custom = true
		return
	case l.on[t]:
		l.recursive = true
		return
	case l.seen[t]:
		return
	}
	l.on[t], l.seen[t] = true, true
	defer delete(l.on, t)
	switch t.Kind() {
	case reflect.Interface:
		l.open = true
	case reflect.Pointer:
		l.pointers = true
		l.at(t.Elem())
	case reflect.Slice, reflect.Array:
		l.at(t.Elem())
	case reflect.Map:
		l.at(t.Key())
		l.at(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() || f.Anonymous || l.all {
				l.at(f.Type)
			}
		}
	}
}

// refusal says why no value of a type can be encoded, or what of it gob would
// leave out without a word. A channel would arrive as nil, and a process that
// waits for it would wait forever. (No type tells what an interface will hold.)
func refusal(t reflect.Type, path string, seen map[reflect.Type]bool) string {
	if seen[t] {
		return ""
	}
	seen[t] = true
	if t.Kind() != reflect.Pointer && codesItself(t) {
		return hidden(t)
	}
	switch t.Kind() {
	case reflect.Func, reflect.Chan:
		if path == "" {
			return fmt.Sprintf("a %v means nothing in another process", t)
		}
		return fmt.Sprintf("its field %s, a %v, means nothing in another process", path[1:], t)
	case reflect.Map:
		return cmp.Or(refusal(t.Key(), path, seen), refusal(t.Elem(), path, seen))
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return refusal(t.Elem(), path, seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if text := refuseField(t.Field(i), path, seen); text != "" {
				return text
			}
		}
	}
	return ""
}

func refuseField(f reflect.StructField, path string, seen map[reflect.Type]bool) string {
	path += "." + f.Name
	if f.IsExported() {
		return refusal(f.Type, path, seen)
	}
	if lookAt(f.Type, true).handles {
		return fmt.Sprintf("its field %s, a %v, would stay behind: begin its name with a capital letter", path[1:], f.Type)
	}
	return ""
}

// hidden says whether a struct encodes itself only because a field that is
// embedded in it does: then the other fields would be left out, and a nil
// pointer could not be decoded.
func hidden(t reflect.Type) string {
	if t.Kind() != reflect.Struct || none != nil && t.PkgPath() == none.PkgPath() {
		return ""
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && codesItself(f.Type) && promoted(t) && (t.NumField() > 1 || f.Type.Kind() == reflect.Pointer) {
			return fmt.Sprintf("the %v that is embedded in %v encodes itself, so the other fields would stay behind: give that field a name", f.Type, t)
		}
	}
	return ""
}

// promoted reports whether a type's own way of being encoded comes from a field
// that is embedded in it: then the compiler has made the method.
func promoted(t reflect.Type) bool {
	for _, name := range []string{"GobEncode", "MarshalBinary", "GobDecode", "UnmarshalBinary"} {
		m, ok := t.MethodByName(name)
		if !ok {
			m, ok = reflect.PointerTo(t).MethodByName(name)
		}
		if ok {
			f := runtime.FuncForPC(m.Func.Pointer())
			file, _ := f.FileLine(f.Entry())
			return file == "<autogenerated>"
		}
	}
	return false
}

// codesItself reports whether a type has its own way of being encoded.
func codesItself(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	for _, i := range []reflect.Type{
		reflect.TypeFor[gob.GobEncoder](), reflect.TypeFor[gob.GobDecoder](),
		reflect.TypeFor[encoding.BinaryMarshaler](), reflect.TypeFor[encoding.BinaryUnmarshaler](),
	} {
		if p.Implements(i) || t.Implements(i) {
			return true
		}
	}
	return false
}

func isHandle(t reflect.Type) bool {
	return handle != nil && (t.Implements(handle) || reflect.PointerTo(t).Implements(handle))
}

// memory returns the bytes of what v points to. Call it if the shape is plain:
// then they are all that there is to it.
func (s *shape) memory(v any) []byte {
	p := reflect.ValueOf(v)
	switch {
	case !s.slice:
		return unsafe.Slice((*byte)(p.UnsafePointer()), s.size)
	case s.size == 0: // nothing, several times: a byte each
		return make([]byte, min(p.Elem().Len(), MaxSize+1))
	default:
		return unsafe.Slice((*byte)(p.Elem().UnsafePointer()), p.Elem().Len()*s.size)
	}
}

// remember is the other half of memory. A slice takes over the bytes.
func (s *shape) remember(b []byte, v any) error {
	p := reflect.ValueOf(v).Elem()
	n := len(b) / max(1, s.size)
	if s.slice && len(b) != n*max(1, s.size) || !s.slice && len(b) != s.size {
		return fmt.Errorf("%w: %d bytes are not a %v", ErrBroken, len(b), s.t)
	}
	if at := unsafe.Pointer(unsafe.SliceData(b)); s.slice && uintptr(at)%s.align == 0 {
		p.Set(reflect.SliceAt(s.t.Elem(), at, n).Convert(s.t))
		return nil
	}
	if s.slice {
		p.Set(reflect.MakeSlice(s.t, n, n))
	}
	copy(s.memory(v), b)
	return nil
}
