// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"fmt"
	"strings"
)

const restartRisk = "Containers go on running; pulls that are under way begin anew"

// kubeletConfig is where kubeadm puts the kubelet's configuration.
const kubeletConfig = "/var/lib/kubelet/config.yaml"

// restartRuntime starts the runtime, and finds out what ended it.
func (p byHand) restartRuntime() []Remedy {
	unit := p.runtime().unit()
	return []Remedy{{
		ID: "restart-runtime", Title: "Restart " + unit + " on " + orWords(p.node(), "the node"),
		Risks: []string{restartRisk, "A runtime that a broken configuration or a full disk ends will end again: read its log first"},
		Steps: []Step{
			{What: "Read what ended it", Where: p.onNode(), Commands: printable(sh("systemctl", "status", "--no-pager", unit), sh("journalctl", "--no-pager", "-n", "50", "-u", unit)), Afterwards: "its last words before the end"},
			{What: "Start it again", Where: p.onNode(), Commands: printable(sh("systemctl", "restart", unit)), Afterwards: "systemctl is-active " + unit + " says active"},
			{What: "See that it answers the kubelet", Where: p.onNode(), Commands: printable(sh("crictl", "info")), Afterwards: "RuntimeReady is true; the kubelet pulls at its next attempt"},
		},
		Lasting: p.drain("If it does not stay up, take the node out"),
	}}
}

// restartStuck frees a transfer that the runtime holds and that never ends.
func (p byHand) restartStuck() []Remedy {
	all := p.restartRuntime()
	all[0].Because = "it holds a transfer that does not go on, and every pull of the same layer waits for it"
	cordon := Step{What: "Keep new pods away meanwhile", Where: withKubectl, Commands: printable(sh("kubectl", "cordon", p.node())), Afterwards: "the node says SchedulingDisabled"}
	after := Step{What: "Let pods come again", Where: withKubectl, Commands: printable(sh("kubectl", "uncordon", p.node())), Afterwards: "the node says Ready alone"}
	all[0].Steps = append([]Step{cordon}, append(all[0].Steps, after)...)
	return all
}

// restartKubelet has the kubelet read its configuration again.
func (p byHand) restartKubelet() []Remedy {
	return []Remedy{{
		ID: "restart-kubelet", Title: "Restart the kubelet on " + orWords(p.node(), "the node"),
		Because: "it reads the credential providers' configuration when it starts; rights count at the next pull without that",
		Risks:   []string{"Containers go on running; every back-off on the node begins anew"},
		Steps:   []Step{p.kubeletAnew()},
	}}
}

func (p byHand) kubeletAnew() Step {
	return Step{What: "Have the kubelet read its configuration", Where: p.onNode(), Commands: printable(sh("systemctl", "restart", "kubelet")), Afterwards: "systemctl is-active kubelet says active, and the node is Ready"}
}

// drain takes a node out.
func (p byHand) drain(what string) []Step {
	return []Step{{
		What: what + ": its pods go elsewhere", Where: withKubectl,
		Commands: printable(sh("kubectl", "drain", p.node(), "--ignore-daemonsets", "--delete-emptydir-data")), Afterwards: "the node has DaemonSets' pods alone",
	}}
}

// removeImage takes a damaged or half pulled image away.
func (p byHand) removeImage() []Remedy {
	image := p.stored()
	return []Remedy{{
		ID: "remove-image", Title: "Take " + orWords(image, "the image") + " away on " + orWords(p.node(), "the node"),
		Risks: []string{"Every pod of the node that wants it pulls it anew; running containers go on"},
		Steps: []Step{
			{What: "Take the image away; of its layers those go that no other image has", Where: p.onNode(), Commands: printable(sh("crictl", "rmi", image)), Afterwards: "Deleted, or no such image: what was half pulled has no name"},
			{What: "Have it pulled", Where: p.onNode(), Commands: printable(sh("crictl", "pull", image)), Afterwards: "Image is up to date; for a private image leave this to the kubelet, whose login crictl does not have"},
		},
		Lasting: p.drain("If it is damaged again, look at the disk (dmesg, smartctl) and replace the node"),
	}}
}

