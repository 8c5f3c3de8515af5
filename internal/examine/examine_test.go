// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package examine_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/symptom"
)

func TestOnePodOfADeployment(t *testing.T) {
	bad := podWith("shop", "api-7d9c5-x2x7l", "acme/api:1.27.44", "ImagePullBackOff",
		`Back-off pulling image "acme/api:1.27.44": ErrImagePull: `+tagMissing,
		ownedBy("ReplicaSet", "apps/v1", "api-7d9c5"), pullSecrets("hub"), func(p *corev1.Pod) { p.Labels = map[string]string{"app": "api", "pod-template-hash": "7d9c5"} })
	good := podWith("shop", "api-6b8-aaaaa", "acme/api:1.27.4", "", "", ownedBy("ReplicaSet", "apps/v1", "api-6b8"), on("worker-2"),
		func(p *corev1.Pod) { p.Labels = map[string]string{"app": "api", "pod-template-hash": "6b8"} })
	h := newHouse(t, bad, good, deployment("shop", "api"),
		replicaSet("shop", "api", "7d9c5", "18", "acme/api:1.27.44", 0), replicaSet("shop", "api", "6b8", "17", "acme/api:1.27.4", 4),
		nodeNamed("worker-1", "arm64"), account("shop", "hub"), dockerSecret("shop", "hub", "https://index.docker.io/v1/"),
		eventFor(bad, "Normal", "Pulling", `Pulling image "acme/api:1.27.44"`, 6, 9*time.Minute, time.Minute),
		eventFor(bad, "Warning", "Failed", `Failed to pull image "acme/api:1.27.44": `+tagMissing, 6, 9*time.Minute, time.Minute),
		eventFor(bad, "Warning", "Failed", "Error: ErrImagePull", 6, 9*time.Minute, time.Minute),
	)
	for _, refs := range [][]examine.ObjectRef{
		{{Kind: "pod", Namespace: "shop", Name: bad.Name}},
		{{Kind: "deploy", Namespace: "shop", Name: "api"}},
		{{Kind: "Deployments.apps", Namespace: "shop", Name: "api"}, {Kind: "po", Namespace: "shop", Name: bad.Name}},
		{{Kind: "rs", Namespace: "shop", Name: "api-7d9c5"}},
	} {
		t.Run(refs[0].Kind, func(t *testing.T) {
			s := h.objects(t, refs...)
			e := one(t, s)
			p := e.Pull
			if want := (evidence.Object{Kind: "Deployment", Namespace: "shop", Name: "api"}); p.Owner != want {
				t.Errorf("owner is %v, want %v", p.Owner, want)
			}
			if want := (evidence.Reference{Host: "docker.io", Repository: "acme/api", Tag: "1.27.44"}); p.Reference != want {
				t.Errorf("reference is %+v, want %+v", p.Reference, want)
			}
			if p.Platform.Arch != "arm64" || p.Runtime != "containerd://2.4.2" || p.KubeletVersion != "v1.36.3" {
				t.Errorf("node facts are %+v, %s, %s", p.Platform, p.Runtime, p.KubeletVersion)
			}
			if e.Symptom.Sign != symptom.TagNotFound {
				t.Errorf("sign is %s", e.Symptom.Sign)
			}
			if p.Attempts != 6 || !p.FirstFailed.Equal(now().Add(-9*time.Minute)) || !p.LastFailed.Equal(now().Add(-time.Minute)) {
				t.Errorf("%d attempts from %s to %s", p.Attempts, p.FirstFailed, p.LastFailed)
			}
			if p.NextEarliest.IsZero() || p.NextLatest.Before(p.NextEarliest) {
				t.Errorf("next attempt between %s and %s", p.NextEarliest, p.NextLatest)
			}
			wantOutcomes(t, e, evidence.ReferenceNotFound, evidence.ReferenceValid, evidence.SecretPresent, evidence.KeyringMatches,
				evidence.NodePlatformKnown, evidence.ServiceAccountAgrees, evidence.PreviousImageKnown, evidence.RepositoryKnown, evidence.TagAbsent)
			if got, want := sentence(e, evidence.KeyringMatches), "secret shop/hub, key https://index.docker.io/v1/, the only match"; got != want {
				t.Errorf("keyring: %q, want %q", got, want)
			}
			if got, want := sentence(e, evidence.PreviousImageKnown), "revision 17 has acme/api:1.27.4"; got != want {
				t.Errorf("previous: %q, want %q", got, want)
			}
			if len(e.NotLookedAt)+len(s.NotLookedAt) > 0 {
				t.Errorf("not looked at: %v %v", e.NotLookedAt, s.NotLookedAt)
			}
		})
	}
	if got := h.prober.targets[0]; !slices.Contains(got.KnownTags, "1.27.4") || len(got.Credentials) != 1 || got.Platform.Arch != "arm64" {
		t.Errorf("the registry was asked with tags %v, %d credentials, platform %+v", got.KnownTags, len(got.Credentials), got.Platform)
	}
}

