package mp

// What tests need of a system; system_unix_test.go has the same.

import (
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"unsafe"
)

var (
	ntdll            = syscall.NewLazyDLL("ntdll.dll")
	ntQueryObject    = ntdll.NewProc("NtQueryObject")
	ntSuspendProcess = ntdll.NewProc("NtSuspendProcess")
	ntResumeProcess  = ntdll.NewProc("NtResumeProcess")
	kernel32         = syscall.NewLazyDLL("kernel32.dll")
	createEvent      = kernel32.NewProc("CreateEventW")
	setEvent         = kernel32.NewProc("SetEvent")
)

// deadly are the signals that end a process: here there is only one.
var deadly = []os.Signal{os.Kill}

// killedText is what an error says of a process that somebody else has killed,
// or that has killed itself: only the code is known.
const killedText = "exit code 1"

// terminateAsks says that a process may refuse to end by Terminate.
const terminateAsks = false

// stop stops a process; hasStopped has nothing to add, for nobody tells when.
func stop(t *testing.T, pid int) {
	t.Helper()
	if status := suspend(pid, ntSuspendProcess); status != 0 {
		t.Fatalf("NtSuspendProcess: status %#x", status)
	}
}

func hasStopped(*testing.T, int) {}

func stopSelf() { suspend(os.Getpid(), ntSuspendProcess) }

func resume(pid int) { suspend(pid, ntResumeProcess) }

// suspend stops a process or lets it go on.
func suspend(pid int, how *syscall.LazyProc) (status uintptr) {
	const suspendResume = 0x0800
	process, err := syscall.OpenProcess(suspendResume, false, uint32(pid))
	if err != nil {
		return ^uintptr(0)
	}
	defer syscall.CloseHandle(process)
	status, _, _ = how.Call(uintptr(process))
	return status
}

// layFuse returns what waits until another process lights it.
func layFuse() (wait func()) {
	lit := fuse(os.Getpid())
	return func() { syscall.WaitForSingleObject(lit, syscall.INFINITE) }
}

func light(pid int) {
	lit := fuse(pid)
	setEvent.Call(uintptr(lit))
	syscall.CloseHandle(lit)
}

// fuse is an event that is found by its name.
func fuse(pid int) syscall.Handle {
	name, _ := syscall.UTF16PtrFromString("mp test fuse " + strconv.Itoa(pid))
	event, _, _ := createEvent.Call(0, 1, 0, uintptr(unsafe.Pointer(name)))
	return syscall.Handle(event)
}

// limitFiles cannot do it: Windows has no such limit.
func limitFiles(*exec.Cmd, int) bool { return false }

// zombies counts none: whoever has ended is there as long as there is a handle
// of it, and openFiles counts those.
func zombies() int { return 0 }

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
