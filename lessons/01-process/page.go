package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"processbook/lessons"
)

// tell tells the lesson in two parts, if the first goes well.
func tell(ctx context.Context, set, children int) error {
	if err := tellMemory(ctx, set, children); err != nil {
		return err
	}
	return tellTraces(ctx)
}

// tellMemory is about one variable, and the memories that it is in.
func tellMemory(ctx context.Context, set, children int) error {
	if !lesson.Plan("counter begins as %d. main sets it to %d, starts a goroutine, and starts"+
		" this same program again as %s. When all of them run, the goroutine and each child add 10 to counter.", counter, set, count(children, "child process", "child processes")) {
		return nil
	}
	cast, err := story(ctx, set, children)
	if err != nil {
		return err
	}
	files, err := cast.programs()
	if err != nil {
		return err
	}
	lessons.Print(cast.table())
	lessons.Figure(cast.boxes())
	lessons.Para("saw", "%s", cast.saw(files))
	lessons.Println()
	return nil
}

// saw puts it into words, with the numbers of this run: the sum is of what
// everybody says to have added, main's share is what main finds.
func (c Cast) saw(files int) string {
	main, routine, child := c[0], c[1], c[2]
	added, threads := 0, main.Before.Threads
	for _, w := range c[1:] {
		added += w.After.Counter - w.Before.Counter
		threads = min(threads, w.Before.Threads)
	}
	children, who := "children", "children, who"
	if len(c) == 3 {
		children, who = "child", "child, which"
	}
	text := fmt.Sprintf("%s run %s. A new one runs it from the start: the %[5]s began with %[3]d, not with the %[4]d that main"+
		" had set and the goroutine found. (Python's children: %[4]d with fork, %[3]d with spawn.)"+
		" In all %[6]d was added, and main's counter grew by %[7]d: the rest went into memory that main does not have.",
		count(len(c.families()), "process", "processes"), count(files, "program file", "program files"),
		child.Before.Counter, routine.Before.Counter, children, added, main.After.Counter-main.Before.Counter)
	if threads > 1 {
		text += " Each process has several threads, even the " + who + " started no goroutine."
	}
	return text
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// table has a row for each witness, indented if it is in main's process.
func (c Cast) table() string {
	var b strings.Builder
	fmt.Fprintln(&b, "who           PID      parent   counter: before  after")
	for i, w := range c {
		name := w.Name
		if i > 0 && w.Before.PID == c[0].Before.PID {
			name = "  " + name
		}
		fmt.Fprintf(&b, "%-12s  %-7s  %-7s  %15d  %5d\n", name,
			lessons.PID(w.Before.PID), lessons.PID(w.Before.Parent), w.Before.Counter, w.After.Counter)
	}
	return b.String()
}

// boxes draws the memory of each process, with those who are at home in it,
// four boxes in a row.
func (c Cast) boxes() string {
	var b strings.Builder
	for families := range slices.Chunk(c.families(), 4) {
		height := 0
		for _, f := range families {
			height = max(height, len(f))
		}
		row := func(cell func(f Cast) string) {
			var line strings.Builder
			for _, f := range families {
				fmt.Fprintf(&line, "  %-16s", cell(f))
			}
			fmt.Fprintln(&b, strings.TrimRight(line.String(), " "))
		}
		border := func(Cast) string { return "+--------------+" }
		row(func(f Cast) string { return "PID " + lessons.PID(f[0].Before.PID) })
		row(border)
		row(func(f Cast) string { return fmt.Sprintf("| counter %-4d |", f[0].After.Counter) })
		for i := range height {
			row(func(f Cast) string { return fmt.Sprintf("| %-12s |", f.name(i)) })
		}
		row(border)
	}
	return b.String()
}

func (c Cast) name(i int) string {
	if i < len(c) {
		return c[i].Name
	}
	return ""
}

// places are where main looks for the sign, in the order of seen.
var places = []string{"variable", "directory", "environment", "file", "pipe"}

// tellTraces is about what else a process has of its own.
func tellTraces(ctx context.Context) error {
	if !lesson.Plan("A process leaves a sign in five places: in a variable, in the directory that it goes to," +
		" in the environment, in a file and in a pipe. Then a goroutine does the same. Where does main see the sign?") {
		return nil
	}
	process, err := seen(ctx, byProcess)
	if err != nil {
		return err
	}
	routine, err := seen(ctx, byGoroutine)
	if err != nil {
		return err
	}
	lessons.Printf("left by      %s\n", strings.Join(places, "  "))
	lessons.Printf("a process    %s\n", yesNo(process))
	lessons.Printf("a goroutine  %s\n\n", yesNo(routine))
	lessons.Para("saw", "Of the process: %s. Of the goroutine: %s. A variable, the directory and the environment are part"+
		" of a process; goroutines share them, for good or ill. Files and pipes lie between processes.", where(process), where(routine))
	lessons.Para("try", "-set 100, -children 6")
	return nil
}

func yesNo(seen []bool) string {
	var b strings.Builder
	for i, place := range places {
		word := map[bool]string{true: "yes", false: "no"}[seen[i]]
		fmt.Fprintf(&b, "%-*s", len(place)+2, word)
	}
	return strings.TrimRight(b.String(), " ")
}

func where(seen []bool) string {
	var all []string
	for i, place := range places {
		if seen[i] {
			all = append(all, place)
		}
	}
	switch len(all) {
	case 0:
		return "nothing"
	case len(places):
		return "everything"
	}
	return strings.Join(all, " and ")
}
