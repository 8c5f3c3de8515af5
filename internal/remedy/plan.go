// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
)

// A planner makes the remedies for one diagnosis of a case.
type planner struct {
	Case
	catalog *catalog.Catalog
	d       diagnosis.Diagnosis
	cause   diagnosis.Cause
	o       Options
}

// A family makes remedies of one sort, none if they do not apply.
type family func(*planner) []Remedy

// families tells which remedies mend which cause, in the order of preference.
// Every cause has what is handed over besides; a test walks the catalogue.
func families() map[string][]family {
	image := []family{(*planner).followTemplate, (*planner).previousImage, (*planner).earlierTemplate, (*planner).otherImage}
	platform := []family{(*planner).followTemplate, (*planner).previousImage, (*planner).earlierTemplate, (*planner).nodeSelector, (*planner).otherImage}
	content := []family{(*planner).followTemplate, (*planner).previousImage, (*planner).earlierTemplate, (*planner).copyElsewhere, (*planner).otherImage}
	retired := []family{(*planner).followTemplate, (*planner).movedImage, (*planner).previousImage, (*planner).earlierTemplate, (*planner).copyElsewhere, (*planner).otherImage}
	unreached := []family{(*planner).copyElsewhere, (*planner).heldImage, (*planner).otherImage}
	never := []family{(*planner).allowPull}
	login := []family{(*planner).login}
	limited := []family{(*planner).login, (*planner).copyElsewhere, (*planner).heldImage, (*planner).otherImage}
	unknown := []family{(*planner).login, (*planner).previousImage, (*planner).otherImage}
	return map[string][]family{
		catalog.InvalidImageName:    image,
		catalog.RepositoryNotFound:  image,
		catalog.TagNotFound:         image,
		catalog.DigestNotFound:      image,
		catalog.PlatformMismatch:    platform,
		catalog.UnsupportedManifest: image,
		catalog.LayerMissing:        content,
		catalog.ContentMismatch:     image,

		catalog.DNSFailure:            unreached,
		catalog.ConnectionTimeout:     unreached,
		catalog.ConnectionRefused:     unreached,
		catalog.ConnectionReset:       unreached,
		catalog.NoRoute:               unreached,
		catalog.TLSVersionUnsupported: unreached,
		catalog.TLSUntrusted:          unreached,
		catalog.TLSInvalid:            unreached,
		catalog.ClockSkew:             unreached,
		catalog.HTTPInsteadOfHTTPS:    unreached,
		catalog.ProxyFailure:          unreached,

		catalog.RegistryUnavailable:   unreached,
		catalog.RegistryRetired:       retired,
		catalog.RegistryPolicyBlocked: image,
		catalog.UpstreamCacheFailure:  unreached,

		catalog.RuntimeConfigInvalid: unreached,
		catalog.PullTimeout:          unreached,

		catalog.NeverPull:         never,
		catalog.SignatureRejected: image,
		catalog.AdmissionDenied:   image,

		catalog.MirrorFailure: unreached,

		catalog.CredentialsMissing:          login,
		catalog.SecretMissing:               login,
		catalog.SecretNotUsed:               login,
		catalog.ServiceAccountRace:          login,
		catalog.CredentialsInvalid:          login,
		catalog.CredentialsExpired:          login,
		catalog.CredentialProviderFailure:   login,
		catalog.CredentialsBreakPublicImage: login,
		catalog.SecretMalformed:             login,
		catalog.PermissionDenied:            login,
		catalog.AccessDeniedAmbiguous:       unknown,
		catalog.RateLimited:                 limited,
		catalog.CredentialReverification:    login,
	}
}

