// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"slices"

	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// waitsForAttempt is the risk of a remedy that no pod is made anew for.
const waitsForAttempt = "nothing makes this pod again, so it waits for its next attempt"

// FreshName adds to a remedy for a bare pod, which would wait its back-off out,
// that its image is named by digest: it is the same image, and the kubelet has
// no back-off for that name. The digest is often known only from the proof,
// which asks the registry with the credential that the remedy brings. False if
// there is nothing to add; the remedy that is given stays as it is.
func (c Case) FreshName(d diagnosis.Diagnosis, r Remedy, digest string) (Remedy, bool) {
	place, ok := find(c.Target.Template.Spec, d.Pull)
	switch {
	case !ok, c.Target.Kind != "Pod", r.Kind != Applied, r.Image != "", r.Foresee == nil, d.Pull.Reference.Digest != "":
		return r, false
	case d.Pull.ContainerKind == evidence.ImageVolume: // a pod's volumes cannot be changed
		return r, false
	}
	image := place.image + "@" + digest
	if ref, err := keyring.ParseImage(image); err != nil || digest == "" || ref.Digest != digest {
		return r, false
	}
	r.Image = image
	r.Changes = append(slices.Clone(r.Changes), Change{Object: c.Target.Object, Edits: []Edit{
		{Path: c.TemplatePath() + place.path + "/name", Old: place.name, New: place.name},
		{Path: c.TemplatePath() + place.path + place.field, Old: place.image, New: image, Label: "container " + place.name + ": image"},
	}})
	foresee := *r.Foresee
	foresee.Pods = nil
	for _, pod := range r.Foresee.Pods {
		pod = pod.DeepCopy()
		place.set(&pod.Spec, image)
		foresee.Pods = append(foresee.Pods, pod)
	}
	r.Foresee = &foresee
	r.Risks = append(slices.DeleteFunc(slices.Clone(r.Risks), func(s string) bool { return s == waitsForAttempt }),
		"the pod's image is named by its digest from now on, which gives it a fresh back-off")
	return r, true
}
