package answers

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var daemons = parsed("answers/6-daemon.md", `# 6. What are daemon processes for?

Predict first.

### 6a
Main joins nobody.
  Which lines?
A "1 starting"  B "2 starting"  C "2 exiting"
(letters)
> A B
? the last mark
  in the row
?! A B C  true of
  a background

### 6b
The daemon is
(one of: alive = running, dead)
> alive
? look

## In your own words
What for?
Why?

A good answer says
- this

Who waits?

## Claims
- one thing: 6a
- another
  thing: 6b

## Why
### 6a is here, too
`)

func parsed(file, text string) []*Question {
	q, err := parseQuestion(file, text)
	if err != nil {
		panic(err)
	}
	return []*Question{q}
}

var pools = parsed("answers/4-pool.md", `# 4. A Process or a Pool?
### 4a
A pool of three does {nine
tasks|seven}.  How many
processes, and how many {results|answers}?
(two numbers{|: processes, answers})
> 3 {9|7}
? look at the {9|seven} rows
?! {9 9|7 7}  that
  would be true {of Processes|if}
?! 1 1  no

### 4b
How many?
(number from 0 to 3)
> 2
? look
`)

func TestTheFormsOfAQuestion(t *testing.T) {
	first, same := pools[0].Items[0], pools[0].Items[1]
	second := first.In(2)
	if first.In(1) != first || second.In(2) != second || second.In(1) != first || same.In(1) != same || same.In(2) != same {
		t.Error("In does not find its way between the forms")
	}
	for it, want := range map[*Item][]string{
		first: {"A pool of three does nine", "tasks.  How many", "processes, and how many results?", "(two numbers, like 40 2)",
			"3 9", "look at the 9 rows", "9 9", "that would be true of Processes", "-facts"},
		second: {"A pool of three does seven.  How many", "processes, and how many answers?", "(two numbers, like 40 2: processes, answers)",
			"3 7", "look at the seven rows", "7 7", "that would be true if", "-facts -form 2 4a"},
	} {
		got := append(it.lines(), it.Answer, it.Hint, it.Mistakes[0].Answer, it.Mistakes[0].Why, strings.Join(it.Facts(), " "))
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got\n%q, want\n%q", got, want)
		}
	}
	for _, braces := range []string{"{nine", "nine|seven}", "{nine}", "{}", "{nine|seven|six}", "{nine|{seven|six}}", "{nine|seven}}", "{nine,\nseven}"} {
		_, err := parseQuestion("answers/4-pool.md", "# 4. Pool\n### 4c\nA pool does "+braces+" tasks.\n(number)\n> 3\n## Why\n{}\n")
		if want := "answers/4-pool.md: the braces in 4c are not like "; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got error %v, want %q", braces, err, want)
		}
	}
	if _, err := parseQuestion("answers/4-pool.md", "# 4. Pool\n## Why\nselect {}\n"); err != nil {
		t.Errorf("braces that are in no question: %v", err)
	}
}

func TestTheFormOfAWorksheet(t *testing.T) {
	for text, want := range map[string]int{
		"":                                      1,
		Worksheet(pools, 1):                     1,
		Worksheet(pools, 2):                     2,
		"### 4a\n> 1\n":                         1,
		"# Worksheet\n":                         1,
		"Name: Anna\n\n**Worksheet, Form 2**\n": 2,
		"\ufeff## WORKSHEET form: 2\n":          2,
		"worksheet (form2)":                     2,
		"# Worksheet, form 1\nworksheet form 2": 1,
		"# Worksheet, form 3\n":                 0,
		"# Worksheet, form 22\n":                0,
		"# Worksheet, form B\n":                 0,
		"# Worksheet, formula\n":                0,
	} {
		if got := FormOf(text); got != want {
			t.Errorf("got form %d, want %d, of\n%s", got, want, text)
		}
	}
	if predicted, odd := Predictions("mine.md", "# Worksheet, form 3\n### 4a\n> 1\n", pools); predicted != nil || len(odd) != 1 ||
		odd[0] != "mine.md: its title ends neither in form 1 nor in form 2" {
		t.Errorf("of a third form: got %v, %q", predicted, odd)
	}
	for title, want := range map[string]string{"# Worksheet, form 2\n": "", "": "here 4a is in form 2, so the first line has to be # Worksheet, form 2"} {
		_, body, _ := strings.Cut(Worksheet(pools, 2), "\n")
		predicted, _ := Predictions("mine.md", title+strings.ReplaceAll(body, "\n>\n", "\n> 1\n"), pools)
		if got := predicted["4a"]; got.Complaint != want || predicted["4b"].Complaint != "" {
			t.Errorf("with the title %q the complaint is %q, want %q", title, got.Complaint, want)
		}
	}
	// What form 2 asks is not taken for an answer.
	if predicted, odd := Predictions("mine.md", Worksheet(pools, 2), pools); len(predicted)+len(odd) > 0 {
		t.Errorf("a blank worksheet of form 2 has predictions %v and complaints %q", predicted, odd)
	}
}

