// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
)

// restartedAt is what kubectl rollout restart writes.
const restartedAt = "kubectl.kubernetes.io/restartedAt"

// Ids of the emergency measures.
const (
	Rollback = "rollback"
	Restart  = "restart"
	Recreate = "recreate"
)

// emergency gives the measure that was asked for by name. None of them mends a
// cause but going back, and so each says what it takes away.
func (p *planner) emergency() []Remedy {
	var r Remedy
	var why string
	switch {
	case p.o.Rollback:
		r, why = p.rollback()
	case p.o.Restart:
		r, why = p.restart()
	default:
		r, why = p.begin(Recreate, "Make failing pods anew")
	}
	if why != "" {
		return []Remedy{{ID: r.ID, Kind: HandedOver, Title: r.Title, Because: why, Steps: r.Steps, Risks: r.Risks}}
	}
	r.Kind = Applied
	if r.Serving > 0 { // they are evicted
		r.NeedsForce = counted(r.Serving, "pod") + " that still " + verb(r.Serving, "serves", "serve") + " would go"
	}
	if n := p.Target.goes(r.Restarts); n > r.Serving {
		r.Serving, r.NeedsForce = n, p.Target.going(n, r.Restarts)
	}
	if r.Restarts > 0 && p.strained() {
		r.Risks = append([]string{"pods that are well pull again too, from a registry that is in trouble already"}, r.Risks...)
	}
	return []Remedy{r}
}