func TestSurveyAsksTheSameOnce(t *testing.T) {
	objects := []runtime.Object{nodeNamed("worker-1", "amd64"), account("shop"), account("pay"), dockerSecret("shop", "hub", "docker.io")}
	for i := range 1200 {
		ns := []string{"shop", "pay"}[i%2]
		pod := podWith(ns, fmt.Sprintf("well-%04d", i), "registry.example/well:1", "", "")
		if i < 40 {
			pod = podWith("shop", fmt.Sprintf("bad-%04d", i), "acme/api:1.27.44", "ErrImagePull", tagMissing, pullSecrets("hub"))
			objects = append(objects, eventFor(pod, "Warning", "Failed", `Failed to pull image "acme/api:1.27.44": `+tagMissing, 1, time.Minute, time.Minute))
		}
		objects = append(objects, pod)
	}
	h := newHouse(t, objects...)
	s := h.survey(t, examine.Scope{})
	if s.Pods != 1200 || s.Namespaces != 2 || len(s.Pulls) != 40 {
		t.Fatalf("%d pods in %d namespaces, %d pulls", s.Pods, s.Namespaces, len(s.Pulls))
	}
	if len(h.prober.targets) != 1 || s.Sent.Requests != 1 {
		t.Errorf("%d registry questions for one image, sent %+v", len(h.prober.targets), s.Sent)
	}
	if asked := h.server.Asked(); len(asked) != 3+1+1+1+1+3 { // pages, warnings, node, account, secret, what the pods serve
		t.Errorf("%d questions to the API server: %q", len(asked), asked)
	}
	for _, e := range s.Pulls {
		wantOutcomes(t, e, evidence.TagAbsent, evidence.KeyringMatches)
		if e.Pull.LastFailed.IsZero() {
			t.Fatalf("%s: no event attached", e.Pull.Pod)
		}
	}
}

func TestRightsThatAreMissingDegradeOnePart(t *testing.T) {
	bad := podWith("shop", "api", "registry.example/api:1", "ErrImagePull", tagMissing, pullSecrets("hub"), ownedBy("ReplicaSet", "apps/v1", "api-7d9c5"),
		func(p *corev1.Pod) { p.Labels = map[string]string{"pod-template-hash": "7d9c5"} })
	objects := []runtime.Object{bad, nodeNamed("worker-1", "amd64"), account("shop", "hub"), dockerSecret("shop", "hub", "registry.example"),
		deployment("shop", "api"), replicaSet("shop", "api", "7d9c5", "1", "x", 0)}
	for name, c := range map[string]struct {
		deny  string
		check evidence.Check
		needs string
	}{
		"secrets":          {"get secrets", evidence.CheckPullSecrets, "get secrets in namespace shop"},
		"nodes":            {"get nodes", evidence.CheckNode, "get nodes"},
		"events":           {"list events", evidence.CheckMessage, "list events in namespace shop"},
		"service accounts": {"get serviceaccounts", evidence.CheckServiceAccount, "get serviceaccounts in namespace shop"},
		"replica sets":     {"get replicasets", evidence.CheckHistory, "get replicasets.apps in namespace shop"},
		"other namespaces": {"list pods *", evidence.CheckSameImage, "list pods in all namespaces"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, objects...)
			h.server.Deny(c.deny)
			s := h.objects(t, examine.ObjectRef{Kind: "pod", Namespace: "shop", Name: "api"})
			e := one(t, s)
			gaps := slices.Concat(e.NotLookedAt, s.NotLookedAt)
			if len(gaps) != 1 || gaps[0].Check != c.check || gaps[0].Needs != c.needs || !strings.HasPrefix(gaps[0].Why, "you may not ") {
				t.Errorf("gaps are %+v, want one of check %s that needs %q", gaps, c.check, c.needs)
			}
			if e.Pull.Owner.Kind != "Deployment" {
				t.Errorf("owner is %+v", e.Pull.Owner)
			}
			wantNoOutcome(t, e, evidence.KeyringMatchesNone, evidence.SecretAbsent)
			wantOutcomes(t, e, evidence.TagAbsent)
		})
	}
}

