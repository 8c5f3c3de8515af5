// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// maxEntries bounds the entries of one secret that are looked at one by one.
const maxEntries = 2000

// hubKey is the key that docker writes for Docker Hub, and the kubelet knows.
const hubKey = "https://index.docker.io/v1/"

// An entryVerdict is what the kubelet makes of one entry by itself. It is found
// by giving the keyring a secret with that entry alone: nothing here has rules
// of its own for what matches.
type entryVerdict struct {
	// shown is the key as it may be shown.
	shown string
	// broken: the kubelet cannot read it, nor then the secret.
	broken bool
	// matched, with the credential (which may be empty); else why not.
	matched    bool
	credential keyring.Credential
	ignored    keyring.Ignored
}

func judgeEntry(image, key string, value json.RawMessage) entryVerdict {
	v := entryVerdict{shown: shownKey(image, key)}
	answer, err := keyring.Resolve(image, []keyring.Secret{alone(key, value)})
	var failed *keyring.Error
	switch {
	case errors.As(err, &failed) && failed.Secret != "":
		v.broken = true
	case err != nil:
	case len(answer.Groups) > 0:
		v.matched, v.credential = true, answer.Groups[0].Credentials[0]
	case len(answer.Ignored) > 0:
		v.ignored = answer.Ignored[0]
	}
	return v
}

// shownKey is a key without the user information that somebody may have put
// into it, as the keyring shows it.
func shownKey(image, key string) string {
	answer, err := keyring.Resolve(image, []keyring.Secret{alone(key, json.RawMessage("{}"))})
	switch {
	case err != nil:
	case len(answer.Groups) > 0:
		return answer.Groups[0].Credentials[0].Key
	case len(answer.Ignored) > 0:
		return answer.Ignored[0].Key
	}
	return "of an entry"
}

// alone is a secret with one entry.
func alone(key string, value json.RawMessage) keyring.Secret {
	entries := jsonObject{{key, value}}
	return pullSecret("one", "entry", dataConfigJSON, jsonObject{{"auths", entries.text()}}.text())
}

// pullSecret with that data; the type is the data key's.
func pullSecret(namespace, name, dataKey string, data []byte) keyring.Secret {
	return keyring.Secret{Namespace: namespace, Name: name, Type: typeOf(dataKey), Data: map[string][]byte{dataKey: data}}
}

// wideKeys are keys under which the kubelet finds a login for all of the
// image's registry, the usual one first.
func wideKeys(image string) []string {
	ref, err := keyring.ParseImage(image)
	if err != nil {
		return nil
	}
	if ref.Host == "docker.io" {
		return []string{hubKey, ref.Host}
	}
	return []string{ref.Host}
}

// narrowKey is the key for the image's repository: longer than any other that
// matches, so that it comes first.
func narrowKey(image string) string {
	ref, err := keyring.ParseImage(image)
	if err != nil {
		return ""
	}
	return ref.Host + "/" + ref.Repository
}

// keyMatches tells whether the kubelet finds a login under the key.
func keyMatches(image, key string) bool {
	return key != "" && judgeEntry(image, key, json.RawMessage(`{"username":"u","password":"p"}`)).matched
}

// pathOf is the path of a key as written, with its slash.
func pathOf(key string) string {
	if _, rest, ok := strings.Cut(key, "://"); ok {
		key = rest
	}
	if _, path, ok := strings.Cut(key, "/"); ok {
		return "/" + path
	}
	return ""
}

// rekeyed is the key under which the kubelet would find what stands under a
// key that it does not match: as narrow as it was, if that does. Only a
// mistake in the spelling of the same host is set right: whoever asks for
// another host would get a credential that was never meant for it.
func rekeyed(image, key string, why keyring.Ignored) (string, bool) {
	if !why.Near {
		return "", false
	}
	switch why.Reason {
	case keyring.PortDiffers, keyring.CaseDiffers, keyring.VersionPath, keyring.TagInKey, keyring.HubAlias,
		keyring.WildcardDepth, keyring.WildcardInPath, keyring.SchemeUnknown:
	default:
		return "", false
	}
	ref, err := keyring.ParseImage(image)
	if err != nil {
		return "", false
	}
	path := pathOf(key)
	if cut := strings.IndexAny(path, "*:@"); cut >= 0 { // a pattern, a tag or a digest
		path = path[:cut]
	}
	if path != "" && path != "/" && why.Reason != keyring.VersionPath && why.Reason != keyring.HubAlias {
		if narrow := ref.Host + path; keyMatches(image, narrow) {
			return narrow, true
		}
	}
	for _, wide := range wideKeys(image) {
		if keyMatches(image, wide) {
			return wide, true
		}
	}
	return "", false
}

// repaired is an entry that the kubelet cannot read, as it must have been
// meant; false if that cannot be told. The password is never guessed: it is
// the same bytes, decoded or encoded once more or less, and the registry is
// asked before anything is written.
func repaired(value json.RawMessage) (json.RawMessage, bool) {
	fields, ok := parseObject(value)
	if !ok {
		return nil, false
	}
	text := func(name string) string {
		i := fields.last(func(n string) bool { return strings.EqualFold(n, name) })
		if i < 0 {
			return ""
		}
		var s string
		if json.Unmarshal(fields[i].value, &s) == nil {
			return s
		}
		var n json.Number // a password of digits that nobody put into quotes
		if json.Unmarshal(fields[i].value, &n) == nil {
			return n.String()
		}
		return ""
	}
	user, password := text("username"), text("password")
	if auth := text("auth"); auth != "" {
		if u, p, ok := looseAuth(auth); ok {
			user, password = u, p
		}
	}
	if user == "" || password == "" {
		return nil, false
	}
	return loginEntry(keyring.Credential{Username: user, Password: keyring.NewPassword(password)}, value), true
}

// looseAuth reads an auth field as it was meant: in the URL alphabet, with
// blanks around or inside, encoded twice, or not at all.
func looseAuth(auth string) (user, password string, ok bool) {
	decoded, ok := looseBase64(auth)
	if ok {
		if u, p, found := strings.Cut(decoded, ":"); found {
			return u, p, plausible(u)
		}
		if twice, ok := looseBase64(decoded); ok {
			u, p, found := strings.Cut(twice, ":")
			return u, p, found && plausible(u)
		}
		return "", "", false
	}
	u, p, found := strings.Cut(strings.TrimSpace(auth), ":")
	return u, p, found && plausible(u)
}

func looseBase64(s string) (string, bool) {
	s = strings.Join(strings.Fields(s), "")
	s = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(s), "=")
	decoded, err := base64.RawStdEncoding.DecodeString(s)
	return string(decoded), err == nil
}

// plausible tells a user name from what comes out when noise is decoded.
func plausible(user string) bool {
	return user != "" && utf8.ValidString(user) && user == foreign.Text(user, 1000)
}
