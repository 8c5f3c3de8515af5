// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/catalog"
)

// A known is a system as a node tells of it.
type known struct {
	runtime, kubelet, image string
	roles                   []string
	os                      string
	want                    systemKind
	unit                    string // that is restarted
}

func (k known) put(s *situation) {
	pull := &s.d.Pull
	pull.Runtime, pull.KubeletVersion, pull.OSImage, pull.NodeRoles = k.runtime, k.kubelet, k.image, k.roles
	if k.os != "" {
		pull.Platform.OS = k.os
	}
}

// systemsKnown are nodes as these systems really describe themselves.
func systemsKnown() map[string]known {
	return map[string]known{
		"kubeadm":           {runtime: "containerd://2.4.2", kubelet: "v1.36.3", image: "Debian GNU/Linux 13 (trixie)", want: plain, unit: "containerd"},
		"kubeadm, 1.7":      {runtime: "containerd://1.7.29", kubelet: "v1.34.1", image: "Ubuntu 22.04.5 LTS", want: plain, unit: "containerd"},
		"kubeadm, CRI-O":    {runtime: "cri-o://1.34.0", kubelet: "v1.34.0", image: "Fedora Linux 42", want: plain, unit: "crio"},
		"Flatcar":           {runtime: "containerd://2.1.5", kubelet: "v1.34.1", image: "Flatcar Container Linux by Kinvolk 4459.2.1 (Oklo)", want: plain, unit: "containerd"},
		"k3s server":        {runtime: "containerd://2.0.4-k3s4", kubelet: "v1.32.3+k3s1", image: "Ubuntu 24.04.2 LTS", roles: []string{"control-plane", "master"}, want: k3s, unit: "k3s"},
		"k3s agent":         {runtime: "containerd://2.0.4-k3s4", kubelet: "v1.32.3+k3s1", image: "Ubuntu 24.04.2 LTS", want: k3s, unit: "k3s-agent"},
		"RKE2 server":       {runtime: "containerd://1.7.27-k3s1", kubelet: "v1.31.8+rke2r1", image: "SUSE Linux Enterprise Server 15 SP6", roles: []string{"control-plane", "etcd"}, want: rke2, unit: "rke2-server"},
		"RKE2 agent":        {runtime: "containerd://2.0.5-k3s1", kubelet: "v1.33.1+rke2r1", image: "Rocky Linux 9.5", want: rke2, unit: "rke2-agent"},
		"MicroK8s":          {runtime: "containerd://1.6.36", kubelet: "v1.32.3", image: "Ubuntu 24.04.2 LTS", roles: []string{"microk8s-controlplane"}, want: microK8s, unit: "snap.microk8s.daemon-containerd"},
		"cri-dockerd":       {runtime: "docker://27.5.1", kubelet: "v1.32.0", image: "Ubuntu 22.04.5 LTS", want: dockerd, unit: "docker"},
		"EKS":               {runtime: "containerd://2.1.5", kubelet: "v1.34.1-eks-113cf36", image: "Amazon Linux 2023.9.20251014", want: eks, unit: "containerd"},
		"Talos":             {runtime: "containerd://2.1.4", kubelet: "v1.34.1", image: "Talos (v1.11.2)", roles: []string{"control-plane"}, want: talos},
		"Bottlerocket":      {runtime: "containerd://2.1.4+bottlerocket", kubelet: "v1.34.0-eks-642f211", image: "Bottlerocket OS 1.49.0 (aws-k8s-1.34)", want: otherwise},
		"GKE":               {runtime: "containerd://2.0.6", kubelet: "v1.33.5-gke.1080000", image: "Container-Optimized OS from Google", want: otherwise},
		"GKE with Ubuntu":   {runtime: "containerd://2.0.6", kubelet: "v1.33.5-gke.1080000", image: "Ubuntu 24.04.2 LTS", want: otherwise},
		"OpenShift":         {runtime: "cri-o://1.33.4-2.rhaos4.20", kubelet: "v1.33.4", image: "Red Hat Enterprise Linux CoreOS 9.6.20251001-0 (Plow)", want: otherwise},
		"k0s":               {runtime: "containerd://1.7.28", kubelet: "v1.34.1+k0s", image: "Debian GNU/Linux 12 (bookworm)", want: otherwise},
		"Windows":           {runtime: "containerd://1.7.20", kubelet: "v1.32.9", image: "Windows Server 2022 Datacenter", os: "windows", want: otherwise},
		"Windows on Docker": {runtime: "docker://25.0.6", kubelet: "v1.28.2", os: "windows", want: otherwise},
	}
}

