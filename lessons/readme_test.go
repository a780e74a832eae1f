package lessons

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"processbook/answers"
)

// The READMEs are right: their commands print these outputs and keep these promises,
// and all that they name exists. desk_test.go runs the commands.

var update = flag.Bool("update", false, "let TestReadmeOutputs rewrite the outputs in the READMEs")

// longestReadme is how many lines the first page may have: it has to be read.
const longestReadme = 220

// A readme is a README.md, taken apart.
type readme struct {
	path   string // from the top of the project
	text   string
	blocks []block
	prose  []string // its lines, empty where a block is
	spans  []span
}

// A block is what stands between two lines of three back quotes.
type block struct {
	line int    // of its first line, from 1
	kind string // what stands after the quotes: go, markdown
	text string
}

// A span is what stands between two back quotes in a line, or a command in a
// block of kind sh.
type span struct {
	line int
	text string
}

func readReadmes(t *testing.T) (all []*readme) {
	t.Helper()
	for _, path := range []string{"README.md", "mp/README.md", "answers/README.md"} {
		text, err := os.ReadFile(filepath.Join("..", path))
		if err != nil {
			t.Fatal(err)
		}
		r := &readme{path: path, text: strings.ReplaceAll(string(text), "\r\n", "\n")}
		r.takeApart()
		all = append(all, r)
	}
	return all
}

var quoted = regexp.MustCompile("`([^`]*)`")

func (r *readme) takeApart() {
	var open *block
	for i, line := range strings.Split(r.text, "\n") {
		r.prose = append(r.prose, "")
		kind, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && open == nil:
			open = &block{line: i + 2, kind: kind}
		case fence:
			r.blocks, open = append(r.blocks, *open), nil
		case open != nil:
			open.text += line + "\n"
			if open.kind == "sh" {
				r.spans = append(r.spans, span{i + 1, line})
			}
		default:
			r.prose[i] = line
			for _, s := range quoted.FindAllStringSubmatch(line, -1) {
				r.spans = append(r.spans, span{i + 1, s[1]})
			}
		}
	}
}

// command is what stands after the $, output what stands below it.
func (b block) command() string {
	first, _, _ := strings.Cut(b.text, "\n")
	command, _ := strings.CutPrefix(first, "$ ")
	return command
}

func (b block) output() string {
	_, output, _ := strings.Cut(b.text, "\n")
	return output
}

// at is a place in a readme, as errors have it.
func (r *readme) at(line int) string { return fmt.Sprintf("%s:%d", r.path, line) }

