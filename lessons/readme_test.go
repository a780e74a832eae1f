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

// What README.md says is so: its outputs are what its commands print, the
// commands do what it promises, and what it names is there. The commands are
// typed in desk_test.go.

var update = flag.Bool("update", false, "let TestReadmeOutputs rewrite the outputs in README.md")

// A readme is README.md, taken apart.
type readme struct {
	text   string
	blocks []block
	prose  []string // its lines, empty where a block is
	spans  []span
}

// A block is what stands between two lines of three back quotes.
type block struct {
	line int    // of its first line, from 1
	kind string // what stands behind the quotes: go, markdown
	text string
}

// A span is what stands between two back quotes in a line.
type span struct {
	line    int
	section string // the heading above it
	text    string
}

func readReadme(t *testing.T) *readme {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	r := &readme{text: strings.ReplaceAll(string(text), "\r\n", "\n")}
	r.takeApart()
	return r
}

var quoted = regexp.MustCompile("`([^`]*)`")

func (r *readme) takeApart() {
	var open *block
	section := ""
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
		default:
			r.prose[i] = line
			if title, ok := strings.CutPrefix(line, "## "); ok {
				section = title
			}
			for _, s := range quoted.FindAllStringSubmatch(line, -1) {
				r.spans = append(r.spans, span{i + 1, section, s[1]})
			}
		}
	}
}

// command is what stands behind the $, output what stands below it.
func (b block) command() string {
	first, _, _ := strings.Cut(b.text, "\n")
	command, _ := strings.CutPrefix(first, "$ ")
	return command
}

func (b block) output() string {
	_, output, _ := strings.Cut(b.text, "\n")
	return output
}

