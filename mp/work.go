package mp

import (
	"fmt"

	"processbook/mp/internal/frame"
)

// work is the life of a pool's worker, in its own process. The top of pool.go says
// why it tells when it begins a task.
//
// A runtime.Goexit in f ends the process, as os.Exit does.
func work[A, R any](c *child, name string, f func(A) (R, error)) error {
	for task, ok := c.next(true); ok; task, ok = c.next(true) {
		c.say(msgBegun, 0, frame.Value{})
		for ok {
			answer := perform(c, name, f, task)
			task, ok = c.next(false)
			c.say(msgAnswer, uint64(bit(ok)), answer)
		}
	}
	return nil
}

// perform does a task: it calls f with each of the arguments. It says which
// arguments have failed, and returns the results.
func perform[A, R any](c *child, name string, f func(A) (R, error), task frame.Frame) frame.Value {
	args, unread, err := frame.DecodeList[A](task.Value, int(task.ID))
	if err != nil {
		return frame.Failure(fmt.Errorf("its argument: %w", err))
	}
	results, i := make([]R, len(args)), 0
	untilOneFails := func() error {
		for ; i < len(args); i++ {
			if err := unread[i]; err != nil {
				return fmt.Errorf("its argument: %w", err)
			}
			result, err := f(args[i])
			if err != nil {
				return err
			}
			results[i] = result
		}
		return nil
	}
	for ; i < len(args); i++ {
		if err := try(name, untilOneFails); err != nil {
			failure := remote(name, err)     // the text of err may panic, for example if err is a nil pointer
			text, _ := frame.Encode(failure) // texts can always be encoded, unless they are too long
			c.say(msgFailure, uint64(i), text)
		}
	}
	answer, err := frame.EncodeList(results)
	if err != nil {
		return frame.Failure(fmt.Errorf("its result: %w", err))
	}
	return answer
}
