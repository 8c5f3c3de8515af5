// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package handover

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	planning "github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
)

// A bench is a registry that anybody may push to, and a person with skopeo.
type bench struct {
	host string // of the registry
	home string
}

// sh runs commands in a directory; skopeo takes plain HTTP from the registry.
func (b bench) sh(t *testing.T, dir, commands string) (said string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longestCommand)
	defer cancel()
	run := exec.CommandContext(ctx, "sh", "-ec", commands)
	run.Dir, run.Env = dir, []string{"HOME=" + b.home, "PATH=" + os.Getenv("PATH")}
	out, err := run.CombinedOutput()
	return string(out), err
}

// status of a path of the registry.
func (b bench) status(t *testing.T, path string) (int, string) {
	t.Helper()
	ask, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+b.host+"/v2/"+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	ask.Header.Set("Accept", "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json")
	answer, err := (&http.Client{Timeout: longestCommand}).Do(ask)
	if err != nil {
		return 0, err.Error()
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// newBench starts the registry, which has one image.
func newBench(t *testing.T, image string) bench {
	t.Helper()
	bed, err := cluster.Open("")
	if err == nil {
		_, err = os.Stat(bed.Bin("registry"))
	}
	if err == nil {
		_, err = exec.LookPath("skopeo")
	}
	if err != nil {
		if os.Geteuid() != 0 {
			t.Skip("left out: it needs skopeo and a registry, which testbed build makes")
		}
		t.Fatalf("%v (testbed build)", err)
	}
	// An address of its own: on 127.0.0.1 a port that is free now may be that of
	// somebody's connection a moment later.
	listener, err := net.Listen("tcp", "127.0.79.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := bench{host: listener.Addr().String(), home: t.TempDir()}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"registry.yaml":                        fmt.Sprintf("version: 0.1\nlog: {level: error}\nstorage: {inmemory: {}}\nhttp: {addr: %q}\n", b.host),
		".config/containers/registries.conf":   fmt.Sprintf("[[registry]]\nlocation = %q\ninsecure = true\n", b.host),
		".config/containers/policy.json":       `{"default":[{"type":"insecureAcceptAnything"}]}`,
		".config/containers/registries.d/none": "",
	} {
		file := filepath.Join(b.home, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	server := exec.Command(bed.Bin("registry"), "serve", filepath.Join(b.home, "registry.yaml"))
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
	})
	for deadline := time.Now().Add(longestCommand); ; time.Sleep(20 * time.Millisecond) {
		code, said := b.status(t, "")
		if code == http.StatusOK {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the registry does not answer: %d %s", code, said)
		}
	}
	if said, err := b.sh(t, b.home, "skopeo copy docker-archive:"+quote(bed.PauseArchive())+" docker://"+b.host+"/"+image); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	return b
}

// planned are the remedies of a cause for an image of the registry.
func (b bench) planned(t *testing.T, c *catalog.Catalog, cause string, ref evidence.Reference) []planning.Remedy {
	t.Helper()
	ref.Host = b.host
	image := ref.Host + "/" + ref.Repository
	if ref.Tag != "" {
		image += ":" + ref.Tag
	}
	if ref.Digest != "" {
		image += "@" + ref.Digest
	}
	pull := evidence.Pull{
		Namespace: "shop", Pod: "api-x", Container: "app", ContainerKind: evidence.Container, Node: "worker-3", Owner: evidence.Object{Kind: "Deployment", Namespace: "shop", Name: "api"},
		Image: image, Reference: ref, Platform: evidence.Platform{OS: "linux", Arch: "amd64"}, Runtime: "containerd://2.4.2",
	}
	d := diagnosis.Diagnosis{Pull: pull, Causes: []diagnosis.Cause{{Cause: cause, Verdict: diagnosis.Confirmed, State: diagnosis.Failing, Subject: evidence.Subject{Kind: evidence.SubjectRegistry, Name: ref.Host}}}}
	return planning.Plan(c, planning.Case{Now: time.Now(), Diagnoses: []diagnosis.Diagnosis{d}}, d, planning.Options{})
}

// Every command of skopeo's that asks a registry or copies does so, as it is
// printed; a login is typed in the scene of write-secret.
func TestSkopeoDoesWhatIsHandedOverForIt(t *testing.T) {
	b := newBench(t, "acme/team/api:1.27.44")
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, cause := range c.Causes() {
		for _, r := range b.planned(t, c, cause.ID, evidence.Reference{Repository: "acme/team/api", Tag: "1.27.44"}) {
			for _, s := range slices.Concat(r.Steps, r.Lasting, r.Undo) {
				for _, line := range s.Commands {
					if !strings.HasPrefix(line, "skopeo ") || strings.HasPrefix(line, "skopeo login ") || strings.Contains(line, " oci:image ") || seen[line] {
						continue
					}
					seen[line] = true
					dir := t.TempDir()
					if err := os.WriteFile(filepath.Join(dir, "see.json"), []byte("{}"), 0o600); err != nil {
						t.Fatal(err)
					}
					if said, err := b.sh(t, dir, line); err != nil {
						t.Errorf("%s, %s: %s: %v: %s", cause.ID, r.ID, line, err, said)
					}
				}
			}
		}
	}
	if len(seen) < 5 {
		t.Errorf("only %d commands: %v", len(seen), seen)
	}
}

// What a node has comes back under the digest that is wanted, and no tag is moved
// for it.
func TestADigestComesBackFromANodeAndMovesNoTag(t *testing.T) {
	b := newBench(t, "acme/had:1")
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir() // image.tar stands for what ctr writes on a node: an OCI layout, packed
	digest, err := b.sh(t, dir, "skopeo copy --quiet docker://"+b.host+"/acme/had:1 oci-archive:image.tar && skopeo inspect --format '{{.Digest}}' oci-archive:image.tar")
	if digest = strings.TrimSpace(digest); err != nil {
		t.Fatalf("%v: %s", err, digest)
	}
	for _, r := range b.planned(t, c, catalog.DigestNotFound, evidence.Reference{Repository: "acme/lost", Digest: digest}) {
		if r.ID != "push-from-node" {
			continue
		}
		push := r.Steps[len(r.Steps)-1]
		if said, err := b.sh(t, dir, strings.Join(push.Commands, "\n")); err != nil {
			t.Fatalf("%q: %v: %s", push.Commands, err, said)
		}
	}
	if code, said := b.status(t, "acme/lost/manifests/"+digest); code != http.StatusOK {
		t.Errorf("the digest is not there: %d %s", code, said)
	}
	if code, said := b.status(t, "acme/lost/tags/list"); strings.Contains(said, "latest") {
		t.Errorf("a tag was written: %d %s", code, said)
	}
}
