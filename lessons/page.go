package lessons

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Output fits a terminal of 80 columns, with room for the marks of a diff.
const usualWidth = 76

// width is for titles and paragraphs; pictures and tables cannot be broken. Shells
// know the width of the terminal: after "export COLUMNS" the lesson also knows it.
func width() int {
	columns, err := strconv.Atoi(os.Getenv("COLUMNS"))
	if err != nil || columns > usualWidth {
		return usualWidth
	}
	return max(columns-1, 30)
}

// Para prints a paragraph, with a short word like "saw" in front of it, and breaks
// it into lines.
func Para(label, format string, args ...any) {
	Printf("%s", para(label, fmt.Sprintf(format, args...)))
}

func para(label, text string) string {
	var b strings.Builder
	line := fmt.Sprintf("%-6s", label)
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > width() {
			b.WriteString(line + "\n")
			line = strings.Repeat(" ", 6)
		}
		line += " " + word
	}
	return b.String() + line + "\n"
}

// Section prints one more experiment: its description, a table, and the result.
func Section(also, table, saw string) {
	Println()
	Para("also", "%s", also)
	Printf("\n%s\n", table)
	Para("saw", "%s", saw)
}

// PID returns a PID as lessons print it. In a table it needs seven columns. In tests
// it is an alias: see RunTests.
func PID(pid int) string {
	if aliases == nil {
		return strconv.Itoa(pid)
	}
	return alias(pid)
}
