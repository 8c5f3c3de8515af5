// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package agreement

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// A dice throws for one case. The same seed and number make the same case.
type dice struct{ *rand.Rand }

func newDice(seed, number uint64) dice { return dice{rand.New(rand.NewPCG(seed, number))} }

// chance is true in percent of the throws.
func (d dice) chance(percent int) bool { return d.IntN(100) < percent }

func pick[T any](d dice, list ...T) T { return list[d.IntN(len(list))] }

var digits = strings.Repeat("0123456789abcdef", 8)

// image makes an image as somebody may write it in a pod.
func (d dice) image() string {
	if d.chance(4) {
		return d.oddImage()
	}
	path := d.path()
	if host := d.host(); host != "" {
		path = host + "/" + path
	}
	switch d.IntN(10) {
	case 0, 1, 2:
		return path
	case 3:
		return path + "@sha256:" + digits[:64]
	case 4:
		return path + ":1.2@sha256:" + digits[:64]
	}
	return path + pick(d, ":latest", ":1.2", ":v1", ":A_b-c.d")
}

// host is that of an image; "" is a short name.
func (d dice) host() string {
	return pick(d, "", "", "", "docker.io", "docker.io", "index.docker.io", "ghcr.io", "quay.io", "reg.example", "reg.example:5000",
		"a.b.example.com", "a.b.example.com:443", "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "acme.azurecr.io",
		"localhost", "localhost:5000", "10.0.0.1:5000", "10.0.0.1", "[::1]:5000", "[::1]", "[fe80::1]:443", "[2001:db8::A]:5000",
		"Reg.Example", "REG", "[A]", "reg", "reg:80", "eu.gcr.io", "xn--bcher-kva.example", "registry-1.docker.io")
}

func (d dice) path() string {
	parts := []string{}
	for range 1 + d.IntN(3) {
		parts = append(parts, pick(d, "team", "team", "teamsters", "app", "library", "nginx", "v1", "v2", "a-b", "a__b", "x.y"))
	}
	return strings.Join(parts, "/")
}

// oddImage makes names most of which no kubelet takes.
func (d dice) oddImage() string {
	return pick(d, "", " ", "/", "a//b", ":x", "@", "App", "reg.example/App:1", "reg.example/app/", digits[:64], digits[:63], "docker.io/", "docker.io",
		"index.docker.io/", "https://reg.example/app", "app:1:2", "app:"+strings.Repeat("t", 129), "app@sha256:123", "app@md5:"+digits[:32],
		"app@sha512:"+digits[:128], "reg.example/app@sha384:"+digits[:96], "app ", " app", "app\n", "app\x1b[31m", "äpp", "reg.exämple/app", "%41pp",
		"reg.example:/app", "reg.example:x/app", "reg.example:99999999/app", "[::1/app", "[:::]:5000/app", "[]/app", "[a]/app", "[1]:1/app",
		"user@reg.example/app", "-reg.example/app", "reg-.example/app", strings.Repeat("a/", 130)+"a", "reg..example/app", ".example/app", "a_b.example/app",
		"\u202eapp", "localhost", "REG/App", "app:", "app@", "1.2.3.4:5/6", "*/app", "*.example/app")
}

// key makes an entry's key, mostly one that has something to do with the
// image.
func (d dice) key(image string, broken bool) string {
	if d.chance(5) {
		return d.oddKey()
	}
	host, path := d.near(image)
	if d.chance(25) {
		host, path = d.host(), ""
		if d.chance(40) {
			host = pick(d, "docker.io", "index.docker.io", "registry-1.docker.io", "hub.docker.com", "registry.hub.docker.com")
		}
	}
	if d.chance(20) {
		host = d.glob(host)
	}
	if d.chance(12) {
		host = d.port(host)
	}
	if host != "" && d.chance(5) {
		host = pick(d, strings.ToUpper(host), strings.ToLower(host), strings.ToUpper(host[:1])+host[1:])
	}
	if d.chance(7) {
		host = pick(d, "user@", "user:CANARY@", "us%20er:CANARY%40@", ":@", "@", "u:p:q@", "a@b@") + host
	}
	scheme := pick(d, "", "", "", "https://", "https://", "http://")
	if d.chance(3) {
		scheme = pick(d, "HTTPS://", "oci://", "docker://", "//", "https:", "https:/", "https:///", "http://https://")
	}
	key := scheme + host + d.keyPath(path)
	if broken && d.chance(10) {
		key += pick(d, " ", "\n", "\x00", "%", "%zz", "\t", "\x7f")
	}
	return key
}

