// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"encoding/json"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// viaSecret writes one registry's entry into a secret that the pods name, or
// makes the one that they name in vain. It restarts nothing.
func (p *planner) viaSecret(g gift) []Remedy {
	d := p.newDraft()
	if absent := d.absent(); p.cause.Cause == catalog.SecretMissing && len(absent) > 0 {
		return p.makeNamed(g, absent)
	}
	for _, s := range p.writable(d) {
		if r, ok := p.writeInto(s, g); ok {
			return []Remedy{r}
		}
	}
	return p.makeNamed(g, d.absent())
}

// writable are the secrets that the pods name and that can be written, the best
// first: the one whose entry the kubelet tries first, one that nobody can read
// (which has to be mended in any case), one that no tool writes back.
func (p *planner) writable(d *draft) []Secret {
	first := ""
	if answer, err := d.answer(); err == nil && len(answer.Groups) > 0 {
		first = answer.Groups[0].Credentials[0].Secret
	}
	var list []Secret
	for _, s := range d.named() {
		if dataKeyOf(s.Type) != "" && !p.isOfAnother(s) && !slices.ContainsFunc(list, func(t Secret) bool { return t.Name == s.Name }) {
			list = append(list, s)
		}
	}
	rank := func(s Secret) int {
		switch {
		case s.Namespace+"/"+s.Name == first:
			return 0
		case unreadable(s):
			return 1
		case s.Manager.Tool == "" && !s.Immutable:
			return 2
		}
		return 3
	}
	slices.SortStableFunc(list, func(a, b Secret) int { return rank(a) - rank(b) })
	return list
}

// isOfAnother tells a secret that this plan makes for another registry, and that is
// called after it: each registry gets one of its own, so that the name stays right.
func (p *planner) isOfAnother(s Secret) bool {
	return s.UID == "" && slices.ContainsFunc(p.o.Logins, func(l Login) bool {
		return slug(l.Host) != slug(p.host()) && strings.HasPrefix(s.Name, slug(l.Host)+madeSuffix)
	})
}

func unreadable(s Secret) bool {
	_, err := keyring.Resolve("any.example/image", []keyring.Secret{s.Secret})
	return err != nil
}

// whyNotSecret says why the credential cannot go into a secret that the pods
// name already.
func (p *planner) whyNotSecret(d *draft) string {
	switch {
	case len(d.names()) == 0 && p.bare():
		return "the pod names no pull secret, and that cannot be changed once it is made"
	case len(d.names()) == 0:
		return "the pods name no pull secret"
	case len(p.writable(d)) == 0 && len(d.absent()) == 0:
		return "the kubelet reads no secret of the type that the named one has, and a secret's type cannot be changed"
	}
	return ""
}

// makeNamed makes the secret that the pods name in vain.
func (p *planner) makeNamed(g gift, absent []string) []Remedy {
	for _, name := range absent {
		if len(validation.IsDNS1123Subdomain(name)) > 0 {
			continue // no secret can have this name
		}
		for _, key := range p.newKeys() {
			d := p.newDraft()
			d.make(name, dataConfigJSON, oneEntry(key, g.credential))
			if !d.mendUnreadable() || !d.sendsFirst(g.credential) {
				continue
			}
			d.risks = append(slices.Clone(g.risks), d.risks...)
			r := d.remedy("login-secret", "Make secret "+name+" with one entry, key "+foreign.Text(key, 200), g.source)
			return []Remedy{r}
		}
	}
	return nil
}

// oneEntry is the data of a secret with one login.
func oneEntry(key string, c keyring.Credential) []byte {
	empty := dockerConfig{dataKey: dataConfigJSON, auths: -1}
	return empty.withEntries(jsonObject{{key, loginEntry(c, nil)}}).data()
}

// writeInto sets the entry of a secret that the pods name.
func (p *planner) writeInto(s Secret, g gift) (Remedy, bool) {
	dataKey := dataKeyOf(s.Type)
	c, entries, risks := p.readableConfig(s)
	for _, o := range p.options(entries) {
		d := p.newDraft()
		if !d.put(s, dataKey, c.withEntries(o.set(entries, g.credential)).data(), "key "+o.shown) || !d.mendUnreadable() || !d.sendsFirst(g.credential) {
			continue
		}
		d.risks = slices.Concat(g.risks, risks, d.risks)
		title := "Write the credential into secret " + s.Name + ", key " + o.shown
		if o.replaces {
			title = "Replace the credential of secret " + s.Name + ", key " + o.shown
		}
		if d.moved || d.accountMove {
			title = "Make a secret beside " + s.Name + ", which cannot be changed, with the credential for key " + o.shown
		}
		return d.remedy("login-secret", title, g.source), true
	}
	return Remedy{}, false
}

