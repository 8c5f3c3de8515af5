// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"strconv"
	"strings"
)

// Mask stands for a value that is not shown.
const Mask = "(secret)"

// private are the places below a pod template where people and tools write
// passwords and tokens, though most of them are no place for that: this list
// decides what no plan, difference, report or ConfigMap of a record shows. A star
// is any name or place. What lies beside them (images, volumes, accounts, security
// contexts, the names of variables) is always shown, also within a list that is
// written whole: nobody agrees to an image that is not shown.
//
// Of the fields of PodSpec (k8s.io/api v0.36: core/v1) that take free text: env
// values, command and args; what probes and hooks run or send (exec, HTTP headers,
// and the path, which can end in a query with a token); the attributes that volume
// drivers get (CSI, FlexVolume); the repository of a gitRepo volume, whose address
// can hold a login; annotations, in which agents take whole configurations, and
// those for the signer of a pod's certificate.
// References to Secrets and ConfigMaps are names, and shown.
var private = func() [][]string {
	var all [][]string
	add := func(paths ...string) {
		for _, path := range paths {
			all = append(all, strings.Split(path, "/"))
		}
	}
	add("metadata/annotations/*",
		"spec/volumes/*/csi/volumeAttributes/*", "spec/volumes/*/flexVolume/options/*", "spec/volumes/*/gitRepo/repository",
		"spec/volumes/*/projected/sources/*/podCertificate/userAnnotations/*", "spec/volumes/*/ephemeral/volumeClaimTemplate/metadata/annotations/*")
	for _, list := range []string{"containers", "initContainers", "ephemeralContainers"} {
		at := "spec/" + list + "/*/"
		add(at+"env/*/value", at+"command", at+"args")
		for _, handler := range []string{"livenessProbe/", "readinessProbe/", "startupProbe/", "lifecycle/postStart/", "lifecycle/preStop/"} {
			add(at+handler+"exec/command", at+handler+"httpGet/httpHeaders/*/value", at+handler+"httpGet/path")
		}
	}
	return all
}()

// open tells the annotations that are known to hold nothing secret: kubectl's own
// mark of a restart, which Pullmedic writes as well, and the name of a container.
func open(annotation string) bool {
	return annotation == restartedAt || annotation == "kubectl.kubernetes.io/default-container"
}

// A secrecy says what a place has to do with secrets.
type secrecy int

const (
	public secrecy = iota // neither it nor anything below it
	above                 // something below it may be secret
	secret                // it may be, with all below it
)

// secrecyOf a place in an object of some kind.
func secrecyOf(kind string, words []string) secrecy {
	if kind == "Secret" {
		switch words[0] {
		case "type", "immutable", "apiVersion", "kind":
			return public
		case "metadata":
			if len(words) > 1 && (words[1] == "labels" || words[1] == "name" || words[1] == "namespace") {
				return public
			}
			if len(words) == 1 {
				return above
			}
		}
		return secret // also annotations, in which kubectl keeps what was applied
	}
	for _, root := range []string{"spec/jobTemplate/spec/template/", "spec/template/"} {
		if rest, ok := strings.CutPrefix(strings.Join(words, "/")+"/", root); ok && kind != "Pod" {
			n := strings.Count(root, "/")
			words = words[n:]
			if rest == "" {
				return above
			}
			break
		}
	}
	is := public
	for _, pattern := range private {
		n := min(len(words), len(pattern))
		matches := true
		for i := range n {
			matches = matches && (pattern[i] == "*" || pattern[i] == words[i])
		}
		switch {
		case !matches, len(words) >= len(pattern) && pattern[n-2] == "annotations" && open(words[n-1]):
		case len(words) >= len(pattern):
			return secret
		default:
			is = above
		}
	}
	return is
}

// Shown is a value at a place in an object of some kind as it may be shown, with Mask
// for what may be secret in it, and whether there is such.
func Shown(kind, path string, value any) (shown any, masked bool) {
	return shownAt(kind, words(path), value)
}

func shownAt(kind string, at []string, value any) (shown any, masked bool) {
	switch is := secrecyOf(kind, at); {
	case is == public || value == nil:
		return value, false
	case is == secret:
		return Mask, true
	}
	switch v := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, inner := range v {
			field, hidden := shownAt(kind, within(at, name), inner)
			out[name], masked = field, masked || hidden
		}
		return out, masked
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			element, hidden := shownAt(kind, within(at, strconv.Itoa(i)), inner)
			out[i], masked = element, masked || hidden
		}
		return out, masked
	}
	return value, false
}

// Hides tells whether an edit of an object of some kind holds what may be secret.
func (e Edit) Hides(kind string) bool {
	at := words(e.Path)
	return e.Hidden || kind == "Secret" || hides(kind, at, e.Old) || hides(kind, at, e.New)
}

// hides tells whether a value at a place in an object holds what may be secret.
func hides(kind string, at []string, value any) bool {
	_, masked := shownAt(kind, at, value)
	return masked
}
