// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// A change that is lost would still be proven, and told as made.
func TestNoChangeIsLostBesideAnother(t *testing.T) {
	hub := Object{APIVersion: "v1", Kind: "Secret", Resource: "secrets", Namespace: "shop", Name: "hub"}
	sets := func(path string, old, value any) []Change {
		return []Change{{Object: hub, Edits: []Edit{{Path: path, Old: old, New: value}}}}
	}
	makes := func(data string) []Change {
		return []Change{{Object: hub, New: map[string]any{"data": map[string]any{"x": data}}}}
	}
	for name, c := range map[string]struct {
		chosen, more []Change
		upon         bool
		want         string // what is written, "" if they do not go together
	}{
		"nothing is chosen yet":               {nil, sets("/data/x", "a", "b"), false, "/data/x a -> b"},
		"the same value":                      {sets("/data/x", "a", "b"), sets("/data/x", "a", "b"), false, "/data/x a -> b"},
		"another field":                       {sets("/data/x", "a", "b"), sets("/data/y", "a", "c"), false, "/data/x a -> b, /data/y a -> c"},
		"another value":                       {sets("/data/x", "a", "b"), sets("/data/x", "a", "c"), false, ""},
		"another value upon the first":        {sets("/data/x", "a", "b"), sets("/data/x", "b", "c"), true, "/data/x a -> c"},
		"another value upon something else":   {sets("/data/x", "a", "b"), sets("/data/x", "z", "c"), true, ""},
		"a field within a field":              {sets("/spec/containers", "a", "b"), sets("/spec/containers/0/image", "a", "c"), true, ""},
		"a field around a field":              {sets("/spec/containers/0/image", "a", "c"), sets("/spec/containers", "a", "b"), false, ""},
		"a field whose name begins alike":     {sets("/data/x", "a", "b"), sets("/data/xy", "a", "c"), false, "/data/x a -> b, /data/xy a -> c"},
		"the same object made":                {makes("b"), makes("b"), false, "makes map[x:b]"},
		"another object made of that name":    {makes("b"), makes("c"), false, ""},
		"a field of what is made":             {makes("b"), sets("/data/x", "b", "c"), true, "makes map[x:c]"},
		"a further field of what is made":     {makes("b"), sets("/data/y", nil, "c"), true, "makes map[x:b y:c]"},
		"what is there already is to be made": {sets("/data/x", "a", "b"), makes("b"), false, ""},
	} {
		before := fmt.Sprintf("%#v", c.chosen)
		got, ok := Together(c.chosen, c.more, c.upon)
		var words []string
		for _, change := range got {
			if change.Creates() {
				words = append(words, fmt.Sprint("makes ", change.New["data"]))
			}
			for _, e := range change.Edits {
				words = append(words, fmt.Sprintf("%s %v -> %v", e.Path, e.Old, e.New))
			}
		}
		if said := strings.Join(words, ", "); said != c.want || ok != (c.want != "") {
			t.Errorf("%s: %q, %v; want %q", name, said, ok, c.want)
		}
		if after := fmt.Sprintf("%#v", c.chosen); after != before {
			t.Errorf("%s: what was chosen before is another", name)
		}
	}
}

