package embedded

import (
	"bytes"
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// locale of a new cluster: the same order of text on every machine, and letters beyond ASCII known.
const locale = "C.UTF-8"

// passClosedDirs lets a process that is not root's walk through directories closed to it. The narrower
// CAP_DAC_READ_SEARCH would do, but containers are not given that one.
var passClosedDirs = []uintptr{unix.CAP_DAC_OVERRIDE}

// attributes make a child run as the account, out of reach of the terminal's Ctrl-C, and get
// deathSignal when the thread that started it ends.
func (a account) attributes(deathSignal syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Credential: a.credential, AmbientCaps: a.capabilities, Pdeathsig: deathSignal}
}

// commandLine is what the process was started as, or calls itself; nil for a process that does not
// exist or has ended without being waited for.
func commandLine(pid int) []string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return nil
	}
	var words []string
	for word := range bytes.SplitSeq(bytes.TrimRight(text, "\x00 "), []byte{0}) {
		words = append(words, string(word))
	}
	if len(words) == 1 && words[0] == "" {
		return nil
	}
	return words
}
