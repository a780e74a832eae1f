package exercise

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestBegun(t *testing.T) {
	file := filepath.Join(t.TempDir(), "exercise.go")
	for text, want := range map[string]bool{
		"func f() {\n\tpanic(\"not begun\")\n}":          false,
		"func f() {\r\n    panic(\"not begun\")\r\n}":    false,
		"func f() {\n\t// panic(\"not begun\")\n}":       true,
		"// no panic(\"not begun\")\nfunc f() {}":        true,
		"func f() {\n\tpanic(\"begun\")\n}":              true,
		"":                                               true,
		"func f() {\n\tx := 1\n\tpanic(\"not begun\")\n": false,
	} {
		if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if got, err := begun(file); got != want || err != nil {
			t.Errorf("%q is begun: %t, %v, want %t", text, got, err, want)
		}
	}
	if got, err := begun(file + "x"); got || err == nil {
		t.Errorf("a file that does not exist is begun: %t, %v", got, err)
	}
}

// Progress counts the exercises that pass. It names the first one that was begun
// and does not pass.
func TestProgress(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip(err)
	}
	top := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(top, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o777), os.WriteFile(file, []byte(text), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	check := func(want string) {
		t.Helper()
		if got := Progress(t.Context(), top); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	write("go.mod", "module tried\n")
	for _, lesson := range []string{"01-a", "02-b", "03-c"} {
		write("lessons/"+lesson+"/exercise.go", "package main\n\nfunc f() int {\n\t"+stub+"\n}\n\nfunc main() {}\n")
		write("lessons/"+lesson+"/exercise_test.go", "package main\n\nimport \"testing\"\n\nfunc TestExercise(t *testing.T) {\n\tif f() != 1 {\n\t\tt.Error(f())\n\t}\n}\n")
	}
	check("exercises: 0 of 3 done")
	write("lessons/01-a/exercise.go", "package main\n\nfunc f() int { return 1 }\n\nfunc main() {}\n")
	check("exercises: 1 of 3 done")
	write("lessons/02-b/exercise.go", "package main\n\nfunc f() int { return 2 }\n\nfunc main() {}\n")
	write("lessons/03-c/exercise.go", "this is not Go")
	check("exercises: 1 of 3 done; to go on: go test ./lessons/02-b -run Exercise -v")
}
