// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom_test

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pullmedic/pullmedic/symptom"
)

// checkClean asserts what holds for the Symptom of any input.
func checkClean(t *testing.T, message string, s symptom.Symptom) {
	t.Helper()
	if s.Sign == "" {
		t.Errorf("no sign for %q", message)
	}
	if s.Status != 0 && (s.Status < 400 || s.Status > 599) {
		t.Errorf("status %d of %q", s.Status, message)
	}
	if len(s.Also) > 4 {
		t.Errorf("%d further signs of %q", len(s.Also), message)
	}
	for _, also := range s.Also {
		if also == s.Sign || also == symptom.Other {
			t.Errorf("further sign %s beside %s of %q", also, s.Sign, message)
		}
	}
	for name, f := range map[string]struct {
		value string
		limit int
	}{
		"reference": {s.Reference, 512}, "code": {s.Code, 32}, "method": {s.Method, 8}, "url": {s.URL, 512}, "host": {s.Host, 256},
		"mirrorOf": {s.MirrorOf, 256}, "address": {s.Address, 64}, "registryCode": {s.RegistryCode, 32}, "detail": {s.Detail, 400},
	} {
		if len(f.value) > f.limit || !utf8.ValidString(f.value) {
			t.Errorf("%s of %q is %d bytes long: %q", name, message, len(f.value), f.value)
		}
		if strings.ContainsFunc(f.value, func(r rune) bool {
			return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs)
		}) {
			t.Errorf("%s of %q has hidden characters: %q", name, message, f.value)
		}
	}
	if strings.ContainsAny(s.URL, "?#") || strings.Contains(s.Host, "@") {
		t.Errorf("url %q, host %q of %q", s.URL, s.Host, message)
	}
}

// hostile returns inputs that are made of what the parser treats specially,
// each repeated n times.
func hostile(n int) map[string]string {
	inputs := map[string]string{}
	for name, unit := range map[string]string{
		"quotes": `"`, "open brackets": "[", "aggregates": "[rpc error: code = x, ", "links": "[x](http://x)", "backslashes": `\`,
		"escapes": `\u202e\n\"`, "newlines": "\n", "short lines": "x\n", "bullets": "* x\n", "rows": "Warning Failed x\n", "blanks": " ",
		"URLs": `Get "https://h/v2/x/manifests/1": `, "statuses": "status 401 ", "names": "a/b:c ", "equals": "a=", "hosts": "tcp: lookup h.x ",
		"digests": "sha256:4f ", "words": "manifest unknown: ", "arrows": "read tcp a->b: ", "mirrors": "(Mirrors also failed: [",
		"artifacts": "artifact err: ", "invalid UTF-8": "\xff\xfe", "wide characters": "“", "zero bytes": "\x00", "slashes": "a/", "percents": "%!A(MISSING)",
		"secrets": `password=hunter2" `, "colons": ":",
	} {
		inputs[name] = strings.Repeat(unit, n)
	}
	return inputs
}

// Time must not grow faster than the input. The bound is loose, for slow and
// busy machines; a quadratic step at 16 MiB would take minutes.
func TestHugeInputsTakeLittleTime(t *testing.T) {
	const size = 16 << 20
	for name, unit := range hostile(1) {
		t.Run(name, func(t *testing.T) {
			message := strings.Repeat(unit, size/len(unit))
			start := time.Now()
			got := symptom.Parse(message)
			if took := time.Since(start); took > time.Minute {
				t.Errorf("%d bytes took %v", len(message), took)
			}
			checkClean(t, name, got)
		})
	}
}

func TestTheErrorAtTheEndOfAHugeTextCounts(t *testing.T) {
	message := `Failed to pull image "reg.acme.example/x:1": ` + strings.Repeat("padding ", 1<<20) +
		`: failed to do request: Head "https://reg.acme.example/v2/x/manifests/1": dial tcp 192.0.2.1:443: i/o timeout`
	got := symptom.Parse(message)
	if got.Sign != symptom.ConnectionTimeout || got.Reference != "reg.acme.example/x:1" {
		t.Errorf("%s of %q", got.Sign, got.Reference)
	}
}

// A name in which every decisive word occurs must decide nothing.
func TestNamesDecideNothing(t *testing.T) {
	for _, name := range []string{
		"reg.acme.example/denied/unauthorized:403", "reg.acme.example/401/no-such-host:eof", "forbidden.example:500/manifest/unknown:429",
		"reg.acme.example/no-space-left-on-device/x:x509", "reg.acme.example/toomanyrequests:latest", "i-o-timeout.example/proxyconnect:connection-refused",
	} {
		message := `Failed to pull image "` + name + `": rpc error: code = NotFound desc = failed to pull and unpack image "` + name + `": failed to resolve reference "` + name + `": ` + name + `: not found`
		got := symptom.Parse(message)
		if got.Sign != symptom.TagNotFound || got.Status != 0 || got.Reference != name {
			t.Errorf("%s: %+v", name, got)
		}
		if got := symptom.Parse(`Back-off pulling image "` + name + `"`); got.Sign != symptom.Other {
			t.Errorf("%s alone says %s", name, got.Sign)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	var all []string
	for _, messages := range readMessages(b) {
		for _, m := range messages {
			all = append(all, m.Message)
		}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		symptom.Parse(all[i%len(all)])
	}
}
