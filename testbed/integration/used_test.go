// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
)

// workloads are one object of each kind that the plugin knows, each with a pull
// that fails, and all with the pull secret that the namespace has.
var workloads = []string{"deployment/web", "statefulset/db", "daemonset/agent", "job/once", "cronjob/nightly", "replicationcontroller/old"}

// makeWorkloads makes them in the namespace of a fault and waits until each has
// a pod whose pull fails.
func (b bed) makeWorkloads(t *testing.T, namespace, secret string) {
	t.Helper()
	ctx, none := t.Context(), metav1.CreateOptions{}
	template := func(name string) (map[string]string, corev1.PodTemplateSpec) {
		labels := map[string]string{"app": name}
		return labels, corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: corev1.PodSpec{
			NodeSelector: map[string]string{corev1.LabelHostname: layout.Nodes[0].Name}, HostNetwork: true,
			TerminationGracePeriodSeconds: new(int64(1)), ImagePullSecrets: []corev1.LocalObjectReference{{Name: secret}},
			Containers: []corev1.Container{{Name: "app", Image: "registry.acme.example/rights/" + name + ":1"}},
		}}
	}
	meta := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name} }
	apps, batch := b.Kube.AppsV1(), b.Kube.BatchV1()
	for _, kind := range workloads {
		kind, name, _ := strings.Cut(kind, "/")
		labels, pods := template(name)
		selector := &metav1.LabelSelector{MatchLabels: labels}
		job := batchv1.JobSpec{Template: pods}
		job.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
		var err error
		switch kind {
		case "deployment":
			_, err = apps.Deployments(namespace).Create(ctx, &appsv1.Deployment{ObjectMeta: meta(name), Spec: appsv1.DeploymentSpec{Selector: selector, Template: pods}}, none)
		case "statefulset":
			_, err = apps.StatefulSets(namespace).Create(ctx, &appsv1.StatefulSet{ObjectMeta: meta(name), Spec: appsv1.StatefulSetSpec{Selector: selector, Template: pods}}, none)
		case "daemonset":
			_, err = apps.DaemonSets(namespace).Create(ctx, &appsv1.DaemonSet{ObjectMeta: meta(name), Spec: appsv1.DaemonSetSpec{Selector: selector, Template: pods}}, none)
		case "replicationcontroller":
			old := &corev1.ReplicationController{ObjectMeta: meta(name), Spec: corev1.ReplicationControllerSpec{Selector: labels, Template: &pods}}
			_, err = b.Kube.CoreV1().ReplicationControllers(namespace).Create(ctx, old, none)
		case "job":
			_, err = batch.Jobs(namespace).Create(ctx, &batchv1.Job{ObjectMeta: meta(name), Spec: job}, none)
		case "cronjob":
			cron := &batchv1.CronJob{ObjectMeta: meta(name), Spec: batchv1.CronJobSpec{Schedule: "0 0 1 1 *", JobTemplate: batchv1.JobTemplateSpec{Spec: job}}}
			if cron, err = batch.CronJobs(namespace).Create(ctx, cron, none); err == nil {
				// As kubectl create job --from does: nobody waits for January.
				now := &batchv1.Job{ObjectMeta: meta(name + "-now"), Spec: job}
				now.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(cron, batchv1.SchemeGroupVersion.WithKind("CronJob"))}
				_, err = batch.Jobs(namespace).Create(ctx, now, none)
			}
		}
		if err != nil {
			t.Fatalf("making %s: %v", kind, err)
		}
	}
	for _, w := range workloads {
		_, name, _ := strings.Cut(w, "/")
		b.awaitFailing(t, namespace, name)
	}
}

// An audited request is one of the viewer's, as the API server wrote it down.
type audited struct {
	RequestURI string `json:"requestURI"`
	Verb       string `json:"verb"`
	ObjectRef  struct {
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
		APIGroup    string `json:"apiGroup"`
		Namespace   string `json:"namespace"`
		Name        string `json:"name"`
	} `json:"objectRef"`
	Annotations map[string]string `json:"annotations"`
}

