// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"sigs.k8s.io/yaml"

	"github.com/pullmedic/pullmedic/internal/cluster/clustertest"
	"github.com/pullmedic/pullmedic/internal/report/schematest"
)

// shelf is an open registry with one image, acme/api:1.0.
func shelf(t *testing.T) (host, caFile string) {
	t.Helper()
	handler := ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	plain := httptest.NewServer(handler)
	t.Cleanup(plain.Close)
	image, err := random.Image(2000, 2)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := name.ParseReference(strings.TrimPrefix(plain.URL, "http://")+"/acme/api:1.0", name.Insecure)
	if err == nil {
		err = remote.Write(ref, image)
	}
	if err != nil {
		t.Fatal(err)
	}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	return strings.TrimPrefix(server.URL, "https://"), writeFile(t, "ca.pem", string(ca))
}

// deploy is a Deployment with one container.
func deploy(image string) string {
	return fmt.Sprintf("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec:\n  template:\n    spec:\n      nodeName: worker-1\n      imagePullSecrets: [{name: hub}]\n      containers:\n      - {name: app, image: %q, env: [{name: PASSWORD, value: %s}]}\n", image, canary)
}

func TestVerifyEndsInItsExitCodes(t *testing.T) {
	host, ca := shelf(t)
	config := kubeconfigFor(t, refused(t, host))
	for name, c := range map[string]struct {
		stdin, args string
		code        int
		want        string
	}{
		"all proven":                    {deploy(host + "/acme/api:1.0"), "", ExitOK, "Proven from here: " + host + "/acme/api:1.0"},
		"one disproved":                 {deploy(host+"/acme/api:1.0") + "---\n" + strings.Replace(deploy(host+"/acme/api:2.0"), "name: api}", "name: web}", 1), "", ExitFailing, "1 of 2 pulls would fail, 1 proven from here\n\n  x " + host + "/acme/api:2.0: disproved, TagNotFound\n  + " + host + "/acme/api:1.0: proven from here\n\nDisproved, TagNotFound: "},
		"no image":                      {deploy(""), "", ExitFailing, "Disproved, InvalidImageName: container app has no image\nDo first: Write an image into container app of deployment/api.\n"},
		"nothing disproved, not proven": {deploy(host + "/acme/api:1.0"), "--probe=none", ExitNotSeen, "Not proven: " + host + "/acme/api:1.0: registries are not asked in this run"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"verify", "-f", "-", "--kubeconfig", config, "--registry-ca", ca, "--allow-loopback"}, strings.Fields(c.args)...)
			got := bench{stdin: c.stdin}.run(t, args...)
			if got.code != c.code || got.err != "" || !strings.HasPrefix(got.out, c.want) {
				t.Errorf("exit code %d, want %d; stderr %q; stdout\n%s", got.code, c.code, got.err, got.out)
			}
			for line := range strings.Lines(got.out) {
				if len([]rune(strings.TrimRight(line, "\n"))) > textWidth {
					t.Errorf("a line is too long: %s", line)
				}
			}
			checkNoLeak(t, name, got.out)
		})
	}
}

func TestVerifyOfWhatTheClusterHas(t *testing.T) {
	host, ca := shelf(t)
	args := []string{"verify", "--kubeconfig", kubeconfigFor(t, refused(t, host)), "--registry-ca", ca, "--allow-loopback"}
	if got := (bench{}).run(t, append(args, "pod/api")...); got.code != ExitOK || !strings.Contains(got.out, "For       pod/api in shop, container app") {
		t.Errorf("exit code %d, stderr %q, stdout\n%s", got.code, got.err, got.out)
	}
	if got := (bench{}).run(t, append(args, "deployment/none")...); got.code != ExitUsage || got.err != "error: there is no deployment none in namespace shop; look at the name and the namespace\n" {
		t.Errorf("exit code %d, stderr %q", got.code, got.err)
	}
}

