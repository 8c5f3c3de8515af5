// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// replacePodWith hands over what gives a bare pod a credential: its list of pull
// secrets cannot be changed, so it has to be made anew. The secret is one of the
// namespace, or, if that is nil, made first.
func (p *planner) replacePodWith(secret *Secret) []Remedy {
	d := p.newDraft()
	title := "Make pod " + p.Target.Name + " anew with a credential for " + p.host()
	because := p.whyNotSecret(d)
	if because == "" {
		because = p.whyNotTemplate()
	}
	r := Remedy{ID: "replace-pod-with-secret", Title: title, Because: because}
	var name string
	if secret != nil {
		name = secret.Name
	} else {
		name = d.freeName(slug(p.host()))
		r.Steps, r.Risks = p.secretSteps(name)
	}
	return []Remedy{p.remake(r, withSecrets(append([]string{name}, d.names()...)))}
}

// secretSteps make a secret of that name with the login that the person named. One
// of the cluster is copied, without that it is shown; any other is given once more,
// as no step may hold it.
func (p *planner) secretSteps(name string) (steps []Step, risks []string) {
	l := p.ownLogin()
	if l == nil {
		steps = byHand{p}.loginFile(name, false)
		steps[0].What += "; fix with " + p.fromElsewhere() + " hands over how a login of the cluster is copied instead"
		return steps, nil
	}
	if from, secret, ok := strings.Cut(l.Credential.Secret, "/"); ok && !l.Personal {
		if from != p.Target.Namespace {
			risks = []string{"a login of namespace " + foreign.Text(from, 63) + " will lie in this one too, for all who may read secrets here"}
		}
		return p.copyEntry(from, secret, l.Credential.Key, name), risks
	}
	steps = byHand{p}.loginFile(name, false)
	steps[0].What += "; give the login that you named, which no step of this holds"
	return steps, nil
}

// copyEntry makes a secret of one entry of another, and of none of its others,
// without that it is shown or lies in a file.
func (p *planner) copyEntry(namespace, from, key, name string) []Step {
	const (
		file  = `go-template={{with index .data ".dockerconfigjson"}}{{base64decode .}}{{else}}{{base64decode (index .data ".dockercfg")}}{{end}}`
		entry = `{auths: ((.auths // .) | with_entries(select(.key == $key)))}`
	)
	made, in := matching(dnsGrammar, name), matching(dnsGrammar, p.Target.Namespace)
	step := Step{
		What:  "Make secret " + name + " of that one entry of secret " + foreign.Text(from, 253) + " in namespace " + foreign.Text(namespace, 63) + "; it needs jq, and shows nothing of it",
		Where: withKubectl, Afterwards: "secret/" + name + " created",
	}
	step.Commands = printable(pipe(
		sh("kubectl", "get", "secret", matching(dnsGrammar, from), "-n", matching(dnsGrammar, namespace), "-o", file),
		sh("jq", "-c", "--arg", "key", key, entry),
		sh("kubectl", "create", "secret", "generic", made, "-n", in, "--type="+keyring.TypeDockerConfigJSON, "--from-file="+dataConfigJSON+"=/dev/stdin"),
	))
	return []Step{step}
}

// static tells a pod that its kubelet reads from a file: what the API server shows
// of it is a mirror.
func (p *planner) static() bool { return p.bare() && isMirrorMeta(p.Target.Template.Annotations) }

// nodeLogins is where kubelets look for logins that hold for all of a node's pods
// (the root directory is first of the places, see
// https://kubernetes.io/docs/concepts/containers/images/#configuring-nodes-to-authenticate-to-a-private-registry).
const nodeLogins = "/var/lib/kubelet/config.json"

// staticLogin hands over how a static pod gets a credential: it can name no secret,
// and making its mirror anew changes nothing.
func (p *planner) staticLogin() []Remedy {
	hand := byHand{p}
	command, how := hand.logIn(nodeLogins)
	return []Remedy{{
		ID: "static-pod", Kind: HandedOver, Title: "Give the node's kubelet a credential for " + p.host(),
		Because: "it is a static pod, which its kubelet reads from " + p.staticFile() + ": it can name no secret, and a change of what the API server shows of it changes nothing",
		Steps: []Step{
			{What: "Log in with the kubelet's own file, which skopeo writes, and keep what was there; " + how, Where: hand.onNode(), Commands: printable(hand.keepCopy(nodeLogins), command, sh("chmod", "600", nodeLogins)),
				Afterwards: "Login Succeeded; the kubelet reads it within 5 minutes, and the next attempt after that succeeds"},
		},
		Risks: []string{"every pod of the node may be pulled with this login from then on", "a token in that file ends by itself, and nothing renews it: a credential provider of the kubelet does"},
		Undo:  []Step{{What: "Put the file back", Where: hand.onNode(), Commands: printable(hand.putBack(nodeLogins))}},
	}}
}

