// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"encoding/json"
	"slices"

	"github.com/pullmedic/pullmedic/internal/shell"
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
	if g.secret != nil {
		return []Remedy{p.remake("replace-pod-with-secret", title, because, nil, append([]string{g.secret.Name}, d.names()...))}
	}
	name := d.freeName(slug(p.host()))
	return []Remedy{p.remake("replace-pod-with-secret", title, because, p.askAndMake(name), append([]string{name}, d.names()...))}
}

// remake hands over the steps that make a bare pod anew, with other pull secrets
// (nil for the same).
func (p *planner) remake(id, title, because string, before []Step, names []string) Remedy {
	r := Remedy{ID: id, Kind: HandedOver, Title: title, Because: because, Steps: before}
	step := Step{What: "Make the pod anew; it stops for that, and what it keeps in itself is lost", Where: "where kubectl is"}
	get, ok := shell.Command("kubectl", "get", "pod", p.Target.Name, "-n", p.Target.Namespace, "-o", "json")
	replace := "kubectl replace --force -f -"
	if ok && names != nil {
		var list []any
		for _, name := range names {
			list = append(list, map[string]any{"name": name})
		}
		patch, err := json.Marshal([]any{map[string]any{"op": "add", "path": "/spec/imagePullSecrets", "value": list}})
		change, fine := shell.Command("kubectl", "patch", "--local", "-f", "-", "--type=json", "-p", string(patch), "-o", "json")
		ok = err == nil && fine
		replace = change + " | " + replace
	}
	if ok {
		step.Commands = []string{get + " | " + replace}
	}
	r.Steps = append(r.Steps, step)
	r.Risks = []string{"a pod that is made anew stops first"}
	return r
}

// copyOf makes a secret of the right type from the data of another, without
// that it is shown or lies in a file.
func copyOf(namespace, from, at, name, dataKey string) []Step {
	step := Step{What: "Make secret " + name + " of type " + typeOf(dataKey), Where: "where kubectl is"}
	template, err := json.Marshal(at)
	get, ok := shell.Command("kubectl", "get", "secret", from, "-n", namespace, "-o", "go-template={{index .data "+string(template)+" | base64decode}}")
	create, fine := shell.Command("kubectl", "create", "secret", "generic", name, "-n", namespace, "--type="+typeOf(dataKey), "--from-file="+dataKey+"=/dev/stdin")
	if err == nil && ok && fine {
		step.Commands = []string{get + " | " + create}
	}
	return []Step{step}
}

// askAndMake makes a pull secret from what a person types, without echo.
func (p *planner) askAndMake(name string) []Step {
	step := Step{What: "Make secret " + name + "; the first two commands ask for user and password", Where: "where kubectl is"}
	keys := wideKeys(p.d.Pull.Image)
	if len(keys) == 0 {
		return []Step{step}
	}
	create, ok := shell.Command("kubectl", "create", "secret", "docker-registry", name, "-n", p.Target.Namespace, "--docker-server="+keys[0])
	if ok {
		step.Commands = []string{
			`printf 'User: ' && read -r PULL_USER`,
			`printf 'Password: ' && stty -echo && read -r PULL_PASSWORD; stty echo`,
			create + ` --docker-username="$PULL_USER" --docker-password="$PULL_PASSWORD"`,
		}
	}
	return slices.Clip([]Step{step})
}
