// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package agreement

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/credentialprovider"
	"k8s.io/kubernetes/pkg/credentialprovider/secrets"
	"k8s.io/kubernetes/pkg/util/parsers"

	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// A login is one credential as both sides can tell it.
type login struct{ user, password, secret string }

// kubelet is what the kubelet's own code answers.
type kubelet struct {
	imageError, secretError error
	brokenSecret            string // the first that fails alone
	repository, tag, digest string
	logins                  []login
}

func askKubelet(c *testCase) kubelet {
	var k kubelet
	k.repository, k.tag, k.digest, k.imageError = parsers.ParseImageName(c.image)
	if k.imageError != nil {
		return k
	}
	var all []v1.Secret
	for _, s := range c.secrets {
		all = append(all, v1.Secret{
			ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: s.Name, UID: "1"},
			Type:       v1.SecretType(s.Type), Data: s.Data,
		})
	}
	if k.logins, k.secretError = lookup(all, k.repository); k.secretError != nil {
		for _, s := range all {
			if _, err := lookup([]v1.Secret{s}, k.repository); err != nil {
				k.brokenSecret = s.Namespace + "/" + s.Name
				break
			}
		}
	}
	return k
}

func lookup(all []v1.Secret, repository string) ([]login, error) {
	ring, err := secrets.MakeDockerKeyring(all, credentialprovider.UnionDockerKeyring{})
	if err != nil {
		return nil, err
	}
	found, _ := ring.Lookup(repository)
	var logins []login
	for _, f := range found {
		logins = append(logins, login{f.Username, f.Password, f.Source.Secret.Namespace + "/" + f.Source.Secret.Name})
	}
	return logins, nil
}

func TestKeyringAgreesWithTheKubelet(t *testing.T) {
	silence(t)
	seed := number(t, "KEYRING_SEED", rand.Uint64())
	cases := number(t, "KEYRING_CASES", 100_000)
	t.Logf("keyring agreement: seed %d (KEYRING_SEED, KEYRING_CASES)", seed)

	sum := tally{reasons: map[keyring.Reason]int{}}
	var shuffled []*testCase
	for i := range cases {
		c := newCase(seed, i)
		sum.cases++
		answer, kubelet, differences := compare(c)
		sum.count(answer, kubelet)
		if kubelet.secretError == nil && slices.ContainsFunc(answer.Groups, varied) && len(shuffled) < 200 {
			shuffled = append(shuffled, c)
		}
		if len(differences) == 0 {
			continue
		}
		if sum.differences++; sum.differences <= 10 {
			t.Errorf("case %d: image %q\n%s\n  %s", i, c.image, c.dump(), strings.Join(differences, "\n  "))
		}
	}
	sum.report(t)
	sum.demandVariety(t)
	reallyInAnyOrder(t, shuffled)
	t.Logf("keyring agreement: %d cases, %d differences", sum.cases, sum.differences)
}

// silence keeps the kubelet from telling every key that it cannot parse.
func silence(t *testing.T) {
	t.Helper()
	flags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(flags)
	for name, value := range map[string]string{"logtostderr": "false", "stderrthreshold": "FATAL"} {
		if err := flags.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	klog.SetOutput(io.Discard)
}

// number reads a number from the environment.
func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("reading %s: %v", name, err)
	}
	return n
}

// compare asks both and lists where they differ.
func compare(c *testCase) (keyring.Answer, kubelet, []string) {
	var differences []string
	differ := func(format string, args ...any) { differences = append(differences, fmt.Sprintf(format, args...)) }

	want := askKubelet(c)
	got, err := keyring.Resolve(c.image, c.secrets)
	for _, leak := range leaks(got, err) {
		differ("shows a secret: %s", leak)
	}
	var failed *keyring.Error
	if err != nil && !errors.As(err, &failed) {
		differ("the error %v is no *keyring.Error", err)
		return got, want, differences
	}
	switch {
	case want.imageError != nil:
		if failed == nil || failed.Secret != "" || !says(failed, want.imageError.Error()) {
			differ("kubelet cannot parse the image: %v; ours: %v", want.imageError, err)
		}
		return got, want, differences
	case want.secretError != nil:
		if failed == nil || failed.Secret != want.brokenSecret || !says(failed, want.secretError.Error()) {
			differ("kubelet cannot read secret %s: %v; ours: %v", want.brokenSecret, want.secretError, err)
		}
		if got.Sends != keyring.SendsNothing || len(got.Groups) != 0 {
			differ("ours still sends %q, %d groups", got.Sends, len(got.Groups))
		}
		return got, want, differences
	case failed != nil:
		differ("kubelet has no error, ours: %v", err)
		return got, want, differences
	}
	if name := got.Reference.Host + "/" + got.Reference.Repository; name != want.repository || got.Reference.Tag != want.tag || got.Reference.Digest != want.digest {
		differ("kubelet reads %q %q %q, ours %+v", want.repository, want.tag, want.digest, got.Reference)
	}
	differences = append(differences, compareGroups(got, want)...)
	differences = append(differences, everyEntryTold(c, got)...)
	return got, want, differences
}

