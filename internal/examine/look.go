// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package examine

import (
	"context"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"golang.org/x/sync/errgroup"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/trace"
	"github.com/pullmedic/pullmedic/internal/workload"
)

// Bounds of one look.
const (
	sideBySide    = 16  // questions to the API server
	maxSecrets    = 30  // of one pod
	fewPods       = 3   // failing pods of a namespace whose events are asked for one by one
	maxWorkloads  = 200 // workloads that are read; beyond, owners are told by name
	maxStuckAsked = 20  // pods without a container whose events are read one by one
	maxLadders    = 200 // different questions to registries
	probesAtOnce  = 4
	maxReached    = 50 // namespaces whose Services and autoscalers are read
)

// A look is one run of Survey or Objects.
type look struct {
	x          *Examiner
	now        time.Time
	run        *cluster.Run
	seen       *cluster.Seen
	survey     evidence.Survey
	sentBefore evidence.Sent
	// whole: single objects were asked for, and want the whole answer.
	whole bool

	patients  []*patient
	events    map[string]eventsOf          // by pod UID
	owners    map[string]workload.Workload // by controller
	mu        sync.Mutex
	workloads map[string]func() workload.Workload // by controller, guarded by mu
	// reached are the namespaces whose Services and autoscalers were read.
	reached map[string]bool
	// bystanders are failing pulls that were not asked for.
	bystanders []*evidence.Evidence
}

// A patient is one failing pull with what belongs to it.
type patient struct {
	e     evidence.Evidence
	pod   *corev1.Pod
	image string // as written
	extra []evidence.Finding
	creds cluster.Credentials
	owner workload.Workload
}

// eventsOf is the events of a pod, or why they could not be read.
type eventsOf struct {
	events cluster.Events
	err    error
}

func (l *look) add(pod *corev1.Pod, pulls []evidence.Pull, findings ...evidence.Finding) {
	for i, p := range pulls {
		one := &patient{e: evidence.Evidence{Pull: p}, pod: pod, image: cluster.Written(pod, p)}
		if i < len(findings) {
			one.extra = findings[i : i+1]
		}
		l.patients = append(l.patients, one)
	}
}

// hidden adds a scan's failing pulls, and those whose failure no status shows:
// a pause image that cannot be pulled, one that events alone tell, and a pull
// that hangs.
func (l *look) hidden(ctx context.Context, namespace string, scan *cluster.Scan) {
	for _, f := range scan.Failing {
		l.add(f.Pod, f.Pulls)
	}
	if len(scan.Waiting) == 0 {
		return
	}
	uids := map[string]bool{}
	for _, pod := range scan.Waiting {
		uids[string(pod.UID)] = true
	}
	failures, err := l.run.Warnings(ctx, namespace, uids)
	if err != nil {
		l.survey.NotLookedAt = append(l.survey.NotLookedAt,
			cluster.GapOf(evidence.CheckMessage, evidence.Subject{Kind: evidence.SubjectNamespace, Name: orAll(namespace)}, err))
		return
	}
	var old []*corev1.Pod
	for _, pod := range scan.Waiting {
		if pulls := cluster.SilentPulls(pod, failures.Of(string(pod.UID))); len(pulls) > 0 {
			l.add(pod, pulls)
		} else if cluster.MayHang(pod, l.now) && len(old) < maxStuckAsked {
			old = append(old, pod)
		}
	}
	l.stuck(ctx, old)
}

// stuck adds the pulls of pods that began long ago and of which nothing was
// heard since.
func (l *look) stuck(ctx context.Context, pods []*corev1.Pod) {
	answers := l.eventsOfEach(ctx, pods)
	for i, pod := range pods {
		events := answers[i].Of(string(pod.UID))
		if pulls := cluster.SilentPulls(pod, events); len(pulls) > 0 {
			l.add(pod, pulls)
			continue
		}
		pulls, findings := cluster.UnfinishedPulls(pod, events, l.now)
		l.add(pod, pulls, findings...)
	}
}

// recovered adds pulls that failed before and were pulled since, of pods that
// were asked for and of which none fails: whoever asks about those wants to know
// whether the repair worked.
func (l *look) recovered(ctx context.Context, pods []*corev1.Pod) {
	pods = pods[:min(len(pods), maxStuckAsked)]
	answers := l.eventsOfEach(ctx, pods)
	for i, pod := range pods {
		pulls, findings := cluster.RecoveredPulls(pod, answers[i].Of(string(pod.UID)))
		l.add(pod, pulls, findings...)
	}
}

// eventsOfEach asks for the events of pods one by one, side by side; without an
// answer nothing shows.
func (l *look) eventsOfEach(ctx context.Context, pods []*corev1.Pod) []cluster.Events {
	answers := make([]cluster.Events, len(pods))
	group := limited(sideBySide)
	for i, pod := range pods {
		group.Go(func() error {
			answers[i], _ = l.run.PodEvents(ctx, pod)
			return nil
		})
	}
	_ = group.Wait()
	return answers
}

// finish asks what is left to ask about the patients and returns the survey.
func (l *look) finish(ctx context.Context) evidence.Survey {
	if len(l.patients) > 0 {
		end := trace.Span(ctx, trace.KindStep, "facts")
		l.facts(ctx)
		end()
		l.assemble(ctx)
		end = trace.Span(ctx, trace.KindStep, "others and registries")
		l.askAround(ctx)
		end()
	}
	for _, p := range l.patients {
		l.survey.Pulls = append(l.survey.Pulls, p.e)
	}
	if l.x.prober != nil {
		sent := l.x.prober.Sent()
		l.survey.Sent = evidence.Sent{Requests: sent.Requests - l.sentBefore.Requests, Logins: sent.Logins - l.sentBefore.Logins}
	}
	return l.survey
}

