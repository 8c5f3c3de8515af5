// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom

// neighbourWords are how Kubernetes and the runtimes begin what they say about
// the rest of a pod's life: its network, volumes, start, probes, hooks and
// place. What stands behind them is worded as a pull's errors are (connection
// refused, not found, unauthorized), and is about another thing.
var neighbourWords = []group{
	// The sandbox's network: containerd, CRI-O, dockershim, and the CNI library.
	{rank: asSpeaker, sign: elsewhere, words: []string{
		"failed to setup network for sandbox", "failed to set up sandbox container", "failed to create pod network sandbox", "to CNI network",
		"failed to destroy network for sandbox", "networkPlugin cni", "cni plugin not initialized", "network plugin is not ready", "container runtime network not ready",
		"failed to reserve sandbox name", "KillPodSandboxError", "failed to teardown pod",
	}},
	// Volumes: the reconciler's operations (pkg/volume/util/operationexecutor).
	{rank: asSpeaker, sign: elsewhere, words: []string{
		"|MountVolume.", "|UnmountVolume.", "|AttachVolume.", "|DetachVolume.", "|MapVolume.", "|UnmapVolume.", "unable to attach or mount volumes",
		"unable to mount volumes",
	}},
	// Probes and hooks: what they reach is the pod's own.
	{rank: asSpeaker, sign: elsewhere, words: []string{
		"liveness probe", "readiness probe", "startup probe", "probe failed:", "probe errored", "probe warning", "|PostStartHook", "|PreStopHook",
		"FailedPostStartHook", "FailedPreStopHook", "lifecycle hook",
	}},
	// A container's making and start: its settings, then the OCI runtime.
	{rank: asSpeaker, sign: elsewhere, words: []string{
		"CreateContainerConfigError", "error: secret {name} not found", "error: secrets {name} not found", "couldn't find key", "|RunContainerError",
		"failed to create containerd task", "failed to create shim task", "OCI runtime create failed", "OCI runtime exec failed", "OCI runtime start failed",
		"runc create failed", "crun: ", "starting container process caused", "unable to start container process", "container create failed",
		"failed to generate container", "failed to apply OCI options", "failed to start container", "exec user process caused", "failed to exec in container", "back-off restarting failed container",
	}},
	// Why the API server takes no pod, whatever its image: ResourceQuota,
	// LimitRange, ServiceAccount, and OpenShift's security context constraints.
	{rank: asSpeaker, sign: elsewhere, words: []string{
		"is forbidden: exceeded quota", "is forbidden: error looking up service account", "is forbidden: unable to validate against any security context constraint",
		"usage per Container is", "usage per Pod is",
	}},
	// What the kubelet and its runtime send each other, not an answer of a registry.
	{rank: asSpeaker, sign: elsewhere, words: []string{"code = ResourceExhausted desc = grpc:"}},
	{rank: asSpeaker, sign: elsewhere, words: []string{"nodes are available:", "node is available:", "persistentvolumeclaim {name} not found"}},
}

// neighbour tells that a chain speaks about something else than a pull: it
// begins so, before anybody else speaks, and nobody in it pulls.
func (e *element) neighbour(speaker *mark) bool {
	first := -1
	for _, m := range e.marks {
		switch {
		case m.group.pull:
			return false
		case m.group.sign == elsewhere && (first < 0 || m.start < first):
			first = m.start
		}
	}
	return first >= 0 && (speaker == nil || first <= speaker.start)
}

// aboutElsewhere forgets what was taken for a registry and its answer, and
// returns the verdict on such a chain. Only what holds whoever says it is told
// beside: a full disk, and a program of another platform.
func (e *element) aboutElsewhere() verdict {
	v := verdict{sign: Other}
	for _, m := range e.marks {
		switch {
		case m.group.beside != "":
			v.also = append(v.also, m.group.beside)
		case m.group.sign == DiskFull:
			v.also = append(v.also, DiskFull)
		}
	}
	*e = element{text: e.text, names: e.names, marks: e.marks, grpc: e.grpc, runtime: e.runtime, statusAt: -1}
	v.also = without(v.also, v.sign)
	return v
}
