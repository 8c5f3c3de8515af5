// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom

import "strings"

// A part is one error chain of a text that holds several.
type part struct {
	text   string
	kind   partKind
	mirror bool // containers/image says that this host is a mirror
}

type partKind uint8

const (
	whole    partKind = iota
	row               // a line of an events table, oldest first
	attempt           // one credential's pull, in the kubelet's order
	searched          // one search registry's pull of a short name
	aside             // what a chain says by the way: a mirror, the artifact attempt
)

// mostParts bounds the work; more are left out.
const mostParts = 24

// split takes a text apart into its chains: rows of an events table first,
// then in each what the kubelet, CRI-O or containers/image aggregated. There is
// always at least one part.
func split(text string) []part {
	rows := eventRows(text)
	if rows == nil {
		rows = []string{text}
	}
	kind := whole
	if len(rows) > 1 {
		kind = row
		rows = rows[max(0, len(rows)-mostParts):]
	}
	parts := make([]part, 0, len(rows))
	for _, r := range rows {
		parts = appendChains(parts, r, kind)
	}
	return parts[:min(len(parts), mostParts)]
}

// appendChains splits one message.
func appendChains(parts []part, text string, kind partKind) []part {
	if list := searchList(text); len(list) > 1 {
		for _, item := range list {
			parts = append(parts, part{text: item, kind: searched})
		}
		return parts
	}
	if list := aggregate(text); len(list) > 1 {
		for _, item := range list {
			parts = append(parts, part{text: item, kind: attempt})
		}
		return parts
	}
	// CRI-O 1.33: the pull as an image, then the pull as an artifact.
	if before, after, ok := strings.Cut(text, "artifact err: "); ok {
		parts = appendChains(parts, strings.TrimRight(before, "; "), kind)
		return append(parts, part{text: after, kind: aside})
	}
	// containers/image prints the mirrors before the host that decides.
	if before, rest, ok := strings.Cut(text, "(Mirrors also failed: "); ok {
		mirrors, after, ok := strings.Cut(rest, "]): ")
		if !ok {
			mirrors, after = rest, ""
		}
		parts = append(parts, part{text: before + after, kind: kind})
		for m := range strings.SplitSeq(mirrors, "] [") {
			parts = append(parts, part{text: strings.Trim(m, "[]"), kind: aside, mirror: true})
		}
		return parts
	}
	return append(parts, part{text: text, kind: kind})
}

// chainStarts are the words with which an element of an aggregate starts. The
// elements of one aggregate can differ: the kubelet's client strips "rpc error"
// from those whose code is Unknown.
var chainStarts = []string{
	"rpc error: code", "failed to pull and unpack", "failed to resolve", "Error response from daemon", "initializing source", "Error initializing source",
	"pinging container registry", "reading manifest", "Error reading manifest", "unable to pull image", "unable to retrieve auth token", "copying system image",
	"SignatureValidationFailed", "RegistryUnavailable", "API error", "Error: ", "error pulling image", "unauthorized:", "toomanyrequests:", "manifest for ", "writing blob", "context deadline exceeded", "net/http: ",
}

// aggregate returns the elements of "[e1, e2]", the kubelet's tries with one
// credential after the other, each with the text before the bracket.
func aggregate(text string) []string {
	for from := 0; ; {
		open := strings.IndexByte(text[from:], '[')
		if open < 0 {
			return nil
		}
		open += from
		from = open + 1
		if startsChain(text[from:]) {
			return elements(text[:open], text[from:])
		}
	}
}

func elements(before, text string) []string {
	if end := strings.LastIndexByte(text, ']'); end > 0 && len(text)-end < 200 {
		text = text[:end] // what follows is a log line's or a manifest's
	}
	var list []string
	start := 0
	for i := 0; len(list) < mostParts; {
		comma := strings.Index(text[i:], ", ")
		if comma < 0 {
			break
		}
		i += comma + 2
		if startsChain(text[i:]) {
			list = append(list, before+text[start:i-2])
			start = i
		}
	}
	return append(list, before+text[start:])
}

