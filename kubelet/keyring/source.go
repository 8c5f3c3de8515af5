// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"maps"
	"slices"
)

// A source is one of the pod's pull secrets.
type source struct {
	secret  Secret
	dataKey string // "" if the kubelet passes the secret over
	failed  *Error // if the kubelet cannot read it
	loose   looseReading
	byKey   map[string][]entry // by normalised key, each list sorted by written
	skipped []entry            // whose key the kubelet cannot parse
}

// An entry is one login of a source.
type entry struct {
	decodedEntry
	written string // the key as written, not for showing: see display
	because Reason // why it is empty, if it is
}

func (e entry) credential(secret string) Credential {
	c := Credential{
		Username: e.username,
		Password: NewPassword(e.password),
		Secret:   secret,
		Key:      display(e.written),
		Empty:    e.username == "" || e.password == "",
		Blank:    blank(e.username) || blank(e.password),
	}
	if c.Empty {
		c.EmptyBecause = e.because
	}
	return c
}

// dataOf returns the data that the kubelet reads of the secret, and its key;
// "" if the kubelet passes the secret over (secretsToTrackedDockerConfigs in
// pkg/credentialprovider/secrets/secrets.go).
func dataOf(s Secret) (dataKey string, data []byte) {
	switch s.Type {
	case TypeDockerConfigJSON:
		dataKey = keyDockerConfigJSON
	case TypeDockercfg:
		dataKey = keyDockercfg
	default:
		return "", nil
	}
	if data = s.Data[dataKey]; len(data) == 0 {
		return "", nil
	}
	return dataKey, data
}

// readAll reads the secrets. The first that the kubelet cannot read fails them
// all; the others are read all the same, for the explanations.
func readAll(secrets []Secret) ([]*source, *Error) {
	var sources []*source
	var first *Error
	for _, s := range secrets {
		src := read(s)
		if first == nil {
			first = src.failed
		}
		sources = append(sources, src)
	}
	return sources, first
}

func read(s Secret) *source {
	dataKey, data := dataOf(s)
	src := &source{secret: s, dataKey: dataKey}
	if dataKey == "" {
		return src
	}
	decoded, err := decode(dataKey, data)
	if err != nil {
		src.failed = secretError(s, dataKey, err)
		return src
	}
	src.loose = readLoosely(dataKey, data)
	src.byKey = map[string][]entry{}
	for _, written := range slices.Sorted(maps.Keys(decoded)) {
		e := entry{decodedEntry: decoded[written], written: written}
		e.because = emptyBecause(e.decodedEntry, src.loose.last(written))
		key, err := normalizeKey(written)
		if err != nil {
			src.skipped = append(src.skipped, e)
			continue
		}
		src.byKey[key] = append(src.byKey[key], e)
	}
	return src
}
