// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/distribution/reference"

	"github.com/pullmedic/pullmedic/symptom"
)

// canary is a secret that announces itself in every fuzzed text.
const canary = "zqcanaryzq"

// FuzzParse takes any message: its Symptom is clean, bounded and always the
// same, and shows no credential.
func FuzzParse(f *testing.F) {
	for _, messages := range readMessages(f) {
		for _, m := range messages {
			f.Add(m.Message)
		}
	}
	for _, seed := range hostile(1) {
		f.Add(seed)
	}
	for _, form := range announced {
		f.Add(strings.ReplaceAll(form, "§", "zq7"))
	}
	f.Fuzz(func(t *testing.T, message string) {
		got := symptom.Parse(message)
		checkClean(t, message, got)
		if again := symptom.Parse(message); !reflect.DeepEqual(got, again) {
			t.Errorf("%q reads as %+v and as %+v", message, got, again)
		}
		if strings.Contains(message, canary) {
			return
		}
		for _, secret := range []string{`denied: {"password":"` + canary + `"} `, "denied: docker login -p " + canary + " ", "denied: https://u:" + canary + "@h/v2/ "} {
			if shown := fmt.Sprintf("%+v", symptom.Parse(secret+message)); strings.Contains(shown, canary) {
				t.Errorf("%q shows %s", secret+message, shown)
			}
		}
	})
}

// FuzzRedact takes any text: what a credential announces goes whatever follows
// it, the rest is not blown up, and a second time changes nothing.
func FuzzRedact(f *testing.F) {
	for _, form := range announced {
		for _, message := range levels(strings.ReplaceAll(form, "§", "zq7")) {
			f.Add(message)
		}
	}
	for _, seed := range hostile(1) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := symptom.Redact(text)
		if len(got) > 11*len(text)+16 {
			t.Errorf("%d bytes become %d: %q", len(text), len(got), got)
		}
		if again := symptom.Redact(got); again != got {
			t.Errorf("%q becomes %q and then %q", text, got, again)
		}
		if strings.Contains(text, canary) {
			return
		}
		for _, secret := range []string{`{"auth":"` + canary + `"} `, "--docker-password=" + canary + " ", "Authorization: Bearer " + canary + " "} {
			if got := symptom.Redact(secret + text); strings.Contains(got, canary) {
				t.Errorf("%q shows in %q", secret+text, got)
			}
		}
	})
}

// FuzzReference takes any image's name: what the grammar of references takes is
// read out of a message, as the runtime completes it, and decides nothing else.
func FuzzReference(f *testing.F) {
	for _, seed := range []string{
		"nginx", "nginx:1.99", "acme/api", "reg.acme.example:5000/a/b:1", "reg.acme.example/x@" + digest, "localhost/x", "[::1]:5000/a", "a_b.example/x",
		"http/v2:403", "manifest/unknown:429", "denied:eof", "docker.io/library/busybox:latest", "a/b/c/d/e:v1-rc.1", "REG/x", "x:", "/x", "a b", "\u202e",
		"u:p@reg.acme.example/x:1", "https://reg.acme.example/x", "${TAG}", "sha256:" + strings.Repeat("4", 64),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, image string) {
		message := func(full string) string {
			return `Failed to pull image "` + image + `": rpc error: code = NotFound desc = failed to pull and unpack image "` + full + `": failed to resolve reference "` + full + `": ` + full + `: not found`
		}
		named, err := reference.ParseNormalizedNamed(image)
		if err != nil || len(image) > 400 {
			checkClean(t, message(image), symptom.Parse(message(image)))
			return
		}
		full := reference.TagNameOnly(named).String()
		got := symptom.Parse(message(full))
		checkClean(t, message(full), got)
		want := symptom.TagNotFound
		if _, ok := named.(reference.Digested); ok {
			want = symptom.DigestNotFound
		}
		if got.Reference != full || got.Sign != want || got.Status != 0 {
			t.Errorf("%q, in full %q, reads as %s of %q, status %d", image, full, got.Sign, got.Reference, got.Status)
		}
	})
}