func TestPodsThatMayNotBeListed(t *testing.T) {
	bad := podWith("shop", "api", "registry.example/api:1", "ErrImagePull", tagMissing)
	h := newHouse(t, bad, account("shop"), nodeNamed("worker-1", "amd64"))
	h.server.Deny("list pods *")

	_, err := h.x.Survey(t.Context(), examine.Scope{})
	var refused *cluster.Error
	if !errors.As(err, &refused) || refused.Reason != cluster.Forbidden || refused.Needs() != "list pods in all namespaces" {
		t.Errorf("error is %v, want that pods may not be listed", err)
	}
	s := h.survey(t, examine.Scope{Fallback: "shop"})
	one(t, s)
	if len(s.Of) != 1 || s.Of[0] != "shop" {
		t.Errorf("the look was confined to %q, want shop", s.Of)
	}
	if len(s.NotLookedAt) != 1 || s.NotLookedAt[0].Why != "you may not list pods of all namespaces, so only shop was looked at" {
		t.Errorf("not looked at: %+v", s.NotLookedAt)
	}
}

func TestANamespaceThatIsNotThere(t *testing.T) {
	shop := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}
	pod := podWith("pay", "api", "registry.example/api:1", "", "")
	for name, c := range map[string]struct {
		scope examine.Scope
		deny  string
		want  string // error
		asked bool
	}{
		"is told":                              {scope: examine.Scope{Namespace: "shpo"}, want: "there is no namespace shpo; look at its name", asked: true},
		"whose pods were to be found by label": {scope: examine.Scope{Namespace: "shpo", Selector: "app=x"}, want: "there is no namespace shpo; look at its name", asked: true},
		"that is the fallback":                 {scope: examine.Scope{Fallback: "shpo"}, deny: "list pods *", want: "there is no namespace shpo; look at its name", asked: true},
		"that nobody may ask for is not told":  {scope: examine.Scope{Namespace: "shpo"}, deny: "get namespaces", asked: true},
		"but is, with no pod in it":            {scope: examine.Scope{Namespace: "shop"}, asked: true},
		"is not asked for where pods are":      {scope: examine.Scope{Namespace: "pay"}},
		"is not asked for with all":            {scope: examine.Scope{}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, shop, pod)
			h.server.Deny(c.deny)
			_, err := h.x.Survey(t.Context(), c.scope)
			if c.want == "" && err != nil || c.want != "" && (cluster.ReasonOf(err) != cluster.NotFound || err.Error() != c.want) {
				t.Errorf("error is %v, want %q", err, c.want)
			}
			if asked := slices.ContainsFunc(h.server.Asked(), func(q string) bool { return strings.HasPrefix(q, "get namespaces ") }); asked != c.asked {
				t.Errorf("the namespace was asked for: %v, want %v", asked, c.asked)
			}
		})
	}
}

func TestPodsThatMayBeListedNowhere(t *testing.T) {
	h := newHouse(t)
	h.server.Deny("list pods")
	_, err := h.x.Survey(t.Context(), examine.Scope{Fallback: "shop"})
	if want := "you may not list pods in all namespaces, nor in namespace shop; ask for that right, or name a namespace that you may read with -n"; err == nil || err.Error() != want {
		t.Errorf("error is %v, want %q", err, want)
	}
}

