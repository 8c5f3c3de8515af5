// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// The places that name pull secrets.
const (
	viaSecret   = "secret"
	viaAccount  = "service-account"
	viaTemplate = "template"
)

// A draft is what the pods will have to log in with, while a remedy is made of
// it: the secrets, the names in the template and the service account, and the
// changes that make them so. The keyring judges each draft before it becomes a
// remedy.
type draft struct {
	p *planner
	// template's names, and the account's; given is what the newest pod got, where
	// the account could not be read.
	template, given []string
	account         *corev1.ServiceAccount
	// secrets that will be others than they are, by name.
	secrets map[string]keyring.Secret

	changes            []Change
	moved, accountMove bool // the template's list, the account's
	risks              []string
	written            []Secret // that are changed
}

func (p *planner) newDraft() *draft {
	d := &draft{p: p, secrets: map[string]keyring.Secret{}, account: p.Account.DeepCopy()}
	d.template = namesOf(p.Target.Template.Spec.ImagePullSecrets)
	if p.Account == nil && len(p.Pods) > 0 {
		d.given = namesOf(p.Pods[0].Spec.ImagePullSecrets)
	}
	return d
}

func namesOf(list []corev1.LocalObjectReference) []string {
	var names []string
	for _, r := range list {
		if r.Name != "" {
			names = append(names, r.Name)
		}
	}
	return names
}

// names of the pull secrets that the next pod will have: the template's, or, if
// it lists none, the service account's (the ServiceAccount admission plugin
// copies them into the pod when it is made). A bare pod has what it has.
func (d *draft) names() []string {
	switch {
	case len(d.template) > 0 || d.p.bare():
		return d.template
	case d.account != nil:
		return namesOf(d.account.ImagePullSecrets)
	}
	return d.given
}

// bare tells that the pod has no owner that would make it again.
func (p *planner) bare() bool { return p.Target.Kind == "Pod" }

// listedBy is where those names stand: viaTemplate, viaAccount or "" for nowhere.
func (d *draft) listedBy() string {
	switch {
	case len(d.template) > 0:
		return viaTemplate
	case !d.p.bare() && d.account != nil && len(d.account.ImagePullSecrets) > 0:
		return viaAccount
	}
	return ""
}

// named are the secrets of those names that exist, in the kubelet's order.
func (d *draft) named() []Secret {
	var found []Secret
	for _, name := range d.names() {
		if s, ok := d.p.secretOf(name); ok {
			found = append(found, s)
		}
	}
	return found
}

// secretOf finds a secret of the case.
func (p *planner) secretOf(name string) (Secret, bool) {
	i := slices.IndexFunc(p.Secrets, func(s Secret) bool { return s.Name == name })
	if i < 0 {
		return Secret{}, false
	}
	return p.Secrets[i], true
}

// absent are the names behind which there is certainly no secret.
func (d *draft) absent() []string {
	var found []string
	for _, name := range d.names() {
		if _, ok := d.p.secretOf(name); ok || slices.Contains(found, name) {
			continue
		}
		said := slices.ContainsFunc(d.p.d.Findings, func(f evidence.Finding) bool {
			return f.Outcome == evidence.SecretAbsent && f.Subject.Name == d.p.Target.Namespace+"/"+name
		})
		unread := slices.ContainsFunc(d.p.NotLookedAt, func(g evidence.Gap) bool {
			return g.Subject.Kind == evidence.SubjectSecret && g.Subject.Name == d.p.Target.Namespace+"/"+name
		})
		if said || d.p.SecretsSeen && !unread {
			found = append(found, name)
		}
	}
	return found
}

// answer is what the kubelet will make of the draft.
func (d *draft) answer() (keyring.Answer, error) {
	var list []keyring.Secret
	for _, name := range d.names() {
		if s, ok := d.secrets[name]; ok {
			list = append(list, s)
		} else if s, ok := d.p.secretOf(name); ok {
			list = append(list, s.Secret)
		}
	}
	return keyring.Resolve(d.p.d.Pull.Image, list)
}

// sendsFirst tells whether that very login is what the kubelet will try first.
func (d *draft) sendsFirst(c keyring.Credential) bool {
	answer, err := d.answer()
	if err != nil || len(answer.Groups) == 0 || answer.Groups[0].AnyOrder {
		return false
	}
	first := answer.Groups[0].Credentials[0]
	return first.Username == c.Username && first.Password.Equal(c.Password)
}

// sendsSome tells whether the kubelet will try a login at all.
func (d *draft) sendsSome() bool {
	answer, err := d.answer()
	return err == nil && (answer.Sends == keyring.SendsCredentials || answer.Sends == keyring.SendsBoth)
}

func secretObject(s Secret) Object {
	return Object{
		APIVersion: "v1", Kind: "Secret", Resource: "secrets", Namespace: s.Namespace, Name: s.Name,
		UID: s.UID, ResourceVersion: s.ResourceVersion,
	}
}