func TestASystemIsToldByWhatItsNodeSays(t *testing.T) {
	t.Parallel()
	for name, k := range systemsKnown() {
		s := shop(catalog.RateLimited, "docker.io")
		k.put(&s)
		if got := (byHand{&planner{d: s.d}}).system(); got.kind != k.want || got.unit != k.unit {
			t.Errorf("%s is taken for %q with unit %q, want %q with %q", name, got.kind, got.unit, k.want, k.unit)
		}
	}
}

// What one system has another has not: its commands and files name nothing of
// another's.
func TestCommandsAndFilesAreThoseOfTheNodesSystem(t *testing.T) {
	t.Parallel()
	c, ids := causes(t)
	own := map[systemKind]*regexp.Regexp{ // what only that system has
		plain:    regexp.MustCompile(`(^| )(/etc/containerd|/etc/containers|/etc/crio|/var/lib/kubelet|/etc/kubernetes|/var/lib/containerd)\b|(systemctl|-u) ?(restart|reload|stop|start|status|show)? ?(--no-pager )?(containerd|crio)\b|^containerd config|-u kubelet|restart kubelet|^crictl|^ctr\b`),
		k3s:      regexp.MustCompile(`\bk3s\b(/containerd)?`),
		rke2:     regexp.MustCompile(`rke2`),
		microK8s: regexp.MustCompile(`microk8s`),
		dockerd:  regexp.MustCompile(`/etc/docker|docker (image|system)|dockerd|restart docker|reload docker|/var/lib/docker|unix:///run/cri-dockerd`),
		talos:    regexp.MustCompile(`talos`),
	}
	// Docker's nodes have the kubelet of kubeadm, EKS's the units, and k3s's
	// containerd's socket is RKE2's too.
	shares := map[systemKind][]systemKind{dockerd: {plain}, eks: {plain}, rke2: {k3s}}
	for name, k := range systemsKnown() {
		for _, id := range ids {
			for _, host := range []string{"docker.io", "harbor.acme.example:8443"} {
				s := shop(id, host).given(t)
				k.put(&s)
				for _, r := range s.plan(t, c) {
					if r.Kind != HandedOver {
						continue
					}
					for _, step := range slices.Concat(r.Steps, r.Lasting, r.Undo) {
						texts := step.Commands
						if step.File != nil {
							texts = append(slices.Clone(texts), step.File.Path)
						}
						onNode := strings.Contains(step.Where, "on node ") || strings.HasSuffix(step.Where, anyNode) || strings.HasSuffix(step.Where, thatNode)
						if onNode && len(texts) > 0 && (k.want == otherwise || k.want == talos) {
							t.Errorf("%s, %s, %s: a command on the node: %q", name, id, r.ID, texts)
						}
						for _, text := range texts {
							for kind, pattern := range own {
								if kind != k.want && (onNode || kind == talos) && !slices.Contains(shares[k.want], kind) && pattern.MatchString(text) {
									t.Errorf("%s, %s, %s: %q is of %q", name, id, r.ID, text, kind)
								}
							}
						}
					}
				}
			}
		}
	}
}

// A store is set aside only where it is the runtime's alone, and what is restarted is
// what runs there.
func TestWhatWouldDoHarmOnAnotherSystemIsNotHandedOver(t *testing.T) {
	t.Parallel()
	c, _ := causes(t)
	for name, k := range systemsKnown() {
		s := shop(catalog.CorruptedCache, "docker.io")
		k.put(&s)
		renewed := slices.ContainsFunc(s.plan(t, c), func(r Remedy) bool { return r.ID == "renew-store" })
		if want := (k.want == plain || k.want == eks) && k.unit == "containerd"; renewed != want {
			t.Errorf("%s: renew-store is handed over: %v, want %v", name, renewed, want)
		}
		s = shop(catalog.RuntimeUnavailable, "docker.io")
		k.put(&s)
		all := s.plan(t, c)
		at := slices.IndexFunc(all, func(r Remedy) bool { return r.ID == "restart-runtime" })
		if at < 0 {
			t.Errorf("%s: nothing is said of its runtime", name)
			continue
		}
		var commands []string
		for _, step := range all[at].Steps {
			commands = append(commands, step.Commands...)
		}
		if want := "systemctl restart " + k.unit; slices.Contains(commands, want) != (k.unit != "") {
			t.Errorf("%s: %q, want %q among them", name, commands, want)
		}
		if warned := strings.Contains(strings.Join(all[at].Risks, "\n"), "live-restore"); warned != (k.want == dockerd) {
			t.Errorf("%s: the risks are %q", name, all[at].Risks)
		}
	}
}

