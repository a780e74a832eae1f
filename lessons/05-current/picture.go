package main

import (
	"fmt"
	"strings"

	"processbook/lessons"
)

// plan says what will be run.
const plan = `main starts "Worker 1", "Worker 2", one with no name%s, and %d more, all named "Twin".
	Everybody calls whoami(): each of them, main before and after that, and a goroutine of main.`

// generations continues what is said of the one with no name.
var generations = []string{2: " (it has a child)", 3: " (it has a child, which has a child)",
	4: " (with 3 generations below it)", 5: " (with 4 generations below it)"}

// show prints the answers, all that they tell together, and what to see in it.
func show(answers []Answer) {
	lessons.Print(table(answers))
	lessons.Figure(tree(answers))
	lessons.Para("saw", "%s", saw(answers))
	lessons.Para("try", "-depth 4, -twins 5, -depth 1")
}

// table has a row for each answer, in the order of asking.
func table(answers []Answer) string {
	var b strings.Builder
	line := func(where, name, pid, parent string) {
		fmt.Fprintf(&b, "%-19s  %-19s  %-12s  %s\n", where, name, pid, parent)
	}
	line("called in", "mp.Current().Name", "os.Getpid()", "os.Getppid()")
	for _, a := range answers {
		line(a.Where, a.Name, lessons.PID(a.PID), lessons.PID(a.Parent))
	}
	return b.String()
}

// tree draws who has started whom. It knows that from the IDs alone: each
// answer names two of them.
func tree(answers []Answer) string {
	children := make(map[int][]Identity) // of the process with that ID
	drawn := make(map[int]bool)
	for _, a := range answers {
		if !drawn[a.PID] {
			drawn[a.PID] = true
			children[a.Parent] = append(children[a.Parent], a.Identity)
		}
	}
	var b strings.Builder
	root := answers[0].Parent
	fmt.Fprintf(&b, "  %s  what started this program: go run, a shell, a test\n", lessons.PID(root))
	branch(&b, "   ", root, children)
	return b.String()
}

// branch draws the children of a process, each followed by its own.
func branch(b *strings.Builder, stem string, parent int, children map[int][]Identity) {
	for i, c := range children[parent] {
		fmt.Fprintf(b, "%s+- %s  %s\n", stem, lessons.PID(c.PID), c.Name)
		if i < len(children[parent])-1 {
			branch(b, stem+"|   ", c.PID, children)
		} else {
			branch(b, stem+"    ", c.PID, children)
		}
	}
}

// saw puts the answers into words.
func saw(answers []Answer) string {
	var twins []Answer
	for _, a := range answers {
		if a.Name == "Twin" {
			twins = append(twins, a)
		}
	}
	_, ids := distinct(twins)
	main, unnamed, again, goroutine := answers[0], answers[3], answers[len(answers)-2], answers[len(answers)-1]
	text := fmt.Sprintf("%d processes named Twin have %d IDs: a name is yours to choose, an ID is the system's."+
		" The one made without a name is %s: the numbers count every process that was made, named or not."+
		" main, asked again, is %s: current is whoever asks, not who started last.",
		len(twins), ids, unnamed.Name, again.Name)
	if goroutine.Identity == main.Identity {
		text += " Its goroutine gives the same answer: it is no process, it is in one."
	}
	return text
}
