// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	_ "embed"
	"encoding/pem"
	"fmt"
	"math/big"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// A situation is what a plan is made for.
type situation struct {
	k Case
	d diagnosis.Diagnosis
	o Options
}

func (s situation) plan(t *testing.T, c *catalog.Catalog) []Remedy {
	t.Helper()
	return Plan(c, s.k, s.d, s.o)
}

// shop is an ordinary workload whose pull fails with a cause.
func shop(cause, host string) situation {
	pull := evidence.Pull{
		Namespace: "shop", Pod: "api-7d9c5-x2x7l", Container: "app", ContainerKind: evidence.Container, Owner: evidence.Object{Kind: "Deployment", Namespace: "shop", Name: "api"},
		Image: host + "/acme/team/api:1.27.44", Reference: evidence.Reference{Host: host, Repository: "acme/team/api", Tag: "1.27.44"},
		PullSecrets: []string{"hub"}, Node: "worker-3", Platform: evidence.Platform{OS: "linux", Arch: "arm64"}, Runtime: "containerd://2.4.2",
		NextEarliest: noon.Add(time.Minute), NextLatest: noon.Add(75 * time.Second),
	}
	template := corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: pull.Image}}}}
	return situation{
		k: Case{Now: noon, Target: Target{Object: Object{APIVersion: "apps/v1", Kind: "Deployment", Resource: "deployments", Namespace: "shop", Name: "api", UID: "u", Generation: 3}, Template: template}},
		d: diagnosis.Diagnosis{Pull: pull, Causes: []diagnosis.Cause{{Cause: cause, Verdict: diagnosis.Confirmed, State: diagnosis.Failing, Subject: evidence.Subject{Kind: evidence.SubjectRegistry, Name: host}}}},
	}
}

// asJob makes the workload a Job.
func (s situation) asJob() situation {
	s.k.Target.Object = Object{APIVersion: "batch/v1", Kind: "Job", Resource: "jobs", Namespace: "shop", Name: "import", UID: "u", Generation: 1}
	s.d.Pull.Owner = evidence.Object{Kind: "Job", Namespace: "shop", Name: "import"}
	return s
}

// given has all that a person can bring.
func (s situation) given(t *testing.T) situation {
	t.Helper()
	s.o = Options{To: "registry.acme.example/acme/team/api:1.27.4", CA: string(acmeRoot), CAFile: "acme.crt", Mirror: "mirror.acme.example/hub", Proxy: "http://proxy.acme.example:3128"}
	s.k.Secrets = []Secret{{Secret: keyring.Secret{Namespace: "shop", Name: "works"}, ProvenFor: []string{s.d.Pull.Image}}}
	return s
}

// copied has the person name a secret of the cluster that has a login.
func (s *situation) copied(namespace, name, key string) {
	s.o.Logins = []Login{{Credential: keyring.Credential{Secret: namespace + "/" + name, Key: key}, Source: "secret " + name}}
}

// registriesOf each kind that is told apart.
func registriesOf() []string {
	return []string{"docker.io", "123456789012.dkr.ecr.eu-west-1.amazonaws.com", "europe-docker.pkg.dev", "acme.azurecr.io", "ghcr.io", "registry.gitlab.com", "quay.io", "acme.jfrog.io", "harbor.acme.example:8443", "[fd12::1]:5000"}
}

