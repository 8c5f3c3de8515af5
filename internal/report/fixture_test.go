// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/report"
	"github.com/pullmedic/pullmedic/symptom"
)

// update writes the golden files anew: go test ./internal/report -update.
var update = flag.Bool("update", false, "write the golden files anew")

// now is the time of every look.
func now() time.Time { return time.Date(2026, 11, 21, 3, 50, 0, 0, time.UTC) }

func ago(d time.Duration) time.Time { return now().Add(-d) }

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (go test ./internal/report -update writes it anew); got:\n%s", path, got)
	}
}

func load(t *testing.T) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// judged makes the document of a survey.
func judged(t *testing.T, s evidence.Survey) v1alpha1.Report {
	t.Helper()
	c := load(t)
	var ds []diagnosis.Diagnosis
	for _, e := range s.Pulls {
		ds = append(ds, diagnosis.Judge(c, e))
	}
	return report.New(c, s, ds)
}

func found(check evidence.Check, o evidence.Outcome, v evidence.Vantage, s evidence.Subject, took time.Duration, sentence string) evidence.Finding {
	f := evidence.Finding{Check: check, Outcome: o, Vantage: v, Subject: s, Time: now(), Took: took, Sentence: sentence}
	if v == evidence.Node {
		f.Time = ago(3 * time.Minute)
	}
	return f
}

// detailed gives a finding details, as pairs of names and values.
func detailed(f evidence.Finding, pairs ...string) evidence.Finding {
	f.Details = map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.Details[pairs[i]] = pairs[i+1]
	}
	return f
}

func subject(kind evidence.SubjectKind, name string) evidence.Subject {
	return evidence.Subject{Kind: kind, Name: name}
}

