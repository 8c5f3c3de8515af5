// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// Bounds on text that enters from pods.
const (
	maxMessage = 8 << 10
	maxReason  = 300
	maxImage   = 1 << 10
)

// sandboxGrace is how long a pod may be without a sandbox before its events are
// worth a question.
const sandboxGrace = 5 * time.Second

// FailingPulls returns the pulls of the pod that fail by its status, whatever
// its phase; none for a pod that is being deleted, which nobody wants any more.
//
// A waiting container counts if its reason is one of the kubelet's for pulls
// (pkg/kubelet/images/types.go, cri-api/pkg/errors), or free text: from v1.33
// on a pull secret or a name that cannot be parsed shows as such, and nothing
// else does. A failing image volume shows as its reason on the containers that
// mount it.
func FailingPulls(pod *corev1.Pod) []evidence.Pull {
	if pod.DeletionTimestamp != nil {
		return nil
	}
	var pulls []evidence.Pull
	volumes := map[string]bool{}
	for _, c := range containersOf(pod) {
		if c.status == nil || c.status.State.Waiting == nil {
			continue
		}
		waiting := c.status.State.Waiting
		if !waitsForPull(waiting.Reason, waiting.Message) {
			continue
		}
		p := newPull(pod)
		p.Reason, p.Message = foreign.Text(waiting.Reason, maxReason), shorten(waiting.Message)
		if v := failingVolume(pod, c, waiting); v != nil {
			if volumes[v.Name] {
				continue
			}
			volumes[v.Name] = true
			p.Container, p.ContainerKind, p.Policy = v.Name, evidence.ImageVolume, string(v.Image.PullPolicy)
			setImage(&p, v.Image.Reference)
		} else {
			p.Container, p.ContainerKind, p.Policy = c.name, c.kind, string(c.policy)
			setImage(&p, c.image)
		}
		pulls = append(pulls, p)
	}
	return pulls
}

// Pulls returns every pull that the pod wants, failing or not, without reason
// and message.
func Pulls(pod *corev1.Pod) []evidence.Pull {
	var pulls []evidence.Pull
	for _, c := range containersOf(pod) {
		p := newPull(pod)
		p.Container, p.ContainerKind, p.Policy = c.name, c.kind, string(c.policy)
		setImage(&p, c.image)
		pulls = append(pulls, p)
	}
	for _, v := range pod.Spec.Volumes {
		if v.Image != nil {
			p := newPull(pod)
			p.Container, p.ContainerKind, p.Policy = v.Name, evidence.ImageVolume, string(v.Image.PullPolicy)
			setImage(&p, v.Image.Reference)
			pulls = append(pulls, p)
		}
	}
	return pulls
}

// WaitsForSandbox tells a pod that lies on a node and has not one container
// made: its pause image may be what cannot be pulled, which shows in an event
// only, or a pull of it hangs, or failed while the kubelet could not write it
// down.
func WaitsForSandbox(pod *corev1.Pod) bool {
	if pod.DeletionTimestamp != nil || pod.Spec.NodeName == "" || pod.Status.Phase != corev1.PodPending {
		return false
	}
	return !slices.ContainsFunc(containersOf(pod), func(c container) bool { return !unmade(c) })
}

// takenUp is when the pod's kubelet took it up: before that, no pull of it can
// have begun, however old the pod is.
func takenUp(pod *corev1.Pod) time.Time {
	if t := pod.Status.StartTime; t != nil {
		return t.Time
	}
	return pod.CreationTimestamp.Time
}

// MayHang tells a pod of which one container's turn has come, long ago, and that
// is still not made, while others of the pod run or are done: its pull may hang,
// which shows in an event only. That a pod has not one container made,
// WaitsForSandbox tells.
func MayHang(pod *corev1.Pod, now time.Time) bool {
	if pod.DeletionTimestamp != nil || pod.Spec.NodeName == "" || now.Sub(takenUp(pod)) < stuckAfter ||
		pod.Status.Phase != corev1.PodPending && pod.Status.Phase != corev1.PodRunning || allMade(pod) {
		return false
	}
	starting := false // an init container's turn has come, so that of the others has not
	for _, c := range containersOf(pod) {
		switch c.kind {
		case evidence.InitContainer:
			if starting {
				continue
			}
			starting = c.status == nil || c.status.State.Terminated == nil && (!c.sidecar || c.status.Started == nil || !*c.status.Started)
		case evidence.Container:
			if starting {
				continue
			}
		}
		if unmade(c) {
			return true
		}
	}
	return false
}

// allMade tells, cheaply, the many pods of which every container was made.
func allMade(pod *corev1.Pod) bool {
	made := func(specs int, statuses []corev1.ContainerStatus) bool {
		return len(statuses) >= specs && !slices.ContainsFunc(statuses, func(s corev1.ContainerStatus) bool { return s.State.Waiting != nil })
	}
	return made(len(pod.Spec.InitContainers), pod.Status.InitContainerStatuses) &&
		made(len(pod.Spec.Containers), pod.Status.ContainerStatuses) &&
		made(len(pod.Spec.EphemeralContainers), pod.Status.EphemeralContainerStatuses)
}

// unmade tells a container that nothing was heard of but that it is to be made.
func unmade(c container) bool {
	if c.status == nil {
		return true
	}
	w := c.status.State.Waiting
	return w != nil && (w.Reason == "ContainerCreating" || w.Reason == "PodInitializing")
}

