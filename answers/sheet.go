package answers

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Worksheet returns a worksheet for these questions, without a prediction.
func Worksheet(questions []*Question) string {
	var b strings.Builder
	b.WriteString(`# Worksheet

Name:

Write what you expect behind the > of an item, in the form that stands in
brackets above it, and nothing else. A ! at the end means "I am sure". What
you leave blank, or a ? alone, does not count. Then type: go test
`)
	for _, q := range questions {
		fmt.Fprintf(&b, "\n# %s\n\nAfterwards: `go run %s`\n", q.Title, q.Lesson)
		for _, it := range q.Items {
			fmt.Fprintf(&b, "\n### %s\n%s\n(%s)\n>\n", it.ID, strings.Join(it.Text, "\n"), it.Form.Words)
		}
		fmt.Fprintf(&b, "\n## In your own words\n\n%s\n", strings.TrimSpace(strings.Join(q.Words, "\n")))
	}
	return b.String()
}

// A Prediction is an answer in the worksheet.
type Prediction struct {
	Words     string // as the reader wrote it; "" if there is none
	Sure      bool   // a ! at the end
	Where     string // answers/mine.md:12
	Complaint string // why this is not an answer, whatever the words are
}

// ReadSheet reads a worksheet. Its errors are for the reader.
func ReadSheet(file string) (string, error) {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !strings.EqualFold(filepath.Ext(file), ".md"):
		return "", fmt.Errorf("there is no file or directory %s; a worksheet's name ends in .md", file)
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("there is no worksheet %s; make it: go test -start -sheet %[1]s", file)
	case err == nil && info.IsDir():
		return "", fmt.Errorf("%s is a directory; a worksheet is a file: go test -sheet FILE", file)
	}
	text, err := os.ReadFile(file)
	if err == nil && (!utf8.Valid(text) || bytes.ContainsRune(text, 0)) {
		err = fmt.Errorf("%s is not plain text; save it as UTF-8", file)
	}
	return strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(string(text)), err
}

var nameLine = regexp.MustCompile(`(?m)^Name:[ \t]*(\S.*?)\s*$`)

// Owner is the name in a worksheet, and that of its file.
func Owner(file, text string) string {
	if name := nameLine.FindStringSubmatch(text); name != nil {
		file = fmt.Sprintf("%s (%s)", name[1], file)
	}
	return Printable(file)
}

// Printable leaves out what would upset a terminal.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, text)
}

// Predictions finds the answers in the text of a worksheet, by item, and what
// is wrong with the worksheet otherwise, line by line. The map is nil if there
// is no item in the text.
func Predictions(file, text string, questions []*Question) (predicted map[string]Prediction, complaints []string) {
	items := Items(questions)
	for _, s := range sections(text) {
		id := strings.ToLower(strings.Trim(s.title, ".: "))
		it, known := items[id]
		if !known {
			complaints = append(complaints, s.astray(file)...)
			continue
		}
		if predicted == nil {
			predicted = make(map[string]Prediction)
		}
		for _, p := range it.answers(file, s) {
			if before, twice := predicted[id]; twice {
				p.Complaint = fmt.Sprintf("%s is answered twice, here and at %s; keep one", id, before.Where)
			}
			predicted[id] = p
		}
	}
	if predicted == nil && len(complaints) == 0 {
		complaints = []string{file + " is no worksheet: it has no item, like ### 1a, in it; go test -start -sheet FILE makes one"}
	}
	return predicted, complaints
}

// Items returns the items of all questions by their names.
func Items(questions []*Question) map[string]*Item {
	items := make(map[string]*Item)
	for _, q := range questions {
		for _, it := range q.Items {
			items[it.ID] = it
		}
	}
	return items
}

var itemTitle = regexp.MustCompile(`^\d+\s?[a-zA-Z]+\b`)

// astray complains about a section that is not an item but looks like one, or
// has an answer. Below headings of level 2 readers write what they like.
func (s section) astray(file string) (complaints []string) {
	if itemTitle.MatchString(s.title) {
		return []string{fmt.Sprintf("%s:%d: there is no item %q; write its name as in answers/blank.md", file, s.line, s.title)}
	}
	for i, line := range s.lines {
		answer, marked := strings.CutPrefix(strings.TrimSpace(line), ">")
		if marked && answer != "" && s.level != 2 {
			complaints = append(complaints, fmt.Sprintf("%s:%d: to which item is this the answer? Write, for example, ### 1a above it",
				file, s.line+1+i))
		}
	}
	return complaints
}

// answers finds what stands behind a >. If nothing does, the first line below it
// is meant for an answer, or what stands behind the form. (What is above it may
// be the item as it was in an older worksheet.)
func (it *Item) answers(file string, s section) (marked []Prediction) {
	var loose []Prediction
	mark := slices.IndexFunc(s.lines, func(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), ">") })
	for i, line := range s.lines {
		line = strings.TrimSpace(line)
		words, isMarked := strings.CutPrefix(line, ">")
		words, behindForm := strings.CutPrefix(strings.TrimSpace(words), "("+it.Form.Words+")")
		p := predict(words, fmt.Sprintf("%s:%d", file, s.line+1+i))
		switch {
		case p.Words == "" || it.asks(line):
		case isMarked:
			marked = append(marked, p)
		case len(loose) == 0 && (i > mark || behindForm):
			loose = append(loose, p)
		}
	}
	if len(marked) > 0 {
		return marked
	}
	return loose
}

// asks reports whether a line of a worksheet belongs to the item itself.
func (it *Item) asks(line string) bool {
	return slices.ContainsFunc(it.Text, func(own string) bool {
		return line == strings.TrimSpace(own)
	})
}

func predict(text, where string) Prediction {
	words := strings.TrimRight(text, "! \t")
	return Prediction{Words: strings.Trim(words, "> \t"), Sure: strings.Contains(text[len(words):], "!"), Where: where}
}
