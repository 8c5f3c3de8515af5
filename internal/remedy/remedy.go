// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package remedy plans how a cause is mended: what would be changed, on which
// objects, at what risk, and how it is taken back; what has to be done by hand
// on a node, at a registry or in a cloud account; or how long to wait.
//
// It is pure: it gets a Case (what was gathered about one workload whose pulls
// fail) and gives Remedies, the best first. Nothing is asked and nothing is
// changed here; internal/mend carries a remedy out. It never chooses different
// code by itself: another image than one that this workload ran before, or the
// same content by its digest, is only ever what the person names. It prefers what restarts no healthy pod.
package remedy

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// A Kind says who carries a remedy out.
type Kind string

// The kinds.
const (
	Applied    Kind = "applied"     // Pullmedic changes objects of the cluster
	HandedOver Kind = "handed-over" // a person runs commands or writes files
	Wait       Kind = "wait"        // nothing is to be done until a time
)

// A Remedy is a plan that mends a cause of one pull.
type Remedy struct {
	// ID names the remedy among all, in lower case with hyphens.
	ID string
	// Cause that it mends, an id of the catalogue.
	Cause string
	Kind  Kind
	// Title is one imperative line without a full stop: "Set container app back
	// to registry.example/acme/app:1.27.4".
	Title string
	// Because says what it rests on, without a full stop: "revision 17 ran it,
	// and still serves 4 of 6 pods". "" if nothing needs to be said.
	Because string
	// Container whose pull it mends, or image volume.
	Container string
	// Near are whole images that exist and are named almost as the one that fails, of
	// a remedy that needs --to. None of them is ever chosen.
	Near []string
	// Needs is the flag that has to be given before it can be carried out
	// ("--to IMAGE"); such a remedy has no Changes.
	Needs string

	// Changes of an applied remedy, in the order in which they are made.
	Changes []Change
	// Image that the container wants afterwards, if that changes.
	Image string
	// Wake says how the pods get to know.
	Wake Wake
	// Foresee is what proves it: the pods that will be wanted afterwards, with
	// the secrets and accounts as they will be. nil for a remedy whose success
	// cannot be foreseen by asking a registry.
	Foresee *Prospect

	// Steps of a handed-over remedy.
	Steps []Step
	// Until is the time to wait for. With Latest the two bound the kubelet's next
	// attempt, of which nobody knows whether it succeeds. Zero if not known.
	Until, Latest time.Time

	// Restarts is how many ready pods the change replaces, and Ends how many of the
	// failing pods that it evicts have other containers that run.
	Restarts, Ends int
	// Serving is how many ready pods an emergency measure takes away before others
	// are ready in their place, and NeedsForce why it is refused for that without
	// --force, as a sentence without a full stop; see Brake.
	Serving    int
	NeedsForce string

	// Risks, each a sentence without a full stop, the gravest first.
	Risks []string
	// Lasting is what keeps it from happening again, where the change itself
	// does not: the source that a tool applies again, a credential provider.
	Lasting []Step
	// Undo is how a person takes a handed-over remedy back, where that is
	// something to be done.
	Undo []Step
}

// A Wake says how pods get to know of a change.
type Wake string

// The ways.
const (
	// WakeNone: the owner replaces its pods by itself, or the kubelet takes the
	// change up.
	WakeNone Wake = ""
	// WakeEvict: failing pods are evicted, one first, so that their owner makes
	// new ones, whose back-off is fresh.
	WakeEvict Wake = "evict"
)

// A Step is something that a person does.
type Step struct {
	// What to do, as a sentence without a full stop.
	What string
	// Where it is done: "as root on node worker-3", "where kubectl is".
	Where string
	// Commands to paste, each one line for a POSIX shell, with every value
	// quoted.
	Commands []string
	// File to write, nil for none; it is written before the commands are run.
	File *File
	// Afterwards is what shows that it worked, as a sentence without a full stop.
	Afterwards string
}

