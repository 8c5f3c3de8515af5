// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/pullmedic/pullmedic/internal/edit"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// A record of a plan is written before its first change, into the namespace that
// it changes: a ConfigMap, and if secret values are touched a Secret beside it,
// which the ConfigMap owns, so that it goes with it. The ConfigMap comes first:
// whatever a crash leaves is found by it. Until the Secret is there as well it says
// so, and nothing is changed: else nobody could tell a Secret that was never written
// from one that is lost.
//
// The end of a record's id is a digest of its text, so that who has the id from
// fix gets what fix wrote, though others may write ConfigMaps there.
const (
	labelManaged = "app.kubernetes.io/managed-by"
	// labelRecord is also on objects that a plan makes.
	labelRecord = "pullmedic.dev/record"
	labelState  = "pullmedic.dev/state"

	recordPrefix = "pullmedic-undo-"
	recordKey    = "record.json"
	recordType   = "pullmedic.dev/undo"

	recordVersion  = 1
	maxRecord      = 512 << 10 // bytes of a record's text; a ConfigMap takes 1 MiB
	maxChanges     = 100
	maxEdits       = 500 // of one change
	maxEvicted     = 50  // names that are kept
	maxRecordField = 300
)

// A State is how far a plan has come, by its record.
type State string

// The states before the first change, or of a program that ended on the way. The
// others are outcomes.
const (
	// Preparing: the record's Secret is still to be written, and nothing is changed
	// before the record says otherwise.
	Preparing State = "preparing"
	Written   State = "written"
)

// Finished tells whether the plan came to its end.
func (s State) Finished() bool {
	return s == State(Mended) || s == State(Undone) || s == State(TargetGone)
}

// A Record is what undo needs to know of a plan.
type Record struct {
	ID, Namespace string
	State         State
	body
	uid string
	// hidden are the values that the record's Secret keeps, if it was read.
	hidden map[string]hiddenValue
	// secret is the UID of that Secret.
	secret string
	// named: a person named it by its ID.
	named bool
}

// Format never shows a value: some are secret.
func (r Record) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "record %s in namespace %s: %s, %s, %d changes", r.ID, r.Namespace, r.State, r.Target, len(r.Changes))
}

// body is a record's text.
type body struct {
	Version int       `json:"version"`
	Time    time.Time `json:"time"`
	// Target as a person types it: deployment/api.
	Target string `json:"target"`
	Cause  string `json:"cause"`
	// Remedy by its id, and what it says of itself.
	Remedy string `json:"remedy"`
	Title  string `json:"title,omitempty"`
	// Evicted are pods that the plan evicts, some of their names, and their
	// number: undo does not bring them back.
	Evicted []string `json:"evicted,omitempty"`
	Evicts  int      `json:"evicts,omitempty"`
	Changes []kept   `json:"changes"`
}

// A change as the record keeps it.
type kept struct {
	Object remedy.Object `json:"object"`
	Made   bool          `json:"made,omitempty"`
	Edits  []keptEdit    `json:"edits,omitempty"`
}

// keptEdit is an edit; the values of a hidden one stand in the record's Secret. What
// of them undo shows is for remedy.Edit.Leaves to say, not for the record.
// It keeps no label: undo shows the path itself, or what the object that is there
// says of it, so that no text from a record can stand for another field.
type keptEdit struct {
	Path   string `json:"path"`
	Old    any    `json:"old"`
	New    any    `json:"new"`
	Hidden bool   `json:"hidden,omitempty"`
}

// Format never shows a value: some are secret.
func (e keptEdit) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "%s", e.Path) }

// hiddenValue is what the Secret keeps of one edit.
type hiddenValue struct {
	Old any `json:"old"`
	New any `json:"new"`
}

// Format never shows the values.
func (hiddenValue) Format(f fmt.State, _ rune) { fmt.Fprint(f, "(secret)") }

// keep is a change as the record keeps it. All that a Secret keeps is hidden,
// whatever the remedy says.
func keep(c remedy.Change) kept {
	k := kept{Object: c.Object, Made: c.Creates()}
	for _, e := range c.Edits {
		k.Edits = append(k.Edits, keptEdit{Path: e.Path, Old: e.Old, New: e.New, Hidden: e.Hides(c.Object.Kind)})
	}
	return k
}

