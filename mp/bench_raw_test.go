package mp

import (
	"bufio"
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// mp is compared with the same work on bare os/exec and os.Pipe. That keeps no
// promises: if anything goes wrong, everything is lost.

// This test binary can run a rawProgram instead of tests. The program does not
// use mp: it reads standard input and writes standard output.
var rawPrograms = map[string]func(in, out *os.File) error{}

// A rawChild is a process that runs a rawProgram.
type rawChild struct {
	*exec.Cmd
	to, from *os.File
}

func rawCommand(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "MP_TEST_PROGRAM="+program)
	cmd.Stderr = os.Stderr
	return cmd
}

// startRaw starts a rawChild, connected to this process by pipes. If in or out
// is not nil, the child has that file instead of a pipe.
func startRaw(b *testing.B, in, out *os.File, program string, args ...string) *rawChild {
	b.Helper()
	c := &rawChild{Cmd: rawCommand(program, args...)}
	if in == nil {
		in, c.to = rawPipe(b)
		defer in.Close()
	}
	if out == nil {
		c.from, out = rawPipe(b)
		defer out.Close()
	}
	c.Stdin, c.Stdout = in, out
	check(b, c.Start())
	return c
}

func rawPipe(b *testing.B) (r, w *os.File) {
	r, w, err := os.Pipe()
	check(b, err)
	return r, w
}

// end closes the child's input, and waits until the child has ended.
func (c *rawChild) end() error {
	c.to.Close()
	c.from.Close()
	return c.Wait()
}

// startRaws starts n rawChildren. They end when the benchmark's row ends.
func startRaws(b *testing.B, n int, program string) (all []*rawChild) {
	for range n {
		c := startRaw(b, nil, nil, program)
		b.Cleanup(func() { check(b, c.end()) })
		all = append(all, c)
	}
	return all
}

// A raw message of variable size begins with its size, in 8 bytes. A short
// message is copied to buf, and written at once.
func writeBlock(w io.Writer, buf *[]byte, body []byte) error {
	head := binary.LittleEndian.AppendUint64((*buf)[:0], uint64(len(body)))
	rest := body
	if len(body) <= 16<<10 {
		head, rest = append(head, body...), nil
	}
	*buf = head
	if _, err := w.Write(head); err != nil || rest == nil {
		return err
	}
	_, err := w.Write(rest)
	return err
}

// readBlock reads into a new buffer, because a receiver may keep its message.
func readBlock(r io.Reader) ([]byte, error) {
	var size [8]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	body := make([]byte, binary.LittleEndian.Uint64(size[:]))
	_, err := io.ReadFull(r, body)
	return body, err
}

// A rawStream reads and writes integers. It writes into a buffer, and flushes
// the buffer before it has to wait for the next integer.
type rawStream struct {
	in  *bufio.Reader
	out *bufio.Writer
}

func newRawStream(in io.Reader, out io.Writer) *rawStream {
	return &rawStream{bufio.NewReaderSize(in, 32<<10), bufio.NewWriterSize(out, 32<<10)}
}

func (s *rawStream) write(n int) error {
	_, err := s.out.Write(binary.LittleEndian.AppendUint64(s.out.AvailableBuffer(), uint64(n)))
	return err
}

func (s *rawStream) read() (int, error) {
	if s.in.Buffered() < 8 {
		if err := s.out.Flush(); err != nil {
			return 0, err
		}
	}
	b, err := s.in.Peek(8)
	if err != nil {
		return 0, err
	}
	n := int(binary.LittleEndian.Uint64(b))
	s.in.Discard(8)
	return n, nil
}

// lazy makes standard input a file that Go's poller waits for. The poller wakes
// a reader later than a blocking read does. So round trips and long messages are
// slower. But many short messages are faster: one read gets more of them.
func lazy(in *os.File) *os.File {
	if err := syscall.SetNonblock(0, true); err != nil {
		return in
	}
	return os.NewFile(0, "standard input")
}

// untilEOF lets a program end without an error at EOF.
func untilEOF(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}
