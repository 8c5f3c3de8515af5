// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
)

// nodesWay is what the client cannot see of a pull.
const nodesWay = "its own way to the registry (DNS, proxy, trusted certificates, mirrors) and its disk"

// given says what the registry gave, and to whom.
func (b bench) given() string {
	f, _ := b.find(evidence.ManifestPresent)
	to := "to everybody"
	if secret := f.Details["secret"]; secret != "" {
		to = "to secret " + secret
	}
	return fmt.Sprintf("asked from here as the kubelet would, %s gives all of it %s", b.f.Evidence.Pull.Reference.Host, to)
}

// views tells what each vantage shows.
func (b bench) views(asked verdict, a Answer) []View {
	here := View{evidence.Client, asked.proof, asked.why}
	node := b.fromNodes(a)
	views := []View{here}
	if a.Proof == Disproved && a.Decided != nil && len(a.Decided.Findings) > 0 {
		decisive := b.d.Findings[a.Decided.Findings[0]]
		switch decisive.Vantage {
		case evidence.Cluster:
			views[0] = View{evidence.Client, NotProven, "what the cluster shows decides; asking the registry would change nothing"}
			if said, ok := b.told(evidence.Client); ok {
				views[0] = View{evidence.Client, Disproved, said}
			} else if b.f.Evidence.Pull.Policy != string(corev1.PullNever) && slices.ContainsFunc(b.d.Findings, ofRegistry) {
				views[0].Sentence = "what the cluster shows decides, whatever the registry says"
			}
			views = append(views, View{evidence.Cluster, Disproved, decisive.Sentence})
		case evidence.Node:
			node = View{evidence.Node, Disproved, decisive.Sentence}
			if b.complete() {
				views[0] = View{evidence.Client, Proven, b.given()}
			}
		}
	}
	return append(views, node)
}

// told is the first thing that one vantage says for the first cause, which is
// shown as its evidence.
func (b bench) told(from evidence.Vantage) (string, bool) {
	cause := b.first()
	if cause == nil {
		return "", false
	}
	for _, i := range cause.Findings {
		f := b.d.Findings[i]
		if f.Vantage == from && f.Outcome.Sense() != evidence.Good && (from != evidence.Client || ofRegistry(f) && f.Outcome.Sense() == evidence.Bad) {
			return f.Sentence, true
		}
	}
	return "", false
}

// ofRegistry tells a finding that a registry's answer made.
func ofRegistry(f evidence.Finding) bool {
	return f.Vantage == evidence.Client && f.Check != evidence.CheckReference && f.Check != evidence.CheckMirrors
}

// fromNodes is what the nodes themselves show.
func (b bench) fromNodes(a Answer) View {
	h := b.f.Holding
	if a.Need == NotNeeded && a.Proof == Proven && !h.Reverify {
		return View{evidence.Node, Proven, b.who(h.On) + " the image"}
	}
	if b.others.why != "" {
		return View{evidence.Node, NotProven, b.others.why}
	}
	if f, ok := b.find(evidence.ImagePulledElsewhere); ok && slices.Contains(b.nodeNames(), f.Details["node"]) && a.Proof != Disproved {
		if len(b.f.Place.Nodes) == 1 {
			return View{evidence.Node, Proven, f.Sentence}
		}
		return View{evidence.Node, NotProven, f.Sentence + "; the other nodes' way was not seen"}
	}
	if said, ok := b.told(evidence.Node); ok && a.Proof != Proven {
		return View{evidence.Node, a.Proof, said}
	}
	what := "the node"
	if len(b.f.Place.Nodes) == 1 {
		what = "node " + b.f.Place.Nodes[0].Name
	} else if len(b.f.Place.Nodes) > 1 {
		what = "each node"
	}
	return View{evidence.Node, NotProven, "not seen from here: " + what + " has " + nodesWay}
}

func (b bench) nodeNames() []string {
	var names []string
	for _, n := range b.f.Place.Nodes {
		names = append(names, n.Name)
	}
	return names
}

// who names the nodes that list something.
func (b bench) who(nodes []string) string {
	switch {
	case len(nodes) == 1:
		return "node " + nodes[0] + " lists"
	case len(nodes) == 2:
		return "nodes " + strings.Join(nodes, " and ") + " list"
	}
	return fmt.Sprintf("%d nodes list", len(nodes))
}

// notes are what a person should know beside the answer.
func (b bench) notes(a Answer, asked verdict) []string {
	var notes []string
	h, p := b.f.Holding, b.f.Evidence.Pull
	all := len(b.f.Place.Nodes) > 0 && len(h.On) == len(b.f.Place.Nodes)
	moved, same := b.moved()
	switch {
	case p.Policy == string(corev1.PullAlways) && all:
		note := "the policy Always is the only reason for this pull: " + b.who(h.On) + " the image"
		if same {
			note += ", by the digest that the registry has now, so IfNotPresent would run the same"
		}
		notes = append(notes, note)
	case p.Policy == string(corev1.PullAlways) && len(h.On) > 0:
		notes = append(notes, b.who(h.On)+" the image; the policy Always asks the registry all the same")
	case a.Need == OnSome && len(h.On) > 0 && p.Policy != string(corev1.PullNever):
		notes = append(notes, b.who(h.On)+" the image, where no pull is needed; the others have to pull")
	case a.Need == OnSome && p.Policy != string(corev1.PullNever):
		notes = append(notes, "whether the image is on the nodes already does not show: a node lists only its largest images")
	case a.Need == NotNeeded && asked.proof == Disproved && a.Proof == Proven:
		notes = append(notes, "a node that does not have it could not pull it: "+asked.why)
	}
	if a.Need == NotNeeded && h.Reverify && a.Proof == Proven && p.Policy != string(corev1.PullNever) {
		notes = append(notes, b.who(h.On)+" the image; a kubelet from 1.35 on asks the registry again if it was pulled with a credential that this pod lacks")
	}
	if moved {
		notes = append(notes, "the tag has moved: the nodes have it under another digest than the registry, so a pull brings other code")
	}
	if p.Reference.TagImplied {
		notes = append(notes, "no tag is written, so :latest is asked for")
	}
	if f, ok := b.find(evidence.NodeDiskPressure); ok {
		notes = append(notes, f.Sentence)
	}
	if f, ok := b.find(evidence.ReferenceFrozen); ok {
		notes = append(notes, f.Sentence)
	}
	for _, f := range b.d.Findings {
		if f.Outcome == evidence.PlatformDiffers || f.Check == evidence.CheckMirrors && f.Sentence != a.Why {
			notes = append(notes, f.Sentence)
		}
	}
	if f, ok := b.find(evidence.SecretAbsent); ok && a.Proof == Proven {
		notes = append(notes, f.Sentence+"; the kubelet passes over it")
	}
	return notes
}

// moved compares the digests that the nodes list with the registry's: moved if
// they list others, same if only this one.
func (b bench) moved() (moved, same bool) {
	f, ok := b.find(evidence.ManifestPresent)
	now := f.Details["digest"]
	if !ok || now == "" || len(b.f.Holding.Digests) == 0 || b.f.Evidence.Pull.Reference.Digest != "" {
		return false, false
	}
	has := slices.Contains(b.f.Holding.Digests, now)
	return !has, has && len(b.f.Holding.Digests) == 1
}
