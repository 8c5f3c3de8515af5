// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// A Run asks each question about one object once, however many pulls ask it.
// It lives as long as one look at the cluster, and so do the secrets in it. It
// is safe for concurrent use.
type Run struct {
	*Client
	nodes    memo[string, answer[*corev1.Node]]
	accounts memo[[2]string, answer[*corev1.ServiceAccount]]
	secrets  memo[[2]string, SecretAnswer]
	spaces   memo[string, []string]
	pulled   memo[[2]string, answer[time.Time]]
	scopes   memo[string, warnings] // by namespace, "" for all
	warnings memo[[2]string, answer[Events]]
	events   memo[string, answer[Events]]
	reach    memo[string, Reach]

	nodesAsked, reachAsked atomic.Int32
	nodeList               memo[string, map[string]*corev1.Node]
	reachList              memo[string, map[string]Reach]

	// Workloads and what they share: two of a Deployment's ReplicaSets can fail.
	deployments  asked[*appsv1.Deployment]
	replicaSets  asked[*appsv1.ReplicaSet]
	statefulSets asked[*appsv1.StatefulSet]
	daemonSets   asked[*appsv1.DaemonSet]
	jobs         asked[*batchv1.Job]
	cronJobs     asked[*batchv1.CronJob]
	controllers  asked[*corev1.ReplicationController]
	setsOf       asked[[]appsv1.ReplicaSet]
	revisionsOf  asked[[]appsv1.ControllerRevision]
	kinds        memo[schema.GroupVersion, answer[[]metav1.APIResource]]
	owners       memo[string, answer[*metav1.PartialObjectMetadata]]

	// marks is the key under which users of secrets are marked. It goes with
	// the run, so that marks of two runs cannot be compared nor guessed at.
	marks []byte
}

// NewRun returns a run that has asked nothing yet.
func (c *Client) NewRun() *Run {
	r := &Run{Client: c, marks: make([]byte, 32)}
	_, _ = rand.Read(r.marks) // never fails
	return r
}

// Where more nodes, or what is served in more namespaces, are asked for than
// these, one list answers what as many questions would: the API server gives it
// for less.
const (
	manyNodes   = 20
	manyReached = 8
)

// Node by its name.
func (r *Run) Node(ctx context.Context, name string) (*corev1.Node, error) {
	return r.nodes.get(name, func() answer[*corev1.Node] {
		if r.nodesAsked.Add(1) > manyNodes {
			if node := r.firstNodes(ctx)[name]; node != nil {
				return answerOf(node, nil)
			}
		}
		return answerOf(r.Client.Node(ctx, name))
	}).both()
}

// firstNodes are those of the first page of all; none if they may not be listed.
func (r *Run) firstNodes(ctx context.Context) map[string]*corev1.Node {
	return r.nodeList.get("", func() map[string]*corev1.Node {
		nodes, _, _ := r.nodePages(ctx, 1)
		byName := map[string]*corev1.Node{}
		for _, node := range nodes {
			byName[node.Name] = node
		}
		return byName
	})
}

// ServiceAccount by its name.
func (r *Run) ServiceAccount(ctx context.Context, namespace, name string) (*corev1.ServiceAccount, error) {
	return r.accounts.get([2]string{namespace, name}, func() answer[*corev1.ServiceAccount] {
		return answerOf(r.Client.ServiceAccount(ctx, namespace, name))
	}).both()
}

// Deployment by its name.
func (r *Run) Deployment(ctx context.Context, namespace, name string) (*appsv1.Deployment, error) {
	return askOnce(ctx, &r.deployments, namespace, name, r.Client.Deployment)
}

// ReplicaSet by its name.
func (r *Run) ReplicaSet(ctx context.Context, namespace, name string) (*appsv1.ReplicaSet, error) {
	return askOnce(ctx, &r.replicaSets, namespace, name, r.Client.ReplicaSet)
}

// StatefulSet by its name.
func (r *Run) StatefulSet(ctx context.Context, namespace, name string) (*appsv1.StatefulSet, error) {
	return askOnce(ctx, &r.statefulSets, namespace, name, r.Client.StatefulSet)
}

// DaemonSet by its name.
func (r *Run) DaemonSet(ctx context.Context, namespace, name string) (*appsv1.DaemonSet, error) {
	return askOnce(ctx, &r.daemonSets, namespace, name, r.Client.DaemonSet)
}

// Job by its name.
func (r *Run) Job(ctx context.Context, namespace, name string) (*batchv1.Job, error) {
	return askOnce(ctx, &r.jobs, namespace, name, r.Client.Job)
}

