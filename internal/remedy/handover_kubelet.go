// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"fmt"
	"strings"
)

// kubeletConfig is where kubeadm puts the kubelet's configuration.
const kubeletConfig = "/var/lib/kubelet/config.yaml"

// imageGC has the kubelet begin earlier.
func (p byHand) imageGC() []Remedy {
	r := Remedy{
		ID: "image-gc", Title: "Have the kubelet free images earlier",
		Because: "by default it begins at 85 % and frees down to 80 %, which on a small disk is less than one large image",
		Risks:   []string{"Images are pulled more often"},
	}
	return []Remedy{p.kubeletSetting(r, [][2]string{{"imageGCHighThresholdPercent", "75"}, {"imageGCLowThresholdPercent", "60"}}, "the node frees images once its disk is 75 % full")}
}

// pullQPS lets the kubelet begin more pulls.
func (p byHand) pullQPS() []Remedy {
	r := Remedy{
		ID: "pull-qps", Title: "Let the kubelet of " + orWords(p.node(), "the node") + " begin more pulls at a time",
		Because: "registryPullQPS (default 5) and registryBurst (default 10) bound how many pulls begin; more fail at once and wait for their back-off",
		Risks:   []string{"The registry gets more requests at a time, and may count them", "Every back-off on the node begins anew"},
	}
	return []Remedy{p.kubeletSetting(r, [][2]string{{"registryPullQPS", "20"}, {"registryBurst", "40"}}, "no more pull QPS exceeded")}
}

// parallelPulls keeps one pull that hangs from holding up all others.
func (p byHand) parallelPulls() []Remedy {
	r := Remedy{
		ID: "parallel-pulls", Title: "Let the kubelet of " + orWords(p.node(), "the node") + " pull several images at a time",
		Because: "by default (serializeImagePulls) every pull of the node waits for the one that hangs",
		Risks:   []string{"Several pulls share the way and the disk: each alone is slower", "Every back-off on the node begins anew"},
	}
	return []Remedy{p.kubeletSetting(r, [][2]string{{"serializeImagePulls", "false"}, {"maxParallelImagePulls", "5"}}, "other pods of the node pull while this one hangs")}
}

// kubeletSetting sets top-level fields of the kubelet's configuration file.
func (p byHand) kubeletSetting(r Remedy, fields [][2]string, afterwards string) Remedy {
	if s := p.system(); s.kind != plain && s.kind != dockerd {
		return p.kubeletElsewhere(r, s, fields, afterwards)
	}
	edit := []string{"sed", "-i"}
	var said []string
	for _, f := range fields {
		edit = append(edit, "-e", "/^"+f[0]+":/d")
		said = append(said, f[0]+": "+f[1])
	}
	for _, s := range said {
		edit = append(edit, "-e", "$a "+s)
	}
	r.Steps = []Step{
		{
			What:  "See which file the kubelet reads (--config); where its configuration is a provider's (EKS, GKE, AKS), set the fields in the node group instead, and where --config-dir is set, in a file NN-pulls.conf there",
			Where: p.onNode(), Commands: printable(sh("ps", "-ww", "-o", "args=", "-C", "kubelet")), Afterwards: "--config=" + kubeletConfig + ", else use that path below",
		},
		{
			What: "Set " + strings.Join(said, " and "), Where: p.onNode(), Commands: printable(p.keepCopy(kubeletConfig), sh(append(edit, kubeletConfig)...), sh("grep", "-E", "^("+fieldNames(fields)+"):", kubeletConfig)),
			Afterwards: "grep shows each field once",
		},
		p.kubeletAnew(),
	}
	r.Steps[2].Afterwards += "; " + afterwards
	r.Undo = []Step{{What: "Put the file back", Where: p.onNode(), Commands: printable(sh("mv", p.copyOf(kubeletConfig), kubeletConfig), sh("systemctl", "restart", "kubelet")), Afterwards: "the kubelet is as it was"}}
	r.Risks = append(r.Risks, "Other nodes are not changed: put it where new nodes get their configuration from, too")
	return r
}