func startsChain(s string) bool {
	s = strings.TrimLeft(s, " \n")
	for _, w := range chainStarts {
		if strings.HasPrefix(s, w) {
			return true
		}
	}
	return false
}

// searchList returns the items of podman's and buildah's list, one per search
// registry: lines that start with "* ".
func searchList(text string) []string {
	if !strings.Contains(text, "\n") || !strings.Contains(text, "* ") || !strings.Contains(text, "while pull") && !strings.Contains(text, "trying to pull") {
		return nil
	}
	var list []string
	start, at := -1, 0 // of the item, of the line
	for line := range strings.SplitSeq(text, "\n") {
		if item, ok := strings.CutPrefix(strings.TrimLeft(line, " "), "* "); ok && len(list) < mostParts {
			if start >= 0 {
				list = append(list, text[start:at])
			}
			start = at + len(line) - len(item)
		}
		at += len(line) + 1
	}
	if start >= 0 {
		list = append(list, text[start:])
	}
	return list
}

// pullReasons are the reasons of events that a pull can cause; otherReasons
// those of a pod's other events, whose messages would mislead.
var (
	pullReasons = map[string]bool{
		"Failed": true, "BackOff": true, "ErrImageNeverPull": true, "InspectFailed": true, "FailedToRetrieveImagePullSecret": true,
		"FailedCreatePodSandBox": true, "FailedSync": true, "RegistryUnavailable": true, "ErrImagePull": true, "ImagePullBackOff": true,
		"InvalidImageName": true, "SignatureValidationFailed": true, "FailedCreate": true, "ImageVolumeMountFailed": true,
	}
	otherReasons = map[string]bool{
		"Scheduled": true, "Pulling": true, "Pulled": true, "Created": true, "Started": true, "Killing": true, "FailedScheduling": true,
		"FailedMount": true, "Unhealthy": true, "SandboxChanged": true, "SuccessfulCreate": true, "FailedAttachVolume": true,
		"SuccessfulAttachVolume": true, "Preempted": true, "Evicted": true, "NodeNotReady": true, "TaintManagerEviction": true,
		"ProbeWarning": true, "FailedPostStartHook": true, "FailedPreStopHook": true, "FailedKillPod": true, "DNSConfigForming": true,
		"NetworkNotReady": true, "SuccessfulDelete": true, "ScalingReplicaSet": true, "Completed": true, "NotTriggerScaleUp": true, "TriggeredScaleUp": true,
	}
)

// eventRows returns the messages of pull events if text holds a table of
// events (kubectl describe, kubectl get events), else nil. A line that starts
// no row belongs to the row before it; what stands outside of rows is left out.
func eventRows(text string) []string {
	if !strings.Contains(text, "\n") || !strings.Contains(text, "Warning") && !strings.Contains(text, "Normal") {
		return nil
	}
	var rows []string
	others := 0
	start, at := -1, 0 // of the row's message, of the line
	for line := range strings.SplitSeq(text, "\n") {
		message, reason := eventRow(line)
		if reason != "" || strings.TrimSpace(line) == "" {
			if start >= 0 {
				rows = append(rows, strings.TrimRight(text[start:at], "\n"))
			}
			start = -1
		}
		switch {
		case pullReasons[reason]:
			start = at + len(line) - len(message)
		case reason != "":
			others++
		}
		at += len(line) + 1
	}
	if start >= 0 {
		rows = append(rows, text[start:])
	}
	if rows == nil && others > 1 {
		rows = []string{""} // a table of other things: probes, mounts, scheduling
	}
	return rows
}

// eventRow splits a row "[AGE] Warning REASON ... MESSAGE". Its reason is ""
// if the line is none.
func eventRow(line string) (message, reason string) {
	rest := strings.TrimLeft(line, " ")
	for range 4 { // the columns before the type
		var word string
		word, rest, _ = strings.Cut(rest, " ")
		rest = strings.TrimLeft(rest, " ")
		if word == "Warning" || word == "Normal" {
			reason, message, _ = strings.Cut(rest, " ")
			if pullReasons[reason] || otherReasons[reason] {
				return strings.TrimLeft(message, " "), reason
			}
			return "", ""
		}
	}
	return "", ""
}