// refusal says in words what was refused, "" if it was allowed.
func (a audited) refusal() string {
	if a.Annotations["authorization.k8s.io/decision"] != "forbid" {
		return ""
	}
	where := a.ObjectRef.Namespace
	if where == "" {
		where = "all"
	}
	return a.Verb + " " + a.ObjectRef.Resource + " in " + where
}

// resource is as a rule names it: pods/eviction.
func (a audited) resource() string {
	if a.ObjectRef.Subresource != "" {
		return a.ObjectRef.Resource + "/" + a.ObjectRef.Subresource
	}
	return a.ObjectRef.Resource
}

// audit is what the API server wrote down from an offset on, and the next. All
// that the viewer had asked before is in it.
func (b bed) audit(t *testing.T, offset int64) ([]audited, int64) {
	t.Helper()
	config, err := b.RESTConfig(cluster.Viewer)
	if err != nil {
		t.Fatal(err)
	}
	viewer, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	// One more request, which everybody may make: when that stands there, so do
	// those before it.
	mark := "mark-" + strings.ToLower(rand.Text())
	_, err = viewer.AuthorizationV1().SelfSubjectAccessReviews().Create(t.Context(), &authorizationv1.SelfSubjectAccessReview{
		Spec: authorizationv1.SelfSubjectAccessReviewSpec{NonResourceAttributes: &authorizationv1.NonResourceAttributes{Path: "/", Verb: "get"}},
	}, metav1.CreateOptions{FieldManager: mark})
	if err != nil {
		t.Fatal(err)
	}
	var all []audited
	next := offset
	b.await(t, "the API server to write down "+mark, func(context.Context) error {
		all, next = b.auditNow(t, offset)
		if !slices.ContainsFunc(all, func(a audited) bool { return strings.Contains(a.RequestURI, mark) }) {
			return fmt.Errorf("it is not among %d requests", len(all))
		}
		return nil
	})
	return all, next
}

// auditNow is what stands there now.
func (b bed) auditNow(t *testing.T, offset int64) ([]audited, int64) {
	t.Helper()
	file, err := os.Open(b.AuditLog())
	if err != nil {
		t.Fatalf("reading what the API server wrote down: %v", err)
	}
	defer func() { _ = file.Close() }()
	if _, err := file.Seek(offset, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	var all []audited
	text, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // it is being written
		}
		var one audited
		if err := json.Unmarshal(line, &one); err != nil {
			t.Fatalf("reading what the API server wrote down: %v", err)
		}
		all = append(all, one)
		offset += int64(len(line))
	}
	return all, offset
}

// unused are the rights of a role by which the API server allowed nothing.
func unused(r role, requests []audited) (list []string) {
	for _, rule := range r.Rules {
		for _, resource := range rule.Resources {
			for _, verb := range rule.Verbs {
				if !slices.ContainsFunc(requests, func(a audited) bool {
					return strings.Contains(a.Annotations["authorization.k8s.io/reason"], r.words()) && a.Verb == verb &&
						a.resource() == resource && slices.Contains(rule.APIGroups, a.ObjectRef.APIGroup) &&
						(len(rule.ResourceNames) == 0 || slices.Contains(rule.ResourceNames, a.ObjectRef.Name))
				}) {
					list = append(list, verb+" "+resource)
				}
			}
		}
	}
	return list
}

