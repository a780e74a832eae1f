package lend

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"processbook/mp/internal/frame"
)

// calls has the calls of this process that have no reply yet.
type calls struct {
	mu      sync.Mutex                    // guards the fields below
	made    uint64                        // the number of the newest call
	waiting map[uint64]chan<- frame.Value // by number
	over    bool                          // set when the other process has ended
}

// begin returns a number for a call, and where its reply will be. If the other
// process ends without one, the channel is closed.
func (c *calls) begin() (number uint64, replied <-chan frame.Value) {
	there := make(chan frame.Value, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made++
	if c.over {
		close(there)
		return c.made, there
	}
	if c.waiting == nil {
		c.waiting = map[uint64]chan<- frame.Value{}
	}
	c.waiting[c.made] = there
	return c.made, there
}

func (c *calls) reply(number uint64, v frame.Value) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if there := c.waiting[number]; there != nil {
		there <- v
		delete(c.waiting, number)
	}
}

// forget is for a call whose reply is not wanted: the call could not be sent, or
// its context has ended.
func (c *calls) forget(number uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, number)
}

// end ends all calls: there will be no replies.
func (c *calls) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	for _, there := range c.waiting {
		close(there)
	}
	c.waiting = nil
}

var errOwnerGone = fmt.Errorf("mp: the process that keeps the queue has ended: %w", io.ErrUnexpectedEOF)

// These errors arrive as themselves, others as texts.
var refusals = []error{ErrClosed, ErrFull, ErrEmpty, io.EOF, context.Canceled, errOwnerGone}

// refusal returns the error in a reply, or nil.
func refusal(v frame.Value) error {
	if !v.Failed {
		return nil
	}
	text := string(v.Data)
	for _, err := range refusals {
		if text == err.Error() {
			return err
		}
	}
	return errors.New(text)
}

// withNumber and splitNumber are for a reply that has a number, or a number and
// an item.
func withNumber(n uint64, v frame.Value) frame.Value {
	v.Data = append(binary.LittleEndian.AppendUint64(nil, n), v.Data...)
	return v
}

func splitNumber(v frame.Value) (n uint64, rest frame.Value, err error) {
	if len(v.Data) < 8 {
		return 0, v, frame.ErrBroken
	}
	n, v.Data = binary.LittleEndian.Uint64(v.Data), v.Data[8:]
	return n, v, nil
}