func TestObjectsThatAreNotThere(t *testing.T) {
	h := newHouse(t, podWith("shop", "well", "registry.example/api:1", "", ""))
	if s := h.objects(t, examine.ObjectRef{Kind: "pod", Namespace: "shop", Name: "well"}); len(s.Pulls) != 0 || s.Pods != 1 {
		t.Errorf("a healthy pod gives %+v", s)
	}
	for kind := range map[string]bool{"pod": true, "deployment": true, "replicaset": true, "statefulset": true, "daemonset": true, "job": true, "cronjob": true} {
		_, err := h.x.Objects(t.Context(), []examine.ObjectRef{{Kind: kind, Namespace: "shop", Name: "gone"}})
		if want := "there is no " + kind + " gone in namespace shop; look at the name and the namespace"; cluster.ReasonOf(err) != cluster.NotFound || err.Error() != want {
			t.Errorf("error is %q, want %q", err, want)
		}
	}
	var unknown examine.UnknownKindError
	if _, err := h.x.Objects(t.Context(), []examine.ObjectRef{{Kind: "service", Namespace: "shop", Name: "x"}}); !errors.As(err, &unknown) {
		t.Errorf("error is %v, want an unknown kind", err)
	}
}

func TestRegistryIsAskedOnlyWhereItCanTell(t *testing.T) {
	malformed := dockerSecret("shop", "bad", "docker.io")
	malformed.Data[".dockerconfigjson"] = []byte("{")
	for name, c := range map[string]struct {
		image, reason, message string
		secret                 string
		asked                  int
	}{
		"a missing tag":                    {"acme/api:1", "ErrImagePull", tagMissing, "", 1},
		"a text that names no cause":       {"acme/api:1", "ImagePullBackOff", `Back-off pulling image "acme/api:1"`, "", 1},
		"a name that is not well-formed":   {"acme/API:1", "InvalidImageName", `Failed to apply default image tag "acme/API:1": couldn't parse image name "acme/API:1": invalid reference format: repository name (library/acme/API) must be lowercase`, "", 0},
		"the policy Never":                 {"acme/api:1", "ErrImageNeverPull", `Container image "acme/api:1" is not present with pull policy of Never`, "", 0},
		"a disk that is full":              {"acme/api:1", "ErrImagePull", `failed to pull and unpack image "docker.io/acme/api:1": failed to copy: write /var/lib/containerd/x: no space left on device`, "", 0},
		"a secret that cannot be parsed":   {"acme/api:1", "unexpected end of JSON input", "unexpected end of JSON input", "bad", 0},
		"a refused connection on the node": {"registry.example/api:1", "ErrImagePull", `failed to pull and unpack image "registry.example/api:1": failed to resolve image: failed to do request: Head "https://registry.example/v2/api/manifests/1": dial tcp 10.0.0.1:443: connect: connection refused`, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			var more []func(*corev1.Pod)
			if c.secret != "" {
				more = append(more, pullSecrets(c.secret))
			}
			h := newHouse(t, podWith("shop", "api", c.image, c.reason, c.message, more...), account("shop"), nodeNamed("worker-1", "amd64"), malformed)
			e := one(t, h.survey(t, examine.Scope{Namespace: "shop"}))
			if len(h.prober.targets) != c.asked {
				t.Errorf("asked %d times, want %d (sign %s)", len(h.prober.targets), c.asked, e.Symptom.Sign)
			}
		})
	}
}

