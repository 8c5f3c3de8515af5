// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/term"

	"github.com/pullmedic/pullmedic/internal/cli"
)

// asProgram in the environment makes the test's binary the program itself.
const asProgram = "PULLMEDIC_TEST_AS_PROGRAM=yes"

func TestMain(m *testing.M) {
	if name, value, _ := strings.Cut(asProgram, "="); os.Getenv(name) == value {
		main() // and it does not come back
	}
	m.Run()
}

// A terminal is a pseudo-terminal with the program on it.
type terminal struct {
	t     *testing.T
	ours  *os.File // the side that a person would be at
	other *os.File
	usual *term.State
	cmd   *exec.Cmd

	mu    sync.Mutex
	shown bytes.Buffer
}

func ioctl(t *testing.T, file *os.File, request uintptr, value unsafe.Pointer) {
	t.Helper()
	if _, _, no := syscall.Syscall(syscall.SYS_IOCTL, file.Fd(), request, uintptr(value)); no != 0 {
		t.Fatalf("setting up a pseudo-terminal: %v", no)
	}
}

func openTerminal(t *testing.T, env []string, args ...string) *terminal {
	t.Helper()
	x := &terminal{t: t}
	var err error
	if x.ours, err = os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.ours.Close() })
	var number, unlock int32
	ioctl(t, x.ours, syscall.TIOCSPTLCK, unsafe.Pointer(&unlock))
	ioctl(t, x.ours, syscall.TIOCGPTN, unsafe.Pointer(&number))
	if x.other, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.other.Close() })
	x.size(80, 24)
	if x.usual, err = term.GetState(int(x.other.Fd())); err != nil {
		t.Fatal(err)
	}
	x.cmd = exec.CommandContext(t.Context(), os.Args[0])
	x.cmd.Args = append([]string{"kubectl-pullmedic"}, args...)
	x.cmd.Stdin, x.cmd.Stdout, x.cmd.Stderr = x.other, x.other, x.other
	x.cmd.Env = append(append(os.Environ(), asProgram, "TERM=xterm-256color"), env...)
	x.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := x.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, err := x.ours.Read(buffer)
			x.mu.Lock()
			x.shown.Write(buffer[:n])
			x.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return x
}

func (x *terminal) size(columns, rows uint16) {
	x.t.Helper()
	size := [4]uint16{rows, columns}
	ioctl(x.t, x.ours, syscall.TIOCSWINSZ, unsafe.Pointer(&size))
}

func (x *terminal) text() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.shown.String()
}

// shows waits until all of these were drawn, each after the one before.
func (x *terminal) shows(texts ...string) {
	x.t.Helper()
	limit := time.After(2 * time.Minute)
	for {
		rest, all := x.text(), true
		for _, text := range texts {
			_, after, ok := strings.Cut(rest, text)
			rest, all = after, all && ok
		}
		if all {
			return
		}
		select {
		case <-limit:
			x.t.Fatalf("the terminal never showed %q: %q", texts, x.text())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (x *terminal) types(keys string) {
	x.t.Helper()
	if _, err := x.ours.WriteString(keys); err != nil {
		x.t.Fatal(err)
	}
}

// ends waits for the program, and looks whether the terminal is as it was.
func (x *terminal) ends(code int) {
	x.t.Helper()
	_ = x.cmd.Wait()
	if got := x.cmd.ProcessState.ExitCode(); got != code {
		x.t.Errorf("exit code %d, want %d: %q", got, code, x.text())
	}
	if now, err := term.GetState(int(x.other.Fd())); err != nil || !reflect.DeepEqual(now, x.usual) {
		x.t.Errorf("the terminal is not as it was: %v, %+v, was %+v", err, now, x.usual)
	}
}

// left looks whether the screen was given back, and the cursor with it.
func (x *terminal) left() {
	x.t.Helper()
	x.shows("\x1b[?1049h", "\x1b[?1049l")
	if text := x.text(); strings.LastIndex(text, "\x1b[?25h") < strings.LastIndex(text, "\x1b[?25l") {
		x.t.Errorf("the cursor stays hidden: %q", text)
	}
}

func TestWatchOnATerminal(t *testing.T) {
	demo := func(t *testing.T, env ...string) *terminal {
		t.Helper()
		x := openTerminal(t, env, "demo", "--watch")
		x.shows("18 causes keep", "payments")
		return x
	}
	t.Run("keys, a resize, and q", func(t *testing.T) {
		x := demo(t)
		x.types("?")
		x.shows("Help", "the newest change")
		x.types("\x1b")
		x.types("j\r")
		x.shows("Do first:", "esc back")
		x.size(40, 12)
		x.types("q")
		x.shows("failing pods")
		x.types("q")
		x.ends(cli.ExitOK)
		x.left()
	})
	t.Run("Ctrl-C", func(t *testing.T) {
		x := demo(t)
		x.types("\x03")
		x.ends(cli.ExitOK)
		x.left()
	})
	t.Run("a signal", func(t *testing.T) {
		x := demo(t)
		if err := x.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		x.ends(cli.ExitInterrupted)
		x.left()
		x.shows("error: interrupted")
	})
	t.Run("NO_COLOR", func(t *testing.T) {
		x := demo(t, "NO_COLOR=1")
		x.types("q")
		x.ends(cli.ExitOK)
		for _, painted := range []string{"\x1b[31", "\x1b[1m", "\x1b[2m", "\x1b[7m", "\x1b[0;"} {
			if strings.Contains(x.text(), painted) {
				t.Errorf("%q was drawn: %q", painted, x.text())
			}
		}
	})
	t.Run("TERM=dumb", func(t *testing.T) {
		x := openTerminal(t, []string{"TERM=dumb"}, "demo", "--watch")
		x.ends(cli.ExitUsage)
		x.shows("error: watch cannot draw on this terminal (TERM=dumb); kubectl pullmedic -o json prints the same once")
		if strings.Contains(x.text(), "\x1b") {
			t.Errorf("an escape sequence on a dumb terminal: %q", x.text())
		}
	})
}
