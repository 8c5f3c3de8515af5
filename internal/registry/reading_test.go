// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"encoding/base64"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/evidence"
)

func TestNearest(t *testing.T) {
	for name, c := range map[string]struct {
		want     string
		have     []string
		near     string
		spelling bool
	}{
		"a digit too many":                    {"1.27.44", []string{"1.27.4", "1.27.3", "1.26.9", "2.0.0", "latest"}, "1.27.4 1.27.3 1.26.9", false},
		"the neighbours of a version":         {"1.27.9", []string{"1.27.4", "1.27.3", "1.26.0", "nightly"}, "1.27.4 1.27.3 1.26.0", false},
		"the same flavour only":               {"1.27.9-alpine", []string{"1.27.4", "1.27.4-alpine", "1.27.8-bullseye"}, "1.27.4-alpine", false},
		"a missing v":                         {"1.2.3", []string{"v1.2.3", "v1.2.4"}, "v1.2.3 v1.2.4", true},
		"a v too many":                        {"v1.2.3", []string{"1.2.3"}, "1.2.3", true},
		"another case":                        {"Latest", []string{"latest"}, "latest", true},
		"an underscore":                       {"my_tag", []string{"my-tag"}, "my-tag", true},
		"a slip of the keyboard":              {"lastest", []string{"latest", "stable"}, "latest", false},
		"two letters swapped":                 {"stabel", []string{"stable", "main"}, "stable", false},
		"nothing is near":                     {"feature-x", []string{"1.0", "latest", "stable"}, "", false},
		"another major version is not near":   {"9.1.1", []string{"12.4.0", "2.0.0"}, "", false},
		"newest first among equals":           {"1.27", []string{"1.27.1", "1.27.4", "1.27.3", "1.27.2"}, "1.27.4 1.27.3 1.27.2", false},
		"the asked tag itself does not count": {"a", []string{"a"}, "", false},
		"a date":                              {"20260102", []string{"20260101", "20251231"}, "20260101", false},
		"hashes are not near each other":      {"8f14e45fceea", []string{"c9f0f895fb98", "45c48cce2e2d"}, "", false},
		"a number that no integer holds ends": {"1.99999999999999999999", []string{"1.2"}, "", false},
		"an empty list":                       {"1", nil, "", false},
		"a tag is named once":                 {"1.2.4", []string{"1.2.3", "1.2.3"}, "1.2.3", false},
	} {
		t.Run(name, func(t *testing.T) {
			near, spelling := nearest(c.want, c.have)
			if got := strings.Join(near, " "); got != c.near || spelling != c.spelling {
				t.Errorf("nearest(%q) = %q, %v; want %q, %v", c.want, got, spelling, c.near, c.spelling)
			}
		})
	}
}

func TestHighestVersionsBesideALatestThatIsMissing(t *testing.T) {
	have := []string{"main", "1.9", "v1.10.0", "1.10.0-rc1", "1.2.3", "20240131", "1.2.3-alpine", "sha-1234567"}
	if got := highest(have); strings.Join(got, " ") != "v1.10.0 1.9 1.2.3" {
		t.Errorf("got %q", got)
	}
	s := newShelf(t)
	s.push("team/app:1.27.4", s.image("linux", "amd64"))
	h := newHouse(t)
	h.serve("registry.acme.example", s.handler)
	r := reference("registry.acme.example/team/app:latest")
	r.TagImplied = true
	findings, _ := h.prober().Probe(t.Context(), Target{Reference: r})
	if f := find(t, findings, evidence.TagAbsent); f.Sentence != "no tag is written, so :latest was asked for, and registry.acme.example/team/app, which is there, has none (404)" {
		t.Errorf("%q", f.Sentence)
	}
	quiet := newHouse(t)
	quiet.serve("registry.acme.example", with(s.handler, on("", "/v2/team/", 404, body("MANIFEST_UNKNOWN", ""))))
	vague, _ := quiet.prober().Probe(t.Context(), Target{Reference: r})
	if f := find(t, vague, evidence.ManifestAbsent); f.Sentence != "no tag is written, so :latest was asked for: registry.acme.example has none (404), and does not tell whether team/app is there" {
		t.Errorf("%q", f.Sentence)
	}
	if f := find(t, findings, evidence.TagsListed); !strings.HasSuffix(f.Sentence, "its highest versions: 1.27.4") || f.Details["highest"] != "1.27.4" {
		t.Errorf("%+v", f)
	}
}