func TestWhatFailsWithoutAWaitingReason(t *testing.T) {
	starting := func(name string) *corev1.Pod {
		return podWith("shop", name, "registry.example/api:1", "ContainerCreating", "", func(p *corev1.Pod) { p.CreationTimestamp = ago(40 * time.Minute) })
	}
	pause, stuck, volume := starting("pause"), starting("stuck"), starting("volume")
	half := podWith("shop", "tail", "registry.example/api:1", "", "", func(p *corev1.Pod) {
		p.CreationTimestamp = ago(40 * time.Minute)
		p.Spec.Containers = append(p.Spec.Containers, corev1.Container{Name: "side", Image: "registry.example/side:1"})
		p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{Name: "side", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ContainerCreating"}}})
	})
	pulling := eventFor(half, "Normal", "Pulling", `Pulling image "registry.example/side:1"`, 1, 30*time.Minute, 30*time.Minute)
	pulling.InvolvedObject.FieldPath = "spec.containers{side}"
	earlier := eventFor(half, "Normal", "Pulling", `Pulling image "registry.example/api:1"`, 1, 39*time.Minute, 39*time.Minute)
	h := newHouse(t, pause, stuck, volume, half, pulling, earlier, account("shop"), nodeNamed("worker-1", "amd64"),
		eventFor(pause, "Warning", "FailedCreatePodSandBox", `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to start sandbox "x": failed to get sandbox image "registry.k8s.io/pause:3.10": failed to pull image "registry.k8s.io/pause:3.10": failed to pull and unpack image "registry.k8s.io/pause:3.10": failed to resolve image: failed to do request: Head "https://registry.k8s.io/v2/pause/manifests/3.10": dial tcp: lookup registry.k8s.io on 10.0.0.2:53: no such host`, 9, 30*time.Minute, time.Minute),
		eventFor(stuck, "Normal", "Pulling", `Pulling image "registry.example/api:1"`, 1, 30*time.Minute, 30*time.Minute),
		eventFor(volume, "Warning", "FailedCreatePodSandBox", `Failed to create pod sandbox: plugin type="calico" failed (add): no IP`, 9, 30*time.Minute, time.Minute))
	for name, s := range map[string]evidence.Survey{
		"a whole namespace": h.survey(t, examine.Scope{Namespace: "shop"}),
		"by name": h.objects(t, examine.ObjectRef{Kind: "pod", Namespace: "shop", Name: "pause"},
			examine.ObjectRef{Kind: "pod", Namespace: "shop", Name: "stuck"}, examine.ObjectRef{Kind: "pod", Namespace: "shop", Name: "tail"}, examine.ObjectRef{Kind: "pod", Namespace: "shop", Name: "volume"}),
	} {
		t.Run(name, func(t *testing.T) {
			if len(s.Pulls) != 3 {
				t.Fatalf("%d pulls, want those of the pause image, the stuck pod and the container that is left: %+v", len(s.Pulls), s.Pulls)
			}
			e := s.Pulls[0]
			if e.Pull.Pod != "pause" || e.Pull.ContainerKind != evidence.Sandbox || e.Pull.Reference.Repository != "pause" || e.Symptom.Sign != symptom.HostNotResolved || e.Pull.Attempts != 9 {
				t.Errorf("sandbox: %+v %+v", e.Pull, e.Symptom)
			}
			wantNoOutcome(t, e, evidence.SecretsNotNamed, evidence.KeyringMatchesNone)
			if s.Pulls[1].Pull.Pod != "stuck" {
				t.Fatalf("second is %+v", s.Pulls[1].Pull)
			}
			wantOutcomes(t, s.Pulls[1], evidence.PullUnfinished)
			wantNoOutcome(t, s.Pulls[1], evidence.TextNamesNoCause)
			if got := s.Pulls[2].Pull; got.Pod != "tail" || got.Container != "side" {
				t.Errorf("third is %+v", got)
			}
		})
	}
}

func TestWhatOtherPullsShow(t *testing.T) {
	bad := podWith("shop", "api", "registry.example/api:1", "ErrImagePull", tagMissing)
	failed := eventFor(bad, "Warning", "Failed", `Failed to pull image "registry.example/api:1": `+tagMissing, 1, 8*time.Minute, 8*time.Minute)
	base := []runtime.Object{bad, failed, account("shop"), nodeNamed("worker-1", "amd64"), nodeNamed("worker-2", "amd64"), account("pay")}
	same := podWith("pay", "same", "registry.example/api:1", "", "", on("worker-2"))
	other := podWith("pay", "other", "registry.example/web:2", "", "", on("worker-2"))
	pulled := func(pod *corev1.Pod, image string, when time.Duration) *corev1.Event {
		return eventFor(pod, "Normal", "Pulled", fmt.Sprintf("Successfully pulled image %q in 1.2s (1.2s including waiting). Image size: 12 bytes.", image), 1, when, when)
	}
	for name, c := range map[string]struct {
		objects    []runtime.Object
		want, none []evidence.Outcome
	}{
		"an image that lies on another node proves no pull": {[]runtime.Object{same},
			[]evidence.Outcome{evidence.RanBefore}, []evidence.Outcome{evidence.ImagePulledElsewhere, evidence.RegistryWorksForOther}},
		"an event proves one": {[]runtime.Object{same, pulled(same, "registry.example/api:1", 5*time.Minute)},
			[]evidence.Outcome{evidence.ImagePulledElsewhere, evidence.RanBefore}, nil},
		"an event of long ago does not": {[]runtime.Object{same, pulled(same, "registry.example/api:1", 50*time.Minute)},
			[]evidence.Outcome{evidence.RanBefore}, []evidence.Outcome{evidence.ImagePulledElsewhere}},
		"a start with the policy Always proves one": {[]runtime.Object{podWith("pay", "same", "registry.example/api:1", "", "", on("worker-2"), always)},
			[]evidence.Outcome{evidence.ImagePulledElsewhere}, nil},
		"not on the same node": {[]runtime.Object{podWith("pay", "same", "registry.example/api:1", "", "", always)},
			[]evidence.Outcome{evidence.RanBefore}, []evidence.Outcome{evidence.ImagePulledElsewhere}},
		"another image of the registry was pulled meanwhile": {[]runtime.Object{other, pulled(other, "registry.example/web:2", 5*time.Minute)},
			[]evidence.Outcome{evidence.RegistryWorksForOther}, []evidence.Outcome{evidence.ImagePulledElsewhere, evidence.RepositoryKnown}},
		"another tag of the repository runs": {[]runtime.Object{podWith("pay", "older", "registry.example/api:0.9", "", "")},
			[]evidence.Outcome{evidence.RepositoryKnown}, []evidence.Outcome{evidence.RanBefore}},
		"the same image fails on another node": {[]runtime.Object{podWith("pay", "same", "registry.example/api:1", "ErrImagePull", tagMissing, on("worker-2"))},
			[]evidence.Outcome{evidence.ImageFailsElsewhere}, []evidence.Outcome{evidence.RegistryFailsForAll}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, slices.Concat(base, c.objects)...)
			e := one(t, h.objects(t, examine.ObjectRef{Kind: "pod", Namespace: "shop", Name: "api"}))
			wantOutcomes(t, e, c.want...)
			wantNoOutcome(t, e, c.none...)
		})
	}
}

