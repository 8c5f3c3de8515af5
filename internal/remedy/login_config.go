// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// The data keys that the kubelet reads, by the type of the secret.
const (
	dataConfigJSON = ".dockerconfigjson"
	dataConfig     = ".dockercfg"
)

// dataKeyOf is the data key that the kubelet reads of a secret of that type, ""
// if it reads none.
func dataKeyOf(secretType string) string {
	switch secretType {
	case keyring.TypeDockerConfigJSON:
		return dataConfigJSON
	case keyring.TypeDockercfg:
		return dataConfig
	}
	return ""
}

// typeOf is the type of a secret that keeps its logins under that data key.
func typeOf(dataKey string) string {
	if dataKey == dataConfig {
		return keyring.TypeDockercfg
	}
	return keyring.TypeDockerConfigJSON
}

// A jsonObject is a JSON object in the order of its text, repeated names and
// all, so that what is not edited stays as somebody wrote it.
type jsonObject []jsonMember

type jsonMember struct {
	name  string
	value json.RawMessage
}

// parseObject reads an object, false if data is not one JSON object.
func parseObject(data []byte) (jsonObject, bool) {
	if !json.Valid(data) {
		return nil, false
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return nil, false
	}
	o := jsonObject{}
	for decoder.More() {
		token, err := decoder.Token()
		name, isString := token.(string)
		var value json.RawMessage
		if err != nil || !isString || decoder.Decode(&value) != nil {
			return nil, false
		}
		o = append(o, jsonMember{name, value})
	}
	return o, true
}

// text of the object.
func (o jsonObject) text() json.RawMessage {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(jsonText(m.name))
		b.WriteByte(':')
		b.Write(m.value)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// jsonText is a string as JSON, with &, < and > as they are.
func jsonText(s string) json.RawMessage {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if encoder.Encode(s) != nil { // a string always marshals
		return json.RawMessage(`""`)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// last is the place of the member that counts for a reader, -1 for none.
func (o jsonObject) last(is func(name string) bool) int {
	for i := len(o) - 1; i >= 0; i-- {
		if is(o[i].name) {
			return i
		}
	}
	return -1
}

// with sets the member of that name, which stays at its place, or is the last.
func (o jsonObject) with(name string, value json.RawMessage) jsonObject {
	out := append(jsonObject{}, o...)
	if i := out.last(func(n string) bool { return n == name }); i >= 0 {
		out[i].value = value
		return out
	}
	return append(out, jsonMember{name, value})
}

// without removes the members that are meant.
func (o jsonObject) without(meant func(name string) bool) jsonObject {
	out := jsonObject{}
	for _, m := range o {
		if !meant(m.name) {
			out = append(out, m)
		}
	}
	return out
}

// A dockerConfig is what a pull secret keeps under its data key.
type dockerConfig struct {
	dataKey string
	top     jsonObject
	// auths is the place of the logins in top, -1 if there are none yet; a
	// .dockercfg has them at the top.
	auths   int
	entries jsonObject
}

// readConfig takes the data apart, false if it has not the form of the key.
// Names are compared as encoding/json does, and so the kubelet.
func readConfig(dataKey string, data []byte) (dockerConfig, bool) {
	top, ok := parseObject(data)
	if !ok {
		return dockerConfig{}, false
	}
	c := dockerConfig{dataKey: dataKey, top: top, auths: -1}
	if dataKey == dataConfig {
		c.entries = top
		return c, true
	}
	c.auths = top.last(func(n string) bool { return strings.EqualFold(n, "auths") })
	if c.auths < 0 || string(top[c.auths].value) == "null" {
		return c, true
	}
	c.entries, ok = parseObject(top[c.auths].value)
	return c, ok
}

// withEntries is the config with other logins, and all else as it was.
func (c dockerConfig) withEntries(entries jsonObject) dockerConfig {
	c.entries = entries
	if c.dataKey == dataConfig {
		c.top = entries
		return c
	}
	c.top = append(jsonObject{}, c.top...)
	if c.auths < 0 {
		c.auths = len(c.top)
		c.top = append(c.top, jsonMember{name: "auths"})
	}
	c.top[c.auths].value = entries.text()
	return c
}

// strays are the objects that stand where the kubelet does not look for
// entries: beside auths, or inside the auths of a .dockercfg.
func (c dockerConfig) strays() jsonObject {
	if c.dataKey == dataConfig {
		if i := c.top.last(func(n string) bool { return n == "auths" }); i >= 0 {
			inside, _ := parseObject(c.top[i].value)
			return inside
		}
		return nil
	}
	return c.top.without(func(n string) bool {
		return strings.EqualFold(n, "auths") || strings.EqualFold(n, "HttpHeaders") ||
			strings.EqualFold(n, "credHelpers") || strings.EqualFold(n, "credsStore")
	})
}

func (c dockerConfig) data() []byte { return c.top.text() }

// loginEntry is the entry for a login, in the place of an older one (nil for
// none) whose other fields it keeps: the email, and what others put there.
func loginEntry(c keyring.Credential, older json.RawMessage) json.RawMessage {
	entry, _ := parseObject(older)
	entry = entry.without(func(n string) bool {
		switch strings.ToLower(n) {
		case "auth", "username", "password", "identitytoken", "registrytoken":
			return true
		}
		return false
	})
	password := c.Password.Reveal()
	if strings.Contains(c.Username, ":") && utf8.ValidString(c.Username+password) {
		// An auth field would be cut at the first colon.
		return entry.with("username", jsonText(c.Username)).with("password", jsonText(password)).text()
	}
	return entry.with("auth", jsonText(base64.StdEncoding.EncodeToString([]byte(c.Username+":"+password)))).text()
}
