// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"net/url"
	"path"
	"slices"
	"strings"
)

// hubHost is the key under which the kubelet looks for a Docker Hub credential
// when nothing else matches.
const hubHost = "index.docker.io"

// A hostPath is a host in labels, its port and a path, of a key or an image.
type hostPath struct {
	labels []string
	port   string
	path   string
}

// host puts the labels together again.
func (h hostPath) host() string { return strings.Join(h.labels, ".") }

// normalizeKey turns an entry's key as written into the key under which the
// kubelet keeps it (BasicDockerKeyring.Add): without scheme, user information,
// query and fragment, and without /v1 or /v2 if a slash follows. The error
// means that the kubelet skips the entry.
func normalizeKey(written string) (string, error) {
	if !strings.HasPrefix(written, "https://") && !strings.HasPrefix(written, "http://") {
		written = "https://" + written
	}
	parsed, err := url.Parse(written)
	if err != nil {
		return "", err
	}
	rest := parsed.Path
	if strings.HasPrefix(rest, "/v1/") || strings.HasPrefix(rest, "/v2/") {
		rest = rest[len("/v1"):]
	}
	if rest == "/" {
		rest = ""
	}
	return parsed.Host + rest, nil
}

// splitKey parses a normalised key, or an image's name, a second time, as the
// kubelet does for each lookup (URLsMatchStr): what was escaped in the key is
// read again here, and a key can fail although normalizeKey took it.
func splitKey(key string) (hostPath, error) {
	parsed, err := url.Parse("https://" + key)
	if err != nil {
		return hostPath{}, err
	}
	host, port, ok := splitPort(parsed.Host)
	if !ok {
		host, port = parsed.Host, ""
	}
	return hostPath{labels: strings.Split(host, "."), port: port, path: parsed.Path}, nil
}

// splitPort is net.SplitHostPort, written out because the core imports no
// package that can dial: host:port or [host]:port, where only a bracketed host
// may hold colons.
func splitPort(hostPort string) (host, port string, ok bool) {
	colon := strings.LastIndexByte(hostPort, ':')
	if colon < 0 {
		return "", "", false
	}
	host, port = hostPort[:colon], hostPort[colon+1:]
	inner, bracketed := strings.CutPrefix(host, "[")
	if bracketed {
		if inner, bracketed = strings.CutSuffix(inner, "]"); !bracketed {
			return "", "", false
		}
		host = inner
	} else if strings.Contains(host, ":") {
		return "", "", false
	}
	if strings.ContainsAny(host, "[]") || strings.ContainsAny(port, "[]") {
		return "", "", false
	}
	return host, port, true
}

// matches tells whether a normalised key is for the image (URLsMatch): ports
// textually equal, as many labels, the path a prefix, each label a glob. The
// kubelet of a Linux node is meant, wherever this runs: hence path and not
// filepath.
func matches(key string, image target) bool {
	glob, err := splitKey(key)
	if err != nil || !image.ok {
		return false
	}
	return glob.port == image.port && strings.HasPrefix(image.path, glob.path) && labelsMatch(glob.labels, image.labels)
}

func labelsMatch(globs, labels []string) bool {
	if len(globs) != len(labels) {
		return false
	}
	for i, glob := range globs {
		if ok, err := path.Match(glob, labels[i]); err != nil || !ok {
			return false
		}
	}
	return true
}

// A match is the entries of one source under one normalised key.
type match struct {
	source  *source
	key     string
	entries []entry // sorted by their key as written
}

// lookup follows BasicDockerKeyring.Lookup: the keys of all secrets in reverse
// lexical order, so that longer paths come before shorter ones and wildcards
// last; under a key the secrets in their order. If nothing matches, an image
// of Docker Hub is tried with what stands under index.docker.io.
func lookup(sources []*source, image target) []match {
	var keys []string
	for _, s := range sources {
		for key := range s.byKey {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	slices.Reverse(keys)

	var found []match
	for _, key := range keys {
		if matches(key, image) {
			found = append(found, under(sources, key)...)
		}
	}
	if len(found) == 0 && image.hub {
		found = under(sources, hubHost)
	}
	return found
}

func under(sources []*source, key string) []match {
	var found []match
	for _, s := range sources {
		if entries := s.byKey[key]; len(entries) > 0 {
			found = append(found, match{source: s, key: key, entries: entries})
		}
	}
	return found
}

func (m match) group() Group {
	g := Group{Key: display(m.key), AnyOrder: len(m.entries) > 1}
	for _, e := range m.entries {
		g.Credentials = append(g.Credentials, e.credential(m.source.secret.ref()))
	}
	return g
}
