package answers

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Worksheet returns a worksheet in form 1 or 2, without a prediction.
func Worksheet(questions []*Question, form int) string {
	var b strings.Builder
	check := "go test"
	if form == 2 {
		check = "go test -form 2"
	}
	fmt.Fprintf(&b, `# Worksheet, form %d

Name:

After each >, write only what the brackets above it ask for. Add a ! if you
are sure. A blank, or a ? alone, does not count. Then type: %s

Some words: A daemon is a helper in the background. A Pool has worker
processes. Apply gives it one task, Map and Imap give it many. Map returns a
slice of results, Imap a sequence of them. JoinableQueue is a queue of tasks:
a consumer calls TaskDone after each task. Python starts a child with spawn,
which runs the program from its beginning, or with fork, which copies the
parent. To join a process is to wait for its end. EOF says that nothing more
will come.
`, form, check)
	for _, q := range questions {
		fmt.Fprintf(&b, "\n# %s\n\nAfterwards: `go run %s`\n", q.Title, q.Lesson)
		for _, it := range q.Items {
			fmt.Fprintf(&b, "\n### %s\n%s\n>\n", it.ID, strings.Join(it.In(form).lines(), "\n"))
		}
		b.WriteString("\n## In your own words\n")
		for _, p := range q.Prompts {
			fmt.Fprintf(&b, "\n%s\n", p.Text)
		}
	}
	return b.String()
}

var title = regexp.MustCompile(`(?mi)^\W*worksheet\b(?:\W*form\W*(\w*))?`)

// FormOf returns the form that the title of a worksheet names: 1 or 2, or 0 for
// any other. Without a title it is 1.
func FormOf(text string) int {
	m := title.FindStringSubmatch(text)
	switch {
	case m == nil || m[1] == "" || m[1] == "1":
		return 1
	case m[1] == "2":
		return 2
	}
	return 0
}

// lines returns the lines of the question in the worksheet, from the text to the
// form.
func (it *Item) lines() []string {
	return append(slices.Clone(it.Text), "("+it.Form.Words+")")
}

// A Prediction is the text in a worksheet below a question.
type Prediction struct {
	Words     string // as the reader wrote it; "" if there is none
	Sure      bool   // a ! at the end
	Where     string // answers/mine.md:12
	Complaint string // why it is not checked, whatever the words are
}

// ReadSheet reads a worksheet. Its errors are for the reader.
func ReadSheet(file string) (string, error) {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !strings.EqualFold(filepath.Ext(file), ".md"):
		return "", fmt.Errorf("%s is not a file or directory; a worksheet's name ends in .md", file)
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("worksheet %s does not exist; to make it: go test -start -sheet %[1]s", file)
	case err == nil && info.IsDir():
		return "", fmt.Errorf("%s is a directory; a worksheet is a file: go test -sheet FILE", file)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(decode(data))
	for i, line := range strings.Split(text, "\n") {
		switch {
		case strings.Contains(line, "\x00"):
			return "", fmt.Errorf("%s:%d is not UTF-8, but perhaps UTF-16 without a mark; save the file as UTF-8", file, i+1)
		case !utf8.ValidString(line):
			return "", fmt.Errorf("%s:%d is not UTF-8, but perhaps Latin-1; save the file as UTF-8", file, i+1)
		}
	}
	return text, nil
}

// decode takes UTF-16, as PowerShell writes it, if there is a byte-order mark.
func decode(data []byte) string {
	for mark, order := range map[string]binary.ByteOrder{"\xff\xfe": binary.LittleEndian, "\xfe\xff": binary.BigEndian} {
		if rest, found := bytes.CutPrefix(data, []byte(mark)); found {
			units := make([]uint16, len(rest)/2)
			binary.Decode(rest, order, units)
			return string(utf16.Decode(units))
		}
	}
	return string(data)
}

var nameLine = regexp.MustCompile(`(?m)^Name:[ \t]*(\S.*?)\s*$`)

// Owner returns the name in a worksheet, and the name of its file.
func Owner(file, text string) string {
	if name := nameLine.FindStringSubmatch(text); name != nil {
		file = fmt.Sprintf("%s (%s)", name[1], file)
	}
	return Printable(file)
}

// Printable leaves out characters that a terminal would obey.
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

// Predictions finds the predictions in a worksheet, by question, and complaints
// about the worksheet, line by line. The map is nil if the text has no question.
func Predictions(file, text string, questions []*Question) (predicted map[string]Prediction, complaints []string) {
	items, form := Items(questions), FormOf(text)
	if form == 0 {
		return nil, []string{file + ": its title ends neither in form 1 nor in form 2"}
	}
	own := false // below "In your own words", where a > is a quotation
	for _, s := range sections(text) {
		id := strings.ToLower(s.title)
		it, known := items[id]
		own = s.own() || own && !known && !lessonTitle.MatchString(s.title)
		if !known {
			complaints = append(complaints, s.astray(file, own)...)
			continue
		}
		if predicted == nil {
			predicted = make(map[string]Prediction)
		}
		it = it.In(form)
		for _, p := range it.predictions(file, s) {
			if it.inOther(s.lines) {
				p.Complaint = fmt.Sprintf("here %s is in form %d, so the first line has to be # Worksheet, form %[2]d", id, 3-form)
			}
			if before, twice := predicted[id]; twice {
				p.Complaint = fmt.Sprintf("%s has two predictions, here and at %s; keep one", id, before.Where)
			}
			predicted[id] = p
		}
	}
	if predicted == nil && len(complaints) == 0 {
		complaints = []string{file + " is not a worksheet: it has no line like ### 1a; to make one: go test -start -sheet FILE"}
	}
	return predicted, complaints
}