// CronJob by its name.
func (r *Run) CronJob(ctx context.Context, namespace, name string) (*batchv1.CronJob, error) {
	return askOnce(ctx, &r.cronJobs, namespace, name, r.Client.CronJob)
}

// ReplicationController by its name.
func (r *Run) ReplicationController(ctx context.Context, namespace, name string) (*corev1.ReplicationController, error) {
	return askOnce(ctx, &r.controllers, namespace, name, r.Client.ReplicationController)
}

// ReplicaSets that a label selector finds. The list is the caller's own.
func (r *Run) ReplicaSets(ctx context.Context, namespace, selector string) ([]appsv1.ReplicaSet, error) {
	all, err := askOnce(ctx, &r.setsOf, namespace, selector, r.Client.ReplicaSets)
	return slices.Clone(all), err
}

// ControllerRevisions that a label selector finds. The list is the caller's own.
func (r *Run) ControllerRevisions(ctx context.Context, namespace, selector string) ([]appsv1.ControllerRevision, error) {
	all, err := askOnce(ctx, &r.revisionsOf, namespace, selector, r.Client.ControllerRevisions)
	return slices.Clone(all), err
}

// Metadata of an owner of any kind.
func (r *Run) Metadata(ctx context.Context, namespace string, ref metav1.OwnerReference) (*metav1.PartialObjectMetadata, error) {
	key := strings.Join([]string{namespace, ref.APIVersion, ref.Kind, ref.Name, string(ref.UID)}, "\x00")
	return r.owners.get(key, func() answer[*metav1.PartialObjectMetadata] {
		return answerOf(r.metadata(ctx, namespace, ref, func(ctx context.Context, gv schema.GroupVersion) ([]metav1.APIResource, error) {
			return r.kinds.get(gv, func() answer[[]metav1.APIResource] { return answerOf(r.resources(ctx, gv)) }).both()
		}))
	}).both()
}

// PullSecret by its name.
func (r *Run) PullSecret(ctx context.Context, namespace, name string) SecretAnswer {
	return r.secrets.get([2]string{namespace, name}, func() SecretAnswer {
		a := r.Client.PullSecret(ctx, namespace, name)
		if a.Err == nil {
			a.Reduced = keyring.Reduce(a.Secret, r.marks)
		}
		return a
	})
}

// PodEvents returns all events about one pod.
func (r *Run) PodEvents(ctx context.Context, pod *corev1.Pod) (Events, error) {
	return r.events.get(string(pod.UID), func() answer[Events] { return answerOf(r.Client.PodEvents(ctx, pod)) }).both()
}

// Pulled tells when an event says that the node fetched the image of a start,
// and did not just find it there; zero if none does.
func (r *Run) Pulled(ctx context.Context, s Start) time.Time {
	if s.Asked {
		return s.Time
	}
	at, _ := r.pulled.get([2]string{s.PodUID, s.Image}, func() answer[time.Time] { return answerOf(r.pulledAt(ctx, s)) }).both()
	return at
}

// an answer is a value beside its error.
type answer[V any] struct {
	value V
	err   error
}

func answerOf[V any](v V, err error) answer[V] { return answer[V]{v, err} }

func (a answer[V]) both() (V, error) { return a.value, a.err }

// asked are the answers about one kind of object, by namespace and name or
// selector.
type asked[V any] = memo[[2]string, answer[V]]

func askOnce[V any](ctx context.Context, m *asked[V], namespace, name string, ask func(context.Context, string, string) (V, error)) (V, error) {
	return m.get([2]string{namespace, name}, func() answer[V] { return answerOf(ask(ctx, namespace, name)) }).both()
}

// memo remembers answers by question. Who asks while the answer is under way
// waits for it. The zero value is empty and ready.
type memo[K comparable, V any] struct {
	mu   sync.Mutex
	done map[K]func() V
}

// known returns the answer to a question that was asked before.
func (m *memo[K, V]) known(question K) (v V, ok bool) {
	m.mu.Lock()
	once, ok := m.done[question]
	m.mu.Unlock()
	if !ok {
		return v, false
	}
	return once(), true
}

func (m *memo[K, V]) get(question K, ask func() V) V {
	m.mu.Lock()
	once, ok := m.done[question]
	if !ok {
		if m.done == nil {
			m.done = map[K]func() V{}
		}
		once = sync.OnceValue(ask)
		m.done[question] = once
	}
	m.mu.Unlock()
	return once()
}
