// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package examine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/trace"
)

// Bounds on what is read for asked-for objects.
const (
	contextPages = 4 // of the cluster's pods, for what other pulls show
	maxCronJobs  = 4 // newest jobs of a CronJob
)

// An ObjectRef names an object to look at.
type ObjectRef struct {
	// Kind as a person types it: pod, po, deployment, deploy, deployments.apps ...
	Kind            string
	Namespace, Name string
}

// Is tells whether an object is the one that is named, where kind is the reference's
// as KindNamed has it; one without a namespace is of any.
func (r ObjectRef) Is(kind string, o evidence.Object) bool {
	return o.Group == "" && strings.EqualFold(o.Kind, kind) && o.Name == r.Name && (r.Namespace == "" || o.Namespace == r.Namespace)
}

// UnknownKindError is returned for kinds that have no pods to look at.
type UnknownKindError struct{ Kind string }

// Error says which kinds are known.
func (e UnknownKindError) Error() string {
	return fmt.Sprintf("looking at kind %q: not known; take one of pod, deployment, replicaset, replicationcontroller, statefulset, daemonset, job, cronjob", foreign.Text(e.Kind, 60))
}

// Objects looks at pods and workloads by name, and at what else the API server
// knows that tells about their pulls. A survey without pulls means that none of
// theirs fails. The error is an UnknownKindError, or a *cluster.Error: of an
// object that is not there, or may not be read.
func (x *Examiner) Objects(ctx context.Context, refs []ObjectRef) (evidence.Survey, error) {
	ctx, cancel := context.WithTimeout(ctx, x.deadline)
	defer cancel()
	kinds := make([]string, len(refs))
	for i, r := range refs {
		kind, ok := KindNamed(r.Kind)
		if !ok {
			return evidence.Survey{}, UnknownKindError{r.Kind}
		}
		kinds[i] = kind
	}
	l := x.newLook()
	l.whole = true
	end := trace.Span(ctx, trace.KindStep, "pods")
	lists := make([][]*corev1.Pod, len(refs))
	errs := make([]error, len(refs))
	var around surroundings
	refused := map[string]func() cluster.Refusals{}
	for i, r := range refs {
		if kinds[i] != "pod" && refused[r.Namespace] == nil {
			refused[r.Namespace] = l.askRefused(ctx, r.Namespace, "")
		}
	}
	group := limited(sideBySide)
	group.Go(func() error { around = x.surroundings(ctx, refs, l); return nil })
	for i, r := range refs {
		group.Go(func() error {
			lists[i], errs[i] = x.podsOf(ctx, l.run, kinds[i], r.Namespace, r.Name)
			return nil
		})
	}
	_ = group.Wait()
	end()
	for _, err := range errs {
		if err != nil {
			return evidence.Survey{}, err
		}
	}
	for _, r := range refs {
		if !slices.Contains(l.survey.Of, r.Namespace) {
			l.survey.Of = append(l.survey.Of, r.Namespace)
		}
	}
	l.asked(ctx, slices.Concat(lists...), around)
	l.refusedOf(ctx, kinds, refs, refused)
	return l.finish(ctx), nil
}

// asked adds the failing pulls of the pods that were asked for, and keeps those
// of the others as bystanders.
func (l *look) asked(ctx context.Context, pods []*corev1.Pod, around surroundings) {
	known := map[types.UID]bool{}
	namespaces := map[string]bool{}
	var waiting []*corev1.Pod
	for _, pod := range pods {
		if known[pod.UID] {
			continue
		}
		known[pod.UID] = true
		namespaces[pod.Namespace] = true
		if pulls := cluster.FailingPulls(pod); len(pulls) > 0 {
			l.add(pod, pulls)
			continue
		}
		if cluster.BeingMade(pod) {
			l.survey.Waiting++
		}
		if (cluster.MayHide(pod) || cluster.MayHang(pod, l.now)) && len(waiting) < maxStuckAsked {
			waiting = append(waiting, pod)
		}
	}
	l.stuck(ctx, waiting)
	var idle []evidence.NotRunning
	for _, pod := range pods {
		if one, ok := cluster.NotRunning(pod); ok && !slices.Contains(idle, one) {
			idle = append(idle, one)
		}
	}
	l.notRunning(idle)
	if len(l.patients) == 0 {
		l.recovered(ctx, pods)
	}
	l.survey.Pods, l.survey.Namespaces = len(known), len(namespaces)
	l.seen = around.seen
	for _, pod := range pods {
		l.seen.Add(pod)
	}
	for _, f := range around.failing {
		if !known[f.Pod.UID] {
			for _, p := range f.Pulls {
				l.bystanders = append(l.bystanders, bystander(p))
			}
		}
	}
	if len(l.patients) > 0 {
		l.survey.NotLookedAt = append(l.survey.NotLookedAt, around.gaps...)
	}
}

