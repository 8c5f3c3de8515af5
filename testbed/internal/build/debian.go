// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// debianPackages are what building and running the testbed needs.
var debianPackages = []string{
	"awscli",                      // reads the commands that are handed over for ECR
	"ca-certificates",             // the trust store that the testbed's CA is added to
	"conntrack",                   // the kubelet looks for it
	"containernetworking-plugins", // bridge, host-local, loopback
	"gcc", "libc6-dev",            // runc is cgo
	"iproute2",
	"iptables",                     // faults drop and refuse with it
	"libseccomp-dev", "pkg-config", // runc
	"mount", "util-linux", // nsenter, unshare
	"skopeo", // carries out what is handed over
}

// installDebian installs the packages that are missing and does nothing else if
// none is. The note says how many there were.
func installDebian(ctx context.Context, packages []string, out io.Writer) (note string, err error) {
	if _, err := exec.LookPath("dpkg-query"); err != nil {
		return "", fmt.Errorf("this is no Debian; install what these packages hold and a dpkg-query that says so: %s", strings.Join(packages, " "))
	}
	query := exec.CommandContext(ctx, "dpkg-query", append([]string{"-W", "-f", "${db:Status-Status} ${Package}\n"}, packages...)...)
	listed, err := query.Output()
	// It ends with 1 if a package is unknown, which is an answer.
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		return "", fmt.Errorf("asking for the installed packages: %w", err)
	}
	missing := missingPackages(packages, string(listed))
	if len(missing) == 0 {
		return fmt.Sprintf("%d installed", len(packages)), nil
	}
	if os.Geteuid() != 0 {
		return "", fmt.Errorf("installing Debian packages needs root; run: sudo apt-get install %s", strings.Join(missing, " "))
	}
	for _, args := range [][]string{
		{"update", "-qq"},
		append([]string{"install", "-qq", "-y", "--no-install-recommends"}, missing...),
	} {
		if err := again(ctx, out, "apt-get "+args[0], func() error {
			command := exec.CommandContext(ctx, "apt-get", append([]string{"-o", "DPkg::Lock::Timeout=300"}, args...)...)
			command.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
			said, err := command.CombinedOutput()
			if err != nil {
				_, _ = out.Write(said)
				return fmt.Errorf("running %s: %w", strings.Join(command.Args, " "), err)
			}
			return nil
		}); err != nil {
			return "", err
		}
	}
	return "installed " + strings.Join(missing, " "), nil
}

// missingPackages are those that dpkg-query did not list as installed.
func missingPackages(packages []string, listed string) []string {
	installed := map[string]bool{}
	for line := range strings.Lines(listed) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "installed "); ok {
			installed[name] = true
		}
	}
	var missing []string
	for _, name := range packages {
		if !installed[name] {
			missing = append(missing, name)
		}
	}
	return missing
}
