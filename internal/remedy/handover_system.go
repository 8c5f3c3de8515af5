// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"slices"
	"strings"
)

// A system is how a node's runtime and kubelet are set up: what they are called, and
// where their files are. What is "" a system does not have, or has elsewhere.
type system struct {
	kind systemKind
	name string // as people call it; "" for the plain one
	// unit of systemd that runs the runtime, and the one that runs the kubelet.
	unit, kubelet string
	// crictl and ctr with what they need to find the runtime.
	crictl, ctr []string
	// certs is the folder of hosts.toml, registries the one file of all registries,
	// and dir the folder of that file.
	certs, registries, dir string
	// store of images, and log of the runtime if that is a file.
	store, log string
	// dropIns of the kubelet's configuration.
	dropIns string
	// proxyPrefix is put before the names of a proxy's variables.
	proxyPrefix string
}

// A systemKind tells systems apart.
type systemKind string

const (
	plain      systemKind = ""          // containerd or CRI-O and a kubelet, each a unit of systemd
	k3s        systemKind = "k3s"       // https://docs.k3s.io/installation/private-registry
	rke2       systemKind = "rke2"      // https://docs.rke2.io/install/private_registry
	microK8s   systemKind = "microk8s"  // https://canonical.com/microk8s/docs/configuring-services
	dockerd    systemKind = "docker"    // Docker behind cri-dockerd
	eks        systemKind = "eks"       // Amazon's images with systemd: the kubelet's file is made anew at each start
	talos      systemKind = "talos"     // no shell: https://docs.siderolabs.com/talos
	otherwise  systemKind = "otherwise" // told in words alone
	rancher               = "/var/lib/rancher/"
	microSnap             = "/var/snap/microk8s/current/args"
	windowsOS             = "windows"
	kubeletDir            = "/etc/kubernetes/kubelet.conf.d"
)

// system of the node, by what its kubelet, its runtime and its operating system call
// themselves. The kubelet goes first: RKE2 runs the containerd of k3s.
func (p byHand) system() system {
	pull := p.d.Pull
	version, image := pull.KubeletVersion, strings.ToLower(pull.OSImage)
	server := slices.Contains(pull.NodeRoles, "control-plane") || slices.Contains(pull.NodeRoles, "master")
	micro := slices.ContainsFunc(pull.NodeRoles, func(r string) bool { return strings.HasPrefix(r, "microk8s-") })
	words := func(name string) system { return system{kind: otherwise, name: name} }
	switch {
	case pull.Platform.OS == windowsOS || strings.HasPrefix(image, "windows"):
		return words(onWindows)
	case strings.HasPrefix(image, "talos"):
		return system{kind: talos, name: "Talos"}
	case strings.HasPrefix(image, "bottlerocket"):
		return words(onBottlerocket)
	case strings.HasPrefix(image, "container-optimized os"), strings.Contains(version, "-gke."):
		return words(onGKE)
	case strings.Contains(image, "coreos") && strings.HasPrefix(pull.Runtime, "cri-o:"):
		return words(onOpenShift)
	case strings.Contains(version, "+k0s"):
		return words(onK0s)
	case strings.Contains(version, "+rke2"):
		s := rancherSystem(rke2, "RKE2", "rke2-agent")
		if server {
			s.unit, s.kubelet = "rke2-server", "rke2-server"
		}
		s.crictl = []string{rancher + "rke2/bin/crictl", "--config", rancher + "rke2/agent/etc/crictl.yaml"}
		s.ctr = []string{rancher + "rke2/bin/ctr", "--address", "/run/k3s/containerd/containerd.sock", "-n", "k8s.io"}
		return s
	case strings.Contains(version, "+k3s"), strings.Contains(pull.Runtime, "-k3s"):
		s := rancherSystem(k3s, "k3s", "k3s-agent")
		if server {
			s.unit, s.kubelet = "k3s", "k3s"
		}
		s.crictl, s.ctr = []string{"k3s", "crictl"}, []string{"k3s", "ctr", "-n", "k8s.io"}
		return s
	case micro:
		return system{
			kind: microK8s, name: "MicroK8s", unit: "snap.microk8s.daemon-containerd", kubelet: "snap.microk8s.daemon-kubelite",
			ctr: []string{"microk8s", "ctr"}, certs: microSnap + "/certs.d", store: "/var/snap/microk8s/common/var/lib/containerd",
		}
	case strings.HasPrefix(pull.Runtime, "docker:"):
		return system{
			kind: dockerd, name: "Docker", unit: "docker", kubelet: "kubelet",
			crictl: []string{"crictl", "--runtime-endpoint", "unix:///run/cri-dockerd.sock"}, store: "/var/lib/docker", dropIns: kubeletDir,
		}
	}
	s := system{unit: p.runtime().unit(), kubelet: "kubelet", crictl: []string{"crictl"}, ctr: []string{"ctr", "-n", "k8s.io"}, certs: certsDir, store: "/var/lib/containerd", dropIns: kubeletDir}
	if p.runtime() == crio {
		s.store = "/var/lib/containers/storage"
	}
	if strings.Contains(version, "-eks-") {
		s.kind, s.name = eks, "EKS"
	}
	return s
}

