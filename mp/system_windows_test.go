package mp

// The tests use these functions of the system. system_unix_test.go has the same
// functions for Unix.

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

// deadly has the signals that end a process. Here there is only one.
var deadly = []os.Signal{os.Kill}

// killedText is in the error of a process that was killed, but not with mp. Only
// the exit code is known.
const killedText = "exit code 1"

// terminateAsks says that a process may refuse to end by Terminate.
const terminateAsks = false

// suspend suspends a process. waitSuspended does nothing, because Windows does not
// tell when a process is suspended.
func suspend(t *testing.T, pid int) {
	t.Helper()
	if status := setSuspended(pid, ntSuspendProcess); status != 0 {
		t.Fatalf("NtSuspendProcess: status %#x", status)
	}
}

func waitSuspended(*testing.T, int) {}

func suspendSelf() { setSuspended(os.Getpid(), ntSuspendProcess) }

func resume(pid int) { setSuspended(pid, ntResumeProcess) }

// setSuspended suspends or resumes a process.
func setSuspended(pid int, how *syscall.LazyProc) (status uintptr) {
	const suspendResume = 0x0800
	process, err := syscall.OpenProcess(suspendResume, false, uint32(pid))
	if err != nil {
		return ^uintptr(0)
	}
	defer syscall.CloseHandle(process)
	status, _, _ = how.Call(uintptr(process))
	return status
}

// layFuse returns a function that waits until another process calls light.
func layFuse() (wait func()) {
	lit := fuse(os.Getpid())
	return func() { syscall.WaitForSingleObject(lit, syscall.INFINITE) }
}

func light(pid int) {
	lit := fuse(pid)
	setEvent.Call(uintptr(lit))
	syscall.CloseHandle(lit)
}

// fuse opens an event by its name, or makes it.
func fuse(pid int) syscall.Handle {
	name, _ := syscall.UTF16PtrFromString("mp test fuse " + strconv.Itoa(pid))
	event, _, _ := createEvent.Call(0, 1, 0, uintptr(unsafe.Pointer(name)))
	return syscall.Handle(event)
}

// limitFiles returns false, because Windows has no limit of files.
func limitFiles(*exec.Cmd, int) bool { return false }

// zombies returns 0. On Windows, an ended process stays as long as there is a
// handle for it, and openFiles counts handles.
func zombies() int { return 0 }

// openFiles counts this process's handles of files, of pipes and of processes.
// (The Go runtime has a changing number of other handles.) It asks only for the
// type of each object: to ask for the type of a file would wait while another
// goroutine reads that file.
func openFiles() (n int) {
	const objectTypeInformation = 2
	for handle := uintptr(4); handle < 1<<14; handle += 4 { // far more than a test has
		var info [512]uint64 // it begins with a UNICODE_STRING: a length in bytes, and a pointer
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
