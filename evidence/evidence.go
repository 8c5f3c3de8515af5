// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package evidence holds what is known about pulls: findings, facts, and for
// each thing that was not looked at, why.
//
// Evidence is plain data. Everything that asks (cluster, registry, node) ends
// in it, everything that judges or shows starts from it, and written to a file
// it is a bundle, a test's fixture or the demo's recording. It never holds the
// secret half of a credential.
package evidence

import (
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/symptom"
)

// Survey is the Evidence of one look at a cluster or at some objects of it.
type Survey struct {
	// Time of the look.
	Time time.Time `json:"time"`
	// Of are the namespaces that the look was confined to; empty: it was not, or
	// that was not written down.
	Of []string `json:"of,omitempty"`
	// Pods and Namespaces that were looked at.
	Pods       int `json:"pods"`
	Namespaces int `json:"namespaces"`
	// Waiting are those of the pods asked for by name that are still being made:
	// none of their pulls fails, and not all are known to have gone well.
	Waiting int `json:"waiting,omitempty"`
	// NotRunning are pods that do not run although no pull of theirs is known to
	// fail, at most 20. They stay here: what is handed
	// on is about pulls.
	NotRunning []NotRunning `json:"-"`
	// Pulls that fail, or that were asked for by name.
	Pulls []Evidence `json:"pulls"`
	// Unmade pods have no pull to look at yet.
	Unmade []Unmade `json:"unmade,omitempty"`
	// NotLookedAt holds for all pulls (a namespace that may not be read ...).
	NotLookedAt []Gap `json:"notLookedAt,omitempty"`
	// Sent is what the run sent to registries.
	Sent Sent `json:"sent"`
}

// NotRunning tells of a pod that does not run as it should, and of which no pull is
// known to fail.
type NotRunning struct {
	Namespace string
	Pod       string
	Node      string
	// Container that State is about, "" if it is about the whole pod.
	Container string
	State     Standing
	// Reason and message as the kubelet or the scheduler tells them.
	Reason string
	// Since its node took it up, or, where State is another than BeingMade, since
	// it was created.
	Since time.Time
}

// A Standing is how far a pod that does not run came.
type Standing string

const (
	// BeingMade: not all of its images are known to be there.
	BeingMade Standing = "being-made"
	// FailsOtherwise: the image of the container was there, and it fails of
	// something else.
	FailsOtherwise Standing = "fails-otherwise"
	// WithoutNode: no node was found for it, so none pulls for it.
	WithoutNode Standing = "without-node"
)

// Unmade tells of pods that a controller wants and cannot make, for a reason
// that has nothing to do with their images: a quota, a webhook, a service
// account that is not there. No pull of theirs fails, for there is none.
type Unmade struct {
	// Controller that makes the pods, and Owner above it (a ReplicaSet's
	// Deployment), which is the controller itself if there is none.
	Controller Object `json:"controller"`
	Owner      Object `json:"owner"`
	// Wanted pods, and Made ones; both 0 if that does not show.
	Wanted int `json:"wanted,omitempty"`
	Made   int `json:"made,omitempty"`
	// Reason and Message as the controller tells them.
	Reason  string `json:"reason"`
	Message string `json:"message"`
	// First and Last time that it was told, zero if that is not known, and how
	// often.
	First    time.Time `json:"first,omitzero"`
	Last     time.Time `json:"last,omitzero"`
	Attempts int       `json:"attempts,omitempty"`
}

// Sent counts what was sent to registries, for the one line that says so.
type Sent struct {
	Requests int `json:"requests"`
	Logins   int `json:"logins"`
}

// Evidence is all that is known about one pull.
type Evidence struct {
	Pull     Pull            `json:"pull"`
	Symptom  symptom.Symptom `json:"symptom"`
	Findings []Finding       `json:"findings"`
	// Secrets that the pod names and that could be read, without what they keep.
	Secrets     []PullSecret `json:"secrets,omitempty"`
	NotLookedAt []Gap        `json:"notLookedAt,omitempty"`
	// Impact on the workload behind the pull.
	Impact Impact `json:"impact,omitzero"`
	// Changes before the pull failed, oldest first, at most 20.
	Changes []Change `json:"changes,omitempty"`
}

// A Pull is one image that one pod wants on one node.
type Pull struct {
	Namespace     string        `json:"namespace"`
	Pod           string        `json:"pod"`
	PodUID        string        `json:"podUID,omitempty"`
	PodCreated    time.Time     `json:"podCreated,omitzero"`
	Container     string        `json:"container,omitempty"`
	ContainerKind ContainerKind `json:"containerKind,omitempty"`
	// Owner is the object that a person would edit; the pod itself if bare.
	Owner Object `json:"owner"`
	// Via are the objects between the pod and its owner, the pod's first.
	Via []Object `json:"via,omitempty"`
	// Manager of the owner, if its labels or annotations name one.
	Manager Manager `json:"manager,omitzero"`
	// Image as written in the spec; Reference as the kubelet normalises it.
	Image     string    `json:"image"`
	Reference Reference `json:"reference"`
	// Policy is Always, IfNotPresent or Never.
	Policy         string   `json:"policy,omitempty"`
	PullSecrets    []string `json:"pullSecrets,omitempty"`
	ServiceAccount string   `json:"serviceAccount,omitempty"`

	Node           string   `json:"node,omitempty"`
	Platform       Platform `json:"platform"`
	Runtime        string   `json:"runtime,omitempty"` // containerd://2.4.2
	KubeletVersion string   `json:"kubeletVersion,omitempty"`
	// OSImage is what the node says of its system: Talos (v1.11.2), Debian GNU/Linux
	// 13 (trixie). NodeRoles are those that its labels give it: control-plane,
	// microk8s-worker. Both tell how it is set up.
	OSImage   string   `json:"osImage,omitempty"`
	NodeRoles []string `json:"nodeRoles,omitempty"`

	// Reason and Message of the waiting container, as the kubelet shows them.
	Reason  string  `json:"reason,omitempty"`
	Message string  `json:"message,omitempty"`
	Events  []Event `json:"events,omitempty"`

	FirstFailed time.Time `json:"firstFailed,omitzero"`
	LastFailed  time.Time `json:"lastFailed,omitzero"`
	Attempts    int       `json:"attempts,omitempty"`
	// Next attempt lies between Earliest and Latest; zero if not known.
	NextEarliest time.Time `json:"nextEarliest,omitzero"`
	NextLatest   time.Time `json:"nextLatest,omitzero"`
}