// inOther reports whether these lines ask the question in the other form.
func (it *Item) inOther(lines []string) bool {
	return it.Other != nil && slices.ContainsFunc(lines, func(line string) bool {
		line = strings.TrimSpace(line)
		return slices.Contains(it.Other.lines(), line) && !slices.Contains(it.lines(), line)
	})
}

// Items returns the questions of all lessons by their names.
func Items(questions []*Question) map[string]*Item {
	items := make(map[string]*Item)
	for _, q := range questions {
		for _, it := range q.Items {
			items[it.ID] = it
		}
	}
	return items
}

// own reports whether readers write in their own words below this heading.
func (s section) own() bool { return strings.EqualFold(s.title, "In your own words") }

var (
	itemTitle   = regexp.MustCompile(`^\d+\s?[a-zA-Z]+\b`)
	lessonTitle = regexp.MustCompile(`^\d+\.`)
)

// astray complains if a section looks like a question but is not one, or has a
// prediction. Below headings of level 2, readers may write anything, and in their
// own words they may quote.
func (s section) astray(file string, own bool) (complaints []string) {
	if itemTitle.MatchString(s.title) {
		return []string{fmt.Sprintf("%s:%d: unknown question %q; write its name as in answers/blank.md", file, s.line, s.title)}
	}
	for i, line := range s.lines {
		words, marked := strings.CutPrefix(strings.TrimSpace(line), ">")
		if marked && words != "" && s.level != 2 && !own {
			complaints = append(complaints, fmt.Sprintf("%s:%d: to which question does this belong? Write its name above it, for example ### 1a",
				file, s.line+1+i))
		}
	}
	return complaints
}

// predictions returns the text after each >, also in the next lines. If there is
// none, it takes other text that the reader has added: an answer above the >, or a
// choice with a mark.
func (it *Item) predictions(file string, s section) (found []Prediction) {
	var elsewhere Prediction
	open := &elsewhere
	for i, line := range s.lines {
		line = strings.TrimSpace(line)
		words, marked := strings.CutPrefix(line, ">")
		switch {
		case marked:
			found = append(found, Prediction{})
			open = &found[len(found)-1]
		case line == "" && open.Words != "":
			open = &elsewhere
		case slices.Contains(it.lines(), line):
			open, words = &elsewhere, ""
		}
		open.add(words, fmt.Sprintf("%s:%d", file, s.line+1+i))
	}
	blank := func(p Prediction) bool { return p.Words == "" }
	if found = slices.DeleteFunc(found, blank); len(found) > 0 || blank(elsewhere) {
		return found
	}
	return []Prediction{elsewhere}
}

// add takes a ! at the end for "I am sure".
func (p *Prediction) add(words, where string) {
	if words = strings.TrimSpace(Printable(words)); words == "" {
		return
	}
	if p.Words == "" {
		p.Where = where
	}
	all := strings.TrimSpace(p.Words + " " + words)
	p.Words = strings.TrimRight(all, "! \t")
	p.Sure = len(p.Words) < len(all)
}

// OwnWords returns the text below each prompt, by lesson.
func OwnWords(text string, questions []*Question) map[*Question][]string {
	items, all := Items(questions), make(map[*Question][]string)
	var q *Question
	prompt := -1 // not below "In your own words"
	for _, s := range sections(text) {
		lesson := slices.IndexFunc(questions, func(q *Question) bool { return q.Title == s.title })
		switch it := items[strings.ToLower(s.title)]; {
		case it != nil:
			q, prompt = it.Question, -1
		case lesson >= 0:
			q, prompt = questions[lesson], -1
		case q != nil && s.own():
			all[q], prompt = make([]string, len(q.Prompts)), 0
		case prompt >= 0: // the reader has written this heading
			all[q][prompt] += strings.Repeat("#", s.level) + " " + s.title + "\n"
		}
		for _, line := range s.lines {
			if prompt < 0 {
				break
			}
			if i := q.promptWith(line); i >= 0 {
				prompt = i
			} else {
				all[q][prompt] += line + "\n"
			}
		}
	}
	return all
}

// promptWith returns the number of the prompt that has this line, or -1.
func (q *Question) promptWith(line string) int {
	return slices.IndexFunc(q.Prompts, func(p Prompt) bool {
		return line != "" && slices.Contains(strings.Split(p.Text, "\n"), line)
	})
}