// The blocks are one story: the worksheet that is made in one is filled in the
// next and marked in a third.
func TestReadmeOutputs(t *testing.T) {
	r, d := readReadme(t), newDesk(t)
	for _, b := range r.blocks {
		var err error
		switch {
		case strings.HasPrefix(b.text, "$ "):
			err = d.compare(b, r)
		case b.kind == "markdown":
			err = d.fill(b.text)
		case b.kind == "go":
			err = d.program(b.text)
		case b.kind == "python": // beside ours, to be read; nobody needs Python here
		default:
			err = fmt.Errorf("this block is none that is checked; begin it with $ and a command, or say what it is: ```go, ```markdown or ```python")
		}
		if err != nil {
			t.Errorf("README.md:%d: %v", b.line, err)
		}
	}
	if *update {
		if err := os.WriteFile("../README.md", []byte(r.text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
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
	return fmt.Errorf("$ %s (%v) prints\n%s\nbut README.md has\n%v\nIf it is right to print that: go test ./lessons -run Readme -update",
		b.command(), err, got, difference(mask(got), mask(b.output())))
}

var (
	pid      = regexp.MustCompile(`PID \d+`)
	duration = regexp.MustCompile(`\b\d+\.\d+s\b`)
)

// mask takes out what differs from run to run.
func mask(output string) string {
	return duration.ReplaceAllString(pid.ReplaceAllString(output, "PID"), "0.00s")
}

// Commands in the text are those of promises, and do what is said of them.
func TestReadmeCommands(t *testing.T) {
	r, d := readReadme(t), newDesk(t)
	said := make(map[string]bool)
	for _, b := range r.blocks {
		said[b.command()] = true // and checked
	}
	d.fillWrongly()
	d.build()
	for _, s := range r.spans {
		keeps, known := promises[s.text]
		switch {
		case said[s.text] || !isCommand.MatchString(s.text):
		case !known:
			t.Errorf("README.md:%d: nothing checks what is said of %s; add it to promises in desk_test.go", s.line, s.text)
		default:
			t.Run(s.text, func(t *testing.T) {
				if err := keeps(t, d, s.text); err != nil {
					t.Errorf("README.md:%d: %s: %v", s.line, s.text, err)
				}
			})
		}
		said[s.text] = true
	}
	for command := range promises {
		if !said[command] {
			t.Errorf("README.md does not mention %s, which promises in desk_test.go have", command)
		}
	}
}

var (
	isCommand = regexp.MustCompile(`^(go|git|bash|cd|\.ci/run)( |$)`)
	isFlag    = regexp.MustCompile(`^-\w`)
	isOfMp    = regexp.MustCompile(`^mp\.(\w+)`)
	isFile    = regexp.MustCompile(`^[\w-]+(/[\w.-]*)+$|^[\w-]+\.(go|md)$`)
	link      = regexp.MustCompile(`\]\(([^)]*)\)`)
	item      = regexp.MustCompile(`\b\d[a-z]\b`)
)

func TestReadmeNames(t *testing.T) {
	r, d := readReadme(t), newDesk(t)
	api, err := d.run("go doc -short ./mp")
	if err != nil {
		t.Fatal(err, api)
	}
	for _, s := range r.spans {
		switch {
		case isFlag.MatchString(s.text):
			if out, err := d.run("go run ./lessons/06-daemon -plan " + s.text); err != nil {
				t.Errorf("README.md:%d: %s is no flag of lesson 6: %s", s.line, s.text, out)
			}
		case isOfMp.MatchString(s.text):
			name := isOfMp.FindStringSubmatch(s.text)[1]
			if !regexp.MustCompile(`(?m)^\s*(func|type|var|const) ` + name + `\b`).MatchString(api) {
				t.Errorf("README.md:%d: go doc ./mp has no %s", s.line, name)
			}
		case isFile.MatchString(s.text) && !exists(s.text):
			if out, err := d.run("go list " + s.text); err != nil {
				t.Errorf("README.md:%d: %s is neither a file nor a package: %s", s.line, s.text, out)
			}
		}
	}
	mod, _ := os.ReadFile("../go.mod")
	if version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindSubmatch(mod); version == nil || !strings.Contains(r.text, "Go "+string(version[1])+" or newer") {
		t.Errorf("README.md does not say that Go %s or newer is needed, as go.mod does", version)
	}
	items := answers.Items(questions(t))
	for i, line := range r.prose {
		for _, to := range link.FindAllStringSubmatch(line, -1) {
			if !exists(to[1]) {
				t.Errorf("README.md:%d: link to %s, which is no file here", i+1, to[1])
			}
		}
		for _, id := range item.FindAllString(line, -1) {
			if items[id] == nil {
				t.Errorf("README.md:%d: %s is no item of the quiz", i+1, id)
			}
		}
		if n := columns(line); n > 80 || strings.Count(line, "`")%2 == 1 {
			t.Errorf("README.md:%d: the line has %d columns, want at most 80, and what is in back quotes in one line: %s", i+1, n, line)
		}
	}
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

var ofLessons = regexp.MustCompile(`^- \*\*.*\*\* \(([\d, ]+)\)`)

// The signs that README.md explains are those that the lessons print. (That
// they print what is in their main_test.go, their own tests check.)
func TestReadmePictures(t *testing.T) {
	r := readReadme(t)
	prints, explained := "", make(map[string]bool)
	for _, s := range r.spans {
		if s.section != "How to read the pictures" {
			continue
		}
		for line := s.line - 1; !strings.HasPrefix(r.prose[line], "#"); line-- {
			if of := ofLessons.FindStringSubmatch(r.prose[line]); of != nil {
				prints = ""
				for _, n := range strings.Split(of[1], ", ") {
					explained[n] = true
					prints += output(t, n)
				}
				break
			}
		}
		if !strings.Contains(prints, s.text) {
			t.Errorf("README.md:%d: no lesson named there prints %s", s.line, s.text)
		}
	}
	for _, q := range questions(t) {
		if !explained[q.Number] {
			t.Errorf("README.md does not say how to read the picture of lesson %s", q.Number)
		}
	}
}

// output returns what a lesson prints, as its test has it.
func output(t *testing.T, lesson string) string {
	files, _ := filepath.Glob("0" + lesson + "-*/main_test.go")
	if len(files) != 1 {
		t.Fatalf("lesson %s: got files %q, want one", lesson, files)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	_, output, _ := strings.Cut(string(text), "const output = `")
	return output
}
