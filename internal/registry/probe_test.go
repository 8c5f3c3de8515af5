// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

const absentDigest = "sha256:00000000000000000000000000000000000000000000000000000000deadbeef"

// what each registry of the tests has.
func stocked(t testing.TB) *shelf {
	s := newShelf(t)
	s.push("team/app:1.27.4", s.image("linux", "amd64"))
	s.push("team/app:1.27.3", s.image("linux", "amd64"))
	s.push("team/app:v2.0.0", s.image("linux", "amd64"))
	s.push("team/arm:1", s.image("linux", "arm64"))
	s.index("team/multi:1", "linux/amd64", "linux/arm64")
	s.index("team/armonly:1", "linux/arm64", "linux/s390x")
	s.index("team/open:1", "linux/arm64", "?linux/amd64")
	s.index("team/openarm:1", "linux/s390x", "?linux/arm64")
	return s
}

// only lets a user see repositories by prefix; a registry with it says 403.
func forbid(prefix string) fault {
	return func(w http.ResponseWriter, r *http.Request) bool {
		return strings.HasPrefix(r.URL.Path, "/v2/"+prefix) && on("", "", http.StatusForbidden, body("DENIED", "requested access to the resource is denied"))(w, r)
	}
}

func TestProbeOfARegistryThatAsksNobodyForALogin(t *testing.T) {
	s := stocked(t)
	const host = "registry.acme.example"
	open := []string{"ping registry-open-to-all", "anonymous anonymous-may-pull"}
	for name, c := range map[string]struct {
		faults   []fault
		image    string
		platform evidence.Platform
		known    []string
		want     string
	}{
		"an image that is there is climbed to its layers": {
			image: "team/app:1.27.4", platform: amd64(),
			want: lines("WAY", "manifest manifest-present", lines(open...), "platform platform-present", "blobs blobs-present"),
		},
		"an index leads to the node's platform": {
			image: "team/multi:1", platform: amd64(),
			want: lines("WAY", "manifest manifest-present", lines(open...), "platform platform-present", "blobs blobs-present"),
		},
		"without the node's platform an index is as far as it goes": {
			image: "team/multi:1",
			want:  lines("WAY", "manifest manifest-present", lines(open...), "platform ?"),
		},
		"without the node's platform a single image is climbed all the same": {
			image: "team/app:1.27.4",
			want:  lines("WAY", "manifest manifest-present", lines(open...), "blobs blobs-present"),
		},
		"an index without the node's platform lacks it": {
			image: "team/armonly:1", platform: amd64(),
			want: lines("WAY", "manifest manifest-present", lines(open...), "platform platform-absent"),
		},
		"a single image for another platform is pulled all the same, and so climbed": {
			image: "team/arm:1", platform: amd64(),
			want: lines("WAY", "manifest manifest-present", lines(open...), "platform platform-differs", "blobs blobs-present"),
		},
		"an index that leaves a platform open leads there last, and the config decides": {
			image: "team/open:1", platform: amd64(),
			want: lines("WAY", "manifest manifest-present", lines(open...), "platform platform-present", "blobs blobs-present"),
		},
		"an index whose open platform is another in the config lacks the node's": {
			image: "team/openarm:1", platform: amd64(),
			want: lines("WAY", "manifest manifest-present", lines(open...), "platform platform-absent"),
		},
		"a missing tag is told from a missing repository by the list": {
			image: "team/app:1.27.44", platform: amd64(),
			want: lines("WAY", "manifest tag-absent", "tags repository-answers", "tags tags-listed"),
		},
		"a tag that is spelled otherwise is hinted at": {
			image: "team/app:2.0.0", platform: amd64(),
			want: lines("WAY", "manifest tag-absent", "tags repository-answers", "tags tags-listed", "tags name-spelled-elsewise"),
		},
		"a missing digest is told from a missing repository": {
			image: "team/app@" + absentDigest, platform: amd64(),
			want: lines("WAY", "manifest digest-absent", "tags repository-answers", "tags tags-listed"),
		},
		"a missing repository is what the registry says": {
			image: "team/nothing:1", platform: amd64(),
			want: lines("WAY", "manifest repository-absent"),
		},
		"a missing repository shows in the list if the manifest's answer is vague": {
			image: "team/nothing:1", platform: amd64(), faults: []fault{on("", "/v2/team/nothing/manifests/", 404, body("MANIFEST_UNKNOWN", "manifest unknown"))},
			want: lines("WAY", "manifest repository-absent"),
		},
		"a quiet registry leaves the tag's repository open": {
			image: "team/app:9", platform: amd64(), faults: []fault{on("", "/v2/team/app/tags/", 405, body("UNSUPPORTED", "the operation is unsupported")), on("", "/v2/team/pullmedic-no-such-repository/", 404, body("MANIFEST_UNKNOWN", ""))},
			want: lines("WAY", "manifest manifest-absent", "tags tags-not-listable"),
		},
		"on a quiet registry that names a repository that is not there, the tag's is there": {
			image: "team/app:9", platform: amd64(), faults: []fault{on("", "/v2/team/app/tags/", 405, body("UNSUPPORTED", "the operation is unsupported"))},
			want: lines("WAY", "manifest tag-absent", "tags tags-not-listable"),
		},
		"on a quiet registry a tag that this cluster ran proves the repository": {
			image: "team/app:9", platform: amd64(), known: []string{"1.27.4"}, faults: []fault{on("", "/v2/team/app/tags/", 405, body("UNSUPPORTED", "the operation is unsupported"))},
			want: lines("WAY", "manifest tag-absent", "tags repository-answers", "tags tags-not-listable"),
		},
		"on a quiet registry a tag that is gone too proves nothing": {
			image: "team/app:9", platform: amd64(), known: []string{"8"}, faults: []fault{on("", "/v2/team/app/tags/", 401, ""), on("", "/v2/team/pullmedic-no-such-repository/", 404, body("MANIFEST_UNKNOWN", ""))},
			want: lines("WAY", "manifest manifest-absent", "tags tags-not-listable"),
		},
		"an empty list of tags proves no repository": {
			image: "team/app:9", platform: amd64(), faults: []fault{on("", "/v2/team/app/tags/", 200, `{"name":"team/app","tags":null}`), on("", "/v2/team/", 404, body("MANIFEST_UNKNOWN", ""))},
			want: lines("WAY", "manifest manifest-absent", "tags tags-listed"),
		},
		"a tag that is listed and not given is no missing tag": {
			image: "team/app:1.27.4", platform: amd64(), faults: []fault{on("", "/v2/team/app/manifests/", 404, body("MANIFEST_UNKNOWN", "manifest unknown"))},
			want: lines("WAY", "manifest tag-listed-not-given", "tags repository-answers", "tags tags-listed"),
		},
		"Harbor's own code for a missing tag reads by its status": {
			image: "team/app:9", platform: amd64(), faults: []fault{on("", "/v2/team/app/manifests/", 404, body("NOT_FOUND", "artifact team/app:9 not found"))},
			want: lines("WAY", "manifest tag-absent", "tags repository-answers", "tags tags-listed"),
		},
		"Harbor's own code for a missing repository reads by its words": {
			image: "team/nothing:1", platform: amd64(), faults: []fault{on("", "/v2/team/nothing/", 404, body("NOT_FOUND", "repository team/nothing not found"))},
			want: lines("WAY", "manifest repository-absent"),
		},
		"403 everywhere hides whether the image is there": {
			image: "team/app:1.27.4", platform: amd64(), faults: []fault{forbid("team/")},
			want: lines("WAY", "anonymous anonymous-may-not-pull", "manifest access-denied"),
		},
		"403 where an absent name gets 404 shows that the image is there": {
			image: "team/app:1.27.4", platform: amd64(), faults: []fault{forbid("team/app/")},
			want: lines("WAY", "anonymous anonymous-may-not-pull", "anonymous repository-answers", "manifest access-denied"),
		},
		"a rate limit is a rate limit": {
			image: "team/app:1.27.4", platform: amd64(), faults: []fault{on("", "/v2/team/", 429, body("TOOMANYREQUESTS", "slow down"), "Retry-After", "30", "Ratelimit-Limit", "100;w=21600")},
			want: lines("WAY", "rate-limit rate-limited"),
		},
		"a rate limit at the first request is one too": {
			image: "team/app:1.27.4", platform: amd64(), faults: []fault{on("", "/v2/", 429, "")},
			want: "connect connected\ntls tls-trusted\nrate-limit rate-limited",
		},
		"a registry with trouble of its own is unavailable": {
			image: "team/app:1.27.4", platform: amd64(), faults: []fault{on("", "/v2/", 503, "<html>")},
			want: "connect connected\ntls tls-trusted\nping registry-unavailable",
		},
		"trouble at the manifest is told at that rung": {
			image: "team/app:1.27.4", platform: amd64(), faults: []fault{on("", "/v2/team/", 500, "")},
			want: lines("WAY", "manifest registry-unavailable"),
		},
		"a code of 404 in a 500 is a 500": {
			image: "team/app:1.27.4", platform: amd64(), faults: []fault{on("", "/v2/team/", 500, body("MANIFEST_UNKNOWN", "manifest unknown"))},
			want: lines("WAY", "manifest registry-unavailable"),
		},
		"an answer that no registry gives is told as it is": {
			image: "team/app:1.27.4", platform: amd64(), faults: []fault{on("", "/v2/team/", 418, "")},
			want: lines("WAY", "manifest registry-not-v2"),
		},
		"a web site is no registry": {
			image: "team/app:1.27.4", platform: amd64(), faults: []fault{on("", "/", 200, "<!DOCTYPE html><p>welcome", "Content-Type", "text/html")},
			want: "connect connected\ntls tls-trusted\nping registry-not-v2",
		},
		"a host that has no /v2/ is no registry": {
			image: "team/app:1.27.4", platform: amd64(), faults: []fault{on("", "/", 404, "no such page")},
			want: "connect connected\ntls tls-trusted\nping registry-not-v2",
		},
		"a host that has no /v2/ but serves manifests is a registry": {
			image: "team/app:1.27.4", platform: amd64(), faults: []fault{func(w http.ResponseWriter, r *http.Request) bool {
				return r.URL.Path == "/v2/" && on("", "", 404, "")(w, r)
			}},
			want: lines("WAY", "manifest manifest-present", lines(open...), "platform platform-present", "blobs blobs-present"),
		},
		"a web page in place of a manifest is a page": {
			image: "team/app:1.27.4", platform: amd64(), faults: []fault{on("", "/v2/team/app/manifests/", 200, "\n <html>please log in</html>")},
			want: lines("WAY", "manifest manifest-is-html"),
		},
		"a manifest of schema 1 is not taken": {
			image: "team/app:1.27.4", platform: amd64(), faults: []fault{on("", "/v2/team/app/manifests/", 200, `{"schemaVersion":1,"fsLayers":[]}`, "Content-Type", "application/vnd.docker.distribution.manifest.v1+prettyjws")},
			want: lines("WAY", "manifest manifest-not-supported"),
		},
		"an artifact is no image": {
			image: "team/app:1.27.4", platform: amd64(), faults: []fault{on("", "/v2/team/app/manifests/", 200, `{"schemaVersion":2,"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":"`+absentDigest+`","size":2},"layers":[]}`)},
			want: lines("WAY", "manifest manifest-not-supported"),
		},
		"a registry that cannot give the form is told": {
			image: "team/app:1.27.4", platform: amd64(), faults: []fault{on("", "/v2/team/app/manifests/", 406, "")},
			want: lines("WAY", "manifest manifest-not-supported"),
		},
		"a manifest that differs from its digest is told": {
			image: "team/app:1.27.4", platform: amd64(), faults: []fault{on("", "/v2/team/app/manifests/", 200, `{"schemaVersion":2}`, "Docker-Content-Digest", absentDigest)},
			want: lines("WAY", "manifest content-differs"),
		},
		"a registry that answers no HEAD is asked with GET": {
			image: "team/app:1.27.4", platform: amd64(), faults: []fault{on(http.MethodHead, "/v2/team/app/manifests/", 405, "")},
			want: lines("WAY", "manifest manifest-present", lines(open...), "platform platform-present", "blobs blobs-present"),
		},
		"a rule of the registry is told from a missing right": {
			image: "team/app:1.27.4", platform: amd64(), faults: []fault{on("", "/v2/team/", 403, body("DENIED", "current image with 7 vulnerabilities cannot be pulled"))},
			want: lines("WAY", "manifest registry-policy"),
		},
		"a rule that the status tells needs no words": {
			image: "team/app:1.27.4", platform: amd64(), faults: []fault{on("", "/v2/team/", 451, "")},
			want: lines("WAY", "manifest registry-policy"),
		},
		"a rule about the client's address is told at the first request": {
			image: "team/app:1.27.4", platform: amd64(), faults: []fault{on("", "/v2/", 403, body("DENIED", "client with IP '192.0.2.1' is not allowed access"))},
			want: "connect connected\ntls tls-trusted\nping registry-policy",
		},
		"a cache that cannot ask its upstream is told": {
			image: "team/app:1.27.4", platform: amd64(), faults: []fault{on("", "/v2/team/", 404, body("MANIFEST_UNKNOWN", "upstream registry did not answer"))},
			want: lines("WAY", "manifest upstream-cache-failed"),
		},
		"a gateway's own word of its upstream is about the registry": {
			image: "team/app:1.27.4", platform: amd64(), faults: []fault{on("", "/v2/", 503, "upstream connect error or disconnect/reset before headers")},
			want: "connect connected\ntls tls-trusted\nping registry-unavailable",
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.serve(host, with(s.handler, c.faults...))
			p := h.prober()
			findings, gaps := p.Probe(t.Context(), Target{Reference: reference(host + "/" + c.image), Platform: c.platform, KnownTags: c.known})
			if got := outcomes(findings, gaps); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			for _, f := range findings {
				if f.Sentence == "" || len(f.Sentence) > maxSentence || f.Time.IsZero() || f.Vantage != evidence.Client || f.Subject.Name == "" {
					t.Errorf("not a whole finding: %+v", f)
				}
				if f.Outcome.Sense() == "" {
					t.Errorf("outcome %s is not on the list", f.Outcome)
				}
				t.Logf("%-28s %s", f.Outcome, f.Sentence)
			}
			if got := p.Sent(); got.Logins != 0 || got.Requests != len(h.asked("", "")) {
				t.Errorf("sent %+v, and the registry saw %d requests", got, len(h.asked("", "")))
			}
		})
	}
}