// A File is one that a person writes.
type File struct {
	Path string
	// Content ends in a newline.
	Content string
	// Mode, 0o644 if 0.
	Mode uint32
}

// A Prospect is what would be wanted: see examine.Prospect, which it becomes.
type Prospect struct {
	Pods     []*corev1.Pod
	Exists   bool
	Secrets  []keyring.Secret
	Accounts []*corev1.ServiceAccount
}

// Options are what the person asked for.
type Options struct {
	// To is another image, for the container that fails (or for Container).
	To        string
	Container string
	// Images are others for several containers, instead of To: by their names.
	Images []Named
	// With is the id of the remedy to choose, instead of the first.
	With string
	// Absent are images that were found not to be there: none is gone back to.
	Absent []string
	// Via chooses where credentials go: "", "secret", "service-account", "template".
	Via string
	// Logins are credentials that the person brings: one for each registry, or for
	// each path of one.
	Logins []Login
	// Emergency measures, by name: at most one.
	Rollback, Restart, Recreate bool
	// CA is a file of certificates that a node is to trust, as PEM, and its path.
	CA, CAFile string
	// Mirror is a host that nodes are to ask first, HOST[:PORT][/PATH].
	Mirror string
	// Proxy that nodes are to go through, http://HOST:PORT, without a login.
	Proxy string
}

// A Named is an image for a container, or an image volume, of that name.
type Named struct{ Container, Image string }

// of are the options for one pull. An image that is given without a container's name
// is for what fails, and not for what was not tried yet.
func (o Options) of(d diagnosis.Diagnosis) Options {
	for _, n := range o.Images {
		if n.Container == d.Pull.Container {
			o.To, o.Container = n.Image, n.Container
		}
	}
	if Untried(d) && o.Container == "" {
		o.To = ""
	}
	return o
}

// Initializing is the reason that a kubelet shows of a container that it has not come
// to, as init containers of the pod come before it.
const Initializing = "PodInitializing"

// Untried tells the diagnosis of a pull that no kubelet has tried yet: it would fail
// once the init containers before it have been pulled.
func Untried(d diagnosis.Diagnosis) bool { return d.Pull.Reason == Initializing }

// A Login is one registry's credential, or that of a path of it, as the person
// brought it.
type Login struct {
	Credential keyring.Credential
	// Source in words: "secret hub of namespace platform", "ecr-login".
	Source string
	// Expires is when it ends by itself, zero if it does not say so.
	Expires time.Time
	// Host of the registry that it is for, as an image's normalised name begins
	// ("docker.io"). It is never given to another; "" fits any.
	Host string
	// Path of the registry that it is for, as the place that it comes from has it
	// ("/team-a"); it is tried for what begins so, as the kubelet does. "" is all.
	Path string
	// Personal: it is a person's own (from this machine, or typed), and not one
	// that lay in the cluster already.
	Personal bool
}

// A Case is a workload of which pulls fail, as it was gathered.
type Case struct {
	// Now is the time of the look.
	Now time.Time
	// Target is the object that is edited.
	Target Target
	// Diagnoses of its failing pulls: one for each container and image.
	Diagnoses []diagnosis.Diagnosis
	// Pods of it, newest first.
	Pods []*corev1.Pod
	// Budgets are those of the Jobs whose pods fail.
	Budgets []Budget
	// Account of the pods; nil if it could not be read.
	Account *corev1.ServiceAccount
	// Secrets of the namespace that the kubelet would read (or nearly: see
	// Candidates), by name. Those that the pods name and that exist come first.
	Secrets []Secret
	// SecretsSeen: all of the namespace were listed, so that what is not in
	// Secrets is not there.
	SecretsSeen bool
	// Platforms of the cluster's nodes, each once, and of the nodes on which pods of
	// the case lie, by name.
	Platforms     []evidence.Platform
	NodePlatforms map[string]evidence.Platform
	// Digests of images that a registry was asked for already: by the image as
	// written, the digest that it gives for the name (of an index, the index's:
	// it is what runtimes write down as a pod's imageID).
	Digests map[string]string
	// Elsewhere are other names under which content was found that may be the
	// same: those of Candidates that answered, with the digest that they gave,
	// and images that run in this cluster, with their pods' imageID.
	Elsewhere []Copy
	// NodeImages are images that nodes of failing pods have, as the nodes' statuses
	// list them. Empty: not known.
	NodeImages []NodeImage
	// NotLookedAt is what could not be gathered.
	NotLookedAt []evidence.Gap
}

