package frame

import (
	"cmp"
	"encoding"
	"encoding/gob"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"unsafe"
)

// Both ends of a pipe are the same program. So numbers, and arrays, structs
// and slices of numbers, have the same bytes in both, and are sent as these
// bytes. This is much faster than gob, which encodes number by number. A value
// with a pointer in it cannot be sent in this way: a place in memory means nothing
// to another process. A bool could be, but not every byte is a bool, and the
// bytes that arrive may be garbage.

// A shape is what a coder must know of its type.
type shape struct {
	t       reflect.Type
	plain   bool // only numbers, or a slice of numbers
	slice   bool
	size    int // of the type, or of an element of the slice
	align   uintptr
	text    bool   // a string
	open    bool   // it has interfaces in it
	custom  bool   // the program's own code may run: a GobEncode, a GobDecode
	deep    bool   // a value must be inspected: it may refer to itself, have handles in it, or lose a part
	certain bool   // whatever the value is, it can be encoded and decoded
	refusal string // why no value can be encoded, or a part of it would be lost without an error
}

// none is an empty struct that encodes itself, and is sent as nothing. A handle
// is a value that is passed only in an argument. A local value is never passed.
var none, handle, local reflect.Type

// Know tells the package three types of its caller: an empty struct that encodes
// itself and is sent as nothing, and the interfaces that handles and local values
// implement. It returns true, so that a variable's declaration can call it.
func Know(empty, handles, locals reflect.Type) bool {
	none, handle, local = empty, handles, locals
	return true
}

func newShape(t reflect.Type) shape {
	s := shape{t: t, text: t.Kind() == reflect.String && !codesItself(t)}
	part := t
	if t.Kind() == reflect.Slice && !codesItself(t) {
		part, s.slice = t.Elem(), true
	}
	s.size, s.align = int(part.Size()), uintptr(part.Align())
	l := lookAt(part, false)
	s.plain, s.refusal = !l.other, l.refusal
	s.open, s.custom, s.deep = l.open, l.open || l.custom, l.open || l.recursive || l.handles || l.loses
	s.certain = !s.custom && !s.deep && !l.pointers && s.refusal == ""
	return s
}

// Certain reports whether each value of a type can be encoded and decoded,
// whatever is in it, and none of the program's own code runs for it.
func Certain(t reflect.Type) bool { return coderOf(t).certain }

// A look goes through all parts of a type.
type look struct {
	all      bool // also unexported fields; only handles are looked for then
	on, seen map[reflect.Type]bool

	other                                      bool   // something is not a number, or gob would leave it out, or encode it in another way
	refusal                                    string // the first reason to refuse all values of the type
	open, custom, recursive, handles, pointers bool
	loses                                      bool // a field may be a pointer that gob leaves out, or, unexported, hold a handle
}

func lookAt(t reflect.Type, all bool) *look {
	l := &look{all: all, on: map[reflect.Type]bool{}, seen: map[reflect.Type]bool{}}
	l.at(t, "")
	return l
}

func (l *look) at(t reflect.Type, path string) {
	switch {
	case t == none:
		return
	case implements(t, local), pointee(t).Kind() == reflect.Pointer:
		l.refuse(useless(t, path))
		return
	case isHandle(t), codesItself(t):
		l.other, l.custom, l.handles = true, true, l.handles || isHandle(t)
		l.refuse(hidden(t))
		return
	case l.on[t]:
		l.recursive = true
		return
	case l.seen[t]:
		return
	}
	l.on[t], l.seen[t] = true, true
	l.parts(t, path)
	delete(l.on, t)
}