func TestProbeWithBasicAuthentication(t *testing.T) {
	s := stocked(t)
	const host = "harbor.acme.example:8443"
	good, bad, other := credential("shop/hub", "robot$acme", "canary-good-password"), credential("shop/old", "robot$acme", "canary-old-password"), credential("shop/other", "robot$other", "canary-other-password")
	same := good
	same.Secret = "shop/copy"
	climbed := []string{"manifest manifest-present", "platform platform-present", "blobs blobs-present"}
	for name, c := range map[string]struct {
		faults      []fault
		mode        Mode
		image       string
		credentials []keyring.Credential
		want        string
		logins      int
	}{
		"a good login climbs": {
			image: "team/app:1.27.4", credentials: []keyring.Credential{good}, logins: 1,
			want: lines("WAY", "token credential-accepted", lines(climbed...)),
		},
		"without a login nothing is given": {
			image: "team/app:1.27.4",
			want:  lines("WAY", "anonymous anonymous-may-not-pull", "anonymous login-required"),
		},
		"an empty credential goes out anonymous": {
			image: "team/app:1.27.4", credentials: []keyring.Credential{credential("shop/empty", "", "")},
			want: lines("WAY", "anonymous anonymous-may-not-pull", "anonymous login-required"),
		},
		"a rejected login is told from a missing one": {
			image: "team/app:1.27.4", credentials: []keyring.Credential{bad}, logins: 1,
			want: lines("WAY", "token credential-rejected", "anonymous anonymous-may-not-pull"),
		},
		"after a rejected login the next one is tried, as the kubelet does": {
			image: "team/app:1.27.4", credentials: []keyring.Credential{bad, good}, logins: 2,
			want: lines("WAY", "token credential-rejected", "token credential-accepted", lines(climbed...)),
		},
		"a good login ends the trying": {
			image: "team/app:1.27.4", credentials: []keyring.Credential{good, bad}, logins: 1,
			want: lines("WAY", "token credential-accepted", lines(climbed...)),
		},
		"the same login in two secrets is sent once": {
			image: "team/app:1.27.44", credentials: []keyring.Credential{good, same}, logins: 1,
			want: lines("WAY", "token credential-accepted", "token credential-accepted", "manifest tag-absent", "tags repository-answers", "tags tags-listed"),
		},
		"a missing tag lies behind a good login": {
			image: "team/app:1.27.44", credentials: []keyring.Credential{good}, logins: 1,
			want: lines("WAY", "token credential-accepted", "manifest tag-absent", "tags repository-answers", "tags tags-listed"),
		},
		"an accepted login without a right to what is there is a missing permission": {
			image: "team/app:1.27.4", credentials: []keyring.Credential{other}, faults: []fault{forbid("team/app/")}, logins: 1,
			want: lines("WAY", "token credential-accepted", "anonymous anonymous-may-not-pull", "manifest permission-denied"),
		},
		"an accepted login that is refused the whole place may be asking for nothing": {
			image: "team/app:1.27.4", credentials: []keyring.Credential{other}, faults: []fault{forbid("team/")}, logins: 1,
			want: lines("WAY", "token credential-accepted", "anonymous anonymous-may-not-pull", "manifest access-denied"),
		},
		"an expired login is told by the registry's words": {
			image: "team/app:1.27.4", credentials: []keyring.Credential{good}, logins: 1,
			faults: []fault{func(w http.ResponseWriter, r *http.Request) bool {
				return r.Header.Get("Authorization") != "" && on("", "", 403, body("DENIED", "Your authorization token has expired. Reauthenticate and try again."))(w, r)
			}},
			want: lines("WAY", "token credential-expired", "anonymous anonymous-may-not-pull"),
		},
		"an expired login that only the manifest tells": {
			image: "team/app:1.27.4", credentials: []keyring.Credential{good}, logins: 1,
			faults: []fault{func(w http.ResponseWriter, r *http.Request) bool {
				return r.Header.Get("Authorization") != "" && on("", "/v2/team/", 403, body("DENIED", "Your Authorization Token has expired"))(w, r)
			}},
			want: lines("WAY", "manifest credential-expired", "anonymous anonymous-may-not-pull"),
		},
		"words that offer expiry among other things are no expiry": {
			image: "team/app:1.27.4", credentials: []keyring.Credential{good}, logins: 1,
			faults: []fault{func(w http.ResponseWriter, r *http.Request) bool {
				return r.Header.Get("Authorization") != "" && on("", "", 401, body("UNAUTHORIZED", "If a token was provided, it was either incorrect, expired, or improperly scoped."))(w, r)
			}},
			want: lines("WAY", "token credential-rejected", "anonymous anonymous-may-not-pull"),
		},
		"with probe anonymous no login is sent, and that is said": {
			mode: Anonymous, image: "team/app:1.27.4", credentials: []keyring.Credential{good},
			want: lines("WAY", "anonymous anonymous-may-not-pull", "anonymous login-required", "token ?"),
		},
		"with probe none nothing is sent, and that is said": {
			mode: None, image: "team/app:1.27.4", credentials: []keyring.Credential{good},
			want: "ping ?",
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			door := basic("robot$acme:canary-good-password", "robot$other:canary-other-password")
			h.serve(host, with(s.handler, append([]fault{door}, c.faults...)...))
			if len(c.faults) > 0 && strings.Contains(name, "expir") { // these speak before the door does
				h = newHouse(t)
				h.serve(host, with(s.handler, append(c.faults, door)...))
			}
			p := h.prober(func(o *Options) {
				if c.mode != "" {
					o.Probe = c.mode
				}
			})
			findings, gaps := p.Probe(t.Context(), Target{Reference: reference(host + "/" + c.image), Platform: amd64(), Credentials: c.credentials})
			if got := outcomes(findings, gaps); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			if got := p.Sent(); got.Logins != c.logins || got.Requests != len(h.asked("", "")) {
				t.Errorf("sent %+v, want %d logins, and the registry saw %d requests", got, c.logins, len(h.asked("", "")))
			}
			assertNoCanary(t, findings, gaps)
		})
	}
}

