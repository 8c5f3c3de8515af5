// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// maxAccountSecrets bounds the secrets of a service account that are read to
// see whether they would have helped.
const maxAccountSecrets = 3

// A Template is what the owner's pod template says about pull secrets.
type Template struct {
	Known       bool
	PullSecrets []string
}

// ReadAccount tells whether the pod misses a pull secret that its service
// account carries. Admission copies them into a pod that names none, when the
// pod is made and never later
// (plugin/pkg/admission/serviceaccount/admission.go of Kubernetes v1.36.3).
func (r *Run) ReadAccount(ctx context.Context, p evidence.Pull, image string, sa *corev1.ServiceAccount, template Template, now time.Time) []evidence.Finding {
	subject := evidence.Subject{Kind: evidence.SubjectServiceAccount, Name: p.Namespace + "/" + p.ServiceAccount}
	say := func(o evidence.Outcome, format string, args ...any) []evidence.Finding {
		return []evidence.Finding{finding(evidence.CheckServiceAccount, o, subject, now, format, args...)}
	}
	var carries, lacks []string
	for _, s := range sa.ImagePullSecrets {
		carries = append(carries, foreign.Text(s.Name, 253))
		if !slices.Contains(p.PullSecrets, s.Name) {
			lacks = append(lacks, s.Name)
		}
	}
	switch {
	case len(carries) == 0:
		return say(evidence.ServiceAccountAgrees, "service account %s carries no pull secret", p.ServiceAccount)
	case len(lacks) == 0:
		return say(evidence.ServiceAccountAgrees, "service account %s carries %s, and so does the pod", p.ServiceAccount, strings.Join(carries, ", "))
	case len(p.PullSecrets) > 0 && (!template.Known || len(template.PullSecrets) > 0):
		return say(evidence.ServiceAccountAgrees, "the pod names pull secrets of its own, so it gets none from service account %s", p.ServiceAccount)
	}
	changed := written(sa.ObjectMeta, "f:imagePullSecrets").Time
	if !changed.IsZero() && changed.Before(p.PodCreated) {
		return nil // then admission did not copy it, and why is not known
	}
	name, reads := r.wouldMatch(ctx, p, image, lacks)
	if name == "" && reads {
		return say(evidence.ServiceAccountAgrees, "service account %s carries %s, which has no entry for %s", p.ServiceAccount,
			foreign.Text(strings.Join(lacks, ", "), 80), p.Reference.Host)
	}
	if name == "" {
		name = lacks[0]
	}
	when := ""
	if !changed.IsZero() {
		when = " at " + changed.UTC().Format(time.TimeOnly) + " UTC"
	}
	found := say(evidence.ServiceAccountGotLate, "service account %s got secret %s%s, after the pod was made at %s UTC; it is copied only then",
		p.ServiceAccount, foreign.Text(name, 60), when, p.PodCreated.UTC().Format(time.TimeOnly))
	found[0].Details = map[string]string{"secret": p.Namespace + "/" + foreign.Text(name, 253), "podCreated": p.PodCreated.UTC().Format(time.RFC3339)}
	if !changed.IsZero() {
		found[0].Details["changed"] = changed.UTC().Format(time.RFC3339)
	}
	return found
}

// wouldMatch returns the first of the secrets that has a credential for the
// image, and whether all could be read.
func (r *Run) wouldMatch(ctx context.Context, p evidence.Pull, image string, names []string) (name string, all bool) {
	all = len(names) <= maxAccountSecrets
	for _, name := range names[:min(len(names), maxAccountSecrets)] {
		a := r.PullSecret(ctx, p.Namespace, name)
		if a.Err != nil {
			all = all && ReasonOf(a.Err) == NotFound
			continue
		}
		answer, err := keyring.Resolve(image, []keyring.Secret{a.Secret})
		if err == nil && slices.ContainsFunc(answer.Credentials(), func(c keyring.Credential) bool { return !c.Empty }) {
			return name, all
		}
	}
	return "", all
}
