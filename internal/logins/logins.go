// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package logins gets the one credential that a person brings for an image: from
// a secret of another namespace, a docker config file, a credential helper, or
// typed. It exists so that a fix can be given a login without that a whole file
// of logins goes into a cluster, or one through a command line.
//
// It must never show anything of what it reads: its errors are one sentence
// each, about where it looked and what was missing, and hold no contents; what
// a helper prints is shown to nobody.
package logins

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// Bounds on what is read.
const (
	maxFile     = 4 << 20  // a docker config, or a secret
	maxPassword = 64 << 10 // a password or token
)

// Options say where the credential comes from: at most one of CopyFrom,
// DockerConfig, Helper, Typed and PasswordStdin.
type Options struct {
	// CopyFrom is a secret as NAMESPACE/NAME.
	CopyFrom string
	// DockerConfig is the path of a file in docker's format.
	DockerConfig string
	// Helper is NAME of a program docker-credential-NAME.
	Helper string
	// Typed: the person is asked for user and password on the terminal.
	Typed bool
	// Username, and PasswordStdin to read its password from standard input, as
	// docker login has them.
	Username      string
	PasswordStdin bool
}

// A ReadSecret reads a secret of the cluster. Its errors are shown as they are.
type ReadSecret func(ctx context.Context, namespace, name string) (keyring.Secret, error)

// A World is what credentials are read from.
type World struct {
	Secret ReadSecret
	// Stdin for PasswordStdin.
	Stdin io.Reader
	// Terminal opens the person's terminal; nil for the one that they sit at.
	Terminal func() (Terminal, error)
}

// Brought gives the credential for an image (as written in a pod) that the
// options ask for; nil and no error if they ask for none.
func Brought(ctx context.Context, image string, o Options, w World) (*remedy.Login, error) {
	ref, err := keyring.ParseImage(image)
	if err != nil {
		return nil, fmt.Errorf("getting a credential: %w", err)
	}
	ways := 0
	for _, chosen := range []bool{o.CopyFrom != "", o.DockerConfig != "", o.Helper != "", o.Typed, o.PasswordStdin} {
		if chosen {
			ways++
		}
	}
	switch {
	case ways > 1:
		return nil, errors.New("a credential can come from one place only: give one of --copy-from, --docker-config, --credential-helper, --login and --password-stdin")
	case ways == 0 && o.Username != "":
		return nil, errors.New("a user name alone is no credential: give --login, to be asked for the password, or --password-stdin with it")
	case ways == 0:
		return nil, nil
	case o.CopyFrom != "":
		return fromSecret(ctx, image, o.CopyFrom, w.Secret)
	case o.DockerConfig != "":
		return fromDockerConfig(ctx, image, ref, o.DockerConfig)
	case o.Helper != "":
		c, err := askHelper(ctx, o.Helper, serverOf(ref))
		if err != nil {
			return nil, err
		}
		return personal(c, "credential helper "+o.Helper, ref), nil
	case o.PasswordStdin:
		return fromStdin(o.Username, ref, w.Stdin)
	}
	open := w.Terminal
	if open == nil {
		open = openTerminal
	}
	return fromTerminal(ctx, o.Username, ref, open)
}

// serverOf is the name by which docker and its helpers know the image's
// registry.
func serverOf(ref evidence.Reference) string {
	if ref.Host == "docker.io" {
		return "https://index.docker.io/v1/"
	}
	return ref.Host
}

// personal is a login of the person at this machine.
func personal(c keyring.Credential, source string, ref evidence.Reference) *remedy.Login {
	c.Secret, c.Key = "", foreign.Text(serverOf(ref), 200)
	l := login(c, source, ref)
	l.Personal = true
	return l
}

func login(c keyring.Credential, source string, ref evidence.Reference) *remedy.Login {
	l := &remedy.Login{Credential: c, Source: source, Host: ref.Host}
	if end, _, ok := c.Expiry(); ok {
		l.Expires = end
	}
	return l
}

// usable tells what keeps a credential from being one; place says where it was
// found.
func usable(c keyring.Credential, place string) error {
	switch {
	case c.Username == "" && c.Password.Reveal() == "":
		return fmt.Errorf("%s has no user and no password", place)
	case c.Username == "":
		return fmt.Errorf("%s has no user name", place)
	case c.Password.Reveal() == "":
		return fmt.Errorf("%s has no password", place)
	case c.Username == keyring.IdentityUser:
		return fmt.Errorf("%s has an identity token, which a kubelet cannot log in with: bring a user and password, or an access token", place)
	case strings.ContainsAny(c.Username+c.Password.Reveal(), "\x00\r\n"):
		return fmt.Errorf("%s has a line break in its user name or password, which no registry takes", place)
	}
	return nil
}

// fromSecret takes the one entry of a secret that the kubelet would use for the
// image.
func fromSecret(ctx context.Context, image, from string, read ReadSecret) (*remedy.Login, error) {
	namespace, name, ok := strings.Cut(from, "/")
	if !ok || namespace == "" || name == "" || strings.Contains(name, "/") {
		return nil, fmt.Errorf("--copy-from wants NAMESPACE/NAME of a secret, not %q", foreign.Text(from, 100))
	}
	place := "secret " + foreign.Text(from, 320)
	if read == nil {
		return nil, fmt.Errorf("reading %s: there is no cluster to read it from", place)
	}
	secret, err := read(ctx, namespace, name)
	if err != nil {
		return nil, fmt.Errorf("reading %s for a credential: %w", place, err)
	}
	answer, err := keyring.Resolve(image, []keyring.Secret{secret})
	if err != nil {
		return nil, fmt.Errorf("taking a credential for %s: %w", foreign.Text(image, 300), err) // the keyring's errors hold no contents
	}
	for _, e := range entriesOf(answer) {
		if !e.Empty && usable(e.Credential, place) == nil {
			l := login(e.Credential, fmt.Sprintf("secret %s of namespace %s, key %s", foreign.Text(name, 253), foreign.Text(namespace, 63), e.Key), answer.Reference)
			l.Path = e.path
			return l, nil
		}
	}
	if all := answer.Credentials(); len(all) > 0 {
		return nil, usableOr(all[0], place+", key "+all[0].Key+",")
	}
	for _, i := range answer.Ignored {
		if i.Near {
			return nil, fmt.Errorf("%s has no entry that the kubelet uses for %s: %s", place, foreign.Text(answer.Reference.Host, 260), i.Sentence)
		}
	}
	return nil, fmt.Errorf("%s has no entry that the kubelet uses for %s", place, foreign.Text(answer.Reference.Host, 260))
}

// An entry is a credential with the path of its key, as the kubelet reads that:
// "" for all of a registry.
type entry struct {
	keyring.Credential
	path string
}

// entriesOf are those that the kubelet tries, in its order.
func entriesOf(answer keyring.Answer) []entry {
	var all []entry
	for _, g := range answer.Groups {
		path := ""
		if at := strings.IndexByte(g.Key, '/'); at >= 0 {
			path = g.Key[at:]
		}
		for _, c := range g.Credentials {
			all = append(all, entry{c, path})
		}
	}
	return all
}

// usableOr is never nil.
func usableOr(c keyring.Credential, place string) error {
	if err := usable(c, place); err != nil {
		return err
	}
	return fmt.Errorf("%s cannot be used", place)
}
