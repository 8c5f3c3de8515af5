// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package keyring tells which credentials the kubelet will try for an image,
// in its order, and why it ignores every other entry of the pod's pull
// secrets.
//
// Every ready-made keychain differs from the kubelet (they honour
// identitytoken and credHelpers, stop at the first match, treat docker.io
// otherwise), and the difference is what a person with a failing pull needs to
// see. So the rules here are the kubelet's to the letter, read from
// pkg/credentialprovider and pkg/util/parsers of Kubernetes v1.36.3 and
// compared with them on generated cases in testbed/agreement.
//
// It knows only the pod's pull secrets. The node's own docker config and exec
// credential providers come after them on a real node, and nobody but the node
// sees those.
//
// It must never let the secret half of a credential out other than through
// Password.Reveal.
package keyring

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/pullmedic/pullmedic/evidence"
)

// The types of a Secret that the kubelet takes pull credentials from.
const (
	TypeDockerConfigJSON = "kubernetes.io/dockerconfigjson"
	TypeDockercfg        = "kubernetes.io/dockercfg"
)

// The data keys that the kubelet reads, by type.
const (
	keyDockerConfigJSON = ".dockerconfigjson"
	keyDockercfg        = ".dockercfg"
)

// A Secret is what the keyring needs of a Kubernetes Secret. It prints,
// marshals and logs without its Data.
type Secret struct {
	Namespace, Name, Type string
	Data                  map[string][]byte
}

// ref is the secret's namespace/name.
func (s Secret) ref() string { return s.Namespace + "/" + s.Name }

// String returns namespace/name.
func (s Secret) String() string { return s.ref() }

// GoString returns namespace/name.
func (s Secret) GoString() string { return s.ref() }

// Format writes namespace/name, whatever the verb and flags.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.ref()) }

// MarshalJSON leaves the data out.
func (s Secret) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"namespace": s.Namespace, "name": s.Name, "type": s.Type})
}

// LogValue returns namespace/name.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.ref()) }

// An Answer is what the kubelet makes of a pod's pull secrets for one image.
type Answer struct {
	// Reference is the image as the kubelet normalises it.
	Reference evidence.Reference `json:"reference"`
	// Groups of credentials in the order in which the kubelet tries them. It
	// goes on to the next after every failure; the first success ends the
	// pull. Empty: nothing matches.
	Groups []Group `json:"groups"`
	// Sends is what the runtime then sends to the registry.
	Sends Sends `json:"sends"`
	// Ignored is everything else that the secrets hold, each with why not: in
	// the order of the secrets, those that look meant for this registry first.
	Ignored []Ignored `json:"ignored,omitempty"`
	// MoreIgnored counts what was left out of Ignored beyond 1000 elements.
	MoreIgnored int `json:"moreIgnored,omitempty"`
}

// Credentials returns all credentials of the groups, in order.
func (a Answer) Credentials() []Credential {
	var all []Credential
	for _, g := range a.Groups {
		all = append(all, g.Credentials...)
	}
	return all
}

// A Group is the credentials of one secret whose keys mean the same to the
// kubelet.
type Group struct {
	// Key as the kubelet normalises it: host and path, the path without /v1/
	// or /v2/ before it.
	Key string `json:"key"`
	// AnyOrder: there are several, and the kubelet ranges over a Go map to
	// collect them, so that their order changes from one attempt to the next.
	// Credentials then has them sorted by Key.
	AnyOrder    bool         `json:"anyOrder,omitempty"`
	Credentials []Credential `json:"credentials"`
}

// IdentityUser is the user name by which docker and its credential helpers say
// that the secret half of a login is an identity token
// (https://github.com/docker/docker-credential-helpers#development). A kubelet
// knows nothing of it, and sends it as anybody's name.
const IdentityUser = "<token>"

// A Credential is one that the kubelet will try.
type Credential struct {
	// Username is not the secret half, but some registries take a token for
	// it: better shown by Secret and Key than by Username.
	Username string   `json:"-"`
	Password Password `json:"-"`
	// Secret is the namespace/name it comes from.
	Secret string `json:"secret"`
	// Key of the entry as written, but for user information, query and
	// fragment ("https://..."), which are cut, and characters that would not
	// show.
	Key string `json:"key"`
	// Empty: the entry has no user name or no password. It matches for the
	// kubelet, but containerd logs in only with both, so that the attempt goes
	// out anonymous (ParseAuth and the authorizer of containerd 1.7.29 and
	// 2.4.2).
	Empty bool `json:"empty,omitempty"`
	// EmptyBecause tells what an Empty entry has instead.
	EmptyBecause Reason `json:"emptyBecause,omitempty"`
	// Blank: user name or password begins or ends with a blank or newline,
	// which is sent as it is and mostly comes from a copy or an echo.
	Blank bool `json:"blank,omitempty"`
}

// Sends says what the runtime sends to the registry.
type Sends string

// What is sent.
const (
	// SendsNothing: a secret cannot be read, so the kubelet does not pull.
	SendsNothing Sends = "nothing"
	// SendsAnonymous: no entry matches, or all that match are empty.
	SendsAnonymous Sends = "anonymous"
	// SendsCredentials: every attempt carries a credential.
	SendsCredentials Sends = "credentials"
	// SendsBoth: some of the matching entries are empty.
	SendsBoth Sends = "credentials-and-anonymous"
)

// Resolve answers for an image as written in a pod and the pull secrets that
// the pod names and that exist, in the pod's order; one that is named twice is
// to be given twice (getPullSecretsForPod in pkg/kubelet/kubelet_pods.go).
//
// The error, if there is one, is an *Error: the image's name or a secret that
// the kubelet cannot parse. It then pulls nothing at all, other secrets and
// all; the Answer still says so for every entry in Ignored.
func Resolve(image string, secrets []Secret) (Answer, error) {
	reference, name, err := parseImage(image)
	if err != nil {
		return Answer{Sends: SendsNothing}, err
	}
	answer := Answer{Reference: reference}
	sources, failed := readAll(secrets)
	why := explainer{image: newTarget(name), sources: sources}
	if failed != nil {
		answer.Sends = SendsNothing
		answer.Ignored, answer.MoreIgnored = why.blocked()
		return answer, failed
	}
	matches := lookup(sources, why.image)
	for _, m := range matches {
		answer.Groups = append(answer.Groups, m.group())
	}
	answer.Sends = sends(answer.Groups)
	answer.Ignored, answer.MoreIgnored = why.rest(matches)
	return answer, nil
}

func sends(groups []Group) Sends {
	var empty, full bool
	for _, g := range groups {
		for _, c := range g.Credentials {
			empty = empty || c.Empty
			full = full || !c.Empty
		}
	}
	switch {
	case full && empty:
		return SendsBoth
	case full:
		return SendsCredentials
	}
	return SendsAnonymous
}

// String returns the secret and key that it comes from.
func (c Credential) String() string {
	return fmt.Sprintf("credential of secret %s, key %s", c.Secret, c.Key)
}

// Format writes what String returns, whatever the verb and flags: a user name
// can be a token.
func (c Credential) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// LogValue returns what String returns.
func (c Credential) LogValue() slog.Value { return slog.StringValue(c.String()) }

// blank tells whether s begins or ends with white space.
func blank(s string) bool { return strings.TrimSpace(s) != s }
