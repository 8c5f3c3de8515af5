// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"bytes"
	"encoding/json"
	"strings"
)

// A looseReading is a second, tolerant look at a secret's JSON, beside the
// kubelet's: for explanations only, it decides nothing.
type looseReading struct {
	entries []member       // in the order of the file, the overwritten ones too
	lastOf  map[string]int // index of the one among entries that counts, by name
	helpers []string       // names in credHelpers
	store   bool           // credsStore is set
	strays  []string       // entries outside auths, where the kubelet does not look
	wrapped []string       // names in the auths of a .dockercfg, which has no auths
}

// A member is a name and its value in a JSON object.
type member struct {
	name  string
	value json.RawMessage
}

// members returns an object's members in order, repeated names too; nil if
// data is no object.
func members(data []byte) []member {
	decoder := json.NewDecoder(bytes.NewReader(data))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return nil
	}
	var found []member
	for decoder.More() {
		token, err := decoder.Token()
		name, isString := token.(string)
		if err != nil || !isString {
			return found
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return found
		}
		found = append(found, member{name: name, value: value})
	}
	return found
}

func readLoosely(dataKey string, data []byte) looseReading {
	var r looseReading
	top := members(data)
	if dataKey == keyDockercfg {
		r.entries = top
		for _, m := range top {
			if m.name == "auths" && !looksLikeEntry(m.value) {
				r.wrapped = append(r.wrapped, names(members(m.value))...)
			}
		}
	} else {
		r.readFile(top)
	}
	r.lastOf = map[string]int{}
	for i, m := range r.entries {
		r.lastOf[m.name] = i
	}
	return r
}

func (r *looseReading) readFile(top []member) {
	for _, m := range top {
		switch {
		case strings.EqualFold(m.name, "auths"):
			r.entries = append(r.entries, members(m.value)...)
		case strings.EqualFold(m.name, "credHelpers"):
			r.helpers = append(r.helpers, names(members(m.value))...)
		case strings.EqualFold(m.name, "credsStore"):
			r.store = true
		case looksLikeEntry(m.value):
			r.strays = append(r.strays, m.name)
		}
	}
}

// last returns the value that counts among the entries of one name.
func (r looseReading) last(name string) json.RawMessage {
	if i, ok := r.lastOf[name]; ok {
		return r.entries[i].value
	}
	return nil
}

func names(list []member) []string {
	var all []string
	for _, m := range list {
		all = append(all, m.name)
	}
	return all
}

// looksLikeEntry tells an object that has a field of a login.
func looksLikeEntry(value json.RawMessage) bool {
	for _, m := range members(value) {
		switch strings.ToLower(m.name) {
		case "auth", "username", "password", "identitytoken", "registrytoken":
			return true
		}
	}
	return false
}

// emptyBecause says what an entry without a user name or password has instead.
func emptyBecause(e decodedEntry, raw json.RawMessage) Reason {
	if e.username != "" && e.password != "" {
		return ""
	}
	for _, m := range members(raw) {
		set := string(m.value) != `""` && string(m.value) != "null"
		switch {
		case set && strings.EqualFold(m.name, "identitytoken"):
			return IdentityTokenOnly
		case set && strings.EqualFold(m.name, "registrytoken"):
			return RegistryTokenOnly
		}
	}
	switch {
	case e.username == "" && e.password == "":
		return EntryEmpty
	case e.username == "":
		return UserNameMissing
	}
	return PasswordMissing
}