// missingTag is a pod of shop/api that wants a tag that is not there.
func missingTag(n int) evidence.Evidence {
	image := subject(evidence.SubjectImage, "docker.io/acme/api:1.27.44")
	hub := subject(evidence.SubjectRegistry, "docker.io")
	return evidence.Evidence{
		Pull: evidence.Pull{
			Namespace: "shop", Pod: fmt.Sprintf("api-7d9c5-x2x7%c", 'a'+n), Container: "app", ContainerKind: evidence.Container,
			Owner: evidence.Object{Kind: "Deployment", Namespace: "shop", Name: "api"}, Via: []evidence.Object{{Kind: "ReplicaSet", Namespace: "shop", Name: "api-7d9c5"}},
			Manager: evidence.Manager{Tool: "Helm", Name: "shop/api"}, Image: "acme/api:1.27.44",
			Reference: evidence.Reference{Host: "docker.io", Repository: "acme/api", Tag: "1.27.44"}, Policy: "IfNotPresent",
			PullSecrets: []string{"hub"}, ServiceAccount: "default", Node: fmt.Sprintf("worker-%d", 3+n%2),
			Platform: evidence.Platform{OS: "linux", Arch: "arm64"}, Runtime: "containerd://2.4.2", KubeletVersion: "v1.36.3",
			Reason: "ImagePullBackOff", FirstFailed: ago(9*time.Minute + 50*time.Second), LastFailed: ago(2*time.Minute + 40*time.Second), Attempts: 6,
			NextEarliest: now().Add(20 * time.Second), NextLatest: now().Add(110 * time.Second),
		},
		Symptom: symptom.Symptom{Sign: symptom.TagNotFound, Runtime: "containerd", Stage: symptom.StageResolve, Reference: "docker.io/acme/api:1.27.44", Detail: "docker.io/acme/api:1.27.44: not found"},
		Findings: []evidence.Finding{
			found(evidence.CheckReference, evidence.ReferenceValid, evidence.Cluster, image, 0, "docker.io/acme/api:1.27.44 is a well-formed name"),
			found(evidence.CheckPullSecrets, evidence.SecretPresent, evidence.Cluster, subject(evidence.SubjectSecret, "shop/hub"), 0, "secret hub is there and parses"),
			found(evidence.CheckKeyring, evidence.KeyringMatches, evidence.Cluster, image, 0, "the kubelet sends the login of secret hub, key index.docker.io/v1/, the only match"),
			found(evidence.CheckServiceAccount, evidence.ServiceAccountAgrees, evidence.Cluster, subject(evidence.SubjectServiceAccount, "shop/default"), 0, "service account default carries no secret that the pod lacks"),
			detailed(found(evidence.CheckHistory, evidence.PreviousImageKnown, evidence.Cluster, subject(evidence.SubjectWorkload, "shop/deployment/api"), 0, "revision 17 has acme/api:1.27.4"),
				"image", "acme/api:1.27.4", "revision", "17"),
			found(evidence.CheckResolve, evidence.HostResolved, evidence.Client, hub, 2*time.Millisecond, "registry-1.docker.io resolves to 54.198.86.24 and 5 more"),
			found(evidence.CheckConnect, evidence.Connected, evidence.Client, hub, 9*time.Millisecond, "registry-1.docker.io accepts connections on port 443"),
			found(evidence.CheckTLS, evidence.TLSTrusted, evidence.Client, hub, 18*time.Millisecond, "its certificate is trusted here, until 2027-02-01"),
			found(evidence.CheckPing, evidence.RegistryAnswers, evidence.Client, hub, 12*time.Millisecond, "registry-1.docker.io answers in 12 ms and asks for a token"),
			found(evidence.CheckToken, evidence.CredentialAccepted, evidence.Client, subject(evidence.SubjectCredential, "shop/hub"), 30*time.Millisecond, "auth.docker.io accepts the login of secret shop/hub"),
			found(evidence.CheckManifest, evidence.TagAbsent, evidence.Client, image, 12*time.Millisecond, "docker.io/acme/api has no tag 1.27.44 (404)"),
			detailed(found(evidence.CheckTags, evidence.TagsListed, evidence.Client, subject(evidence.SubjectRepository, "docker.io/acme/api"), 20*time.Millisecond, "docker.io/acme/api has 312 tags, the nearest 1.27.4"),
				"nearest", "1.27.4"),
			found(evidence.CheckRateLimit, evidence.RateLimitOpen, evidence.Client, hub, 0, "188 of 200 pulls are left"),
		},
		Impact: evidence.Impact{
			Workload: evidence.Object{Kind: "Deployment", Namespace: "shop", Name: "api"}, Wanted: 6, Ready: 4, Revision: 18,
			Serving: evidence.Serving{Revision: 17, Ready: 4, Image: "acme/api:1.27.4"}, Stalled: true, StalledSince: ago(30 * time.Second),
			Autoscaler: evidence.Autoscaler{Name: "api", Desired: 8, Most: 12}, Services: []evidence.Service{{Name: "api", Ready: 4}},
		},
		Changes: []evidence.Change{
			{Time: ago(50 * time.Hour), Object: evidence.Object{Kind: "Node", Name: "worker-3"}, What: "it joined the cluster"},
			{Time: ago(10*time.Minute + 2*time.Second), Object: evidence.Object{Kind: "Deployment", Namespace: "shop", Name: "api"}, What: "image 1.27.4 -> 1.27.44", By: "helm"},
		},
	}
}

