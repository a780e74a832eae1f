package mp

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// All pools have two workers: those of mp, those of Python and the raw ones.
const benchWorkers = 2

var same = Func("same", func(b []byte) ([]byte, error) { return b, nil })

func benchPool[A, R any](b *testing.B, f Function[A, R], workers int) *Pool[A, R] {
	p := NewPool(f, workers)
	b.Cleanup(func() { check(b, p.Close()) })
	return p
}

func BenchmarkPoolOneByOne(b *testing.B) { benchPoolOneByOne(b, benchWorkers, numbers(20_000)) }

func benchPoolOneByOne(b *testing.B, workers int, args []int) {
	pool := benchPool(b, square, workers)
	raw := startRaws(b, workers, "squares")
	versus(b, "k/s",
		rate(len(args), func() {
			results, err := pool.Map(b.Context(), args)
			check(b, err)
			checkSquares(b, results)
		}),
		rate(len(args), func() { rawSquares(b, raw, args) }))
	buffered := startRaws(b, workers, "squares, buffered")
	x := rate(len(args), func() { rawSquares(b, buffered, args) })
	b.ReportMetric(median([]float64{x(), x(), x(), x(), x()})/1e3, "buffered-k/s")
}

func BenchmarkPoolImapUnordered(b *testing.B) {
	const n = 20_000
	args := numbers(n)
	pool := benchPool(b, square, benchWorkers)
	raw := startRaws(b, benchWorkers, "squares")
	versus(b, "k/s",
		rate(n, func() {
			got := 0
			for _, err := range pool.ImapUnordered(b.Context(), slices.Values(args)) {
				check(b, err)
				got++
			}
			if got != n {
				b.Fatalf("%d results of %d tasks", got, n)
			}
		}),
		rate(n, func() { rawSquares(b, raw, args) }))
}

// rawSquares has up to 64 tasks on their way to and from each worker.
func rawSquares(b *testing.B, workers []*rawChild, args []int) {
	results := make([]int, len(args))
	var next atomic.Int64
	rawTeam(b, workers, func(_ int, c *rawChild) error {
		s := newRawStream(c.from, c.to)
		var flight []int // indexes
		for {
			for len(flight) < 64 {
				i := int(next.Add(1) - 1)
				if i >= len(args) {
					break
				}
				if err := s.write(args[i]); err != nil {
					return err
				}
				flight = append(flight, i)
			}
			if len(flight) == 0 {
				return nil
			}
			n, err := s.read()
			if err != nil {
				return err
			}
			results[flight[0]] = n
			flight = flight[1:]
		}
	})
	checkSquares(b, results)
}

func checkSquares(b *testing.B, results []int) {
	for i, n := range results {
		if n != i*i {
			b.Fatalf("the square of %d is %d", i, n)
		}
	}
}

// rawTeam serves each worker with a goroutine of its own.
func rawTeam(b *testing.B, workers []*rawChild, serve func(i int, c *rawChild) error) {
	var all sync.WaitGroup
	errs := make([]error, len(workers))
	for i, c := range workers {
		all.Go(func() { errs[i] = serve(i, c) })
	}
	all.Wait()
	for _, err := range errs {
		check(b, err)
	}
}

func init() {
	rawPrograms["squares"] = func(in, out *os.File) error {
		s := newRawStream(in, out)
		return answerSquares(s, s.out.Flush) // so a result is out before the next task begins
	}
	rawPrograms["squares, buffered"] = func(in, out *os.File) error {
		return answerSquares(newRawStream(in, out), func() error { return nil })
	}
}

func answerSquares(s *rawStream, after func() error) error {
	for {
		n, err := s.read()
		if err != nil {
			return untilEOF(err)
		}
		s.write(n * n)
		after()
	}
}

