// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// narrowEntry keeps a login that breaks the pull of a public image from being
// sent for it: where a key matches, the kubelet never tries without. The key is
// narrowed to the paths of other images that pods use it for; if none are
// known, and the registry rejects it anyway, the entry goes, as it serves
// nobody. Where more may need it than are known or can be written down, it is left
// to a person.
func (p *planner) narrowEntry() []Remedy {
	d := p.newDraft()
	title := ""
	for _, s := range d.named() {
		if _, done := d.secrets[s.Name]; done {
			continue // named twice
		}
		dataKey := dataKeyOf(s.Type)
		c, ok := readConfig(dataKey, s.Data[dataKey])
		if dataKey == "" || !ok || len(c.entries) > maxEntries {
			continue
		}
		entries, does, why, ok := p.narrowed(s, c.entries)
		if why != "" {
			return []Remedy{p.narrowByHand(s, why)}
		}
		if !ok {
			return nil
		}
		if does == "" {
			continue
		}
		if !d.put(s, dataKey, c.withEntries(entries).data(), does) {
			return nil
		}
		if title == "" {
			title = strings.ToUpper(does[:1]) + does[1:] + " in secret " + s.Name
		}
	}
	if title == "" || !d.sendsNone() {
		return nil
	}
	because := "anybody may pull the image, but the kubelet sends the login wherever a key matches"
	if p.rejected() {
		because = "the registry rejects the login, and lets anybody pull the image without"
	} else {
		d.risks = append(d.risks, "only images that pods of this namespace run now keep the login: of a CronJob between its runs, or of what is scaled to 0, nothing shows that it needs it")
	}
	return []Remedy{d.remedy("narrow-pull-secret", title, because)}
}

// sendsNone tells whether the pull will go out anonymous.
func (d *draft) sendsNone() bool {
	answer, err := d.answer()
	return err == nil && answer.Sends == keyring.SendsAnonymous
}

// narrowByHand leaves it to a person to say who needs a login.
func (p *planner) narrowByHand(s Secret, why string) Remedy {
	return Remedy{
		ID: "login-by-hand", Kind: HandedOver, Title: "Keep the login of secret " + s.Name + " from being sent for " + foreign.Text(p.d.Pull.Image, 300),
		Because: "anybody may pull the image, but the kubelet sends the login wherever a key matches; " + why,
		Steps: []Step{{
			What:  "In secret " + s.Name + ", put the login under the paths of the repositories that need it, and take out the key that matches this image, too; or push the public image to where no key matches, and name it there",
			Where: "where that secret is kept", Afterwards: "kubectl pullmedic diagnose says that nothing is sent for this image",
		}},
	}
}

// narrowed are the entries of a secret such that none is tried for the image,
// and what is done to the first; "" for nothing. False if that would take a
// login from those who may need it; why says so where those are too many to know.
func (p *planner) narrowed(s Secret, entries jsonObject) (out jsonObject, does, why string, ok bool) {
	image := p.d.Pull.Image
	out = entries
	for _, m := range entries {
		v := judgeEntry(image, m.name, m.value)
		if !v.matched || v.credential.Empty {
			continue // an empty one goes out anonymous, as it should
		}
		keys := p.keysFor(s, m.name)
		switch {
		case p.rejected() && len(keys) <= maxNarrowed: // it serves nobody
		case s.Partly:
			return nil, "", "not all pods that use it could be looked at, and some may need the login", false
		case len(keys) > maxNarrowed:
			return nil, "", "more than " + strconv.Itoa(maxNarrowed) + " paths need the login", false
		case len(keys) == 0:
			return nil, "", "", false
		}
		out = out.without(func(n string) bool { return n == m.name })
		var shown []string
		for _, key := range keys {
			if out.last(func(n string) bool { return n == key }) < 0 {
				out = out.with(key, m.value)
			}
			shown = append(shown, shownKey(image, key))
		}
		if does == "" {
			does = "take out the entry for " + v.shown
			if len(shown) > 0 {
				does = "narrow the key " + v.shown + " to " + strings.Join(shown, ", ")
			}
		}
	}
	return out, does, "", true
}

// maxNarrowed bounds the keys that take the place of one; keysFor gives one more if
// there are more.
const maxNarrowed = 10

// keysFor are the narrower keys of an entry, for the images other than this one
// that pods pull with it: the owner's path where that is another's than the
// image's, else the repository's.
func (p *planner) keysFor(s Secret, key string) []string {
	image := p.d.Pull.Image
	ref, err := keyring.ParseImage(image)
	if err != nil {
		return nil
	}
	var keys []string
	for _, used := range append(slices.Clone(s.Repositories), p.otherRepositories()...) {
		other, err := keyring.ParseImage(used)
		if err != nil || other.Host != ref.Host || other.Repository == ref.Repository || !keyMatches(used, key) {
			continue
		}
		owner, _, _ := strings.Cut(other.Repository, "/")
		for _, narrow := range []string{other.Host + "/" + owner, other.Host + "/" + owner + "/", other.Host + "/" + other.Repository} {
			if keyMatches(used, narrow) && !keyMatches(image, narrow) {
				if !slices.Contains(keys, narrow) && len(keys) <= maxNarrowed {
					keys = append(keys, narrow)
				}
				break
			}
		}
	}
	return keys
}

// otherRepositories are those of the other images of these pods.
func (p *planner) otherRepositories() []string {
	var all []string
	spec := p.Target.Template.Spec
	for _, c := range slices.Concat(spec.InitContainers, spec.Containers) {
		if ref, err := keyring.ParseImage(c.Image); err == nil {
			all = append(all, ref.Host+"/"+ref.Repository)
		}
	}
	for _, v := range spec.Volumes {
		if v.Image != nil {
			if ref, err := keyring.ParseImage(v.Image.Reference); err == nil {
				all = append(all, ref.Host+"/"+ref.Repository)
			}
		}
	}
	return all
}

// rejected tells whether the registry rejects the credential itself, so that it
// serves nobody.
func (p *planner) rejected() bool {
	return slices.ContainsFunc(p.d.Findings, func(f evidence.Finding) bool {
		switch f.Outcome {
		case evidence.CredentialRejected, evidence.CredentialExpired, evidence.CredentialExpiredByItself:
			return true
		}
		return false
	})
}
