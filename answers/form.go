package answers

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// A Form is how an item wants to be answered.
type Form struct {
	Words   string // what stands in brackets
	Kind    Kind
	Count   int      // of numbers or choices; 0 is any number of them
	Choices []string // what there is to choose from; of Letters, the letters
	Units   []string // of a number: words that tell nothing
}

// A Kind is what an answer consists of.
type Kind string

// The kinds, and how they are written. The zero Kind is one that is not
// understood.
const (
	Letters Kind = "letters"
	Ordered Kind = "letters in order"
	Numbers Kind = "numbers" // and: number; two numbers; numbers in order
	Name    Kind = "name"
	Choice  Kind = "choice" // alive / dead; two of: waits, the end, an error
)

var counts = map[string]int{"number": 1, "two": 2, "three": 3, "four": 4, "five": 5}

// ParseForm understands the words in brackets. The letters that an answer may
// have are those that the item's text offers.
func ParseForm(words string, text []string) Form {
	first, rest, _ := strings.Cut(words, " ")
	of, several := strings.CutPrefix(rest, "of: ")
	switch count := counts[first]; {
	case words == string(Letters), words == string(Ordered):
		return Form{Words: words, Kind: Kind(words), Choices: offered(strings.Join(text, " "))}
	case words == "name":
		return Form{Words: words, Kind: Name, Count: 1}
	case words == "number", words == "numbers", words == "numbers in order", count > 0 && rest == "numbers":
		f := Form{Words: words, Kind: Numbers, Count: count}
		if count == 1 { // of two, the units might say which is which
			f.Units = units(text)
		}
		return f
	case count > 0 && several:
		return Form{Words: words, Kind: Choice, Count: count, Choices: split(of, ",")}
	case strings.Contains(words, "/"):
		return Form{Words: words, Kind: Choice, Count: 1, Choices: split(words, "/")}
	}
	return Form{Words: words}
}

func split(s, separator string) (all []string) {
	for part := range strings.SplitSeq(s, separator) {
		all = append(all, strings.TrimSpace(part))
	}
	return all
}

// offered finds A, B, C and so on, as far as they go.
func offered(text string) (letters []string) {
	for l := 'A'; regexp.MustCompile(`\b` + string(l) + `\b`).MatchString(text); l++ {
		letters = append(letters, string(l))
	}
	return letters
}

// units are the words that may stand beside a number in an answer: what is asked
// for, in the singular, too.
func units(text []string) (all []string) {
	for _, asked := range wanted.FindAllStringSubmatch(strings.Join(text, " "), -1) {
		for _, word := range words(asked[1]) {
			all = append(all, word, strings.TrimSuffix(word, "s"), strings.TrimSuffix(word, "es"))
		}
	}
	return all
}

var wanted = regexp.MustCompile(`(?i)\b(?:how many|which|prints) (\w+(?: \w+)?)`)

// Read understands an answer, however it is written, and returns it as a
// lesson reports it, or false if it is not of this form.
func (f Form) Read(answer string) (string, bool) {
	switch f.Kind {
	case Letters, Ordered:
		return f.readLetters(answer)
	case Numbers:
		return f.readNumbers(answer)
	case Name:
		name := strings.Join(words(answer), "")
		return strings.ReplaceAll(name, "-", ""), name != ""
	}
	found := f.choose(words(answer, idle...), f.Count)
	if len(found) != 1 {
		return "", false
	}
	return found[0], true
}

// Same reports whether two answers are of this form and mean the same.
func (f Form) Same(a, b string) bool {
	a, understoodA := f.Read(a)
	b, understoodB := f.Read(b)
	return understoodA && understoodB && a == b
}

// Ask says how to answer, and not what: its example is not the answer.
func (f Form) Ask(answer string) string {
	example := map[Kind]string{Letters: "A C", Ordered: "C A B", Numbers: "40 2 17"}[f.Kind]
	if example == answer {
		example = "B C"
	}
	switch {
	case len(f.Choices) > 0 && (f.Kind == Letters || f.Kind == Ordered):
		return fmt.Sprintf("write %s, %s to %s, like %s", f.Kind, f.Choices[0], f.Choices[len(f.Choices)-1], example)
	case f.Kind == Numbers && f.Count == 1:
		return "write a number, like 40"
	case f.Kind == Numbers && f.Count == 2:
		return "write two numbers, like 40 2"
	case f.Kind == Numbers && f.Count > 2:
		return fmt.Sprintf("write %d numbers, with blanks between them", f.Count)
	case f.Kind == Numbers:
		return "write one list of numbers, like " + example
	case f.Kind == Name:
		return "write a name"
	case f.Count > 1:
		return fmt.Sprintf("write %d of: %s", f.Count, strings.Join(f.Choices, ", "))
	}
	return "write one of: " + strings.Join(f.Choices, " / ")
}

