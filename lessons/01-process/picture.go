package main

// What the lesson plans, draws and says: its program is in main.go, and nobody
// has to read this file to understand it. The boxes are drawn from the lines
// that the program printed, so they stay true if you change main.go.

import (
	"cmp"
	"context"
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"processbook/lessons"
)

//go:embed main.go
var source string

var lesson = lessons.Lesson{
	Number:  1,
	Title:   "What is a process, and how is it not a thread?",
	Mirrors: "example 3",
	Plan:    plan,
	Picture: picture,
	Try:     "-set 100, -children 6, -plain",
	Facts:   experiments,
	Flags: []lessons.Flag{
		lessons.Int(&set, "set", 1, 999, "let main set counter to `N`"),
		lessons.Int(&children, "children", 1, 6, "start `N` processes"),
	},
	Source: source,
	Sum:    "87870fff",
}

func plan() string {
	return fmt.Sprintf("The source says: var counter = 1. Main sets counter to %d. Then it starts this same program again"+
		" as %d child processes, one after the other. Last, it starts a goroutine. Each child and the goroutine add 10 to counter.",
		set, children)
}

func picture(ctx context.Context, run *lessons.Run) error {
	all := boxes(run)
	for row := range slices.Chunk(all, 4) {
		lessons.Println(draw(row))
	}
	lessons.Para("saw", "%s", saw(all))
	lessons.Println()
	if err := drawTogether(ctx); err != nil {
		return err
	}
	return drawTraces(ctx)
}

// A box is the memory of a process.
type box struct {
	lessons.Life
	names    []string // that were printed in it
	from, to string   // the first and the last counter that was printed in it
	added    int      // by those that printed two
	parent   int      // that it printed
	main     string   // what main had printed of its own counter before
}

var line = regexp.MustCompile(`(?m)^(.+?) +PID (\d+), parent (\d+), counter (-?\d+)(?:, then (-?\d+))?$`)

// boxes has a box for each process, and puts into it what the process printed.
func boxes(run *lessons.Run) (all []*box) {
	for _, life := range run.Lives {
		all = append(all, &box{Life: life})
	}
	for _, m := range line.FindAllStringSubmatch(run.Output, -1) {
		for _, b := range all {
			if strconv.Itoa(b.PID) == m[2] {
				b.put(m[1], m[4], m[5], all[0].to)
				b.parent, _ = strconv.Atoi(m[3])
			}
		}
	}
	return all
}

func (b *box) put(name, before, after, main string) {
	if !slices.Contains(b.names, name) {
		b.names = append(b.names, name)
	}
	if b.from == "" {
		b.from, b.main = before, main
	}
	b.to = before
	if after != "" {
		b.to = after
		from, _ := strconv.Atoi(before)
		to, _ := strconv.Atoi(after)
		b.added += to - from
	}
}

// draw draws boxes side by side.
func draw(all []*box) string {
	height := 1
	for _, b := range all {
		height = max(height, len(b.names))
	}
	picture := make([]string, height+4)
	for _, b := range all {
		for i, line := range b.lines(height) {
			picture[i] += fmt.Sprintf("  %-16.16s", line)
		}
	}
	text := ""
	for _, line := range picture {
		text += strings.TrimRight(line, " ") + "\n"
	}
	return text
}

// lines are the memory of a process, and the names of what runs in it: of the
// process, if nothing was printed there.
func (b *box) lines(height int) []string {
	const border = "+--------------+"
	inside := func(text string) string { return fmt.Sprintf("| %-12.12s |", text) }
	lines := []string{"PID " + lessons.PID(b.PID), border, inside("counter " + cmp.Or(b.to, "?"))}
	names := slices.Clone(b.names)
	if names == nil {
		names = []string{b.Name}
	}
	for _, name := range append(names, make([]string, height)...)[:height] {
		lines = append(lines, inside(name))
	}
	return append(lines, border)
}

