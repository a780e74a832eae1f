package mp

import (
	"syscall"
	"unsafe"
)

var ntQueryObject = syscall.NewLazyDLL("ntdll.dll").NewProc("NtQueryObject")

// openFiles counts this process's handles of files, pipes among them, and of
// processes. (The Go runtime has some of other types, for its threads, and
// their number comes and goes.) To ask for an object's type does not wait for
// who reads from it; to ask what type of file it is would.
func openFiles() (n int) {
	const objectTypeInformation = 2
	for handle := uintptr(4); handle < 1<<14; handle += 4 { // far more than a test has
		var info [512]uint64 // first a UNICODE_STRING: its length in bytes, and where it is
		status, _, _ := ntQueryObject.Call(handle, objectTypeInformation, uintptr(unsafe.Pointer(&info)), unsafe.Sizeof(info), 0)
		if status != 0 {
			continue
		}
		name := (*struct {
			length, size uint16
			text         *uint16
		})(unsafe.Pointer(&info))
		switch syscall.UTF16ToString(unsafe.Slice(name.text, name.length/2)) {
		case "File", "Process":
			n++
		}
	}
	return n
}