// hiddenKey names the values of an edit in the record's Secret.
func hiddenKey(change, edit int) string { return strconv.Itoa(change) + "-" + strconv.Itoa(edit) }

// draft is the record of a plan: its text, which holds nothing secret, and the
// secret values, by their keys.
func draft(p Plan) (text []byte, hidden map[string]hiddenValue, err error) {
	b := body{Version: recordVersion, Time: p.Case.Now.UTC().Truncate(time.Second), Target: p.Case.Target.String(), Evicts: len(p.Evict), Changes: []kept{}}
	if len(p.Chosen) > 0 {
		r := p.Chosen[0].Remedy
		b.Cause, b.Remedy, b.Title = r.Cause, r.ID, foreign.Text(p.titles(), maxRecordField)
	}
	for _, pod := range p.Evict[:min(len(p.Evict), maxEvicted)] {
		b.Evicted = append(b.Evicted, pod.Name)
	}
	hidden = map[string]hiddenValue{}
	for i, c := range p.Changes {
		k := keep(c)
		for j := range k.Edits {
			if e := &k.Edits[j]; e.Hidden {
				hidden[hiddenKey(i, j)] = hiddenValue{e.Old, e.New}
				e.Old, e.New = nil, nil
			}
		}
		b.Changes = append(b.Changes, k)
	}
	if text, err = json.Marshal(b); err != nil {
		return nil, nil, fmt.Errorf("writing down how to undo it: %w", errors.New("its values are no JSON"))
	}
	if len(text) > maxRecord || len(b.Changes) > maxChanges || slices.ContainsFunc(b.Changes, func(k kept) bool { return len(k.Edits) > maxEdits }) {
		return nil, nil, errors.New("writing down how to undo it: the plan changes too much for one record; --no-undo does without")
	}
	return text, hidden, nil
}

// newID sorts by time and ends in a digest of the record's text:
// 20260102-150405-x7k2pq4m3n5a.
func newID(now time.Time, text []byte) string {
	sum := sha256.Sum256(text)
	return now.UTC().Format(idTime) + "-" + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:12])
}

const idTime = "20060102-150405"

// recordID is the id of a plan as it is now; "" if nothing can be written down.
func recordID(p Plan) string {
	text, _, err := draft(p)
	if err != nil {
		return ""
	}
	return newID(p.Case.Now, text)
}

// recordRights are what writing the record needs.
func recordRights(p Plan) []edit.Right {
	if len(p.Changes) == 0 {
		return nil
	}
	namespace := p.Case.Target.Namespace
	rights := []edit.Right{{Verb: "create", Resource: "configmaps", Namespace: namespace}}
	if slices.ContainsFunc(p.Changes, func(c remedy.Change) bool {
		return slices.ContainsFunc(keep(c).Edits, func(e keptEdit) bool { return e.Hidden })
	}) {
		rights = append(rights, edit.Right{Verb: "patch", Resource: "configmaps", Namespace: namespace}, edit.Right{Verb: "create", Resource: "secrets", Namespace: namespace})
	}
	return rights
}

