// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package bench

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// padding brings a pod, with its status and managedFields, to about 8 KB.
const padding = 1500

// annotations as tools leave them on pods.
func annotations() map[string]string {
	return map[string]string{
		"checksum/config":      strings.Repeat("0123456789abcdef", 4),
		"prometheus.io/scrape": "true", "prometheus.io/port": "8080", "prometheus.io/path": "/metrics",
		"acme.example/notes": strings.Repeat("left by a tool that keeps its state in here; ", padding/45),
	}
}

// spec of the pods, with one more container beside the one that may fail.
func (w workload) spec(image string) corev1.PodSpec {
	probe := func(path string) *corev1.Probe {
		return &corev1.Probe{PeriodSeconds: 10, ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromInt32(8080)}}}
	}
	app := corev1.Container{
		Name: "app", Image: image, ImagePullPolicy: corev1.PullIfNotPresent,
		Args:  []string{"--listen=:8080", "--log-format=json", "--config=/etc/app/config.yaml"},
		Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}},
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{"cpu": resource.MustParse("100m"), "memory": resource.MustParse("128Mi")},
			Limits:   corev1.ResourceList{"memory": resource.MustParse("256Mi")},
		},
		VolumeMounts:   []corev1.VolumeMount{{Name: "config", MountPath: "/etc/app"}, {Name: "scratch", MountPath: "/tmp"}},
		ReadinessProbe: probe("/readyz"), LivenessProbe: probe("/livez"),
	}
	for i := range 8 {
		app.Env = append(app.Env, corev1.EnvVar{Name: fmt.Sprintf("APP_SETTING_%d", i), Value: "a value of middling length"})
	}
	app.Env = append(app.Env, corev1.EnvVar{Name: "POD_IP", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "status.podIP"}}})
	side := corev1.Container{Name: "proxy", Image: w.side(), ImagePullPolicy: corev1.PullIfNotPresent, Ports: []corev1.ContainerPort{{Name: "proxy", ContainerPort: 15001}}}
	spec := corev1.PodSpec{
		Containers: []corev1.Container{app, side},
		Volumes: []corev1.Volume{
			{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: w.name}}}},
			{Name: "scratch", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
		},
		TopologySpreadConstraints: []corev1.TopologySpreadConstraint{{
			MaxSkew: 1, TopologyKey: "kubernetes.io/hostname", WhenUnsatisfiable: corev1.ScheduleAnyway,
			LabelSelector: &metav1.LabelSelector{MatchLabels: w.labels()},
		}},
	}
	if w.secret {
		spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: pullSecret}}
	}
	return spec
}

// side is the image of the second container, which always runs.
func (w workload) side() string { return kinds[0].registry + "/acme/proxy:1.4" }

// pod of that number, scheduled.
func (w workload) pod(set types.UID, replica int) *corev1.Pod {
	spec := w.spec(w.image)
	spec.NodeName = node(nodeOf(w, replica))
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: w.podName(replica), Labels: w.labelsOf(w.revision()), Annotations: annotations(),
			OwnerReferences: ownedBy("ReplicaSet", w.setName(w.revision()), set),
		},
		Spec: spec,
	}
}

// status as the kubelet tells it.
func (w workload) status(now time.Time, replica int) corev1.PodStatus {
	began := metav1.NewTime(now.Add(-longAgo))
	if w.fresh || w.text != "" {
		began = metav1.NewTime(now.Add(-justNow))
	}
	running := func(name, image string) corev1.ContainerStatus {
		return corev1.ContainerStatus{
			Name: name, Image: image, ImageID: image + "@" + digest(w.number), ContainerID: "containerd://" + digest(replica)[7:], Ready: true, Started: new(true),
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: began}},
		}
	}
	status := corev1.PodStatus{
		Phase: corev1.PodRunning, QOSClass: corev1.PodQOSBurstable, StartTime: &began,
		HostIP: "10.0.0.1", HostIPs: []corev1.HostIP{{IP: "10.0.0.1"}}, PodIP: "10.1.0.1", PodIPs: []corev1.PodIP{{IP: "10.1.0.1"}},
		ContainerStatuses: []corev1.ContainerStatus{running("app", w.image), running("proxy", w.side())},
	}
	ready := corev1.ConditionTrue
	if w.text != "" {
		ready = corev1.ConditionFalse
		status.Phase = corev1.PodPending
		status.ContainerStatuses[0] = corev1.ContainerStatus{
			Name: "app", Image: w.image, Started: new(false),
			State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: fmt.Sprintf("Back-off pulling image %q: ErrImagePull: %s", w.image, w.text)}},
		}
	}
	for _, c := range []corev1.PodConditionType{"PodReadyToStartContainers", corev1.PodInitialized, corev1.PodReady, corev1.ContainersReady, corev1.PodScheduled} {
		one := corev1.PodCondition{Type: c, Status: corev1.ConditionTrue, LastTransitionTime: began}
		if c == corev1.PodReady || c == corev1.ContainersReady {
			one.Status = ready
		}
		status.Conditions = append(status.Conditions, one)
	}
	return status
}

// events of the pod: those of a pod that began long ago are gone.
func (w workload) events(now time.Time, pod *corev1.Pod) []*corev1.Event {
	var events []*corev1.Event
	say := func(kind, reason, message string, count int32) {
		first, last := metav1.NewTime(now.Add(-failedAt)), metav1.NewTime(now)
		if count == 1 {
			last = first
		}
		path := "spec.containers{app}"
		if reason == "Scheduled" {
			path = ""
		}
		events = append(events, &corev1.Event{
			ObjectMeta:     metav1.ObjectMeta{Name: fmt.Sprintf("%s.%016x", pod.Name, len(events))},
			InvolvedObject: corev1.ObjectReference{Kind: "Pod", APIVersion: "v1", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID, ResourceVersion: pod.ResourceVersion, FieldPath: path},
			Type:           kind, Reason: reason, Message: message, Count: count, FirstTimestamp: first, LastTimestamp: last,
			Source: corev1.EventSource{Component: "kubelet", Host: pod.Spec.NodeName}, ReportingController: "kubelet", ReportingInstance: pod.Spec.NodeName,
		})
	}
	switch {
	case w.text != "":
		say("Normal", "Scheduled", fmt.Sprintf("Successfully assigned %s/%s to %s", pod.Namespace, pod.Name, pod.Spec.NodeName), 1)
		say("Normal", "Pulling", fmt.Sprintf("Pulling image %q", w.image), 4)
		say("Warning", "Failed", fmt.Sprintf("Failed to pull image %q: %s", w.image, w.text), 4)
		say("Warning", "Failed", "Error: ErrImagePull", 4)
		say("Normal", "BackOff", fmt.Sprintf("Back-off pulling image %q", w.image), 6)
		say("Warning", "Failed", "Error: ImagePullBackOff", 6)
	case w.fresh:
		say("Normal", "Scheduled", fmt.Sprintf("Successfully assigned %s/%s to %s", pod.Namespace, pod.Name, pod.Spec.NodeName), 1)
		say("Normal", "Pulled", fmt.Sprintf("Successfully pulled image %q in 1.204s (1.204s including waiting). Image size: 52428800 bytes.", w.image), 1)
		say("Normal", "Created", "Container created", 1)
		say("Normal", "Started", "Container started", 1)
	}
	return events
}