// A Secret of the case's namespace.
type Secret struct {
	keyring.Secret
	ResourceVersion string
	UID             string
	Immutable       bool
	// Manager that keeps it (External Secrets, Helm ...), if it shows.
	Manager evidence.Manager
	// Users are how many other pods of the namespace name it.
	Users int
	// ProvenFor are the failing images for which the registry took its credential,
	// as pulls name them.
	ProvenFor []string
	// Repositories, as host/path, that other pods of the namespace pull while
	// they name it: for narrowing an entry that is not to be sent for all. Partly:
	// there may be more, as not all pods were read.
	Repositories []string
	Partly       bool
}

// A Copy is the same content under another name.
type Copy struct {
	Image string
	// Digest, equal to the one that is wanted.
	Digest string
	// Where it was seen: "runs in shop", "ECR Public keeps Docker's official images".
	Where string
	// Namespace of the pods that run it, "" if it was found in another way.
	Namespace string
}

// A NodeImage is one image that a node has.
type NodeImage struct {
	Node string
	// Names by which it has it, tags and digests: status.images[].names.
	Names []string
}

// A Target is the object whose change mends: the owner of the pods, as far as
// Kubernetes' own kinds go.
type Target struct {
	Object
	// Template of its pods: of a Pod, the pod itself.
	Template corev1.PodTemplateSpec
	// Replicas wanted, and pods that are ready.
	Wanted, Ready int
	// Revisions before the current one, newest first.
	Revisions []Revision
	// Paused rollout of a Deployment; suspended CronJob or Job.
	Paused, Suspended bool
	// NextRun is when a CronJob makes its next Job, zero if that is not known.
	NextRun time.Time
	// OnDelete: the owner replaces pods only when they are gone.
	OnDelete bool
	// Partition: pods of a StatefulSet whose ordinal is below it keep the template
	// that they have; 0 if none are. Unlike the field of that name, it counts from
	// where the ordinals begin.
	Partition int
	// Manager from elsewhere, with what the cluster shows of the source.
	Manager evidence.Manager
	Source  []string
	// Back says when that sets back what is changed here, a sentence without a
	// full stop, and Lasting what is to be done there; Resume takes back what
	// Lasting halts.
	Back            string
	Lasting, Resume []Step
	// Release of Helm that keeps it; zero if none does, or Flux upgrades it.
	Release Release
	// Rollout is how it replaces them.
	Rollout Rollout
	// Pace is how many pods its rollout replaces at a time, in words.
	Pace string
	// Above is an operator's object that owns it, if there is one.
	Above evidence.Object
}

// A Revision is an earlier template.
type Revision struct {
	Number  int64
	Created time.Time
	// Hash is the value of the label pod-template-hash or
	// controller-revision-hash of its pods, "" if that is not known.
	Hash  string
	Ready int
	// Ran: the owner's status shows that its pods were ready, though they are gone.
	Ran      bool
	Template corev1.PodTemplateSpec
}

// Plan gives the remedies for a diagnosis of the case, the best first: those
// that can be carried out now before those that need a flag, what restarts no
// healthy pod before what does. It is never empty.
func Plan(c *catalog.Catalog, k Case, d diagnosis.Diagnosis, o Options) []Remedy {
	p := planner{catalog: c, Case: k, d: d, o: o.of(d)}
	if len(d.Causes) > 0 {
		p.cause = d.Causes[0]
	}
	return p.plan()
}