// TestEachPublishedRoleSufficesAndHasNoRightThatIsNotUsed grants each level as it
// is published, asks about one object of each kind, and compares: the answers
// with what the level promises, what was refused with what it says it does not
// see, and each right with what the API server allowed by it.
func TestEachPublishedRoleSufficesAndHasNoRightThatIsNotUsed(t *testing.T) {
	b := open(t)
	const secret = "harbor"
	namespace := b.inject(t, "wrong-password")
	b.makeWorkloads(t, namespace, secret)
	unread := "you may not read secret " + secret + " in namespace " + namespace
	elsewhere := []string{"you may not read node node-a", "you may not list pods of all namespaces, so what pulls of other namespaces show was not seen"}
	beyond := []string{"get nodes in all", "list nodes in all", "list pods in all"}
	for _, level := range []struct {
		name    string
		files   []string
		proof   bool     // the secret can be read, so that the login is tried
		whole   bool     // the cluster
		unseen  []string // all that is said not to be seen
		refused []string // all that the API server refused
	}{
		{name: "none", files: []string{"none.yaml"}, whole: true, unseen: []string{unread}, refused: []string{"get secrets in " + namespace}},
		{name: "named secrets", files: []string{"none.yaml", "named-secrets.yaml"}, whole: true, proof: true},
		{name: "all secrets", files: []string{"none.yaml", "all-secrets.yaml"}, whole: true, proof: true},
		{name: "one namespace, none", files: []string{"namespace.yaml"}, unseen: append([]string{unread}, elsewhere...), refused: append([]string{"get secrets in " + namespace}, beyond...)},
		{name: "one namespace, named secrets", files: []string{"namespace.yaml", "named-secrets.yaml"}, proof: true, unseen: elsewhere, refused: beyond},
		{name: "one namespace, all secrets", files: []string{"namespace.yaml", "namespace-secrets.yaml"}, proof: true, unseen: elsewhere, refused: beyond},
	} {
		t.Run(level.name, func(t *testing.T) {
			var roles []role
			for _, file := range level.files {
				in := namespace
				if file == "none.yaml" || file == "all-secrets.yaml" {
					in = ""
				}
				roles = append(roles, b.grant(t, file, in, secret))
			}
			_, offset := b.audit(t, 0)

			args := append([]string{"diagnose", "pod/app"}, workloads...)
			r := b.viewed(t, append(args, "-n", namespace)...)
			if missing := unlike(gaps(r), level.unseen); len(missing) > 0 {
				t.Errorf("not looked at %q, want %q", gaps(r), level.unseen)
			}
			told := map[string]string{}
			for _, d := range r.Diagnoses {
				told[strings.ToLower(d.Pull.Owner.Kind)+"/"+d.Pull.Owner.Name] = d.Causes[0].Cause + " " + string(d.Causes[0].Verdict)
			}
			// Without the secret nobody can tell whether the registry hides the
			// repository from those who do not log in.
			absent := "RepositoryNotFound likely"
			if level.proof {
				absent = "RepositoryNotFound confirmed"
			}
			for _, w := range workloads {
				if told[w] != absent {
					t.Errorf("%s: %q, want %q", w, told[w], absent)
				}
			}
			if got := told["pod/app"]; (got == "CredentialsInvalid confirmed") != level.proof || got == "" {
				t.Errorf("pod/app: %q, want it proven: %t", got, level.proof)
			}
			if level.whole {
				b.viewed(t, "-A")
			}
			b.viewed(t, "-n", namespace)
			// What it says is not proven without the nodes, or disproved.
			if got := b.run(t, "", nil, "verify", "deployment/web", "-n", namespace, "-o", "json", "--context", cluster.Viewer); got.code != 1 && got.code != 3 {
				t.Errorf("verify: exit code %d, stderr %s", got.code, got.err)
			}

			requests, _ := b.audit(t, offset)
			var refused []string
			for _, a := range requests {
				if a.ObjectRef.Namespace != "" && a.ObjectRef.Namespace != namespace {
					continue // what earlier tests left
				}
				if text := a.refusal(); text != "" && !slices.Contains(refused, text) {
					refused = append(refused, text)
				}
			}
			if len(unlike(refused, level.refused)) > 0 {
				t.Errorf("refused was %q, want %q", refused, level.refused)
			}
			for i, r := range roles {
				if len(unused(r, nil)) == 0 {
					t.Errorf("%s grants nothing", level.files[i])
				}
				if list := unused(r, requests); len(list) > 0 {
					t.Errorf("%s grants %q, by which nothing was allowed in %d requests", level.files[i], list, len(requests))
				}
			}
			t.Logf("%d requests, refused: %q", len(requests), refused)
		})
	}
}

// unlike are the elements that only one of the lists has.
func unlike(a, b []string) (list []string) {
	for _, one := range [][2][]string{{a, b}, {b, a}} {
		for _, s := range one[0] {
			if !slices.Contains(one[1], s) {
				list = append(list, s)
			}
		}
	}
	return list
}
