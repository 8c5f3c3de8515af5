// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package examine

import (
	"context"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
)

// refusals are the pods that controllers may not make.
type refusals struct {
	pods []cluster.Refused
	errs []error
}

// askRefused asks, beside what else there is to do, for the pods of a namespace
// ("" for all) that controllers may not make; the returned function waits for
// the answer.
func (l *look) askRefused(ctx context.Context, namespace string) func() refusals {
	ask := sync.OnceValue(func() refusals {
		pods, errs := l.run.RefusedPods(ctx, namespace)
		return refusals{pods, errs}
	})
	go ask()
	return ask
}

// refused adds the pulls of pods that nobody may make: all, or with belongs
// those that it is true of.
func (l *look) refused(namespace string, r refusals, belongs func(cluster.Refused) bool) {
	for _, one := range r.pods {
		if belongs == nil || belongs(one) {
			l.add(one.Pod, []evidence.Pull{one.Pull})
		}
	}
	if len(r.errs) > 0 { // one is enough: what is missing is the same
		l.survey.NotLookedAt = append(l.survey.NotLookedAt,
			cluster.GapOf(evidence.CheckMessage, evidence.Subject{Kind: evidence.SubjectNamespace, Name: orAll(namespace)}, r.errs[0]))
	}
}

// unmade tells that the pull's pod does not exist.
func (p *patient) unmade() bool { return p.e.Pull.Reason == cluster.ReasonRefused && p.pod.UID == "" }

// madeBy tells whether a pod that was refused would be one of the object's: its
// controller's, or that of the Deployment above the controller, whose name the
// controller's begins with.
func madeBy(r cluster.Refused, kind string, ref ObjectRef) bool {
	c := metav1.GetControllerOf(r.Pod)
	if c == nil || r.Pod.Namespace != ref.Namespace {
		return false
	}
	if strings.EqualFold(c.Kind, kind) {
		return c.Name == ref.Name
	}
	hash := r.Pod.Labels["pod-template-hash"]
	return kind == "deployment" && c.Kind == "ReplicaSet" && c.Name == ref.Name+"-"+hash && hash != ""
}