func TestARegistryThatFailsForAll(t *testing.T) {
	refused := func(repository string) string {
		return fmt.Sprintf(`failed to pull and unpack image "registry.example/%[1]s:1": failed to resolve image: failed to do request: Head "https://registry.example/v2/%[1]s/manifests/1": dial tcp 10.0.0.1:443: connect: connection refused`, repository)
	}
	objects := []runtime.Object{account("shop"), nodeNamed("worker-1", "amd64"),
		podWith("shop", "a", "registry.example/a:1", "ErrImagePull", refused("a")), podWith("shop", "b", "registry.example/b:1", "ErrImagePull", refused("b"))}
	for _, e := range newHouse(t, objects...).survey(t, examine.Scope{Namespace: "shop"}).Pulls {
		wantOutcomes(t, e, evidence.RegistryFailsForAll)
	}
	objects = append(objects, podWith("shop", "c", "registry.example/c:1", "ErrImagePull", strings.ReplaceAll(tagMissing, "docker.io/acme/api:1.27.44", "registry.example/c:1")))
	for _, e := range newHouse(t, objects...).survey(t, examine.Scope{Namespace: "shop"}).Pulls {
		wantNoOutcome(t, e, evidence.RegistryFailsForAll)
	}
}

func TestASecretInAnotherNamespace(t *testing.T) {
	for name, c := range map[string]struct {
		deny []string
		more []runtime.Object
		want string
	}{
		"found where pods name it": {[]string{"list secrets"}, []runtime.Object{podWith("pay", "x", "registry.example/x:1", "", "", pullSecrets("hub"))},
			"a secret hub is in namespace pay; a pod can use those of its own only"},
		"found by its name":            {nil, nil, "a secret hub is in namespace pay; a pod can use those of its own only"},
		"not found without the rights": {[]string{"list secrets", "get secrets pay"}, []runtime.Object{podWith("pay", "x", "registry.example/x:1", "", "", pullSecrets("hub"))}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			bad := podWith("shop", "api", "registry.example/api:1", "ErrImagePull", tagMissing, pullSecrets("hub"))
			h := newHouse(t, append(c.more, bad, account("shop"), account("pay"), nodeNamed("worker-1", "amd64"), dockerSecret("pay", "hub", "registry.example"))...)
			h.server.Deny(c.deny...)
			e := one(t, h.survey(t, examine.Scope{}))
			wantOutcomes(t, e, evidence.SecretAbsent, evidence.KeyringMatchesNone)
			if got := sentence(e, evidence.SecretElsewhere); got != c.want {
				t.Errorf("elsewhere: %q, want %q", got, c.want)
			}
			if len(e.NotLookedAt) > 0 {
				t.Errorf("not looked at: %+v", e.NotLookedAt)
			}
		})
	}
}

