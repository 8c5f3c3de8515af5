// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package agreement

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// A tally counts what the generated cases turned out to be.
type tally struct {
	cases, differences                                           int
	matched, anonymous, several, anyOrder, empty                 int
	imageErrors, secretErrors, syntax, kind, base64, form, other int
	ignored, near                                                int
	reasons                                                      map[keyring.Reason]int
}

func (s *tally) count(answer keyring.Answer, k kubelet) {
	switch {
	case k.imageError != nil:
		s.imageErrors++
		return
	case k.secretError != nil:
		s.secretErrors++
		var syntax *json.SyntaxError
		var kind *json.UnmarshalTypeError
		var corrupt base64.CorruptInputError
		switch {
		case errors.As(k.secretError, &syntax):
			s.syntax++
		case errors.As(k.secretError, &kind):
			s.kind++
		case errors.As(k.secretError, &corrupt):
			s.base64++
		case strings.HasPrefix(k.secretError.Error(), "unable to parse auth field"):
			s.form++
		default:
			s.other++
		}
	case len(k.logins) == 0:
		s.anonymous++
	default:
		s.matched++
		if len(k.logins) > 1 {
			s.several++
		}
		if slices.ContainsFunc(answer.Groups, varied) {
			s.anyOrder++
		}
		if slices.ContainsFunc(answer.Credentials(), func(c keyring.Credential) bool { return c.Empty }) {
			s.empty++
		}
	}
	for _, i := range answer.Ignored {
		s.ignored++
		s.reasons[i.Reason]++
		if i.Near {
			s.near++
		}
	}
}

func (s *tally) share(n int) string {
	return fmt.Sprintf("%.1f %%", 100*float64(n)/float64(max(s.cases, 1)))
}

func (s *tally) report(t *testing.T) {
	t.Helper()
	t.Logf("shares: matched %s (of which several credentials %s, a random-order group %s, an empty entry %s), anonymous %s, image error %s, secret error %s",
		s.share(s.matched), s.share(s.several), s.share(s.anyOrder), s.share(s.empty), s.share(s.anonymous), s.share(s.imageErrors), s.share(s.secretErrors))
	t.Logf("secret errors: %d syntax, %d wrong type, %d base64, %d without colon, %d other", s.syntax, s.kind, s.base64, s.form, s.other)
	var reasons []string
	for r, n := range s.reasons {
		reasons = append(reasons, fmt.Sprintf("%s %d", r, n))
	}
	slices.Sort(reasons)
	t.Logf("ignored: %d (%d near): %s", s.ignored, s.near, strings.Join(reasons, ", "))
}

// demandVariety keeps the comparison honest: cases that never match, or never
// fail, would agree for nothing.
func (s *tally) demandVariety(t *testing.T) {
	t.Helper()
	if s.cases < 10_000 {
		return
	}
	for what, n := range map[string]int{
		"matched": s.matched, "anonymous": s.anonymous, "several credentials": s.several, "random order": s.anyOrder, "empty entry": s.empty,
		"image error": s.imageErrors, "secret error": s.secretErrors,
	} {
		if n*100 < s.cases {
			t.Errorf("%s: only %d of %d cases", what, n, s.cases)
		}
	}
	for what, n := range map[string]int{"syntax": s.syntax, "wrong type": s.kind, "base64": s.base64, "without colon": s.form} {
		if n*10_000 < s.cases {
			t.Errorf("secret error %s: only %d of %d cases", what, n, s.cases)
		}
	}
	for _, r := range []keyring.Reason{
		keyring.SecretMalformed, keyring.SecretBlocked, keyring.TypeIgnored, keyring.DataKeyMissing, keyring.NoEntries, keyring.NotWrapped,
		keyring.WronglyWrapped, keyring.HelperIgnored, keyring.HostDiffers, keyring.PortDiffers, keyring.PathDiffers, keyring.CaseDiffers,
		keyring.VersionPath, keyring.TagInKey, keyring.HubAlias, keyring.HubFallbackUnused, keyring.WildcardDepth, keyring.WildcardInPath,
		keyring.IPv6WithoutPort, keyring.SchemeUnknown, keyring.KeyUnparsable, keyring.Overwritten,
	} {
		if s.reasons[r] == 0 {
			t.Errorf("no entry was ignored for %s", r)
		}
	}
}