// parts looks at what gob encodes itself. A channel would arrive as nil, and a
// process that waits for it would wait forever. (No type tells what an interface
// will hold.)
func (l *look) parts(t reflect.Type, path string) {
	kind := t.Kind()
	number := kind >= reflect.Int && kind <= reflect.Complex128 && kind != reflect.Uintptr
	l.other = l.other || !number && kind != reflect.Array && kind != reflect.Struct
	switch kind {
	case reflect.Struct:
		for i := range t.NumField() {
			l.field(t.Field(i), path)
		}
	case reflect.Map:
		l.at(t.Key(), path)
		l.at(t.Elem(), path)
	case reflect.Pointer, reflect.Slice, reflect.Array:
		l.pointers = l.pointers || kind == reflect.Pointer
		l.at(t.Elem(), path)
	case reflect.Interface:
		l.open = true
	case reflect.Func, reflect.Chan:
		l.refuse(useless(t, path))
	}
}

func useless(t reflect.Type, path string) string {
	what := fmt.Sprintf("a %v", t)
	if path != "" {
		what = fmt.Sprintf("its field %s, %s,", path[1:], what)
	}
	return what + " means nothing in another process: use a queue or a pipe, or let the child make its own"
}

const staysBehind = "would not be sent: begin its name with a capital letter"

func (l *look) field(f reflect.StructField, path string) {
	path += "." + f.Name
	switch {
	case f.IsExported() || l.all:
		l.loses = l.loses || vanishes(f.Type)
		l.at(f.Type, path)
	default:
		unsent := lookAt(f.Type, true)
		l.loses = l.loses || unsent.open
		if unsent.handles {
			l.refuse(fmt.Sprintf("its field %s, a %v, %s", path[1:], f.Type, staysBehind))
		}
	}
	l.other = l.other || !f.IsExported()
}

func (l *look) refuse(why string) { l.refusal = cmp.Or(l.refusal, why) }

// hidden says why a struct is refused that encodes itself only because a field that
// is embedded in it does: the other fields would be left out, and a nil pointer
// could not be decoded.
func hidden(t reflect.Type) string {
	t = pointee(t)
	if t.Kind() != reflect.Struct || none != nil && t.PkgPath() == none.PkgPath() {
		return ""
	}
	for i := range t.NumField() {
		f := t.Field(i)
		switch {
		case !f.Anonymous || !codesItself(f.Type) || !promoted(t):
		case t.NumField() == 1 && f.Type.Kind() != reflect.Pointer:
			return hidden(f.Type)
		default:
			return fmt.Sprintf("the %v that is embedded in %v encodes itself, so the other fields would not be sent: give that field a name", f.Type, t)
		}
	}
	return ""
}

// promoted reports whether gob calls a method of an embedded field, to encode the type
// or to decode it: then the compiler has made the type's method.
func promoted(t reflect.Type) bool {
	return generated(t, "GobEncode", "MarshalBinary") || generated(t, "GobDecode", "UnmarshalBinary")
}

// generated reports whether the compiler made the first of these methods that t has.
func generated(t reflect.Type, names ...string) bool {
	for _, name := range names {
		m, ok := t.MethodByName(name)
		if !ok {
			m, ok = reflect.PointerTo(t).MethodByName(name)
		}
		if ok {
			file, _ := runtime.FuncForPC(m.Func.Pointer()).FileLine(m.Func.Pointer())
			return file == "<autogenerated>"
		}
	}
	return false
}

// codesItself reports whether a type has its own way of being encoded.
func codesItself(t reflect.Type) bool {
	return slices.ContainsFunc([]reflect.Type{
		reflect.TypeFor[gob.GobEncoder](), reflect.TypeFor[gob.GobDecoder](),
		reflect.TypeFor[encoding.BinaryMarshaler](), reflect.TypeFor[encoding.BinaryUnmarshaler](),
	}, func(i reflect.Type) bool { return implements(t, i) })
}

func isHandle(t reflect.Type) bool { return implements(t, handle) }

// implements reports whether t or a pointer to t implements i, which may be nil.
func implements(t, i reflect.Type) bool {
	return i != nil && (t.Implements(i) || reflect.PointerTo(t).Implements(i))
}

// memory returns the bytes of what v points to. Call it only if the shape is
// plain: then the value is only these bytes.
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