func TestProbeWithATokenService(t *testing.T) {
	s := stocked(t)
	const host = "ghcr.io"
	good, bad := credential("shop/hub", "acme-bot", "canary-good-password"), credential("shop/old", "acme-bot", "canary-old-password")
	logins := []string{"acme-bot:canary-good-password"}
	public := func(string, string) bool { return true }
	nobody := func(string, string) bool { return false }
	bots := func(user, _ string) bool { return user != "" }
	climbed := []string{"manifest manifest-present", "platform platform-present", "blobs blobs-present"}
	climbedAnonymously := []string{"manifest manifest-present", "anonymous anonymous-may-pull", "platform platform-present", "blobs blobs-present"}
	for name, c := range map[string]struct {
		host        string
		tokens      tokens
		faults      []fault
		image       string
		credentials []keyring.Credential
		want        string
		logins      int
	}{
		"a public image takes an anonymous token": {
			tokens: tokens{grant: public}, image: "team/app:1.27.4",
			want: lines("WAY", "token token-granted", lines(climbedAnonymously...)),
		},
		"a private image takes a login": {
			tokens: tokens{grant: bots}, image: "team/app:1.27.4", credentials: []keyring.Credential{good}, logins: 1,
			want: lines("WAY", "token credential-accepted", "token token-granted", lines(climbed...)),
		},
		"a token that only the registry can read is not said to grant": {
			tokens: tokens{grant: bots, opaque: true}, image: "team/app:1.27.4", credentials: []keyring.Credential{good}, logins: 1,
			want: lines("WAY", "token credential-accepted", lines(climbed...)),
		},
		"an empty token hides whether the image is there": {
			tokens: tokens{grant: bots}, image: "team/app:1.27.4",
			want: lines("WAY", "token token-grants-nothing", "anonymous anonymous-may-not-pull", "manifest access-denied"),
		},
		"and says the same of a repository that is not there": {
			tokens: tokens{grant: bots}, image: "team/nothing:1",
			want: lines("WAY", "token token-grants-nothing", "anonymous anonymous-may-not-pull", "manifest access-denied"),
		},
		"a refused token hides it too": {
			tokens: tokens{grant: bots, refuse: 403}, image: "team/app:1.27.4",
			want: lines("WAY", "token token-refused", "anonymous anonymous-may-not-pull", "manifest access-denied"),
		},
		"a login is asked of everybody where that is one switch": {
			host: "acme.azurecr.io", tokens: tokens{grant: bots, refuse: 401}, image: "team/app:1.27.4",
			want: lines("WAY", "token token-refused", "anonymous anonymous-may-not-pull", "anonymous login-required"),
		},
		"an accepted login without a right hides it as well": {
			tokens: tokens{grant: nobody}, image: "team/app:1.27.4", credentials: []keyring.Credential{good}, logins: 2,
			want: lines("WAY", "token credential-accepted", "token token-grants-nothing", "token token-grants-nothing", "anonymous anonymous-may-not-pull", "manifest access-denied"),
		},
		"a login that may see its neighbours but not this one lacks a permission": {
			tokens: tokens{grant: func(user, repository string) bool { return user != "" && repository != "team/app" }},
			image:  "team/app:1.27.4", credentials: []keyring.Credential{good}, logins: 2,
			want: lines("WAY", "token credential-accepted", "token token-grants-nothing", "token token-grants-nothing", "anonymous anonymous-may-not-pull", "manifest permission-denied"),
		},
		"a token refused to a good login is not a rejected login": {
			tokens: tokens{grant: nobody, refuse: 403}, image: "team/app:1.27.4", credentials: []keyring.Credential{good}, logins: 3,
			want: lines("WAY", "token credential-accepted", "token token-refused", "token token-refused", "anonymous anonymous-may-not-pull", "manifest access-denied"),
		},
		"a rejected login keeps a public image from being pulled": {
			tokens: tokens{grant: public}, image: "team/app:1.27.4", credentials: []keyring.Credential{bad}, logins: 1,
			want: lines("WAY", "token credential-rejected", "token token-granted", lines(climbedAnonymously...)),
		},
		"a missing tag lies behind a rejected login": {
			tokens: tokens{grant: public}, image: "team/app:1.27.44", credentials: []keyring.Credential{bad}, logins: 1,
			want: lines("WAY", "token credential-rejected", "token token-granted", "manifest tag-absent", "tags repository-answers", "tags tags-listed"),
		},
		"a rejected login to a private image": {
			tokens: tokens{grant: bots}, image: "team/app:1.27.4", credentials: []keyring.Credential{bad}, logins: 1,
			want: lines("WAY", "token credential-rejected", "token token-grants-nothing", "anonymous anonymous-may-not-pull"),
		},
		"an expired login is told by the token service's words": {
			tokens: tokens{grant: bots}, image: "team/app:1.27.4", credentials: []keyring.Credential{bad}, logins: 1,
			faults: []fault{func(w http.ResponseWriter, r *http.Request) bool {
				return r.Header.Get("Authorization") != "" && on("", "/token", 401, `{"error":"invalid_grant","error_description":"The refresh token has expired."}`)(w, r)
			}},
			want: lines("WAY", "token credential-expired", "token token-grants-nothing", "anonymous anonymous-may-not-pull"),
		},
		"a token service that knows no GET gets a POST": {
			tokens: tokens{grant: bots, noGet: true}, image: "team/app:1.27.4", credentials: []keyring.Credential{good}, logins: 2,
			want: lines("WAY", "token credential-accepted", "token token-granted", lines(climbed...)),
		},
		"a token service with a limit is limited": {
			tokens: tokens{grant: public}, image: "team/app:1.27.4", faults: []fault{on("", "/token", 429, "")},
			want: lines("WAY", "rate-limit rate-limited"),
		},
		"a token service with trouble of its own": {
			tokens: tokens{grant: public}, image: "team/app:1.27.4", faults: []fault{on("", "/token", 502, "")},
			want: lines("WAY", "token registry-unavailable"),
		},
		"a web page in place of a token": {
			tokens: tokens{grant: public}, image: "team/app:1.27.4", faults: []fault{on("", "/token", 200, "<html>")},
			want: lines("WAY", "token registry-not-v2"),
		},
		"an answer without a token grants nothing": {
			tokens: tokens{grant: public}, image: "team/app:1.27.4", faults: []fault{on("", "/token", 200, "{}")},
			want: lines("WAY", "token token-grants-nothing", "anonymous anonymous-may-not-pull", "manifest access-denied"),
		},
		"a 404 of a family that hides the absent proves the repository": {
			tokens: tokens{grant: public}, image: "team/app:9", faults: []fault{on("", "/v2/team/app/tags/", 401, "")},
			want: lines("WAY", "token token-granted", "manifest tag-absent", "tags tags-not-listable"),
		},
		"elsewhere it proves nothing": {
			host: "registry.acme.example", tokens: tokens{grant: public}, image: "team/app:9", faults: []fault{on("", "/v2/team/app/tags/", 401, ""), on("", "/v2/team/pullmedic-no-such-repository/", 404, body("MANIFEST_UNKNOWN", ""))},
			want: lines("WAY", "token token-granted", "manifest manifest-absent", "tags tags-not-listable"),
		},
		"where no tags are listed, a likely neighbour that answers proves it": {
			host: "registry.acme.example", tokens: tokens{grant: public}, image: "team/app:1.27.44", faults: []fault{on("", "/v2/team/app/tags/", 401, "")},
			want: lines("WAY", "token token-granted", "manifest tag-absent", "tags repository-answers", "tags tags-not-listable"),
		},
		"a bare denied to a login is a rejected one, and it is sent once": {
			tokens: tokens{grant: public}, image: "team/app:1.27.4", credentials: []keyring.Credential{bad}, logins: 1,
			faults: []fault{func(w http.ResponseWriter, r *http.Request) bool {
				return r.Header.Get("Authorization") != "" && on("", "/token", 403, body("DENIED", "denied"))(w, r)
			}},
			want: lines("WAY", "token credential-rejected", "token token-granted", lines(climbedAnonymously...)),
		},
		"an open registry shows a private repository by how it answers for an absent one": {
			host: "registry.acme.example", tokens: tokens{grant: func(user, repository string) bool { return user != "" || repository != "team/app" }}, image: "team/app:1.27.4",
			want: lines("WAY", "token token-grants-nothing", "anonymous anonymous-may-not-pull", "anonymous repository-answers", "anonymous login-required"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			at := first(c.host, host)
			k := c.tokens
			k.realm, k.service, k.logins = "https://"+at+"/token", "registry", logins
			door := func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == "/token" {
					k.ServeHTTP(w, r)
					return true
				}
				return k.registry(w, r)
			}
			h.serve(at, with(s.handler, append(c.faults, door)...))
			p := h.prober()
			findings, gaps := p.Probe(t.Context(), Target{Reference: reference(at + "/" + c.image), Platform: amd64(), Credentials: c.credentials})
			if got := outcomes(findings, gaps); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			if got := p.Sent(); got.Logins != c.logins || got.Requests != len(h.asked("", "")) {
				t.Errorf("sent %+v, want %d logins, and the registry saw %d requests", got, c.logins, len(h.asked("", "")))
			}
			assertNoCanary(t, findings, gaps)
		})
	}
}

