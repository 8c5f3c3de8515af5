// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package integration runs the built plugin against the running testbed: a real
// API server with real RBAC, kubelets and registries. What e2e compares with
// the truth is not repeated here; this is about bad input, about lesser rights,
// and about the testbed itself.
package integration

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/faults"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
)

// longest bounds one run of the plugin and one wait for the cluster. It is far
// beyond what either takes: a machine that is busy is no failure.
const longest = 3 * time.Minute

// A bed is the running testbed with the plugin.
type bed struct {
	faults.Bed
	plugin string
}

// open finds the testbed, which make testbed-up starts.
func open(t *testing.T) bed {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("left out: it runs commands in the testbed's namespaces, which needs root")
	}
	testbed, err := cluster.Open("")
	if err != nil {
		t.Fatal(err)
	}
	b, err := faults.Open(testbed)
	if err == nil {
		ctx, cancel := context.WithTimeout(t.Context(), longest)
		defer cancel()
		err = b.Kube.CoreV1().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	}
	if err != nil {
		t.Fatalf("the testbed is not up (make testbed-up): %v", err)
	}
	plugin, err := filepath.Abs("../../bin/kubectl-pullmedic")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(plugin); err != nil {
		t.Fatalf("the plugin is not built (make build): %v", err)
	}
	return bed{b, plugin}
}

// await waits until nothing is missing any more.
func (b bed) await(t *testing.T, what string, missing func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	if err := b.until(ctx, missing); err != nil {
		t.Fatalf("waited %s in vain for %s: %v", longest, what, err)
	}
}

// awaitThat waits until something holds of which there is no more to say than that
// it does not hold yet.
func (b bed) awaitThat(t *testing.T, what string, holds func(context.Context) bool) {
	t.Helper()
	b.await(t, what, func(ctx context.Context) error {
		if !holds(ctx) {
			return errors.New("it does not hold yet")
		}
		return nil
	})
}

// until asks until nothing is missing; its error is what was missing last.
func (bed) until(ctx context.Context, missing func(context.Context) error) error {
	var last error
	for {
		err := missing(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil || last == nil { // else it is about the time
			last = err
		}
		select {
		case <-ctx.Done():
			return last
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// A ran is what a run of the plugin left.
type ran struct {
	out, err string
	code     int
	took     time.Duration
}

// run runs the plugin where the client stands; env are further settings.
func (b bed) run(t *testing.T, stdin string, env []string, args ...string) ran {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	command := b.Exec(ctx, cluster.Client, b.plugin, args...)
	command.Env = append(command.Env, env...)
	command.Stdin = strings.NewReader(stdin)
	var out, errOut bytes.Buffer
	command.Stdout, command.Stderr = &out, &errOut
	began := time.Now()
	err := command.Run()
	r := ran{out: out.String(), err: errOut.String(), took: time.Since(began)}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() {
		r.code, err = exit.ExitCode(), nil
	}
	if err != nil {
		t.Fatalf("running the plugin with %q: %v; it said %s", args, errors.Join(err, ctx.Err()), r.err)
	}
	if slices.Contains(args, "-o") {
		return r // a document
	}
	for line := range strings.Lines(r.out) {
		// What is copied is not broken: a command, a name that is too long for a line.
		copied := strings.Contains(line, "kubectl pullmedic ") || strings.Contains(line, " argocd app set ") ||
			slices.ContainsFunc(strings.Fields(line), func(word string) bool { return len(word) > 60 })
		if n := len(strings.TrimRight(line, "\n")); n > 80 && !copied {
			t.Errorf("a line is %d columns wide: %s", n, line)
		}
	}
	return r
}

// namespace makes one that goes when the test ends.
func (b bed) namespace(t *testing.T) string {
	t.Helper()
	made, err := b.Kube.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "pm-test-"}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b.goes(t, made.Name)
	b.await(t, "the default service account of "+made.Name, func(ctx context.Context) error {
		_, err := b.Kube.CoreV1().ServiceAccounts(made.Name).Get(ctx, "default", metav1.GetOptions{})
		return err
	})
	return made.Name
}

// namespaceNamed makes one of that name, after one that still ends, and which goes
// when the test ends.
func (b bed) namespaceNamed(t *testing.T, name string) {
	t.Helper()
	b.await(t, "namespace "+name, func(ctx context.Context) error {
		_, err := b.Kube.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
		return err
	})
	b.goes(t, name)
}

// goes has a namespace removed when the test ends.
func (b bed) goes(t *testing.T, namespace string) {
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), longest)
		defer cancel()
		if err := b.Kube.CoreV1().Namespaces().Delete(ctx, namespace, metav1.DeleteOptions{}); err != nil {
			t.Error(err)
		}
	})
}

