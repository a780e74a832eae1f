package answers

import (
	"strings"
	"testing"
)

const no = "(not of this form)"

func TestReadingAnswers(t *testing.T) {
	for _, test := range []struct{ form, answer, want string }{
		{"letters", "A C", "A C"},
		{"letters", "c,a", "A C"},
		{"letters", "ac", "A C"},
		{"letters", "(A) and \"c\".", "A C"},
		{"letters", "A A C", "A C"},
		{"letters", "none", "none"},
		{"letters", "A C because", no},
		{"letters", "E", no},
		{"letters", "1", no},
		{"letters", "", no},
		{"letters", "?", no},
		{"letters", "A-C", no},
		{"letters", "\u201ca\u2013C\u201d", no},
		{"letters", "A .. C", no},
		{"letters", "A-B, C", no},
		{"letters", "A\u2026C", no},
		{"letters", "A-B-C", "A B C"},
		{"letters in order", "B a C", "B A C"},
		{"letters in order", "b, then a -> c", "B A C"},
		{"letters in order", "B-A-C", "B A C"},
		{"number", "5", "5"},
		{"number", "+5", "5"},
		{"number", "005.", "5"},
		{"number", "five", "5"},
		{"number", "-15", "-15"},
		{"number", "- 15", no},
		{"number", "\u2013 15", no},
		{"number", "\u201315", "-15"},
		{"number", "fifteen", "15"},
		{"number", "\u221215", "-15"},
		{"number", "2,000", "2000"},
		{"number", "minus 15", "-15"},
		{"number", "none", "0"},
		{"number", "Nobody.", "0"},
		{"number", "one process", "1"},
		{"number", "3 new processes", "3"},
		{"number", "it is process: 3", "3"},
		{"number", "3 lines", "3"},
		{"number", "3 less", no},
		{"number", "first 3", no},
		{"number", "processes - 3", no},
		{"number", "3 more", no},
		{"number", "3 or more processes", no},
		{"number", "not 3", no},
		{"number", "processes", no},
		{"number", "1 2", no},
		{"number", "perhaps 5", no},
		{"number", "99999999999999999999", no},
		{"two numbers", "0,2000", "0 2000"},
		{"two numbers", "0, 2,000", "0 2000"},
		{"two numbers", "three and zero", "3 0"},
		{"two numbers", "4/1", "4 1"},
		{"two numbers", "12", no},
		{"two numbers", "3 processes, 1 program", no},
		{"numbers", "2 3 1", "2 3 1"},
		{"numbers in order", "2;3;1", "2 3 1"},
		{"numbers", "", no},
		{"name", "Process-3", "process3"},
		{"name", "`process 3`", "process3"},
		{"name", "Main Process", "mainprocess"},
		{"name", "Process-1:2", "process1:2"},
		{"name", "...", no},
		{"alive / dead", "Dead", "dead"},
		{"alive / dead", "\u201calive\u201d", "alive"},
		{"alive / dead", "a", "alive"},
		{"alive / dead", "It's dead", "dead"},
		{"alive / dead", "not alive", no},
		{"alive / dead", "both", no},
		{"asking / Terminate / both", "BOTH", "both"},
		{"yes / no", "n", "no"},
		{"the message / a clean end / a broken message", "broken", "a broken message"},
		{"the message / a clean end / a broken message", "a message", "the message"},
		{"the message / a clean end / a broken message", "clean  END", "a clean end"},
		{"the message / a clean end / a broken message", "an error", no},
		{"A / B", "a", "A"},
		{"two of: waits, the end, a broken message", "The end, a broken message", "the end, a broken message"},
		{"two of: waits, the end, a broken message", "end and broken message", "the end, a broken message"},
		{"two of: waits, the end, a broken message", "a broken message waits", "a broken message, waits"},
		{"two of: waits, the end, a broken message", "the end", no},
		{"two of: waits, the end, a broken message", "the end, the end, waits", no},
		{"a word", "word", no},
		{"", "", no},
	} {
		text := []string{"First there are two. How many new processes are there then?", `A "1 starting"  B "2 starting"  C "2 exiting"`}
		got, ok := ParseForm(test.form, text).Read(test.answer)
		if !ok {
			got = no
		}
		if got != test.want {
			t.Errorf("(%s) Read(%q) = %q, want %q", test.form, test.answer, got, test.want)
		}
	}
}

func TestWhatAFormAsksForIsNotTheAnswer(t *testing.T) {
	for _, test := range []struct{ form, answer, want string }{
		{"letters", "A B", "write letters, A to C, like A C"},
		{"letters", "A C", "write letters, A to C, like B C"},
		{"letters in order", "B A", "write letters in order, A to C, like C A B"},
		{"number", "3", "write a number, like 40"},
		{"two numbers", "3 0", "write two numbers, like 40 2"},
		{"three numbers", "3 0 1", "write 3 numbers, with blanks between them"},
		{"numbers", "3 0 1", "write one list of numbers, like 40 2 17"},
		{"name", "MainProcess", "write a name"},
		{"yes / no", "no", "write one of: yes / no"},
		{"two of: a, b, c", "a, b", "write 2 of: a, b, c"},
	} {
		if got := ParseForm(test.form, []string{"A one  B two  C three"}).Ask(test.answer); got != test.want {
			t.Errorf("(%s) Ask(%q) = %q, want %q", test.form, test.answer, got, test.want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("letters", "A, C")
	f.Add("two of: waits, the end", "waits the end")
	f.Fuzz(func(t *testing.T, form, answer string) {
		if len(answer) > 100 {
			return
		}
		read := ParseForm(form, []string{"A B C"})
		once, ok := read.Read(answer)
		if twice, again := read.Read(once); ok && (!again || twice != once) && !strings.Contains(form, "of: ") && !strings.Contains(form, "/") {
			t.Errorf("(%s) Read(%q) = %q, but Read of that = %q, %v", form, answer, once, twice, again)
		}
	})
}
