// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registries

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

const appManifest = "https://registry.acme.example/v2/acme/app/manifests/1"

func TestRulesBreakWhatTheyMatch(t *testing.T) {
	b := newBench(t)
	blob := "https://registry.acme.example/v2/acme/app/blobs/" + b.layer
	for name, c := range map[string]struct {
		rule  Rule
		url   string
		check func(answer *http.Response, body string, err error) bool
	}{
		"a status with its headers and body": {
			rule: Rule{Registry: Plain, Repository: "acme/app", Effect: Effect{Status: 503, Headers: map[string]string{"Retry-After": "7"}, Body: "<html>busy</html>"}},
			check: func(a *http.Response, body string, err error) bool {
				return err == nil && a.StatusCode == http.StatusServiceUnavailable && a.Header.Get("Retry-After") == "7" && body == "<html>busy</html>"
			},
		},
		"Docker Hub's limit": {
			rule: Rule{Registry: Plain, Effect: DockerHubLimit()},
			check: func(a *http.Response, body string, err error) bool {
				return err == nil && a.StatusCode == http.StatusTooManyRequests && a.Header.Get("Ratelimit-Remaining") == "0;w=21600" && strings.Contains(body, "TOOMANYREQUESTS")
			},
		},
		"a redirect": {
			rule: Rule{Registry: Plain, Effect: Effect{Redirect: "http://169.254.169.254/"}},
			check: func(a *http.Response, _ string, err error) bool {
				return err == nil && a.StatusCode == http.StatusTemporaryRedirect && a.Header.Get("Location") == "http://169.254.169.254/"
			},
		},
		"a reset": {
			rule:  Rule{Registry: Plain, Effect: Effect{Reset: true}},
			check: func(_ *http.Response, _ string, err error) bool { return errors.Is(err, syscall.ECONNRESET) },
		},
		"a reset half-way through a layer": {
			rule: Rule{Registry: Plain, Path: "/v2/*/*/blobs/*", Effect: Effect{Reset: true, After: 100}},
			url:  blob,
			check: func(a *http.Response, body string, err error) bool {
				return a != nil && len(body) <= 100 && err != nil && !errors.Is(err, io.EOF)
			},
		},
		"a hang": {
			rule: Rule{Registry: Plain, Effect: Effect{Hang: true}},
			check: func(_ *http.Response, _ string, err error) bool {
				var timeout net.Error
				return errors.As(err, &timeout) && timeout.Timeout()
			},
		},
		"a delay, and then the answer": {
			rule:  Rule{Registry: Plain, Effect: Effect{Delay: Duration(30 * time.Millisecond)}},
			check: func(a *http.Response, _ string, err error) bool { return err == nil && a.StatusCode == http.StatusOK },
		},
		"plain HTTP where TLS is expected": {
			rule: Rule{Registry: Plain, Effect: Effect{Connect: ConnectPlain}},
			check: func(_ *http.Response, _ string, err error) bool {
				return err != nil && strings.Contains(err.Error(), "server gave HTTP response to HTTPS client")
			},
		},
		"TLS 1.0 alone": {
			rule: Rule{Registry: Plain, Effect: Effect{Connect: ConnectOldTLS}},
			check: func(_ *http.Response, _ string, err error) bool {
				return err != nil && strings.HasSuffix(err.Error(), "remote error: tls: protocol version not supported")
			},
		},
		"a reset before TLS": {
			rule:  Rule{Registry: Plain, Effect: Effect{Connect: ConnectReset}},
			check: func(_ *http.Response, _ string, err error) bool { return errors.Is(err, syscall.ECONNRESET) },
		},
		"nothing for another repository": {
			rule:  Rule{Registry: Plain, Repository: "acme/other", Effect: Effect{Status: 500}},
			check: func(a *http.Response, _ string, err error) bool { return err == nil && a.StatusCode == http.StatusOK },
		},
		"nothing for another method": {
			rule:  Rule{Registry: Plain, Methods: []string{http.MethodHead}, Effect: Effect{Status: 500}},
			check: func(a *http.Response, _ string, err error) bool { return err == nil && a.StatusCode == http.StatusOK },
		},
		"nothing for another client": {
			rule:  Rule{Registry: Plain, From: []string{"127.0.0.2"}, Effect: Effect{Status: 500}},
			check: func(a *http.Response, _ string, err error) bool { return err == nil && a.StatusCode == http.StatusOK },
		},
	} {
		t.Run(name, func(t *testing.T) {
			b.client.Timeout = time.Minute
			if c.rule.Effect.Hang {
				b.client.Timeout = 100 * time.Millisecond
			}
			c.rule.ID = "one"
			if err := b.admin.SetRule(t.Context(), c.rule); err != nil {
				t.Fatal(err)
			}
			if c.url == "" {
				c.url = appManifest
			}
			if answer, body, err := b.ask(t, http.MethodGet, c.url, nil); !c.check(answer, body, err) {
				t.Errorf("got %v, %q, %v", answer, body, err)
			}
			if err := b.admin.RemoveRule(t.Context(), "one"); err != nil {
				t.Fatal(err)
			}
			b.client.Timeout = time.Minute
			if answer, _, err := b.ask(t, http.MethodGet, c.url, nil); err != nil || answer.StatusCode != http.StatusOK {
				t.Errorf("after the rule is gone: %v, %v; want 200", answer, err)
			}
		})
	}
}

