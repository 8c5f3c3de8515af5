// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// Whatever two templates are, going back makes exactly the earlier one, and
// taking that back the later one, byte for byte.
func TestGoingBackMakesExactlyTheEarlierTemplate(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(17, 18))
	changed := 0
	for i := range 200 {
		now, before := randomTemplate(random), randomTemplate(random)
		if i%2 == 0 { // mostly alike, as revisions are
			before = *now.DeepCopy()
			before.Spec.Containers[0].Image = randomImage(random)
			before.Spec.NodeSelector = randomMap(random)
			before.Annotations = randomMap(random)
		}
		before.Labels["pod-template-hash"] = "6f9c"
		for _, kind := range []string{"Deployment", "StatefulSet", "DaemonSet"} {
			k := remedy.Case{Target: target(kind, now, revision(before, 0)), Diagnoses: []diagnosis.Diagnosis{diagnose(t, catalog.TagNotFound, "", "app", now.Spec.Containers[0].Image)}}
			r := plan(t, k, remedy.Options{Rollback: true})[0] // plan applies and undoes it
			if len(r.Changes) == 0 {
				continue
			}
			changed++
			wanted := *before.DeepCopy()
			delete(wanted.Labels, "pod-template-hash")
			var got struct {
				Spec struct {
					Template json.RawMessage `json:"template"`
				} `json:"spec"`
			}
			if err := json.Unmarshal(apply(t, r.Changes[0], objectOf(t, k, r.Changes[0])), &got); err != nil {
				t.Fatal(err)
			}
			if want := compact(t, wanted); string(compact(t, got.Spec.Template)) != string(want) {
				t.Fatalf("the template is\n%s\nwant\n%s", got.Spec.Template, want)
			}
		}
	}
	if changed < 400 {
		t.Errorf("only %d templates were changed", changed)
	}
}

// Another image changes that image and nothing else, in whatever template.
func TestAnotherImageChangesTheImageAlone(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(19, 20))
	for range 300 {
		x := randomTemplate(random)
		at := random.IntN(len(x.Spec.Containers))
		failing := x.Spec.Containers[at]
		const to = "registry.example/other/image:1"
		for _, kind := range []string{"Deployment", "CronJob", "Pod"} {
			k := remedy.Case{Target: target(kind, x), Diagnoses: []diagnosis.Diagnosis{diagnose(t, catalog.TagNotFound, "", failing.Name, failing.Image)}}
			r := plan(t, k, remedy.Options{To: to})[0]
			if len(r.Changes) != 1 {
				t.Fatalf("%s: %s", kind, told(r))
			}
			wanted := k
			wanted.Target.Template = *x.DeepCopy()
			wanted.Target.Template.Spec.Containers[at].Image = to
			if got, want := apply(t, r.Changes[0], objectOf(t, k, r.Changes[0])), objectOf(t, wanted, r.Changes[0]); string(got) != string(want) {
				t.Fatalf("%s is\n%s\nwant\n%s", kind, got, want)
			}
		}
	}
}

// A patch does not apply to an object that somebody changed meanwhile.
func TestAChangedObjectIsNotPatched(t *testing.T) {
	k := remedy.Case{Target: target("Deployment", template(wrong)), Diagnoses: []diagnosis.Diagnosis{diagnose(t, catalog.TagNotFound, "", "app", wrong)}}
	c := plan(t, k, remedy.Options{To: good})[0].Changes[0]
	object := string(objectOf(t, k, c))
	for what, edited := range map[string]string{
		"the image":      strings.Replace(object, wrong, good, 1),
		"the generation": strings.Replace(object, `"generation":4`, `"generation":5`, 1),
		"the object":     strings.Replace(object, "uid-api", "uid-other", 1),
		"the containers": strings.Replace(object, `"name":"app"`, `"name":"side"`, 1),
	} {
		if edited == object {
			t.Fatalf("%s was not changed", what)
		}
		text, err := c.Patch()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := applyText(text, edited); err == nil {
			t.Errorf("%s was changed meanwhile, and the patch made it %s", what, got)
		}
	}
}