// write writes the record of a plan, and gives it back as it is in the cluster.
func (m *Mender) write(ctx context.Context, p Plan) (Record, error) {
	text, hidden, err := draft(p)
	if err != nil {
		return Record{}, err
	}
	namespace := p.Case.Target.Namespace
	r := Record{ID: newID(p.Case.Now, text), Namespace: namespace, State: Written}
	if len(hidden) > 0 {
		r.State = Preparing
	}
	labels := map[string]any{labelManaged: edit.Manager, labelRecord: r.ID}
	made, err := m.edit.Apply(ctx, remedy.Change{Object: recordObject("ConfigMap", namespace, r.ID), New: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "immutable": true, // its labels still tell the state
		"metadata": map[string]any{
			"name": recordPrefix + r.ID, "namespace": namespace,
			"labels": map[string]any{labelManaged: edit.Manager, labelRecord: r.ID, labelState: string(r.State)},
		},
		"data": map[string]any{recordKey: string(text)},
	}}, false)
	if err != nil {
		if edit.Unsure(err) { // what nobody needs is not left there
			m.drop(ctx, r)
		}
		return Record{}, fmt.Errorf("writing down how to undo it: %w", err)
	}
	r.uid = string(made.GetUID())
	if len(hidden) == 0 {
		return r, nil
	}
	data := map[string]any{}
	for key, value := range hidden {
		text, err := json.Marshal(value)
		if err != nil {
			return r, errors.New("writing down how to undo it: its values are no JSON")
		}
		data[key] = base64.StdEncoding.EncodeToString(text)
	}
	secret, err := m.edit.Apply(ctx, remedy.Change{Object: recordObject("Secret", namespace, r.ID), New: map[string]any{
		"apiVersion": "v1", "kind": "Secret", "type": recordType, "immutable": true,
		"metadata": map[string]any{
			"name": recordPrefix + r.ID, "namespace": namespace, "labels": labels,
			"ownerReferences": []any{map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "name": recordPrefix + r.ID, "uid": r.uid}},
		},
		"data": data,
	}}, false)
	if err != nil {
		m.forget(context.WithoutCancel(ctx), r, func(string) {})
		return Record{}, fmt.Errorf("writing down how to undo it: %w", err)
	}
	r.secret = string(secret.GetUID())
	if err := m.say(ctx, r, Written); err != nil {
		m.forget(context.WithoutCancel(ctx), r, func(string) {})
		return Record{}, fmt.Errorf("writing down how to undo it: %w", err)
	}
	r.State = Written
	return r, nil
}

// drop removes a record of which it is not known whether it was written. Nothing was
// changed by its plan yet, so that one which comes later tells undo nothing.
func (m *Mender) drop(ctx context.Context, r Record) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	if live, err := m.edit.Get(ctx, recordObject("ConfigMap", r.Namespace, r.ID)); err == nil && live.GetLabels()[labelRecord] == r.ID {
		r.uid = string(live.GetUID())
		m.forget(ctx, r, func(string) {})
	}
}

// mark writes the state into the record's labels. That it could not be is only
// told: undo looks at the objects themselves.
func (m *Mender) mark(ctx context.Context, r Record, state State, tell Tell) {
	if err := m.say(ctx, r, state); err != nil {
		tell("the record does not say how it ended: " + err.Error())
	}
}

// say writes a record's state into its labels.
func (m *Mender) say(ctx context.Context, r Record, state State) error {
	o := recordObject("ConfigMap", r.Namespace, r.ID)
	o.UID = r.uid
	path := "/metadata/labels/" + strings.ReplaceAll(labelState, "/", "~1")
	_, err := m.edit.Apply(ctx, remedy.Change{Object: o, Edits: []remedy.Edit{{Path: path, Old: string(r.State), New: string(state)}}}, false)
	return err
}

// forget removes a record that nobody needs any more: the ConfigMap first, for
// without its Secret it would be one that cannot be undone. The Secret would go by
// itself a while after its owner; secret values are kept no longer than they must.
func (m *Mender) forget(ctx context.Context, r Record, tell Tell) bool {
	o := recordObject("ConfigMap", r.Namespace, r.ID)
	o.UID = r.uid
	if err := m.edit.Delete(ctx, o); err != nil && edit.ReasonOf(err) != edit.NotFound {
		tell("the record stays: " + err.Error())
		return false
	}
	if r.secret != "" {
		o := recordObject("Secret", r.Namespace, r.ID)
		o.UID = r.secret
		if err := m.edit.Delete(ctx, o); err != nil && edit.ReasonOf(err) != edit.NotFound {
			tell("the record's secret goes a while after the record: " + err.Error())
		}
	}
	return true
}

func recordObject(kind, namespace, id string) remedy.Object {
	return remedy.Object{APIVersion: "v1", Kind: kind, Resource: strings.ToLower(kind) + "s", Namespace: namespace, Name: recordPrefix + id}
}

