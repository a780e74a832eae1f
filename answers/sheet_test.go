package answers

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var daemons = []*Question{parseQuestion("answers/6-daemon.md", `# 6. What are daemon processes for?

Predict first.

### 6a
Main joins nobody.
  Which lines?
A "1 starting"  B "2 starting"  C "2 exiting"
(letters)
> A B
? who made the last mark
  in the row?
?! A B C  you are thinking of
  a background

### 6b
The daemon is
(alive / dead)
> alive
? look

## In your own words
What for?

## Claims
- one thing: 6a
- another
  thing: 6b

## Why
### 6a is here, too
`)}

func TestParsingAQuestion(t *testing.T) {
	q := daemons[0]
	if q.Number != "6" || q.Lesson != "./lessons/06-daemon" || q.Title != "6. What are daemon processes for?" {
		t.Errorf("got question %q, lesson %q, title %q", q.Number, q.Lesson, q.Title)
	}
	if want := []string{"one thing: 6a", "another thing: 6b"}; !reflect.DeepEqual(q.Claims, want) {
		t.Errorf("got claims %q, want %q", q.Claims, want)
	}
	if len(q.Items) != 2 {
		t.Fatalf("got %d items, want 2", len(q.Items))
	}
	got := *q.Items[0]
	got.Question = nil
	want := Item{
		ID:       "6a",
		Text:     []string{"Main joins nobody.", "  Which lines?", `A "1 starting"  B "2 starting"  C "2 exiting"`},
		Form:     Form{Words: "letters", Kind: Letters, Choices: []string{"A", "B", "C"}},
		Answer:   "A B",
		Hint:     "who made the last mark in the row?",
		Mistakes: []Mistake{{"A B C", "you are thinking of a background"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got item\n%+v, want\n%+v", got, want)
	}
}

func TestReadingAWorksheet(t *testing.T) {
	const six = "### 6a\nMain joins nobody.\nWhich lines?\n(letters)\n"
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
		"the text is gone":             {"### 6a\n> A", "A mine.md:2", ""},
		"the answer below":             {six + ">\nA C\n", "A C mine.md:6", ""},
		"the answer without its mark":  {six + "A C!\n", "A C mine.md:5 sure", ""},
		"something without a mark":     {six + "I do not know\n", "I do not know mine.md:5", ""},
		"something below the mark":     {six + ">\nA?\nor B?\n", "A? mine.md:6", ""},
		"the answer behind the form":   {strings.TrimSpace(six) + " A C!\n>\n", "A C mine.md:4 sure", ""},
		"an older text":                {"### 6a\nMain joins.\n(letters)\n>\n", "", ""},
		"the form before the answer":   {six + "> (letters) A C\n", "A C mine.md:5", ""},
		"a note and an answer":         {six + "hm, a daemon\n> A\nor is it?\n", "A mine.md:6", ""},
		"an item twice":                {six + "> A\n" + six + "> B\n", "B mine.md:10", "6a is answered twice, here and at mine.md:5; keep one"},
		"two answers":                  {six + "> A\n> B\n", "B mine.md:6", "6a is answered twice, here and at mine.md:5; keep one"},
		"an item twice, once blank":    {six + "> A\n" + six + ">\n", "A mine.md:5", ""},
		"quotes in words of their own": {six + "> A\n## In your own words\n> what for?\nB\n", "A mine.md:5", ""},
		"an unknown item":              {six + "> A\n### 6z\n> B\n", "A mine.md:5", `mine.md:6: there is no item "6z"; write its name as in answers/blank.md`},
		"an item that has lost its name": {"# 6. Daemons\n> A\n", "",
			"mine.md:2: to which item is this the answer? Write, for example, ### 1a above it"},
		"a heading of the reader's": {six + "> A\n### todo\nask\n", "A mine.md:5", ""},
		"empty":                     {"", "", "mine.md is no worksheet: it has no item, like ### 1a, in it; go test -start -sheet FILE makes one"},
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

func TestOwner(t *testing.T) {
	blank := Worksheet(daemons)
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

func TestReadSheetSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	utf16 := filepath.Join(dir, "utf16.md")
	if err := os.WriteFile(utf16, []byte("\xff\xfe#\x00"), 0o666); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		filepath.Join(dir, "none.md"): "there is no worksheet",
		dir:                           "is a directory",
		utf16:                         "is not plain text; save it as UTF-8",
	} {
		if _, err := ReadSheet(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ReadSheet(%q) = %v, want an error with %q", file, err, want)
		}
	}
}

// From a worksheet in a file to the last line.
func TestMarkingAWorksheet(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.md")
	for _, test := range []struct {
		name, a, b string
		reveal     bool
		err        error
		want       []string // in this order
		never      string
	}{
		{name: "blank", want: []string{"0 of 2 predictions right, 2 blank"}},
		{name: "right", a: "b a", b: "Alive!", want: []string{"2 of 2 predictions right"}, never: "sure"},
		{name: "a question mark", a: "?", b: "-", want: []string{"0 of 2 predictions right, 2 blank"}},
		{name: "wrong", a: "A C", b: "alive", want: []string{
			"Which lines?", "you predicted  A C  (mine.md:", "this machine   disagrees", "go run ./lessons/06-daemon",
			"look           who made the last mark in the row?", "1 of 2 predictions right, 1 to look at again"}, never: "A B\n"},
		{name: "wrong, with a name, and sure", a: "abc!", want: []string{
			"you predicted  abc, and were sure", "look           you are thinking of a background",
			"0 of 2 predictions right, 1 to look at again, 1 blank; sure and wrong: 6a, look there first"}, never: "last mark"},
		{name: "revealed", a: "A C", reveal: true, want: []string{"this machine   says A B\n", "the reason     answers/6-daemon.md"}},
		{name: "a choice", b: "dead", want: []string{"The daemon is\n(alive / dead)\nyou predicted  dead"}},
		{name: "not of the form", a: "perhaps!", want: []string{
			"Which lines?", "(letters)\nyou wrote      perhaps  (mine.md:", "write letters, A to C, like A C", "0 of 2 predictions right, 1 not marked, 1 blank"}, never: "sure and"},
		{name: "no fact", a: "A", err: errors.New("it is broken"), want: []string{
			"the lesson went wrong, so 6a is not marked", "it is broken", "1 not marked"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := strings.Replace(Worksheet(daemons), "\n>\n", "\n> "+test.a+"\n", 1)
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
				o, text := it.Mark(predicted[it.ID], measure, test.reveal)
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
