// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// maxSentence is the length of a finding's sentence in bytes.
const maxSentence = 200

func finding(check evidence.Check, o evidence.Outcome, s evidence.Subject, at time.Time, format string, args ...any) evidence.Finding {
	return evidence.Finding{
		Check: check, Outcome: o, Subject: s, Vantage: evidence.Cluster, Time: at,
		Sentence: foreign.Text(fmt.Sprintf(format, args...), maxSentence),
	}
}

func pod(p evidence.Pull) evidence.Subject {
	return evidence.Subject{Kind: evidence.SubjectPod, Name: p.Namespace + "/" + p.Pod}
}

func secret(name string) evidence.Subject {
	return evidence.Subject{Kind: evidence.SubjectSecret, Name: name}
}

// GapOf words what was not looked at because the API server did not answer. What
// holds for every question is told without this one, so that a person reads it
// once.
func GapOf(check evidence.Check, s evidence.Subject, err error) evidence.Gap {
	var e *Error
	if !errors.As(err, &e) {
		return evidence.Gap{Check: check, Subject: s, Why: foreign.Text(err.Error(), maxSentence)}
	}
	g := evidence.Gap{Check: check, Subject: s, Why: foreign.Text(e.Error(), maxSentence)}
	if why := e.noAnswers(); why != "" {
		g.Why = foreign.Text(why, maxSentence)
		return g
	}
	switch e.Reason {
	case Forbidden:
		g.Needs = e.Needs()
		g.Why = "you may not read " + e.what()
		if e.Verb == "list" {
			g.Why = "you may not list " + e.what()
			if e.Namespace == "" && e.Resource != "nodes" {
				g.Why += " of all namespaces"
			}
		}
	case NoCluster:
		g.Needs = "a cluster"
	case TimedOut:
		g.Why = "the API server did not answer in time for " + e.what()
	}
	return g
}

// ReadReference tells whether the image's name is well-formed.
func ReadReference(p evidence.Pull, image string, now time.Time) evidence.Finding {
	subject := evidence.Subject{Kind: evidence.SubjectImage, Name: p.Image}
	ref, err := keyring.ParseImage(image)
	if err != nil {
		return finding(evidence.CheckReference, evidence.ReferenceInvalid, subject, now, "%s", strings.TrimPrefix(err.Error(), "reading the image's name: "))
	}
	sentence := Canonical(ref) + " is well-formed"
	if ref.TagImplied {
		sentence += "; no tag is written, so :latest is asked for"
	}
	return finding(evidence.CheckReference, evidence.ReferenceValid, subject, now, "%s", sentence)
}

// ReadPolicy tells what the kubelet says about the policy Never; nothing else
// about policies decides a pull.
func ReadPolicy(p evidence.Pull, now time.Time) []evidence.Finding {
	if p.Reason != "ErrImageNeverPull" {
		return nil
	}
	f := finding(evidence.CheckPolicy, evidence.PolicyNeverAndAbsent, evidence.Subject{Kind: evidence.SubjectImage, Name: p.Image}, now,
		"imagePullPolicy is Never, and the kubelet says that the image is not usable on %s", orThe(p.Node, "node"))
	f.Vantage = evidence.Node
	return []evidence.Finding{f}
}

// ReadNode takes the node's platform, runtime and kubelet over into the pull
// and tells of its disk.
func ReadNode(p *evidence.Pull, node *corev1.Node, now time.Time) []evidence.Finding {
	info := node.Status.NodeInfo
	p.Platform = evidence.Platform{OS: foreign.Text(info.OperatingSystem, 40), Arch: foreign.Text(info.Architecture, 40)}
	p.Runtime = foreign.Text(info.ContainerRuntimeVersion, 80)
	p.KubeletVersion = foreign.Text(info.KubeletVersion, 80)
	p.OSImage, p.NodeRoles = foreign.Text(info.OSImage, 120), rolesOf(node)
	subject := evidence.Subject{Kind: evidence.SubjectNode, Name: node.Name}
	var found []evidence.Finding
	if p.Platform.Arch != "" {
		found = append(found, finding(evidence.CheckNode, evidence.NodePlatformKnown, subject, now,
			"node %s is %s/%s, with %s and kubelet %s", node.Name, p.Platform.OS, p.Platform.Arch, p.Runtime, p.KubeletVersion))
	}
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeDiskPressure && c.Status == corev1.ConditionTrue {
			f := finding(evidence.CheckNode, evidence.NodeDiskPressure, subject, now,
				"node %s has disk pressure since %s", node.Name, c.LastTransitionTime.UTC().Format("2006-01-02 15:04:05 UTC"))
			f.Vantage = evidence.Node // the kubelet says so
			found = append(found, f)
		}
	}
	return found
}

// maxRoles bounds the roles of a node that are kept.
const maxRoles = 10

// rolesOf are a node's roles, in their order: those that kubectl shows, and those
// that MicroK8s marks its nodes with.
func rolesOf(node *corev1.Node) []string {
	var roles []string
	for label := range node.Labels {
		role, ok := strings.CutPrefix(label, "node-role.kubernetes.io/")
		if !ok {
			role, ok = strings.CutPrefix(label, "node.kubernetes.io/")
			ok = ok && strings.HasPrefix(role, "microk8s-")
		}
		if ok && role != "" {
			roles = append(roles, foreign.Text(role, 63))
		}
	}
	slices.Sort(roles)
	return roles[:min(len(roles), maxRoles)]
}

func orThe(name, what string) string {
	if name == "" {
		return "the " + what
	}
	return name
}
