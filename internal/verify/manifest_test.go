// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/pullmedic/pullmedic/internal/verify"
)

func here() verify.Namespace { return verify.Namespace{Name: "shop"} }

// spec is a pod's, indented for a template that stands at that depth.
func spec(depth int, image string) string {
	pad := strings.Repeat(" ", depth)
	return pad + "spec:\n" + pad + "  containers: [{name: app, image: " + image + "}]\n"
}

func TestReadManifest(t *testing.T) {
	workload := func(kind string) string {
		return "apiVersion: x/v1\nkind: " + kind + "\nmetadata: {name: a}\nspec:\n  template:\n" + spec(4, "x:1")
	}
	for name, c := range map[string]struct {
		text string
		in   verify.Namespace
		want string // kind namespace/name image, in lines
		more string // what came along: secrets, accounts, kinds passed over
	}{
		"a pod":             {text: "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n" + spec(0, "x:1"), want: "Pod shop/a x:1"},
		"a Deployment":      {text: workload("Deployment"), want: "Deployment shop/a x:1"},
		"a StatefulSet":     {text: workload("StatefulSet"), want: "StatefulSet shop/a x:1"},
		"a DaemonSet":       {text: workload("DaemonSet"), want: "DaemonSet shop/a x:1"},
		"a ReplicaSet":      {text: workload("ReplicaSet"), want: "ReplicaSet shop/a x:1"},
		"a Job":             {text: workload("Job"), want: "Job shop/a x:1"},
		"a kind of others":  {text: workload("Rollout"), want: "Rollout shop/a x:1"},
		"a CronJob":         {text: "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a}\nspec:\n  jobTemplate:\n    spec:\n      template:\n" + spec(8, "x:1"), want: "CronJob shop/a x:1"},
		"a name to be made": {text: "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: a-}\nspec:\n  template:\n" + spec(4, "x:1"), want: "Job shop/a-x x:1"},
		"JSON":              {text: `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"web"},"spec":{"containers":[{"name":"app","image":"x:1"}]}}`, want: "Pod web/a x:1"},
		"several documents, some of them empty or comments": {
			text: "---\n# first\n---\n" + workload("Job") + "---\n\n---\nnull\n---\napiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {ports: []}\n---\n" + workload("Deployment") + "---\n",
			want: "Job shop/a x:1\nDeployment shop/a x:1", more: "Service",
		},
		"a List": {
			text: `{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}},{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[{"name":"app","image":"x:1"}]}}]}`,
			want: "Pod shop/a x:1", more: "ConfigMap",
		},
		"a PodList": {text: `{"apiVersion":"v1","kind":"PodList","items":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{"containers":[{"name":"app","image":"x:1"}]}}]}`, want: "Pod shop/a x:1"},
		"a secret and a service account come along": {
			text: "apiVersion: v1\nkind: Secret\nmetadata: {name: hub}\ntype: kubernetes.io/dockerconfigjson\nstringData: {.dockerconfigjson: '{}'}\n---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: robot}\nimagePullSecrets: [{name: hub}]\n---\n" + workload("Job"),
			want: "Job shop/a x:1", more: "secret shop/hub account shop/robot",
		},
		"Windows line ends": {text: strings.ReplaceAll("---\n"+workload("Job")+"---\n"+workload("DaemonSet"), "\n", "\r\n"), want: "Job shop/a x:1\nDaemonSet shop/a x:1"},
		"-n agrees":         {text: strings.Replace(workload("Job"), "{name: a}", "{name: a, namespace: web}", 1), in: verify.Namespace{Name: "web", Fixed: true}, want: "Job web/a x:1"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.in.Name == "" {
				c.in = here()
			}
			m, err := verify.ReadManifest(strings.NewReader(c.text), "x.yaml", c.in)
			if err != nil {
				t.Fatal(err)
			}
			var got, more []string
			for _, w := range m.Wants {
				got = append(got, w.Object.Kind+" "+w.Object.Namespace+"/"+w.Object.Name+" "+w.Pod.Spec.Containers[0].Image)
				if w.Exists || w.Pod.Namespace != w.Object.Namespace {
					t.Errorf("the pod is %+v", w)
				}
			}
			for _, s := range m.Secrets {
				more = append(more, "secret "+s.String())
			}
			for _, a := range m.Accounts {
				more = append(more, "account "+a.Namespace+"/"+a.Name)
			}
			more = append(more, m.Passed...)
			if strings.Join(got, "\n") != c.want || strings.Join(more, " ") != c.more {
				t.Errorf("got %q and %q, want %q and %q", got, more, c.want, c.more)
			}
		})
	}
}