// A ContainerKind says for what part of a pod the image is pulled.
type ContainerKind string

// The kinds.
const (
	Container          ContainerKind = "container"
	InitContainer      ContainerKind = "init"
	EphemeralContainer ContainerKind = "ephemeral"
	ImageVolume        ContainerKind = "image-volume"
	Sandbox            ContainerKind = "sandbox"
)

// Object names a Kubernetes object.
type Object struct {
	// Group of the kind's API, as GroupOf has it.
	Group     string `json:"group,omitempty"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

// String is what kubectl takes: deployment/web, rollout.argoproj.io/web.
func (o Object) String() string { return o.Type() + "/" + o.Name }

// Type is the kind as kubectl takes it: deployment, rollout.argoproj.io.
func (o Object) Type() string {
	if o.Group == "" {
		return strings.ToLower(o.Kind)
	}
	return strings.ToLower(o.Kind) + "." + o.Group
}

// GroupOf is the API group of an apiVersion: "" for the core's and for those of
// Kubernetes' own workloads, so that they are known by their kinds alone and
// nobody else's StatefulSet is taken for one of theirs.
func GroupOf(apiVersion string) string {
	group, _, ok := strings.Cut(apiVersion, "/")
	if !ok || group == "apps" || group == "batch" {
		return ""
	}
	return group
}

// Reference is an image's name in parts. Host is where it is pulled from by
// name (docker.io stays docker.io). Tag and Digest can both be set.
type Reference struct {
	Host       string `json:"host,omitempty"`
	Repository string `json:"repository,omitempty"`
	Tag        string `json:"tag,omitempty"`
	Digest     string `json:"digest,omitempty"`
	// TagImplied: nothing was written, so :latest is asked for.
	TagImplied bool `json:"tagImplied,omitempty"`
}

// Platform in Go's words: linux, arm64, v8.
type Platform struct {
	OS      string `json:"os,omitempty"`
	Arch    string `json:"arch,omitempty"`
	Variant string `json:"variant,omitempty"`
}

// Event is a Kubernetes event about the pod or its owner.
type Event struct {
	Type    string    `json:"type,omitempty"`
	Reason  string    `json:"reason"`
	Message string    `json:"message"`
	Count   int       `json:"count,omitempty"`
	First   time.Time `json:"first,omitzero"`
	Last    time.Time `json:"last,omitzero"`
}

// A Vantage is where a finding was made.
type Vantage string

// The vantages. The runtime's own error text is a node finding.
const (
	Client  Vantage = "client"
	Cluster Vantage = "cluster"
	Node    Vantage = "node"
)

// A Finding is a check's answer.
type Finding struct {
	Check   Check   `json:"check"`
	Outcome Outcome `json:"outcome"`
	Subject Subject `json:"subject"`
	Vantage Vantage `json:"vantage"`
	// Time at which the thing was seen (for an event: when it happened).
	Time time.Time `json:"time,omitzero"`
	// Took is the cost of asking, 0 if nothing was asked for it.
	Took time.Duration `json:"took,omitempty"`
	// Sentence that a person can verify, without a full stop, at most 200 bytes.
	Sentence string `json:"sentence"`
	// Details for machines: status, address, code, nearest ... Never secret.
	Details map[string]string `json:"details,omitempty"`
}

// A Subject is what a finding is about.
type Subject struct {
	Kind SubjectKind `json:"kind"`
	Name string      `json:"name"`
}

// A SubjectKind is the kind of thing a finding is about.
type SubjectKind string

// The subject kinds.
const (
	SubjectImage          SubjectKind = "image"
	SubjectRepository     SubjectKind = "repository"
	SubjectRegistry       SubjectKind = "registry"
	SubjectTokenService   SubjectKind = "token-service"
	SubjectMirror         SubjectKind = "mirror"
	SubjectBlobStore      SubjectKind = "blob-store"
	SubjectProxy          SubjectKind = "proxy"
	SubjectCredential     SubjectKind = "credential"
	SubjectSecret         SubjectKind = "secret"
	SubjectServiceAccount SubjectKind = "service-account"
	SubjectNode           SubjectKind = "node"
	SubjectPod            SubjectKind = "pod"
	SubjectWorkload       SubjectKind = "workload"
	SubjectNamespace      SubjectKind = "namespace"
)

// A Gap is something that was not looked at. It is said, and never counted.
type Gap struct {
	Check   Check   `json:"check"`
	Subject Subject `json:"subject"`
	// Why, as a sentence without a full stop: "you may not read secrets in shop".
	Why string `json:"why"`
	// Needs is what would make it possible: a verb and resource, a flag.
	Needs string `json:"needs,omitempty"`
}
