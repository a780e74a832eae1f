package lessons

// Only on Linux: nobody else has a disk that is always full. A file that cannot
// be written takes its place in TestOutputThatIsLostIsNoSuccess, on all systems.

import (
	"os"
	"testing"
)

func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	checkLost(t, full)
}