// renewStore sets the runtime's whole store aside.
func (p byHand) renewStore() []Remedy {
	if p.runtime() == crio {
		return nil
	}
	return []Remedy{{
		ID: "renew-store", Title: "Set the runtime's store on " + orWords(p.node(), "the node") + " aside", Because: "only if taking the image away did not help",
		Risks: []string{"All containers of the node end, and all its images are pulled again: drain it first", "It needs the disk twice until the old store is deleted"},
		Steps: append(p.drain("Drain the node"), Step{
			What: "Stop the kubelet, end what still runs (containerd would not know it afterwards), stop containerd, set the store aside, start them", Where: p.onNode(),
			Commands:   printable(sh("systemctl", "stop", "kubelet"), sh("crictl", "rmp", "--all", "--force"), sh("systemctl", "stop", "containerd"), sh("mv", "/var/lib/containerd", "/var/lib/containerd.before"), sh("systemctl", "start", "containerd", "kubelet")),
			Afterwards: "crictl images shows what was pulled since",
		}, Step{What: "Let pods come again", Where: withKubectl, Commands: printable(sh("kubectl", "uncordon", p.node())), Afterwards: "the node is Ready, and pods start"}),
		Undo: []Step{{
			What: "Put the old store back", Where: p.onNode(),
			Commands:   printable(sh("systemctl", "stop", "kubelet"), sh("crictl", "rmp", "--all", "--force"), sh("systemctl", "stop", "containerd"), sh("mv", "/var/lib/containerd", "/var/lib/containerd.after"), sh("mv", "/var/lib/containerd.before", "/var/lib/containerd"), sh("systemctl", "start", "containerd", "kubelet")),
			Afterwards: "crictl images shows what was there",
		}},
	}}
}

// freeDisk frees what nothing uses.
func (p byHand) freeDisk() []Remedy {
	return []Remedy{{
		ID: "free-disk", Title: "Free the disk of " + orWords(p.node(), "the node"),
		Risks: []string{"Images that no container uses are pulled again when a pod wants them: not while the registry is down"},
		Steps: []Step{
			{What: "See what is full: space or inodes, and on which file system", Where: p.onNode(), Commands: printable(sh("df", "-h"), sh("df", "-i"), sh("crictl", "imagefsinfo")), Afterwards: "the file system of the runtime's store near 100 %"},
			{What: "Take away all images that no container uses", Where: p.onNode(), Commands: printable(sh("crictl", "rmi", "--prune")), Afterwards: "Deleted, image by image"},
			{What: "See what else there is, and free that: logs, core files, what somebody put there", Where: p.onNode(), Commands: printable(sh("du", "-xhd2", "/var")), Afterwards: "df shows room for the image, twice its size as it is unpacked"},
		},
		Lasting: p.drain("If nothing can be freed, enlarge the disk, or replace the node by one with a larger"),
	}}
}

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
			What: "Set " + strings.Join(said, " and "), Where: p.onNode(), Commands: printable(keepCopy(kubeletConfig), sh(append(edit, kubeletConfig)...), sh("grep", "-E", "^("+fieldNames(fields)+"):", kubeletConfig)),
			Afterwards: "grep shows each field once",
		},
		p.kubeletAnew(),
	}
	r.Steps[2].Afterwards += "; " + afterwards
	r.Undo = []Step{{What: "Put the file back", Where: p.onNode(), Commands: printable(sh("mv", kubeletConfig+".before", kubeletConfig), sh("systemctl", "restart", "kubelet")), Afterwards: "the kubelet is as it was"}}
	r.Risks = append(r.Risks, "Other nodes are not changed: put it where new nodes get their configuration from, too")
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
	const file = "/etc/kubernetes/kubelet.conf.d/90-image-verification.conf"
	return []Remedy{{
		ID: "verification-allowlist", Title: "List " + p.named() + " as an image that every pod of the node may use",
		Because: "from Kubernetes 1.35 a kubelet asks each pod for a login of its own to an image that another pod's login brought",
		Risks:   []string{"Every pod of the node can run the image without a login: only for images that are no secret", "The list replaces one that the kubelet has"},
		Steps: []Step{
			{What: "Make the folder", Where: p.onNode(), Commands: printable(sh("mkdir", "-p", "/etc/kubernetes/kubelet.conf.d")), Afterwards: "it is there"},
			{What: "Write the file, in the folder that the kubelet's flag --config-dir names; without that flag set the same two fields in its configuration file", Where: p.onNode(), File: &File{Path: file, Content: text}, Afterwards: "the file is there"},
			p.kubeletAnew(),
		},
		Undo: []Step{{What: "Take the file away", Where: p.onNode(), Commands: printable(sh("rm", "-f", file), sh("systemctl", "restart", "kubelet")), Afterwards: "the kubelet is as it was"}},
	}}
}

