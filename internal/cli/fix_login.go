// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/logins"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// loginOptions say from where a credential comes that the person brings: at most
// from one place.
type loginOptions struct {
	copyFrom, dockerConfig, helper, username string
	typed, passwordStdin                     bool
}

func (o *loginOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.copyFrom, "copy-from", "", "take the registry's credential from this secret, NAMESPACE/NAME (only its entry for the image)")
	flags.StringVar(&o.dockerConfig, "docker-config", "", "take the registry's credential from this file of docker login (only its entry for the image)")
	flags.StringVar(&o.helper, "credential-helper", "", "take the registry's credential from docker-credential-NAME: ecr-login, gcr, acr-env")
	flags.BoolVar(&o.typed, "login", false, "type the registry's credential; the password is not shown")
	flags.StringVar(&o.username, "username", "", "user of the credential that is typed, or that --password-stdin reads")
	flags.BoolVar(&o.passwordStdin, "password-stdin", false, "read the password for --username from stdin")
}

// given tells whether a credential is brought.
func (o *loginOptions) given() bool {
	return o.copyFrom != "" || o.dockerConfig != "" || o.helper != "" || o.typed || o.passwordStdin || o.username != ""
}

// check finds what does not go together. answered: nobody will be asked.
func (o *loginOptions) check(answered bool) error {
	n := 0
	for _, chosen := range []bool{o.copyFrom != "", o.dockerConfig != "", o.helper != "", o.typed, o.passwordStdin} {
		if chosen {
			n++
		}
	}
	namespace, name, both := strings.Cut(o.copyFrom, "/")
	switch {
	case n > 1:
		return usage("a credential comes from one place: choose one of --copy-from, --docker-config, --credential-helper, --login and --password-stdin")
	case o.passwordStdin && o.username == "":
		return usage("--password-stdin reads a password alone; give --username with it")
	case o.username != "" && !o.typed && !o.passwordStdin:
		return usage("--username alone is no credential; give --login to type the password, or --password-stdin")
	case o.passwordStdin && !answered:
		return usage("--password-stdin takes stdin, so that nobody can answer there; add --yes, or --dry-run=client to see the plan")
	case o.copyFrom != "" && (!both || len(validation.IsDNS1123Label(namespace)) > 0 || len(validation.IsDNS1123Subdomain(name)) > 0):
		return usage("--copy-from %q is not NAMESPACE/NAME of a secret", foreign.Text(o.copyFrom, 80))
	case o.helper != "" && !logins.IsHelper(o.helper):
		return usage("--credential-helper %q is no helper's name: give what stands behind docker-credential-, as in ecr-login", foreign.Text(o.helper, 80))
	}
	return nil
}

// A bringer gives the credential that the person brings for an image.
type bringer func(ctx context.Context, image string) (*remedy.Login, error)

// bringer asks the place that the person named; what is typed or piped, or given by
// a helper, is one for all of a registry, and asked for once. nil if none was named.
func (o *loginOptions) bringer(in io.Reader, secret logins.ReadSecret) bringer {
	if !o.given() {
		return nil
	}
	given := logins.Options{CopyFrom: o.copyFrom, DockerConfig: o.dockerConfig, Helper: o.helper, Typed: o.typed, Username: o.username, PasswordStdin: o.passwordStdin}
	known := map[string]*remedy.Login{}
	return func(ctx context.Context, image string) (*remedy.Login, error) {
		host := ""
		if ref, err := keyring.ParseImage(image); err == nil {
			host = ref.Host
		}
		if l := known[host]; l != nil && o.copyFrom == "" && o.dockerConfig == "" {
			return l, nil
		}
		l, err := logins.Brought(ctx, image, given, logins.World{Secret: secret, Stdin: in})
		if err == nil {
			known[host] = l
		}
		return l, err
	}
}
