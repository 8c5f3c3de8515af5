// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/testbed/internal/e2e"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
)

func TestBadInputGetsOneLineAndItsExitCode(t *testing.T) {
	b := open(t)
	home := t.TempDir()
	nothing := []string{"KUBECONFIG=", "HOME=" + home}
	other := func(token, server string) string {
		path := filepath.Join(t.TempDir(), "kubeconfig")
		text := fmt.Sprintf("apiVersion: v1\nkind: Config\ncurrent-context: x\nclusters: [{name: x, cluster: {server: %q, certificate-authority: %s/cluster-ca.crt}}]\nusers: [{name: x, user: {token: %q}}]\ncontexts: [{name: x, context: {cluster: x, user: x}}]\n", server, b.PKI(), token)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	right := fmt.Sprintf("https://%s:%d", layout.ControlPlane, layout.APIServerPort)
	closed := fmt.Sprintf("https://%s:6444", layout.ControlPlane)
	nobodyThere := "https://10.209.200.200:6443"
	for name, c := range map[string]struct {
		args  []string
		env   []string
		stdin string
		code  int
		want  string // the line's beginning
		holds string
	}{
		"no kubeconfig":       {args: []string{"-A"}, env: nothing, code: 2, want: "error: no kubeconfig: " + home + "/.kube/config does not exist; set KUBECONFIG, or give --kubeconfig FILE"},
		"no such file":        {args: []string{"-A", "--kubeconfig", home + "/none"}, code: 2, want: "error: reading the kubeconfig: stat " + home + "/none: no such file or directory"},
		"wrong context":       {args: []string{"-A", "--context", "prod"}, code: 2, want: `error: the kubeconfig has no context "prod"; choose one with --context: admin, nobody, viewer`},
		"API server down":     {args: []string{"-A", "--kubeconfig", other("x", closed)}, code: 3, want: "error: asking " + closed + ": ", holds: "refused"},
		"no such host there":  {args: []string{"-A", "--request-timeout", "2s", "--kubeconfig", other("x", nobodyThere)}, code: 3, want: "error: asking " + nobodyThere + ": "},
		"wrong token":         {args: []string{"-A", "--kubeconfig", other("x", right)}, code: 3, want: "error: asking " + right + ": "},
		"no such pod":         {args: []string{"pod/none"}, code: 2, want: "error: there is no pod none in namespace default; look at the name and the namespace"},
		"no such deployment":  {args: []string{"diagnose", "deployment/none", "-n", "kube-system"}, code: 2, want: "error: there is no deployment none in namespace kube-system"},
		"no such kind":        {args: []string{"diagnose", "service/kubernetes"}, code: 2, want: `error: looking at kind "service": not known; take one of pod, `},
		"no such verb":        {args: []string{"diagnos", "pod/x"}, code: 2, want: `error: `},
		"unknown flag":        {args: []string{"--frobnicate"}, code: 2, want: "error: unknown flag: --frobnicate; see "},
		"a CA that is none":   {args: []string{"-A", "--registry-ca", "/etc/hostname"}, code: 2, want: "error: reading the registries' certificates: /etc/hostname: no PEM block of type CERTIFICATE in it"},
		"a CA that is absent": {args: []string{"-A", "--registry-ca", home + "/none.pem"}, code: 2, want: "error: reading the registries' certificates: open " + home + "/none.pem: no such file or directory"},
		"binary on stdin":     {args: []string{"read", "-"}, stdin: "\x00\x01\xff\xfe\x00binary\x00", code: 2, want: "error: "},
		"truncated JSON":      {args: []string{"read", "--jsonl", "-"}, stdin: `{"message": "x`, code: 2, want: "error: "},
	} {
		t.Run(name, func(t *testing.T) {
			got := b.run(t, c.stdin, c.env, c.args...)
			if got.code != c.code || !strings.HasPrefix(got.err, c.want) || !strings.Contains(got.err, c.holds) || strings.Count(got.err, "\n") != 1 {
				t.Errorf("exit code %d, want %d; stderr %q, want %q and %q; stdout %q", got.code, c.code, got.err, c.want, c.holds, got.out)
			}
			if got.took > longest/3 {
				t.Errorf("it took %s", got.took)
			}
		})
	}
}

func TestANamespaceThatIsNotThereIsSaidToBeSo(t *testing.T) {
	got := open(t).run(t, "", nil, "-n", "none")
	if got.code != 2 || got.out != "" || got.err != "error: there is no namespace none; look at its name\n" {
		t.Errorf("exit code %d, stderr %q, stdout %q", got.code, got.err, got.out)
	}
}

func TestTheJSONOfARealRunIsThePublishedType(t *testing.T) {
	b := open(t)
	namespace := b.inject(t, "missing-tag")
	for _, args := range [][]string{{"-A", "-o", "json"}, {"diagnose", "pod/app", "-n", namespace, "-o", "json"}} {
		got := b.run(t, "", nil, args...)
		decoder := json.NewDecoder(strings.NewReader(got.out))
		decoder.DisallowUnknownFields()
		var r v1alpha1.Report
		if err := decoder.Decode(&r); err != nil {
			t.Fatalf("%q: %v in %s", args, err, got.out)
		}
		if got.code != 1 || len(r.Diagnoses) == 0 || r.Diagnoses[0].Causes[0].Cause == "" {
			t.Errorf("%q: exit code %d, %+v", args, got.code, r)
		}
	}
}

func TestABundleOfARealRunGivesTheSameAnswerWithoutTheCluster(t *testing.T) {
	b := open(t)
	namespace := b.inject(t, "missing-digest")
	file := filepath.Join(t.TempDir(), "pulls.json")
	if got := b.run(t, "", nil, "collect", "pod/app", "-n", namespace, "-o", file); got.code != 0 {
		t.Fatalf("collect: exit code %d, stderr %q", got.code, got.err)
	}
	// With a kubeconfig that leads nowhere.
	env := []string{"KUBECONFIG=/nonexistent"}
	got := b.run(t, "", env, "diagnose", "pod/app", "-n", namespace, "--bundle", file)
	if got.code != 1 || !strings.HasPrefix(got.out, "DigestNotFound, confirmed: ") || got.err != "" {
		t.Errorf("exit code %d, stderr %q, stdout %q", got.code, got.err, got.out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if e2e.Leaked(text) {
		t.Error("a secret is in the bundle")
	}
}
