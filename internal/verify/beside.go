// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"slices"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/foreign"
)

// A setback is what keeps other pods from pulling the same image, by the words
// of the nodes that the pod may land on.
type setback struct {
	// why is one sentence without a full stop, "" if there is none.
	why string
	// findings disprove the pull; none if it may go well all the same.
	findings []evidence.Finding
}

// beside looks at the other pods that fail to pull the same image now. Only a
// local cause counts, which the node's words confirm: any other lies in the
// registry, which is asked anew, or in a credential, which this pod may have.
// It disproves the pull if all nodes that the pod may land on have it and it does
// not pass by itself, as a full disk may.
func beside(c *catalog.Catalog, f examine.Foresight) setback {
	var s setback
	nodes := map[string]bool{}
	for _, e := range f.Failing {
		d := diagnosis.Judge(c, e)
		if len(d.Causes) == 0 || d.Causes[0].Verdict != diagnosis.Confirmed || len(d.Causes[0].Findings) == 0 {
			continue
		}
		cause, ok := c.Cause(d.Causes[0].Cause)
		if !ok || !cause.Local || cause.Category == catalog.Auth || cause.Category == catalog.Registry {
			continue
		}
		decisive := d.Findings[d.Causes[0].Findings[0]]
		decisive.Sentence = foreign.Text("pod "+e.Pull.Namespace+"/"+e.Pull.Pod+" fails to pull this very image on node "+e.Pull.Node+" now ("+cause.ID+"): "+decisive.Sentence, 400)
		if s.why == "" {
			s.why = decisive.Sentence
		}
		if cause.Category != catalog.Node && !nodes[e.Pull.Node] {
			nodes[e.Pull.Node] = true
			s.findings = append(s.findings, decisive)
		}
	}
	if slices.ContainsFunc(bench{f: f}.nodeNames(), func(n string) bool { return !nodes[n] }) {
		s.findings = nil
	}
	return s
}