func TestARegistryThatAsksForALoginOnlyAtTheManifest(t *testing.T) {
	s := stocked(t)
	const host = "registry.acme.example"
	good, bad := credential("shop/hub", "robot", "canary-password"), credential("shop/old", "robot", "canary-old")
	k := tokens{realm: "https://" + host + "/token", logins: []string{"robot:canary-password"}, grant: func(user, _ string) bool { return user != "" }}
	doors := map[string]fault{
		"basic": basic("robot:canary-password"),
		"token": func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path == "/token" {
				k.ServeHTTP(w, r)
				return true
			}
			return k.registry(w, r)
		},
	}
	for name, c := range map[string]struct {
		door        string
		credentials []keyring.Credential
		want        string
	}{
		"basic, with a good login": {"basic", []keyring.Credential{good}, lines("WAY", "token credential-accepted", "manifest manifest-present", "platform platform-present", "blobs blobs-present")},
		"basic, with a bad login":  {"basic", []keyring.Credential{bad}, lines("WAY", "manifest credential-rejected", "anonymous anonymous-may-not-pull")},
		"basic, without a login":   {"basic", nil, lines("WAY", "anonymous anonymous-may-not-pull", "manifest access-denied")},
		"token, with a good login": {"token", []keyring.Credential{good}, lines("WAY", "token credential-accepted", "token token-granted", "manifest manifest-present", "platform platform-present", "blobs blobs-present")},
		"token, with a bad login":  {"token", []keyring.Credential{bad}, lines("WAY", "token credential-rejected", "token token-grants-nothing", "anonymous anonymous-may-not-pull")},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.serve(host, with(s.handler, func(w http.ResponseWriter, r *http.Request) bool {
				return r.URL.Path == "/v2/" && on("", "", 200, "{}")(w, r)
			}, doors[c.door]))
			findings, gaps := h.prober().Probe(t.Context(), Target{Reference: reference(host + "/team/app:1.27.4"), Platform: amd64(), Credentials: c.credentials})
			if got := outcomes(findings, gaps); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			assertNoCanary(t, findings, gaps)
		})
	}
}