// expired is a pod of payments whose ECR token is over, on a node that cannot
// be read.
func expired(n int) evidence.Evidence {
	const host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	image := subject(evidence.SubjectImage, host+"/ledger:2.0")
	return evidence.Evidence{
		Pull: evidence.Pull{
			Namespace: []string{"payments", "billing"}[n%2], Pod: fmt.Sprintf("ledger-6f-%02d", n), Container: "ledger", ContainerKind: evidence.Container,
			Owner: evidence.Object{Kind: "Deployment", Name: "ledger"}, Image: host + "/ledger:2.0",
			Reference: evidence.Reference{Host: host, Repository: "ledger", Tag: "2.0"}, Policy: "Always", PullSecrets: []string{"ecr-pull"}, Node: fmt.Sprintf("worker-%d", n%5),
			Reason: "ErrImagePull", FirstFailed: ago(38 * time.Minute), LastFailed: ago(time.Minute), Attempts: 9,
		},
		Symptom: symptom.Symptom{Sign: symptom.CredentialExpired, Runtime: "containerd", Status: 403, Host: host, Detail: "your authorization token has expired. Reauthenticate and try again."},
		Findings: []evidence.Finding{
			found(evidence.CheckPullSecrets, evidence.SecretPresent, evidence.Cluster, subject(evidence.SubjectSecret, "payments/ecr-pull"), 0, "secret ecr-pull is there and parses"),
			found(evidence.CheckKeyring, evidence.CredentialExpiredByItself, evidence.Cluster, subject(evidence.SubjectSecret, "payments/ecr-pull"), 0, "the ECR token in secret ecr-pull ended at 03:11:58 UTC"),
			found(evidence.CheckManifest, evidence.AccessDenied, evidence.Client, image, 31*time.Millisecond, host+" refuses ledger:2.0 (403)"),
			scope(host, "all 12 pods that fail to pull from "+host+" want one image; images of it run in 212 pods of 20 namespaces", 212),
		},
		NotLookedAt: []evidence.Gap{{Check: evidence.CheckNode, Subject: subject(evidence.SubjectNode, "worker-1"), Why: "you may not get nodes", Needs: "get nodes"}},
		Impact: evidence.Impact{
			Workload: evidence.Object{Kind: "Deployment", Namespace: []string{"payments", "billing"}[n%2], Name: "ledger"}, Wanted: 6, Ready: n % 2,
			Services: []evidence.Service{{Name: "ledger", Ready: n % 2}},
		},
		Changes: []evidence.Change{{Time: ago(13 * time.Hour), Object: evidence.Object{Kind: "Secret", Namespace: "payments", Name: "ecr-pull"}, What: "its content was written", By: "ecr-refresh"}},
	}
}

// scope is the finding of what failing pulls have in common.
func scope(host, sentence string, running int) evidence.Finding {
	f := found(evidence.CheckScope, evidence.OneImageAlone, evidence.Cluster, subject(evidence.SubjectRegistry, host), 0, sentence)
	f.Details = map[string]string{"runningPods": fmt.Sprint(running)}
	return f
}

// denied is a pull that a hiding registry refuses, without a look at secrets.
func denied() evidence.Evidence {
	return evidence.Evidence{
		Pull: evidence.Pull{
			Namespace: "web", Pod: "front", Owner: evidence.Object{Kind: "Pod", Name: "front"}, Container: "setup", ContainerKind: evidence.InitContainer,
			Image: "ghcr.io/acme/front", Reference: evidence.Reference{Host: "ghcr.io", Repository: "acme/front", Tag: "latest", TagImplied: true},
			PullSecrets: []string{"ghcr"}, Node: "worker-9", Reason: "ErrImagePull", LastFailed: ago(26 * time.Hour), FirstFailed: ago(27 * time.Hour), Attempts: 1,
		},
		Symptom:     symptom.Symptom{Sign: symptom.AccessDenied, Runtime: "containerd", Detail: "failed to authorize: 403 Forbidden"},
		NotLookedAt: []evidence.Gap{{Check: evidence.CheckPullSecrets, Subject: subject(evidence.SubjectSecret, "web/ghcr"), Why: "you may not get secrets in namespace web", Needs: "get secrets in namespace web"}},
	}
}

// cleared is a pull whose credential works now.
func cleared() evidence.Evidence {
	e := missingTag(0)
	e.Pull.Pod, e.Pull.Namespace, e.Pull.Owner.Namespace = "late", "shop2", "shop2"
	e.Findings = append(e.Findings[:10:10], found(evidence.CheckManifest, evidence.ManifestPresent, evidence.Client, e.Findings[0].Subject, 12*time.Millisecond, "docker.io/acme/api:1.27.44 is there"))
	return e
}

func bigSurvey() evidence.Survey {
	s := evidence.Survey{Time: now(), Pods: 9874, Namespaces: 41, Sent: evidence.Sent{Requests: 14, Logins: 2}}
	s.NotLookedAt = []evidence.Gap{{Check: evidence.CheckPods, Subject: subject(evidence.SubjectNamespace, "kube-system"), Why: "you may not list pods in namespace kube-system", Needs: "list pods in namespace kube-system"}}
	for n := range 6 {
		s.Pulls = append(s.Pulls, missingTag(n))
	}
	for n := range 12 {
		s.Pulls = append(s.Pulls, expired(n))
	}
	s.Pulls = append(s.Pulls, denied(), cleared())
	return s
}