// progressTimeout gives a slow way more time.
func (p byHand) progressTimeout() []Remedy {
	r := Remedy{
		ID: "progress-timeout", Title: "Give pulls on " + orWords(p.node(), "the node") + " more time without progress",
		Because: "only where the way is slow and cannot be mended: each attempt keeps the layers that are complete; the kubelet's runtimeRequestTimeout does not bound pulls",
		Risks:   []string{"A pull that hangs is held longer, and what waits for it as well", restartRisk},
	}
	section, field := `[plugins.'io.containerd.cri.v1.images']`, "image_pull_progress_timeout = '15m'"
	switch p.runtime() {
	case containerd1:
		section = `[plugins."io.containerd.grpc.v1.cri"]`
	case crio:
		r.Steps = []Step{{
			What: "Write the file and restart CRI-O", Where: p.onNode(), File: &File{Path: "/etc/crio/crio.conf.d/90-pull-progress.conf", Content: "[crio.image]\npull_progress_timeout = \"15m0s\"\n"},
			Commands: printable(sh("systemctl", "restart", "crio")), Afterwards: "crio config shows pull_progress_timeout with 15m0s",
		}}
		return []Remedy{r}
	}
	r.Steps = []Step{
		{What: "Set, in /etc/containerd/config.toml below " + section + ": " + field + " (containerd 1.6 has no such field, and waits for ever)", Where: p.onNode(), Commands: printable(keepCopy("/etc/containerd/config.toml")), Afterwards: "the file is kept as /etc/containerd/config.toml.before"},
		{What: "Have containerd read it", Where: p.onNode(), Commands: printable(sh("systemctl", "restart", "containerd"), pipe(sh("containerd", "config", "dump"), sh("grep", "image_pull_progress_timeout"))), Afterwards: "image_pull_progress_timeout = '15m'"},
	}
	r.Undo = []Step{{What: "Put the file back", Where: p.onNode(), Commands: printable(sh("mv", "/etc/containerd/config.toml.before", "/etc/containerd/config.toml"), sh("systemctl", "restart", "containerd")), Afterwards: "containerd is as it was"}}
	return []Remedy{r}
}

// setClock sets the node's clock.
func (p byHand) setClock() []Remedy {
	return []Remedy{{
		ID: "set-clock", Title: "Set the clock of " + orWords(p.node(), "the node"),
		Risks: []string{"A clock that jumps disturbs what measures time by it: logs, leases, tokens; it is wrong now, which does so, too"},
		Steps: []Step{
			{What: "See how far it is off, and whether the time service runs", Where: p.onNode(), Commands: printable(sh("date", "-u"), sh("timedatectl", "status"), sh("chronyc", "tracking")), Afterwards: "System clock synchronized: no, or a System time far off"},
			{What: "Have it set by the time service, at once", Where: p.onNode(), Commands: printable(sh("timedatectl", "set-ntp", "true"), sh("chronyc", "makestep")), Afterwards: "timedatectl says System clock synchronized: yes; the next attempt gets past the TLS handshake"},
		},
		Lasting: []Step{{What: "Let nodes reach a time server (UDP 123), and watch their offset", Where: p.onNode(), Commands: printable(sh("chronyc", "sources", "-n")), Afterwards: "a source marked with *"}},
	}}
}

// loadImage brings an image to a node that may not pull it.
func (p byHand) loadImage() []Remedy {
	image := p.image()
	steps := []Step{{
		What: "Write the image to a file, where it can be pulled, for the node's platform", Where: withSources,
		Commands: printable(p.copyOut(image)), Afterwards: "image.tar is there",
	}}
	load := printable(sh("ctr", "-n", "k8s.io", "images", "import", "image.tar"))
	if p.runtime() == crio {
		load = printable(sh("skopeo", "copy", "docker-archive:image.tar", withPrefix("containers-storage:", image)))
	}
	steps = append(steps, Step{What: "Copy image.tar to the node and load it there; on every node where the pod may run", Where: p.onNode(), Commands: load, Afterwards: "crictl images lists it; the kubelet starts the container within 15 s"})
	return []Remedy{{
		ID: "load-image", Title: "Load " + orWords(image, "the image") + " on " + orWords(p.node(), "the node"), Because: "the pull policy Never leaves only what is there",
		Risks: []string{"The kubelet deletes it when the disk gets full and nothing runs it, and pulls it never"}, Steps: steps,
	}}
}