// kubeletElsewhere sets fields of the kubelet where its configuration stands in no
// file of its own. Its flags have other names; where a field has none (maxParallelImagePulls),
// there is no bound on what it bounds.
func (p byHand) kubeletElsewhere(r Remedy, s system, fields [][2]string, afterwards string) Remedy {
	flags := map[string]string{
		"registryPullQPS": "registry-qps", "registryBurst": "registry-burst", "serializeImagePulls": "serialize-image-pulls",
		"imageGCHighThresholdPercent": "image-gc-high-threshold", "imageGCLowThresholdPercent": "image-gc-low-threshold",
	}
	var set []string
	var patch strings.Builder
	patch.WriteString("machine:\n  kubelet:\n    extraConfig:\n")
	edit, grep := []string{"sed", "-i"}, []string{}
	for _, f := range fields {
		fmt.Fprintf(&patch, "      %s: %s\n", f[0], f[1])
		if flag := flags[f[0]]; flag != "" {
			set = append(set, flag+"="+f[1])
			grep = append(grep, flag)
			edit = append(edit, "-e", "/^--"+flag+"[= ]/d")
		}
	}
	for _, one := range set {
		edit = append(edit, "-e", "$a --"+one)
	}
	risk := "Other nodes are not changed: put it where new nodes get their configuration from, too"
	switch s.kind {
	case k3s, rke2:
		dir := s.dir + "/config.yaml.d"
		file := dir + "/90-pulls.yaml"
		// A plus behind a name adds to what other files say.
		text := "kubelet-arg+:\n"
		for _, one := range set {
			text += fmt.Sprintf("- %q\n", one)
		}
		r.Steps = []Step{
			{What: "Make the folder of further files of " + s.name + "'s configuration", Where: p.onNode(), Commands: printable(sh("mkdir", "-p", dir), p.keepCopy(file)), Afterwards: "it is there; what kubelet-arg says of the same in " + s.dir + "/config.yaml has to go"},
			{What: "Write the file", Where: p.onNode(), File: &File{Path: file, Content: text}, Afterwards: "the file is there"},
			p.kubeletAnew(),
		}
		r.Undo = []Step{{What: "Put the file back", Where: p.onNode(), Commands: printable(p.putBack(file), sh("systemctl", "restart", s.kubelet)), Afterwards: "the kubelet is as it was"}}
		r.Risks = append(append(r.Risks, s.restartRisks()...), risk)
	case microK8s:
		const file = microSnap + "/kubelet"
		r.Steps = []Step{
			{What: "Set the kubelet's flags " + strings.Join(set, ", "), Where: p.onNode(), Commands: printable(p.keepCopy(file), sh(append(edit, file)...), sh("grep", "-E", "^--("+strings.Join(grep, "|")+")=", file)), Afterwards: "grep shows each flag once"},
			p.kubeletAnew(),
		}
		r.Undo = []Step{{What: "Put the file back", Where: p.onNode(), Commands: printable(sh("mv", p.copyOf(file), file), sh("systemctl", "restart", s.kubelet)), Afterwards: "the kubelet is as it was"}}
		r.Risks = append(r.Risks, risk)
	case talos:
		return p.patched(r, patch.String(), "Write the patch", "Talos restarts the kubelet by itself; "+afterwards)
	default: // of EKS, and of what is told in words
		how := "Set the fields in the node group: under spec.kubelet.config of nodeadm's NodeConfig, or in the arguments of bootstrap.sh; a node makes its file anew when it starts"
		r.Steps = []Step{{What: how, Where: p.onNode(), Afterwards: "nodes that are made from now on have them; " + afterwards}}
		return r
	}
	r.Steps[len(r.Steps)-1].Afterwards += "; " + afterwards
	return r
}

func fieldNames(fields [][2]string) string {
	var names []string
	for _, f := range fields {
		names = append(names, f[0])
	}
	return strings.Join(names, "|")
}

// verificationAllowlist names images that every pod may use once they are there.
func (p byHand) verificationAllowlist() []Remedy {
	if p.named() == "" {
		return []Remedy{{ID: "verification-allowlist", Title: "List the image as one that every pod of the node may use",
			Steps: []Step{{What: "Add the image to preloadedImagesVerificationAllowlist in the kubelet's configuration", Where: p.onNode(), Afterwards: "pods without its secret start from the copy on the node"}}}}
	}
	text := fmt.Sprintf("apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nimagePullCredentialsVerificationPolicy: NeverVerifyAllowlistedImages\npreloadedImagesVerificationAllowlist:\n- %q\n", p.named())
	s := p.system()
	if s.dropIns == "" && s.commands() {
		return []Remedy{{ID: "verification-allowlist", Title: "List " + p.named() + " as an image that every pod of the node may use",
			Steps: []Step{{What: "Add the image to preloadedImagesVerificationAllowlist, and set imagePullCredentialsVerificationPolicy to NeverVerifyAllowlistedImages, in a configuration of the kubelet that its flag --config-dir names", Where: p.onNode(), Afterwards: "pods without its secret start from the copy on the node"}}}}
	}
	folder := orWords(s.dropIns, kubeletDir)
	file := folder + "/90-image-verification.conf"
	return []Remedy{{
		ID: "verification-allowlist", Title: "List " + p.named() + " as an image that every pod of the node may use",
		Because: "from Kubernetes 1.35 a kubelet asks each pod for a login of its own to an image that another pod's login brought",
		Risks:   []string{"Every pod of the node can run the image without a login: only for images that are no secret", "The list replaces one that the kubelet has"},
		Steps: []Step{
			{What: "Make the folder", Where: p.onNode(), Commands: printable(sh("mkdir", "-p", folder)), Afterwards: "it is there"},
			{What: "Write the file, in the folder that the kubelet's flag --config-dir names; without that flag set the same two fields in its configuration file", Where: p.onNode(), File: &File{Path: file, Content: text}, Afterwards: "the file is there"},
			p.kubeletAnew(),
		},
		Undo: []Step{{What: "Take the file away", Where: p.onNode(), Commands: printable(sh("rm", "-f", file), sh("systemctl", "restart", orWords(s.kubelet, "kubelet"))), Afterwards: "the kubelet is as it was"}},
	}}
}