// parse reads a record. Anybody with a right to ConfigMaps can write one, so
// nothing in it is believed but what parses strictly, is bounded, lies in its
// own namespace, and is of a kind and at a path that a remedy changes.
func parse(o *unstructured.Unstructured) (Record, error) {
	r := Record{Namespace: o.GetNamespace(), State: State(o.GetLabels()[labelState]), uid: string(o.GetUID())}
	refuse := func(why string) (Record, error) {
		return Record{}, fmt.Errorf("configmap %s in namespace %s is no record that fix wrote: %s", foreign.Text(o.GetName(), 253), foreign.Text(r.Namespace, 63), why)
	}
	id, ok := strings.CutPrefix(o.GetName(), recordPrefix)
	if !ok || o.GetLabels()[labelRecord] != id || o.GetLabels()[labelManaged] != edit.Manager {
		return refuse("its labels do not fit its name")
	}
	text, _, err := unstructured.NestedString(o.Object, "data", recordKey)
	if err != nil || text == "" || len(text) > maxRecord {
		return refuse("it keeps no text, or too much")
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r.body); err != nil || decoder.More() {
		return refuse("its text does not read as one; a newer version may have written it")
	}
	if r.Version != recordVersion {
		return refuse("another version wrote it; use that one")
	}
	if id != newID(r.Time, []byte(text)) {
		return refuse("its text is not what its id stands for; somebody changed it")
	}
	r.ID = id
	if err := r.check(); err != nil {
		return refuse(err.Error())
	}
	switch r.State {
	case Preparing, Written, State(Mended), State(Undone), State(StillPulling), State(Changed), State(TargetGone), State(Broken):
	default:
		r.State = Written
	}
	r.Target, r.Cause = foreign.Text(r.Target, maxRecordField), foreign.Text(r.Cause, 100)
	r.Remedy, r.Title = foreign.Text(r.Remedy, 100), foreign.Text(r.Title, maxRecordField)
	for i, name := range r.Evicted {
		r.Evicted[i] = foreign.Text(name, 253)
	}
	return r, nil
}

// check that a record says nothing that fix would not have written.
func (r Record) check() error {
	if len(r.Changes) == 0 || len(r.Changes) > maxChanges || len(r.Evicted) > maxEvicted || r.Evicts < 0 {
		return errors.New("it has no changes, or too many")
	}
	for _, k := range r.Changes {
		apiVersion, resource := served(k.Object.Kind)
		switch {
		case apiVersion == "" || k.Object.APIVersion != apiVersion || k.Object.Resource != resource:
			return errors.New("it is about a kind that fix does not change")
		case k.Object.Namespace != r.Namespace:
			return errors.New("it is about another namespace")
		case len(validation.IsDNS1123Subdomain(k.Object.Name)) > 0, strings.HasPrefix(k.Object.Name, recordPrefix):
			return errors.New("it is about an object that cannot be")
		case k.Made == (len(k.Edits) > 0), len(k.Edits) > maxEdits, !k.Made && k.Object.UID == "":
			return errors.New("it neither edits nor makes an object")
		}
		for _, e := range k.Edits {
			if !changeable(k.Object.Kind, e.Path) {
				return errors.New("it is about a field that fix does not change")
			}
			if k.Object.Kind == "Secret" && !e.Hidden || e.Hidden && (e.Old != nil || e.New != nil) {
				return errors.New("it holds what must not stand there")
			}
		}
	}
	return nil
}

// served are the API version and the resource of a kind that fix changes or
// makes; "" of others.
func served(kind string) (apiVersion, resource string) {
	switch kind {
	case "Secret":
		return "v1", "secrets"
	case "ServiceAccount":
		return "v1", "serviceaccounts"
	}
	known := kinds[kind]
	return known.apiVersion, known.resource
}

// changeable tells the fields that a remedy changes of a kind.
func changeable(kind, path string) bool {
	under := func(roots ...string) bool {
		return slices.ContainsFunc(roots, func(root string) bool { return path == root || strings.HasPrefix(path, root+"/") })
	}
	switch {
	case under("/metadata/annotations", "/metadata/labels"):
		return true
	case kind == "Secret":
		return under("/data", "/type")
	case kind == "ServiceAccount":
		return under("/imagePullSecrets", "/secrets")
	}
	return strings.HasPrefix(path, "/spec/")
}