// An option is one way to write a login among entries.
type option struct {
	keys     []string
	shown    string
	replaces bool
}

func (o option) set(entries jsonObject, c keyring.Credential) jsonObject {
	for _, key := range o.keys {
		var older json.RawMessage
		if i := entries.last(func(n string) bool { return n == key }); i >= 0 {
			older = entries[i].value
		}
		entries = entries.with(key, loginEntry(c, older))
	}
	return entries
}

// options are the ways in which a login can be written, the best first. A login
// for a path stands under that path. An entry that the registry rejects serves
// nobody and is replaced. One that may be good for other images stays, and the
// login stands beside it under the repository, which the kubelet tries first.
func (p *planner) options(entries jsonObject) []option {
	image := p.d.Pull.Image
	var found []option
	key, scope := p.firstKey(entries), p.scope()
	if scope != "" && (key == "" || !sameKey(image, key, scope)) {
		found = append(found, option{keys: []string{scope}, shown: shownKey(image, scope)})
	} else if key != "" && !p.mayServeOthers(entries, key) {
		o := option{keys: []string{key}, shown: shownKey(image, key), replaces: true}
		// Keys that mean the same to the kubelet are tried in an order that
		// changes; all of them failed.
		for _, m := range entries {
			if m.name != key && sameKey(image, m.name, key) {
				o.keys = append(o.keys, m.name)
			}
		}
		found = append(found, o)
	} else if key == "" {
		for _, wide := range wideKeys(image) {
			found = append(found, option{keys: []string{wide}, shown: shownKey(image, wide)})
		}
	} else if strings.ContainsAny(key, "*?[") {
		for _, wide := range wideKeys(image) {
			found = append(found, option{keys: []string{wide}, shown: shownKey(image, wide)})
		}
	}
	narrow := narrowKey(image)
	return append(found, option{keys: []string{narrow}, shown: shownKey(image, narrow)})
}

// firstKey is the key, as written, of what the kubelet tries first of these
// entries.
func (p *planner) firstKey(entries jsonObject) string {
	var keys []string
	for _, m := range bounded(entries) {
		if judgeEntry(p.d.Pull.Image, m.name, m.value).matched {
			keys = append(keys, m.name)
		}
	}
	if len(keys) == 0 {
		return ""
	}
	best := keys[0]
	for _, key := range keys[1:] {
		if triedBefore(p.d.Pull.Image, key, best) {
			best = key
		}
	}
	return best
}

// triedBefore asks the keyring which of two keys comes first.
func triedBefore(image, a, b string) bool {
	login := func(user string) json.RawMessage {
		return loginEntry(keyring.Credential{Username: user, Password: keyring.NewPassword("p")}, nil)
	}
	both := dockerConfig{dataKey: dataConfigJSON, auths: -1}.withEntries(jsonObject{{a, login("a")}, {b, login("b")}})
	c, ok := firstLogin(image, pullSecret("one", "two", dataConfigJSON, both.data()))
	return ok && c.Username == "a"
}

// sameKey tells two keys that the kubelet keeps as one.
func sameKey(image, a, b string) bool {
	both := dockerConfig{dataKey: dataConfigJSON, auths: -1}.withEntries(jsonObject{{a, json.RawMessage("{}")}, {b, json.RawMessage("{}")}})
	answer, err := keyring.Resolve(image, []keyring.Secret{pullSecret("one", "two", dataConfigJSON, both.data())})
	return err == nil && len(answer.Groups) == 1 && answer.Groups[0].AnyOrder
}

// mayServeOthers tells an entry that is to stay as it is, because it is, or may
// be, good for other images: its credential was not rejected, or it is for a
// pattern of registries.
func (p *planner) mayServeOthers(entries jsonObject, key string) bool {
	i := entries.last(func(n string) bool { return n == key })
	if judgeEntry(p.d.Pull.Image, key, entries[i].value).credential.Empty {
		return false // it logs nobody in
	}
	if strings.ContainsAny(key, "*?[") {
		return true
	}
	switch p.cause.Cause {
	case catalog.CredentialsInvalid, catalog.CredentialsExpired, catalog.SecretMalformed:
		return false
	case catalog.CredentialsBreakPublicImage:
		return !p.rejected()
	}
	return true
}

