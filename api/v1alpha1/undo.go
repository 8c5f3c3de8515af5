// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import "time"

// An Undo tells how the changes of a fix are, would be or were taken back.
type Undo struct {
	Document
	// Time of the look.
	Time time.Time `json:"time"`
	// DryRun is client (nothing was tried), server (the API server tried every
	// change and kept none) or empty.
	DryRun string    `json:"dryRun,omitempty"`
	Record FixRecord `json:"record"`
	// Changes of the fix, the last first.
	Changes []UndoChange `json:"changes"`
	// Irrevocable is what undo does not bring back.
	Irrevocable []string `json:"irrevocable"`
	// NotLookedAt is what could not be read of the pods that it reaches.
	NotLookedAt []Gap       `json:"notLookedAt"`
	Outcome     UndoOutcome `json:"outcome"`
	// Why it is so, one sentence; empty where it is undone.
	Why string `json:"why,omitempty"`
	// Log of what was done, in order.
	Log []string `json:"log"`
}

// An UndoList is what can be undone.
type UndoList struct {
	Document
	Time    time.Time   `json:"time"`
	Records []FixRecord `json:"records"`
	// Unreadable are objects that look like records and are none that fix wrote,
	// each a sentence.
	Unreadable []string `json:"unreadable"`
	// More tells that there are more records than are listed.
	More bool `json:"more,omitempty"`
}

// A FixRecord is what fix wrote down before its first change.
type FixRecord struct {
	ID        string    `json:"id"`
	Namespace string    `json:"namespace"`
	Time      time.Time `json:"time"`
	// Target of the fix, as deployment/api.
	Target string `json:"target"`
	Cause  string `json:"cause"`
	// Remedy by its id, and what it says of itself.
	Remedy string      `json:"remedy"`
	Title  string      `json:"title,omitempty"`
	State  RecordState `json:"state"`
}

// A RecordState is how far the fix came.
type RecordState string

// The states.
const (
	RecordPreparing    RecordState = "preparing"     // nothing is changed yet; or it ended there
	RecordWritten      RecordState = "written"       // it runs, or ended on the way
	RecordMended       RecordState = "mended"        // the kubelet pulled the image
	RecordStillPulling RecordState = "still-pulling" // time ran out before the pull ended
	RecordChanged      RecordState = "changed"       // no pod ran that would have shown it
	RecordGone         RecordState = "gone"          // what was changed was removed while it was watched
	RecordBroken       RecordState = "broken"        // a write failed on the way
	RecordUndone       RecordState = "undone"        // taken back; the record could not be removed
)

// An UndoOutcome says how far undo came.
type UndoOutcome string

// The outcomes.
const (
	UndoPlanned UndoOutcome = "planned" // nothing was changed: a dry run, or nobody agreed
	UndoUndone  UndoOutcome = "undone"  // all is as it was before, as far as undo brings it back
	UndoRefused UndoOutcome = "refused" // nothing was changed, and why says why not
	UndoBroken  UndoOutcome = "broken"  // a write failed on the way; undo goes on from there if it is run again
)

// An UndoChange is what becomes of one change of the fix.
type UndoChange struct {
	// Object as a person types it, deployment/api, and its namespace.
	Object    string `json:"object"`
	Namespace string `json:"namespace"`
	// Removes tells that fix made the object, and undo removes it.
	Removes  bool         `json:"removes"`
	Standing UndoStanding `json:"standing"`
	// Fields that are set back: old is what is there, new what was before fix.
	Fields []FieldChange `json:"fields"`
	// Restarts is how many pods that run now are replaced by it, or have containers
	// started anew, and Reach the same as a sentence; none and empty where it does
	// neither.
	Restarts int    `json:"restarts"`
	Reach    string `json:"reach,omitempty"`
	// Users is how many pods that have not ended name the secret that is removed, and
	// UsedBy what came to name it by itself since the fix made it; then it stays, and
	// nothing is undone.
	Users  int      `json:"users,omitempty"`
	UsedBy []string `json:"usedBy,omitempty"`
	// Conflicts are the fields that somebody changed since. Altered, which is older
	// than they and stays for its readers, has their paths alone.
	Altered   []string        `json:"altered"`
	Conflicts []FieldConflict `json:"conflicts"`
}

// A FieldConflict is a field that somebody changed since the fix: its value as
// JSON, unless it is a string, before the fix, as the fix set it, and now; empty
// for none. Secret values are not shown: "(secret)" stands for one, also within a
// list.
type FieldConflict struct {
	// Path is a JSON pointer.
	Path   string `json:"path"`
	Before string `json:"before,omitempty"`
	Set    string `json:"set,omitempty"`
	Now    string `json:"now,omitempty"`
	Secret bool   `json:"secret,omitempty"`
}

// An UndoStanding is how a change of the fix stands today.
type UndoStanding string

// The standings.
const (
	UndoStands   UndoStanding = "stands"    // as fix left it: it is taken back
	UndoAsBefore UndoStanding = "as-before" // already as it was before fix
	UndoGone     UndoStanding = "gone"      // the object is no longer there, or was made anew
	UndoNotOurs  UndoStanding = "not-ours"  // what fix made no longer carries its label; it stays
	UndoAltered  UndoStanding = "altered"   // somebody changed it since: nothing is undone
	UndoInUse    UndoStanding = "in-use"    // a secret that fix made, and that others name by now: nothing is undone
	UndoLost     UndoStanding = "lost"      // the secret with the former values is gone: nothing is undone
)
