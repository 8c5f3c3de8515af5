// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/edit"
	"github.com/pullmedic/pullmedic/internal/managedfields"
	"github.com/pullmedic/pullmedic/internal/remedy"
)

// maxListed bounds the records that are listed.
const maxListed = 500

// A Standing says how a change of a record stands today.
type Standing string

// The standings.
const (
	Stands   Standing = "stands"    // it is as fix left it, and can be taken back
	AsBefore Standing = "as-before" // it is already as it was before fix, or was never changed
	Gone     Standing = "gone"      // the object is no longer there, or was made anew
	NotOurs  Standing = "not-ours"  // what fix made no longer carries its label; it stays
	Altered  Standing = "altered"   // somebody changed it since; it stays
	InUse    Standing = "in-use"    // a secret that fix made, and that others name by now; it stays
	Lost     Standing = "lost"      // the secret that keeps the former values is gone
)

// A Back is what undo does about one change of a record.
type Back struct {
	Object   remedy.Object
	Standing Standing
	// Removes: fix made the object, and undo removes it.
	Removes bool
	// Edits to make if it stands: Old is what is there, New what was before.
	Edits []remedy.Edit
	// Conflicts are the fields that somebody changed since.
	Conflicts []Conflict
	// Reach among the pods that run.
	Reach Reach
	// Users of a secret that is removed.
	Users Users
	// live is the object as it was read.
	live *unstructured.Unstructured
}

// A Conflict is a field that somebody changed since fix: its value before fix, as
// fix set it, and now. nil is "not there".
type Conflict struct {
	Path             string
	Before, Set, Now any
}

// Format never shows a value: some are secret.
func (c Conflict) Format(f fmt.State, _ rune) { fmt.Fprint(f, c.Path) }

// An Undo is a record with what undo does about it: the last change first.
type Undo struct {
	Record Record
	Backs  []Back
	// NotLookedAt is what could not be read of the pods that it reaches.
	NotLookedAt []evidence.Gap
}

// Blocked tells whether something stands in the way; then nothing is undone.
func (u Undo) Blocked() error {
	if err := u.stuck(); err != nil {
		return err
	}
	return u.unseen()
}

// unseen refuses a record that nobody named, if it would set what is not shown and
// decides what runs: whoever may create ConfigMaps and Secrets can write one, and
// only its ID says that it is the one that fix wrote.
func (u Undo) unseen() error {
	if u.Record.named {
		return nil
	}
	for _, b := range u.Backs {
		if b.Object.Kind == "Secret" || b.Standing != Stands {
			continue
		}
		for _, e := range b.Edits {
			leaves := e.Leaves(b.Object.Kind)
			if at := slices.IndexFunc(leaves, func(l remedy.Leaf) bool { return l.Secret && l.New != nil }); at >= 0 {
				return fmt.Errorf("the newest record of namespace %s sets %s of %s to what is not shown, and anybody who may create ConfigMaps and Secrets there can have written it, so nothing was undone; if %s is the ID that fix told, undo %s takes it back",
					u.Record.Namespace, leaves[at].Path, b.Object, u.Record.ID, u.Record.ID)
			}
		}
	}
	return nil
}

// stuck tells whether the objects stand in the way.
func (u Undo) stuck() error {
	for _, b := range u.Backs {
		switch b.Standing {
		case Altered:
			var paths []string
			for _, c := range b.Conflicts {
				paths = append(paths, c.Path)
			}
			return fmt.Errorf("somebody changed %s of %s since, so nothing was undone; put it back as fix left it and run this again, or undo the rest by hand", strings.Join(paths, ", "), b.Object)
		case InUse:
			const shown = 3
			who := strings.Join(b.Users.Others[:min(len(b.Users.Others), shown)], ", ")
			if n := len(b.Users.Others) - shown; n > 0 {
				who += fmt.Sprintf(" and %d more", n)
			}
			return fmt.Errorf("%s, which fix made, is named by %s by now, so nothing was undone; have them name another one, or take the label %s off it, by which it stays, and run this again", b.Object, who, labelRecord)
		case Lost:
			return fmt.Errorf("secret %s%s, which kept what %s held before, is gone, so nothing was undone; undo it by hand", recordPrefix, u.Record.ID, b.Object)
		}
	}
	return nil
}

