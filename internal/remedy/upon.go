// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// After is the case as changes leave it: its template, its service account, and
// the secrets. A second remedy that is planned for it goes together with the
// first, where both write the same list or the same secret.
func (c Case) After(changes []Change) Case {
	c.Secrets = slices.Clone(c.Secrets)
	for _, change := range changes {
		switch {
		case change.Object.Kind == "Secret" && change.Object.Namespace == c.Target.Namespace:
			c.Secrets = withSecret(c.Secrets, change)
		case change.Object.Kind == "ServiceAccount" && c.Account != nil && change.Object.Name == c.Account.Name:
			if account, ok := edited(c.Account, "", change.Edits); ok {
				c.Account = account
			}
		case change.Object == c.Target.Object && !change.Creates():
			if template, ok := edited(&c.Target.Template, c.TemplatePath(), change.Edits); ok {
				c.Target.Template = *template
			}
		}
	}
	return c
}

// withSecret is a list of secrets after one of them was made or written.
func withSecret(list []Secret, change Change) []Secret {
	if change.Creates() {
		s := keyring.Secret{Namespace: change.Object.Namespace, Name: change.Object.Name, Data: map[string][]byte{}}
		s.Type, _ = change.New["type"].(string)
		values, _ := change.New["data"].(map[string]any)
		for key, value := range values {
			s.Data[key] = decoded(value)
		}
		return append(list, Secret{Secret: s})
	}
	at := slices.IndexFunc(list, func(s Secret) bool { return s.Name == change.Object.Name })
	if at < 0 {
		return list
	}
	list[at].Data = maps.Clone(list[at].Data)
	for _, e := range change.Edits {
		for _, key := range []string{dataConfigJSON, dataConfig} {
			if e.Path == pointer("data", key) {
				list[at].Data[key] = decoded(e.New)
			}
		}
	}
	return list
}

func decoded(value any) []byte {
	text, _ := value.(string)
	data, _ := base64.StdEncoding.DecodeString(text) // what a draft wrote
	return data
}

// edited is an object with those edits made that lie below a path; false if that
// cannot be said.
func edited[T any](object *T, below string, edits []Edit) (*T, bool) {
	text, err := json.Marshal(object)
	if err != nil {
		return nil, false
	}
	var value any
	if json.Unmarshal(text, &value) != nil {
		return nil, false
	}
	for _, e := range edits {
		path, ok := strings.CutPrefix(e.Path, below+"/")
		if !ok {
			return nil, false
		}
		if value, ok = set(value, words("/"+path), e.New); !ok {
			return nil, false
		}
	}
	out := new(T)
	if text, err = json.Marshal(value); err != nil || json.Unmarshal(text, out) != nil {
		return nil, false
	}
	return out, true
}

// ImageAfter is the image that a pull's container has once the changes are made,
// if they give it another one: in the template, and so in every new pod.
func (c Case) ImageAfter(changes []Change, pull evidence.Pull) (string, bool) {
	if c.Target.Kind == "Pod" || c.Target.Kind == "Job" {
		return "", false
	}
	was, had := find(c.Target.Template.Spec, pull)
	is, has := find(c.After(changes).Target.Template.Spec, pull)
	if !had || !has || was.image == is.image {
		return "", false
	}
	return is.image, true
}

// Apart tells whether a remedy's changes can be made beside others, whatever
// these are: it writes nothing that they write, and not both are about logins,
// where one list hides another; or they make all of its changes already.
func Apart(chosen, more []Change) bool {
	both, ok := Together(chosen, more, false)
	return ok && (!touchesLogins(chosen) || !touchesLogins(more) || SameValue(writes(both), writes(chosen)))
}

// writes are all values that changes write, by where.
func writes(changes []Change) map[string]any {
	all := map[string]any{}
	for _, c := range changes {
		if c.Creates() {
			all[c.Object.String()] = c.New
		}
		for _, e := range c.Edits {
			all[c.Object.String()+e.Path] = e.New
		}
	}
	return all
}

// Together puts the changes of a remedy to those that were chosen before it, one
// for each object, and what pods log in with before what has pods made. Upon tells
// that the remedy was planned for the case as they leave it. False if one of them
// would be lost.
func Together(chosen, more []Change, upon bool) ([]Change, bool) {
	chosen = slices.Clone(chosen)
	for _, c := range more {
		at := slices.IndexFunc(chosen, func(have Change) bool { return have.Object == c.Object })
		switch {
		case at < 0:
			chosen = append(chosen, c)
			continue
		case c.Creates():
			if !chosen[at].Creates() || !SameValue(chosen[at].New, c.New) {
				return nil, false
			}
			continue
		case chosen[at].Creates():
			made, ok := made(chosen[at], c.Edits)
			if !ok {
				return nil, false
			}
			chosen[at] = made
			continue
		}
		edits := slices.Clone(chosen[at].Edits)
		for _, e := range c.Edits {
			i := slices.IndexFunc(edits, func(have Edit) bool { return overlap(have.Path, e.Path) })
			switch {
			case i < 0:
				edits = append(edits, e)
			case edits[i].Path != e.Path:
				return nil, false
			case SameValue(edits[i].New, e.New):
			case upon && SameValue(edits[i].New, e.Old):
				edits[i].New = e.New
			default:
				return nil, false
			}
		}
		chosen[at].Edits = edits
	}
	turn := func(c Change) int { return slices.Index([]string{"ServiceAccount", "Secret"}, c.Object.Kind) }
	slices.SortStableFunc(chosen, func(a, b Change) int { return turn(b) - turn(a) })
	return chosen, true
}

// made is the creation of an object that has edits already.
func made(c Change, edits []Edit) (Change, bool) {
	object, ok := edited(&c.New, "", edits)
	if !ok {
		return c, false
	}
	c.New = *object
	return c, true
}

// overlap tells whether one of two paths leads to the other, or into it.
func overlap(a, b string) bool {
	return a == b || strings.HasPrefix(a, b+"/") || strings.HasPrefix(b, a+"/")
}

// touchesLogins tells changes of what pods log in with.
func touchesLogins(changes []Change) bool {
	return slices.ContainsFunc(changes, func(c Change) bool {
		return c.Object.Kind == "Secret" || c.Object.Kind == "ServiceAccount" ||
			slices.ContainsFunc(c.Edits, func(e Edit) bool { return strings.HasSuffix(e.Path, "/imagePullSecrets") })
	})
}