// readableConfig is what a secret keeps, its entries as readable leaves them, and
// what is lost by that.
func (p *planner) readableConfig(s Secret) (c dockerConfig, entries jsonObject, risks []string) {
	dataKey := dataKeyOf(s.Type)
	c, ok := readConfig(dataKey, s.Data[dataKey])
	if !ok {
		c = dockerConfig{dataKey: dataKey, auths: -1}
		risks = append(risks, "what secret "+s.Name+" keeps now is nothing that the kubelet can read, and gives way")
	}
	if i := c.top.last(func(n string) bool { return strings.EqualFold(n, "HttpHeaders") }); dataKey == dataConfigJSON && i >= 0 {
		var headers map[string]string
		if json.Unmarshal(c.top[i].value, &headers) != nil { // their type alone makes the secret unreadable
			c.top = c.top.without(func(n string) bool { return strings.EqualFold(n, "HttpHeaders") })
			c.auths = c.top.last(func(n string) bool { return strings.EqualFold(n, "auths") })
			risks = append(risks, "the HttpHeaders of secret "+s.Name+" cannot be read by the kubelet, and are taken out")
		}
	}
	if ok && !unreadable(s) {
		return c, c.entries, nil
	}
	entries, removed := p.readable(c.entries)
	for _, key := range removed {
		risks = append(risks, "the entry for "+key+" in secret "+s.Name+" cannot be read by the kubelet, which then reads none, and is taken out")
	}
	return c, entries, risks
}

// readable are the entries without those that the kubelet cannot read, which
// keep it from reading any; repaired where that can be done.
func (p *planner) readable(entries jsonObject) (good jsonObject, removed []string) {
	good = jsonObject{}
	for _, m := range entries {
		v := judgeEntry(p.d.Pull.Image, m.name, m.value)
		if v.broken {
			value, ok := repaired(m.value)
			if !ok {
				if !keyMatches(p.d.Pull.Image, m.name) {
					removed = append(removed, v.shown)
					continue
				}
				value = json.RawMessage("{}") // the login takes its place
			}
			m.value = value
		}
		good = append(good, m)
	}
	return good, removed
}

func bounded(entries jsonObject) jsonObject {
	return entries[:min(len(entries), maxEntries)]
}

// viaAccount has the service account name a secret: pods take its list over
// when they are made, if they list none themselves.
func (p *planner) viaAccount(g gift) []Remedy {
	if p.newDraft().whyNotAccount() != "" {
		return nil
	}
	return p.refer(g, viaAccount, "service account "+p.Account.Name)
}

// viaTemplate has the pod template name a secret.
func (p *planner) viaTemplate(g gift) []Remedy {
	if p.whyNotTemplate() != "" {
		return nil
	}
	return p.refer(g, viaTemplate, "the pod template of "+p.Target.String())
}

// refer puts a secret with the credential first into a list: the one that has
// it, or a new one. A name that is there and wrong gives way to it.
func (p *planner) refer(g gift, via, where string) []Remedy {
	keys := p.newKeys()
	if g.secret != nil {
		keys = keys[:1]
	}
	for _, key := range keys {
		d := p.newDraft()
		id := "login-" + via
		var name, title string
		if g.secret != nil {
			name, id = g.secret.Name, "use-secret-"+via
			title = "Name secret " + name + " in " + where
		} else {
			name = d.freeName(slug(p.host()))
			d.make(name, dataConfigJSON, oneEntry(key, g.credential))
			title = "Make secret " + name + " and name it in " + where
		}
		list := slices.Clone(d.names()) // the account's, too, which would not count any more
		if old := p.nearMissing(name); old != "" && d.listedBy() == via {
			list[slices.Index(list, old)] = name
			id, title = "correct-secret-name", "Name secret "+name+" instead of "+foreign.Text(old, 100)+" in "+where
		} else {
			list = append([]string{name}, list...)
		}
		if !d.list(list, via) || !d.mendUnreadable() || !d.sendsFirst(g.credential) {
			continue
		}
		d.risks = append(slices.Clone(g.risks), d.risks...)
		return []Remedy{d.remedy(id, title, g.source)}
	}
	return nil
}

// slug is a host as the first part of a secret's name.
func slug(host string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, host)
	if name = strings.Trim(name, "-"); len(name) > 40 {
		name = strings.Trim(name[:40], "-")
	}
	if name == "" {
		return "registry"
	}
	return name
}