// Due tells whether anything is left to take back.
func (u Undo) Due() bool {
	return slices.ContainsFunc(u.Backs, func(b Back) bool { return b.Standing == Stands })
}

// errNoRecord is returned where no record can be undone.
var errNoRecord = errors.New("no record of a fix")

// Records lists the records of a namespace ("" for all), newest first. Those that
// do not read as what fix wrote are told as errors. more tells that there are too
// many.
func (m *Mender) Records(ctx context.Context, namespace string) (records []Record, unreadable []error, more bool, err error) {
	o := recordObject("ConfigMap", namespace, "")
	o.Name = ""
	list, more, err := m.edit.List(ctx, o, labelManaged+"="+edit.Manager+","+labelRecord, maxListed)
	if err != nil {
		return nil, nil, false, err
	}
	for i := range list {
		r, err := parse(&list[i])
		if err != nil {
			unreadable = append(unreadable, err)
			continue
		}
		records = append(records, r)
	}
	slices.SortStableFunc(records, func(a, b Record) int {
		return strings.Compare(b.ID+b.Namespace, a.ID+a.Namespace)
	})
	return records, unreadable, more, nil
}

// maxAhead is how far the clock of whoever wrote a record may be ahead.
const maxAhead = 10 * time.Minute

// Record reads one record; without an id the newest of the namespace that was
// not undone. One whose time has not come is none that fix wrote a while ago.
func (m *Mender) Record(ctx context.Context, namespace, id string) (Record, error) {
	if id == "" {
		records, _, more, err := m.Records(ctx, namespace)
		if err != nil {
			return Record{}, err
		}
		if more {
			return Record{}, fmt.Errorf("namespace %s has more than %d records, so the newest is not known; name one", namespace, maxListed)
		}
		soon := m.now().Add(maxAhead)
		at := slices.IndexFunc(records, func(r Record) bool { return r.State != State(Undone) && r.Time.Before(soon) })
		if at < 0 {
			return Record{}, fmt.Errorf("%w in namespace %s; another one is named with -n, and undo --list -A lists all", errNoRecord, namespace)
		}
		return records[at], nil
	}
	live, err := m.edit.Get(ctx, recordObject("ConfigMap", namespace, id))
	if edit.ReasonOf(err) == edit.NotFound {
		return Record{}, fmt.Errorf("%w %s in namespace %s: it may be undone already; undo --list -A lists all", errNoRecord, id, namespace)
	}
	if err != nil {
		return Record{}, err
	}
	r, err := parse(live)
	r.named = err == nil
	return r, err
}

// PlanUndo looks at what a record is about and says what undo would do.
func (m *Mender) PlanUndo(ctx context.Context, r Record) (Undo, error) {
	if err := m.reveal(ctx, &r); err != nil {
		return Undo{Record: r}, err
	}
	u := Undo{Record: r}
	for i, k := range slices.Backward(r.Changes) {
		if r.State == Preparing { // whatever is there, the fix did not write it
			u.Backs = append(u.Backs, Back{Object: k.Object, Removes: k.Made, Standing: AsBefore})
			continue
		}
		b, err := m.weigh(ctx, r.ID, k, func(edit int) (hiddenValue, bool) {
			v, ok := r.hidden[hiddenKey(i, edit)]
			return v, ok
		})
		if err != nil {
			return u, err
		}
		u.Backs = append(u.Backs, b)
	}
	m.users(ctx, &u)
	m.reach(ctx, &u)
	return u, nil
}

