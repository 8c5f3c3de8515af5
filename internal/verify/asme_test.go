// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/verify"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

func TestWhyItWorksOnMyMachine(t *testing.T) {
	s := newShelf(t)
	s.push("team/app:1", "linux/amd64", "linux/arm64")
	s.push("team/arm:1", "linux/arm64")
	s.push("private/app:1", "linux/amd64", "linux/arm64")
	for name, c := range map[string]struct {
		image    string
		secrets  []string // the pod's: hub is good, bad is not
		login    string   // my password
		err      error
		want     string // the pod's proof and mine
		words    []string
		unwanted string
	}{
		"it looks public to me because of my login": {
			image: "private/app:1", login: canary, want: "disproved, proven true",
			words: []string{"your own pull would work, with your own login", "it is not public, though it looks so to you: you are logged in to", "and the pod brings no credential for it"},
		},
		"another credential": {
			image: "private/app:1", secrets: []string{"bad"}, login: canary, want: "disproved, proven true",
			words: []string{"you log in with another credential than the pod, which sends that of secret shop/bad"},
		},
		"the same credential": {
			image: "private/app:1", secrets: []string{"hub"}, login: canary, want: "proven, proven true",
			words: []string{"the pod sends the same login"},
		},
		"a bad credential of the pod, and none of mine": {
			image: "team/app:1", secrets: []string{"bad"}, want: "disproved, proven false",
			words: []string{"without a login", "you ask without a login, which is enough, and the pod sends the credential of secret shop/bad"},
		},
		"another platform": {
			image: "team/arm:1", want: "disproved, proven false",
			words: []string{"your machine takes linux/arm64, the node linux/amd64"},
		},
		"what is gone is cached on my machine": {
			image: "team/app:2", want: "disproved, disproved false",
			words: []string{"your own pull, without a login", "would fail: ", "where it runs on your machine, it was pulled before"},
		},
		"my login is bad, the pod's is good": {
			image: "private/app:1", secrets: []string{"hub"}, login: "old-" + canary, want: "proven, disproved true",
			words: []string{"the registry rejects your login"}, unwanted: "pulled before",
		},
		"I have none, the pod has": {
			image: "private/app:1", secrets: []string{"hub"}, want: "proven, disproved false",
			words: []string{"the pod sends the credential of secret shop/hub, and you have none"},
		},
		"my docker config cannot be read": {
			image: "team/app:1", err: errors.New("your docker config cannot be read"), want: "proven, not-proven false",
			words: []string{"whether your own pull would work is not known: your docker config cannot be read"},
		},
		"no difference to be told": {
			image: "team/app:1", want: "proven, proven false",
			words: []string{"your own pull would work, without a login"}, unwanted: "credential",
		},
	} {
		t.Run(name, func(t *testing.T) {
			q := examine.Prospect{
				Wants: []examine.Want{want(s.host+"/"+c.image, secrets(c.secrets...))},
				Me: &examine.Me{Platform: evidence.Platform{OS: "linux", Arch: "arm64"}, Login: func(context.Context, evidence.Reference) (keyring.Credential, bool, error) {
					return keyring.Credential{Username: "robot", Password: keyring.NewPassword(c.login)}, c.login != "", c.err
				}},
			}
			r := s.verify(t, scene{q: q, objects: []runtime.Object{
				node("worker-1", "amd64", "v1.36.3"), account(), secretFor("hub", s.host, canary), secretFor("bad", s.host, "wrong-"+canary),
			}})
			a := r.Answers[0]
			if got := fmt.Sprintf("%s, %s %v", a.Proof, a.AsMe.Proof, a.AsMe.Login); got != c.want {
				t.Errorf("got %s, want %s; %s; %+v", got, c.want, a.Why, a.AsMe)
			}
			text := strings.Join(a.AsMe.Sentences, "\n")
			for _, w := range c.words {
				if !strings.Contains(text, w) {
					t.Errorf("%q is not in\n%s", w, text)
				}
			}
			if c.unwanted != "" && strings.Contains(text, c.unwanted) {
				t.Errorf("%q is in\n%s", c.unwanted, text)
			}
			if strings.Contains(text+a.Why+fmt.Sprintf("%+v", a.Mine), canary) {
				t.Error("a secret shows")
			}
		})
	}
}