var idle = []string{"and", "then", "a", "an", "the", "it", "is", "s"}

// words splits an answer where there is no letter or digit, and leaves
// words out, unless there are no others. A minus sign may be part of a word,
// and a colon, as in Process-1:2.
func words(answer string, without ...string) []string {
	answer = strings.ToLower(minus.Replace(answer))
	all := strings.FieldsFunc(answer, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != ':'
	})
	for i, w := range all {
		all[i] = strings.Trim(w, ":")
	}
	all = slices.DeleteFunc(all, func(w string) bool { return strings.Trim(w, "-:") == "" })
	telling := slices.DeleteFunc(slices.Clone(all), func(w string) bool { return slices.Contains(without, w) })
	if len(telling) == 0 {
		return all
	}
	return telling
}

// readLetters takes "A C", "a,c" and "ac" for the same, and "none". What might
// be all from A to C, or those two, is not understood.
func (f Form) readLetters(answer string) (string, bool) {
	for _, letters := range dashed.FindAllString(minus.Replace(answer), -1) {
		if f.Kind == Letters && len(words(strings.NewReplacer("-", " ", ".", " ").Replace(letters))) == 2 {
			return "", false
		}
	}
	given := words(answer, "and", "then")
	if len(given) == 1 && none.MatchString(given[0]) {
		return "none", true
	}
	var letters []string
	for _, r := range strings.ToUpper(strings.NewReplacer("-", "", ":", "").Replace(strings.Join(given, ""))) {
		if !slices.Contains(f.Choices, string(r)) {
			return "", false
		}
		letters = append(letters, string(r))
	}
	if f.Kind == Letters {
		slices.Sort(letters)
		letters = slices.Compact(letters)
	}
	return strings.Join(letters, " "), len(letters) > 0
}

var (
	dashed    = regexp.MustCompile(`(?i)\b[a-z](\s*(-+|\.\.+)\s*[a-z]\b)+`)
	bullet    = regexp.MustCompile(`(^|\s)-\s+\d`)
	minus     = strings.NewReplacer("\u2010", "-", "\u2011", "-", "\u2012", "-", "\u2013", "-", "\u2014", "-", "\u2212", "-", "\u2026", "..") // as word processors write it
	spoken    = regexp.MustCompile(`(?i)\bminus\s+`)
	none      = regexp.MustCompile(`^(none|nobody|nothing)$`)
	plural    = regexp.MustCompile(`^[a-z]*[^\Wsu]s$`) // and not less, plus, minus
	thousands = regexp.MustCompile(`(\d),(\d\d\d)\b`)
	spelled   = []string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
		"eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"}
)

// readNumbers takes digits or words, "2,000" for one number, and for 3 also "3
// lines", and "code 3" if a code is asked for.
func (f Form) readNumbers(answer string) (string, bool) {
	if f.Count == 1 && bullet.MatchString(minus.Replace(answer)) { // or is it a minus?
		return "", false
	}
	answer = spoken.ReplaceAllString(thousands.ReplaceAllString(answer, "$1$2"), "-")
	given := words(answer, slices.Concat(f.Units, idle)...)
	if f.Count == 1 && len(given) == 2 && plural.MatchString(given[1]) {
		given = given[:1]
	}
	for i, word := range given {
		n, err := strconv.Atoi(word)
		if err != nil {
			n = slices.Index(spelled, none.ReplaceAllString(word, "zero"))
		}
		if err != nil && n < 0 {
			return "", false
		}
		given[i] = strconv.Itoa(n)
	}
	switch { // 231 for 2 3 1 is a slip, not a prediction
	case f.Count > 0:
		return strings.Join(given, " "), len(given) == f.Count
	default:
		return strings.Join(given, " "), len(given) > 1
	}
}

// choose returns all ways to understand some words as so many choices, one
// after the other. There need be no comma between them.
func (f Form) choose(words []string, count int) (ways []string) {
	if count == 1 {
		return f.one(words)
	}
	for i := 1; i < len(words); i++ {
		for _, first := range f.one(words[:i]) {
			for _, others := range f.choose(words[i:], count-1) {
				ways = append(ways, first+", "+others)
			}
		}
	}
	return ways
}

// one returns the choices that somebody may mean: the one with these words, or
// else those that have them among others, or that begin with this letter.
func (f Form) one(given []string) (meant []string) {
	for _, choice := range f.Choices {
		all := words(choice, idle...)
		if slices.Equal(all, given) {
			return []string{choice}
		}
		if within(given, all) || len(given) == 1 && len(given[0]) == 1 && strings.HasPrefix(strings.Join(all, " "), given[0]) {
			meant = append(meant, choice)
		}
	}
	return meant
}

func within(some, all []string) bool {
	for _, word := range some {
		if !slices.Contains(all, word) {
			return false
		}
	}
	return len(some) > 0 && len(some) <= len(all)
}