// copyOut writes an image to a file.
func (p byHand) copyOut(image string) string {
	words := []string{"skopeo", "copy"}
	if at := p.d.Pull.Platform; p.platform() != "" {
		words = append(words, "--override-os", at.OS, "--override-arch", at.Arch)
	}
	return sh(append(words, withPrefix("docker://", p.tagless(image)), withPrefix("docker-archive:image.tar:", p.pushable()))...)
}

// withPrefix is the value after a prefix, "" without a value.
func withPrefix(prefix, value string) string {
	if value == "" {
		return ""
	}
	return prefix + value
}

// tagless is the image for tools that refuse a tag beside a digest.
func (p byHand) tagless(image string) string {
	if image == "" {
		return ""
	}
	return p.stored()
}

// runtimeConfig finds what is wrong in the runtime's files.
func (p byHand) runtimeConfig() []Remedy {
	steps := []Step{
		{What: "See what the runtime says of its files, and which it reads", Where: p.onNode(), Commands: printable(sh("journalctl", "--no-pager", "-n", "100", "-u", "containerd"), sh("containerd", "config", "dump"), sh("find", certsDir, "-type", "f")), Afterwards: "a line that names the file"},
		{What: "Correct the file that it names; a hosts.toml counts at the next pull, config.toml after a restart", Where: p.onNode(), Commands: printable(sh("systemctl", "restart", "containerd")), Afterwards: "no such line since"},
	}
	if p.runtime() == crio {
		steps = []Step{
			{What: "See what CRI-O says of its files", Where: p.onNode(), Commands: printable(sh("journalctl", "--no-pager", "-n", "100", "-u", "crio"), sh("crio", "status", "config")), Afterwards: "a line that names the file"},
			{What: "Correct the file, and have CRI-O read it", Where: p.onNode(), Commands: printable(sh("systemctl", "reload", "crio")), Afterwards: "no such line since"},
		}
	}
	return []Remedy{{ID: "runtime-config", Title: "Correct the runtime's configuration on " + orWords(p.node(), "the node"), Risks: []string{restartRisk}, Steps: steps}}
}

// unpackSpace looks at what unpacking needs.
func (p byHand) unpackSpace() []Remedy {
	return []Remedy{{
		ID: "unpack-space", Title: "Give the runtime of " + orWords(p.node(), "the node") + " what unpacking needs",
		Risks: []string{restartRisk},
		Steps: []Step{
			{What: "See the file system of the store, the sub-IDs of a rootless runtime, and what the kernel says", Where: p.onNode(), Commands: printable(sh("findmnt", "-T", "/var/lib/containerd"), sh("grep", "-H", ".", "/etc/subuid", "/etc/subgid"), sh("dmesg", "--level", "err,warn")), Afterwards: "ext4 or xfs with ftype=1; sub-ID ranges of at least 65536"},
			{What: "Enlarge the range of sub-IDs, move the store to a file system that overlayfs takes, or bring the runtime up to date; then restart it", Where: p.onNode(), Commands: printable(sh("systemctl", "restart", p.runtime().unit())), Afterwards: "the next attempt unpacks the layer"},
		},
	}}
}

// askNode is the next question where the text names no cause.
func (p byHand) askNode() []Remedy {
	unit := p.runtime().unit()
	return []Remedy{{
		ID: "ask-node", Title: "Read what the node's kubelet and runtime say",
		Because: "the message names no cause, and their logs say more than events do",
		Steps: []Step{
			{What: "Read the kubelet's and the runtime's words about this pull", Where: p.onNode(), Commands: printable(sh("journalctl", "--no-pager", "-n", "200", "-u", "kubelet", "-u", unit)), Afterwards: "lines that name the image; kubectl pullmedic explain takes them from a file or standard input"},
			{What: "Have the kubelet try and speak at once: delete the pod, if an owner makes it anew", Where: withKubectl, Commands: printable(sh("kubectl", "delete", "pod", p.pod(), "-n", p.namespace())), Afterwards: "kubectl get events shows a Failed event with the whole text"},
		},
	}}
}