func TestParsingAQuestion(t *testing.T) {
	q := daemons[0]
	if q.Number != "6" || q.Lesson != "./lessons/06-daemon" || q.Title != "6. What are daemon processes for?" {
		t.Errorf("got question %q, lesson %q, title %q", q.Number, q.Lesson, q.Title)
	}
	if want := []string{"one thing: 6a", "another thing: 6b"}; !reflect.DeepEqual(q.Claims, want) {
		t.Errorf("got claims %q, want %q", q.Claims, want)
	}
	if want := []Prompt{{"What for?\nWhy?", "A good answer says\n- this"}, {"Who waits?", ""}}; !reflect.DeepEqual(q.Prompts, want) {
		t.Errorf("got prompts %q, want %q", q.Prompts, want)
	}
	if len(q.Items) != 2 {
		t.Fatalf("got %d items, want 2", len(q.Items))
	}
	got := *q.Items[0]
	got.Question = nil
	want := Item{
		ID:       "6a",
		Text:     []string{"Main joins nobody.", "Which lines?", `A "1 starting"  B "2 starting"  C "2 exiting"`},
		Form:     Form{Words: "letters, like B C, or none", Kind: Letters, Choices: []string{"A", "B", "C"}, about: []string{"which", "lin"}},
		Answer:   "A B",
		Hint:     "the last mark in the row",
		Mistakes: []Mistake{{"A B C", "true of a background"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got item\n%+v, want\n%+v", got, want)
	}
}

func TestReadingAWorksheet(t *testing.T) {
	const six = "### 6a\nMain joins nobody.\nWhich lines?\n(letters, like B C, or none)\n"
	const bold = "**6b**\nThe daemon is\n(one of: alive, dead)\n"
	for name, test := range map[string]struct {
		text      string
		want      string // the answer to 6a, where it is, whether sure
		complaint string
	}{
		"blank":                        {six + ">\n", "", ""},
		"an answer":                    {six + "> A C\n", "A C mine.md:5", ""},
		"no blank, and trailing ones":  {six + ">A C  \n", "A C mine.md:5", ""},
		"sure":                         {six + "> A C !\n", "A C mine.md:5 sure", ""},
		"sure of nothing":              {six + "> !\n", "", ""},
		"CR LF, tabs and a BOM":        {"\ufeff" + strings.ReplaceAll(six, "\n", "\r\n") + "\t>\tA C!\t\r\n", "A C mine.md:5 sure", ""},
		"an indented, capital heading": {"  ## 6A.\n> A\n", "A mine.md:2", ""},
		"a heading in bold":            {"**6a**\n> A\n", "A mine.md:2", ""},
		"both":                         {"### **6a**:\n> A\n", "A mine.md:2", ""},
		"bold in another way":          {"__6a__\n> A\n", "A mine.md:2", ""},
		"a name in words of their own": {six + "> A\n## In your own words\nas in\n(6a)\n> B\n", "A mine.md:5", ""},
		"the next one in bold":         {six + ">\n" + bold + "> alive\n", "", ""},
		"an unknown one in bold":       {six + "**9x**\n> A\n", "", `mine.md:5: unknown question "9x"; write its name as in answers/blank.md`},
		"the text is gone":             {"### 6a\n> A", "A mine.md:2", ""},
		"below the mark":               {six + ">\nA C\n", "A C mine.md:6", ""},
		"further below":                {six + ">\n\nA C!\n", "A C mine.md:7 sure", ""},
		"above the mark":               {six + "A C!\n>\n", "A C mine.md:5 sure", ""},
		"without a mark":               {six + "A C!\n", "A C mine.md:5 sure", ""},
		"in the form":                  {strings.Replace(six, "(letters, like B C,", "(letters, like **B C**,", 1) + ">\n", "(letters, like **B C**, or none) mine.md:4", ""},
		"next to the form":             {strings.TrimSpace(six) + " A\n>\n", "(letters, like B C, or none) A mine.md:4", ""},
		"a line that goes on":          {six + "> A\n  or B?\n", "A or B? mine.md:5", ""},
		"two lines without a mark":     {six + "A\n>\n\nno, B\n", "no, B mine.md:8", ""},
		"two lines above":              {six + "A\nno, B\n>\n", "A no, B mine.md:5", ""},
		"an older text":                {"### 6a\nMain joins.\n(letters)\n>\n", "Main joins. (letters) mine.md:2", ""},
		"a note and an answer":         {six + "hm, a daemon\n> A\n\nor is it?\n", "A mine.md:6", ""},
		"in a quote in a quote":        {six + "> > 3\n", "> 3 mine.md:5", ""},
		"an upset terminal":            {six + "> A\x1b[31m\n", "A[31m mine.md:5", ""},
		"an item twice":                {six + "> A\n" + six + "> B\n", "B mine.md:10", "6a has two predictions, here and at mine.md:5; keep one"},
		"two answers":                  {six + "> A\n> B\n", "B mine.md:6", "6a has two predictions, here and at mine.md:5; keep one"},
		"an item twice, once blank":    {six + "> A\n" + six + ">\n", "A mine.md:5", ""},
		"quotes in words of their own": {six + "> A\n## In your own words\n> what for?\nB\n", "A mine.md:5", ""},
		"a quote below a heading":      {six + "> A\n## In your own words\n### Pro\n> it says\n# a comment\n>>> 1\n", "A mine.md:5", ""},
		"a question after own words":   {"## In your own words\n# Pro\n> quote\n" + six + "> A\n", "A mine.md:8", ""},
		"a lost name after own words": {six + "> A\n## In your own words\n# why\n# 7. Ends\n> B\n", "A mine.md:5",
			"mine.md:9: to which question does this belong? Write its name above it, for example ### 1a"},
		"an unknown item": {six + "> A\n### 6z\n> B\n", "A mine.md:5", `mine.md:6: unknown question "6z"; write its name as in answers/blank.md`},
		"an item that has lost its name": {"# 6. Daemons\n> A\n", "",
			"mine.md:2: to which question does this belong? Write its name above it, for example ### 1a"},
		"a heading of the reader's": {six + "> A\n### todo\nask\n", "A mine.md:5", ""},
		"empty":                     {"", "", "mine.md is not a worksheet: it has no line like ### 1a; to make one: go test -start -sheet FILE"},
	} {
		t.Run(name, func(t *testing.T) {
			predicted, complaints := Predictions("mine.md", test.text, daemons)
			p := predicted["6a"]
			got := strings.TrimSpace(p.Words + " " + p.Where)
			if p.Sure {
				got += " sure"
			}
			if p.Complaint != "" {
				complaints = append(complaints, p.Complaint)
			}
			if complaint := strings.Join(complaints, "; "); got != test.want || complaint != test.complaint {
				t.Errorf("got  %q, complaint %q\nwant %q, complaint %q", got, complaint, test.want, test.complaint)
			}
		})
	}
}

func TestNothingIsSilentlyBlank(t *testing.T) {
	for text, want := range map[string]Outcome{
		"The daemon is\n(one of: alive, dead)\n>":             Blank,
		"The daemon is\n(one of: alive, dead)\n> ?":           Blank,
		"The daemon is\n(one of: alive, dead)\nalive\n>":      Right,
		"The daemon is\n(one of: alive, dead)\n>\nalive":      Right,
		"The daemon is\n(one of: alive, dead)\n>\n\n  alive":  Right,
		"The daemon is\n(one of: alive, dead)\n\n**dead**":    Wrong,
		"The daemon is\n(one of: alive, dead)\nalive >\n":     Right,
		"The daemon is\n(alive)\n>":                           Right,
		"The daemon is\n(one of: alive, **dead**)\n>":         Unchecked,
		"The daemon is\n(one of: alive, _dead_)\n>":           Unchecked,
		"The daemon is\n(one of: <u>alive</u>, dead)\n>":      Unchecked,
		"The daemon is\n(one of: [x] alive, dead)\n>":         Unchecked,
		"The daemon is\n(one of: alive ✓, dead)\n>":           Unchecked,
		"The daemon is\n(one of: alive, ~~dead~~)\n>":         Unchecked,
		"The daemon is\n(one of: alive, dead) alive\n>":       Unchecked,
		"The daemon is alive\n(one of: alive, dead)\n>":       Right,
		"The daemon is\n(one of: alive, dead)\nalive\nor\n>":  Unchecked,
		"The daemon is\n(one of: alive, dead)\n> not\nalive":  Unchecked,
		"The daemon is\n(one of: alive, dead)\n> alive\n> no": Unchecked,
		"The daemon is\n(one of: alive, dead)\n> ½":           Unchecked,
	} {
		predicted, _ := Predictions("mine.md", "### 6b\n"+text, daemons)
		got, _ := daemons[0].Items[1].Check(predicted["6b"], known(Facts{"6b": "alive"}), false)
		if got != want {
			t.Errorf("got outcome %d, want %d, for\n%s", got, want, text)
		}
	}
}

func TestOwner(t *testing.T) {
	blank := Worksheet(daemons, 1)
	for text, want := range map[string]string{
		blank: "anna.md",
		strings.Replace(blank, "Name:", "Name:  Anna B. ", 1): "Anna B. (anna.md)",
		strings.Replace(blank, "Name:", "Name: Anna B.\r", 1): "Anna B. (anna.md)",
		"Name: \x1b[31mAnna": "[31mAnna (anna.md)",
		"":                   "anna.md",
	} {
		if got := Owner("anna.md", text); got != want {
			t.Errorf("got %q, want %q, in\n%s", got, want, text)
		}
	}
}

func TestReadSheet(t *testing.T) {
	dir := t.TempDir()
	for name, test := range map[string]struct{ text, want, err string }{
		"utf8.md":    {"\xef\xbb\xbf# é\r\n> A", "\ufeff# é\n> A", ""},
		"little.md":  {"\xff\xfe#\x00\xe9\x00\r\x00\n\x00=\xd8\x00\xde", "#é\n😀", ""},
		"big.md":     {"\xfe\xff\x00#\x00\xe9\x00\r\x00\n", "#é\n", ""},
		"utf32.md":   {"\xff\xfe\x00\x00#\x00\x00\x00", "", "utf32.md:1 is not UTF-8, but perhaps UTF-16 without a mark; save the file as UTF-8"},
		"no mark.md": {"#\x00\n\x00", "", "no mark.md:1 is not UTF-8, but perhaps UTF-16 without a mark; save the file as UTF-8"},
		"latin.md":   {"# 1\r\n\r\n> caf\xe9\r\n", "", "latin.md:3 is not UTF-8, but perhaps Latin-1; save the file as UTF-8"},
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(test.text), 0o666); err != nil {
			t.Fatal(err)
		}
		got, err := ReadSheet(file)
		if got != test.want || (err == nil) != (test.err == "") || err != nil && !strings.HasSuffix(err.Error(), test.err) {
			t.Errorf("ReadSheet(%s) = %q, %v, want %q, %s", name, got, err, test.want, test.err)
		}
	}
	for file, want := range map[string]string{
		filepath.Join(dir, "none.md"): "does not exist; to make it",
		dir:                           "is a directory",
	} {
		if _, err := ReadSheet(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ReadSheet(%q) = %v, want an error with %q", file, err, want)
		}
	}
}

func TestOwnWords(t *testing.T) {
	for text, want := range map[string][]string{
		Worksheet(daemons, 1): {"", ""},
		"### 6b\n> dead\n## In your own words\nWhat for?\nWhy?\n\nFor\n# a\nprogram.\n\nWho waits?\nMain.\n# 6. What are daemon processes for?\nno": {"For\n# a\nprogram.", "Main."},
		"# 6. What are daemon processes for?\n## in your own words\nwithout a prompt\n### 6a\n> A":                                                  {"without a prompt", ""},
		"### 6b\n> dead\n": nil,
	} {
		got := OwnWords(text, daemons)[daemons[0]]
		for i := range got {
			got[i] = strings.TrimSpace(got[i])
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %q, want %q, in\n%s", got, want, text)
		}
	}
}

// From a worksheet in a file to the last line.
func TestCheckingAWorksheet(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.md")
	for _, test := range []struct {
		name, a, b string
		reveal     bool
		err        error
		want       []string // in this order
		never      string
	}{
		{name: "blank", want: []string{"0 of 2 right, 2 blank."}},
		{name: "right", a: "b a", b: "Alive!", want: []string{"2 of 2 right."}, never: "sure"},
		{name: "a question mark", a: "?", b: "-", want: []string{"0 of 2 right, 2 blank."}},
		{name: "wrong", a: "A C", b: "alive", want: []string{
			"Which lines?", "you predicted  A C  (mine.md:", "this machine   disagrees", "go run ./lessons/06-daemon",
			"look           the last mark in the row", "1 of 2 right, 1 wrong."}, never: "A B\n"},
		{name: "wrong, with a name, and sure", a: "abc!", want: []string{
			"you predicted  abc, and were sure", "look           true of a background",
			"0 of 2 right, 1 wrong, 1 blank. Look first at 6a: you were sure."}, never: "last mark"},
		{name: "revealed", a: "A C", reveal: true, want: []string{"this machine   says A B\n", "the reason     answers/6-daemon.md"}},
		{name: "a choice", b: "dead", want: []string{"The daemon is\n(one of: alive, dead)\nyou predicted  dead"}},
		{name: "not of the form", a: "perhaps!", want: []string{
			"Which lines?", "(letters, like B C, or none)\nyou wrote      perhaps  (mine.md:", "not checked    \"perhaps\" is not understood; write: letters,",
			"0 of 2 right, 1 not checked, 1 blank."}, never: "sure"},
		{name: "no fact", a: "A", err: errors.New("it is broken"), want: []string{
			"the lesson failed, so 6a is not checked", "it is broken", "1 not checked"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := strings.Replace(Worksheet(daemons, 1), "\n>\n", "\n> "+test.a+"\n", 1)
			text = strings.Replace(text, "\n>\n", "\n> "+test.b+"\n", 1)
			if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
			read, err := ReadSheet(file)
			if err != nil {
				t.Fatal(err)
			}
			predicted, _ := Predictions("mine.md", read, daemons)
			measure := func() (Facts, error) {
				if test.err != nil {
					return nil, test.err
				}
				return Facts{"6a": "A B", "6b": "alive"}, nil
			}
			var score Score
			var said strings.Builder
			for _, it := range daemons[0].Items {
				o, text := it.Check(predicted[it.ID], measure, test.reveal)
				score.Add(it, predicted[it.ID], o)
				said.WriteString(text + "\n")
			}
			said.WriteString(score.String())
			rest := said.String()
			for _, want := range test.want {
				_, after, found := strings.Cut(rest, want)
				if !found {
					t.Fatalf("got\n%s\nwant, in this order, %q", &said, test.want)
				}
				rest = after
			}
			if test.never != "" && strings.Contains(said.String(), test.never) {
				t.Errorf("got\n%s\nwant nothing about %q", &said, test.never)
			}
		})
	}
}