// The values of an environment are shown to nobody: people keep passwords there.
func TestTheEnvironmentIsNotShown(t *testing.T) {
	const canary = "hunter2-canary"
	before := env(template(good), canary)
	before.Spec.InitContainers = []corev1.Container{{Name: "prepare", Image: good, Args: []string{"--password=" + canary}}}
	k := remedy.Case{Target: target("Deployment", env(template(wrong), "b"), revision(before, 1)), Diagnoses: []diagnosis.Diagnosis{diagnose(t, catalog.TagNotFound, "", "app", wrong)}}
	all := plan(t, k, remedy.Options{})
	found := false
	for _, r := range all {
		for _, c := range r.Changes {
			if text := fmt.Sprintf("%v %+v %#v %s", c, c, c, c); strings.Contains(text, canary) {
				t.Errorf("%s shows it: %s", r.ID, text)
			}
			text, err := c.Patch()
			found = found || err == nil && strings.Contains(string(text), canary)
		}
		if text := fmt.Sprint(r.Title, r.Because, r.Risks); strings.Contains(text, canary) {
			t.Errorf("%s says it: %s", r.ID, text)
		}
	}
	if !found {
		t.Error("no patch has it, so that nothing was tested")
	}
}

// What is handed over for a bare pod is what kubectl gets, in files and in words;
// what is no name of Kubernetes gets into no command: kubectl would take --force
// for a flag.
func TestPrintedCommandsTakeOnlyNames(t *testing.T) {
	x := template(good)
	x.Spec.Volumes = []corev1.Volume{{Name: "model", VolumeSource: corev1.VolumeSource{Image: &corev1.ImageVolumeSource{Reference: wrong}}}}
	handed := func(name string) []remedy.Remedy {
		volume := remedy.Case{Target: target("Pod", x), Diagnoses: []diagnosis.Diagnosis{diagnose(t, catalog.TagNotFound, evidence.ImageVolume, "model", wrong)}}
		debug := remedy.Case{Target: target("Pod", x), Diagnoses: []diagnosis.Diagnosis{diagnose(t, catalog.TagNotFound, evidence.EphemeralContainer, "debug", wrong)}}
		var all []remedy.Remedy
		for _, k := range []remedy.Case{volume, debug} {
			k.Target.Name, k.Diagnoses[0].Pull.Pod = name, name
			all = append(all, plan(t, k, remedy.Options{To: good})...)
		}
		return all
	}
	for _, name := range []string{"x;curl evil|sh", "$(touch pwned)", "`touch pwned`", "it's", `"quoted"`, "a&b>c", "--force", "-f", "-", "it's $HOME", "a\nb", "a\x1b[2Jb", "a\u202eb"} {
		for _, r := range handed(name) {
			if (r.ID == "replace-pod" || r.ID == "debug-again") && len(r.Steps) > 0 && len(r.Steps[0].Commands) > 0 {
				t.Errorf("%s has commands for %q: %q", r.ID, name, r.Steps[0].Commands)
			}
		}
	}
	all := handed("api-7d9c5")
	i := slices.IndexFunc(all, func(r remedy.Remedy) bool { return r.ID == "replace-pod" })
	j := slices.IndexFunc(all, func(r remedy.Remedy) bool { return r.ID == "debug-again" })
	if i < 0 || j < 0 {
		t.Fatalf("replace-pod or debug-again is not planned")
	}
	var commands []string
	for _, s := range all[i].Steps {
		commands = append(commands, s.Commands...)
	}
	want := []string{
		"kubectl get pod api-7d9c5 -n shop -o json > pod-before.json",
		`kubectl patch --local -f pod-before.json --type json -p '[{"op":"remove","path":"/metadata/uid"},{"op":"remove","path":"/metadata/resourceVersion"},{"op":"replace","path":"/spec/volumes/0/image/reference","value":"` + good + `"}]' -o json > pod-new.json`,
		`kubectl patch --local -f pod-new.json --type merge -p '{"metadata":{"name":"api-7d9c5-try"}}' -o json | kubectl create --dry-run=server -f -`,
		"kubectl replace --force -f pod-new.json",
	}
	if !slices.Equal(commands, want) {
		t.Errorf("replace-pod says\n%s\nwant\n%s", strings.Join(commands, "\n"), strings.Join(want, "\n"))
	}
	if got := all[j].Steps[0].Commands; !slices.Equal(got, []string{"kubectl debug api-7d9c5 -n shop --image=" + good + " -it"}) {
		t.Errorf("debug-again says %q", got)
	}
	x.Spec.EphemeralContainers = []corev1.EphemeralContainer{{}}
	for _, r := range handed("api-7d9c5") {
		if r.ID == "replace-pod" && !strings.Contains(r.Steps[1].Commands[0], `{"op":"remove","path":"/spec/ephemeralContainers"}`) {
			t.Errorf("no pod can be made with ephemeral containers, and after the old one is deleted it is too late: %s", r.Steps[1].Commands[0])
		}
	}
}

