package lessons

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// What lessons print fits a terminal of 80 columns, with room for a diff's
// marks in front.
const usualWidth = 76

// width is for titles and paragraphs. No system tells in the same way how wide a
// terminal is, but shells know, and "export COLUMNS" has them tell. Pictures and
// tables cannot be broken.
func width() int {
	columns, err := strconv.Atoi(os.Getenv("COLUMNS"))
	if err != nil || columns > usualWidth {
		return usualWidth
	}
	return max(columns-1, 30)
}

// Para prints a paragraph, "saw" or "try" or another short word in front of
// it, broken into lines that begin below one another.
func Para(label, format string, args ...any) {
	Print(para(label, fmt.Sprintf(format, args...)))
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

// PID is a process ID as lessons print it. Nothing else in their output
// differs from run to run, so in tests it is an alias, the same for the same
// process: #1 for the first one printed, then #2. In tables leave it seven
// columns, as in Printf("%-7s", PID(pid)).
func PID(pid int) string {
	if aliases == nil {
		return strconv.Itoa(pid)
	}
	if aliases[pid] == 0 {
		aliases[pid] = len(aliases) + 1
	}
	return "#" + strconv.Itoa(aliases[pid])
}

var aliases map[int]int // nil except in tests: see RunTests

// Microseconds is a duration as lessons print it. It differs from run to run,
// so in tests it has no figures.
func Microseconds(d time.Duration) string {
	if aliases != nil {
		return "# microseconds"
	}
	return fmt.Sprintf("%d microseconds", d.Microseconds())
}