// reveal reads the record's Secret, if it has one.
func (m *Mender) reveal(ctx context.Context, r *Record) error {
	if !slices.ContainsFunc(r.Changes, func(k kept) bool {
		return slices.ContainsFunc(k.Edits, func(e keptEdit) bool { return e.Hidden })
	}) {
		return nil
	}
	live, err := m.edit.Get(ctx, recordObject("Secret", r.Namespace, r.ID))
	if edit.ReasonOf(err) == edit.NotFound {
		return nil // the program ended before it was written, or somebody removed it: weigh tells
	}
	if err != nil {
		return err
	}
	kind, _, _ := unstructured.NestedString(live.Object, "type")
	data, _, err := unstructured.NestedStringMap(live.Object, "data")
	if err != nil || kind != recordType || live.GetLabels()[labelRecord] != r.ID || len(data) > maxChanges*maxEdits {
		return fmt.Errorf("secret %s is none that fix wrote", live.GetName())
	}
	r.secret, r.hidden = string(live.GetUID()), map[string]hiddenValue{}
	for key, encoded := range data {
		text, err := base64.StdEncoding.DecodeString(encoded)
		var v hiddenValue
		if err != nil || json.Unmarshal(text, &v) != nil {
			return fmt.Errorf("secret %s is none that fix wrote", live.GetName()) // never its text
		}
		r.hidden[key] = v
	}
	return nil
}

// weigh compares one change with what is there. id is the record's; hidden gives
// the values of edits that are secret.
func (m *Mender) weigh(ctx context.Context, id string, k kept, hidden func(edit int) (hiddenValue, bool)) (Back, error) {
	b := Back{Object: k.Object, Removes: k.Made}
	live, err := m.edit.Get(ctx, k.Object)
	switch {
	case edit.ReasonOf(err) == edit.NotFound, err == nil && !k.Made && string(live.GetUID()) != k.Object.UID:
		b.Standing = Gone
		return b, nil
	case err != nil:
		return b, err
	}
	b.live = live
	b.Object.UID, b.Object.Generation, b.Object.ResourceVersion = string(live.GetUID()), 0, ""
	switch {
	case !k.Made:
		b.weighEdits(k, hidden)
	case live.GetLabels()[labelRecord] != id:
		b.Standing = NotOurs
	case writtenByOthers(live):
		b.Standing, b.Conflicts = Altered, []Conflict{{Path: "/data"}}
	default:
		b.Standing = Stands
	}
	return b, nil
}

// weighEdits compares the fields that fix set with what they are now.
func (b *Back) weighEdits(k kept, hidden func(edit int) (hiddenValue, bool)) {
	var tests []remedy.Edit // of fields that fix tested, and left as they were
	for i, e := range slices.Backward(k.Edits) {
		if e.Hidden {
			v, ok := hidden(i)
			switch {
			case !ok && untouched(k.Object, b.live, e.Path):
				continue // the program ended before it changed anything
			case !ok:
				b.Standing = Lost
				return
			}
			e.Old, e.New = v.Old, v.New
		}
		if key, untested := k.untested(e.Path, b.live); untested {
			b.Conflicts = append(b.Conflicts, Conflict{Path: key, Now: remedy.ValueAt(b.live.Object, key)})
			continue
		}
		now := remedy.ValueAt(b.live.Object, e.Path)
		isOld, isNew, tested := remedy.SameValue(now, e.Old), remedy.SameValue(now, e.New), remedy.SameValue(e.Old, e.New)
		switch {
		case tested && isNew:
			tests = append(tests, remedy.Edit{Path: e.Path, Old: now, New: now, Hidden: e.Hidden})
		case isNew:
			b.Edits = append(b.Edits, remedy.Edit{Path: e.Path, Old: e.New, New: e.Old, Hidden: e.Hidden, Label: labelOf(b.live, e.Path)})
		case tested || !isOld:
			b.Conflicts = append(b.Conflicts, Conflict{e.Path, e.Old, e.New, now})
		}
	}
	switch {
	case len(b.Conflicts) > 0:
		b.Standing = Altered
	case len(b.Edits) > 0:
		b.Standing = Stands
		b.Edits = append(tests, b.Edits...)
	default:
		b.Standing = AsBefore
	}
}