// situations are all that the walks below look at, for a cause.
func situations(t *testing.T, cause string) map[string]situation {
	t.Helper()
	all := map[string]situation{}
	for _, host := range registriesOf() {
		s := shop(cause, host)
		all[host] = s
		all[host+", given"] = s.given(t)
		all[host+", a job"] = s.asJob()
		all[host+", a job, given"] = s.asJob().given(t)
		for _, runtime := range []string{"containerd://1.7.29", "cri-o://1.34.0"} {
			older := s.given(t)
			older.d.Pull.Runtime = runtime
			all[host+", "+runtime] = older
		}
		for name, of := range systemsKnown() {
			if host != "harbor.acme.example:8443" && !strings.Contains(host, ".ecr.") {
				continue // these two have all that differs
			}
			other := s.given(t)
			of.put(&other)
			all[host+", "+name] = other
		}
		pinned := s
		pinned.d.Pull.Reference.Digest, pinned.d.Pull.Reference.Tag = "sha256:"+strings.Repeat("5ca1ab1e", 8), ""
		all[host+", by digest"] = pinned
		copied := s
		copied.k.Elsewhere = []Copy{{Image: "mirror.acme.example/hub/acme/team/api:1.27.44", Digest: "sha256:" + strings.Repeat("0", 64), Where: "runs in shop"}}
		all[host+", elsewhere"] = copied
	}
	bare := shop(cause, "docker.io").given(t)
	bare.k.Target.Object = Object{APIVersion: "v1", Kind: "Pod", Resource: "pods", Namespace: "shop", Name: bare.d.Pull.Pod, UID: "u"}
	bare.d.Pull.Owner = evidence.Object{Kind: "Pod", Namespace: "shop", Name: bare.d.Pull.Pod}
	all["a bare pod"] = bare
	named := bare
	named.copied("platform", "hub", "https://index.docker.io/v1/")
	all["a bare pod, with a login of the cluster"] = named
	static := bare
	static.k.Target.Template.Annotations = map[string]string{corev1.MirrorPodAnnotationKey: "x"}
	all["a static pod"] = static
	volume := bare
	volume.d.Pull.ContainerKind, volume.d.Pull.Container = evidence.ImageVolume, "model"
	volume.k.Target.Template.Spec.Volumes = []corev1.Volume{{Name: "model", VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: bare.d.Pull.Image}}}}
	all["an image volume"] = volume
	debugging := bare
	debugging.d.Pull.ContainerKind = evidence.EphemeralContainer
	all["an ephemeral container"] = debugging
	released := shop(cause, "docker.io")
	released.k.Target.Release = Release{Name: "api", Namespace: "shop", Revision: 4, Status: "pending-upgrade", Before: 2, BeforeMade: noon.Add(-time.Hour)}
	all["a Helm release"] = released
	released.k.Target.Release = Release{Name: "api", Namespace: "shop", Unread: true}
	all["a Helm release that may not be read"] = released
	cleared := shop(cause, "docker.io")
	cleared.d.Causes[0].State = diagnosis.Cleared
	all["cleared"] = cleared
	all["nothing known"] = situation{d: diagnosis.Diagnosis{Causes: []diagnosis.Cause{{Cause: cause}}}}
	return all
}

func causes(t *testing.T) (*catalog.Catalog, []string) {
	t.Helper()
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, cause := range c.Causes() {
		ids = append(ids, cause.ID)
	}
	if len(ids) < 45 {
		t.Fatalf("only %d causes", len(ids))
	}
	return c, ids
}

func TestEveryCauseHasSomethingThatIsHandedOver(t *testing.T) {
	t.Parallel()
	c, ids := causes(t)
	known := handedOver()
	if len(known) != len(ids) {
		t.Errorf("%d causes have something handed over, the catalogue has %d", len(known), len(ids))
	}
	for _, id := range ids {
		for name, s := range situations(t, id) {
			var seen []string
			p := planner{catalog: c, Case: s.k, d: s.d, cause: s.d.Causes[0], o: s.o}
			for _, r := range p.handOver() {
				seen = append(seen, r.ID)
				sound(t, id+", "+name, r)
			}
			for _, r := range p.wait() {
				sound(t, id+", "+name, r)
			}
			if len(s.plan(t, c)) < len(seen) {
				t.Errorf("%s, %s: the plan leaves something out", id, name)
			}
			if len(seen) == 0 {
				t.Errorf("%s, %s: nothing is handed over", id, name)
			}
			for i, one := range seen {
				for _, other := range seen[i+1:] {
					if one == other {
						t.Errorf("%s, %s: %s is there twice", id, name, one)
					}
				}
			}
		}
	}
}

