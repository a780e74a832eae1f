package frame

import (
	"encoding/binary"
	"reflect"
)

// EncodeList encodes a list. In the place of an element that cannot be encoded, it
// writes the error. Where nothing can go wrong, the list is one value, which is ten
// times as fast as element by element. A list of one element is encoded as that
// element.
func EncodeList[T any](list []T) (Value, error) {
	switch {
	case len(list) == 1:
		return Encode(&list[0])
	case Certain(reflect.TypeFor[T]()):
		return Encode(&list)
	}
	var whole Value
	for i := range list {
		val, err := Encode(&list[i])
		if err != nil {
			val = Failure(err)
		}
		if val.Types != (Types{}) {
			whole.Types = val.Types // all elements have the same type, and so the same description
		}
		size := uint64(len(val.Data)) << 1
		if val.Failed {
			size |= 1
		}
		whole.Data = binary.AppendUvarint(whole.Data, size)
		whole.Data = append(whole.Data, val.Data...)
	}
	if len(whole.Data) > MaxSize {
		return Value{}, ErrTooLong
	}
	return whole, nil
}

// DecodeList decodes a list of n elements. errs has the errors of single elements,
// by their places; err is the error of the whole list.
func DecodeList[T any](val Value, n int) (list []T, errs map[int]error, err error) {
	switch {
	case n == 1:
		list = make([]T, 1)
		if err := Decode(val, &list[0]); err != nil {
			errs = map[int]error{0: err}
		}
		return list, errs, nil
	case val.Failed || Certain(reflect.TypeFor[T]()):
		err = Decode(val, &list)
	default:
		errs = map[int]error{}
		list, err = decodeElements[T](val, n, errs)
	}
	if err == nil && len(list) != n {
		err = ErrBroken
	}
	return list, errs, err
}

func decodeElements[T any](val Value, n int, errs map[int]error) ([]T, error) {
	list := make([]T, 0, max(0, min(n, len(val.Data))))
	for data := val.Data; len(data) > 0; {
		head, used := binary.Uvarint(data)
		size := head >> 1
		if used <= 0 || size > uint64(len(data)-used) || len(list) == n {
			return nil, ErrBroken
		}
		var v T
		part := Value{val.Types, data[used : used+int(size) : used+int(size)], head&1 == 1, false}
		if part.Failed {
			part.Types = Types{}
		}
		if err := Decode(part, &v); err != nil {
			errs[len(list)] = err
		}
		list = append(list, v)
		data = data[used+int(size):]
	}
	return list, nil
}