func TestPlatformsANodeRuns(t *testing.T) {
	p := func(s string) evidence.Platform {
		parts := append(strings.Split(s, "/"), "", "")
		return evidence.Platform{OS: parts[0], Arch: parts[1], Variant: parts[2]}
	}
	for name, c := range map[string]struct {
		node, image string
		want        bool
	}{
		"its own":                          {"linux/amd64", "linux/amd64", true},
		"its own in other words":           {"linux/amd64", "linux/x86_64/v1", true},
		"32 bits on 64":                    {"linux/amd64", "linux/386", true},
		"not 64 bits on 32":                {"linux/386", "linux/amd64", false},
		"not a newer variant":              {"linux/amd64", "linux/amd64/v3", false},
		"an older variant":                 {"linux/amd64/v3", "linux/amd64/v2", true},
		"arm64 as v8":                      {"linux/arm64", "linux/arm64/v8", true},
		"arm on arm64":                     {"linux/arm64", "linux/arm/v7", true},
		"arm without a variant is v7":      {"linux/arm", "linux/arm/v6", true},
		"not a newer arm":                  {"linux/arm/v6", "linux/arm/v7", false},
		"arm64 v9 runs v8.5":               {"linux/arm64/v9", "linux/arm64/v8.5", true},
		"and not v8.6":                     {"linux/arm64/v9", "linux/arm64/v8.6", false},
		"not another system":               {"linux/amd64", "windows/amd64", false},
		"not another processor":            {"linux/amd64", "linux/arm64", false},
		"a variant that is nonsense is no": {"linux/arm64/v99999999999", "linux/amd64", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := takes(p(c.node), p(c.image)); got != c.want {
				t.Errorf("takes(%s, %s) = %v", c.node, c.image, got)
			}
		})
	}
	best, ok := choose([]descriptor{
		{Digest: absentDigest, Platform: &platform{OS: "linux", Architecture: "386"}},
		{Digest: strings.Replace(absentDigest, "0", "1", 1), Platform: &platform{OS: "linux", Architecture: "amd64"}},
	}, amd64())
	if !ok || best.Platform.Architecture != "amd64" {
		t.Errorf("choose = %+v, %v; want the node's own before 32 bits", best, ok)
	}
}