// put gives a secret other data under a key: the secret itself is edited, or, if
// it or its type may not be changed, a new one is made beside it and takes its
// place in the list that names it. False if neither can be.
func (d *draft) put(s Secret, dataKey string, data []byte, label string) bool {
	if s.Immutable || dataKeyOf(s.Type) != dataKey {
		name := d.freeName(s.Name)
		d.make(name, dataKey, data)
		return d.replaceName(s.Name, name)
	}
	before := s.Data[dataKey]
	edit := Edit{
		Path: pointer("data", dataKey), New: base64.StdEncoding.EncodeToString(data), Hidden: true,
		Label: "secret " + s.Name + ": " + label,
	}
	if before != nil {
		edit.Old = base64.StdEncoding.EncodeToString(before)
	}
	d.changes = append(d.changes, Change{Object: secretObject(s), Edits: []Edit{edit}})
	after := s.Secret
	after.Data = map[string][]byte{}
	for k, v := range s.Data {
		after.Data[k] = v
	}
	after.Data[dataKey] = data
	d.secrets[s.Name] = after
	d.written = append(d.written, s)
	return true
}

// make makes a secret.
func (d *draft) make(name, dataKey string, data []byte) {
	namespace := d.p.Target.Namespace
	d.changes = append(d.changes, Change{
		Object: secretObject(Secret{Secret: keyring.Secret{Namespace: namespace, Name: name}}),
		New: map[string]any{
			"apiVersion": "v1", "kind": "Secret", "type": typeOf(dataKey),
			"metadata": map[string]any{"namespace": namespace, "name": name},
			"data":     map[string]any{dataKey: base64.StdEncoding.EncodeToString(data)},
		},
	})
	d.secrets[name] = pullSecret(namespace, name, dataKey, data)
}

// madeSuffix ends the names of secrets that are made.
const madeSuffix = "-pullmedic"

// freeName is a name for a new secret beside, or for, another: NAME-pullmedic.
func (d *draft) freeName(near string) string {
	near = strings.TrimRight(foreign.Cut(near, 230), ".-") // 253 bytes are allowed
	name := near + madeSuffix
	for n := 2; ; n++ {
		if _, taken := d.p.secretOf(name); !taken {
			return name
		}
		name = near + madeSuffix + "-" + strconv.Itoa(n)
	}
}

// replaceName puts another name into the place of one in the list that counts.
func (d *draft) replaceName(old, name string) bool {
	list := slices.Clone(d.names())
	for i := range list {
		if list[i] == old {
			list[i] = name
		}
	}
	return d.list(list, d.listedBy())
}

// list gives the template or the account other names. False where Kubernetes
// does not allow it: a pod's and a job's cannot be changed.
func (d *draft) list(names []string, via string) bool {
	var list []corev1.LocalObjectReference
	for _, name := range names {
		list = append(list, corev1.LocalObjectReference{Name: name})
	}
	const field = "imagePullSecrets"
	switch {
	case via == viaTemplate && d.p.whyNotTemplate() == "":
		d.change(d.p.Target.Object, Edit{
			Path: d.p.TemplatePath() + pointer("spec", field), Old: jsonList(d.p.Target.Template.Spec.ImagePullSecrets), New: jsonList(list),
			Label: "pull secrets of the pods",
		})
		d.template, d.moved = names, true
		return true
	case via == viaAccount && d.whyNotAccount() == "":
		d.change(Object{
			APIVersion: "v1", Kind: "ServiceAccount", Resource: "serviceaccounts", Namespace: d.account.Namespace, Name: d.account.Name,
			UID: string(d.account.UID), ResourceVersion: d.account.ResourceVersion,
		}, Edit{
			Path: pointer(field), Old: jsonList(d.p.Account.ImagePullSecrets), New: jsonList(list),
			Label: "pull secrets that pods get from it",
		})
		d.account.ImagePullSecrets, d.accountMove = list, true
		return true
	}
	return false
}

// change edits an object once: a second edit of its list takes the place of the
// first.
func (d *draft) change(o Object, e Edit) {
	i := slices.IndexFunc(d.changes, func(c Change) bool { return c.Object == o })
	if i >= 0 {
		d.changes = slices.Delete(d.changes, i, i+1)
	}
	d.changes = append(d.changes, Change{Object: o, Edits: []Edit{e}})
}

// mendUnreadable sets right, or takes out, the entries that keep the kubelet
// from reading any secret of the pod. Secrets that the draft changed are left.
// False if one cannot be written.
func (d *draft) mendUnreadable() bool {
	for _, s := range d.named() {
		_, changed := d.secrets[s.Name]
		if changed || !unreadable(s) || !slices.Contains(d.names(), s.Name) {
			continue
		}
		dataKey := dataKeyOf(s.Type)
		c, entries, risks := d.p.readableConfig(s)
		d.risks = append(d.risks, risks...)
		if !d.put(s, dataKey, c.withEntries(entries).data(), "what the kubelet cannot read") {
			return false
		}
	}
	return true
}

// jsonList is a list of references as JSON has it, nil if it is not there.
func jsonList(list []corev1.LocalObjectReference) any {
	if len(list) == 0 {
		return nil
	}
	var out []any
	for _, r := range list {
		ref := map[string]any{}
		if r.Name != "" {
			ref["name"] = r.Name
		}
		out = append(out, ref)
	}
	return out
}

