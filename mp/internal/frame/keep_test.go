package frame

import (
	"runtime"
	"strings"
	"testing"
)

// After Decode, the bytes of the value are not kept in memory.
func TestDecoderKeepsNoBytes(t *testing.T) {
	type long struct{ S []string }
	v, err := Encode(&long{[]string{strings.Repeat("x", 64<<20)}})
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	if err := Decode(v, new(long)); err != nil {
		t.Fatal(err)
	}
	v = Value{}
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	if kept := int64(after.HeapAlloc) - int64(before.HeapAlloc) + 64<<20; kept > 1<<20 {
		t.Errorf("%d bytes are kept", kept)
	}
}

func TestNegativeCount(t *testing.T) {
	v, _ := EncodeList([]*named{{"a", point{}}})
	if _, _, err := DecodeList[*named](v, -1); err == nil {
		t.Error("a list of -1")
	}
}
