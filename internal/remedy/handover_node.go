// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"strings"
)

const restartRisk = "Containers go on running; pulls that are under way begin anew"

// restartRuntime starts the runtime, and finds out what ended it.
func (p byHand) restartRuntime() []Remedy {
	s := p.system()
	unit := s.unit
	see := with(s.crictl, "info")
	if s.kind == microK8s {
		see = with(s.ctr, "version")
	}
	return []Remedy{{
		ID: "restart-runtime", Title: "Restart " + orWords(unit, "the runtime") + " on " + orWords(p.node(), "the node"),
		Risks: append(s.restartRisks(), "A runtime that a broken configuration or a full disk ends will end again: read its log first"),
		Steps: []Step{
			{What: "Read what ended it", Where: p.onNode(), Commands: append(printable(sh("systemctl", "status", "--no-pager", unit)), s.logs("50")...), Afterwards: "its last words before the end"},
			{What: "Start it again", Where: p.onNode(), Commands: printable(sh("systemctl", "restart", unit)), Afterwards: "systemctl is-active " + unit + " says active"},
			{What: "See that it answers the kubelet", Where: p.onNode(), Commands: printable(see), Afterwards: "RuntimeReady is true, or a version is told; the kubelet pulls at its next attempt"},
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
	unit := p.system().kubelet
	return Step{What: "Have the kubelet read its configuration", Where: p.onNode(), Commands: printable(sh("systemctl", "restart", unit)), Afterwards: "systemctl is-active " + orWords(unit, "kubelet") + " says active, and the node is Ready"}
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
	image, s := p.stored(), p.system()
	take, pull := "", ""
	if image != "" {
		take, pull = with(s.crictl, "rmi", image), with(s.crictl, "pull", image)
	}
	if s.kind == microK8s && image != "" {
		take, pull = with(s.ctr, "images", "rm", image), ""
	}
	return []Remedy{{
		ID: "remove-image", Title: "Take " + orWords(image, "the image") + " away on " + orWords(p.node(), "the node"),
		Risks: []string{"Every pod of the node that wants it pulls it anew; running containers go on"},
		Steps: []Step{
			{What: "Take the image away; of its layers those go that no other image has", Where: p.onNode(), Commands: printable(take), Afterwards: "Deleted, or no such image: what was half pulled has no name"},
			{What: "Have it pulled", Where: p.onNode(), Commands: printable(pull), Afterwards: "Image is up to date; for a private image leave this to the kubelet, whose login crictl does not have"},
		},
		Lasting: p.drain("If it is damaged again, look at the disk (dmesg, smartctl) and replace the node"),
	}}
}

// renewStore sets the runtime's whole store aside.
func (p byHand) renewStore() []Remedy {
	if k := p.system().kind; k != plain && k != eks || p.runtime() == crio {
		return nil // Docker's store has more in it than images, and that of k3s its own parts
	}
	return []Remedy{{
		ID: "renew-store", Title: "Set the runtime's store on " + orWords(p.node(), "the node") + " aside", Because: "only if taking the image away did not help",
		Risks: []string{"All containers of the node end, and all its images are pulled again: drain it first", "It needs the disk twice until the old store is deleted"},
		Steps: append(p.drain("Drain the node"), Step{
			What: "Stop the kubelet, end what still runs (containerd would not know it afterwards), stop containerd, set the store aside, start them", Where: p.onNode(),
			Commands:   printable(sh("systemctl", "stop", "kubelet"), sh("crictl", "rmp", "--all", "--force"), sh("systemctl", "stop", "containerd"), sh("mv", "/var/lib/containerd", p.copyOf("/var/lib/containerd")), sh("systemctl", "start", "containerd", "kubelet")),
			Afterwards: "crictl images shows what was pulled since",
		}, Step{What: "Let pods come again", Where: withKubectl, Commands: printable(sh("kubectl", "uncordon", p.node())), Afterwards: "the node is Ready, and pods start"}),
		Undo: []Step{{
			What: "Put the old store back", Where: p.onNode(),
			Commands:   printable(sh("systemctl", "stop", "kubelet"), sh("crictl", "rmp", "--all", "--force"), sh("systemctl", "stop", "containerd"), sh("mv", "/var/lib/containerd", strings.Replace(p.copyOf("/var/lib/containerd"), "before", "after", 1)), sh("mv", p.copyOf("/var/lib/containerd"), "/var/lib/containerd"), sh("systemctl", "start", "containerd", "kubelet")),
			Afterwards: "crictl images shows what was there",
		}},
	}}
}

// freeDisk frees what nothing uses.
func (p byHand) freeDisk() []Remedy {
	s := p.system()
	size, prune, told := with(s.crictl, "imagefsinfo"), with(s.crictl, "rmi", "--prune"), "Take away all images that no container uses"
	switch s.kind {
	case dockerd:
		size, prune = sh("docker", "system", "df"), sh("docker", "image", "prune", "--all")
	case microK8s:
		size, told = with(s.ctr, "images", "ls", "-q"), "Take away images that no container uses, one by one (microk8s ctr images rm NAME); the kubelet frees them by itself once image-gc is set"
	}
	return []Remedy{{
		ID: "free-disk", Title: "Free the disk of " + orWords(p.node(), "the node"),
		Risks: []string{"Images that no container uses are pulled again when a pod wants them: not while the registry is down"},
		Steps: []Step{
			{What: "See what is full: space or inodes, and on which file system", Where: p.onNode(), Commands: printable(sh("df", "-h"), sh("df", "-i"), size), Afterwards: "the file system of the runtime's store near 100 %"},
			{What: told, Where: p.onNode(), Commands: printable(prune), Afterwards: "Deleted, image by image"},
			{What: "See what else there is, and free that: logs, core files, what somebody put there", Where: p.onNode(), Commands: printable(sh("du", "-xhd2", "/var")), Afterwards: "df shows room for the image, twice its size as it is unpacked"},
		},
		Lasting: p.drain("If nothing can be freed, enlarge the disk, or replace the node by one with a larger"),
	}}
}

// progressTimeout gives a slow way more time.
func (p byHand) progressTimeout() []Remedy {
	r := Remedy{
		ID: "progress-timeout", Title: "Give pulls on " + orWords(p.node(), "the node") + " more time without progress",
		Because: "only where the way is slow and cannot be mended: each attempt keeps the layers that are complete; the kubelet's runtimeRequestTimeout does not bound pulls",
		Risks:   []string{"A pull that hangs is held longer, and what waits for it as well", restartRisk},
	}
	s := p.system()
	const limit = "image_pull_progress_timeout = '15m'"
	switch s.kind {
	case dockerd:
		return nil // it has no such setting
	case k3s, rke2:
		r.Steps = []Step{{
			What:  "Copy config-v3.toml.tmpl of containerd 2 (config.toml.tmpl of containerd 1), as " + s.name + " documents it, into " + rancher + string(s.kind) + "/agent/etc/containerd, with " + limit + " below the images plugin (of containerd 1 the cri plugin); then restart " + s.unit,
			Where: p.onNode(), Commands: printable(sh("systemctl", "restart", s.unit), sh("grep", "image_pull_progress_timeout", rancher+string(s.kind)+"/agent/etc/containerd/config.toml")), Afterwards: limit,
		}}
		return []Remedy{r}
	case microK8s:
		const file = microSnap + "/containerd-template.toml"
		r.Steps = []Step{{
			What: "Set, in " + file + " below the cri plugin: " + limit + "; then restart " + s.unit, Where: p.onNode(),
			Commands: printable(p.keepCopy(file), sh("systemctl", "restart", s.unit)), Afterwards: "the file was kept as " + p.copyOf(file),
		}}
		return []Remedy{r}
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
		{What: "Set, in /etc/containerd/config.toml below " + section + ": " + field + " (containerd 1.6 has no such field, and waits for ever)", Where: p.onNode(), Commands: printable(p.keepCopy("/etc/containerd/config.toml")), Afterwards: "the file is kept as " + p.copyOf("/etc/containerd/config.toml")},
		{What: "Have containerd read it", Where: p.onNode(), Commands: printable(sh("systemctl", "restart", "containerd"), pipe(sh("containerd", "config", "dump"), sh("grep", "image_pull_progress_timeout"))), Afterwards: "image_pull_progress_timeout = '15m'"},
	}
	r.Undo = []Step{{What: "Put the file back", Where: p.onNode(), Commands: printable(sh("mv", p.copyOf("/etc/containerd/config.toml"), "/etc/containerd/config.toml"), sh("systemctl", "restart", "containerd")), Afterwards: "containerd is as it was"}}
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
	s := p.system()
	load, lists := printable(with(s.ctr, "images", "import", "image.tar")), "crictl images"
	switch {
	case s.kind == microK8s:
		lists = "microk8s ctr images ls"
	case s.kind == dockerd:
		load = printable(sh("docker", "image", "load", "--input", "image.tar"))
	case p.runtime() == crio:
		load = printable(sh("skopeo", "copy", "docker-archive:image.tar", withPrefix("containers-storage:", image)))
	}
	steps = append(steps, Step{What: "Copy image.tar to the node and load it there; on every node where the pod may run", Where: p.onNode(), Commands: load, Afterwards: lists + " lists it; the kubelet starts the container within 15 s"})
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
	switch s := p.system(); {
	case s.registries != "":
		steps = []Step{
			{What: "See what the runtime says of its files, which " + s.name + " makes of " + s.registries + " and of its own configuration when it starts", Where: p.onNode(), Commands: append(s.logs("100"), printable(sh("find", rancher+string(s.kind)+"/agent/etc/containerd", "-type", "f"))...), Afterwards: "a line that names the file"},
			{What: "Correct what that file is made of, and have " + s.name + " make it anew", Where: p.onNode(), Commands: printable(sh("systemctl", "restart", s.unit)), Afterwards: "no such line since"},
		}
	case s.kind == microK8s:
		steps = []Step{
			{What: "See what the runtime says of its files", Where: p.onNode(), Commands: append(s.logs("100"), printable(sh("find", s.certs, "-type", "f"))...), Afterwards: "a line that names the file"},
			{What: "Correct the file that it names, or containerd-template.toml below " + microSnap + ", of which config.toml is made", Where: p.onNode(), Commands: printable(sh("systemctl", "restart", s.unit)), Afterwards: "no such line since"},
		}
	case s.kind == dockerd:
		steps = []Step{
			{What: "See what Docker says of its file", Where: p.onNode(), Commands: append(s.logs("100"), printable(sh("dockerd", "--validate", "--config-file", daemonFile))...), Afterwards: "a line that names the setting"},
			{What: "Correct it, and have Docker read it", Where: p.onNode(), Commands: printable(sh("systemctl", "reload", s.unit)), Afterwards: "configuration OK, and no such line since"},
		}
	case p.runtime() == crio:
		steps = []Step{
			{What: "See what CRI-O says of its files", Where: p.onNode(), Commands: printable(sh("journalctl", "--no-pager", "-n", "100", "-u", "crio"), sh("crio", "status", "config")), Afterwards: "a line that names the file"},
			{What: "Correct the file, and have CRI-O read it", Where: p.onNode(), Commands: printable(sh("systemctl", "reload", "crio")), Afterwards: "no such line since"},
		}
	}
	return []Remedy{{ID: "runtime-config", Title: "Correct the runtime's configuration on " + orWords(p.node(), "the node"), Risks: []string{restartRisk}, Steps: steps}}
}

// unpackSpace looks at what unpacking needs.
func (p byHand) unpackSpace() []Remedy {
	s := p.system()
	return []Remedy{{
		ID: "unpack-space", Title: "Give the runtime of " + orWords(p.node(), "the node") + " what unpacking needs",
		Risks: s.restartRisks(),
		Steps: []Step{
			{What: "See the file system of the store, the sub-IDs of a rootless runtime, and what the kernel says", Where: p.onNode(), Commands: printable(sh("findmnt", "-T", s.store), sh("grep", "-H", ".", "/etc/subuid", "/etc/subgid"), sh("dmesg", "--level", "err,warn")), Afterwards: "ext4 or xfs with ftype=1; sub-ID ranges of at least 65536"},
			{What: "Enlarge the range of sub-IDs, move the store to a file system that overlayfs takes, or bring the runtime up to date; then restart it", Where: p.onNode(), Commands: printable(sh("systemctl", "restart", s.unit)), Afterwards: "the next attempt unpacks the layer"},
		},
	}}
}

// askNode is the next question where the text names no cause.
func (p byHand) askNode() []Remedy {
	s := p.system()
	words := printable(journal("200", s.units()...))
	if s.log != "" {
		words = append(words, sh("tail", "-n", "200", s.log))
	}
	return []Remedy{{
		ID: "ask-node", Title: "Read what the node's kubelet and runtime say",
		Because: "the message names no cause, and their logs say more than events do",
		Steps: []Step{
			{What: "Read the kubelet's and the runtime's words about this pull", Where: p.onNode(), Commands: words, Afterwards: "lines that name the image; kubectl pullmedic explain takes them from a file or standard input"},
			{What: "Have the kubelet try and speak at once: delete the pod, if an owner makes it anew", Where: withKubectl, Commands: printable(sh("kubectl", "delete", "pod", p.pod(), "-n", p.namespace())), Afterwards: "kubectl get events shows a Failed event with the whole text"},
		},
	}}
}
