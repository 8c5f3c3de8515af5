// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"regexp"
	"slices"
	"strings"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/internal/shell"
)

// A person copies printed commands into a shell, and the names in them were
// chosen by others. So a value gets into a command only if it matches the
// grammar of what it is, and is quoted all the same.
var (
	// objectKind is a resource's name as kubectl takes it: deployment,
	// rollouts.argoproj.io.
	objectKind = regexp.MustCompile(`^[a-z][a-z0-9]*(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)
	// objectName is a DNS subdomain (RFC 1123), as Kubernetes demands of pods,
	// workloads and namespaces.
	objectName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)
)

// diagnose is the command that diagnoses an object; false if its name is none
// that Kubernetes would allow.
func (s Style) diagnose(o v1alpha1.Object) (string, bool) {
	if !objectKind.MatchString(o.Kind) || !isName(o.Name) || !isName(o.Namespace) {
		return "", false
	}
	words := append(s.program(), s.verb(), o.Kind+"/"+o.Name, "-n", o.Namespace)
	return shell.Command(append(words, s.Flags...)...)
}

// fix is the command that mends what makes an object's pulls fail; false where
// there is no cluster to change: in the demo, and in a bundle.
func (s Style) fix(o v1alpha1.Object, flags ...string) (string, bool) {
	if s.Diagnose != "" || slices.Contains(s.Flags, "--bundle") {
		return "", false
	}
	s.Diagnose, s.Flags = "fix", slices.Concat(flags, s.Flags)
	return s.diagnose(o)
}

// undo is the command that takes a fix back, which asks no registry; false if it
// cannot be written.
func (s Style) undo(id, namespace string) (string, bool) {
	words := append(s.program(), "undo", id, "-n", namespace)
	return shell.Command(append(words, s.Connect...)...)
}

func isName(s string) bool { return len(s) <= 253 && objectName.MatchString(s) }

func (s Style) verb() string {
	if s.Diagnose == "" {
		return "diagnose"
	}
	return s.Diagnose
}

// program is how the user calls this program, in words.
func (s Style) program() []string {
	if s.Program == "" {
		return []string{"kubectl", "pullmedic"}
	}
	return strings.Fields(s.Program)
}
