// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"time"
)

// A Window says what to look back at for a cause, and how far: what changed, or
// what else was pulled. Written as {of: workload, back: 15m}.
type Window struct {
	// Of is what to look at.
	Of Look `json:"of"`
	// Back is a duration before the first failure, such as "15m", or one of
	// the spans below. Of a pull itself it is how long it may be silent.
	Back string `json:"back"`
}

// A Look is something to look back at.
type Look string

// What can be looked at.
const (
	LookWorkload       Look = "workload"
	LookSecret         Look = "secret"
	LookServiceAccount Look = "service-account"
	LookNode           Look = "node"
	LookNetwork        Look = "network"
	LookRegistry       Look = "registry"
	LookRules          Look = "rules"
	LookSameImage      Look = "same-image"
	LookSameRegistry   Look = "same-registry"
	LookSameNode       Look = "same-node"
	LookSameCredential Look = "same-credential"
	LookCredential     Look = "credential"
	LookLimit          Look = "limit"
	LookPull           Look = "pull"
)

// The spans that are no fixed length.
const (
	SinceLastSuccess  = "last-success"  // of the same image, registry, node or credential
	SinceFirstFailure = "first-failure" // what else was pulled meanwhile
	OwnLife           = "own-life"      // of the credential
	OwnWindow         = "own-window"    // of the registry's limit
)

// looks tells in words what can be looked at.
func looks() map[Look]string {
	return map[Look]string{
		LookWorkload:       "changes of the workload (image, template, who wrote it)",
		LookSecret:         "changes of the pull secret",
		LookServiceAccount: "changes of the service account",
		LookNode:           "changes of the node (made, upgraded, set up anew)",
		LookNetwork:        "changes of the node's network (resolver, egress, proxy, firewall)",
		LookRegistry:       "changes at the registry (clean-up, upgrade, rights, certificate)",
		LookRules:          "changes of the cluster's webhooks and policies",
		LookSameImage:      "pulls of the same image on other nodes",
		LookSameRegistry:   "pulls of other images from the same registry",
		LookSameNode:       "other pulls on the same node",
		LookSameCredential: "pulls with the same credential",
		LookCredential:     "the credential's end",
		LookLimit:          "the registry's limit",
		LookPull:           "the pull itself",
	}
}

// Words is the window as a line of the runbook, without a full stop; an error
// says which field is on no list.
func (w Window) Words() (string, error) {
	what, ok := looks()[w.Of]
	if !ok {
		return "", fmt.Errorf("unknown %q to look back at", w.Of)
	}
	switch w.Back {
	case SinceLastSuccess:
		return w.sinceLastSuccess()
	case SinceFirstFailure:
		return what + ": since the first failure", nil
	case OwnLife:
		return what + ": its own life, from when it was issued", nil
	case OwnWindow:
		return what + ": its own window, as its header says", nil
	}
	back, err := time.ParseDuration(w.Back)
	if err != nil || back < time.Minute || back%time.Minute != 0 {
		return "", fmt.Errorf("window of %s: back is %q, want whole minutes (15m) or one of %s, %s, %s, %s",
			w.Of, w.Back, SinceLastSuccess, SinceFirstFailure, OwnLife, OwnWindow)
	}
	minutes := int(back / time.Minute)
	switch w.Of {
	case LookPull:
		return fmt.Sprintf("%s: %d minutes without a word of it", what, minutes), nil
	case LookSameImage, LookSameRegistry, LookSameNode, LookSameCredential:
		return fmt.Sprintf("%s: from %d minutes before the first failure", what, minutes), nil
	}
	return fmt.Sprintf("%s: the %d minutes before the first failure", what, minutes), nil
}

func (w Window) sinceLastSuccess() (string, error) {
	last, ok := map[Look]string{
		LookSameImage:      "the same image was last pulled well",
		LookSameRegistry:   "anything was last pulled well from the same registry",
		LookSameNode:       "the same node last pulled anything well",
		LookSameCredential: "the same credential last worked",
	}[w.Of]
	if !ok {
		return "", fmt.Errorf("window of %s: nothing of it succeeds; back %s is for same-image, same-registry, same-node and same-credential", w.Of, w.Back)
	}
	return "whatever changed since " + last, nil
}