func TestAServiceAccountThatGotItsSecretLate(t *testing.T) {
	changed := func(sa *corev1.ServiceAccount, when time.Duration) *corev1.ServiceAccount {
		at := ago(when)
		sa.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubectl", Operation: metav1.ManagedFieldsOperationUpdate, Time: &at, FieldsType: "FieldsV1",
			FieldsV1: metav1.NewFieldsV1(`{"f:imagePullSecrets":{}}`)}}
		return sa
	}
	bare := podWith("shop", "api", "registry.example/api:1", "ErrImagePull", tagMissing)
	for name, c := range map[string]struct {
		account *corev1.ServiceAccount
		pod     *corev1.Pod
		late    bool
		agrees  bool
	}{
		"a secret that came after the pod":          {changed(account("shop", "hub"), 5*time.Minute), bare, true, false},
		"a secret of which the time is not known":   {account("shop", "hub"), bare, true, false},
		"a secret that was there before":            {changed(account("shop", "hub"), 20*time.Minute), bare, false, false},
		"a secret for another registry":             {account("shop", "other"), bare, false, true},
		"a secret that the pod has":                 {account("shop", "hub"), podWith("shop", "api", "registry.example/api:1", "ErrImagePull", tagMissing, pullSecrets("hub")), false, true},
		"a pod that names others":                   {account("shop", "hub"), podWith("shop", "api", "registry.example/api:1", "ErrImagePull", tagMissing, pullSecrets("other")), false, true},
		"an account that carries nothing":           {account("shop"), bare, false, true},
		"a secret that is named and does not exist": {account("shop", "gone"), bare, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, c.pod, c.account, nodeNamed("worker-1", "amd64"), dockerSecret("shop", "hub", "registry.example"), dockerSecret("shop", "other", "elsewhere.example"))
			e := one(t, h.survey(t, examine.Scope{Namespace: "shop"}))
			got := outcomes(e)
			if slices.Contains(got, evidence.ServiceAccountGotLate) != c.late || slices.Contains(got, evidence.ServiceAccountAgrees) != c.agrees {
				t.Errorf("outcomes are %v, want late %v, agrees %v", got, c.late, c.agrees)
			}
		})
	}
}

func TestSecretsNeverEnterTheEvidence(t *testing.T) {
	bad := podWith("shop", "api", "registry.example/api:1", "ErrImagePull", tagMissing, pullSecrets("hub", "torn", "wrong"))
	torn := dockerSecret("shop", "torn", "registry.example")
	torn.Data[".dockerconfigjson"] = torn.Data[".dockerconfigjson"][:len(torn.Data[".dockerconfigjson"])-3]
	wrong := dockerSecret("shop", "wrong", "registry.example")
	wrong.Type = corev1.SecretTypeOpaque
	h := newHouse(t, bad, account("shop"), nodeNamed("worker-1", "amd64"), dockerSecret("shop", "hub", "registry.example"), torn, wrong)
	s := h.survey(t, examine.Scope{})
	wantOutcomes(t, one(t, s), evidence.SecretMalformed, evidence.SecretWrongType)
	wantNoOutcome(t, one(t, s), evidence.KeyringMatches, evidence.KeyringMatchesNone)
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{string(data), fmt.Sprintf("%+v", s), fmt.Sprintf("%#v", s), fmt.Sprintf("%+v", h.prober.targets)} {
		if strings.Contains(shown, canary) {
			t.Errorf("a secret shows in %s", shown)
		}
	}
}