// sound checks what holds for every remedy that is handed over or waits.
func sound(t *testing.T, where string, r Remedy) {
	t.Helper()
	if r.ID == "" || strings.ToLower(r.ID) != r.ID || r.Title == "" {
		t.Errorf("%s: %+v has no id or title", where, r)
	}
	if r.Kind == HandedOver && len(r.Steps) == 0 && r.Needs == "" {
		t.Errorf("%s: %s has no steps", where, r.ID)
	}
	made := []string{".", "/etc/rancher/k3s", "/etc/rancher/rke2", "/etc/kubernetes", "/etc/crio/crio.conf.d", "/usr/local/share/ca-certificates"} // which are there
	for _, s := range r.Steps {
		if s.File != nil && !slices.Contains(made, filepath.Dir(s.File.Path)) {
			t.Errorf("%s: %s writes %s, and nothing makes its folder before", where, r.ID, s.File.Path)
		}
		for _, command := range s.Commands {
			if dir, ok := strings.CutPrefix(command, "mkdir -p "); ok {
				for dir = strings.Trim(dir, "'"); dir != "/"; dir = filepath.Dir(dir) {
					made = append(made, dir)
				}
			}
		}
	}
	texts := append([]string{r.Title, r.Because}, r.Risks...)
	for _, s := range append(append(append([]Step{}, r.Steps...), r.Lasting...), r.Undo...) {
		if s.Where == "" || s.Afterwards == "" || s.What == "" {
			t.Errorf("%s: a step of %s does not say what, where or what to look at: %+v", where, r.ID, s)
		}
		texts = append(texts, s.What, s.Where, s.Afterwards)
		for _, command := range s.Commands {
			for _, wrong := range []string{"docker pull", "docker login", "docker rmi", "--docker-password", "curl -u", "insecure", "skip_verify", "kubectl debug", "docker manifest"} {
				if strings.Contains(command, wrong) {
					t.Errorf("%s: %s prints %q", where, r.ID, command)
				}
			}
		}
	}
	for _, text := range texts {
		if strings.HasSuffix(text, ".") || strings.Contains(text, "%!") || strings.IndexFunc(text, unicode.IsControl) >= 0 {
			t.Errorf("%s: %s says %q", where, r.ID, text)
		}
	}
}

func TestAMirrorIsWhatIsNamedOrWhereTheSameContentIs(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*situation)
		want string // the file, "" if a flag is needed first
	}{
		"nothing is known": {func(*situation) {}, ""},
		"the person names one": {func(s *situation) { s.o.Mirror = "mirror.acme.example" },
			"server = \"https://registry-1.docker.io\"\n\n[host.\"https://mirror.acme.example\"]\n  capabilities = [\"pull\", \"resolve\"]\n"},
		"one with a path of its own": {func(s *situation) { s.o.Mirror = "harbor.acme.example:8443/hub/" },
			"server = \"https://registry-1.docker.io\"\n\n[host.\"https://harbor.acme.example:8443/v2/hub\"]\n  capabilities = [\"pull\", \"resolve\"]\n  override_path = true\n"},
		"the same content below another path": {func(s *situation) {
			s.k.Elsewhere = []Copy{{Image: "public.ecr.aws/docker/acme/team/api:1.27.44", Where: "runs in shop"}}
		}, "server = \"https://registry-1.docker.io\"\n\n[host.\"https://public.ecr.aws/v2/docker\"]\n  capabilities = [\"pull\", \"resolve\"]\n  override_path = true\n"},
		"the same content under another name is no mirror": {func(s *situation) { s.k.Elsewhere = []Copy{{Image: "quay.io/other/api:1"}} }, ""},
		"a mirror that is no host":                         {func(s *situation) { s.o.Mirror = "x\"]\n[evil" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := shop(catalog.RateLimited, "docker.io")
			c.edit(&s)
			r := handed(t, s, "hosts-toml-mirror")
			if c.want == "" {
				if r.Needs == "" || file(r, "hosts.toml") != nil {
					t.Errorf("got %+v", r)
				}
				return
			}
			f := file(r, "hosts.toml")
			if f == nil || f.Content != c.want || f.Path != "/etc/containerd/certs.d/docker.io/hosts.toml" {
				t.Errorf("got %+v", f)
			}
		})
	}
}

// handed is one remedy of the plan by its id.
func handed(t *testing.T, s situation, id string) Remedy {
	t.Helper()
	c, _ := causes(t)
	for _, r := range s.plan(t, c) {
		if r.ID == id {
			return r
		}
	}
	t.Fatalf("the plan has no %s", id)
	return Remedy{}
}

// file is the file of that name that a remedy writes.
func file(r Remedy, name string) *File {
	for _, s := range r.Steps {
		if s.File != nil && strings.HasSuffix(s.File.Path, name) {
			return s.File
		}
	}
	return nil
}

