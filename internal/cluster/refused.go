// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/symptom"
)

// ReasonRefused is the reason of a pull that is wanted and has no pod, as in
// the events of controllers (pkg/controller/controller_utils.go).
const ReasonRefused = "FailedCreate"

// maxRefusal bounds what is kept of a refusal's text.
const maxRefusal = 400

// maxRefused bounds the controllers that are read because they may not make
// their pods.
const maxRefused = 50

// A Refused is a pod that a controller wants and may not make, because a rule of
// the cluster says no to its image.
type Refused struct {
	// Pod as the controller would make it: without a name, a UID and a node.
	Pod  *corev1.Pod
	Pull evidence.Pull
	// Owner is what made the controller, the controller itself if nobody did.
	Owner evidence.Object
}

// Refusals are what the controllers of a namespace want and cannot make.
type Refusals struct {
	// Pods whose image a rule says no to, and those Unmade for other reasons.
	Pods   []Refused
	Unmade []evidence.Unmade
	// Errs are of controllers that could not be read.
	Errs []error
}

// Refusals returns what the controllers of a namespace ("" for all) want and
// cannot make, by their events: of pods with these labels. What was made
// meanwhile is left out.
func (r *Run) Refusals(ctx context.Context, namespace string, of labels.Selector) Refusals {
	w := r.all(ctx, namespace)
	if w.err == nil && !w.complete {
		w = r.readWarnings(ctx, namespace, fields.Set{"reason": ReasonRefused, "type": corev1.EventTypeWarning}.AsSelector())
	}
	if w.err != nil {
		return Refusals{Errs: []error{w.err}}
	}
	var all Refusals
	for _, uid := range w.refused.order {
		m, err := r.lacking(ctx, w.refused.newest(uid))
		switch {
		case ReasonOf(err) == NotFound:
		case err != nil:
			all.Errs = append(all.Errs, err)
		case m != nil && (of.Empty() || m.pod != nil && of.Matches(labels.Set(m.pod.Labels))):
			if e, ok := w.refused.byRule[uid]; ok && m.pod != nil {
				if one, ok := refusal(m.pod, &e); ok {
					one.Owner = m.above
					all.Pods = append(all.Pods, one)
					continue
				}
			}
			all.Unmade = append(all.Unmade, m.unmade(w.refused.newest(uid)))
		}
	}
	return all
}

// LastRefusal is what the API server said since then, last, when it refused to
// make a pod of an object, or of what that makes its pods by: a quota, a rule of
// admission. "" if it refused none. heard is what there is by now.
func (c *Client) LastRefusal(ctx context.Context, of evidence.Object, since Heard) (said string, heard Heard, err error) {
	var newest time.Time
	heard = Heard{}
	_, err = c.pages(ctx, question{c.core, "list", "events", of.Namespace, ""},
		metav1.ListOptions{FieldSelector: fields.Set{"reason": ReasonRefused, "type": corev1.EventTypeWarning}.String()}, maxEventPages,
		func() list { return &corev1.EventList{} },
		func(l list) bool {
			for _, e := range l.(*corev1.EventList).Items {
				about := e.InvolvedObject
				if itself := about.Kind == of.Kind && about.Name == of.Name; !itself && !madeBy(of, about) {
					continue
				}
				heard[e.Name] = count(&e)
				if at := last(&e); since.since(&e) > 0 && !at.Before(newest) {
					said, newest = foreign.Text(e.Message, maxRefusal), at
				}
			}
			return true
		})
	return said, heard, err
}

// madeBy tells by their names whether one object made another to make its pods: a
// Deployment and a CronJob add a hash or a number, without a hyphen, so that a
// neighbour whose name only begins alike is told apart.
func madeBy(owner evidence.Object, made corev1.ObjectReference) bool {
	if owner.Kind+" "+made.Kind != "Deployment ReplicaSet" && owner.Kind+" "+made.Kind != "CronJob Job" {
		return false
	}
	rest, ok := strings.CutPrefix(made.Name, owner.Name+"-")
	return ok && rest != "" && !strings.Contains(rest, "-")
}

// refuses tells whether a text of that sign says that a rule refused something.
func refuses(sign symptom.Sign) bool {
	return sign == symptom.AdmissionDenied || sign == symptom.SignatureRejected
}

// refusal is the pull that the event is about: of the image that its text names,
// else of the first, if the text speaks of images at all.
func refusal(pod *corev1.Pod, e *corev1.Event) (Refused, bool) {
	containers := slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers)
	if len(containers) == 0 {
		return Refused{}, false
	}
	at := slices.IndexFunc(containers, func(c corev1.Container) bool { return Names(e.Message, c.Image) })
	if at < 0 {
		said := strings.ToLower(e.Message)
		if !slices.ContainsFunc([]string{"image", "registr", "signature", "digest"}, func(word string) bool { return strings.Contains(said, word) }) {
			return Refused{}, false
		}
		at = len(pod.Spec.InitContainers) % len(containers)
	}
	p := newPull(pod)
	p.Container, p.ContainerKind, p.Policy = foreign.Text(containers[at].Name, 253), evidence.Container, string(containers[at].ImagePullPolicy)
	if at < len(pod.Spec.InitContainers) {
		p.ContainerKind = evidence.InitContainer
	}
	setImage(&p, containers[at].Image)
	p.Reason, p.Message = ReasonRefused, shorten(e.Message)
	p.FirstFailed, p.LastFailed, p.Attempts = first(e), last(e), count(e)
	return Refused{Pod: pod, Pull: p}, true
}
