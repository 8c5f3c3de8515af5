// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
)

// The shapes below are those of pkg/credentialprovider/config.go, because the
// answers of encoding/json (case-folded and repeated names, null, wrong types)
// depend on them: names, tags and the method of the map's element.
type (
	configFile struct {
		Auths entryMap `json:"auths"`
		// Headers are read for their type alone: a value that is no string
		// makes the whole secret unreadable.
		Headers map[string]string `json:"HttpHeaders,omitempty"`
	}
	entryMap map[string]decodedEntry
	// decodedEntry is an entry after its auth field was taken apart.
	decodedEntry struct {
		username, password string
	}
	entryFields struct {
		Username string `json:"username,omitempty"`
		Password string `json:"password,omitempty"`
		Email    string `json:"email,omitempty"`
		Auth     string `json:"auth,omitempty"`
	}
)

// UnmarshalJSON reads an entry as DockerConfigEntry.UnmarshalJSON does: an
// auth field, if not empty, replaces user name and password.
func (e *decodedEntry) UnmarshalJSON(data []byte) error {
	var fields entryFields
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	e.username, e.password = fields.Username, fields.Password
	if fields.Auth == "" {
		return nil
	}
	var err error
	e.username, e.password, err = decodeAuth(fields.Auth)
	return err
}

var errAuthForm = errors.New("unable to parse auth field, must be formatted as base64(username:password)")

// decodeAuth takes base64(username:password) apart, padded or not, in the
// standard alphabet; line breaks inside are skipped, blanks are not. The
// password is what follows the first colon.
func decodeAuth(auth string) (username, password string, err error) {
	encoding := base64.RawStdEncoding
	if strings.HasSuffix(strings.TrimSpace(auth), "=") {
		encoding = base64.StdEncoding
	}
	decoded, err := encoding.DecodeString(auth)
	if err != nil {
		return "", "", err
	}
	username, password, found := strings.Cut(string(decoded), ":")
	if !found {
		return "", "", errAuthForm
	}
	return username, password, nil
}

func decode(dataKey string, data []byte) (entryMap, error) {
	if dataKey == keyDockercfg {
		var entries entryMap
		err := json.Unmarshal(data, &entries)
		return entries, err
	}
	var file configFile
	err := json.Unmarshal(data, &file)
	return file.Auths, err
}
