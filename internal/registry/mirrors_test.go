// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/evidence"
)

// hostsFile makes a hosts directory with one file.
func hostsFile(t *testing.T, registry, text string, more ...string) string {
	t.Helper()
	root := t.TempDir()
	dir := filepath.Join(root, registry)
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string]string{"hosts.toml": text} {
		more = append(more, name, data)
	}
	for i := 0; i+1 < len(more); i += 2 {
		if err := os.WriteFile(filepath.Join(dir, more[i]), []byte(more[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestMirrorsAreAskedAsContainerdWouldAskThem(t *testing.T) {
	const host, mirror = "registry.acme.example", "mirror.acme.example"
	const before = "if the node's hosts directory is this one, mirror.acme.example is asked before the registry and "
	one := "[host.\"https://" + mirror + "\"]\n"
	s := stocked(t)
	other := newShelf(t)
	other.push("team/app:1.27.4", other.image("linux", "arm64"))
	for name, c := range map[string]struct {
		file     string
		mirror   http.Handler // nil: nobody serves it
		registry []fault
		want     string
		sentence string
		asked    string // of the mirror; "" for nothing
	}{
		"no mirror": {file: "\n", want: "mirrors mirrors-configured", sentence: "if the node's hosts directory is this one, containerd asks registry.acme.example itself and no mirror"},
		"a mirror that has it": {file: one, mirror: s.handler, want: "mirrors mirrors-configured\nmirrors mirror-answers", sentence: before + "has it",
			asked: "HEAD /v2/team/app/manifests/1.27.4?ns=registry.acme.example"},
		"a mirror with another image under the tag": {file: one, mirror: other.handler, want: "mirrors mirrors-configured\nmirrors mirror-answers", sentence: before + "gives sha256:",
			asked: "HEAD /v2/team/app/manifests/1.27.4?ns=registry.acme.example"},
		"a mirror that lacks it":               {file: one, mirror: http.NotFoundHandler(), want: "mirrors mirrors-configured\nmirrors mirror-lacks", sentence: before + "lacks it (404)", asked: "HEAD /v2/team/app/manifests/1.27.4?ns=registry.acme.example"},
		"a mirror with trouble":                {file: one, mirror: on2(on("", "/", 503, "")), want: "mirrors mirrors-configured\nmirrors mirror-unusable", sentence: before + "answers 503", asked: "HEAD /v2/team/app/manifests/1.27.4?ns=registry.acme.example"},
		"a mirror that is a web page":          {file: one, mirror: on2(on("", "/", 200, "<html>", "Content-Type", "text/html")), want: "mirrors mirrors-configured\nmirrors mirror-unusable", sentence: before + "answers with a web page", asked: "HEAD /v2/team/app/manifests/1.27.4?ns=registry.acme.example"},
		"a mirror that is not there":           {file: one, want: "mirrors mirrors-configured\nmirrors mirror-unusable", sentence: before + "fails from here: its name does not resolve"},
		"a mirror that wants a login":          {file: one, mirror: on2(basic("robot:canary-password")), want: "mirrors mirrors-configured\nmirrors ?", asked: "HEAD /v2/team/app/manifests/1.27.4?ns=registry.acme.example"},
		"a mirror for digests only":            {file: one + "capabilities = ['pull']\n", mirror: s.handler, want: "mirrors mirrors-configured\nmirrors mirror-answers", sentence: before + "has it", asked: "HEAD /v2/team/app/manifests/sha256:"},
		"a mirror for digests, and none known": {file: one + "capabilities = ['pull']\n", mirror: s.handler, registry: []fault{on("", "/v2/team/", 404, "")}, want: "mirrors mirrors-configured\nmirrors ?"},
		"a mirror under a path":                {file: "[host.\"https://" + mirror + "/v2/hub\"]\noverride_path = true\n", mirror: http.NotFoundHandler(), want: "mirrors mirrors-configured\nmirrors mirror-lacks", sentence: before + "lacks it (404)", asked: "HEAD /v2/hub/team/app/manifests/1.27.4?ns=registry.acme.example"},
		"a server in the registry's place": {file: "server = 'https://" + mirror + "'\n", mirror: http.NotFoundHandler(), want: "mirrors mirrors-configured\nmirrors registry-not-asked\nmirrors mirror-lacks",
			sentence: "if the node's hosts directory is this one, mirror.acme.example is asked in the registry's place and lacks it (404)", asked: "HEAD /v2/team/app/manifests/1.27.4?ns=registry.acme.example"},
		"a file that cannot be parsed":   {file: "[host.\n", want: "mirrors hosts-file-unreadable\nmirrors mirrors-configured", sentence: "if the node's hosts directory is this one, containerd asks registry.acme.example itself and no mirror"},
		"a mirror at a metadata address": {file: "[host.\"https://169.254.169.254\"]\n", want: "mirrors mirrors-configured\nmirrors ?"},
		"a mirror that is no host":       {file: "[host.\"https://user@evil_/..\"]\n", want: "mirrors mirrors-configured\nmirrors mirror-unusable"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.serve(host, with(s.handler, append(c.registry, basic("robot:canary-password"))...))
			if c.mirror != nil {
				h.serve(mirror, c.mirror)
			}
			p := h.prober(func(o *Options) {
				o.HostsDir = hostsFile(t, host, c.file)
				o.Resolver = resolver(t, nil)
			})
			all, gaps := p.Probe(t.Context(), Target{Reference: reference(host + "/team/app:1.27.4"), Platform: amd64(), Credentials: creds("robot", "canary-password")})
			var findings []evidence.Finding
			for _, f := range all {
				if f.Check == evidence.CheckMirrors {
					findings = append(findings, f)
				}
			}
			if got := outcomes(findings, gaps); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			if last := findings[len(findings)-1]; c.sentence != "" && !strings.HasPrefix(last.Sentence, c.sentence) || last.Time.IsZero() {
				t.Errorf("%q, want %q", last.Sentence, c.sentence)
			}
			asked := h.asked(mirror, "")
			if c.asked == "" && len(asked) > 0 || c.asked != "" && (len(asked) != 1 || !strings.HasPrefix(asked[0].method+" "+asked[0].path+"?"+asked[0].query, c.asked)) {
				t.Errorf("the mirror was asked %+v, want %q", asked, c.asked)
			}
			for _, r := range asked {
				if r.authorization != "" {
					t.Errorf("the mirror got a credential")
				}
			}
			assertNoCanary(t, all, gaps)
			for _, f := range findings {
				t.Log(f.Sentence)
			}
		})
	}
}

func TestAMirrorIsTrustedByTheCertificateInItsDirectory(t *testing.T) {
	const host, mirror = "registry.acme.example", "mirror.acme.example"
	registry, far := newHouse(t), newHouse(t) // far has an authority of its own
	registry.serve(host, stocked(t).handler)
	far.serve(mirror, http.NotFoundHandler())
	ca := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: far.ca.Raw}))
	registry.connect[mirror+":443"] = far.connect[mirror+":443"]
	for name, c := range map[string]struct{ file, want string }{
		"with it":                    {"ca = 'ca.crt'\n", "mirror-lacks"},
		"without it":                 {"", "mirror-unusable"},
		"if it is not in the copy":   {"ca = '/etc/ca.crt'\n", "?"},
		"if containerd skips all of": {"skip_verify = true\n", "?"},
	} {
		t.Run(name, func(t *testing.T) {
			p := registry.prober(func(o *Options) {
				o.HostsDir = hostsFile(t, host, "[host.'https://"+mirror+"']\n"+c.file, "ca.crt", ca)
			})
			before := len(registry.asked("", ""))
			findings, gaps := p.Probe(t.Context(), Target{Reference: reference(host + "/team/app:1.27.4"), Platform: amd64()})
			if got := outcomes(findings, gaps); !strings.HasSuffix(got, "mirrors "+c.want) {
				t.Errorf("got\n%s\nwant at last %s", got, c.want)
			}
			if got := p.Sent().Requests; got != len(registry.asked("", ""))-before+1 {
				t.Errorf("counted %d requests", got)
			}
		})
	}
}
