// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pullmedic/pullmedic/internal/foreign"
)

// maxIgnored bounds Answer.Ignored: a secret of 1 MiB can hold 100,000 keys.
const maxIgnored = 1000

// An explainer says why what did not match did not.
type explainer struct {
	image   target
	sources []*source
	matched map[string]bool // normalised keys that the kubelet uses
	failed  bool            // a secret cannot be read: what would match is blocked
	found   []Ignored
}

// rest explains all but the matches.
func (x explainer) rest(found []match) ([]Ignored, int) {
	x.matched = map[string]bool{}
	for _, m := range found {
		x.matched[m.key] = true
	}
	return x.run()
}

// blocked explains everything when a secret cannot be read.
func (x explainer) blocked() ([]Ignored, int) {
	x.failed = true
	return x.run()
}

func (x explainer) run() ([]Ignored, int) {
	for _, s := range x.sources {
		x.source(s)
	}
	slices.SortStableFunc(x.found, func(a, b Ignored) int {
		switch {
		case a.Near == b.Near:
			return 0
		case a.Near:
			return -1
		}
		return 1
	})
	if more := len(x.found) - maxIgnored; more > 0 {
		return x.found[:maxIgnored], more
	}
	return x.found, 0
}

func (x *explainer) add(s *source, written string, reason Reason, near bool, format string, args ...any) {
	x.found = append(x.found, Ignored{
		Secret: s.secret.ref(), Key: display(written), Reason: reason, Near: near,
		Sentence: foreign.Text(fmt.Sprintf(format, args...), 200),
	})
}

func (x *explainer) source(s *source) {
	switch {
	case s.failed != nil:
		x.add(s, "", SecretMalformed, true, "the kubelet cannot read it and so pulls with none of the pod's secrets: %s", s.failed.shown)
		return
	case s.dataKey == "":
		x.passedOver(s)
		return
	}
	for _, key := range slices.Sorted(maps.Keys(s.byKey)) {
		for _, e := range s.byKey[key] {
			x.entry(s, key, e)
		}
	}
	for _, e := range s.skipped {
		reason, near, sentence := x.unparsable(e.written)
		x.add(s, e.written, reason, near, "%s", sentence)
	}
	x.overwritten(s)
	x.elsewhere(s)
}

// entry explains an entry that the kubelet keeps under key.
func (x *explainer) entry(s *source, key string, e entry) {
	switch {
	case x.matched[key]:
	case x.failed && x.wouldMatch(e.written):
		x.add(s, e.written, SecretBlocked, true, "it is for this registry, but the kubelet uses no secret while another of the pod's cannot be read")
	case x.image.hub && key == hubHost:
		x.add(s, e.written, HubFallbackUnused, true, "%s counts only if nothing else matches, and %s does", hubHost, display(x.oneMatched()))
	default:
		reason, near, sentence := x.mismatch(key, e.written)
		x.add(s, e.written, reason, near, "%s", sentence)
	}
}

// oneMatched is the key that the kubelet tries first.
func (x *explainer) oneMatched() string {
	first := ""
	for key := range x.matched {
		first = max(first, key)
	}
	return first
}

// passedOver explains a secret whose data the kubelet does not look at.
func (x *explainer) passedOver(s *source) {
	near := false
	for _, data := range s.secret.Data {
		near = near || x.holdsMatch(data)
	}
	kind := foreign.Text(s.secret.Type, 60)
	switch s.secret.Type {
	case TypeDockerConfigJSON:
		x.add(s, "", DataKeyMissing, near, "its type is %s, but it has no data under %s", kind, keyDockerConfigJSON)
	case TypeDockercfg:
		x.add(s, "", DataKeyMissing, near, "its type is %s, but it has no data under %s", kind, keyDockercfg)
	default:
		x.add(s, "", TypeIgnored, near, "its type is %q; the kubelet reads only %s and %s", kind, TypeDockerConfigJSON, TypeDockercfg)
	}
}

// holdsMatch tells whether data, read in either form, has an entry for the
// image.
func (x *explainer) holdsMatch(data []byte) bool {
	file := readLoosely(keyDockerConfigJSON, data)
	for _, m := range slices.Concat(file.entries, readLoosely(keyDockercfg, data).entries) {
		if x.wouldMatch(m.name) {
			return true
		}
	}
	return false
}

// wouldMatch tells whether a key as written is one that the kubelet would use.
func (x *explainer) wouldMatch(written string) bool {
	key, err := normalizeKey(written)
	return err == nil && (matches(key, x.image) || x.image.hub && key == hubHost)
}

// overwritten explains repeated names: the last one in the file counts.
func (x *explainer) overwritten(s *source) {
	for i, m := range s.loose.entries {
		if s.loose.lastOf[m.name] != i {
			x.add(s, m.name, Overwritten, x.wouldMatch(m.name), "the same key stands again later in the secret, and the later one counts")
		}
	}
}

// elsewhere explains what stands where the kubelet does not look.
func (x *explainer) elsewhere(s *source) {
	for _, name := range s.loose.strays {
		x.add(s, name, NotWrapped, x.wouldMatch(name), "it does not stand inside auths, where the kubelet looks")
	}
	for _, name := range s.loose.wrapped {
		x.add(s, name, WronglyWrapped, x.wouldMatch(name), "a secret of type %s has its entries at the top, not inside auths", TypeDockercfg)
	}
	for _, name := range s.loose.helpers {
		x.add(s, name, HelperIgnored, x.wouldMatch(name), "it stands in credHelpers, which the kubelet does not read")
	}
	if s.loose.store {
		x.add(s, "", HelperIgnored, false, "its credsStore names a helper on somebody's machine, which the kubelet does not ask")
	}
	if len(s.byKey)+len(s.skipped)+len(s.loose.strays)+len(s.loose.helpers) == 0 {
		x.add(s, "", NoEntries, false, "the kubelet reads it and finds no entry in it")
	}
}
