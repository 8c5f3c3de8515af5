// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"strconv"
	"strings"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/evidence"
)

// sandboxed is what is said of the case, also where the image is that of the
// pods' sandbox: no pod names it but the runtime's own settings, and pull secrets
// do not count for it.
func (o *order) sandboxed(instruct instructor) string {
	if o.e.Pull.ContainerKind != evidence.Sandbox {
		return instruct(o)
	}
	_, runtime := o.unit()
	settings := runtime + "'s settings on " + o.node()
	switch o.judged.cause.Category {
	case catalog.Image:
		return "Correct the sandbox image in " + settings + ": it is " + o.it() + "."
	case catalog.Auth:
		return "Name a sandbox image that needs no login in " + settings + ", or a login for " + o.e.Pull.Reference.Host + " there: pull secrets do not count for it."
	case catalog.Network, catalog.Registry:
		return "Look whether the sandbox image in " + settings + " is the right one: it is " + o.it() + ". If it is, " + lower(or(instruct(o), o.judged.cause.FirstAction))
	}
	return instruct(o)
}

// lower makes a sentence of ours one that goes on.
func lower(sentence string) string {
	first, rest, _ := strings.Cut(sentence, " ")
	return strings.ToLower(first) + " " + rest
}

func (o *order) makeRoom() string {
	if f, ok := o.find(evidence.ImageExceedsDisk); ok {
		return "Enlarge the disk of " + o.node() + ", or make the image smaller: " + f.Sentence + "."
	}
	o.run("crictl", "rmi", "--prune")
	return "On " + o.node() + ", take unused images off the disk; then enlarge it, or lower imageGCHighThresholdPercent."
}

func (o *order) dropImage() string {
	o.runOn(o.image(), "crictl", "rmi")
	return "On " + o.node() + ", take " + o.it() + " out of the image store; the next attempt pulls it anew."
}

func (o *order) tryElsewhere() string {
	switch o.elsewhere() {
	case "works":
		return "Look at the disk, kernel and runtime of " + o.node() + ": another node unpacked the same image."
	case "fails":
		return "Build " + o.it() + " again: no other node can unpack it either."
	}
	return "Run " + o.it() + " on another node than " + o.node() + ": if it fails there too, build it again, else look at this node's disk and kernel."
}

func (o *order) startRuntime() string {
	unit, runtime := o.unit()
	o.run("systemctl", "status", unit)
	return "On " + o.node() + ", see why " + runtime + " does not answer, and start it."
}

func (o *order) readConfig() string {
	if o.has(evidence.ShortNameRefused) {
		return "Write the image of " + o.part() + " with its registry before it (as docker.io/ is, if Docker Hub is meant)" + o.kept() + "."
	}
	if f, ok := o.find(evidence.HostsFileUnreadable); ok && f.Details["directory"] != "" {
		return "Correct hosts.toml in " + f.Details["directory"] + " on " + o.node() + ": " + f.Details["reason"] + "."
	}
	unit, runtime := o.unit()
	o.run("journalctl", "--no-pager", "-n", "100", "-u", unit)
	return "On " + o.node() + ", correct what " + runtime + " does not take in its settings for " + o.e.Pull.Reference.Host + "; its log names the file."
}

func (o *order) giveTime() string {
	size := ""
	if f, ok := o.find(evidence.BlobsPresent); ok {
		if bytes, err := strconv.ParseInt(f.Details["bytes"], 10, 64); err == nil && bytes >= 1<<20 {
			size = " of " + strconv.FormatInt(bytes>>20, 10) + " MiB"
		}
	}
	if o.elsewhere() == "works" {
		return "Look why " + o.node() + " gets the image" + size + " so slowly from " + o.e.Pull.Reference.Host + ": another node got it in time."
	}
	return "Look how fast " + o.node() + " gets the image" + size + " from " + o.e.Pull.Reference.Host + "; then raise the time limit, or make the image smaller."
}

func (o *order) seeStuck() string {
	unit, runtime := o.unit()
	o.run("journalctl", "--no-pager", "-n", "100", "-u", unit)
	return "On " + o.node() + ", look what " + runtime + " is fetching; if that stands still, cordon the node and restart " + runtime + "."
}

func (o *order) waitTurn() string {
	return "Wait: the kubelet on " + o.node() + " tries again by itself. If it lasts, raise registryPullQPS and registryBurst there."
}

func (o *order) readNode() string {
	if !o.fails() || o.e.Pull.Node == "" {
		return ""
	}
	unit, runtime := o.unit()
	o.run("journalctl", "--no-pager", "-n", "200", "-u", "kubelet", "-u", unit)
	return "On " + o.node() + ", read what the kubelet and " + runtime + " say of " + o.it() + "; or wait for the next attempt's event."
}