// rancherSystem is what k3s and RKE2 have in common. An agent has another unit than
// a server, and one unit runs all.
func rancherSystem(kind systemKind, name, agent string) system {
	home := rancher + string(kind) + "/agent"
	return system{
		kind: kind, name: name, unit: agent, kubelet: agent, dir: "/etc/rancher/" + string(kind), registries: "/etc/rancher/" + string(kind) + "/registries.yaml",
		store: home + "/containerd", log: home + "/containerd/containerd.log", dropIns: home + "/etc/kubelet.conf.d", proxyPrefix: "CONTAINERD_",
	}
}

// isServer tells that the cluster's own servers run in the same unit.
func (s system) isServer() bool { return s.unit == "k3s" || s.unit == "rke2-server" }

// commands tells that what is done on a node is known as commands for a shell.
func (s system) commands() bool { return s.kind != talos && s.kind != otherwise }

// with is a command of one of the system's own programs, "" if it has none.
func with(program []string, words ...string) string {
	if len(program) == 0 {
		return ""
	}
	return sh(slices.Concat(program, words)...)
}

// units that say what the kubelet and the runtime do, each once.
func (s system) units() []string {
	all := []string{s.kubelet, s.unit}
	if s.kind == dockerd {
		all = append(all, "cri-docker")
	}
	return slices.Compact(all)
}

// journal reads the last lines of units.
func journal(lines string, units ...string) string {
	words := []string{"journalctl", "--no-pager", "-n", lines}
	for _, u := range units {
		words = append(words, "-u", u)
	}
	return sh(words...)
}

// logs are the commands that read what the runtime said.
func (s system) logs(lines string) []string {
	if s.log != "" {
		return printable(sh("tail", "-n", lines, s.log), journal(lines, s.unit))
	}
	return printable(journal(lines, s.unit))
}

// restartRisks are what a restart of the runtime's unit does beside what it is for.
func (s system) restartRisks() []string {
	switch {
	case s.kind == dockerd:
		return []string{"Docker ends all its containers when it is restarted, unless live-restore is set in /etc/docker/daemon.json: drain the node first"}
	case s.isServer():
		return []string{restartRisk, "The node's API server is away until " + s.name + " is up again"}
	}
	return []string{restartRisk}
}

// suited has a remedy say what it says for the node's own system. Where nobody here
// knows commands for that, words take their place.
func (p byHand) suited(r Remedy) (Remedy, bool) {
	s, at := p.system(), p.onNode()
	here := func(steps []Step) bool {
		return slices.ContainsFunc(steps, func(s Step) bool {
			return s.Where == at || s.Where == anyNode || s.Where == thatNode
		})
	}
	if s.commands() || !here(r.Steps) && !here(r.Undo) && !here(r.Lasting) {
		return r, true
	}
	how := s.how(r.ID)
	if how == "" {
		return r, false
	}
	kept := func(steps []Step, what, afterwards string) []Step {
		var some []Step
		for _, step := range steps {
			switch {
			case step.Where != at && step.Where != anyNode && step.Where != thatNode:
				some = append(some, step)
			case what != "":
				some = append(some, Step{What: what, Where: at, Afterwards: afterwards})
				what = ""
			}
		}
		return some
	}
	afterwards := "the next attempt succeeds"
	if topicOf(r.ID) == ofLooking {
		afterwards = "what stands in the way"
	}
	r.Steps = kept(r.Steps, "On "+s.name+": "+how, afterwards)
	r.Lasting = kept(r.Lasting, "", "")
	r.Undo = kept(r.Undo, "Take it back where it was set", "the node is as it was")
	r.Risks = slices.DeleteFunc(slices.Clone(r.Risks), func(risk string) bool { return strings.Contains(risk, "/") })
	return r, true
}