// awaitFailing waits until the pull of a pod with that label app fails.
func (b bed) awaitFailing(t *testing.T, namespace, app string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	if shown, err := faults.Await(ctx, b.Bed, namespace, app); err != nil || shown.Running {
		t.Fatalf("it is to fail: %+v (%v)", shown, err)
	}
}

// awaitFailingImage waits until a pod fails to pull an image, and is one that stays:
// pods of former images may run meanwhile, and one of the same image that is about
// to go may still be there.
func (b bed) awaitFailingImage(t *testing.T, namespace, image string) {
	t.Helper()
	b.await(t, "the pull of "+image+" to fail", func(ctx context.Context) error {
		if err := b.underWay(ctx, namespace); err != nil {
			return err
		}
		list, err := b.Kube.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(list.Items, func(p corev1.Pod) bool {
			return p.DeletionTimestamp == nil && slices.ContainsFunc(p.Status.ContainerStatuses, func(s corev1.ContainerStatus) bool {
				return p.Spec.Containers[0].Image == image && pullFails(s)
			})
		}) {
			return fmt.Errorf("it fails in none of %d pods", len(list.Items))
		}
		return nil
	})
}

// underWay is an error while a controller has yet to read a Deployment of the
// namespace, or to make or remove pods of a ReplicaSet.
func (b bed) underWay(ctx context.Context, namespace string) error {
	deployments, err := b.Kube.AppsV1().Deployments(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, d := range deployments.Items {
		if d.Status.ObservedGeneration < d.Generation {
			return fmt.Errorf("deployment/%s was read at generation %d of %d", d.Name, d.Status.ObservedGeneration, d.Generation)
		}
	}
	sets, err := b.Kube.AppsV1().ReplicaSets(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, s := range sets.Items {
		if s.Status.ObservedGeneration < s.Generation || s.Status.Replicas != *s.Spec.Replicas {
			return fmt.Errorf("replicaset/%s has %d pods of %d", s.Name, s.Status.Replicas, *s.Spec.Replicas)
		}
	}
	return nil
}

// pullFails tells of a container that its pull fails.
func pullFails(s corev1.ContainerStatus) bool {
	return s.State.Waiting != nil && (s.State.Waiting.Reason == "ErrImagePull" || s.State.Waiting.Reason == "ImagePullBackOff")
}

// inject makes a fault on the first node and returns its namespace.
func (b bed) inject(t *testing.T, name string) string {
	t.Helper()
	fault, err := faults.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return b.injectFault(t, fault)
}

// injectFault is inject of a fault that a test may have changed.
func (b bed) injectFault(t *testing.T, fault faults.Fault) string {
	t.Helper()
	node := layout.Nodes[0]
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), longest)
		defer cancel()
		if err := faults.Repair(ctx, b.Bed, fault, node); err != nil {
			t.Error(err)
		}
	})
	if err := faults.Inject(ctx, b.Bed, fault, node); err != nil {
		t.Fatal(err)
	}
	namespace := fault.Namespace(node.Name)
	if shown, err := faults.Await(ctx, b.Bed, namespace, faults.PodName); err != nil || shown.Running {
		t.Fatalf("%s is to fail: %+v (%v)", fault.Name, shown, err)
	}
	return namespace
}
