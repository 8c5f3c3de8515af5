// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// plainDeploy is a Deployment that names no node and no pull secret.
func plainDeploy(image string) string {
	return fmt.Sprintf("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api}\nspec:\n  template:\n    spec:\n      containers: [{name: app, image: %q}]\n", image)
}

func TestAFileIsVerifiedWithoutACluster(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	t.Setenv("HOME", t.TempDir())
	host, ca := shelf(t)
	locked, lockedCA := gossip(t)
	empty := writeFile(t, "none.json", "{}")
	mine := writeFile(t, "mine.json", fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, locked, base64.StdEncoding.EncodeToString([]byte("robot:"+canary))))
	account := "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: default}\n"
	arm := strings.Replace(plainDeploy(host+"/acme/api:1.0"), "    spec:\n", "    spec:\n      nodeSelector: {kubernetes.io/arch: amd64}\n", 1)
	for name, c := range map[string]struct {
		file, ca, args string
		code           int
		want           []string // parts of stdout
		said           string   // on stderr
	}{
		"nothing is said in the cluster's place": {
			plainDeploy(host + "/acme/api:1.0"), ca, "", ExitNotSeen,
			[]string{"Not proven: ", "what pull secrets the service account default brings is not known", "needs --docker-config FILE", "needs --platform OS/ARCH", "what its nodes have and what its other pulls show was not seen"},
			"No kubeconfig names a cluster, so only registries were asked.\n",
		},
		"platform and logins are said":             {plainDeploy(host + "/acme/api:1.0"), ca, "--no-cluster --platform linux/amd64 --docker-config " + empty, ExitOK, []string{"Proven from here: " + host + "/acme/api:1.0", "no node of that kind was seen"}, ""},
		"the file says who logs in, and for what":  {arm + account, ca, "--no-cluster", ExitOK, []string{"Proven from here: "}, ""},
		"two platforms":                            {plainDeploy(host + "/acme/api:1.0"), ca, "--no-cluster --platform linux/amd64,linux/s390x --docker-config " + empty, ExitOK, []string{"All 2 pulls are proven from here", "On        linux/s390x; no node of that kind was seen"}, ""},
		"a tag that is not there, without a word":  {plainDeploy(host + "/acme/api:2.0"), ca, "--no-cluster", ExitFailing, []string{"Disproved, TagNotFound: "}, ""},
		"a login that is refused":                  {plainDeploy(locked + "/acme/api:1.0"), lockedCA, "--no-cluster --platform linux/amd64 --docker-config " + mine, ExitFailing, []string{"Disproved, CredentialsInvalid: "}, ""},
		"a secret that the pod names and is not":   {deploy(host + "/acme/api:1.0"), ca, "--no-cluster --platform linux/amd64", ExitNotSeen, []string{"no cluster is asked in this run, so secret hub in namespace default was not read; needs a cluster"}, ""},
		"a secret that the pod names, by the file": {deploy(host + "/acme/api:1.0"), ca, "--no-cluster --platform linux/amd64 --docker-config " + empty, ExitOK, []string{"Proven from here: "}, ""},
		"a registry that refuses to be asked":      {plainDeploy("127.0.0.1:1/acme/api:1.0"), ca, "--no-cluster -v", ExitNotSeen, []string{"Not proven: 127.0.0.1:1/acme/api:1.0: 127.0.0.1:1 refuses connections from here, so the image could not be asked for", "is well-formed [here"}, ""},
		"as the person would":                      {plainDeploy(host + "/acme/api:1.0"), ca, "--no-cluster --as-me", ExitNotSeen, []string{"As you    your own pull would work"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := bench{stdin: c.file}.run(t, append([]string{"verify", "-f", "-", "--registry-ca", c.ca, "--allow-loopback"}, strings.Fields(c.args)...)...)
			if got.code != c.code || got.err != c.said {
				t.Errorf("exit code %d, want %d; stderr %q, want %q", got.code, c.code, got.err, c.said)
			}
			flat := strings.Join(strings.Fields(got.out), " ")
			for _, want := range c.want {
				if !strings.Contains(flat, strings.Join(strings.Fields(want), " ")) {
					t.Errorf("%q is not in\n%s", want, got.out)
				}
			}
			if strings.Contains(got.out, "[cluster") {
				t.Errorf("what the cluster showed is told, and none was asked:\n%s", got.out)
			}
			checkNoLeak(t, name, got.out, got.err)
		})
	}
}

func TestBadInputOfVerifyWithoutACluster(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	t.Setenv("HOME", t.TempDir())
	file := writeFile(t, "deploy.yaml", plainDeploy("docker.io/acme/api:1.0"))
	large := writeFile(t, "large.json", strings.Repeat(" ", maxConfig+1))
	for args, want := range map[string]string{
		"pod/x --no-cluster":                                      "--no-cluster needs a file to verify (-f FILE)",
		"pod/x --platform linux/amd64":                            "--platform needs a file to verify (-f FILE)",
		"pod/x --docker-config x":                                 "--docker-config needs a file to verify (-f FILE) and no cluster",
		"pod/x":                                                   "no kubeconfig: " + os.Getenv("KUBECONFIG") + " does not exist; set KUBECONFIG",
		"-f " + file + " --platform arm64":                        `reading --platform: "arm64" is no platform; give OS/ARCH, as in linux/arm64`,
		"-f " + file + " --docker-config /nowhere":                "reading the docker config: /nowhere: no such file or directory",
		"-f " + file + " --docker-config /":                       "reading the docker config: /: it is a directory, and no regular file",
		"-f " + file + " --docker-config " + large:                "reading the docker config: " + large + ": it is larger than 1 MiB",
		"-f " + file + " --kubeconfig /nowhere":                   "reading the kubeconfig: ",
		"-f " + file + " --bundle x":                              "unknown flag: --bundle; see kubectl pullmedic verify --help",
		"-f " + file + " --no-cluster --platform a/b,b/c,a/d/e/f": `reading --platform: "a/d/e/f" is no platform`,
	} {
		got := bench{}.run(t, append([]string{"verify"}, strings.Fields(args)...)...)
		if got.code != ExitUsage || !strings.HasPrefix(got.err, "error: "+want) || strings.Count(got.err, "\n") != 1 || got.out != "" {
			t.Errorf("%s: exit code %d, stderr %q, want %q; stdout %q", args, got.code, got.err, want, got.out)
		}
	}
}

func TestAClusterThatDoesNotAnswerIsToldOnce(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	down := writeFile(t, "down", strings.Replace(contexts, "%s", closed(t), 1))
	host, ca := shelf(t)
	two := deploy(host+"/acme/api:1.0") + "---\n" + strings.ReplaceAll(deploy(host+"/acme/api:1.0"), "name: api", "name: web")
	for name, file := range map[string]string{"one pull": deploy(host + "/acme/api:1.0"), "two pulls": two} {
		got := bench{stdin: file}.run(t, "verify", "-f", "-", "--registry-ca", ca, "--allow-loopback", "--kubeconfig", down)
		flat := strings.Join(strings.Fields(got.out), " ")
		if got.code != ExitNotSeen || strings.Count(flat, "API server cannot be reached") != 1 {
			t.Errorf("%s: exit code %d, %s\n%s", name, got.code, got.err, got.out)
		}
		if pulls := strings.Count(got.out, "Not proven: "); pulls != strings.Count(file, "image:") {
			t.Errorf("%s: %d pulls\n%s", name, pulls, got.out)
		}
	}
}
