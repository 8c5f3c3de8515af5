// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// A swap gives one spot of the pods' spec another image.
type swap struct {
	pull  evidence.Pull
	spot  spot
	image string
}

// previousImage goes back to an image that this workload ran before: the one
// that still serves before any other, because it is known to work. Other
// containers whose image is wrong go back with it, as no pod starts before all
// of them are there. What an earlier template had and nothing shows to have run is
// other code, for the person to name.
func (p *planner) previousImage() []Remedy {
	if p.o.To != "" || p.behind() {
		return nil
	}
	r, image, ok := p.previous()
	if !ok {
		if r, image, ok = p.earlier(unseen); !ok {
			return nil
		}
		return []Remedy{{ID: "previous-image", Kind: Applied, Needs: "--to IMAGE", Title: "Set " + p.container() + " back to " + shown(image), Because: p.ran(r)}}
	}
	because := p.ran(r)
	if _, moved := p.moved(image); moved {
		because += "; the tag means another image now, so its digest is named, too"
	}
	return p.setImages(Remedy{ID: "previous-image", Title: "Set %s back to %s", Because: because}, p.goBack(r)...)
}

// behind tells that the template was set right already, and the failing pods
// are of an earlier one. That the images differ is not enough: a webhook may
// write another one into each pod.
func (p *planner) behind() bool {
	now, ok := find(p.Target.Template.Spec, p.d.Pull)
	if !ok || shown(now.image) == p.d.Pull.Image {
		return false
	}
	return p.Target.Kind == "CronJob" || slices.ContainsFunc(p.Target.Revisions, func(r Revision) bool {
		before, had := find(r.Template.Spec, p.d.Pull)
		return had && shown(before.image) == p.d.Pull.Image
	})
}

// followTemplate has pods follow a template that was set right already, where
// their owner waits for them instead: a StatefulSet for the one that will never
// be ready, a CronJob for the run that hangs. Deployments need no help.
func (p *planner) followTemplate() []Remedy {
	if p.o.To != "" || !p.behind() || len(p.Failing(p.d.Pull)) == 0 {
		return nil
	}
	now, _ := find(p.Target.Template.Spec, p.d.Pull)
	r := Remedy{
		ID: "follow-template", Kind: Applied, Title: "Have the failing pods made anew from the template as it is now", Image: now.image,
		Because: "the template has " + shown(now.image) + " already, and the pods that fail are of an earlier one",
		Foresee: p.foreseeTemplate(p.Target.Template), Wake: p.wakeAfterTemplate(),
	}
	switch {
	case p.Target.Kind == "CronJob":
		swaps := []swap{{p.d.Pull, now, now.image}}
		r.Title = "Set " + p.container() + " to " + shown(now.image) + " in the run that hangs"
		if r.Changes, r.Risks = p.inPlace(swaps); len(r.Changes) == 0 {
			return nil
		}
		r.Foresee = p.inPlaceForesight(swaps)
	case r.Wake == WakeNone:
		return nil
	}
	return []Remedy{r}
}

// goBack gives the images of a revision to this container, and to all others
// whose image is wrong. A tag that was moved since is pinned to what ran.
func (p *planner) goBack(r Revision) []swap {
	var swaps []swap
	add := func(pull evidence.Pull) {
		now, ok := find(p.Target.Template.Spec, pull)
		before, had := find(r.Template.Spec, pull)
		if !ok || !had || !isImage(before.image) || before.image == now.image || shown(before.image) == pull.Image || p.absent(before.image) || p.sightOf(r, before.image) == unseen ||
			slices.ContainsFunc(swaps, func(s swap) bool { return s.spot.path == now.path }) {
			return
		}
		image := before.image
		if digest, moved := p.moved(image); moved {
			image = pin(image, digest)
		}
		swaps = append(swaps, swap{pull, now, image})
	}
	add(p.d.Pull)
	for _, d := range p.Diagnoses {
		if wrongImage(d) {
			add(d.Pull)
		}
	}
	return swaps
}

