// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
)

// replacePodWith hands over what gives a bare pod a credential: its list of pull
// secrets cannot be changed, so it has to be made anew.
func (p *planner) replacePodWith(g gift) []Remedy {
	d := p.newDraft()
	title := "Make pod " + p.Target.Name + " anew with a credential for " + p.host()
	because := p.whyNotSecret(d)
	if because == "" {
		because = p.whyNotTemplate()
	}
	r := Remedy{ID: "replace-pod-with-secret", Title: title, Because: because}
	var name string
	if g.secret != nil {
		name = g.secret.Name
	} else {
		name = d.freeName(slug(p.host()))
		r.Steps = byHand{p}.loginFile(name)
	}
	return []Remedy{p.remake(r, withSecrets(append([]string{name}, d.names()...)))}
}

// replacePod hands over how a bare pod is made anew with what cannot be changed
// in it. Without edits it is made anew as it is.
func (p *planner) replacePod(r Remedy, why string, edits []Edit) []Remedy {
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
