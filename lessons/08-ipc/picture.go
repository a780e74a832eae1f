package main

import (
	"context"
	"fmt"
	"strings"

	"processbook/lessons"
)

// tell plays the three parts of the lesson and shows what happened.
func tell(ctx context.Context, consumers, pills int) error {
	ctx, stop := context.WithTimeout(ctx, 3*lessons.Limit)
	defer stop() // if something goes wrong, nobody waits for ever
	for _, part := range []func(context.Context) error{
		tellBox,
		func(ctx context.Context) error { return tellTasks(ctx, consumers, pills) },
		tellPipe,
	} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// tellBox is part 1: what goes to another process, and what stays.
func tellBox(ctx context.Context) error {
	if !lesson.Plan("Example 6, and a lock. Main locks a Mutex and puts a box with x = 10 into a queue. A child gets the box." +
		" Then main sets x to 20. Then the child sets x to 99. Which x does each of them see? And who else can lock the Mutex:" +
		" a goroutine of main, or the child?") {
		return nil
	}
	me, goroutine, child, err := example6(ctx)
	if err != nil {
		return err
	}
	lessons.Println("               locks the Mutex   x after main's 20   x after the child's 99")
	for _, row := range []struct {
		who string
		Look
	}{{"main", me}, {"  goroutine", goroutine}, {"child", child}} {
		lock := "no"
		if row.Locked {
			lock = "yes"
		}
		lessons.Printf("  %-11s  %-15s   %17d   %22d\n", row.who, lock, row.First, row.Last)
	}
	lessons.Println()
	lessons.Para("saw", "%s %s", sawBox(me, child), sawLock(child))
	lessons.Println()
	return nil
}

// sawBox, like all that begins with saw, puts into words what was measured, and
// would say something else if that were something else.
func sawBox(me, child Look) string {
	if child.First != me.First && child.Last != me.Last {
		return "The child has a copy of the box. It does not see main's 20, and main does not see its 99."
	}
	return "The child and main have the same box."
}

func sawLock(child Look) string {
	if child.Locked {
		return "The child also has its own Mutex, and that one was free. A Mutex keeps out goroutines of its own process, not other processes."
	}
	return "The child and main have the same Mutex."
}

// tellTasks is part 2: who gets what, and how everybody knows that it is over.
func tellTasks(ctx context.Context, consumers, pills int) error {
	takes := "take"
	if consumers == 1 {
		takes = "takes"
	}
	if !lesson.Plan("Main puts %s into a queue, and %s %s them in turn. When does a consumer exit? In example 7, when it finds the"+
		" queue empty. In example 8, when it takes a pill: a message that means \"exit\". After the tasks, main puts %s. Example 7"+
		" runs twice: in the first run, the consumers look before main puts the tasks.",
		count(len(numbers), "task"), count(consumers, "consumer"), takes, count(pills, "pill")) {
		return nil
	}
	var played []*Shop
	for _, script := range []Script{
		{Consumers: consumers, Hasty: true, Early: true},
		{Consumers: consumers, Hasty: true},
		{Consumers: consumers, Pills: pills},
	} {
		s, err := play(ctx, script)
		if err != nil {
			return err
		}
		played = append(played, s)
	}
	early, late, pill := played[0], played[1], played[2]
	lessons.Println("                                            tasks   consumers    main's")
	lessons.Println("  a consumer exits when                      done   exit  wait   Join")
	early.row("the queue is empty (first look early)")
	late.row("the queue is empty (first look late)")
	pill.row("it takes a pill")
	lessons.Figure(pill.lanes())
	lessons.Para("saw", "%s %s", early.sawEmpty(), pill.sawPills())
	lessons.Println()
	return nil
}

// row is a play in one line.
func (s *Shop) row(when string) {
	lessons.Printf("  %-38s  %7d   %4d  %4d   %s\n", when, s.done(), s.Consumers-s.waited(), s.waited(), s.joinDid())
}

// lanes draws the way of the tasks, from above to below: what main put, who
// took what in which turn, and what came back. No number stands in two lanes.
func (s *Shop) lanes() string {
	var b strings.Builder
	line := func(who, what string) {
		fmt.Fprintln(&b, strings.TrimRight(fmt.Sprintf("  %-10s  %s", who, what), " "))
	}
	line("main puts", signs(s.in))
	for _, m := range s.crew {
		var lane strings.Builder
		for i, word := range m.turns {
			fmt.Fprintf(&lane, "%-*s  ", s.width(i), word)
		}
		line(m.process.Name, lane.String())
	}
	if len(s.rest) > 0 {
		line("nobody", signs(s.rest))
	}
	line("main gets", fmt.Sprintf("%d prime, %d not prime", s.answers[true], s.answers[false]))
	line("", s.legend())
	return b.String()
}

// signs are tasks one after the other, with pills close together.
func signs(tasks []int) string {
	var b strings.Builder
	for i, n := range tasks {
		if i > 0 && (n != pill || tasks[i-1] != pill) {
			b.WriteByte(' ')
		}
		b.WriteString(sign(n))
	}
	return b.String()
}

// legend explains the signs, but none that is not there.
func (s *Shop) legend() string {
	var used []string
	if s.Pills > 0 {
		used = append(used, "* a pill")
	}
	if s.waited() > 0 {
		used = append(used, ". waits until main closes the queue")
	}
	return strings.Join(used, "  ")
}

// width is that of the longest word in a turn.
func (s *Shop) width(turn int) (n int) {
	for _, m := range s.crew {
		if turn < len(m.turns) {
			n = max(n, len(m.turns[turn]))
		}
	}
	return n
}

func (s *Shop) sawEmpty() string {
	who := "consumers"
	if s.Consumers == 1 {
		who = "consumer"
	}
	text := fmt.Sprintf("The %s that looked early did %d of %s. An empty queue can mean that all is done, but also that nothing"+
		" has come yet.", who, s.done(), count(len(numbers), "task"))
	if !s.returned {
		text += " Join would have waited forever: it counts unfinished tasks, and does not notice that no consumer is left."
	}
	return text
}

func (s *Shop) sawPills() string {
	left := s.Consumers - s.waited()
	text := s.endedBy(left)
	if s.Pills > 0 && left == min(s.Pills, s.Consumers) {
		text += " A pill is a message, and only one process gets it."
	}
	if s.waited() > 0 {
		text += fmt.Sprintf(" %s waited until main closed the queue: every consumer sees that.", count(s.waited(), "consumer"))
	}
	if len(s.rest) > 0 && !s.returned {
		text += fmt.Sprintf(" Nobody was left to take %s, so Join went on waiting.", s.nobodys())
	}
	return text
}

// endedBy tells how many consumers the pills ended that were taken.
func (s *Shop) endedBy(left int) string {
	whom := fmt.Sprintf("%d of %s", left, count(s.Consumers, "consumer"))
	if left == s.Consumers {
		whom = "all " + count(left, "consumer")
		switch left {
		case 1:
			whom = "the only consumer"
		case 2:
			whom = "both consumers"
		}
	}
	switch _, over := s.untaken(); {
	case s.Pills == 0 && left == 0:
		return "Without a pill, no consumer exited by itself."
	case s.Pills == 0:
		return "There was no pill, but " + whom + " exited."
	case over > 0:
		return fmt.Sprintf("%d of %s made %s exit.", s.Pills-over, count(s.Pills, "pill"), whom)
	default:
		return fmt.Sprintf("%s made %s exit.", count(s.Pills, "pill"), whom)
	}
}

// untaken counts the tasks and the pills that nobody took.
func (s *Shop) untaken() (tasks, pills int) {
	for _, n := range s.rest {
		if n == pill {
			pills++
		} else {
			tasks++
		}
	}
	return tasks, pills
}

// nobodys says what untaken counts.
func (s *Shop) nobodys() string {
	tasks, pills := s.untaken()
	switch {
	case pills == 0:
		return count(tasks, "task")
	case tasks == 0:
		return count(pills, "pill")
	}
	return count(tasks, "task") + " and " + count(pills, "pill")
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// tellPipe is part 3: what the reader of a pipe knows of the other side.
func tellPipe(ctx context.Context) error {
	if !lesson.Plan("Two processes send hello to main, each through its own pipe. One is killed after that message, the other in the middle" +
		" of its next one. What does main receive?") {
		return nil
	}
	hello1, between, err := killSender(ctx, 0)
	if err != nil {
		return err
	}
	hello2, middle, err := killSender(ctx, 1<<20)
	if err != nil {
		return err
	}
	lessons.Println("  the sender is killed         main receives")
	lessons.Printf("  between two messages         %s, then %s\n", hello1, between)
	lessons.Printf("  in the middle of a message   %s, then %s\n\n", hello2, middle)
	if between != middle {
		lessons.Para("saw", "When a process ends, the system closes its pipes. So the reader does not wait forever, and it knows whether the last message was complete.")
	}
	lessons.Para("try", "-pills 4, -pills 6, -consumers 2")
	return nil
}
