// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/testbed/internal/e2e"
	"github.com/pullmedic/pullmedic/testbed/internal/faults"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

const (
	absent  = registries.Plain + "/acme/app:1.27.46"
	present = registries.Plain + "/acme/app:1.27.4"
)

// templateOf is the template of a pod app with one container on the first node.
func templateOf(image string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{faults.PodLabel: faults.PodName}},
		Spec: corev1.PodSpec{
			NodeSelector: map[string]string{corev1.LabelHostname: layout.Nodes[0].Name}, HostNetwork: true, TerminationGracePeriodSeconds: new(int64(1)),
			Containers: []corev1.Container{{Name: "app", Image: image, ImagePullPolicy: corev1.PullAlways}},
		},
	}
}

// matching selects the pods of such a template.
func matching() *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{faults.PodLabel: faults.PodName}}
}

// deploy makes deployment/app and waits until it fails to pull.
func (b bed) deploy(t *testing.T, namespace, image string, edit func(*corev1.PodSpec)) {
	t.Helper()
	b.deployAs(t, namespace, metav1.ObjectMeta{}, image, edit)
}

// deployAs is deploy with labels, annotations and owners.
func (b bed) deployAs(t *testing.T, namespace string, o metav1.ObjectMeta, image string, edit func(*corev1.PodSpec)) {
	t.Helper()
	o.Name = faults.PodName
	d := &appsv1.Deployment{ObjectMeta: o, Spec: appsv1.DeploymentSpec{Selector: matching(), Template: templateOf(image)}}
	if edit != nil {
		edit(&d.Spec.Template.Spec)
	}
	if _, err := b.Kube.AppsV1().Deployments(namespace).Create(t.Context(), d, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	b.awaitFailing(t, namespace, faults.PodName)
}

// replicate makes replicaset/app and waits until it fails to pull.
func (b bed) replicate(t *testing.T, namespace, image string) {
	t.Helper()
	rs := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Name: faults.PodName}, Spec: appsv1.ReplicaSetSpec{
		Selector: matching(), Template: templateOf(image),
	}}
	if _, err := b.Kube.AppsV1().ReplicaSets(namespace).Create(t.Context(), rs, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	b.awaitFailing(t, namespace, faults.PodName)
}

// written are the objects of a namespace as people wrote them.
func (b bed) written(t *testing.T, namespace string) e2e.Objects {
	t.Helper()
	all, err := e2e.ReadObjects(t.Context(), b.Testbed, namespace)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// fix runs fix --yes and reads its document, which has one target.
func (b bed) fix(t *testing.T, namespace string, args ...string) (v1alpha1.TargetFix, ran) {
	t.Helper()
	got := b.run(t, "", nil, append([]string{"fix", "-n", namespace, "--yes", "-o", "json"}, args...)...)
	return got.target(t), got
}

// planned is what fix would do with such an object, as a context's user.
func (b bed) planned(t *testing.T, namespace, as, object string, args ...string) v1alpha1.TargetFix {
	t.Helper()
	return b.run(t, "", nil, append([]string{"fix", object, "-n", namespace, "--dry-run=client", "-o", "json", "--context", as}, args...)...).target(t)
}

// target reads the document of a fix, which has one target.
func (r ran) target(t *testing.T) v1alpha1.TargetFix {
	t.Helper()
	if e2e.Leaked([]byte(r.out), []byte(r.err)) {
		t.Fatal("a secret shows")
	}
	var f v1alpha1.Fix
	if err := json.Unmarshal([]byte(r.out), &f); err != nil || len(f.Targets) != 1 {
		t.Fatalf("exit code %d, %d targets, %v: stderr %s", r.code, len(f.Targets), err, r.err)
	}
	return f.Targets[0]
}

// remedyOf is a target's remedy of that id; the zero value if it has none.
func remedyOf(f v1alpha1.TargetFix, id string) v1alpha1.Remedy {
	all := slices.Concat(f.Remedies, f.Others)
	if at := slices.IndexFunc(all, func(r v1alpha1.Remedy) bool { return r.ID == id }); at >= 0 {
		return all[at]
	}
	return v1alpha1.Remedy{}
}

// untouched fails the test if anything that a person wrote differs from before;
// with strict also if a pod went or came. What was made and taken back may take
// the garbage collector a while.
func (b bed) untouched(t *testing.T, namespace string, before e2e.Objects, strict bool) {
	t.Helper()
	if strict {
		if list := before.Differences(b.written(t, namespace), true); len(list) > 0 {
			t.Errorf("something changed: %q", list)
		}
		return
	}
	b.await(t, "all to be as it was in "+namespace, func(ctx context.Context) error {
		now, err := e2e.ReadObjects(ctx, b.Testbed, namespace)
		if list := before.Differences(now, false); err == nil && len(list) > 0 {
			err = fmt.Errorf("something changed: %q", list)
		}
		return err
	})
}

// rule breaks requests until the test ends, or lift is called.
func (b bed) rule(t *testing.T, r registries.Rule) (lift func(context.Context) error) {
	t.Helper()
	r.ID = fmt.Sprintf("integration-%s", t.Name())
	if err := b.Registries.SetRule(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	lift = func(ctx context.Context) error { return b.Registries.RemoveRule(ctx, r.ID) }
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), longest)
		defer cancel()
		if err := lift(ctx); err != nil {
			t.Error(err)
		}
	})
	return lift
}

// imageOf is what the container app of a deployment wants.
func (b bed) imageOf(t *testing.T, namespace, name string) string {
	t.Helper()
	d, err := b.Kube.AppsV1().Deployments(namespace).Get(t.Context(), name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(d.Spec.Template.Spec.Containers, func(c corev1.Container) bool { return c.Name == "app" })
	return d.Spec.Template.Spec.Containers[at].Image
}
