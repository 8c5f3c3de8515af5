// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package logins

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// A Terminal is where a person types.
type Terminal interface {
	io.Writer
	// Line reads a line, without its end.
	Line() (string, error)
	// Hidden reads a line that is not echoed.
	Hidden() (string, error)
	// Close gives the terminal back as it was, and ends a read that is under way.
	Close() error
}

// fromTerminal asks for user and password.
func fromTerminal(ctx context.Context, user string, ref evidence.Reference, open func() (Terminal, error)) (*remedy.Login, error) {
	terminal, err := open()
	if err != nil {
		return nil, err
	}
	type answer struct {
		user, password string
		err            error
	}
	done := make(chan answer, 1)
	go func() {
		var a answer
		a.user, a.password, a.err = ask(terminal, user, ref)
		done <- a
	}()
	select {
	case a := <-done:
		if err := terminal.Close(); err != nil && a.err == nil {
			a.err = errors.New("the terminal could not be set back: run `stty sane`")
		}
		if a.err != nil {
			return nil, a.err
		}
		c := keyring.Credential{Username: a.user, Password: keyring.NewPassword(a.password)}
		if err := usable(c, "what was typed"); err != nil {
			return nil, err
		}
		return personal(c, "what was typed", ref), nil
	case <-ctx.Done():
		if terminal.Close() != nil { // whoever interrupts must not be left without an echo
			return nil, errors.New("asking for a password was interrupted, and the terminal could not be set back: run `stty sane`")
		}
		return nil, fmt.Errorf("asking for a password: %w", ctx.Err())
	}
}

func ask(t Terminal, user string, ref evidence.Reference) (string, string, error) {
	host := foreign.Text(ref.Host, 260)
	if user == "" {
		fmt.Fprintf(t, "User for %s: ", host)
		typed, err := t.Line()
		if err != nil {
			return "", "", errors.New("no user name was typed")
		}
		user = strings.TrimSpace(typed)
	}
	fmt.Fprintf(t, "Password for %s (not shown): ", host)
	password, err := t.Hidden()
	fmt.Fprintln(t)
	if err != nil {
		return "", "", errors.New("no password was typed")
	}
	return user, password, nil
}

// fromStdin takes the password from standard input, as docker login
// --password-stdin does: all of it, without the line break at its end.
func fromStdin(user string, ref evidence.Reference, in io.Reader) (*remedy.Login, error) {
	if user == "" {
		return nil, errors.New("--password-stdin wants the user name in --username")
	}
	if file, ok := in.(*os.File); in == nil || ok && term.IsTerminal(int(file.Fd())) {
		return nil, errors.New("--password-stdin reads a password that is piped in, and standard input is a terminal: give --login to type it")
	}
	data, err := io.ReadAll(io.LimitReader(in, maxPassword+1))
	switch {
	case err != nil:
		return nil, errors.New("standard input could not be read for the password")
	case len(data) > maxPassword:
		return nil, fmt.Errorf("standard input has more than %d KiB, which is no password", maxPassword>>10)
	}
	password := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	c := keyring.Credential{Username: user, Password: keyring.NewPassword(password)}
	if err := usable(c, "standard input"); err != nil {
		return nil, err
	}
	return personal(c, "standard input", ref), nil
}

// openTerminal opens the terminal that the person sits at, whatever standard
// input and output are.
func openTerminal() (Terminal, error) {
	const none = "there is no terminal to type a password at: give --username USER --password-stdin, --docker-config FILE or --credential-helper NAME"
	file, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil, errors.New(none)
	}
	state, err := term.GetState(int(file.Fd()))
	if err != nil {
		file.Close()
		return nil, errors.New(none)
	}
	return &tty{file: file, state: state}, nil
}

// A tty is a Terminal.
type tty struct {
	file  *os.File
	state *term.State
}

func (t *tty) Write(p []byte) (int, error) { return t.file.Write(p) }

// Line reads byte by byte, so that nothing of the next line is taken.
func (t *tty) Line() (string, error) {
	var line []byte
	one := make([]byte, 1)
	for len(line) < maxPassword {
		n, err := t.file.Read(one)
		switch {
		case n > 0 && one[0] == '\n':
			return strings.TrimSuffix(string(line), "\r"), nil
		case n > 0:
			line = append(line, one[0])
		case err != nil:
			return "", err
		}
	}
	return "", errors.New("the line is too long")
}

func (t *tty) Hidden() (string, error) {
	typed, err := term.ReadPassword(int(t.file.Fd()))
	return string(typed), err
}

func (t *tty) Close() error {
	err := term.Restore(int(t.file.Fd()), t.state)
	return errors.Join(err, t.file.Close())
}