func TestAnAuthorityComesFromTheFileAlone(t *testing.T) {
	s := shop(catalog.TLSUntrusted, "vault.acme.example")
	if r := handed(t, s, "hosts-toml-ca"); r.Needs != "--ca FILE" || file(r, "ca.crt") != nil {
		t.Errorf("without a file: %+v", r)
	}
	good := certificate(t, "Acme Root", noon.AddDate(3, 0, 0))
	s.o.CAFile = "acme.crt"
	s.o.CA = "# a remark\n-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n" + string(good) + string(certificate(t, "Old Root", noon.AddDate(-1, 0, 0)))
	r := handed(t, s, "hosts-toml-ca")
	ca, toml := file(r, "/etc/containerd/certs.d/vault.acme.example/ca.crt"), file(r, "hosts.toml")
	if r.Needs != "" || ca == nil || toml == nil {
		t.Fatalf("got %+v", r)
	}
	if !strings.HasPrefix(ca.Content, string(good)) || strings.Contains(ca.Content, "PRIVATE") || strings.Contains(ca.Content, "remark") || strings.Count(ca.Content, "BEGIN CERTIFICATE") != 2 {
		t.Errorf("the file is\n%s", ca.Content)
	}
	block, _ := pem.Decode(good)
	fingerprint := fmt.Sprintf("% X", sha256Of(block.Bytes))
	for _, want := range []string{strings.ReplaceAll(fingerprint, " ", ":"), "CN=Acme Root", "ends 2029-11-21", "acme.crt"} {
		if !strings.Contains(r.Because, want) {
			t.Errorf("%q lacks %q", r.Because, want)
		}
	}
	if !strings.Contains(strings.Join(r.Risks, "\n"), "CN=Old Root is out of date") {
		t.Errorf("risks %q", r.Risks)
	}
	s.o.CA = "no certificate"
	if r := handed(t, s, "hosts-toml-ca"); r.Needs != "--ca FILE" {
		t.Errorf("with a file without a certificate: %+v", r)
	}
}

func TestPlainHTTPSaysWhatItGivesUp(t *testing.T) {
	r := handed(t, shop(catalog.HTTPInsteadOfHTTPS, "edge.acme.example"), "hosts-toml-http")
	if f := file(r, "hosts.toml"); f == nil || !strings.Contains(f.Content, `[host."http://edge.acme.example:443"]`) {
		t.Errorf("got %+v", f)
	}
	if len(r.Risks) == 0 || !strings.Contains(r.Risks[0], "readable") {
		t.Errorf("risks %q", r.Risks)
	}
}

// A file is never written for another host than the registry: a mirror's own
// table is in a file that nobody here has seen, and a token service has none.
func TestAFileIsTheRegistrysAlone(t *testing.T) {
	for _, kind := range []evidence.SubjectKind{evidence.SubjectMirror, evidence.SubjectTokenService, evidence.SubjectBlobStore} {
		for _, cause := range []string{catalog.TLSUntrusted, catalog.HTTPInsteadOfHTTPS, catalog.ClientCertificateRequired} {
			s := shop(cause, "docker.io").given(t)
			s.d.Causes[0].Subject = evidence.Subject{Kind: kind, Name: "other.acme.example"}
			c, _ := causes(t)
			p := planner{catalog: c, Case: s.k, d: s.d, cause: s.d.Causes[0], o: s.o}
			for _, r := range p.handOver() {
				sound(t, cause, r)
				f := file(r, "hosts.toml")
				if f == nil {
					continue
				}
				if kind == evidence.SubjectMirror || !strings.Contains(f.Content, `"https://registry-1.docker.io"`) || strings.Contains(f.Content, "other") {
					t.Errorf("%s about a %s: %s writes\n%s", cause, kind, r.ID, f.Content)
				}
			}
		}
	}
}

func TestAJobIsReplacedByOneThatDiffersInWhatMendsIt(t *testing.T) {
	s := shop(catalog.TagNotFound, "docker.io").asJob()
	if r := handed(t, s, "replace-job"); r.Needs != "--to IMAGE" {
		t.Errorf("without an image: %+v", r)
	}
	s.o.To = "docker.io/acme/team/api:1.27.4"
	r := handed(t, s, "replace-job")
	want := `'{"metadata":{"creationTimestamp":null,"generation":null,"labels":{"batch.kubernetes.io/controller-uid":null,"batch.kubernetes.io/job-name":null,"controller-uid":null,"job-name":null},"managedFields":null,"resourceVersion":null,"uid":null},` +
		`"spec":{"manualSelector":null,"selector":null,"template":{"metadata":{"labels":{"batch.kubernetes.io/controller-uid":null,"batch.kubernetes.io/job-name":null,"controller-uid":null,"job-name":null}},` +
		`"spec":{"containers":[{"image":"docker.io/acme/team/api:1.27.4","name":"app"}]}}},"status":null}'`
	if got := r.Steps[1].Commands[0]; !strings.Contains(got, want) {
		t.Errorf("got %s", got)
	}
	if len(r.Undo) != 1 || !strings.Contains(r.Undo[0].Commands[0], "replace --force") {
		t.Errorf("undo %+v", r.Undo)
	}
	c, _ := causes(t)
	for _, r := range shop(catalog.TagNotFound, "docker.io").plan(t, c) {
		if r.ID == "replace-job" {
			t.Error("a Deployment is replaced like a Job")
		}
	}
}