func TestRuleHoldsForSomeTimesOnly(t *testing.T) {
	b := newBench(t)
	if err := b.admin.SetRule(t.Context(), Rule{ID: "twice", Registry: Plain, Times: 2, Effect: Effect{Status: 502}}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{502, 502, 200} {
		if answer, _, err := b.ask(t, http.MethodGet, appManifest, nil); err != nil || answer.StatusCode != want {
			t.Errorf("request %d: %v, %v; want %d", i, answer, err, want)
		}
	}
}

func TestAdminRefusesRulesThatCannotBe(t *testing.T) {
	b := newBench(t)
	for name, rule := range map[string]Rule{
		"without a registry and a host":         {ID: "a", Effect: Effect{Status: 500}},
		"with an unknown way to break the line": {ID: "b", Registry: Plain, Effect: Effect{Connect: "cut"}},
		"with a status that is none":            {ID: "c", Registry: Plain, Effect: Effect{Status: 7}},
		"with a path that is no pattern":        {ID: "d", Registry: Plain, Path: "[", Effect: Effect{Status: 500}},
		"that break the line of a host":         {ID: "e", Host: "ghcr.io", Effect: Effect{Connect: ConnectHang}},
	} {
		if err := b.admin.SetRule(t.Context(), rule); err == nil {
			t.Errorf("a rule %s was taken", name)
		}
	}
	if rules, err := b.admin.Rules(t.Context()); err != nil || len(rules) != 0 {
		t.Errorf("there are rules %v, %v; want none", rules, err)
	}
}

func TestLogTellsWhoAskedAndNoSecret(t *testing.T) {
	b := newBench(t)
	harbor := AccountOf(Harbor)
	_, before, err := b.admin.Log(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	manifest := "https://harbor.acme.example:8443/v2/acme/app/manifests/1"
	for _, edit := range []func(*http.Request){
		nil, basic(harbor.User, harbor.Password), basic(harbor.User, Canary+"-wrong"), basic(harbor.User, Canary+"-wrong"),
	} {
		if _, _, err := b.ask(t, http.MethodGet, manifest, edit); err != nil {
			t.Fatal(err)
		}
	}
	b.token(t, "https://auth.docker.io/token", "registry.docker.io", "acme/app", "", "")

	got, last, err := b.admin.Log(t.Context(), before)
	if err != nil || len(got) != 5 || last != before+5 {
		t.Fatalf("the log has %d requests up to %d, %v; want 5 up to %d", len(got), last, err, before+5)
	}
	type row struct {
		registry, host, credential string
		status                     int
		rejected                   bool
	}
	want := []row{
		{Harbor, "harbor.acme.example", "none", 401, false},
		{Harbor, "harbor.acme.example", "basic", 200, false},
		{Harbor, "harbor.acme.example", "basic", 401, true},
		{Harbor, "harbor.acme.example", "basic", 401, true},
		{Hub, "auth.docker.io", "none", 200, false},
	}
	for i, r := range got {
		if seen := (row{r.Registry, r.Host, r.Credential, r.Status, r.Rejected}); seen != want[i] {
			t.Errorf("request %d: %+v, want %+v", i, seen, want[i])
		}
	}
	if got[2].Mark == "" || got[2].Mark != got[3].Mark || got[1].Mark == got[2].Mark {
		t.Errorf("marks are %q, %q, %q; want the last two equal and unlike the first", got[1].Mark, got[2].Mark, got[3].Mark)
	}
	if text, err := json.Marshal(got); err != nil || strings.Contains(string(text), Canary) {
		t.Errorf("the log holds a secret: %s, %v", text, err)
	}
}

func TestLogForgetsTheOldest(t *testing.T) {
	l := newRequestLog()
	for range remembered + 10 {
		l.add(Request{})
	}
	if got, last := l.after(0); len(got) != remembered || got[0].Seq != 11 || last != remembered+10 {
		t.Errorf("%d requests from %d to %d, want %d from 11 to %d", len(got), got[0].Seq, last, remembered, remembered+10)
	}
	if got, _ := l.after(remembered + 8); len(got) != 2 || got[1].Seq != remembered+10 {
		t.Errorf("after the last but two: %v", got)
	}
}
