// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package agreement

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// A testCase is an image and the pull secrets of a pod.
type testCase struct {
	image   string
	secrets []keyring.Secret
	logins  int               // made so far
	keys    map[string]string // user name -> key as written
}

func newCase(seed, number uint64) *testCase {
	d := newDice(seed, number)
	c := &testCase{image: d.image(), keys: map[string]string{}}
	broken := d.chance(12) // may hold what fails the decoding
	for i := range pick(d, 0, 1, 1, 1, 1, 2, 2, 3, 4) {
		c.secrets = append(c.secrets, c.secret(d, i, broken))
	}
	if len(c.secrets) > 0 && d.chance(3) {
		c.secrets = append(c.secrets, c.secrets[0]) // named twice
	}
	return c
}

func (c *testCase) secret(d dice, i int, broken bool) keyring.Secret {
	s := keyring.Secret{Namespace: "ns", Name: fmt.Sprintf("s%d", i), Type: keyring.TypeDockerConfigJSON, Data: map[string][]byte{}}
	dataKey := ".dockerconfigjson"
	if d.chance(20) {
		s.Type, dataKey = keyring.TypeDockercfg, ".dockercfg"
	}
	entries := c.entries(d, broken)
	text := entries
	if (dataKey == ".dockerconfigjson") != d.chance(4) { // or wrapped the wrong way
		text = c.file(d, entries, broken)
	}
	if broken && d.chance(15) {
		text = damage(d, text)
	}
	s.Data[dataKey] = []byte(text)
	if d.chance(10) {
		switch d.IntN(6) {
		case 0:
			s.Type = pick(d, "Opaque", "", "kubernetes.io/basic-auth", "kubernetes.io/DockerConfigJson", "kubernetes.io/dockercfg ")
		case 1:
			s.Data = map[string][]byte{pick(d, "config.json", ".dockerconfig.json", ".Dockerconfigjson"): []byte(text)}
		case 2:
			s.Data[dataKey] = nil
		case 3:
			s.Data = nil
		case 4: // the other key beside it, which does not count
			s.Data[pick(d, ".dockercfg", ".dockerconfigjson", "config.json")] = []byte(pick(d, text, "{}", "not JSON"))
		case 5:
			s.Type = pick(d, keyring.TypeDockerConfigJSON, keyring.TypeDockercfg)
		}
	}
	return s
}

// entries makes the object of keys and logins.
func (c *testCase) entries(d dice, broken bool) string {
	var members []string
	var last string
	for range pick(d, 0, 1, 1, 1, 2, 2, 3, 4, 6) {
		key := d.key(c.image, broken)
		switch {
		case last != "" && d.chance(15):
			key = sameKey(d, last) // means the same to the kubelet
		case last != "" && d.chance(5):
			key = last // the very same name again
		}
		last = key
		members = append(members, c.quote(d, key)+d.space()+":"+d.space()+c.login(d, key, broken))
	}
	return "{" + d.space() + strings.Join(members, ",") + d.space() + "}"
}

func sameKey(d dice, key string) string {
	bare := strings.TrimPrefix(strings.TrimPrefix(key, "https://"), "http://")
	bare = strings.TrimSuffix(bare, "/")
	return pick(d, bare, "https://"+bare, "http://"+bare, bare+"/", bare+"/v1/", bare+"/v2/", "https://"+bare+"/v2/")
}

func (c *testCase) login(d dice, key string, broken bool) string {
	if d.chance(6) {
		return pick(d, "{}", "null", `{"identitytoken":"CANARY"}`, `{"registrytoken":"CANARY"}`, `{"email":"a@b"}`, `{"auth":""}`, `{"auth":null}`, `{"IdentityToken":"CANARY","auth":""}`)
	}
	if broken && d.chance(8) {
		return pick(d, `"CANARY"`, "5", "true", "[]", "[{}]", `""`)
	}
	c.logins++
	user, password := unique(c.logins)
	c.keys[user] = key
	switch d.IntN(12) {
	case 0:
		password += pick(d, ":colon", "\n", " ", "ü", "\u2028", "")
	case 1:
		user += pick(d, " ", "$robot", "")
		c.keys[user] = key
	case 2:
		if d.chance(50) {
			password = ""
		} else {
			user = ""
		}
	}
	fields := []string{}
	put := func(name, value string) { fields = append(fields, d.fold(name)+":"+value) }
	if d.chance(70) {
		put("auth", c.quote(d, c.auth(d, user+":"+password, broken)))
		if d.chance(20) {
			put("username", c.quote(d, "shadowed"))
			put("password", c.quote(d, "CANARY-shadowed"))
		}
	} else {
		put("username", c.quote(d, user))
		put("password", c.quote(d, password))
	}
	if d.chance(20) {
		put("email", c.quote(d, "a@b.example"))
	}
	if d.chance(10) {
		put(pick(d, "identitytoken", "registrytoken", "serveraddress", "x"), pick(d, `"CANARY"`, "5", "{}", "null"))
	}
	if d.chance(6) { // repeated, in another case or the same
		put(pick(d, "username", "password", "auth", "email"), pick(d, `"again"`, `""`, "null", c.quote(d, c.auth(d, "again:CANARY-again", broken))))
	}
	if broken && d.chance(12) {
		put(pick(d, "username", "password", "auth", "email"), pick(d, "5", "1e999", "true", "[]", `{"a":1}`, `["CANARY"]`))
	}
	d.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	return "{" + strings.Join(fields, ","+d.space()) + "}"
}

