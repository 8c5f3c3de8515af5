// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom

import (
	"slices"
	"sync"
)

// A group holds wordings that say one thing. In a wording, blanks, quotes,
// backslashes, "-", "_" and the case of letters do not count, so that a line
// break, YAML's doubled apostrophe or MANIFEST_UNKNOWN do not hide one.
//
//	{ref} {url} {digest} {addr} {host} {path} {name}  a name of that kind
//	|word|   the word's ends are ends of a word ("eof" and not "typeof")
//	^word    the word starts a clause, as codes in an error chain do
type group struct {
	rank      rank
	sign      Sign
	stage     Stage  // the step of the pull that the wording belongs to
	runtime   string // who writes so: kubelet, containerd, crio, docker
	code      string // the registry code that the wording stands for
	sent      string // whether a credential was sent
	grpc      bool   // a gRPC code follows
	cancelled bool   // somebody gave up, as opposed to time that ran out
	solid     bool   // it stands for the code only if it is written without blanks
	pull      bool   // only who pulls an image writes so
	page      bool   // a web page is quoted
	digest    bool   // it counts only if a digest follows it in its clause
	beside    Sign   // what is told beside elsewhere
	words     []string
}

// A rank says how much a wording decides. The order is the parser's: who
// speaks, then what the node itself saw, then the registry's reason, its
// status, the way to it, its code, and only then words that leave it open.
type rank uint8

const (
	asContext rank = iota // no sign by itself: stage, runtime, credential
	asHint                // taken if nothing else says anything
	asLimit               // cancelled or out of time, wherever it was
	asPhrase              // a runtime's sentence that leaves several causes open
	asUnpack              // it went wrong while unpacking, somehow
	asCode                // a registry's error code
	asLink                // the connection
	asLookup              // the host's name; a refused resolver is not a refused registry
	asProxy               // the way to the proxy, which wraps all three above
	asReason              // a sentence in which the registry says why
	asStore               // the node's own disk, content store and platform
	asSpeaker             // who speaks decides, whatever else it quotes; the first of these wins
)

// absent is the Sign of "not found" before the reference tells what is not.
const absent Sign = "absent"

// elsewhere is the Sign of what is no pull: whoever writes so speaks about
// something else that a pod needs, and no word behind it is about an image.
const elsewhere Sign = "elsewhere"

// A mark is one known wording at its place in a text.
type mark struct {
	group      *group
	start, end int
}

// words is the matcher of all tables, made at the first message.
var words = sync.OnceValue(func() *matcher {
	return newMatcher(slices.Concat(
		stepWords, kubeletWords, neighbourWords, nodeWords, transportWords, codeWords, absenceWords, refusalWords, ruleWords))
})