func randomImage(r *rand.Rand) string {
	return fmt.Sprintf("registry.example/acme/app%d:%d", r.IntN(3), r.IntN(100))
}

func randomMap(r *rand.Rand) map[string]string {
	if r.IntN(3) == 0 {
		return nil
	}
	m := map[string]string{}
	for range r.IntN(4) {
		m[[]string{"a/b", "c~d", "kubernetes.io/arch", "plain", `q"uote`}[r.IntN(5)]] = fmt.Sprint(r.IntN(5))
	}
	return m
}

func randomContainer(r *rand.Rand, name string) corev1.Container {
	c := corev1.Container{Name: name, Image: randomImage(r), ImagePullPolicy: corev1.PullAlways}
	for i := range r.IntN(3) {
		c.Env = append(c.Env, corev1.EnvVar{Name: fmt.Sprint("V", i), Value: fmt.Sprint(r.IntN(3))})
		c.Ports = append(c.Ports, corev1.ContainerPort{ContainerPort: int32(8080 + r.IntN(3))})
	}
	if r.IntN(2) == 0 {
		c.Resources.Limits = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(fmt.Sprint(r.IntN(5)+1, "00m"))}
		c.ReadinessProbe = &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/<&>", Port: intstr.FromInt32(8080)}}}
	}
	if r.IntN(2) == 0 {
		user := int64(1)<<53 + int64(r.IntN(3)) // more than a float keeps
		c.SecurityContext = &corev1.SecurityContext{RunAsUser: &user}
	}
	return c
}

func randomTemplate(r *rand.Rand) corev1.PodTemplateSpec {
	t := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": "api"}, Annotations: randomMap(r)}}
	for i, name := range []string{"app", "side", "third"}[:1+r.IntN(3)] {
		t.Spec.Containers = append(t.Spec.Containers, randomContainer(r, name))
		if r.IntN(2) == 0 {
			t.Spec.InitContainers = append(t.Spec.InitContainers, randomContainer(r, fmt.Sprint("init", i)))
		}
	}
	for i := range r.IntN(3) {
		v := corev1.Volume{Name: fmt.Sprint("v", i)}
		switch r.IntN(3) {
		case 0:
			v.EmptyDir = &corev1.EmptyDirVolumeSource{}
		case 1:
			v.Image = &corev1.ImageVolumeSource{Reference: randomImage(r)}
		default:
			v.ConfigMap = &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "c"}}
		}
		t.Spec.Volumes = append(t.Spec.Volumes, v)
	}
	t.Spec.NodeSelector = randomMap(r)
	if r.IntN(2) == 0 {
		t.Spec.ServiceAccountName = fmt.Sprint("account", r.IntN(2))
		t.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: fmt.Sprint("hub", r.IntN(2))}}
	}
	return t
}