func TestChallenges(t *testing.T) {
	for name, c := range map[string]struct {
		headers []string
		want    string
	}{
		"Docker Hub's":                {[]string{`Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"`}, "bearer realm=https://auth.docker.io/token scope=repository:a/b:pull,push service=registry.docker.io"},
		"ECR's":                       {[]string{`Basic realm="https://x/",service="ecr.amazonaws.com"`}, "basic realm=https://x/ service=ecr.amazonaws.com"},
		"two in two headers":          {[]string{`Bearer realm="a"`, `Basic realm="b"`}, "bearer realm=a|basic realm=b"},
		"two in one header":           {[]string{`Basic realm="b", Bearer realm="a",service=s`}, "basic realm=b|bearer realm=a service=s"},
		"a scheme alone":              {[]string{`Negotiate`}, "negotiate"},
		"a scheme alone before one":   {[]string{`Negotiate, Basic realm="x"`}, "negotiate|basic realm=x"},
		"quoted quotes":               {[]string{`Basic realm="a \"b\" c"`}, `basic realm=a "b" c`},
		"names in capitals":           {[]string{`BEARER REALM="a"`}, "bearer realm=a"},
		"blanks around the sign":      {[]string{`Bearer realm = "a" , service = s`}, "bearer realm=a service=s"},
		"an end in the middle":        {[]string{`Bearer realm="a`}, "bearer realm=a"},
		"nothing":                     {[]string{``}, ""},
		"no scheme":                   {[]string{`="x"`}, ""},
		"a flood of schemes":          {[]string{strings.Repeat("a,", 1000)}, strings.TrimSuffix(strings.Repeat("a|", maxChallenges), "|")},
		"a flood of parameters stops": {[]string{"Bearer " + strings.Repeat("a=b,", 1000)}, "bearer a=b"},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{}
			for _, v := range c.headers {
				h.Add("Www-Authenticate", v)
			}
			var all []string
			for _, found := range challenges(h) {
				var names []string
				for name := range found.parameters {
					names = append(names, name)
				}
				slices.Sort(names)
				one := found.scheme
				for _, name := range names {
					one += " " + name + "=" + found.parameters[name]
				}
				all = append(all, one)
			}
			if got := strings.Join(all, "|"); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func FuzzChallenges(f *testing.F) {
	f.Add(`Bearer realm="https://auth.docker.io/token",service="registry.docker.io"`)
	f.Add(`Basic realm="a \"b`)
	f.Fuzz(func(t *testing.T, header string) {
		if all := challenges(http.Header{"Www-Authenticate": {header}}); len(all) > maxChallenges {
			t.Errorf("%d challenges", len(all))
		}
	})
}

func TestRightOfAToken(t *testing.T) {
	jwt := func(claims string) string {
		part := base64.RawURLEncoding.EncodeToString
		return part([]byte("{}")) + "." + part([]byte(claims)) + ".x"
	}
	for name, c := range map[string]struct {
		token string
		want  pullRight
	}{
		"pull is granted":                        {jwt(`{"access":[{"type":"repository","name":"a/b","actions":["pull"]}]}`), rightGranted},
		"everything is granted":                  {jwt(`{"access":[{"type":"repository","name":"a/b","actions":["*"]}]}`), rightGranted},
		"no action is granted, as Harbor does":   {jwt(`{"access":[{"type":"repository","name":"a/b","actions":[]}]}`), rightWithheld},
		"push alone is granted":                  {jwt(`{"access":[{"type":"repository","name":"a/b","actions":["push"]}]}`), rightWithheld},
		"nothing is granted, as Docker Hub does": {jwt(`{"access":[]}`), rightWithheld},
		"nothing is granted, as null":            {jwt(`{"access":null}`), rightWithheld},
		"pull for a name that we cannot match":   {jwt(`{"access":[{"type":"repository","name":"x/a/b","actions":["pull"]}]}`), rightUnread},
		"a token without that claim":             {jwt(`{"sub":"x"}`), rightUnread},
		"a claim of another form":                {jwt(`{"access":"all"}`), rightUnread},
		"an opaque token":                        {"djE6YWJj", rightUnread},
		"three parts that are no JWT":            {"a.b.c", rightUnread},
		"no token":                               {"", rightUnread},
	} {
		t.Run(name, func(t *testing.T) {
			if got := rightOf(c.token, "a/b"); got != c.want {
				t.Errorf("rightOf = %v, want %v", got, c.want)
			}
		})
	}
}

func TestRefusalsAreReadInEverySpelling(t *testing.T) {
	for name, c := range map[string]struct{ body, kind, code, message string }{
		"the specification's":    {`{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{}}]}`, "", "MANIFEST_UNKNOWN", "manifest unknown"},
		"OAuth2's":               {`{"error":"invalid_grant","error_description":"expired"}`, "", "INVALID_GRANT", "expired"},
		"Docker Hub's":           {`{"details":"incorrect username or password"}`, "", "", "incorrect username or password"},
		"a gateway's":            {`{"message":"no"}`, "", "", "no"},
		"bare words":             {"Not Authorized\n", "", "", "Not Authorized\n"},
		"a code in lower case":   {`{"errors":[{"code":"manifest unknown"}]}`, "", "MANIFEST_UNKNOWN", ""},
		"a code that is none":    {`{"errors":[{"code":"<b>"}]}`, "", "", ""},
		"a page by its type":     {`{}`, "text/html; charset=utf-8", "html", ""},
		"a page by its start":    {"  <!DOCTYPE HTML>", "", "html", ""},
		"a list of another kind": {`{"errors":"x"}`, "", "", `{"errors":"x"}`},
		"nothing":                {"", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := readRefusal(&answer{body: []byte(c.body), header: http.Header{"Content-Type": {c.kind}}})
			if got.html {
				got.code = "html"
			}
			if got.code != c.code || got.message != c.message {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestWordsOfExpiry(t *testing.T) {
	w := newWords()
	for text, want := range map[string]bool{
		"Your Authorization Token has expired. Please run 'aws ecr get-login'": true,
		"denied: Your authorization token has expired. Reauthenticate":         true,
		"The security token included in the request is expired":                true,
		"AADSTS70043: The refresh token has expired":                           true,
		"password expired":      true,
		"ExpiredToken":          true,
		"expired_token":         true,
		"robot account expired": true,
		"If a token was provided, it was either incorrect, expired, or improperly scoped.": false,
		"incorrect username or password":        false,
		"the certificate has expired":           false,
		"tag expired":                           false,
		"unauthorized: authentication required": false,
	} {
		if got := w.saysExpired(refusal{message: text}); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestLimitHeaders(t *testing.T) {
	for value, want := range map[string][3]int{
		"100;w=21600": {100, 21600, 1}, "76": {76, 0, 1}, "0;w=21600": {0, 21600, 1}, " 5 ; w=60": {5, 60, 1},
		"": {}, "-1": {}, "many": {}, "99999999999999999999": {}, "5;w=-1": {5, 0, 1}, "5;x=1": {5, 0, 1},
	} {
		count, window, ok := limit(http.Header{"X": {value}}, "X")
		if count != want[0] || window != want[1] || ok != (want[2] == 1) {
			t.Errorf("%q: %d, %d, %v", value, count, window, ok)
		}
	}
}

func TestRootCAs(t *testing.T) {
	dir := t.TempDir()
	if _, err := RootCAs(filepath.Join(dir, "none.pem")); err == nil {
		t.Error("a file that is not there is taken")
	}
	empty := filepath.Join(dir, "empty.pem")
	if err := os.WriteFile(empty, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := RootCAs(empty); err == nil || !strings.Contains(err.Error(), empty) {
		t.Errorf("a file without a certificate: %v", err)
	}
}

func TestParseMode(t *testing.T) {
	for _, good := range []string{"none", "anonymous", "credentials"} {
		if m, err := ParseMode(good); err != nil || string(m) != good {
			t.Errorf("ParseMode(%q) = %v, %v", good, m, err)
		}
	}
	if _, err := ParseMode("all"); err == nil {
		t.Error("ParseMode(all) is taken")
	}
}