// says demands the very text: all of it, and nothing less.
func says(e *keyring.Error, text string) bool {
	return e.KubeletSays(text) && !e.KubeletSays(text[1:]) && !e.KubeletSays(text[:len(text)-1])
}

// compareGroups takes the kubelet's list apart by our groups: the same groups
// in the same order, within a group the same set.
func compareGroups(got keyring.Answer, want kubelet) (differences []string) {
	rest := want.logins
	for i, g := range got.Groups {
		var ours []login
		for _, c := range g.Credentials {
			ours = append(ours, login{c.Username, c.Password.Reveal(), c.Secret})
		}
		if len(ours) == 0 || len(ours) > len(rest) {
			return append(differences, fmt.Sprintf("group %d has %d credentials, of the kubelet's %d are left", i, len(ours), len(rest)))
		}
		theirs := slices.Clone(rest[:len(ours)])
		if g.AnyOrder != (len(ours) > 1) {
			differences = append(differences, fmt.Sprintf("group %d of %d says any order: %t", i, len(ours), g.AnyOrder))
		}
		sorted(ours)
		sorted(theirs)
		if !slices.Equal(ours, theirs) {
			differences = append(differences, fmt.Sprintf("group %d: kubelet %q, ours %q", i, theirs, ours))
		}
		rest = rest[len(ours):]
	}
	if len(rest) > 0 {
		differences = append(differences, fmt.Sprintf("the kubelet also tries %q", rest))
	}
	if sends := expectedSends(want.logins); got.Sends != sends {
		differences = append(differences, fmt.Sprintf("sends %q, want %q", got.Sends, sends))
	}
	return differences
}

// expectedSends is told from the kubelet's list: containerd logs in only with
// both a user name and a password.
func expectedSends(logins []login) keyring.Sends {
	full := 0
	for _, l := range logins {
		if l.user != "" && l.password != "" {
			full++
		}
	}
	switch {
	case full == 0:
		return keyring.SendsAnonymous
	case full == len(logins):
		return keyring.SendsCredentials
	}
	return keyring.SendsBoth
}

func sorted(list []login) {
	slices.SortFunc(list, func(a, b login) int {
		return strings.Compare(a.secret+"\x00"+a.user+"\x00"+a.password, b.secret+"\x00"+b.user+"\x00"+b.password)
	})
}

// varied tells a group in which the order makes a difference.
func varied(g keyring.Group) bool {
	return g.AnyOrder && slices.ContainsFunc(g.Credentials, func(c keyring.Credential) bool {
		return c.Username != g.Credentials[0].Username || !c.Password.Equal(g.Credentials[0].Password)
	})
}

// reallyInAnyOrder has the kubelet show two orders for each case of which we
// say that the order is left to chance.
func reallyInAnyOrder(t *testing.T, cases []*testCase) {
	t.Helper()
	for _, c := range cases {
		first, changed := askKubelet(c).logins, false
		for range 400 {
			if !slices.Equal(first, askKubelet(c).logins) {
				changed = true
				break
			}
		}
		if !changed {
			t.Errorf("the kubelet kept one order in 400 runs where ours says any order: image %q\n%s", c.image, c.dump())
		}
	}
	t.Logf("keyring agreement: in %d of the cases with a random order the kubelet was run until it showed a second one", len(cases))
}

// dump shows a case so that it can be read in a failure; its secrets are made
// up.
func (c *testCase) dump() string {
	var b strings.Builder
	for _, s := range c.secrets {
		fmt.Fprintf(&b, "  secret %s/%s type %q\n", s.Namespace, s.Name, s.Type)
		for key, data := range s.Data {
			fmt.Fprintf(&b, "    %s: %q\n", key, data[:min(len(data), 3000)])
		}
	}
	return b.String()
}