func init() {
	rawPrograms["pieces"] = func(in, out *os.File) error {
		piece := make([]byte, pieceSize)
		for {
			n, err := in.Read(piece) // no half number: only whole numbers are written
			if err != nil {
				return untilEOF(err)
			}
			for i := 0; i < n; i += 8 {
				v := binary.LittleEndian.Uint64(piece[i:])
				binary.LittleEndian.PutUint64(piece[i:], v*v)
			}
			out.Write(piece[:n])
		}
	}
	rawPrograms["same"] = func(in, out *os.File) error {
		var buf []byte
		for {
			block, err := readBlock(in)
			if err != nil {
				return untilEOF(err)
			}
			writeBlock(out, &buf, block)
		}
	}
}

// Python would choose this chunk: a quarter of each worker's share. The raw side
// needs no chunks, because it writes and reads at the same time.
func BenchmarkPoolChunk(b *testing.B) {
	args := numbers(1_000_000)
	pool := benchPool(b, square, benchWorkers)
	pool.Chunk = (len(args) + 4*benchWorkers - 1) / (4 * benchWorkers)
	raw := startRaws(b, benchWorkers, "pieces")
	results := make([]int, len(args))
	versus(b, "M/s",
		rate(len(args), func() {
			results, err := pool.Map(b.Context(), args)
			check(b, err)
			checkSquares(b, results)
		}),
		rate(len(args), func() {
			half := len(args) / benchWorkers
			rawTeam(b, raw, func(i int, c *rawChild) error {
				return rawPieces(c, args[i*half:][:half], results[i*half:])
			})
			checkSquares(b, results)
		}))
}

const pieceSize = 64 << 10

func rawPieces(c *rawChild, args, results []int) error {
	go func() {
		piece := make([]byte, 0, pieceSize)
		for part := range slices.Chunk(args, pieceSize/8) {
			piece = piece[:0]
			for _, n := range part {
				piece = binary.LittleEndian.AppendUint64(piece, uint64(n))
			}
			c.to.Write(piece) // if it fails, no result comes either
		}
	}()
	piece := make([]byte, pieceSize)
	for len(args) > 0 {
		answers := piece[:min(len(piece), 8*len(args))]
		if _, err := io.ReadFull(c.from, answers); err != nil {
			return err
		}
		n := len(answers) / 8
		for i := range n {
			results[i] = int(binary.LittleEndian.Uint64(answers[8*i:]))
		}
		args, results = args[n:], results[n:]
	}
	return nil
}

func BenchmarkPoolApply(b *testing.B) {
	pool := benchPool(b, square, benchWorkers)
	raw := startRaws(b, 1, "squares")
	s := newRawStream(raw[0].from, raw[0].to)
	versus(b, "µs",
		trip(300, func() {
			_, err := pool.Apply(b.Context(), 7)
			check(b, err)
		}),
		trip(300, func() {
			s.write(7)
			_, err := s.read()
			check(b, err)
		}))
}

// The figure counts the bytes of arguments and of results.
func BenchmarkPoolPayloads(b *testing.B) {
	payloads := make([][]byte, 64)
	for i := range payloads {
		payloads[i] = bytes.Repeat([]byte{byte(i)}, 1<<20)
	}
	pool := benchPool(b, same, benchWorkers)
	raw := startRaws(b, benchWorkers, "same")
	versus(b, "MB/s",
		rate(2*64<<20, func() {
			_, err := pool.Map(b.Context(), payloads)
			check(b, err)
		}),
		rate(2*64<<20, func() { rawPayloads(b, raw, payloads) }))
}

func rawPayloads(b *testing.B, workers []*rawChild, payloads [][]byte) {
	results := make([][]byte, len(payloads))
	var next atomic.Int64
	rawTeam(b, workers, func(_ int, c *rawChild) error {
		var buf []byte
		for {
			i := int(next.Add(1) - 1)
			if i >= len(payloads) {
				return nil
			}
			if err := writeBlock(c.to, &buf, payloads[i]); err != nil {
				return err
			}
			var err error
			if results[i], err = readBlock(c.from); err != nil {
				return err
			}
		}
	})
}