// What the catalogue says to do first is what the plan hands over first, not what
// lasts or what only looks.
func TestASecretIsWrittenBeforeAnythingLastingIsSetUp(t *testing.T) {
	c, _ := causes(t)
	for _, cause := range []string{catalog.CredentialsExpired, catalog.CredentialsInvalid, catalog.CredentialsMissing, catalog.SecretMissing, catalog.SecretNotUsed, catalog.SecretMalformed, catalog.RateLimited} {
		for _, host := range registriesOf() {
			for _, s := range []situation{shop(cause, host), shop(cause, host).asJob()} {
				all := slices.DeleteFunc(s.plan(t, c), func(r Remedy) bool { return r.Kind != HandedOver })
				if len(all) == 0 || all[0].ID != "write-secret" || len(all[0].Steps) == 0 {
					t.Errorf("%s of %s, a %s: first is %+v", cause, host, s.k.Target.Kind, all[0])
				}
			}
		}
	}
}

// Of a Job, too, steps that somebody can follow come before those that are not
// known until an image is named.
func TestWhatNeedsAFlagIsHandedOverLast(t *testing.T) {
	c, ids := causes(t)
	for _, cause := range ids {
		asks := ""
		for _, r := range shop(cause, "docker.io").asJob().plan(t, c) {
			switch {
			case r.Kind == HandedOver && r.Needs != "":
				asks = r.ID
			case r.Kind == HandedOver && asks != "":
				t.Errorf("%s: %s comes after %s, which needs something", cause, r.ID, asks)
			}
		}
	}
}

// The commands that replace a Job are only spoken of where they are handed over.
func TestAChangedJobIsSaidToBeReplaceableOnlyWhereItIs(t *testing.T) {
	c, _ := causes(t)
	for cause, want := range map[string]bool{catalog.TagNotFound: true, catalog.ConnectionRefused: false} {
		s := shop(cause, "docker.io").asJob()
		s.o.To = "docker.io/acme/team/api:1.27.4"
		failing := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: s.d.Pull.Pod}, Spec: s.k.Target.Template.Spec}
		s.k.Pods, s.k.Diagnoses = []*corev1.Pod{failing}, []diagnosis.Diagnosis{s.d}
		all := s.plan(t, c)
		handed := slices.ContainsFunc(all, func(r Remedy) bool { return r.ID == "replace-job" && len(r.Steps) > 0 })
		risks := strings.Join(all[0].Risks, "\n")
		if !strings.Contains(risks, "the Job's template keeps the old image") || strings.Contains(risks, "--with replace-job") != want || handed != want {
			t.Errorf("%s: replace-job handed over: %v; %s says %q", cause, handed, all[0].ID, risks)
		}
	}
}

func TestEgressNamesTheHostsThatWereSeenToo(t *testing.T) {
	s := shop(catalog.ConnectionTimeout, "registry.acme.example:5000")
	s.d.Findings = []evidence.Finding{
		{Subject: evidence.Subject{Kind: evidence.SubjectTokenService, Name: "auth.acme.example"}},
		{Subject: evidence.Subject{Kind: evidence.SubjectBlobStore, Name: "x;curl evil|sh"}},
	}
	r := handed(t, s, "egress-list")
	if got := r.Steps[0].What; !strings.Contains(got, "registry.acme.example:5000 (api)") || !strings.Contains(got, "auth.acme.example:443 (login, seen in this pull)") || strings.Contains(got, "evil") {
		t.Errorf("got %q", got)
	}
}

// acmeRoot is one authority for all situations.
//
//go:embed testdata/acme-root.crt
var acmeRoot []byte