func TestAManifestThatIsNoneGetsOneClearSentence(t *testing.T) {
	good := "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n" + spec(0, "x:1")
	bad := func(from, to string) io.Reader {
		return strings.NewReader("# first\n---\n" + strings.Replace(good, from, to, 1))
	}
	for name, c := range map[string]struct {
		in   io.Reader
		at   verify.Namespace
		want string
	}{
		"nothing":                      {in: strings.NewReader(" \n"), want: "reading x.yaml: it is empty; give a pod or a workload"},
		"binary data":                  {in: strings.NewReader("\x7fELF\x00\x00"), want: "reading x.yaml: it is no text but binary data; give YAML or JSON"},
		"bytes that are no text":       {in: strings.NewReader("kind: \xff\xfe"), want: "reading x.yaml: it is no text but binary data; give YAML or JSON"},
		"a file that breaks off":       {in: iotest.ErrReader(errors.New("input/output error")), want: "reading x.yaml: input/output error"},
		"too much":                     {in: strings.NewReader(strings.Repeat("#", 17<<20)), want: "reading x.yaml: it is larger than 16 MiB; give only the objects that make pods"},
		"only comments":                {in: strings.NewReader("# nothing\n---\n# more\n"), want: "reading x.yaml: nothing in it makes pods; give a pod or a workload"},
		"objects that make no pods":    {in: strings.NewReader("apiVersion: v1\nkind: Service\nmetadata: {name: s}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: s}"), want: "reading x.yaml: no pod template was found in Service, ConfigMap; give a pod or a workload"},
		"broken YAML":                  {in: bad("kind: Pod", "kind: {Pod"), want: "reading x.yaml, document 2: it is no YAML: line "},
		"a template that was not made": {in: bad("name: a", "name: {{ .Values.name }}"), want: "reading x.yaml, document 2: it is no YAML: "},
		"truncated JSON":               {in: strings.NewReader(`{"apiVersion":"v1","kind":"Pod","metadata":{"na`), want: "reading x.yaml, document 1: it is no YAML: "},
		"a text":                       {in: strings.NewReader("just words"), want: "reading x.yaml, document 1: it is no object; a pod or workload begins with apiVersion and kind"},
		"a list of things":             {in: strings.NewReader("- a\n- b"), want: "reading x.yaml, document 1: it is no object; a pod or workload begins with apiVersion and kind"},
		"no kind":                      {in: bad("kind: Pod\n", ""), want: "reading x.yaml, document 2: it has no kind; a pod or workload begins with apiVersion and kind"},
		"no apiVersion":                {in: bad("apiVersion: v1\n", ""), want: "reading x.yaml, document 2: the Pod has no apiVersion"},
		"no name":                      {in: bad("{name: a}", "{}"), want: "reading x.yaml, document 2: the Pod has no metadata.name"},
		"a name that cannot be":        {in: bad("{name: a}", `{name: "A\e[2J/.."}`), want: "reading x.yaml, document 2: the Pod A[2J/..: no object can have that name"},
		"no containers":                {in: bad("[{name: app, image: x:1}]", "[]"), want: "reading x.yaml, document 2: the Pod a has no containers"},
		"no template":                  {in: strings.NewReader("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {}"), want: "reading x.yaml, document 1: the Deployment a has no spec.template"},
		"containers that are no list":  {in: bad("[{name: app, image: x:1}]", "{name: app}"), want: "reading x.yaml, document 2: the Pod a: the field spec.containers is an object, which does not belong there"},
		"an image that is a number":    {in: bad("image: x:1", "image: 12345"), want: "reading x.yaml, document 2: the Pod a: the field spec.containers.image is a number, which does not belong there"},
		"a quantity that is none":      {in: bad("image: x:1", "image: x, resources: {limits: {cpu: "+canary+"}}"), want: "reading x.yaml, document 2: the Pod a: a quantity (cpu, memory, storage) in it is none"},
		"a namespace that cannot be":   {in: bad("{name: a}", "{name: a, namespace: A_B}"), want: `reading x.yaml, document 2: the Pod is in namespace "A_B", and no namespace can have that name`},
		"another namespace than -n":    {in: bad("{name: a}", "{name: a, namespace: web}"), at: verify.Namespace{Name: "shop", Fixed: true}, want: "reading x.yaml, document 2: the Pod is in namespace web, and -n says shop"},
		"an item of a List":            {in: strings.NewReader(`{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":{}}]}`), want: "reading x.yaml, document 1: item 1 of the List: the Pod a has no containers"},
		"an item that is no object":    {in: strings.NewReader(`{"apiVersion":"v1","kind":"List","items":[7]}`), want: "reading x.yaml, document 1: item 1 of the List: it is no object; "},
		"a List in a List":             {in: strings.NewReader(`{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"List","items":[]}]}`), want: "reading x.yaml, document 1: item 1 of the List: it is a List in a List"},
		"a secret that is none":        {in: strings.NewReader("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {.dockerconfigjson: '" + canary + "!'}"), want: "reading x.yaml, document 1: the Secret: a field in it has a value that does not belong there"},
		"a key that stands twice":      {in: bad("name: a", "name: a, name: "+canary), want: "reading x.yaml, document 2: it is no YAML: "},
		"aliases without end":          {in: strings.NewReader("a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\nh: [*g,*g,*g,*g,*g,*g,*g,*g,*g]"), want: "reading x.yaml, document 1: it is no YAML: "},
		"too many pods":                {in: strings.NewReader(strings.Repeat(good+"---\n", 101)), want: "reading x.yaml, document 101: more than 100 pods and workloads are too many for one run; give fewer"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.at.Name == "" {
				c.at = here()
			}
			_, err := verify.ReadManifest(c.in, "x.yaml", c.at)
			if err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Fatalf("got %v, want %s", err, c.want)
			}
			if strings.Contains(err.Error(), canary) || strings.ContainsAny(err.Error(), "\x1b\n") || len(err.Error()) > 400 {
				t.Errorf("it shows what it must not: %q", err)
			}
		})
	}
}

func FuzzReadManifest(f *testing.F) {
	f.Add("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers: [{name: app, image: x:1}]\n")
	f.Add(`{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"batch/v1","kind":"CronJob","metadata":{"generateName":"a-"},"spec":{"jobTemplate":{"spec":{"template":{"spec":{"containers":[{}]}}}}}}]}`)
	f.Add("---\n---\nkind: Secret\napiVersion: v1\nstringData: {a: b}\n--- \nx: *a")
	f.Fuzz(func(t *testing.T, text string) {
		m, err := verify.ReadManifest(strings.NewReader(text), "x", here())
		if (err == nil) != (len(m.Wants) > 0) {
			t.Errorf("error %v and %d pods", err, len(m.Wants))
		}
		if err != nil && strings.ContainsAny(err.Error(), "\x1b\n\x00") {
			t.Errorf("the error is %q", err)
		}
		for _, w := range m.Wants {
			if w.Pod.Namespace == "" || w.Object.Name == "" || len(w.Pod.Spec.Containers) == 0 {
				t.Errorf("a pod without what it needs: %+v", w)
			}
		}
	})
}
