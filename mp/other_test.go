//go:build !unix

package mp

import (
	"os"
	"os/exec"
)

// deadly are the signals that end a process: here there is only one.
var deadly = []os.Signal{os.Kill}

// killedText is what an error says of a process that somebody else has killed,
// or that has killed itself: only the code is known.
const killedText = "exit code 1"

func limitFiles(*exec.Cmd, int) bool { return false }

func zombies() int { return 0 }