// Two registries, and two credentials: whichever way the pods get the first one,
// the second must not take it away.
func TestASecondLoginGoesTogetherWithTheFirst(t *testing.T) {
	const second = secondImage
	sends := func(k Case, image string) string {
		p := planner{Case: k}
		p.d.Pull.Image = image
		answer, err := p.newDraft().answer()
		if err != nil || len(answer.Groups) == 0 {
			return "nothing"
		}
		return answer.Groups[0].Credentials[0].Username
	}
	for name, c := range map[string]loginCase{
		"into the service account, with a new secret": {cause: catalog.CredentialsMissing, login: "new"},
		"into the template, with a new secret":        {cause: catalog.CredentialsMissing, login: "new", via: viaTemplate},
		"into the secret that the pods name":          {cause: catalog.CredentialsMissing, names: []string{"hub"}, secret: []Secret{loginSecret("hub", configOf("other.example", entryOf("other")))}, login: "new"},
		"into the secret that they name in vain":      {cause: catalog.SecretMissing, names: []string{"hub"}, login: "new"},
		"secrets of the namespace": {cause: catalog.CredentialsMissing, secret: []Secret{
			loginSecret("one", configOf(harborHost, entryOf("new")), proven), loginSecret("two", configOf("second.example", entryOf("new-too")), proven),
		}},
	} {
		k, d, o := c.build()
		k.Target.Template.Spec.Containers = append(k.Target.Template.Spec.Containers, corev1.Container{Name: "side", Image: second})
		other := d
		other.Pull.Container, other.Pull.Image = "side", second
		if len(o.Logins) > 0 {
			o.Logins[0].Host = harborHost
			o.Logins = append(o.Logins, Login{Credential: keyring.Credential{Username: "new-too", Password: keyring.NewPassword(loginCanary)}, Host: "second.example"})
		}
		first := Plan(nil, k, d, o)[0]
		if Apart(first.Changes, Plan(nil, k, other, o)[0].Changes) {
			t.Errorf("%s: the two are taken for independent", name)
		}
		after := k.After(first.Changes)
		upon := Plan(nil, after, other, o)[0]
		both, ok := Together(first.Changes, upon.Changes, true)
		if !first.Ready() || !upon.Ready() || !ok {
			t.Fatalf("%s: %s, %s (needs %s), together %v", name, first.ID, upon.ID, upon.Needs, ok)
		}
		at := k.After(both)
		if one, two := sends(at, harborImage), sends(at, second); one != "new" || two != "new-too" {
			t.Errorf("%s: the kubelet sends %s and %s", name, one, two)
		}
		if strings.Contains(fmt.Sprintf("%v %+v", both, upon.Foresee.Secrets), loginCanary) {
			t.Errorf("%s: a secret shows", name)
		}
		for i, change := range both {
			if slices.ContainsFunc(both[:i], func(c Change) bool { return c.Object == change.Object }) {
				t.Errorf("%s: %s is written twice", name, change.Object)
			}
		}
	}
}

// Two repositories of one registry, and a login for the path of each: whatever is
// there already, each repository gets its own, and no other than it.
func TestTwoRepositoriesOfARegistryGetALoginEach(t *testing.T) {
	const other = harborHost + "/other/app:1.0"
	of := func(user, path string) Login {
		return Login{Credential: keyring.Credential{Username: user, Password: keyring.NewPassword(loginCanary)}, Host: harborHost, Path: path}
	}
	paths := []Login{of("new", "/acme"), of("new-too", "/other")}
	tests := map[string]struct {
		loginCase
		logins []Login
		keys   string // of what is written
	}{
		"into the service account, with a new secret": {loginCase{cause: catalog.CredentialsMissing}, paths, "/acme /other"},
		"into the template, with a new secret":        {loginCase{cause: catalog.CredentialsMissing, via: viaTemplate}, paths, "/acme /other"},
		"into the secret that the pods name in vain":  {loginCase{cause: catalog.SecretMissing, names: []string{"hub"}}, paths, "/acme /other"},
		"beside one that is rejected for all of it": {
			loginCase{cause: catalog.CredentialsInvalid, names: []string{"hub"}, secret: []Secret{loginSecret("hub", configOf(harborHost, entryOf("old")))}}, paths, " /acme /other",
		},
		"in the place of those that are rejected": {
			loginCase{cause: catalog.CredentialsExpired, names: []string{"hub"}, secret: []Secret{loginSecret("hub", configOf(harborHost+"/acme", entryOf("old"), harborHost+"/other", entryOf("old-too")))}}, paths, "/acme /other",
		},
		"below a narrower one that is rejected": {
			loginCase{cause: catalog.CredentialsInvalid, names: []string{"hub"}, secret: []Secret{loginSecret("hub", configOf(harborHost+"/acme/a", entryOf("old")))}}, paths, "/acme/a /acme/app /other",
		},
		"one for all, and one for a path": {
			loginCase{cause: catalog.CredentialsMissing}, []Login{of("new-too", ""), of("new", "/acme")}, " /acme",
		},
		"one for all in the place of one that is rejected, and one for a path": {
			loginCase{cause: catalog.CredentialsInvalid, names: []string{"hub"}, secret: []Secret{loginSecret("hub", configOf(harborHost, entryOf("old")))}}, []Login{of("new-too", ""), of("new", "/acme")}, " /acme",
		},
	}
	for name, c := range tests {
		for _, turned := range []bool{false, true} { // the order of the containers must not count
			k, d, o := c.build()
			k.Target.Template.Spec.Containers = append(k.Target.Template.Spec.Containers, corev1.Container{Name: "side", Image: other})
			o.Logins = c.logins
			side := d
			side.Pull.Container, side.Pull.Image = "side", other
			one, two := d, side
			if turned {
				one, two = side, d
			}
			first := Plan(nil, k, one, o)[0]
			upon := Plan(nil, k.After(first.Changes), two, o)[0]
			both, ok := Together(first.Changes, upon.Changes, true)
			if !first.Ready() || !upon.Ready() || !ok {
				t.Fatalf("%s: %s, %s (needs %s), together %v", name, first.ID, upon.ID, upon.Needs, ok)
			}
			w := loginWorldOf(t, k)
			for _, change := range both {
				w.apply(t, change)
			}
			if a, b := triedFirst(t, w, k, harborImage), triedFirst(t, w, k, other); a != "new" || b != "new-too" {
				t.Errorf("%s: the kubelet sends %s and %s", name, a, b)
			}
			var keys []string
			for _, s := range k.After(both).Secrets {
				config, _ := readConfig(dataConfigJSON, s.Data[dataConfigJSON])
				for _, m := range config.entries {
					keys = append(keys, strings.TrimPrefix(m.name, harborHost))
				}
			}
			slices.Sort(keys)
			if got := strings.Join(keys, " "); got != c.keys {
				t.Errorf("%s: keys %q, want %q", name, got, c.keys)
			}
		}
	}
}

