package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"processbook/lessons"
	"processbook/mp"
)

// A Story has the whole team at once, and the others who have to do with them.
type Story struct {
	listener, loner, parent, holder, writer *Member
	team                                    []*Member // these five

	ofKid      *mp.Conn[string, string]
	lock       *mp.Queue[mp.None]
	pipe       *mp.Conn[mp.None, []byte]
	free, keen []*Member // others: keen need the lock that Holder has, free need nothing
	before     []string  // the picture, a line for each of the team
}

// plan says what will be run.
func plan(others int, listen bool) string {
	deaf := "Loner, Parent, Holder and Writer hang for ever"
	if listen {
		deaf = "so does Holder; Loner, Parent and Writer hang for ever"
	}
	return fmt.Sprintf("Five processes defer a cleanup. Listener waits for messages; %[1]s. Loner has nothing in its hands,"+
		" Parent has a child (Kid), Holder the only token of a queue (a lock), and Writer is in the middle of a message."+
		" main sends \"please stop\" to these five, and puts an end to those who do not listen. Then %[2]d others try to do"+
		" their work, and %[2]d more, who need the lock for it.", deaf, others)
}

// tell brings everybody into their situations, stops them, and shows what is
// left.
func tell(ctx context.Context, others int, listen bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends whoever still hangs, if there was an error
	s, err := prepare(ctx, others, listen)
	if err == nil {
		err = stop(ctx, s.team...)
	}
	if err == nil {
		err = s.show(ctx)
	}
	return err
}

// prepare returns when everybody is in the situation that the plan says.
func prepare(ctx context.Context, others int, listen bool) (*Story, error) {
	s := new(Story)
	var errs [7]error
	s.listener, errs[0] = hire(ctx, "Listener", worker, Hands{Listens: true})
	s.loner, errs[1] = hire(ctx, "Loner", worker, Hands{})
	s.parent, s.ofKid, errs[2] = hireParent(ctx)
	s.holder, s.lock, errs[3] = hireHolder(ctx, listen)
	s.writer, s.pipe, errs[4] = hireWriter(ctx)
	s.free, errs[5] = hireOthers(ctx, others, nil)
	s.keen, errs[6] = hireOthers(ctx, others, s.lock)
	if err := cmp.Or(errs[:]...); err != nil {
		return nil, err
	}
	s.team = []*Member{s.listener, s.loner, s.parent, s.holder, s.writer}
	kidEnded, _ := s.ofKid.Poll(0)
	s.before = s.picture(!kidEnded, "[##")
	return s, nil
}

// picture draws who is there and what is in their hands. It is drawn twice, by
// the same rules. Whether Kid is there and what is in the pipe must be said,
// since to find out takes a message.
func (s *Story) picture(kid bool, pipe string) []string {
	there := func(who *Member, drawn string) string {
		if who.Alive() {
			return drawn
		}
		return ""
	}
	lines := []string{
		there(s.listener, "(Listener)"),
		there(s.loner, "(Loner)"),
		there(s.parent, "(Parent)"),
		there(s.holder, "(Holder *)  ") + "lock [ ]",
		there(s.writer, "(Writer)===") + pipe,
	}
	if kid {
		lines[2] += "---(Kid)"
	}
	if tokens, _ := s.lock.Len(); tokens > 0 {
		lines[3] = there(s.holder, "(Holder)    ") + "lock [*]"
	}
	return lines
}

// show tells how everybody ended, and what they left to others.
func (s *Story) show(ctx context.Context) error {
	if err := showEnds(s.team); err != nil {
		return err
	}
	left, err := s.look(ctx)
	if err != nil {
		return err
	}
	after := s.picture(left.kid != "is gone", left.pipe())
	if err := replaceToken(ctx, s.lock, s.keen[left.locked:]); err != nil {
		return err
	}
	var b strings.Builder
	line := func(before, after, others string) {
		fmt.Fprintln(&b, strings.TrimRight(fmt.Sprintf("  %-22s  %-10s  %s", before, after, others), " "))
	}
	line("before", "after", "what it is to others")
	line(s.before[0], after[0], "")
	line(s.before[1], after[1], fmt.Sprintf("%d of %d others finish their work", left.free, len(s.free)))
	line(s.before[2], after[2], "Kid "+left.kid)
	line(s.before[3], after[3], fmt.Sprintf("%d of %d others get the lock", left.locked, len(s.keen)))
	line(s.before[4], after[4], "main receives "+left.message)
	fmt.Fprintln(&b, "  (...) is alive   * the token   [## the beginning of a message")
	lessons.Figure(b.String())
	lessons.Para("saw", "%s", s.saw(left))
	lessons.Para("try", "-listen, -others 9")
	return nil
}

// showEnds prints a row for each: what it did when asked, how it ended when it
// did not end then, and whether that left time for its deferred function.
func showEnds(team []*Member) error {
	line := func(who, asked, ended, cleanup string) {
		lessons.Printf("%-9s  %-18s  %-24s  %s\n", who, asked, ended, cleanup)
	}
	line("who", "\"please stop\"", "what stop does then", "deferred cleanup")
	for _, m := range team {
		said, err := m.hearAll()
		if err != nil {
			return err
		}
		code, _ := m.ExitCode()
		asked, ended, cleanup := fmt.Sprintf("ends, exit code %d", code), "-", "does not run"
		if m.deaf {
			asked, ended = "lives on", fmt.Sprintf("%s: exit code %d", call(code), code)
		}
		if slices.Contains(said, "cleanup") {
			cleanup = "runs"
		}
		line(m.Name, asked, ended, cleanup)
	}
	return nil
}

// call is what has ended a process, as its exit code tells.
func call(code int) string {
	return cmp.Or(map[int]string{-9: "Kill", -15: "Terminate"}[code], "other means")
}

// What is left is for others to find out.
type left struct {
	kid, message string
	free, locked int // others who get done what they have to do, without and with the lock
}

// look asks the others, one after the other.
func (s *Story) look(ctx context.Context) (l left, err error) {
	var errs [4]error
	l.free, errs[0] = goOn(ctx, s.free)
	l.kid, errs[1] = fate(s.ofKid)
	l.locked, errs[2] = goOn(ctx, s.keen)
	l.message, errs[3] = received(s.pipe)
	return l, errors.Join(errs[:]...)
}

func (l left) pipe() string {
	return map[string]string{"the message": "[####]", "a clean end": "|", "a broken message": "[##"}[l.message]
}

// saw puts it into words.
func (s *Story) saw(l left) string {
	var calls []string
	cleanups := "none"
	for _, m := range s.team {
		if m.deaf {
			code, _ := m.ExitCode()
			calls = append(calls, call(code))
			if slices.Contains(m.said, "cleanup") {
				cleanups = "some"
			}
		}
	}
	lock := "Holder was asked, and put its token back."
	if waiting := len(s.keen) - l.locked; waiting > 0 {
		lock = fmt.Sprintf("But the token is gone with Holder: %d others wait for the lock, until main makes a new one.", waiting)
	}
	return fmt.Sprintf("%d of %d ended when asked, %d by %s, and %s of these ran its cleanup."+
		" Without Loner, %d of %d others finish. %s Kid %s, although nothing was done to it, and main receives %s.",
		len(s.team)-len(calls), len(s.team), len(calls), strings.Join(slices.Compact(calls), " and "), cleanups, l.free, len(s.free), lock, l.kid, l.message)
}
