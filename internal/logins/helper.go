// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package logins

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// The protocol of docker-credential-* programs: the server's name on standard
// input of "get", a JSON object on standard output
// (https://github.com/docker/docker-credential-helpers#development).
const (
	helperPrefix  = "docker-credential-"
	helperTimeout = 10 * time.Second
	maxAnswer     = 256 << 10
	// notThere is what a helper prints that has nothing for the server.
	notThere = "credentials not found in native keychain"
)

// IsHelper tells whether docker-credential-NAME can be a program of that kind.
func IsHelper(name string) bool { return helperName.MatchString(name) }

// helperName is what may stand behind docker-credential-.
var helperName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)

// askHelper gets the credential for a server from docker-credential-NAME. What
// the program prints is parsed and shown to nobody; its own environment is
// ours, since that is where cloud logins live.
func askHelper(ctx context.Context, name, server string) (keyring.Credential, error) {
	return askHelperFor(ctx, name, server, helperTimeout)
}

func askHelperFor(ctx context.Context, name, server string, limit time.Duration) (keyring.Credential, error) {
	none := keyring.Credential{}
	if !helperName.MatchString(name) {
		return none, fmt.Errorf("%q is no name of a credential helper: give what stands behind docker-credential-, as in ecr-login", foreign.Text(name, 80))
	}
	program := helperPrefix + name
	path, err := exec.LookPath(program)
	switch {
	case errors.Is(err, exec.ErrDot) || err == nil && !filepath.IsAbs(path):
		return none, fmt.Errorf("%s lies in the current directory, and programs are taken from the directories of PATH alone", program)
	case err != nil:
		return none, fmt.Errorf("there is no program %s in the directories of PATH", program)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	answer := &capped{full: cancel}
	cmd := exec.CommandContext(ctx, path, "get")
	cmd.Stdin = strings.NewReader(server)
	cmd.Stdout, cmd.Stderr = answer, io.Discard
	cmd.WaitDelay = time.Second // a child of it may keep the pipes open
	err = cmd.Run()
	shown := foreign.Text(server, 260)
	switch {
	case answer.over:
		return none, fmt.Errorf("%s gave more than %d KiB for %s, which is no credential", program, maxAnswer>>10, shown)
	case err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return none, fmt.Errorf("%s did not answer for %s within %s", program, shown, limit)
	case err != nil && ctx.Err() != nil:
		return none, fmt.Errorf("asking %s for %s: %w", program, shown, ctx.Err())
	case err != nil && strings.TrimSpace(answer.kept.String()) == notThere:
		return none, fmt.Errorf("%s has no credential for %s", program, shown)
	case err != nil:
		return none, fmt.Errorf("%s failed for %s (%s); what it printed is not shown, since it can hold secrets: run it by hand", program, shown, exit(err))
	}
	return parseAnswer(answer.kept.Bytes(), program, shown)
}

func parseAnswer(data []byte, program, server string) (keyring.Credential, error) {
	var said struct {
		Username, Secret string
	}
	if json.Unmarshal(data, &said) != nil { // its error would quote the answer
		return keyring.Credential{}, fmt.Errorf("%s answered something else than JSON with a Username and a Secret for %s", program, server)
	}
	c := keyring.Credential{Username: said.Username, Password: keyring.NewPassword(said.Secret)}
	if err := usable(c, "what "+program+" gave for "+server); err != nil {
		return keyring.Credential{}, err
	}
	return c, nil
}

// exit says how a program ended, without a word of what it said.
func exit(err error) string {
	var ended *exec.ExitError
	if errors.As(err, &ended) && ended.ExitCode() >= 0 {
		return fmt.Sprintf("exit code %d", ended.ExitCode())
	}
	return "it could not be run, or was killed"
}

// capped keeps the first bytes of what is written to it, and then refuses.
type capped struct {
	kept bytes.Buffer // not embedded: its ReadFrom would pass by Write
	over bool
	full func() // ends the writer, which may not care that nobody reads on
}

func (c *capped) Write(p []byte) (int, error) {
	if c.kept.Len()+len(p) > maxAnswer {
		c.over = true
		c.full()
		return 0, errors.New("too long")
	}
	return c.kept.Write(p)
}