func TestAWholeVerificationShowsNoSecret(t *testing.T) {
	host, ca := gossip(t)
	config := kubeconfigFor(t, refused(t, host))
	docker := t.TempDir()
	auth := base64.StdEncoding.EncodeToString([]byte("me:" + canary))
	if err := os.WriteFile(filepath.Join(docker, "config.json"), fmt.Appendf(nil, `{"auths":{%q:{"auth":%q}}}`, host, auth), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DOCKER_CONFIG", docker)
	t.Setenv("HOME", t.TempDir())
	secret := fmt.Sprintf("---\napiVersion: v1\nkind: Secret\nmetadata: {name: hub}\ntype: kubernetes.io/dockerconfigjson\nstringData:\n  .dockerconfigjson: '{\"auths\":{%q:{\"auth\":%q}}}'\n", host, auth)
	file := writeFile(t, "deploy.yaml", deploy(host+"/acme/api:1.0")+secret)
	for _, args := range []string{"pod/api", "pod/api -v=9", "pod/api -o json -v=9", "pod/api -o yaml --as-me", "pod/api --as-me -v", "-f " + file, "-f " + file + " --as-me -o json", "pod/api --probe=anonymous -v"} {
		trace := filepath.Join(t.TempDir(), "trace")
		got := bench{}.run(t, append(strings.Fields("verify "+args), "--kubeconfig", config, "--registry-ca", ca, "--allow-loopback", "--trace", trace)...)
		spans, err := os.ReadFile(trace)
		if err != nil {
			t.Fatal(err)
		}
		checkNoLeak(t, args, got.out, got.err, string(spans))
		want := ExitFailing
		if strings.Contains(args, "anonymous") {
			want = ExitNotSeen
		}
		if got.code != want || got.err != "" {
			t.Errorf("%s: exit code %d, want %d, stderr %q\n%s", args, got.code, want, got.err, got.out)
		}
		out := []byte(got.out)
		switch {
		case strings.Contains(args, "yaml ") || strings.HasSuffix(args, "yaml"):
			if out, err = yaml.YAMLToJSON(out); err != nil {
				out = nil
			}
		case !strings.Contains(args, "json"):
			out = nil
		}
		if out == nil {
			continue
		}
		schematest.Check(t, out)
		var v struct {
			Proof string
			Pulls []struct {
				Cause string
				AsMe  *struct{ Login bool }
			}
		}
		if err := json.Unmarshal(out, &v); err != nil || v.Proof != "disproved" || v.Pulls[0].Cause != "CredentialsInvalid" || (v.Pulls[0].AsMe != nil) != strings.Contains(args, "as-me") {
			t.Errorf("%s: %v, %+v", args, err, v)
		}
	}
}

func TestBadInputOfVerify(t *testing.T) {
	config := kubeconfigFor(t, clustertest.New(t))
	for name, c := range map[string]struct {
		args, stdin string
		want        string
	}{
		"nothing":                   {"verify", "", "verify needs an object or a file: TYPE/NAME, or -f FILE; kubectl pullmedic verify --help shows more"},
		"objects and a file":        {"verify pod/x -f x.yaml", "", "give objects or a file to verify, not both"},
		"a file that is not there":  {"verify -f /nowhere.yaml", "", "opening the file: /nowhere.yaml: no such file or directory"},
		"a directory":               {"verify -f /", "", "opening the file: /: it is a directory, and neither a file nor a pipe"},
		"an empty file":             {"verify -f -", "", "reading stdin: it is empty; give a pod or a workload"},
		"broken YAML":               {"verify -f -", "kind: Service\napiVersion: v1\n---\n{", "reading stdin, document 2: it is no YAML: "},
		"a pod without a name":      {"verify -f -", "apiVersion: v1\nkind: Pod\nspec: {containers: [{}]}", "reading stdin, document 1: the Pod has no metadata.name"},
		"another namespace":         {"verify -f - -n web", "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: shop}\nspec: {containers: [{}]}", "reading stdin, document 1: the Pod is in namespace shop, and -n says web"},
		"an unknown type":           {"verify service/x", "", `looking at kind "service": not known`},
		"--as-me without a login":   {"verify pod/x --as-me --probe=anonymous", "", "--as-me logs in with your own docker login, and --probe=anonymous does not log in; leave one out"},
		"a pod that is not there":   {"verify pod/x", "", "there is no pod x in namespace shop"},
		"a probe mode that is none": {"verify pod/x --probe=all", "", `reading the probe mode: "all" is none of none, anonymous, credentials`},
		"no time":                   {"verify pod/x --timeout=0s", "", "--timeout 0s leaves no time"},
		"a type without a name":     {"verify pod", "", `"pod" is no TYPE/NAME`},
	} {
		t.Run(name, func(t *testing.T) {
			got := bench{stdin: c.stdin}.run(t, append(strings.Fields(c.args), "--kubeconfig", config)...)
			if got.code != ExitUsage || !strings.HasPrefix(got.err, "error: "+c.want) || strings.Count(got.err, "\n") != 1 || got.out != "" {
				t.Errorf("exit code %d, stderr %q, want %q; stdout %q", got.code, got.err, c.want, got.out)
			}
		})
	}
}
