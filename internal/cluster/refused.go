// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"

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
}

// RefusedPods returns what the controllers of a namespace ("" for all) want and
// may not make, by their events. What has nothing to do with images (a quota, a
// label that is missing) is left out, and so is what was made meanwhile. The
// errors are of controllers that could not be read.
func (r *Run) RefusedPods(ctx context.Context, namespace string) ([]Refused, []error) {
	w := r.all(ctx, namespace)
	if w.err == nil && !w.complete {
		w = r.readWarnings(ctx, namespace, fields.Set{"reason": ReasonRefused, "type": corev1.EventTypeWarning}.AsSelector())
	}
	if w.err != nil {
		return nil, []error{w.err}
	}
	var refused []Refused
	var errs []error
	for _, uid := range w.order {
		e := w.refusals[uid]
		pod, err := r.unmade(ctx, e.InvolvedObject)
		switch {
		case ReasonOf(err) == NotFound:
		case err != nil:
			errs = append(errs, err)
		case pod != nil:
			if r, ok := refusal(pod, &e); ok {
				refused = append(refused, r)
			}
		}
	}
	return refused, errs
}

// LastRefusal is what the API server said since then, last, when it refused to
// make a pod of an object, or of what that makes its pods by: a quota, a rule of
// admission. "" if it refused none.
func (c *Client) LastRefusal(ctx context.Context, of evidence.Object, since time.Time) (string, error) {
	said, newest := "", since.Truncate(time.Second) // of which events' times are
	_, err := c.pages(ctx, question{c.core, "list", "events", of.Namespace, ""},
		metav1.ListOptions{FieldSelector: fields.Set{"reason": ReasonRefused, "type": corev1.EventTypeWarning}.String()}, maxEventPages,
		func() list { return &corev1.EventList{} },
		func(l list) bool {
			for _, e := range l.(*corev1.EventList).Items {
				about := e.InvolvedObject
				itself := about.Kind == of.Kind && about.Name == of.Name
				made := (about.Kind == "ReplicaSet" || about.Kind == "Job") && strings.HasPrefix(about.Name, of.Name+"-")
				if at := last(&e); (itself || made) && !at.Before(newest) {
					said, newest = foreign.Text(e.Message, maxRefusal), at
				}
			}
			return true
		})
	return said, err
}

// refuses tells whether a text of that sign says that a rule refused something.
func refuses(sign symptom.Sign) bool {
	return sign == symptom.AdmissionDenied || sign == symptom.SignatureRejected
}

// unmade returns a pod as the controller would make it; nil if it has all that
// it wants, or makes no pods.
func (c *Client) unmade(ctx context.Context, ref corev1.ObjectReference) (*corev1.Pod, error) {
	switch ref.Kind {
	case "ReplicaSet":
		rs, err := c.ReplicaSet(ctx, ref.Namespace, ref.Name)
		if err != nil || rs.UID != ref.UID || rs.Spec.Replicas != nil && rs.Status.Replicas >= *rs.Spec.Replicas {
			return nil, err
		}
		return wanted(rs, appsv1.SchemeGroupVersion.String(), ref.Kind, rs.Spec.Template), nil
	case "StatefulSet":
		sts, err := c.StatefulSet(ctx, ref.Namespace, ref.Name)
		if err != nil || sts.UID != ref.UID || sts.Spec.Replicas != nil && sts.Status.Replicas >= *sts.Spec.Replicas {
			return nil, err
		}
		return wanted(sts, appsv1.SchemeGroupVersion.String(), ref.Kind, sts.Spec.Template), nil
	case "DaemonSet":
		ds, err := c.DaemonSet(ctx, ref.Namespace, ref.Name)
		if err != nil || ds.UID != ref.UID || ds.Status.CurrentNumberScheduled >= ds.Status.DesiredNumberScheduled {
			return nil, err
		}
		return wanted(ds, appsv1.SchemeGroupVersion.String(), ref.Kind, ds.Spec.Template), nil
	case "Job":
		job, err := c.Job(ctx, ref.Namespace, ref.Name)
		if err != nil || job.UID != ref.UID || job.Status.CompletionTime != nil || job.Status.Active > 0 {
			return nil, err
		}
		return wanted(job, "batch/v1", ref.Kind, job.Spec.Template), nil
	}
	return nil, nil
}

// wanted is the pod that a controller would make.
func wanted(owner metav1.Object, version, kind string, template corev1.PodTemplateSpec) *corev1.Pod {
	yes := true
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: owner.GetNamespace(), Labels: template.Labels,
			OwnerReferences: []metav1.OwnerReference{{APIVersion: version, Kind: kind, Name: owner.GetName(), UID: owner.GetUID(), Controller: &yes}},
		},
		Spec: template.Spec,
	}
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