// The person's own docker config is read as docker reads it.
func TestMyDockerLogin(t *testing.T) {
	auth := base64.StdEncoding.EncodeToString([]byte("me:" + canary))
	bin := t.TempDir()
	helper := "#!/bin/sh\nread host\ncase $host in\n*broken*) echo " + canary + "; exit 1;;\n*token*) echo '{\"Username\":\"<token>\",\"Secret\":\"" + canary + "\"}';;\n*) echo '{\"Username\":\"helped\",\"Secret\":\"" + canary + "\"}';;\nesac\n"
	if err := os.WriteFile(filepath.Join(bin, "docker-credential-pmtest"), []byte(helper), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("HOME", t.TempDir())
	t.Setenv("XDG_RUNTIME_DIR", "")
	t.Setenv("REGISTRY_AUTH_FILE", "")
	dir := t.TempDir()
	t.Setenv("DOCKER_CONFIG", dir)
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	login := func(host string) (string, error) {
		c, found, err := verify.Me().Login(t.Context(), evidence.Reference{Host: host, Repository: "team/app", Tag: "1"})
		if !found {
			return "", err
		}
		if c.Password.Reveal() != canary {
			t.Errorf("%s: another password", host)
		}
		return c.Username, err
	}
	if user, err := login("registry.example"); user != "" || err != nil {
		t.Errorf("without a config: %q, %v", user, err)
	}
	write(`{"auths":{"https://index.docker.io/v1/":{"auth":"` + auth + `"},"registry.example":{"auth":"` + auth + `"},"identity.example":{"auth":"` + base64.StdEncoding.EncodeToString([]byte("00000000-0000-0000-0000-000000000000:")) + `","identitytoken":"` + canary + `"},"registry-token.example":{"registrytoken":"` + canary + `"}},` +
		`"credHelpers":{"helped.example":"pmtest","broken.example":"pmtest","token.example":"pmtest","gone.example":"pmnone"}}`)
	for host, want := range map[string]string{
		"docker.io": "me", "registry.example": "me", "other.example": "", "helped.example": "helped",
		"broken.example": "error", "token.example": "<token>", "identity.example": "<token>", "registry-token.example": "error", "gone.example": "error",
	} {
		user, err := login(host)
		if err != nil {
			user = "error"
			if strings.Contains(err.Error(), canary) {
				t.Errorf("%s: the error shows a secret: %v", host, err)
			}
		}
		if user != want {
			t.Errorf("%s: %q (%v), want %q", host, user, err, want)
		}
	}
	write(`{"auths": ` + canary)
	if _, err := login("registry.example"); err == nil || strings.Contains(err.Error(), canary) {
		t.Errorf("a broken config: %v", err)
	}
}

func TestAHelperThatHangsIsLeftBehind(t *testing.T) {
	bin := t.TempDir()
	// It hangs until the test has ended: docker's library asks one after the other.
	const hangs = "#!/bin/sh\nexec 2>/dev/null\nfor i in $(seq 600); do [ -e \"$0\" ] || exit 1; sleep 0.05; done\n"
	if err := os.WriteFile(filepath.Join(bin, "docker-credential-pmslow"), []byte(hangs), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("HOME", t.TempDir())
	dir := t.TempDir()
	t.Setenv("DOCKER_CONFIG", dir)
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(`{"credsStore":"pmslow"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, _, err := verify.Me().Login(ctx, evidence.Reference{Host: "slow.example", Repository: "x"}); err == nil || !strings.Contains(err.Error(), "did not answer in time") {
		t.Errorf("the error is %v", err)
	}
}