// untouched tells that a field is as it was when the record was written: nothing of
// the object was written since, or nothing of its spec, which has the field.
func untouched(recorded remedy.Object, live *unstructured.Unstructured, path string) bool {
	return live.GetResourceVersion() == recorded.ResourceVersion ||
		strings.HasPrefix(path, "/spec/") && recorded.Generation > 0 && live.GetGeneration() == recorded.Generation
}

// untested tells of a field that lies in an element of a list that nothing of the
// change says whose place it is, by the name of the element's key: a record that a
// former version wrote. Only if nobody changed the object's specification since is
// it known that the place is still the same element's.
func (k kept) untested(path string, live *unstructured.Unstructured) (key string, untested bool) {
	if g := live.GetGeneration(); k.Object.Generation > 0 && (g == k.Object.Generation || g == k.Object.Generation+1) {
		return "", false
	}
	for _, keys := range remedy.KeysOn(path) {
		if !slices.ContainsFunc(k.Edits, func(e keptEdit) bool { return slices.Contains(keys, e.Path) }) {
			return keys[0], true
		}
	}
	return "", false
}

// change is the write that takes it back.
func (b Back) change() remedy.Change { return remedy.Change{Object: b.Object, Edits: b.Edits} }

// CheckUndo asks for every right that undo needs and has the API server try what
// it can, before anything is touched.
func (m *Mender) CheckUndo(ctx context.Context, u Undo) error {
	if err := u.Blocked(); err != nil {
		return err
	}
	// The record goes when all is undone.
	rights := []edit.Right{{Verb: "delete", Resource: "configmaps", Namespace: u.Record.Namespace, Name: recordPrefix + u.Record.ID}}
	for _, b := range u.Backs {
		switch {
		case b.Standing != Stands:
		case b.Removes:
			rights = append(rights, edit.Right{Verb: "delete", Group: b.Object.Group(), Resource: b.Object.Resource, Namespace: b.Object.Namespace, Name: b.Object.Name})
		default:
			rights = append(rights, edit.RightOf(b.change()))
		}
	}
	lacking, err := m.edit.Lacking(ctx, rights)
	if err != nil {
		return err
	}
	if len(lacking) > 0 {
		return LackingError(lacking)
	}
	for _, b := range u.Backs {
		if b.Standing != Stands || b.Removes {
			continue
		}
		if _, err := m.edit.Apply(ctx, b.change(), true); err != nil {
			return err
		}
	}
	return nil
}

// CarryUndo takes back what stands, the last change first, and then removes the
// record. An error is the write that failed: what was taken back before stays so,
// and the next undo goes on from there.
func (m *Mender) CarryUndo(ctx context.Context, u Undo, tell Tell) error {
	if err := u.Blocked(); err != nil {
		return err
	}
	for _, b := range u.Backs {
		if err := m.takeBack(ctx, b, tell); err != nil {
			return err
		}
	}
	if !m.forget(ctx, u.Record, tell) {
		m.mark(ctx, u.Record, State(Undone), tell)
		return nil
	}
	tell("removed the record")
	return nil
}

// takeBack takes one change back, if it stands.
func (m *Mender) takeBack(ctx context.Context, b Back, tell Tell) error {
	switch {
	case b.Standing != Stands:
		return nil
	case b.Removes:
		if err := m.edit.Delete(ctx, b.Object); err != nil && edit.ReasonOf(err) != edit.NotFound {
			return err
		}
		tell("removed " + b.Object.String())
		return nil
	}
	if err := m.apply(ctx, b.change(), tell); err != nil {
		return err
	}
	tell("took back " + b.Object.String())
	return nil
}

// writtenByOthers tells that what an object keeps, which fix made, was written by
// somebody else since: a new login, say, that must not go with it.
func writtenByOthers(live *unstructured.Unstructured) bool {
	by := managedfields.Last(metav1.ObjectMeta{ManagedFields: live.GetManagedFields()}, "f:data").By
	return by != "" && by != edit.Manager
}
