// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/internal/cluster/clustertest"
)

// offered is what a shell is offered behind the words: no descriptions, no
// directive. Nothing but cobra's own line may be on stderr.
func offered(t *testing.T, words ...string) string {
	t.Helper()
	got := bench{}.run(t, append([]string{"__complete"}, words...)...)
	if got.code != 0 || strings.Count(got.err, "\n") > 1 || !strings.HasPrefix(got.err, "Completion ended with directive") {
		t.Errorf("%q: exit code %d, stderr %q", words, got.code, got.err)
	}
	var all []string
	for line := range strings.Lines(got.out) {
		word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
		if !strings.HasPrefix(word, ":") {
			all = append(all, word)
		}
	}
	return strings.Join(all, " ")
}

func TestNamesAreCompleted(t *testing.T) {
	at := func(namespace, name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: namespace, Name: name}
	}
	server := clustertest.New(t,
		&corev1.Namespace{ObjectMeta: at("", "shop")}, &corev1.Namespace{ObjectMeta: at("", "web")},
		&corev1.Pod{ObjectMeta: at("shop", "api-1")}, &corev1.Pod{ObjectMeta: at("shop", "api-2")}, &corev1.Pod{ObjectMeta: at("web", "front")},
		&appsv1.Deployment{ObjectMeta: at("shop", "api")},
	)
	config := []string{"--kubeconfig", kubeconfigFor(t, server)}
	for _, c := range []struct{ typed, want string }{
		{"diagnose ", "pod/ deployment/ replicaset/ statefulset/ daemonset/ job/ cronjob/"},
		{"diagnose dep", "deployment/"},
		{"diagnose pod/", "pod/api-1 pod/api-2"},
		{"diagnose po/api-2", "po/api-2"},
		{"diagnose pod/api-1 pod/", "pod/api-2"},
		{"diagnose pod ", "api-1 api-2"},
		{"diagnose pod api-2 ", "api-1"},
		{"diagnose pods.v1 ", "api-1 api-2"},
		{"verify deploy/", "deploy/api"},
		{"fix deploy/", "deploy/api"},
		{"-n web pod/", "pod/front"},
		{"diagnose --namespace=web pod/", "pod/front"},
		{"diagnose service/", ""},
		{"diagnose pod x/", ""},
		{"diagnose -n ", "shop web"},
		{"watch -n w", "web"},
		{"-n ", "shop web"},
		{"--context ", "here"},
		{"verify --context h", "here"},
		{"diagnose --cluster ", "c"},
		{"diagnose --user ", "u"},
		{"diagnose -o ", "text json yaml"},
		{"--color a", "auto always"},
		{"diagnose --probe n", "none"},
		{"fix --cause TagNot", "TagNotFound"},
		{"diagnose --bundle x pod/", ""},
		{"fix --via ", "secret service-account template"},
		{"fix --dry-run ", "none client server"},
		{"undo --dry-run c", "client"},
		{"fix --with previous-", "previous-image"},
	} {
		words := strings.Split(c.typed, " ")
		at := 0
		if !strings.HasPrefix(words[0], "-") {
			at = 1 // behind the verb
		}
		if got := offered(t, slices.Concat(words[:at], config, words[at:])...); got != c.want {
			t.Errorf("%q: %q, want %q", c.typed, got, c.want)
		}
	}
}

// The demo and the kinds of registries need no cluster to be completed.
func TestWhatNeedsNoClusterIsCompleted(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	t.Setenv("HOME", t.TempDir())
	for typed, want := range map[string]string{
		"registries har":            "harbor",
		"registries harbor ":        "",
		"demo deployment/ap":        "deployment/api",
		"demo -n nowhere deploy/":   "",
		"demo -n sho":               "shop",
		"demo -n shop deployment a": "api",
	} {
		if got := offered(t, strings.Split(typed, " ")...); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
}

// forbidding is a cluster whose user may nothing.
func forbidding(t *testing.T) *clustertest.Server {
	t.Helper()
	server := clustertest.New(t, &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "api-1"}})
	server.Deny("list pods", "list namespaces")
	return server
}

// Whoever presses Tab wants a word or nothing, and soon.
func TestCompletionNeverFails(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	for name, config := range map[string]string{
		"no kubeconfig":              "",
		"a broken one":               writeFile(t, "broken", "users: [{name: u, user: {token: canary-token-1}\n  x"),
		"a server that is down":      writeFile(t, "down", strings.Replace(contexts, "%s", closed(t), 1)),
		"a server that is silent":    writeFile(t, "silent", strings.Replace(contexts, "%s", deaf(t), 1)),
		"a plugin that is not there": withPlugin(t, "/nowhere/plugin"),
		"a plugin that hangs":        withPlugin(t, script(t, "exec sleep 10")),
		"nobody may list":            kubeconfigFor(t, forbidding(t)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var args []string
			if config != "" {
				args = []string{"--kubeconfig", config}
			}
			began := time.Now()
			for _, typed := range [][]string{{"pod/"}, {"-n", ""}} {
				if got := offered(t, append(append([]string{"diagnose"}, args...), typed...)...); got != "" {
					t.Errorf("%q: offered %q", typed, got)
				}
			}
			if took := time.Since(began); took > 9*time.Second { // twice completeTime, and what a busy machine takes; less than the plugin
				t.Errorf("it took %s", took)
			}
			offered(t, append(append([]string{"diagnose"}, args...), "--context", "")...)
		})
	}
}