// newPull fills in what all pulls of a pod share.
func newPull(pod *corev1.Pod) evidence.Pull {
	p := evidence.Pull{
		Namespace: pod.Namespace, Pod: pod.Name, PodUID: string(pod.UID), PodCreated: pod.CreationTimestamp.Time,
		Owner:          evidence.Object{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name},
		ServiceAccount: pod.Spec.ServiceAccountName,
		Node:           pod.Spec.NodeName,
	}
	if c := metav1.GetControllerOf(pod); c != nil {
		p.Owner = Owner(pod.Namespace, *c)
	}
	for _, s := range pod.Spec.ImagePullSecrets {
		p.PullSecrets = append(p.PullSecrets, foreign.Text(s.Name, 253))
	}
	if pod.Spec.OS != nil {
		p.Platform.OS = string(pod.Spec.OS.Name)
	}
	return p
}

// setImage sets the image as written, harmless to show, and the reference that
// is made of it; none if the name is not well-formed.
func setImage(p *evidence.Pull, image string) {
	p.Image = foreign.Text(image, maxImage)
	if p.Image != image {
		return // no valid name has characters that are cut
	}
	if ref, err := keyring.ParseImage(image); err == nil {
		p.Reference = ref
	}
}

// Written returns the image of a pull as the pod's spec has it, which can hold
// characters that Pull.Image leaves out.
func Written(pod *corev1.Pod, p evidence.Pull) string {
	if p.ContainerKind == evidence.ImageVolume {
		for _, v := range pod.Spec.Volumes {
			if v.Name == p.Container && v.Image != nil {
				return v.Image.Reference
			}
		}
	}
	for _, c := range containersOf(pod) {
		if c.kind == p.ContainerKind && c.name == p.Container {
			return c.image
		}
	}
	return p.Image
}

// A container of any kind with its status.
type container struct {
	name, image string
	kind        evidence.ContainerKind
	policy      corev1.PullPolicy
	mounts      []corev1.VolumeMount
	sidecar     bool // an init container that goes on running
	status      *corev1.ContainerStatus
}

func containersOf(pod *corev1.Pod) []container {
	var all []container
	add := func(kind evidence.ContainerKind, c corev1.Container, statuses []corev1.ContainerStatus) {
		one := container{name: c.Name, image: c.Image, kind: kind, policy: c.ImagePullPolicy, mounts: c.VolumeMounts,
			sidecar: c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways}
		if i := slices.IndexFunc(statuses, func(s corev1.ContainerStatus) bool { return s.Name == c.Name }); i >= 0 {
			one.status = &statuses[i]
		}
		all = append(all, one)
	}
	for _, c := range pod.Spec.InitContainers {
		add(evidence.InitContainer, c, pod.Status.InitContainerStatuses)
	}
	for _, c := range pod.Spec.Containers {
		add(evidence.Container, c, pod.Status.ContainerStatuses)
	}
	for _, c := range pod.Spec.EphemeralContainers {
		add(evidence.EphemeralContainer, corev1.Container(c.EphemeralContainerCommon), pod.Status.EphemeralContainerStatuses)
	}
	return all
}

func waitsForPull(reason, message string) bool {
	switch reason {
	case "ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError",
		"RegistryUnavailable", "SignatureValidationFailed":
		return true
	case "CreateContainerError":
		return strings.HasPrefix(message, "ImageVolumeMountFailed")
	}
	return strings.ContainsAny(reason, " :")
}

// failingVolume returns the image volume that the waiting container's message
// is about, nil if it is about the container's own image.
func failingVolume(pod *corev1.Pod, c container, w *corev1.ContainerStateWaiting) *corev1.Volume {
	mountFailed := strings.HasPrefix(w.Message, "ImageVolumeMountFailed")
	if !mountFailed && Names(w.Message, c.image) {
		return nil
	}
	var only *corev1.Volume
	mounted := 0
	for i, v := range pod.Spec.Volumes {
		if v.Image == nil || !slices.ContainsFunc(c.mounts, func(m corev1.VolumeMount) bool { return m.Name == v.Name }) {
			continue
		}
		if Names(w.Message, v.Image.Reference) {
			return &pod.Spec.Volumes[i]
		}
		mounted++
		only = &pod.Spec.Volumes[i]
	}
	if mountFailed && mounted == 1 {
		return only
	}
	return nil
}

// Names tells whether a text names the image, as written or as the runtimes
// write it out.
func Names(text, image string) bool {
	if image == "" {
		return false
	}
	if holds(text, image) {
		return true
	}
	ref, err := keyring.ParseImage(image)
	return err == nil && holds(text, Canonical(ref))
}

// holds tells whether text holds name as a whole word of a reference.
func holds(text, name string) bool {
	for at := 0; ; {
		i := strings.Index(text[at:], name)
		if i < 0 {
			return false
		}
		start, end := at+i, at+i+len(name)
		if (start == 0 || !partOfName(text[start-1])) && (end == len(text) || !continuesName(text[end:])) {
			return true
		}
		at = start + 1
	}
}

func partOfName(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || strings.IndexByte("._-/@", b) >= 0
}

// continuesName: a colon or dot ends a name if a blank or the text's end follows.
func continuesName(rest string) bool {
	if rest[0] == ':' || rest[0] == '.' {
		return len(rest) > 1 && partOfName(rest[1])
	}
	return partOfName(rest[0])
}

// Canonical is the image's full name: host, repository, tag and digest.
func Canonical(r evidence.Reference) string {
	name := r.Host + "/" + r.Repository
	if r.Tag != "" {
		name += ":" + r.Tag
	}
	if r.Digest != "" {
		name += "@" + r.Digest
	}
	return name
}