// staticFile is the manifest of a static pod, as far as its name tells it: the
// kubelet puts the node's behind the name that is written there.
func (p *planner) staticFile() string {
	const folder = "/etc/kubernetes/manifests"
	name := matching(dnsGrammar, p.Target.Name)
	if own, ok := strings.CutSuffix(name, "-"+p.d.Pull.Node); ok && p.d.Pull.Node != "" && own != "" {
		return "a file, usually " + folder + "/" + own + ".yaml"
	}
	return "a file, usually in " + folder
}

// replacePod hands over how a bare pod is made anew with what cannot be changed
// in it. Without edits it is made anew as it is.
func (p *planner) replacePod(r Remedy, why string, edits []Edit) []Remedy {
	if p.static() {
		return []Remedy{p.staticPod(r)}
	}
	return []Remedy{p.remake(Remedy{ID: "replace-pod", Title: r.Title, Because: join(why, r.Because), Image: r.Image}, operations(edits))}
}

// withSecrets is the edit that gives a pod pull secrets of those names.
func withSecrets(names []string) []operation {
	var list []any
	for _, name := range names {
		list = append(list, map[string]any{"name": name})
	}
	return []operation{{"add", "/spec/imagePullSecrets", list}}
}

// remake hands over the steps that make a bare pod anew, after those that the
// remedy has. The old one is deleted first, so it is kept in a file, and the new
// one is tried under another name.
func (p *planner) remake(r Remedy, edits []operation) Remedy {
	const before, after = "pod-before.json", "pod-new.json"
	r.Kind = HandedOver
	r.Risks = append(r.Risks, "the pod is deleted first, and what it keeps in it is lost")
	name, namespace := matching(dnsGrammar, p.Target.Name), matching(dnsGrammar, p.Target.Namespace)
	if len(p.Target.Template.Spec.EphemeralContainers) > 0 { // no pod can be made with some
		edits = append(slices.Clone(edits), operation{Op: "remove", Path: "/spec/ephemeralContainers"})
	}
	text, err := json.Marshal(append([]operation{{Op: "remove", Path: "/metadata/uid"}, {Op: "remove", Path: "/metadata/resourceVersion"}}, edits...))
	change := sh("kubectl", "patch", "--local", "-f", before, "--type", "json", "-p", string(text), "-o", "json")
	if name == "" || namespace == "" || err != nil || change == "" {
		r.Steps = append(r.Steps, Step{What: "Make the pod again from the manifest that it was made from, with this change, after deleting it", Where: withKubectl})
		return r
	}
	try := sh("kubectl", "patch", "--local", "-f", after, "--type", "merge", "-p", patch(map[string]any{"metadata": map[string]any{"name": tryName(name)}}), "-o", "json")
	r.Steps = append(
		r.Steps,
		Step{What: "Keep the pod as it is", Where: withKubectl, Commands: printable(into(sh("kubectl", "get", "pod", name, "-n", namespace, "-o", "json"), before)), Afterwards: before + " is there"},
		Step{What: "Make the new one from it", Where: withKubectl, Commands: printable(into(change, after)), Afterwards: after + " has the change"},
		Step{What: "Try it under another name, which makes nothing", Where: withKubectl, Commands: printable(pipe(try, sh("kubectl", "create", "--dry-run=server", "-f", "-"))), Afterwards: "created (server dry run); if it is refused, stop here: nothing was changed"},
		Step{What: "Replace the pod", Where: withKubectl, Commands: printable(sh("kubectl", "replace", "--force", "-f", after)), Afterwards: "pod/" + name + " deleted, and replaced; it pulls the image"},
	)
	return r
}

// tryName is the name under which a new object is tried: no longer than a name
// may be.
func tryName(name string) string { return strings.TrimRight(name[:min(len(name), 50)], ".-") + "-try" }

// operations of a JSON Patch without tests.
func operations(edits []Edit) []operation {
	var ops []operation
	for _, e := range edits {
		switch {
		case reflect.DeepEqual(e.Old, e.New): // only tested
		case e.Old == nil:
			ops = append(ops, operation{"add", e.Path, e.New})
		default:
			ops = append(ops, operation{"replace", e.Path, e.New})
		}
	}
	return ops
}

// copyOf makes a secret of the right type from the data of another, without
// that it is shown or lies in a file.
func copyOf(namespace, from, at, name, dataKey string) []Step {
	step := Step{What: "Make secret " + name + " of type " + typeOf(dataKey), Where: withKubectl}
	namespace, from, name = matching(dnsGrammar, namespace), matching(dnsGrammar, from), matching(dnsGrammar, name)
	if template, err := json.Marshal(at); err == nil {
		step.Commands = printable(pipe(
			sh("kubectl", "get", "secret", from, "-n", namespace, "-o", "go-template={{index .data "+string(template)+" | base64decode}}"),
			sh("kubectl", "create", "secret", "generic", name, "-n", namespace, "--type="+typeOf(dataKey), "--from-file="+dataKey+"=/dev/stdin"),
		))
	}
	return []Step{step}
}