func (p *planner) plan() []Remedy {
	var all []Remedy
	if p.o.Rollback || p.o.Restart || p.o.Recreate {
		all = p.emergency()
	} else {
		if p.cause.State == diagnosis.Cleared && p.o.To == "" && len(p.o.Logins) == 0 {
			all = p.freshBackOff() // nothing is left to mend
		} else {
			for _, f := range families()[p.cause.Cause] {
				all = append(all, f(p)...)
			}
			if p.o.To != "" && !slices.ContainsFunc(all, func(r Remedy) bool { return r.ID == "set-image" || r.Image == p.o.To }) {
				all = append(p.otherImage(), all...) // whatever the cause, another image has not got it
			}
		}
		all = append(all, p.handOver()...)
		all = append(all, p.wait()...)
	}
	for i := range all {
		if all[i].Cause == "" {
			all[i].Cause = p.cause.Cause
		}
		all[i].Container = p.d.Pull.Container
		p.takesAlong(&all[i])
	}
	slices.SortStableFunc(all, func(a, b Remedy) int { return rank(a) - rank(b) })
	return all
}

// rank puts first that nothing needs to be done, then what can be done now: what
// ends no container that runs before what does, that before what restarts healthy
// pods, and steps that can be followed as they are before those that need something
// first.
func rank(r Remedy) int {
	switch {
	case r.ID == nextAttempt:
		return -2
	case r.Kind == Applied && r.Needs == "" && r.Restarts == 0 && r.Ends == 0:
		return -1
	case r.Kind == Applied && r.Needs == "" && r.Restarts == 0:
		return 0
	case r.Kind == Applied && r.Needs == "":
		return 1
	case r.Kind == Applied:
		return 2
	case r.Kind == HandedOver && r.Needs == "":
		return 3
	case r.Kind == HandedOver:
		return 4
	}
	return 5
}

// takesAlong counts the failing pods that a remedy evicts though other containers of
// them run, and says so: a pod of which one container fails is not healthy, and may
// keep a database all the same.
func (p *planner) takesAlong(r *Remedy) {
	if r.Kind != Applied || r.Wake != WakeEvict {
		return
	}
	ofTemplate := slices.ContainsFunc(r.Changes, func(c Change) bool { return c.Object == p.Target.Object })
	var goes, stay []string
	for _, pod := range p.Failing(p.d.Pull) {
		spared := PodReady(pod) && r.NeedsForce == "" || ofTemplate && Ordinal(pod) < p.Target.Partition
		switch {
		case spared || !runsSomething(pod):
		case r.TakenUp(pod):
			stay = append(stay, pod.Name)
		default:
			goes = append(goes, pod.Name)
		}
	}
	switch r.Ends = len(goes); r.Ends {
	case 0:
	case 1:
		r.Risks = append(r.Risks, "other containers of "+goes[0]+" run, and go with it")
	default:
		r.Risks = append(r.Risks, "other containers of "+counted(len(goes), "failing pod")+" run, and go with them: "+listed(goes))
	}
	if len(stay) > 0 {
		r.Risks = append(r.Risks, "not evicted, as other containers run: "+listed(stay)+"; the kubelet takes the change up with its next attempt, at most 315 s later")
	}
}

// TakenUp tells a failing pod that worked, of which other containers run, and that
// itself names all that the remedy writes: its kubelet takes that up with its next
// attempt, so that an eviction would save the wait and no more.
func (r Remedy) TakenUp(pod *corev1.Pod) bool {
	if len(r.Changes) == 0 || pod.Status.Phase != corev1.PodRunning || !runsSomething(pod) {
		return false
	}
	return !slices.ContainsFunc(r.Changes, func(c Change) bool {
		return c.Object.Kind != "Secret" || !slices.ContainsFunc(pod.Spec.ImagePullSecrets, func(s corev1.LocalObjectReference) bool { return s.Name == c.Object.Name })
	})
}

func runsSomething(pod *corev1.Pod) bool {
	return slices.ContainsFunc(slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses), func(s corev1.ContainerStatus) bool { return s.State.Running != nil })
}

// Ready tells whether the remedy can be applied as it is.
func (r Remedy) Ready() bool { return r.Kind == Applied && r.Needs == "" }
