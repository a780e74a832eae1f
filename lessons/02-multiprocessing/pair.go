package main

import (
	"context"

	"processbook/lessons"
	"processbook/mp"
)

// A Script is what program must know.
type Script struct {
	Me   lessons.Actor
	A, B lessons.Actor // for its children
}

// play plays the chapter's example. What happens there is told by somebody who
// has no part in it, so the chapter's main is a child, too.
func play(ctx context.Context, stage *lessons.Stage) (lessons.Events, error) {
	p := mp.NewProcess(program, Script{stage.Actor("main"), stage.Actor("A"), stage.Actor("B")})
	p.Name = "main"
	return stage.Play(ctx, p)
}

// numbers reports how many numbers were counted, and in which tick the last.
func numbers(events lessons.Events) (n, last int) {
	for _, e := range events {
		if '0' <= e.Sign && e.Sign <= '9' {
			n, last = n+1, max(last, e.Tick)
		}
	}
	return n, last
}