// whyNotTemplate says why the template's list cannot be changed, "" if it can.
func (p *planner) whyNotTemplate() string {
	switch p.Target.Kind {
	case "Pod":
		return "the pull secrets of a pod cannot be changed once it is made"
	case "Job":
		return "the template of a job cannot be changed once it is made"
	}
	return ""
}

// whyNotAccount says why a change of the service account's list does not help.
func (d *draft) whyNotAccount() string {
	switch {
	case d.p.bare():
		return "a pod takes pull secrets over from its service account only when it is made, and nothing makes this one again"
	case len(d.template) > 0:
		return "the pod template lists pull secrets of its own, so that the service account's do not count"
	case d.account == nil:
		return "the service account could not be read"
	}
	return ""
}

// remedy is the draft as one.
func (d *draft) remedy(id, title, because string) Remedy {
	p := d.p
	r := Remedy{ID: id, Kind: Applied, Title: title, Because: because, Changes: d.changes, Wake: p.wakeFailing()}
	after := p.after(func(s *corev1.PodSpec) {
		if d.moved {
			s.ImagePullSecrets = nil
			for _, name := range d.template {
				s.ImagePullSecrets = append(s.ImagePullSecrets, corev1.LocalObjectReference{Name: name})
			}
		}
	})
	if d.moved {
		r.Wake, r.Restarts = p.wakeAfterTemplate(), p.restarts(after)
	}
	r.Foresee = p.foreseeTemplate(after)
	for _, name := range sortedNames(d.secrets) {
		r.Foresee.Secrets = append(r.Foresee.Secrets, d.secrets[name])
	}
	if d.account != nil {
		r.Foresee.Accounts = []*corev1.ServiceAccount{d.account}
	}
	r.Risks = append(d.risks, d.reach()...)
	if !d.moved {
		r.Risks = append(r.Risks, p.goesOn()...)
	}
	p.freshName(&r)
	return r
}

func sortedNames(m map[string]keyring.Secret) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// waitsForAttempt is the risk of a remedy that no pod is made anew for.
const waitsForAttempt = "nothing makes this pod again, so it waits for its next attempt"

// wakeFailing: the kubelet reads secrets anew for each attempt, but the next
// one can be minutes away, and an account's list counts for new pods only. A
// pod that nothing makes again stays, and so does one that runs and only lacks
// a debugging container.
func (p *planner) wakeFailing() Wake {
	if p.bare() || p.d.Pull.ContainerKind == evidence.EphemeralContainer {
		return WakeNone
	}
	return WakeEvict
}

// freshName names a bare pod's image by digest, where that is known: it is
// the same image, and the kubelet has no back-off for that name yet.
func (p *planner) freshName(r *Remedy) {
	if !p.bare() {
		return
	}
	place, ok := find(p.Target.Template.Spec, p.d.Pull)
	image, why := p.respelled(place.image)
	if !ok || why != "" || p.d.Pull.ContainerKind == evidence.ImageVolume { // a pod's volumes cannot be changed
		r.Risks = append(r.Risks, waitsForAttempt)
		return
	}
	r.Changes = append(r.Changes, Change{Object: p.Target.Object, Edits: imageEdits(p.TemplatePath(), place, image, p.container())})
	r.Image = image
	for _, pod := range r.Foresee.Pods {
		place.set(&pod.Spec, image)
	}
	r.Risks = append(r.Risks, "the pod's image is named by its digest from now on, which gives it a fresh back-off")
}

// reach says whom the draft touches besides.
func (d *draft) reach() []string {
	var out []string
	for _, s := range d.written {
		if s.Manager.Tool != "" {
			out = append(out, fmt.Sprintf("%s keeps secret %s and may write it back", managerWords(s.Manager), s.Name))
		}
		switch {
		case s.Users == 1:
			out = append(out, fmt.Sprintf("1 other pod names secret %s, too", s.Name))
		case s.Users > 1:
			out = append(out, fmt.Sprintf("%d other pods name secret %s, too", s.Users, s.Name))
		}
	}
	if d.accountMove {
		out = append(out, fmt.Sprintf("every pod that service account %s gets from now on carries the secret, if it lists none of its own", d.account.Name))
	}
	if d.moved {
		out = append(out, d.p.nextRun()...)
	}
	if !d.moved && d.p.Target.Kind == "Job" {
		risk := "each evicted pod counts against the job's backoffLimit"
		for _, b := range d.p.Budgets {
			risk += ", which bears " + more(b.Left())
		}
		// https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-backoff-failure-policy
		out = append(out, risk, "a job waits before it makes a pod anew: 10 s, doubled with each that failed, up to 10 minutes")
	}
	return out
}

func managerWords(m evidence.Manager) string {
	if m.Name == "" {
		return foreign.Text(m.Tool, 60)
	}
	return foreign.Text(m.Tool, 60) + " (" + foreign.Text(m.Name, 120) + ")"
}
