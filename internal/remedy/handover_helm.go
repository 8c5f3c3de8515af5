// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Release is a Helm release that keeps the target, as the labels of its records
// tell it. What the records hold is not read: it has the release's values.
type Release struct {
	Name, Namespace string
	// Unread: its records may not be read, so that the rest is not known.
	Unread bool
	// Revision that is the newest, and its status as Helm has it.
	Revision int
	Status   string
	// Before is the last revision before it that was deployed, 0 if there is none,
	// and BeforeMade when that was.
	Before     int
	BeforeMade time.Time
}

// Deployed tells of a revision's status whether it was carried out once: then one
// can go back to it (helm.sh/helm/v3/pkg/release: status.go).
func Deployed(status string) bool { return status == "deployed" || status == "superseded" }

// helmRollback goes back to a release's revision before, in one step and where
// neither chart nor values are at hand. It changes more than the image, and the
// source does not get to know: so it is handed over, and not done.
func (p byHand) helmRollback() []Remedy {
	release := p.Target.Release
	name, namespace := matching(dnsGrammar, release.Name), matching(dnsGrammar, release.Namespace)
	if name == "" || namespace == "" || !release.Unread && release.Before <= 0 {
		return nil
	}
	helm := func(words ...string) string { return sh(append(words, "-n", namespace)...) }
	r := Remedy{
		ID: "helm-rollback", Title: "Roll Helm release " + name + " back to a revision before",
		Because: "it needs neither the chart nor its values; but its records may not be read here, so that which revisions there are is not known",
		Risks: []string{
			"The whole release goes back: every object and value of it, not this image alone, and its hooks run again",
			"What runs outside of the chart stays as it is: a database that the newer version has migrated, say",
			"The next helm upgrade brings the image back, unless the values that it is made with are corrected, too",
		},
	}
	to, look := strconv.Itoa(release.Before), "see which image it had"
	rollback := helm("helm", "rollback", name, to)
	manifest := helm("helm", "get", "manifest", name, "--revision", to)
	if release.Unread {
		to, look = "REVISION", "set REVISION to one whose status is superseded or deployed, and see which image it had"
		rollback = asking(helm("helm", "rollback", name), "", "", to)
		manifest = asking(helm("helm", "get", "manifest", name), "--revision", "", to)
	} else {
		r.Title = fmt.Sprintf("Roll Helm release %s back from revision %d to %s", name, release.Revision, to)
		r.Because = fmt.Sprintf("revision %s of %s was deployed; it needs neither the chart nor its values", to, release.BeforeMade.UTC().Format("2 January 15:04 MST"))
		r.Undo = []Step{{
			What: "Go forward again", Where: withKubectl, Commands: printable(helm("helm", "rollback", name, strconv.Itoa(release.Revision))),
			Afterwards: "the release is as it was before, under a new revision",
		}}
	}
	if strings.HasPrefix(release.Status, "pending-") {
		r.Risks = slices.Insert(r.Risks, 0, "Helm marks the release as "+release.Status+": where an upgrade still waits for its pods, end that first; where it was killed, a rollback frees the release")
	}
	r.Steps = []Step{
		{What: "See what was released when, and " + look, Where: withKubectl, Commands: printable(helm("helm", "history", name), pipe(manifest, sh("grep", "-n", "image:"))), Afterwards: "another image than " + orWords(p.image(), "the one that fails") + "; else take an earlier revision"},
		{What: "Go back to it", Where: withKubectl, Commands: printable(rollback), Afterwards: "Rollback was a success; the owner makes new pods, which pull that image"},
	}
	return []Remedy{r}
}