// wrongImage tells a diagnosis that another image mends.
func wrongImage(d diagnosis.Diagnosis) bool {
	if len(d.Causes) == 0 || d.Causes[0].State == diagnosis.Cleared {
		return false
	}
	switch d.Causes[0].Cause {
	case catalog.InvalidImageName, catalog.RepositoryNotFound, catalog.TagNotFound, catalog.DigestNotFound,
		catalog.PlatformMismatch, catalog.UnsupportedManifest, catalog.LayerMissing, catalog.ContentMismatch, catalog.RegistryRetired:
		return true
	}
	return false
}

// earlierTemplate goes back to the whole earlier template, where it differs in
// more than the image: what the owner still has pods of, it need not restart.
func (p *planner) earlierTemplate() []Remedy {
	if p.o.To != "" || !p.hasTemplate() || p.behind() {
		return nil
	}
	r, _, ok := p.previous()
	if !ok || slices.ContainsFunc(imagesOf(r.Template.Spec), func(image string) bool { return p.absent(image) || p.sightOf(r, image) == unseen }) {
		return nil
	}
	remedy, edits, ok := p.undoTo(r, "rollout-undo")
	if !ok {
		return nil
	}
	var alone []string // what going back to the images changes
	for _, s := range p.goBack(r) {
		alone = append(alone, containerOf(s.pull)+": image")
		if s.pull.ContainerKind == evidence.ImageVolume {
			alone = append(alone, "volumes")
		}
	}
	more := slices.DeleteFunc(labels(edits), func(l string) bool { return slices.Contains(alone, l) })
	if len(more) == 0 {
		return nil // it is the image alone
	}
	remedy.Because = p.ran(r) + "; it takes back besides: " + listed(more)
	return []Remedy{remedy}
}

// undoTo makes the target's template that of an earlier revision again, as
// kubectl rollout undo does.
func (p *planner) undoTo(r Revision, id string) (Remedy, []Edit, bool) {
	edits, err := become(p.TemplatePath(), p.Target.Template, r.Template)
	if err != nil || len(edits) == 0 {
		return Remedy{}, nil, false
	}
	title := "Go back to the whole earlier template"
	if r.Number > 0 {
		title = fmt.Sprintf("Go back to the whole template of revision %d", r.Number)
	}
	out := Remedy{
		ID: id, Kind: Applied, Title: title, Because: p.ran(r),
		Changes: []Change{{Object: p.Target.Object, Edits: edits}},
		Wake:    p.wakeAfterTemplate(), Foresee: p.foreseeTemplate(r.Template), Restarts: p.restarts(r.Template),
		Risks: p.paused(),
	}
	if spot, ok := find(r.Template.Spec, p.d.Pull); ok {
		out.Image = spot.image
		if _, moved := p.moved(spot.image); moved {
			out.Risks = append([]string{"the tag of " + shown(spot.image) + " means another image now than the one that ran"}, out.Risks...)
		}
	}
	return out, edits, true
}

// otherImage is the image that the person names; without one the remedy only
// says how to, and which names are near. None of them is ever chosen.
func (p *planner) otherImage() []Remedy {
	if p.o.To != "" && p.o.Container != "" && p.o.Container != p.d.Pull.Container {
		return nil
	}
	ask := Remedy{ID: "set-image", Kind: Applied, Needs: "--to IMAGE", Title: "Set " + p.container() + " to another image", Near: p.near()}
	if len(ask.Near) > 0 {
		ask.Because = "names like it that exist: " + listed(ask.Near)
	}
	if wrongImage(p.d) {
		ask.Title = "Set " + p.container() + " to an image that exists"
	}
	if name := matching(dnsGrammar, p.d.Pull.Container); name != "" && (len(p.wanting()) > 1 || Untried(p.d)) {
		ask.Needs = "--to " + name + "=IMAGE"
	}
	if p.o.To == "" {
		return []Remedy{ask}
	}
	if _, err := keyring.ParseImage(p.o.To); err != nil {
		ask.Because = "what --to names is no image: " + shown(err.Error())
		return []Remedy{ask}
	}
	switch several := p.wanting(); {
	case p.o.Container != "":
	case len(several) > 0 && !slices.Contains(several, p.container()):
		return nil // it is meant for another one
	case len(several) > 1:
		ask.Because = "more than one could be meant: " + listed(several)
		return []Remedy{ask}
	}
	spot, ok := find(p.Target.Template.Spec, p.d.Pull)
	if !ok {
		return p.debugAgain()
	}
	if spot.image == p.o.To {
		ask.Because = "what --to names is the image that cannot be pulled"
		return []Remedy{ask}
	}
	return p.setImages(Remedy{ID: "set-image", Title: "Set %s to %s", Because: "you named it"}, swap{p.d.Pull, spot, p.o.To})
}

