package frame

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
)

// deepest is how many pointers, lists and maps may lie within each other. Gob
// follows them with one call inside another, and nothing catches a stack overflow.
// A value that refers to itself is endlessly deep.
const deepest = 10_000

var errDeep = errors.New("it refers to itself, or is nested more than 10,000 levels deep; send a list of its parts")

// inspect looks in a value for things that its type does not show: that it
// refers to itself, that an interface holds what would be lost, and handles.
func inspect(v reflect.Value, found func(handle any) error, depth int) error {
	if depth > deepest {
		return errDeep
	}
	if !v.IsValid() {
		return nil
	}
	c := coderOf(v.Type())
	switch {
	case c.refusal != "":
		return errors.New(c.refusal)
	case isHandle(v.Type()):
		return inspectHandle(v, found)
	case !c.deep || codesItself(v.Type()):
		return nil
	}
	return inspectParts(v, found, depth)
}

func inspectParts(v reflect.Value, found func(handle any) error, depth int) error {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return inspect(v.Elem(), found, depth+1)
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			switch {
			case !f.IsExported() && holdsHandle(v.Field(i)):
				return fmt.Errorf("its field %s, a %v, %s", f.Name, v.Field(i).Elem().Type(), staysBehind)
			case !f.IsExported():
				continue
			case leftOut(v.Field(i)):
				return fmt.Errorf("its field %s points to a zero value, and would arrive as nil: send the value itself, not a pointer", f.Name)
			}
			if err := inspect(v.Field(i), found, depth); err != nil {
				return err
			}
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if err := inspect(v.Index(i), found, depth+1); err != nil {
				return err
			}
		}
	case reflect.Map:
		for key, elem := range v.Seq2() {
			if err := cmp.Or(inspect(key, found, depth+1), inspect(elem, found, depth+1)); err != nil {
				return err
			}
		}
	}
	return nil
}

// holdsHandle reports whether a field is an interface that holds a handle.
func holdsHandle(v reflect.Value) bool {
	return v.Kind() == reflect.Interface && !v.IsNil() && isHandle(v.Elem().Type())
}

// leftOut reports whether a field is a pointer that arrives as nil and is not nil.
func leftOut(v reflect.Value) bool {
	t := v.Type()
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return false
		}
		v = v.Elem()
	}
	return (v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0) && vanishes(t)
}

// vanishes reports whether gob leaves out a field of this pointer type if the value
// behind the pointers is zero. Gob never leaves out a struct, an array, or what
// encodes itself.
func vanishes(t reflect.Type) bool {
	to := pointee(t)
	return to != t && to.Kind() != reflect.Struct && to.Kind() != reflect.Array && !codesItself(to)
}

// pointee follows pointers. A type P *P leads to no other: then it returns a pointer.
func pointee(t reflect.Type) reflect.Type {
	for n := 0; t.Kind() == reflect.Pointer && n < deepest; n++ {
		t = t.Elem()
	}
	return t
}

func inspectHandle(v reflect.Value, found func(handle any) error) error {
	switch {
	case v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface:
		if v.IsNil() {
			return nil
		}
	case v.CanAddr():
		v = v.Addr()
	default:
		return errors.New("it contains a copy of a queue or of an end of a pipe: use a pointer instead")
	}
	return found(v.Interface())
}