// notRunning takes note of the pods that do not run although no pull of theirs is
// known to fail.
func (l *look) notRunning(pods []evidence.NotRunning) {
	fails := map[string]bool{}
	for _, p := range l.patients {
		fails[p.pod.Namespace+"/"+p.pod.Name] = true
	}
	pods = slices.DeleteFunc(pods, func(p evidence.NotRunning) bool { return fails[p.Namespace+"/"+p.Pod] })
	l.survey.NotRunning = pods[:min(len(pods), maxStuckAsked)]
}

// surroundings are the other pods.
type surroundings struct {
	seen    *cluster.Seen
	failing []cluster.Failing
	gaps    []evidence.Gap
	pods    int // that were looked at for it
	// alone: there is no cluster to ask.
	alone bool
}

// surroundings looks at the first pods of the cluster, else at those of the
// objects' namespaces, for what other pulls show.
func (x *Examiner) surroundings(ctx context.Context, refs []ObjectRef, l *look) surroundings {
	scan, err := x.cluster.Scan(ctx, l.now, cluster.ScanOptions{MaxPages: contextPages})
	if err == nil && scan.Complete {
		return surroundings{seen: scan.Seen, failing: scan.Failing, pods: scan.Pods}
	}
	s := surroundings{seen: cluster.NewSeen()}
	subject := evidence.Subject{Kind: evidence.SubjectNamespace, Name: "all"}
	switch {
	case cluster.ReasonOf(err) == cluster.NoCluster:
		s.alone = true
		s.gaps = append(s.gaps, evidence.Gap{Check: evidence.CheckSameImage, Subject: subject,
			Why: "no cluster is asked in this run, so what its nodes have and what its other pulls show was not seen", Needs: "a cluster"})
		return s
	case err != nil:
		gap := cluster.GapOf(evidence.CheckSameImage, subject, err)
		if gap.Needs != "" {
			gap.Why += ", so what pulls of other namespaces show was not seen"
		}
		s.gaps = append(s.gaps, gap)
	default:
		s.seen, s.failing, s.pods = scan.Seen, scan.Failing, scan.Pods
		s.gaps = append(s.gaps, evidence.Gap{Check: evidence.CheckSameImage, Subject: subject,
			Why: "of the cluster's other pods only the first " + number(scan.Pods) + " were looked at", Needs: "a look at the whole cluster (-A)"})
	}
	done := map[string]bool{}
	for _, r := range refs {
		if done[r.Namespace] || len(done) >= contextPages {
			continue
		}
		done[r.Namespace] = true
		near, err := x.cluster.Scan(ctx, l.now, cluster.ScanOptions{Namespace: r.Namespace, MaxPages: contextPages, Seen: s.seen})
		if err == nil {
			s.failing, s.pods = append(s.failing, near.Failing...), s.pods+near.Pods
		}
	}
	return s
}

// KindNamed returns the kind, in lower case, that a person means by a word such
// as deploy or pods; false if it is none that has pods.
func KindNamed(s string) (string, bool) {
	name, _, _ := strings.Cut(strings.ToLower(s), ".")
	switch name {
	case "pod", "pods", "po":
		return "pod", true
	case "deployment", "deployments", "deploy":
		return "deployment", true
	case "replicaset", "replicasets", "rs":
		return "replicaset", true
	case "replicationcontroller", "replicationcontrollers", "rc":
		return "replicationcontroller", true
	case "statefulset", "statefulsets", "sts":
		return "statefulset", true
	case "daemonset", "daemonsets", "ds":
		return "daemonset", true
	case "job", "jobs":
		return "job", true
	case "cronjob", "cronjobs", "cj":
		return "cronjob", true
	}
	return "", false
}