// What is told in words names where that is set on the system.
func TestASystemWithoutCommandsIsToldInWords(t *testing.T) {
	t.Parallel()
	for id, name := range map[string]string{
		"Talos": "machine.registries", "Bottlerocket": "settings.container-registry.mirrors", "GKE": "containerd configuration", "OpenShift": "ImageDigestMirrorSet", "k0s": "/etc/k0s/containerd.d", "Windows": "config_path",
	} {
		s := shop(catalog.MirrorFailure, "docker.io")
		systemsKnown()[id].put(&s)
		r := handed(t, s, "hosts-toml-direct")
		if len(r.Steps) != 1 || !strings.Contains(r.Steps[0].What, name) || len(r.Steps[0].Commands) > 0 || r.Steps[0].File != nil || r.Steps[0].Afterwards == "" {
			t.Errorf("%s: %+v", id, r.Steps)
		}
	}
	for name, topics := range otherWords() {
		for topic := ofMirrors; topic <= ofTime; topic++ {
			if topics[topic] == "" || talosWords()[topic] == "" {
				t.Errorf("%s or Talos has no words for topic %d", name, topic)
			}
		}
	}
}

func TestAMirrorStandsWhereTheSystemReadsIt(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]struct{ host, mirror, path, content string }{
		"k3s agent":   {"docker.io", "mirror.acme.example", "/etc/rancher/k3s/registries.yaml", "mirrors:\n  \"docker.io\":\n    endpoint:\n    - \"https://mirror.acme.example\"\n"},
		"RKE2 server": {"docker.io", "mirror.acme.example/hub", "/etc/rancher/rke2/registries.yaml", "mirrors:\n  \"docker.io\":\n    endpoint:\n    - \"https://mirror.acme.example\"\n    rewrite:\n      \"^(.*)$\": \"hub/$1\"\n"},
		"MicroK8s":    {"docker.io", "mirror.acme.example", "/var/snap/microk8s/current/args/certs.d/docker.io/hosts.toml", "server = \"https://registry-1.docker.io\"\n\n[host.\"https://mirror.acme.example\"]\n  capabilities = [\"pull\", \"resolve\"]\n"},
		"cri-dockerd": {"docker.io", "mirror.acme.example", "/etc/docker/daemon.json", "{\n  \"registry-mirrors\": [\n    \"https://mirror.acme.example\"\n  ]\n}\n"},
		"Talos":       {"docker.io", "mirror.acme.example/hub", "talos-patch.yaml", "machine:\n  registries:\n    mirrors:\n      \"docker.io\":\n        endpoints:\n        - \"https://mirror.acme.example/v2/hub\"\n        overridePath: true\n"},
		"kubeadm":     {"quay.io", "mirror.acme.example", "/etc/containerd/certs.d/quay.io/hosts.toml", "server = \"https://quay.io\"\n\n[host.\"https://mirror.acme.example\"]\n  capabilities = [\"pull\", \"resolve\"]\n"},
	} {
		s := shop(catalog.RateLimited, k.host)
		systemsKnown()[name].put(&s)
		s.o.Mirror = k.mirror
		r := handed(t, s, "hosts-toml-mirror")
		if f := file(r, ""); f == nil || f.Path != k.path || f.Content != k.content {
			t.Errorf("%s: got %+v", name, f)
		}
	}
	for _, k := range []struct{ host, mirror string }{{"quay.io", "mirror.acme.example"}, {"docker.io", "mirror.acme.example/hub"}} {
		s := shop(catalog.RateLimited, k.host)
		systemsKnown()["cri-dockerd"].put(&s)
		s.o.Mirror = k.mirror
		if r := handed(t, s, "hosts-toml-mirror"); file(r, "") != nil || !strings.Contains(r.Steps[0].What, "Docker Hub alone") {
			t.Errorf("Docker is to ask %s for %s: %+v", k.mirror, k.host, r.Steps)
		}
	}
}

// A plan of June keeps what was there in June, whatever one of March kept.
func TestEachPlanKeepsWhatItFound(t *testing.T) {
	t.Parallel()
	c, ids := causes(t)
	copies := regexp.MustCompile(`\.(before|after)[^ ']*`)
	for name, k := range systemsKnown() {
		for _, id := range ids {
			seen := map[time.Month]map[string]bool{}
			for _, month := range []time.Month{time.March, time.June} {
				seen[month] = map[string]bool{}
				s := shop(id, "docker.io").given(t)
				k.put(&s)
				s.k.Now = time.Date(2026, month, 1, 12, 0, 0, 0, time.UTC)
				for _, r := range s.plan(t, c) {
					for _, step := range slices.Concat(r.Steps, r.Undo) {
						for _, command := range step.Commands {
							for _, copied := range copies.FindAllString(command, -1) {
								if !strings.HasSuffix(copied, s.k.Now.Format("-20060102-150405")) {
									t.Errorf("%s, %s, %s: %q keeps it under a name of no plan", name, id, r.ID, command)
								}
								seen[month][copied] = true
							}
						}
					}
				}
			}
			for copied := range maps.Keys(seen[time.March]) {
				if seen[time.June][copied] {
					t.Errorf("%s, %s: both plans keep it as %s", name, id, copied)
				}
			}
		}
	}
}