// The blocks of a file are one story: the worksheet that is made in one is filled
// in the next and checked in a third.
func TestReadmeOutputs(t *testing.T) {
	t.Parallel()
	for _, r := range readReadmes(t) {
		d := newDesk(t)
		for _, b := range r.blocks {
			if err := d.block(b, r); err != nil {
				t.Errorf("%s: %v", r.at(b.line), err)
			}
		}
		if *update {
			if err := os.WriteFile(filepath.Join("..", r.path), []byte(r.text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func (d *desk) block(b block, r *readme) error {
	switch {
	case strings.HasPrefix(b.text, "$ "):
		return d.compare(b, r)
	case b.kind == "markdown":
		return d.fill(b.text)
	case b.kind == "go":
		return d.program(b.text)
	case b.kind == "question":
		return d.question(b.text)
	case b.kind == "sh": // its lines are spans
	case b.kind == "python": // beside ours, to be read; nobody needs Python here
	default:
		return fmt.Errorf("nothing checks this block; begin it with $ and a command, or say what it is: ```go, ```sh, ```markdown, ```question or ```python")
	}
	return nil
}

// compare runs a block's command.
func (d *desk) compare(b block, r *readme) error {
	got, err := d.run(b.command())
	if failed := strings.Contains(b.text, "FAIL"); mask(got) == mask(b.output()) && (err != nil) == failed {
		return nil
	}
	if *update {
		r.text = strings.Replace(r.text, b.text, "$ "+b.command()+"\n"+got, 1)
		return nil
	}
	return fmt.Errorf("$ %s (%v) prints\n%s\nbut the block has\n%v\nIf it is right to print that: go test ./lessons -run Readme -update",
		b.command(), err, got, difference(mask(got), mask(b.output())))
}

var (
	pid      = regexp.MustCompile(`PID \d+`)
	duration = regexp.MustCompile(`\b\d+\.\d+s\b`)
	done     = regexp.MustCompile(`(?m)^exercises: \d of (\d) done.*$`)
)

// mask takes out what differs from run to run, and what a reader has done.
func mask(output string) string {
	output = done.ReplaceAllString(output, "exercises: N of $1 done")
	return duration.ReplaceAllString(pid.ReplaceAllString(output, "PID"), "0.00s")
}

// Commands in the text are those of promises, and do what is said of them.
func TestReadmeCommands(t *testing.T) {
	t.Parallel()
	all, d := readReadmes(t), newDesk(t)
	said := make(map[string]bool)
	for _, r := range all {
		for _, b := range r.blocks {
			said[b.command()] = true // and checked
		}
	}
	d.fillWrongly()
	d.build()
	for _, r := range all {
		for _, s := range r.spans {
			if !said[s.text] && isCommand.MatchString(s.text) {
				d.command(t, r.at(s.line), s.text)
			}
			said[s.text] = true
		}
	}
	for command := range promises {
		if !said[command] {
			t.Errorf("no README mentions %s, which promises in desk_test.go have", command)
		}
	}
}

func (d *desk) command(t *testing.T, at, command string) {
	keeps, known := promises[command]
	if !known {
		t.Errorf("%s: nothing checks what is said of %s; add it to promises in desk_test.go", at, command)
		return
	}
	t.Run(command, func(t *testing.T) {
		if err := keeps(t, d, command); err != nil {
			t.Errorf("%s: %s: %v", at, command, err)
		}
	})
}

var (
	isCommand = regexp.MustCompile(`^(go|git|bash|cd|\.ci/run)( |$)`)
	isFlag    = regexp.MustCompile(`^-\w`)
	isOfMp    = regexp.MustCompile(`^mp\.(\w+)`)
	isForm    = regexp.MustCompile(`^\(.*\)$`)
	isFile    = regexp.MustCompile(`^[\w-]+(/[\w.-]*)+$|^[\w-]+\.(go|md)$`)
	link      = regexp.MustCompile(`\]\(([^)]*)\)`)
	item      = regexp.MustCompile(`\b\d[a-z]\b`)
)

func TestReadmeNames(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	api, err := d.run("go doc -short ./mp")
	if err != nil {
		t.Fatal(err, api)
	}
	for _, r := range readReadmes(t) {
		for _, s := range r.spans {
			if err := d.name(r, s.text, api); err != nil {
				t.Errorf("%s: %v", r.at(s.line), err)
			}
		}
	}
}

// name checks what stands between back quotes, if it is one of these names.
func (d *desk) name(r *readme, name, api string) error {
	switch {
	case isFlag.MatchString(name):
		if out, err := d.run("go run ./lessons/06-daemon -plan " + name); err != nil {
			return fmt.Errorf("%s is not a flag of lesson 6: %s", name, out)
		}
	case isOfMp.MatchString(name):
		name = isOfMp.FindStringSubmatch(name)[1]
		if !regexp.MustCompile(`(?m)^\s*(func|type|var|const) ` + name + `\b`).MatchString(api) {
			return fmt.Errorf("go doc ./mp has no %s", name)
		}
	case isForm.MatchString(name):
		if answers.ParseForm(strings.Trim(name, "()"), nil).Kind == "" {
			return fmt.Errorf("%s is not the form of a prediction", name)
		}
	case isFile.MatchString(name) && !exists(name) && !r.has(name):
		if out, err := d.run("go list " + name); err != nil {
			return fmt.Errorf("%s is neither a file nor a package: %s", name, out)
		}
	}
	return nil
}

// has reports whether a file is next to this one, or is a program that a block
// tells the reader to save.
func (r *readme) has(name string) bool {
	_, err := os.Stat(filepath.Join("..", filepath.Dir(r.path), name))
	return err == nil || strings.Contains(r.text, "\n```go\n// "+name+"\n")
}

func TestReadmeLines(t *testing.T) {
	items := answers.Items(questions(t))
	for _, r := range readReadmes(t) {
		for i, line := range r.prose {
			for _, to := range link.FindAllStringSubmatch(line, -1) {
				if _, err := os.Stat(filepath.Join("..", filepath.Dir(r.path), to[1])); err != nil {
					t.Errorf("%s: link to %s: %v", r.at(i+1), to[1], err)
				}
			}
			for _, id := range item.FindAllString(quoted.ReplaceAllString(line, ""), -1) {
				if items[id] == nil {
					t.Errorf("%s: %s is not a question of the quiz", r.at(i+1), id)
				}
			}
			if n := columns(line); n > 80 || strings.Count(line, "`")%2 == 1 {
				t.Errorf("%s: the line has %d columns, want at most 80, and what is in back quotes in one line: %s", r.at(i+1), n, line)
			}
		}
	}
}

// The first page is short, and names what is needed and what there is.
func TestReadmeFirstPage(t *testing.T) {
	text := readReadmes(t)[0].text
	if n := strings.Count(text, "\n"); n > longestReadme {
		t.Errorf("README.md has %d lines, want at most %d", n, longestReadme)
	}
	mod, _ := os.ReadFile("../go.mod")
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(mod)
	if version == nil || !strings.Contains(text, "Go "+string(version[1])+" or newer") {
		t.Errorf("README.md does not say that Go %s or newer is needed, as go.mod does", version)
	}
	all := questions(t)
	for _, q := range all {
		if !strings.Contains(text, "\n"+q.Title+" ") && !strings.Contains(text, "\n"+q.Title+"\n") {
			t.Errorf("README.md does not have %q among the lessons, as %s does", q.Title, q.File)
		}
	}
	if want := fmt.Sprintf("The quiz has %d questions.", len(answers.Items(all))); !strings.Contains(text, want) {
		t.Errorf("README.md does not say %q", want)
	}
	if want := exercises(); !strings.Contains(text, want) {
		t.Errorf("README.md does not say %q", want)
	}
}

// exercises says which lessons have one.
func exercises() string {
	files, _ := filepath.Glob("[0-9]*/exercise.go")
	var lessons []string
	for _, file := range files {
		lessons = append(lessons, file[1:2])
	}
	last := len(lessons) - 1
	if last < 1 {
		return fmt.Sprintf("the lessons with an exercise are %q", lessons)
	}
	return fmt.Sprintf("Lessons %s and %s also have an exercise", strings.Join(lessons[:last], ", "), lessons[last])
}

// exists reports whether the project has a file, by its path or, like main.go,
// in every lesson.
func exists(name string) bool {
	_, err := os.Stat(filepath.Join("..", name))
	in, _ := filepath.Glob("[0-9]*/" + name)
	all, _ := filepath.Glob("[0-9]*")
	return err == nil || len(in) == len(all)
}

func questions(t *testing.T) []*answers.Question {
	t.Helper()
	all, err := answers.Questions("../answers")
	if err != nil {
		t.Fatal(err)
	}
	return all
}