func certificate(t *testing.T, name string, until time.Time) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: until.AddDate(-4, 0, 0), NotAfter: until, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// containerd would not know what ran from a store that is set aside, and the
// kubelet would start it a second time: it ends first.
func TestAStoreIsSetAsideOnceNothingRunsFromIt(t *testing.T) {
	c, _ := causes(t)
	all := shop(catalog.CorruptedCache, "docker.io").plan(t, c)
	i := slices.IndexFunc(all, func(r Remedy) bool { return r.ID == "renew-store" })
	if i < 0 {
		t.Fatal("renew-store is not planned")
	}
	for _, steps := range [][]Step{all[i].Steps, all[i].Undo} {
		var commands []string
		for _, s := range steps {
			commands = append(commands, s.Commands...)
		}
		kubelet, pods := slices.Index(commands, "systemctl stop kubelet"), slices.Index(commands, "crictl rmp --all --force")
		move := slices.IndexFunc(commands, func(c string) bool { return strings.HasPrefix(c, "mv /var/lib/containerd ") })
		if kubelet < 0 || pods < kubelet || move < pods {
			t.Errorf("got %q", commands)
		}
	}
}

func TestAHelmReleaseIsRolledBackToWhatWasDeployed(t *testing.T) {
	t.Parallel()
	c, _ := causes(t)
	known := Release{Name: "api", Namespace: "shop", Revision: 4, Status: "deployed", Before: 2, BeforeMade: noon}
	for name, k := range map[string]struct {
		release  Release
		commands []string // of the steps
		undo     string
		risk     string
	}{
		"its revision before":             {known, []string{"helm history api -n shop", "helm get manifest api --revision 2 -n shop | grep -n image:", "helm rollback api 2 -n shop"}, "helm rollback api 4 -n shop", "every object and value"},
		"one that Helm holds":             {Release{Name: "api", Namespace: "shop", Revision: 4, Status: "pending-upgrade", Before: 3}, []string{"helm history api -n shop", "helm get manifest api --revision 3 -n shop | grep -n image:", "helm rollback api 3 -n shop"}, "helm rollback api 4 -n shop", "pending-upgrade: where an upgrade still waits"},
		"no right to see which there are": {Release{Name: "api", Namespace: "shop", Unread: true}, []string{"helm history api -n shop", `helm get manifest api -n shop --revision "${REVISION:?}" | grep -n image:`, `helm rollback api -n shop "${REVISION:?}"`}, "", "may not be read here"},
		"its first revision":              {Release{Name: "api", Namespace: "shop", Revision: 1, Status: "deployed"}, nil, "", ""},
		"a name that is none":             {Release{Name: "x;curl evil|sh", Namespace: "shop", Revision: 4, Before: 3}, nil, "", ""},
		"no release":                      {Release{}, nil, "", ""},
	} {
		s := shop(catalog.TagNotFound, "docker.io")
		s.k.Target.Release = k.release
		all := s.plan(t, c)
		at := slices.IndexFunc(all, func(r Remedy) bool { return r.ID == "helm-rollback" })
		if at < 0 != (k.commands == nil) {
			t.Errorf("%s: handed over: %t", name, at >= 0)
		}
		if at < 0 {
			continue
		}
		var commands, undo []string
		for _, step := range all[at].Steps {
			commands = append(commands, step.Commands...)
		}
		for _, step := range all[at].Undo {
			undo = append(undo, step.Commands...)
		}
		if !slices.Equal(commands, k.commands) || strings.Join(undo, "\n") != k.undo {
			t.Errorf("%s: %q, want %q; undone by %q, want %q", name, commands, k.commands, undo, k.undo)
		}
		if words := all[at].Because + strings.Join(all[at].Risks, "\n"); !strings.Contains(words, k.risk) {
			t.Errorf("%s: %q does not say %q", name, words, k.risk)
		}
	}
}

func TestWhatANodeHasIsPushedUnderWhatIsWanted(t *testing.T) {
	t.Parallel()
	c, _ := causes(t)
	digest := "sha256:" + strings.Repeat("5ca1ab1e", 8)
	for name, k := range map[string]struct{ tag, digest, to string }{
		"a tag":              {"1.27.44", "", "docker.io/acme/team/api:1.27.44"},
		"a digest":           {"", digest, "docker.io/acme/team/api@" + digest},
		"a tag and a digest": {"1.27.44", digest, "docker.io/acme/team/api@" + digest},
	} {
		s := shop(catalog.DigestNotFound, "docker.io")
		s.d.Pull.Reference.Tag, s.d.Pull.Reference.Digest = k.tag, k.digest
		all := s.plan(t, c)
		at := slices.IndexFunc(all, func(r Remedy) bool { return r.ID == "push-from-node" })
		last := all[at].Steps[len(all[at].Steps)-1].Commands
		if want := "skopeo copy --preserve-digests oci:image docker://" + k.to; last[len(last)-1] != want {
			t.Errorf("%s: %q, want %q", name, last[len(last)-1], want)
		}
	}
}