func verb(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

// strained tells causes that more pulls make worse.
func (p *planner) strained() bool {
	switch p.cause.Cause {
	case catalog.RateLimited, catalog.RegistryUnavailable, catalog.PullThrottledByKubelet, catalog.PullTimeout, catalog.ConnectionTimeout, catalog.UpstreamCacheFailure:
		return true
	}
	return false
}

// rollback goes back to the earlier template that serves, else the newest that
// has another image here and ran, else the newest that has one, else the newest that
// differs at all.
func (p *planner) rollback() (Remedy, string) {
	empty := Remedy{ID: Rollback, Title: "Go back to an earlier template"}
	r, _, ok := p.earlier(serving, ranOnce, held, unseen)
	if !ok {
		at := slices.IndexFunc(p.Target.Revisions, func(r Revision) bool { return !same(r.Template, p.Target.Template) })
		if at < 0 || !p.hasTemplate() {
			return empty, p.Target.String() + " has no earlier template to go back to"
		}
		r = p.Target.Revisions[at]
	}
	if !p.hasTemplate() {
		return empty, "the template of " + p.Target.String() + " cannot be changed"
	}
	out, _, ok := p.undoTo(r, Rollback)
	if !ok {
		return empty, p.Target.String() + " has no earlier template to go back to"
	}
	return out, ""
}

// restart has the owner replace all its pods.
func (p *planner) restart() (Remedy, string) {
	r := Remedy{ID: Restart, Title: "Restart all pods of " + p.Target.String()}
	switch p.Target.Kind {
	case "Deployment", "StatefulSet", "DaemonSet":
	default:
		return r, "a " + p.Target.Kind + " has no rollout that could be restarted"
	}
	if p.Target.Paused {
		return r, "the rollout is paused: nothing would follow before it is resumed"
	}
	now := p.Now.UTC().Format(time.RFC3339)
	after := *p.Target.Template.DeepCopy()
	if after.Annotations == nil {
		after.Annotations = map[string]string{}
	}
	after.Annotations[restartedAt] = now
	edits, err := become(p.TemplatePath(), p.Target.Template, after)
	if err != nil || len(edits) == 0 {
		return r, "it was restarted just now"
	}
	r.Because = "a restart mends no cause: it only ends the back-off"
	r.Changes = []Change{{Object: p.Target.Object, Edits: edits}}
	r.Foresee, r.Wake, r.Restarts = p.foreseeTemplate(after), p.wakeAfterTemplate(), p.restarts(after)
	return r, ""
}

// freshBackOff has a pull that would work now begin at once, instead of when
// its back-off ends.
func (p *planner) freshBackOff() []Remedy {
	if p.cause.State != diagnosis.Cleared {
		return nil
	}
	r, why := p.begin("fresh-back-off", "Have the pull begin now, without waiting its back-off out")
	if why != "" || r.Serving > 0 { // a debugging container is not worth a pod that serves
		return nil // it mends itself: what is left is to wait
	}
	if r.Wake == WakeEvict && slices.ContainsFunc(p.Failing(p.d.Pull), func(pod *corev1.Pod) bool { return pod.Status.Phase == corev1.PodRunning && runsSomething(pod) }) {
		return nil // nor is one that worked, for what it mends by itself
	}
	r.Kind = Applied
	r.Because = "what failed works now"
	if next := p.d.Pull.NextLatest; !next.IsZero() && next.After(p.Now) {
		r.Because += fmt.Sprintf("; without this the next attempt comes by %s", next.UTC().Format(time.TimeOnly))
	}
	return []Remedy{r}
}

// begin has the failing pods start anew with what they are: evicted, so that
// their owner makes others, whose back-off is fresh; or, where nobody makes
// others, or each lost one counts as a failure, with the same content under a
// name that the kubelet has no back-off for: its key is the image as written.
// Why not is said instead.
func (p *planner) begin(id, title string) (Remedy, string) {
	r := Remedy{ID: id, Title: title, Foresee: p.foreseeTemplate(p.Target.Template)}
	failing := p.Failing(p.d.Pull)
	if p.Target.Kind != "Pod" && len(failing) == 0 {
		return r, "no pod was seen to wait for it"
	}
	for _, pod := range failing {
		if PodReady(pod) {
			r.Serving++
		}
	}
	switch {
	case isMirrorMeta(p.Target.Template.Annotations):
		return r, "it is a static pod: its kubelet makes it from a file"
	case p.Target.Kind == "Pod" || p.Target.Kind == "Job" || p.Target.Kind == "CronJob":
		again, why := p.otherSpelling(r)
		if why == "" {
			return again, ""
		}
		if p.Target.Kind == "Pod" {
			if hand := p.replacePod(r, why, nil); len(hand) > 0 {
				r.Steps, r.Risks = hand[0].Steps, hand[0].Risks
			}
			return r, "nobody makes the pod anew, and " + why
		}
		r.Risks = []string{"each evicted pod counts as a failure of the Job (spec.backoffLimit)"}
	}
	r.Wake = WakeEvict
	return r, ""
}

// respelled is the same content under a name that the kubelet has no back-off
// for: its key is the image as it is written. Why there is none is said instead.
func (p *planner) respelled(image string) (other, why string) {
	digest, _ := p.wanted()
	if digest == "" {
		return "", "which content is wanted is not known, so that its image cannot be named by digest"
	}
	if other = pin(image, digest); other == image {
		other = repositoryOf(image) + "@" + digest
	}
	if other == image {
		return "", "its image can be named in no other way"
	}
	return other, ""
}

// otherSpelling names the same content in another way, in the pods.
func (p *planner) otherSpelling(r Remedy) (Remedy, string) {
	spot, ok := find(p.Target.Template.Spec, p.d.Pull)
	if !ok {
		return r, p.container() + " cannot be changed in a pod"
	}
	image, why := p.respelled(spot.image)
	if why != "" {
		return r, why
	}
	to := swap{p.d.Pull, spot, image}
	r.Title = "Name the image of " + p.container() + " by digest, " + shown(image) + ", which has a fresh back-off"
	r.Image, r.Serving = image, 0 // no container that runs is touched
	if p.Target.Kind != "Pod" {
		if r.Changes, r.Risks = p.inPlace([]swap{to}); len(r.Changes) == 0 {
			return r, p.container() + " cannot be changed in a pod"
		}
		r.Foresee = p.inPlaceForesight([]swap{to})
		return r, ""
	}
	list := p.setImages(Remedy{ID: r.ID, Title: "Set %s to %s"}, to)
	if len(list) == 0 || list[0].Kind != Applied {
		return r, p.container() + " cannot be changed in a pod"
	}
	list[0].Title = r.Title
	return list[0], ""
}

// Emergency tells a measure that a person named, and that mends no cause.
func (r Remedy) Emergency() bool { return r.ID == Rollback || r.ID == Restart || r.ID == Recreate }

// Brake is why an emergency measure is refused without --force, a sentence without
// a full stop: because the next pull would fail as well (proof is that of Foresee:
// proven, disproved or not-proven), or because pods that still serve would go. ""
// for what is not refused, and for all other remedies.
func Brake(r Remedy, proof string, k Case) string {
	if !r.Emergency() {
		return ""
	}
	why := ""
	if proof == "disproved" {
		why = "the next pull would fail as well"
	}
	if r.Serving > 0 {
		serving := r.NeedsForce
		if k.Target.Wanted > 0 {
			serving += fmt.Sprintf(" (%d of %d wanted are ready)", k.Target.Ready, k.Target.Wanted)
		}
		why = join(why, serving)
	}
	return why
}