// podsOf returns the pods of an object.
func (x *Examiner) podsOf(ctx context.Context, c *cluster.Run, kind, namespace, name string) ([]*corev1.Pod, error) {
	switch kind {
	case "deployment":
		d, err := c.Deployment(ctx, namespace, name)
		if err != nil {
			return nil, err
		}
		return x.podsOfDeployment(ctx, c, namespace, d.UID, d.Spec.Selector)
	case "replicaset":
		rs, err := c.ReplicaSet(ctx, namespace, name)
		if err != nil {
			return nil, err
		}
		return x.podsBy(ctx, namespace, rs.Spec.Selector, rs.UID)
	case "replicationcontroller":
		rc, err := c.ReplicationController(ctx, namespace, name)
		if err != nil {
			return nil, err
		}
		return x.podsBy(ctx, namespace, &metav1.LabelSelector{MatchLabels: rc.Spec.Selector}, rc.UID)
	case "statefulset":
		sts, err := c.StatefulSet(ctx, namespace, name)
		if err != nil {
			return nil, err
		}
		return x.podsBy(ctx, namespace, sts.Spec.Selector, sts.UID)
	case "daemonset":
		ds, err := c.DaemonSet(ctx, namespace, name)
		if err != nil {
			return nil, err
		}
		return x.podsBy(ctx, namespace, ds.Spec.Selector, ds.UID)
	case "job":
		job, err := c.Job(ctx, namespace, name)
		if err != nil {
			return nil, err
		}
		return x.podsBy(ctx, namespace, job.Spec.Selector, job.UID)
	case "cronjob":
		return x.podsOfCronJob(ctx, c, namespace, name)
	}
	pod, err := c.Pod(ctx, namespace, name)
	if err != nil {
		return nil, err
	}
	return []*corev1.Pod{pod}, nil
}

// podsOfDeployment returns the pods of its ReplicaSets. If those may not be
// listed, what the selector finds is taken for them, as the API server's own
// controllers demand that selectors do not overlap.
func (x *Examiner) podsOfDeployment(ctx context.Context, c *cluster.Run, namespace string, uid types.UID, selector *metav1.LabelSelector) ([]*corev1.Pod, error) {
	var sets []types.UID
	known := true
	group := limited(sideBySide)
	group.Go(func() error {
		all, err := c.ReplicaSets(ctx, namespace, metav1.FormatLabelSelector(selector))
		known = err == nil
		for i := range all {
			if c := metav1.GetControllerOf(&all[i]); c != nil && c.UID == uid {
				sets = append(sets, all[i].UID)
			}
		}
		return nil
	})
	pods, err := x.podsBy(ctx, namespace, selector)
	_ = group.Wait()
	if err != nil || !known {
		return pods, err
	}
	return slices.DeleteFunc(pods, func(p *corev1.Pod) bool {
		c := metav1.GetControllerOf(p)
		return c == nil || !slices.Contains(sets, c.UID)
	}), nil
}

// podsOfCronJob returns the pods of its newest jobs.
func (x *Examiner) podsOfCronJob(ctx context.Context, c *cluster.Run, namespace, name string) ([]*corev1.Pod, error) {
	cron, err := c.CronJob(ctx, namespace, name)
	if err != nil {
		return nil, err
	}
	jobs, err := x.cluster.Jobs(ctx, namespace)
	if err != nil {
		return nil, err
	}
	jobs = slices.DeleteFunc(jobs, func(j batchv1.Job) bool {
		c := metav1.GetControllerOf(&j)
		return c == nil || c.UID != cron.UID
	})
	slices.SortFunc(jobs, func(a, b batchv1.Job) int { return b.CreationTimestamp.Compare(a.CreationTimestamp.Time) })
	var pods []*corev1.Pod
	for _, job := range jobs[:min(len(jobs), maxCronJobs)] {
		some, err := x.podsBy(ctx, namespace, job.Spec.Selector, job.UID)
		if err != nil {
			return nil, err
		}
		pods = append(pods, some...)
	}
	return pods, nil
}

// podsBy returns the pods that a selector finds and that one of the controllers
// made; without controllers, all.
func (x *Examiner) podsBy(ctx context.Context, namespace string, selector *metav1.LabelSelector, controllers ...types.UID) ([]*corev1.Pod, error) {
	var pods []*corev1.Pod
	_, err := x.cluster.Pods(ctx, namespace, metav1.FormatLabelSelector(selector), 0, func(pod *corev1.Pod) {
		if c := metav1.GetControllerOf(pod); len(controllers) == 0 || c != nil && slices.Contains(controllers, c.UID) {
			pods = append(pods, pod)
		}
	})
	return pods, err
}
