// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"crypto/rand"
	"encoding/base64"

	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// The registries of the recording.
const (
	hub    = "docker.io"
	github = "ghcr.io"
	ecr    = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	harbor = "harbor.acme.example:8443"
	plain  = "registry.acme.example"
	quiet  = "quiet.acme.example"
	edge   = "edge.acme.example"
)

// keys are passwords that are made anew for each demo.
type keys struct {
	harbor, other, over string
}

func newKeys() keys { return keys{harbor: rand.Text(), other: rand.Text(), over: rand.Text()} }

// secrets are the pull secrets of the recorded cluster that hold anything that
// the kubelet sends; what it makes of the others was recorded.
func (k keys) secrets() []keyring.Secret {
	stale := rand.Text() // a password that no registry has
	return []keyring.Secret{
		secret("payments", "ecr-pull", ecr, "AWS", k.over),
		secret("payments", "harbor", harbor, "robot$acme", stale),
		secret("search", "registry-login", "harbor.acme.example", "robot$acme", k.harbor),
		secret("search", "team-search", harbor, "robot$other", k.other),
		secret("web", "github", github, "acme-bot", stale),
	}
}

func secret(namespace, name, key, user, password string) keyring.Secret {
	entry := map[string]string{"auth": base64.StdEncoding.EncodeToString([]byte(user + ":" + password))}
	return keyring.Secret{
		Namespace: namespace, Name: name, Type: "kubernetes.io/dockerconfigjson",
		Data: map[string][]byte{".dockerconfigjson": encoded(map[string]any{"auths": map[string]any{key: entry}})},
	}
}

// houses are the registries with what they hold.
func houses(k keys) []*house {
	inHub, inGitHub, inECR, inHarbor, inPlain, inQuiet, inEdge := newShelf(), newShelf(), newShelf(), newShelf(), newShelf(), newShelf(), newShelf()
	inHub.image("acme/app", []string{"1.27.3", "1.27.4"}, "amd64")
	inGitHub.image("acme/tool", []string{"0.9"}, "amd64")
	inECR.image("acme/ledger", []string{"5.2"}, "amd64")
	inHarbor.image("acme/app", []string{"1.27.3", "1.27.4"}, "amd64")
	inPlain.image("acme/app", []string{"1.27.2", "1.27.3", "1.27.4", "1.28.0", "latest"}, "amd64")
	inPlain.image("acme/arm", []string{"1.0"}, "arm64")
	for _, layer := range inPlain.image("acme/render", []string{"3.1"}, "amd64") {
		delete(inPlain.blobs, layer) // cleaned away too early
	}
	inQuiet.put("acme/mail", []string{"0.9"}, manifest{
		"application/vnd.docker.distribution.manifest.v1+prettyjws",
		[]byte(`{"schemaVersion":1,"name":"acme/mail","tag":"0.9","architecture":"amd64","fsLayers":[],"history":[]}`),
	})
	inEdge.image("acme/app", []string{"1.27.4"}, "amd64")
	return []*house{
		{name: hub, addresses: []string{"registry-1.docker.io:443", "auth.docker.io:443"}, realm: "https://auth.docker.io/token", public: []string{"acme/app"}, badLogin: 401, shelf: inHub},
		{name: github, addresses: []string{"ghcr.io:443"}, realm: "https://ghcr.io/token", public: []string{"acme/tool"}, badLogin: 403, shelf: inGitHub},
		{name: ecr, addresses: []string{ecr + ":443"}, basic: true, expired: []string{k.over}, shelf: inECR},
		{name: harbor, addresses: []string{harbor}, basic: true, shelf: inHarbor, accounts: []account{{"robot$acme", k.harbor, "acme/"}, {"robot$other", k.other, "other/"}}},
		{name: plain, addresses: []string{plain + ":443"}, shelf: inPlain},
		{name: quiet, addresses: []string{quiet + ":443"}, quiet: true, shelf: inQuiet},
		{name: edge, addresses: []string{edge + ":443"}, down: true, shelf: inEdge},
	}
}
