package exercise

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// An attempt is code that a reader may write in exercise.go. In testdata it looks
// like this:
//
//	=== Join, then Recv
//	says: First receive, then join.
//	in: a long answer
//	hangs
//
//	-	lines of the worked solution
//	+	and what to write in their place
//
// Without "says", the attempt is right. Instead of changes, there may be a whole
// file, without its package clause and its imports.
type attempt struct {
	lesson, name string
	says         string // its failure must contain this text
	in           string // the case that fails
	hangs        bool   // it waits for something that cannot come
	body         string
}

func readAttempts() (all []attempt, err error) {
	files, _ := filepath.Glob("testdata/*.txt")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		lesson := strings.TrimSuffix(filepath.Base(file), ".txt")
		for _, section := range strings.Split("\n"+strings.ReplaceAll(string(text), "\r\n", "\n"), "\n=== ")[1:] {
			all = append(all, parseAttempt(lesson, section))
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("testdata has no attempts")
	}
	return all, nil
}

func parseAttempt(lesson, section string) attempt {
	head, body, _ := strings.Cut(section, "\n\n")
	lines := strings.Split(head, "\n")
	a := attempt{lesson: lesson, name: lines[0], body: body, hangs: slices.Contains(lines, "hangs")}
	for _, line := range lines {
		if says, ok := strings.CutPrefix(line, "says: "); ok {
			a.says = says
		}
		if in, ok := strings.CutPrefix(line, "in: "); ok {
			a.in = in
		}
	}
	return a
}

// written returns the whole text of exercise.go. It adds the imports, which are
// not in testdata.
func (a attempt) written(solution string) (string, error) {
	text := "package main\n\n" + a.body
	if strings.HasPrefix(a.body, "-") || a.body == "" {
		text = solution
		for _, change := range strings.Split(strings.TrimSpace(a.body), "\n\n") {
			from, to := "", ""
			for line := range strings.Lines(change + "\n") {
				if added, ok := strings.CutPrefix(line, "+"); ok {
					to += added
				} else {
					from += strings.TrimPrefix(line, "-")
				}
			}
			if strings.Count(text, "\n"+from) != 1 {
				return "", fmt.Errorf("%s, %s: the solution does not have, once,\n%s", a.lesson, a.name, from)
			}
			text = strings.Replace(text, "\n"+from, "\n"+to, 1)
		}
	}
	return withImports(text), nil
}

var (
	importBlock = regexp.MustCompile(`(?s)^package main\n\n(import \(.*?\n\)\n)?`)
	lineComment = regexp.MustCompile(`//.*`)
	importable  = []string{"context", "errors", "fmt", "io", "log", "slices", "strings", "sync", "time", "processbook/lessons/exercise", "processbook/mp"}
)

func withImports(text string) string {
	text = importBlock.ReplaceAllString(text, "")
	code, imports := lineComment.ReplaceAllString(text, ""), ""
	for _, path := range importable {
		if regexp.MustCompile(`\b` + filepath.Base(path) + `\.`).MatchString(code) {
			imports += fmt.Sprintf("\t%q\n", path)
		}
	}
	return "package main\n\nimport (\n" + imports + ")\n\n" + text
}
