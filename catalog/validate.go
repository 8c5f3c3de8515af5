// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/symptom"
)

// placeholder is one value of a summary, {in braces}.
var placeholder = regexp.MustCompile(`\{([a-z]*)\}`)

// remedyID is the form of a remedy's id.
var remedyID = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)

// Values are the names that a summary may have in braces.
func Values() []string {
	return []string{
		"image", "repository", "tag", "digest", "registry", "host", "node",
		"platform", "secret", "namespace", "workload", "move",
	}
}

// Fill puts values into a summary; for a value that is not known it takes the
// plain word for it ("the node").
func Fill(summary string, values map[string]string) string {
	return placeholder.ReplaceAllStringFunc(summary, func(m string) string {
		name := strings.Trim(m, "{}")
		if v := values[name]; v != "" {
			return v
		}
		return "the " + name
	})
}

// check finds what a folder may get wrong: a word that is on no list, a missing
// field, a sign that two causes or none claim first, outcomes that both confirm
// and rule out.
func (c *Catalog) check() error {
	first := map[symptom.Sign]string{}
	for _, cause := range c.causes {
		if err := c.checkCause(cause); err != nil {
			return fmt.Errorf("reading %s/cause.yaml: %w", cause.ID, err)
		}
		for _, sign := range cause.SuggestedBy {
			if other, ok := first[sign]; ok {
				return fmt.Errorf("reading %s/cause.yaml: suggestedBy: %s is claimed by %s too; one of them has it under alsoSuggestedBy", cause.ID, sign, other)
			}
			first[sign] = cause.ID
		}
	}
	return nil
}

func (c *Catalog) checkCause(cause Cause) error {
	for field, value := range map[string]string{
		"meaning": cause.Meaning, "summary": cause.Summary, "firstAction": cause.FirstAction,
	} {
		if value == "" {
			return fmt.Errorf("%s is missing", field)
		}
	}
	for field, ok := range map[string]bool{
		"category":  slices.Contains(categories(), cause.Category),
		"frequency": slices.Contains([]string{"common", "occasional", "rare"}, cause.Frequency),
		"severity":  slices.Contains([]string{"critical", "warning", "info"}, cause.Severity),
		"subject":   slices.Contains(subjects(), cause.Subject),
	} {
		if !ok {
			return fmt.Errorf("%s is missing or not on its list", field)
		}
	}
	if (cause.Category == Undecided) != (cause.NextQuestion != "") {
		return fmt.Errorf("nextQuestion: an undecided state has one, a cause has none")
	}
	for _, sign := range slices.Concat(cause.SuggestedBy, cause.AlsoSuggestedBy) {
		if evidence.SignOutcome(sign) == "" {
			return fmt.Errorf("unknown sign %q", sign)
		}
	}
	for _, set := range slices.Concat(cause.ConfirmedBy, cause.LikelyBy, cause.RuledOutBy, [][]evidence.Outcome{cause.Tells}) {
		for _, o := range set {
			if o.Sense() == "" {
				return fmt.Errorf("unknown outcome %q", o)
			}
		}
	}
	for _, yes := range cause.ConfirmedBy {
		for _, no := range cause.RuledOutBy {
			if subset(no, yes) || subset(yes, no) {
				return fmt.Errorf("%v confirms and %v rules out: one contains the other", yes, no)
			}
		}
	}
	for _, hint := range cause.LikelyBy {
		for _, no := range cause.RuledOutBy {
			if subset(no, hint) {
				return fmt.Errorf("%v makes it likely and %v rules it out: the first never counts", hint, no)
			}
		}
	}
	for _, need := range cause.Needs {
		if !slices.Contains(needs(), need) {
			return fmt.Errorf("unknown need %q", need)
		}
	}
	for _, w := range cause.Windows {
		if _, err := w.Words(); err != nil {
			return err
		}
	}
	for _, id := range cause.Refines {
		if _, ok := c.byID[id]; !ok || id == cause.ID {
			return fmt.Errorf("refines: no other cause %q", id)
		}
	}
	for i, id := range cause.Remedies {
		if !remedyID.MatchString(id) || slices.Contains(cause.Remedies[:i], id) {
			return fmt.Errorf("remedies: %q is no id, or stands there twice", id)
		}
	}
	for _, m := range placeholder.FindAllStringSubmatch(cause.Summary, -1) {
		if !slices.Contains(Values(), m[1]) {
			return fmt.Errorf("summary: unknown value {%s}", m[1])
		}
	}
	return nil
}

// subset tells whether every outcome of a is in b.
func subset(a, b []evidence.Outcome) bool {
	for _, o := range a {
		if !slices.Contains(b, o) {
			return false
		}
	}
	return true
}

func categories() []Category {
	return []Category{Image, Auth, Network, Registry, Node, Policy, Mirror, Undecided}
}

func subjects() []evidence.SubjectKind {
	return []evidence.SubjectKind{
		evidence.SubjectImage, evidence.SubjectRepository, evidence.SubjectRegistry,
		evidence.SubjectMirror, evidence.SubjectProxy, evidence.SubjectSecret,
		evidence.SubjectServiceAccount, evidence.SubjectNode, evidence.SubjectPod,
		evidence.SubjectWorkload,
	}
}