// facts asks the API server, side by side, for all that the patients' pods
// name: events, nodes, service accounts, secrets, owners.
func (l *look) facts(ctx context.Context) {
	l.events = map[string]eventsOf{}
	l.owners = map[string]workload.Workload{}
	l.reached = map[string]bool{}
	group := limited(sideBySide)
	asked := map[string]bool{}
	once := func(question string, ask func()) {
		if !asked[question] {
			asked[question] = true
			group.Go(func() error { ask(); return nil })
		}
	}
	collect := l.askEvents(ctx, group)
	type answered struct {
		controller string
		w          workload.Workload
	}
	found := make(chan answered, len(l.patients))
	workloads := 0
	for _, p := range l.patients {
		pull := p.e.Pull
		if pull.Node != "" {
			once("node "+pull.Node, func() { _, _ = l.run.Node(ctx, pull.Node) })
		}
		if pull.ContainerKind != evidence.Sandbox && !p.unmade() {
			if pull.ServiceAccount != "" {
				once("account "+pull.Namespace+"/"+pull.ServiceAccount, func() { _, _ = l.run.ServiceAccount(ctx, pull.Namespace, pull.ServiceAccount) })
			}
			for _, s := range firstSecrets(p.pod) {
				once("secret "+pull.Namespace+"/"+s.Name, func() { l.run.PullSecret(ctx, pull.Namespace, s.Name) })
			}
		}
		if key := controller(p.pod); key != "" && !asked[key] && workloads <= maxWorkloads {
			if workloads++; workloads > maxWorkloads {
				l.survey.NotLookedAt = append(l.survey.NotLookedAt, evidence.Gap{
					Check: evidence.CheckImpact, Subject: evidence.Subject{Kind: evidence.SubjectNamespace, Name: "all"},
					Why: "of the failing pods' workloads only the first " + number(maxWorkloads) + " were read", Needs: "a smaller scope (-n NAMESPACE)",
				})
				continue
			}
			once(key, func() { found <- answered{key, l.workload(ctx, p.pod)} })
		}
		if l.reach(p) {
			once("reach "+pull.Namespace, func() { l.run.Reach(ctx, pull.Namespace) })
		}
	}
	_ = group.Wait()
	close(found)
	for a := range found {
		l.owners[a.controller] = a.w
	}
	collect()
	l.unreached(ctx)
}

// askEvents asks for the events of the patients' pods: pod by pod where few of
// a namespace fail, else one list of its warnings. The returned function, to be
// called after the group is done, keeps the answers.
func (l *look) askEvents(ctx context.Context, group *errgroup.Group) (collect func()) {
	pods := map[string][]*corev1.Pod{}
	known := map[string]bool{}
	var namespaces []string
	for _, p := range l.patients {
		if known[string(p.pod.UID)] || p.unmade() {
			continue
		}
		known[string(p.pod.UID)] = true
		if pods[p.pod.Namespace] == nil {
			namespaces = append(namespaces, p.pod.Namespace)
		}
		pods[p.pod.Namespace] = append(pods[p.pod.Namespace], p.pod)
	}
	type answer struct {
		uids map[string]bool
		eventsOf
	}
	var answers []*answer
	for _, ns := range namespaces {
		if len(pods[ns]) > fewPods {
			a := &answer{uids: map[string]bool{}}
			for _, pod := range pods[ns] {
				a.uids[string(pod.UID)] = true
			}
			answers = append(answers, a)
			group.Go(func() error {
				a.events, a.err = l.run.Warnings(ctx, ns, a.uids)
				return nil
			})
			continue
		}
		for _, pod := range pods[ns] {
			a := &answer{uids: map[string]bool{string(pod.UID): true}}
			answers = append(answers, a)
			group.Go(func() error {
				a.events, a.err = l.run.PodEvents(ctx, pod)
				return nil
			})
		}
	}
	return func() {
		for _, a := range answers {
			for uid := range a.uids {
				l.events[uid] = a.eventsOf
			}
		}
	}
}

// controller identifies what made the pod, "" if nobody did.
func controller(pod *corev1.Pod) string {
	c := metav1.GetControllerOf(pod)
	if c == nil {
		return ""
	}
	return "controller " + pod.Namespace + "/" + string(c.UID)
}

func limited(n int) *errgroup.Group {
	group := &errgroup.Group{}
	group.SetLimit(n)
	return group
}

func orAll(namespace string) string {
	if namespace == "" {
		return "all"
	}
	return namespace
}

// secretsOf returns the answers for the secrets that the patient's pod names,
// in its order; they were asked for before.
func (l *look) secretsOf(ctx context.Context, p *patient) []cluster.SecretAnswer {
	var answers []cluster.SecretAnswer
	for _, s := range firstSecrets(p.pod) {
		answers = append(answers, l.run.PullSecret(ctx, p.pod.Namespace, s.Name))
	}
	return answers
}

// firstSecrets are the pull secrets that are read of a pod: all but of one that
// names more than anybody needs.
func firstSecrets(pod *corev1.Pod) []corev1.LocalObjectReference {
	return pod.Spec.ImagePullSecrets[:min(len(pod.Spec.ImagePullSecrets), maxSecrets)]
}