// near is the image's host and path as the kubelet normalises most of them.
func (d dice) near(image string) (host, path string) {
	name, _, _ := strings.Cut(image, "@")
	if colon := strings.LastIndexByte(name, ':'); colon > strings.LastIndexByte(name, '/') {
		name = name[:colon]
	}
	host, path, found := strings.Cut(name, "/")
	switch {
	case !found:
		return pick(d, "docker.io", "docker.io", "index.docker.io"), "library/" + host
	case !strings.ContainsAny(host, ".:") && host != "localhost" && strings.ToLower(host) == host:
		return pick(d, "docker.io", "docker.io", "index.docker.io"), name
	case host == "index.docker.io":
		return pick(d, "docker.io", "index.docker.io"), path
	}
	return host, path
}

func (d dice) keyPath(path string) string {
	parts := strings.Split(path, "/")
	prefix := strings.Join(parts[:d.IntN(len(parts)+1)], "/")
	switch d.IntN(24) {
	case 0, 1, 2:
		return "/v1/"
	case 3:
		return "/v2/"
	case 4:
		return pick(d, "/v1", "/v2", "/v1//", "/v3/", "/V2/", "/v2/v2/")
	case 5, 6, 7:
		return "/" + prefix
	case 8:
		return pick(d, "/v1/", "/v2/") + prefix
	case 9:
		return "/" + prefix + "/"
	case 10:
		return "/" + path + pick(d, ":1.2", "@sha256:"+digits[:64], ":latest", "/more", "x")
	case 11:
		return "/" + path[:d.IntN(len(path)+1)]
	case 12:
		return pick(d, "/"+strings.ReplaceAll(prefix, "e", "%65"), "/%2F"+prefix, "/%3Fx", "/%25zz", "/%20", "?x=CANARY", "#CANARY", "/?", "//"+prefix, "/*", "/te*", "/./", "/../", "/;a", "/ü")
	case 13, 14:
		return "/"
	}
	return ""
}

// glob puts a pattern in the place of one of the host's parts.
func (d dice) glob(host string) string {
	name, port := host, ""
	if colon := strings.LastIndexByte(host, ':'); colon >= 0 && !strings.HasSuffix(host, "]") {
		name, port = host[:colon], host[colon:]
	}
	labels := strings.Split(name, ".")
	i := d.IntN(len(labels))
	l := labels[i]
	half := l[:len(l)/2]
	labels[i] = pick(d, "*", "*", "*", half+"*", "*"+l[len(l)/2:], strings.Repeat("?", len(l)), half+"?", "[a-z]*", "[!x]*", "[^a-z]*", "[", "[]", "[a-", "\\", "\\"+l, "**", "*.*", "*-*", "{a,b}", "[[:alpha:]]")
	switch d.IntN(12) {
	case 0:
		return "*" + port
	case 1:
		return "*." + strings.Join(labels[min(1, len(labels)-1):], ".") + port
	case 2:
		return "*." + name + port
	}
	return strings.Join(labels, ".") + port
}

func (d dice) port(host string) string {
	if colon := strings.LastIndexByte(host, ':'); colon >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:colon]
	}
	return host + pick(d, "", ":443", ":5000", ":80", ":", ":0443", ":*", ":x", ":5000:5000")
}

func (d dice) oddKey() string {
	return pick(d, "", " ", "/", "//", "://", "https://", "http://", "[", "[::1", "::1", "[::1]", "[::1%25eth0]:5000", "%", "%41", "*", "*.*", "?", "#", "a b",
		"\x00", "\x1b[31m", "\u202e", "ü.example", "auths", "username", ":5000", "https://:5000/", "@", "user@", "https://user:CANARY/x@reg.example",
		"reg.example\\app", strings.Repeat("a", 300)+".example", "1.2.3.4", "*.*.*", "*.*.*.*.*.*", "\ufffd", "docker.io:443", "index.docker.io:443", "index.docker.io/library")
}

// unique names a login so that a comparison can tell where it came from.
func unique(n int) (user, password string) {
	return fmt.Sprintf("user%d", n), fmt.Sprintf("CANARY-%d", n)
}
