package mp

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// These tests fail if a promise in doc.go is broken. birth_test.go and
// world_unix_test.go test the paragraph below the promises.
var promises = map[string]string{
	"G1": `TestDescendantsEndWithTheirParent TestTowerFalls TestKilledMainLeavesNobody
		TestSuspendedGrandchildEnds TestParentKilledBeforeItsChildCameToMain`,
	"G2": `TestCrashMatrix TestWorkerKilledWithTasksAhead
		TestTaskOfADeadWorkerIsNotLost TestIdleWorkersMayDie
		TestWorkerThatCannotBeReplaced TestWorkersKilledAtTheirStart`,
	"G3": `TestKilledProducer TestKilledConsumers TestHalfAnItem
		TestConsumerKilledBeforeItTakes TestLongItemsDoNotMix`,
	"G4": `TestJoinableQueueGivesUnfinishedItemsToOthers
		TestItemComesBackFromAGrandchild`,
	"G5": `TestSenderKilledInTheMiddleOfAValue TestAskingTheDead
		TestReceiverKilledBeforeItReceives TestQueueWhoseHolderDies
		TestContextsEndCallsOfASuspendedOwner TestCloseDoesNotWaitForANewborn`,
	"G6": `TestExitCodes TestCrashMatrixOfAProcess`,
	"G7": `TestWhatCannotBeEncoded TestFunctionsThatAreNotThere
		TestItemThatCannotBeDecoded TestMistakesAreNamed TestCrashMatrix
		TestTroubleInAPool TestTroubleInAPipe TestTroubleInAQueue
		TestTypesAreNotLost TestNilPointersInAChunk TestValueThatRefersToItself
		TestHandlesOfOthersAreNotPassed`,
	"G8": `TestLengthThatLies TestGarbageFromAChild TestGarbageFromAWorker
		TestGarbageInAPipe TestGarbageInAQueue FuzzFrames`,
	"G9": `TestNothingIsLeftOver TestSiblingsHaveAsManyFiles
		TestUnclosedPoolEndsWithMain`,
	"G10": `TestPrintingDisturbsNothing TestChildReadsNothing`,
	"G11": `TestJoinBeforeDraining`,
	"G12": `TestTaskTimeout TestTimeoutHitsNoOther TestTimeoutHitsNoNeighbour
		TestTimeoutOfASuspendedWorker
		TestStartsContextEndsTheProcess`,
}

// This list and doc.go have the same promises, and each test exists.
func TestPromisesHaveTests(t *testing.T) {
	there := map[string]bool{}
	err := filepath.WalkDir(".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				there[f.Name.Name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(doc.Doc.Text(), "# Promises")
	if n := len(regexp.MustCompile(`(?m)^\tG\d+`).FindAllString(list, -1)); n != len(promises) {
		t.Errorf("doc.go has %d promises, want %d", n, len(promises))
	}
	for name, tests := range promises {
		if !strings.Contains(list, "\n\t"+name+" ") {
			t.Errorf("%s is not in doc.go", name)
		}
		for _, test := range strings.Fields(tests) {
			if !there[test] {
				t.Errorf("%s: there is no %s", name, test)
			}
		}
	}
}
