//go:build !linux

package embedded

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// locale of a new cluster: the only one that every system has.
const locale = "C"

// passClosedDirs is empty: only Linux can give a child that single right of root's.
var passClosedDirs []uintptr

// attributes make a child run as the account, out of reach of the terminal's Ctrl-C. There is no
// parent-death signal here: the next Start ends a server that was left behind.
func (a account) attributes(syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Credential: a.credential}
}

// commandLine is what the process was started as, or calls itself; nil for a process that does not
// exist.
func commandLine(pid int) []string {
	out, err := exec.Command("ps", "-ww", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return nil
	}
	return strings.Fields(string(out))
}