// auth encodes user:password as people and tools do.
func (c *testCase) auth(d dice, plain string, broken bool) string {
	if broken && d.chance(25) {
		return pick(d, plain, "!"+plain, "=", "====", base64.URLEncoding.EncodeToString([]byte("\xff\xfe\xfd:"+plain)),
			base64.StdEncoding.EncodeToString([]byte("no colon CANARY")), base64.StdEncoding.EncodeToString([]byte(plain))+" ",
			" "+base64.StdEncoding.EncodeToString([]byte(plain)), base64.StdEncoding.EncodeToString([]byte(plain))+"=", "  ", "Q0FOQVJZ", "Q", "$(cat)")
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(plain))
	switch d.IntN(10) {
	case 0:
		return base64.RawStdEncoding.EncodeToString([]byte(plain))
	case 1:
		return encoded + "\n"
	case 2:
		half := len(encoded) / 2
		return encoded[:half] + pick(d, "\n", "\r\n") + encoded[half:]
	}
	return encoded
}

// file wraps entries in a docker config file.
func (c *testCase) file(d dice, entries string, broken bool) string {
	members := []string{}
	if d.chance(96) {
		members = append(members, d.fold("auths")+":"+entries)
	} else {
		members = append(members, strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(entries), "{"), "}")) // not wrapped
	}
	if d.chance(5) {
		members = append(members, d.fold("auths")+":"+pick(d, "null", "{}", c.entries(d, broken), c.entries(d, broken)))
	}
	if d.chance(15) {
		members = append(members, pick(d, `"credsStore":"desktop"`, `"credHelpers":{"reg.example":"ecr-login","docker.io":"x"}`, `"HttpHeaders":{"X":"CANARY"}`,
			`"httpheaders":null`, `"currentContext":"x"`, `"proxies":{"default":{"httpProxy":"http://u:CANARY@p"}}`, `"x":[1,2,{"a":null}]`))
	}
	if broken && d.chance(10) {
		members = append(members, pick(d, `"HttpHeaders":{"X":5}`, `"HttpHeaders":"x"`, `"httpHeaders":[]`, `"auths":[]`, `"auths":"x"`, `"AUTHS":5`))
	}
	var kept []string
	for _, m := range members {
		if strings.TrimSpace(m) != "" {
			kept = append(kept, m)
		}
	}
	d.Shuffle(len(kept), func(i, j int) { kept[i], kept[j] = kept[j], kept[i] })
	return d.space() + "{" + strings.Join(kept, ",") + "}" + d.space()
}

// damage makes what is no JSON, or JSON of another kind.
func damage(d dice, text string) string {
	switch d.IntN(9) {
	case 0:
		return text[:d.IntN(len(text)+1)]
	case 1:
		return text + pick(d, "x", "}", ",", "{}", "\x00", "CANARY", "\u202e")
	case 2:
		return pick(d, "CANARY", "'", "\ufeff", "\x00", "//", "-") + text
	case 3:
		return pick(d, "[]", "null", `"CANARY"`, "5", "true", "[{}]", "nul", "truf", `"\x"`, `"\uZZZZ"`, "{'a':1}", "{\"a\" 1}", "{,}", " ")
	case 4:
		return base64.StdEncoding.EncodeToString([]byte(text))
	case 5:
		return strings.Repeat("[", 10001) + strings.Repeat("]", 10001)
	case 6:
		return strings.Replace(text, `"`, `'`, 1+d.IntN(4))
	case 7:
		at := d.IntN(len(text) + 1)
		return text[:at] + string(rune(d.IntN(256))) + text[at:]
	}
	return strings.Replace(text, ":", pick(d, "=", "::", ":,"), 1)
}

// fold writes a name, sometimes in another case that encoding/json also takes.
func (d dice) fold(name string) string {
	if d.chance(12) {
		name = pick(d, strings.ToUpper(name), strings.ToUpper(name[:1])+name[1:], strings.Replace(name, "s", "\u017f", 1), strings.Replace(name, "k", "\u212a", 1))
	}
	return strconv.Quote(name)
}

func (d dice) space() string { return pick(d, "", "", "", " ", "\n\t", "\r\n") }

// quote writes a JSON string, with escapes here and there.
func (c *testCase) quote(d dice, s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r < 0x20 || d.chance(1):
			fmt.Fprintf(&b, `\u%04x`, r)
		case r == '/' && d.chance(10):
			b.WriteString(`\/`)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