// wanting are the containers that fail and whose image is wrong, or all that fail if
// none is.
func (p *planner) wanting() []string {
	var wanting, failing []string
	for _, d := range p.Diagnoses {
		words := containerOf(d.Pull)
		if Untried(d) {
			continue
		}
		if !slices.Contains(failing, words) {
			failing = append(failing, words)
		}
		if wrongImage(d) && !slices.Contains(wanting, words) {
			wanting = append(wanting, words)
		}
	}
	if len(wanting) == 0 {
		return failing
	}
	return wanting
}

// setImages gives spots of the target's template other images (of a pod, in the
// pod: Kubernetes lets a pod's images be changed) and, where the target cannot
// be changed or makes no new pod by itself, in its pods. The title is a format
// for the container and the image.
func (p *planner) setImages(r Remedy, swaps ...swap) []Remedy {
	swaps = slices.DeleteFunc(swaps, func(s swap) bool { return s.spot.set == nil || s.spot.image == s.image })
	if len(swaps) == 0 {
		return nil
	}
	r.Kind, r.Title = Applied, titled(r.Title, swaps)
	for _, s := range swaps {
		if s.pull.Container == p.d.Pull.Container {
			r.Image = s.image
		}
	}
	change := func(spec *corev1.PodSpec) {
		for _, s := range swaps {
			s.spot.set(spec, s.image)
		}
	}
	var edits []Edit
	for _, s := range swaps {
		edits = append(edits, imageEdits(p.TemplatePath(), s.spot, s.image, containerOf(s.pull))...)
	}
	switch {
	case p.Target.Kind == "Pod":
		return p.setInPod(r, swaps, edits, change)
	case p.Target.Kind == "Job":
		return p.setInPods(r, swaps)
	case !p.hasTemplate():
		return nil
	}
	r.Changes = []Change{{Object: p.Target.Object, Edits: edits}}
	r.Foresee, r.Wake, r.Restarts = p.foresee(change), p.wakeAfterTemplate(), p.restarts(p.after(change))
	r.Risks = append(r.Risks, p.paused()...)
	if p.Target.Kind == "CronJob" {
		changes, risks := p.inPlace(swaps)
		r.Changes, r.Risks = append(r.Changes, changes...), append(r.Risks, risks...)
		if len(changes) == 0 {
			r.Risks = append(r.Risks, p.nextRun()...)
		}
	}
	return []Remedy{r}
}

func titled(format string, swaps []swap) string {
	var parts []string
	for i, s := range swaps {
		if i == 0 {
			parts = append(parts, fmt.Sprintf(format, containerOf(s.pull), shown(s.image)))
		} else {
			parts = append(parts, containerOf(s.pull)+" to "+shown(s.image))
		}
	}
	return strings.Join(parts, ", ")
}

// nextRun says of a CronJob whose template alone is changed that no pod which
// runs now gets it.
func (p *planner) nextRun() []string {
	if p.Target.Kind != "CronJob" || p.Target.Suspended {
		return nil
	}
	text := "it counts from the next run on; a job that is under way keeps its pods"
	if next := p.Target.NextRun; !next.IsZero() {
		text = "it counts from the next run on, at " + RunClock(next, p.Now) + "; a job that is under way keeps its pods"
	}
	return []string{text}
}

// RunClock is the minute of a run, with its day if it is not within one.
func RunClock(t, now time.Time) string {
	if t.Sub(now) < 24*time.Hour {
		return t.UTC().Format("15:04") + " UTC"
	}
	return t.UTC().Format("Jan 2, 15:04") + " UTC"
}

// paused says that nothing follows a change of the template for now.
func (p *planner) paused() []string {
	switch {
	case p.Target.Paused:
		return []string{"the rollout is paused: its pods follow only once it is resumed"}
	case p.Target.Suspended && p.Target.Kind == "CronJob":
		return []string{"it is suspended: no run follows before it is resumed"}
	}
	return nil
}