func TestNoChangeOfASecretShowsWhatItKeeps(t *testing.T) {
	const canary = "hunter2-canary"
	c := remedy.Change{Object: remedy.Object{Kind: "Secret", Name: "hub"}, Edits: []remedy.Edit{{Path: "/data/x", Old: canary, New: canary + "2"}}} // not marked as hidden
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{string(text), fmt.Sprintf("%v %+v %#v %s", c, c, c, c)} {
		if strings.Contains(shown, canary) || !strings.Contains(shown, "/data/x") {
			t.Errorf("shown as %s", shown)
		}
	}
}

// A field within a list is written only where it was: by the key of its element, at
// every list on the way; a list whose elements have none is written whole.
func TestAPlaceInAListIsTestedByItsKey(t *testing.T) {
	now, before := template(wrong), template(good)
	for i, x := range []*corev1.PodTemplateSpec{&now, &before} {
		c := &x.Spec.Containers[0]
		value := fmt.Sprint("v", i)
		c.Env = []corev1.EnvVar{{Name: "CACHE", Value: value}, {Name: "LOG", Value: "info"}}
		c.Ports = []corev1.ContainerPort{{ContainerPort: 8080, Protocol: corev1.ProtocolTCP, Name: value}}
		c.VolumeMounts = []corev1.VolumeMount{{Name: value, MountPath: "/data"}}
		x.Spec.Volumes = []corev1.Volume{{Name: "data", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/" + value}}}}
		x.Spec.Tolerations = []corev1.Toleration{{Key: "dedicated", Value: value}}
	}
	k := remedy.Case{Target: target("Deployment", now, revision(before, 1)), Diagnoses: []diagnosis.Diagnosis{diagnose(t, catalog.TagNotFound, "", "app", wrong)}}
	c := plan(t, k, remedy.Options{Rollback: true})[0].Changes[0]
	var got []string
	for _, e := range c.Edits {
		word := "set "
		if remedy.SameValue(e.Old, e.New) {
			word = "test "
		}
		got = append(got, word+strings.TrimPrefix(e.Path, "/spec/template/spec"))
	}
	want := []string{
		"test /containers/0/name", "test /containers/0/env/0/name", "set /containers/0/env/0/value", "set /containers/0/image",
		"test /containers/0/ports/0/containerPort", "test /containers/0/ports/0/protocol", "set /containers/0/ports/0/name",
		"test /containers/0/volumeMounts/0/mountPath", "set /containers/0/volumeMounts/0/name",
		"set /tolerations", "test /volumes/0/name", "set /volumes/0/hostPath/path",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	object := string(objectOf(t, k, c))
	for name, moved := range map[string]string{
		"a variable in front":           strings.Replace(object, `"env":[`, `"env":[{"name":"AUTH_REQUIRED","value":"v0"},`, 1),
		"a volume that has its place":   strings.Replace(object, `{"path":"/v0"},"name":"data"`, `{"path":"/v0"},"name":"other"`, 1),
		"a mount at another place":      strings.Replace(object, `"mountPath":"/data"`, `"mountPath":"/etc"`, 1),
		"a port of another protocol":    strings.Replace(object, `"protocol":"TCP"`, `"protocol":"UDP"`, 1),
		"one toleration more":           strings.Replace(object, `"tolerations":[`, `"tolerations":[{"key":"x"},`, 1),
		"a container that has its name": strings.Replace(object, `"name":"app"`, `"name":"proxy"`, 1),
	} {
		if moved == object {
			t.Fatalf("%s: nothing was changed in %s", name, object)
		}
		text, err := c.Patch()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := applyText(text, moved); err == nil {
			t.Errorf("%s: it is changed", name)
		}
	}
}