// saw says what was printed, so it is true of any program that prints such lines.
func saw(all []*box) string {
	main, children, inChildren := all[0], all[1:], 0
	text := "Main started no child."
	if len(all) > 1 {
		text = fmt.Sprintf("%d processes, and each has its own PID and its own counter.", len(all))
	}
	for _, b := range children {
		inChildren += b.added
	}
	for _, b := range all {
		if b.Code != 0 || b.Ended == 0 {
			text += fmt.Sprintf(" Process %s %s.", b.Name, b.End())
		}
		if b.from == "" {
			text += fmt.Sprintf(" Process %s printed no counter.", b.Name)
		}
	}
	for _, name := range main.names {
		if name != main.Name {
			text += fmt.Sprintf(" The %s printed main's PID: it runs in main's process, and has main's counter.", name)
		}
	}
	text += sawBeginning(children) + fmt.Sprintf(" In all, %d was added: %d to main's counter, and %d in other processes.",
		main.added+inChildren, main.added, inChildren)
	if names := namesOf(children, func(b *box) bool { return b.parent == main.PID }); names != "" {
		text += fmt.Sprintf(" Main is the parent of %s. (In Python also, but not with forkserver, the default on Linux"+
			" since Python 3.14: there the parent is the fork server.)", names)
	}
	return text
}

// sawBeginning compares a child's first counter with main's.
func sawBeginning(children []*box) string {
	i := slices.IndexFunc(children, func(b *box) bool { return b.from != "" && b.main != "" })
	if i < 0 {
		return ""
	}
	first := children[i]
	names := namesOf(children, func(b *box) bool { return b.from == first.from && b.main == first.main })
	if first.from == first.main {
		return fmt.Sprintf(" %s began with %s, as main had printed, too: here you cannot tell a new start of the program"+
			" from a copy of main.", names, first.from)
	}
	return fmt.Sprintf(" %s began with %s, and not with the %s that main had printed: a child is a new start of the program,"+
		" and not a copy of main. (In Python, it is a copy with fork, and a new start with spawn.)", names, first.from, first.main)
}

func namesOf(all []*box, are func(*box) bool) string {
	var names []string
	for _, b := range all {
		if are(b) {
			names = append(names, b.Name)
		}
	}
	if last := len(names) - 1; last > 0 {
		return strings.Join(names[:last], ", ") + " and " + names[last]
	}
	return strings.Join(names, "")
}

// drawTogether says what main and two children are while all three run.
func drawTogether(ctx context.Context) error {
	all, err := ask(ctx, set, 2)
	if err != nil {
		return err
	}
	threads := "one thread"
	if slices.MinFunc(all, func(a, b Look) int { return a.Threads - b.Threads }).Threads > 1 {
		threads = "several threads, even if it starts no goroutine"
	}
	lessons.Para("also", "Now main and 2 children run at the same time. Different PIDs: %d. Different program files: %d."+
		" Each process has %s.", processes(all), programs(all), threads)
	lessons.Println()
	return nil
}

var places = []string{"variable", "directory", "environment", "file", "pipe"}

// drawTraces is about what else belongs to a process.
func drawTraces(ctx context.Context) error {
	process, err := seen(ctx, byProcess)
	if err != nil {
		return err
	}
	routine, err := seen(ctx, byGoroutine)
	if err != nil {
		return err
	}
	lessons.Para("also", "Now a child sets a variable, changes its directory, sets an environment variable, writes a file,"+
		" and sends through a pipe. Then a goroutine does the same. Where does main find it, in its own memory, directory"+
		" and environment, in the file, and in the pipe?")
	lessons.Printf("\ndone by      %s\n", strings.Join(places, "  "))
	lessons.Printf("a child      %s\n", yesNo(process))
	lessons.Printf("a goroutine  %s\n\n", yesNo(routine))
	lessons.Para("saw", "Main found %d of the 5 that the child did, and %d of the 5 that the goroutine did. Variables,"+
		" directory and environment belong to one process, and its goroutines share them. Files and pipes are outside"+
		" all processes.", strings.Count(yesNo(process), "yes"), strings.Count(yesNo(routine), "yes"))
	return nil
}

func yesNo(seen []bool) string {
	var b strings.Builder
	for i, place := range places {
		fmt.Fprintf(&b, "%-*s", len(place)+2, map[bool]string{true: "yes", false: "no"}[seen[i]])
	}
	return strings.TrimRight(b.String(), " ")
}
