// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// unused says that the credential which the person named goes nowhere in a plan, and
// why; nothing if a remedy takes it, or none was named.
func (x *fixing) unused(p mend.Plan) []string {
	flag := x.logins.flag()
	if flag == "" || slices.ContainsFunc(p.Chosen, func(c mend.Choice) bool { return takesBrought(c.Remedy) }) {
		return nil
	}
	var causes []string
	var why []string
	for _, d := range p.Case.Diagnoses {
		if len(d.Causes) == 0 {
			continue
		}
		of := d.Causes[0].Cause + " of container " + d.Pull.Container
		if !remedy.TakesLogin(d) {
			causes = append(causes, of)
			continue
		}
		if reason := insteadOfLogin(p, d); reason != "" {
			why = append(why, "for "+of+": "+reason)
		}
	}
	switch {
	case len(why) > 0:
	case len(causes) > 0:
		why = []string{"no credential mends " + strings.Join(causes, ", nor ")}
	default:
		return nil
	}
	return []string{foreign.Text(flag+" is not used by what is planned: "+strings.Join(why, "; "), maxError)}
}

// takesBrought tells a remedy that puts a credential which a person brings where the
// pods find it.
func takesBrought(r remedy.Remedy) bool {
	return slices.Contains([]string{"login-secret", "login-service-account", "login-template"}, r.ID)
}

// insteadOfLogin is what a plan has for a pull that a credential might mend, and why
// not that.
func insteadOfLogin(p mend.Plan, d diagnosis.Diagnosis) string {
	for _, c := range p.Chosen {
		if c.Diagnosis.Pull.Container == d.Pull.Container && c.Diagnosis.Pull.Image == d.Pull.Image {
			return fmt.Sprintf("%s mends it without", c.Remedy.ID)
		}
	}
	at := slices.IndexFunc(p.Others, func(r remedy.Remedy) bool {
		return r.Container == d.Pull.Container && (takesBrought(r) || slices.Contains([]string{"replace-pod-with-secret", "static-pod", "login-by-hand"}, r.ID))
	})
	if at < 0 {
		return "no way is open to give it to these pods"
	}
	r := p.Others[at]
	reason := r.Because
	if reason == "" {
		reason = r.Title
	}
	if r.Kind == remedy.HandedOver {
		reason += "; --with " + r.ID + " shows what to do by hand"
	}
	return reason
}

// flag that names where a credential comes from, "" for none.
func (o *loginOptions) flag() string {
	switch {
	case o.copyFrom != "":
		return "--copy-from " + o.copyFrom
	case o.dockerConfig != "":
		return "--docker-config"
	case o.helper != "":
		return "--credential-helper " + o.helper
	case o.typed:
		return "--login"
	case o.passwordStdin:
		return "--password-stdin"
	}
	return ""
}
