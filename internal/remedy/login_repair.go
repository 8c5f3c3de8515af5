// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"maps"
	"slices"
	"time"

	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// takeFromAccount makes the pods anew: the service account has the secret by
// now, and pods take its list over when they are made.
func (p *planner) takeFromAccount() []Remedy {
	d := p.newDraft()
	const because = "the service account got its pull secret after the pod was made"
	if p.bare() {
		if len(d.template) > 0 {
			return nil
		}
		return []Remedy{p.remake(Remedy{ID: "recreate-for-account", Title: "Make pod " + p.Target.Name + " anew, so that it takes the service account's pull secret over", Because: because}, nil)}
	}
	if d.listedBy() != viaAccount || !d.sendsSome() {
		return nil
	}
	return []Remedy{d.remedy("recreate-for-account", "Have the pods made anew, so that they take the service account's pull secret over", because)}
}

// repairSecret sets entries right that the kubelet cannot read, so that it reads
// the pod's secrets again. It is offered if a login for the image comes out of it.
func (p *planner) repairSecret() []Remedy {
	d := p.newDraft()
	names := ""
	for _, s := range d.named() {
		if unreadable(s) {
			names = s.Name
			break
		}
	}
	if names == "" || !d.mendUnreadable() || len(d.changes) == 0 || !d.sendsSome() {
		return nil
	}
	title := "Set right what the kubelet cannot read in secret " + names
	if d.moved || d.accountMove {
		title = "Make a secret beside " + names + ", which cannot be changed, that the kubelet can read"
	}
	return []Remedy{d.remedy("repair-pull-secret", title, "while one secret of a pod cannot be read, the kubelet uses none")}
}

// rekeyEntry puts a login under a key that the kubelet matches, where one with a
// user and password stands under a key that it does not: beside the old entry,
// which other programs may read.
func (p *planner) rekeyEntry() []Remedy {
	d := p.newDraft()
	if d.sendsSome() {
		return nil
	}
	for _, s := range d.named() {
		dataKey := dataKeyOf(s.Type)
		c, ok := readConfig(dataKey, s.Data[dataKey])
		if dataKey == "" || !ok {
			continue
		}
		for _, m := range slices.Concat(bounded(c.entries), bounded(c.strays())) {
			key, login, ok := p.rekey(m)
			if !ok {
				continue
			}
			d := p.newDraft()
			entries := c.entries
			if i := entries.last(func(n string) bool { return n == key }); i >= 0 && !judgeEntry(p.d.Pull.Image, key, entries[i].value).credential.Empty {
				continue
			}
			if !d.put(s, dataKey, c.withEntries(entries.with(key, m.value)).data(), "key "+shownKey(p.d.Pull.Image, key)) || !d.mendUnreadable() || !d.sendsFirst(login) {
				continue
			}
			old, shown := shownKey(p.d.Pull.Image, m.name), shownKey(p.d.Pull.Image, key)
			title := "Put the login of key " + old + " under key " + shown + ", too, in secret " + s.Name
			if old == shown {
				title = "Put the login of key " + old + " where the kubelet looks, in secret " + s.Name
			}
			if d.moved || d.accountMove {
				title = "Make a secret beside " + s.Name + ", which cannot be changed, with its login under key " + shown
			}
			d.risks = append(d.risks, "the login then goes to "+p.host())
			return []Remedy{d.remedy("rekey-pull-secret", title, "the kubelet finds no login under the key that is there; this one is "+p.classOf(login, time.Time{}))}
		}
	}
	return nil
}

// rekey is the key under which the kubelet would find an entry that has a user
// and password, and that it does not find now.
func (p *planner) rekey(m jsonMember) (key string, login keyring.Credential, ok bool) {
	image := p.d.Pull.Image
	v := judgeEntry(image, m.name, m.value)
	switch {
	case v.broken:
		return "", keyring.Credential{}, false
	case v.matched: // it stands where the kubelet does not look
		key = m.name
	default:
		if key, ok = rekeyed(image, m.name, v.ignored); !ok {
			return "", keyring.Credential{}, false
		}
	}
	login = judgeEntry(image, key, m.value).credential
	return key, login, !login.Empty && login.Username != ""
}

// retypeSecret makes a secret of a type that the kubelet reads beside one that
// has the login and another type, and has it named in its place.
func (p *planner) retypeSecret() []Remedy {
	before := p.newDraft()
	if before.sendsSome() {
		return nil
	}
	for _, s := range before.named() {
		if dataKey := dataKeyOf(s.Type); dataKey != "" && len(s.Data[dataKey]) > 0 {
			continue
		}
		for _, at := range slices.Sorted(maps.Keys(s.Data)) {
			for _, dataKey := range []string{dataConfigJSON, dataConfig} {
				login, ok := firstLogin(p.d.Pull.Image, pullSecret(s.Namespace, s.Name, dataKey, s.Data[at]))
				if !ok {
					continue
				}
				because := "the type of " + s.Name + ", " + foreign.Text(s.Type, 60) + ", is none that the kubelet reads, and a secret's type cannot be changed"
				if p.bare() {
					name := before.freeName(s.Name)
					r := Remedy{ID: "retype-pull-secret", Title: "Make a pull secret beside " + s.Name + " and the pod anew", Because: because, Steps: copyOf(p.Target.Namespace, s.Name, at, name, dataKey)}
					return []Remedy{p.remake(r, withSecrets(replaced(before.names(), s.Name, name)))}
				}
				d := p.newDraft()
				name := d.freeName(s.Name)
				d.make(name, dataKey, s.Data[at])
				if !d.replaceName(s.Name, name) || !d.mendUnreadable() || !d.sendsFirst(login) {
					continue
				}
				return []Remedy{d.remedy("retype-pull-secret", "Make secret "+name+" of type "+typeOf(dataKey)+" from "+s.Name+", and name it instead", because)}
			}
		}
	}
	return nil
}

func replaced(names []string, old, name string) []string {
	out := slices.Clone(names)
	for i := range out {
		if out[i] == old {
			out[i] = name
		}
	}
	return out
}