// A secret is called after its registry, so a second one gets its own; and both are
// there before a pod is made that names them.
func TestEachRegistryGetsASecretThatIsCalledAfterIt(t *testing.T) {
	for via, last := range map[string]string{"": "serviceaccount/default", viaTemplate: "deployment/api"} {
		k, d, o := loginCase{cause: catalog.CredentialsMissing, login: "new", via: via}.build()
		k.Target.Template.Spec.Containers = append(k.Target.Template.Spec.Containers, corev1.Container{Name: "side", Image: secondImage})
		other := d
		other.Pull.Container, other.Pull.Image = "side", secondImage
		o.Logins[0].Host = harborHost
		o.Logins = append(o.Logins, Login{Credential: keyring.Credential{Username: "new-too", Password: keyring.NewPassword(loginCanary)}, Host: "second.example"})
		first := Plan(nil, k, d, o)[0]
		upon := Plan(nil, k.After(first.Changes), other, o)[0]
		both, ok := Together(first.Changes, upon.Changes, true)
		var names []string
		for _, c := range both {
			names = append(names, c.Object.String())
		}
		if want := []string{"secret/harbor-example-8443-pullmedic", "secret/second-example-pullmedic", last}; !ok || !slices.Equal(names, want) {
			t.Errorf("via %q: changes %q, want %q", via, names, want)
		}
	}
}

func TestTheSameLoginForTwoContainersIsOneChange(t *testing.T) {
	k, d, o := loginCase{cause: catalog.CredentialsMissing, login: "new"}.build()
	other := d
	other.Pull.Container, other.Pull.Image = "side", harborHost+"/acme/side:1"
	first, second := Plan(nil, k, d, o)[0], Plan(nil, k, other, o)[0]
	if !Apart(first.Changes, second.Changes) {
		t.Error("they are planned one upon the other")
	}
}

func TestAnEarlierTemplateGivesOtherContainersTheirImagesToo(t *testing.T) {
	k, d, _ := loginCase{cause: catalog.TagNotFound}.build()
	k.Target.Template.Spec.Containers = append(k.Target.Template.Spec.Containers, corev1.Container{Name: "side", Image: "side:2"}, corev1.Container{Name: "~a/b", Image: "x"})
	changes := []Change{{Object: k.Target.Object, Edits: []Edit{
		{Path: "/spec/template/spec/containers/1/image", Old: "side:2", New: "side:1"},
		{Path: "/spec/template/metadata/annotations/a.example~1b", New: "c"},
	}}}
	side := evidence.Pull{Container: "side", ContainerKind: evidence.Container}
	if image, ok := k.ImageAfter(changes, side); !ok || image != "side:1" {
		t.Errorf("side has %s, %v", image, ok)
	}
	if image, ok := k.ImageAfter(changes, d.Pull); ok {
		t.Errorf("app has %s", image)
	}
	if got := k.After(changes).Target.Template; got.Annotations["a.example/b"] != "c" || k.Target.Template.Annotations != nil || k.Target.Template.Spec.Containers[1].Image != "side:2" {
		t.Errorf("after: %v; before: %v", got, k.Target.Template)
	}
}
