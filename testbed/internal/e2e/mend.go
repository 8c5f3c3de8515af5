// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/testbed/internal/faults"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
)

const (
	// atATime is how many faults are mended side by side.
	atATime = 6
	// longestUndone is how long the garbage collector may take with what belonged to
	// an object that undo removed.
	longestUndone = 2 * time.Minute
)

// What has to come of mending.
const (
	mendedAtLeast = 95 // percent
	medianBelow   = 15 * time.Second
)

// mends are the results of the part that mends.
type mends struct {
	mu      sync.Mutex
	rows    []mendRow
	shown   bool // the table has begun
	refused int  // faults of which fix said that it changes nothing, and did not
}

type mendRow struct {
	name, runtime, kind string
	mended, undone      bool
	took                time.Duration // from the command to the pull
	why                 string        // it is not as it should be
}

const mendColumns = "%-34s %-15s %-13s %-7s %8s  %-7s %s\n"

// mendAll makes faults, lets the plugin mend each, looks whether the kubelet
// pulls, and has the plugin take its change back.
func (r *runner) mendAll(ctx context.Context) error {
	if len(r.Mendings) == 0 && len(r.mends.rows) == 0 {
		return nil
	}
	r.mends.show(r.Out)
	tools, err := faults.MakeTools(ctx, r.bed, r.plugin.dir)
	if err != nil {
		return err
	}
	defer func() {
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestScene)
		defer cancel()
		if err := faults.RemoveTools(clean, r.bed); err != nil {
			r.complain("%v", err)
		}
	}()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atATime)
	for _, m := range r.Mendings {
		for _, node := range layout.Nodes {
			if !m.Fault.On(node.Name) {
				continue
			}
			group.Go(func() error { return r.mendOne(ctx, m, place{m.Fault, node}, tools) })
		}
	}
	return group.Wait()
}

// mendOne is one fault from its making to its removal.
func (r *runner) mendOne(ctx context.Context, m faults.Mending, p place, tools faults.Tools) (err error) {
	defer func() {
		clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestScene)
		defer cancel()
		err = errors.Join(err, faults.Repair(clean, r.bed, p.fault, p.node))
	}()
	makes, cancel := context.WithTimeout(ctx, longestScene)
	defer cancel()
	if err := faults.Inject(makes, r.bed, p.fault, p.node); err != nil {
		return err
	}
	if err := r.await(ctx, p); err != nil {
		return err
	}
	row := rowOf(p)
	var options []string
	if m.Options != nil {
		tools.Namespace = p.fault.Namespace(p.node.Name)
		options = m.Options(faults.Tools{Login: tools.Login, Config: tools.Config, Helper: tools.Helper, Namespace: tools.Namespace})
	}
	if _, err := r.mendAndUndo(ctx, p, options, &row); err != nil {
		return err
	}
	r.mends.add(r, row)
	return nil
}

// add adds a row, and prints it once the table has begun.
func (m *mends) add(r *runner, row mendRow) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows = append(m.rows, row)
	if m.shown {
		row.print(r.Out)
	}
}

// show begins the table, with the rows that are there already.
func (m *mends) show(out io.Writer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shown = true
	fmt.Fprintf(out, mendColumns, "FIX", "RUNTIME", "OWNER", "MENDED", "SECONDS", "UNDONE", "")
	for _, row := range m.rows {
		row.print(out)
	}
}

func (row mendRow) print(out io.Writer) {
	mark := func(ok bool) string {
		if ok {
			return "yes"
		}
		return "NO"
	}
	seconds := "-"
	if row.took > 0 {
		seconds = fmt.Sprintf("%.1f", row.took.Seconds())
	}
	fmt.Fprintf(out, mendColumns, row.name, row.runtime, row.kind, mark(row.mended), seconds, mark(row.undone), row.why)
}

// namespacesOf are those that a fault's objects are in.
func (r *runner) namespacesOf(p place) []string {
	return []string{p.fault.Namespace(p.node.Name), p.fault.Elsewhere(p.node.Name)}
}

// mendAndUndo runs fix and undo, and judges both by the cluster. An error is of
// the testbed; what the plugin does wrong is in the row. nothing: it said that it
// changes nothing, and nothing has changed.
func (r *runner) mendAndUndo(ctx context.Context, p place, options []string, row *mendRow) (nothing bool, err error) {
	before, err := ReadObjects(ctx, r.Testbed, r.namespacesOf(p)...)
	if err != nil {
		return false, err
	}
	namespace := p.fault.Namespace(p.node.Name)
	w, err := newWitness(ctx, r.bed, namespace)
	if err != nil {
		return false, err
	}
	watching, stop := context.WithTimeout(ctx, longestRun)
	defer stop()
	seen := make(chan sighting, 1)
	began := time.Now()
	go func() { seen <- w.watch(watching) }()
	args := append([]string{"fix", p.fault.Target(), "-n", namespace, "--yes", "--timeout", "3m", "-o", "json"}, options...)
	done, err := r.besides(ctx, "fixing "+p.fault.Name+" on "+p.node.Name, args...)
	if err != nil {
		return false, err
	}
	if done.code != 0 { // what was not pulled by then will not be
		stop()
	} else {
		time.AfterFunc(time.Minute, stop) // the container of what is pulled is still to be made
	}
	saw := <-seen
	if saw.err != nil {
		return false, saw.err
	}
	said, err := fixOf(done)
	if err == nil && done.code == 1 && changesNothing(said) {
		now, err := ReadObjects(ctx, r.Testbed, r.namespacesOf(p)...)
		if err != nil || len(before.Differences(now, true)) == 0 {
			row.why, row.undone = "it "+outcomes(said), true
			return true, err
		}
	}
	switch {
	case err != nil:
		row.why = err.Error()
	case done.code != 0 || !mendedAll(said):
		row.why = fmt.Sprintf("it ended with %d: %s", done.code, outcomes(said))
	case saw.pulled.IsZero():
		row.why = "the kubelet did not pull"
	default:
		row.mended, row.took = true, saw.pulled.Sub(began)
		if saw.waited != "" {
			row.mended, row.why = false, "a back-off was waited out: "+saw.waited
		}
	}
	return false, r.takeBack(ctx, p, said, before, row)
}

// takeBack has the plugin undo what it did, and compares.
func (r *runner) takeBack(ctx context.Context, p place, said v1alpha1.Fix, before Objects, row *mendRow) error {
	for _, target := range said.Targets {
		if target.Undo == "" {
			continue
		}
		done, err := r.besides(ctx, "undoing "+p.fault.Name+" on "+p.node.Name, "undo", target.Undo, "-n", p.fault.Namespace(p.node.Name), "--yes", "-o", "json")
		if err != nil {
			return err
		}
		if done.code != 0 {
			row.why = strings.TrimSpace(row.why + fmt.Sprintf(" undo ended with %d: %.300s", done.code, cmp.Or(string(done.err), string(done.out))))
		}
	}
	var differences []string
	for deadline := time.Now().Add(longestUndone); ; time.Sleep(200 * time.Millisecond) {
		after, err := ReadObjects(ctx, r.Testbed, r.namespacesOf(p)...)
		if err != nil {
			return err
		}
		// What belongs to an object that goes takes the garbage collector a while.
		if differences = before.Differences(after, false); len(differences) == 0 || time.Now().After(deadline) {
			break
		}
	}
	row.undone = len(differences) == 0
	if !row.undone {
		row.why = strings.TrimSpace(row.why + " after undo: " + strings.Join(differences, "; "))
	}
	return nil
}

// withoutOptions runs fix for faults that no option is known for, side by side:
// of a node, a registry or the way to it. Mostly nothing can be applied, and then
// nothing may change, and it has to say so. Where the cluster shows the same
// content elsewhere, the fix counts like any other.
func (r *runner) withoutOptions(ctx context.Context, wave []place) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atATime)
	for _, p := range wave {
		if p.fault.Control() || slices.ContainsFunc(faults.Mendings(), func(m faults.Mending) bool { return m.Of == p.fault.Name }) {
			continue
		}
		group.Go(func() error {
			row := rowOf(p)
			nothing, err := r.mendAndUndo(ctx, p, nil, &row)
			if err != nil {
				return err
			}
			if nothing {
				r.mends.mu.Lock()
				defer r.mends.mu.Unlock()
				r.mends.refused++
				return nil
			}
			r.mends.add(r, row)
			return nil
		})
	}
	return group.Wait()
}

func rowOf(p place) mendRow {
	return mendRow{name: strings.TrimPrefix(p.fault.Name, "fix-"), runtime: p.node.Runtime, kind: cmp.Or(p.fault.Kind, "pod")}
}

// besides runs the plugin while others run: with a trace of its own.
func (r *runner) besides(ctx context.Context, what string, args ...string) (run, error) {
	_, before, err := r.bed.Registries.Log(ctx, 1<<62)
	if err != nil {
		return run{}, err
	}
	dir, err := os.MkdirTemp(r.plugin.dir, "run-")
	if err != nil {
		return run{}, fmt.Errorf("making a directory for a trace: %w", err)
	}
	defer os.RemoveAll(dir)
	own := r.plugin
	own.dir, own.tools = dir, r.plugin.dir
	done, err := own.run(ctx, args...)
	if err != nil {
		return done, err
	}
	requests, _, err := r.bed.Registries.Log(ctx, before)
	if err != nil {
		return done, err
	}
	r.mends.mu.Lock()
	defer r.mends.mu.Unlock()
	if leaked(r.spellings, done.out, done.err, done.trace) {
		r.complain("%s: a secret shows in the output or trace", what)
	}
	for mark, times := range rejections(requests) {
		if times > 1 {
			r.complain("%s: the plugin sent a rejected credential (mark %s) %d times", what, mark, times)
		}
	}
	return done, nil
}

func fixOf(done run) (v1alpha1.Fix, error) {
	var f v1alpha1.Fix
	if err := json.Unmarshal(done.out, &f); err != nil {
		return f, fmt.Errorf("it ended with %d and said %.300q", done.code, strings.TrimSpace(string(done.err)))
	}
	return f, nil
}

// changesNothing tells whether it says so of every target.
func changesNothing(f v1alpha1.Fix) bool {
	return len(f.Targets) > 0 && !slices.ContainsFunc(f.Targets, func(t v1alpha1.TargetFix) bool {
		return t.Outcome != v1alpha1.FixNothing && t.Outcome != v1alpha1.FixRefused
	})
}

func mendedAll(f v1alpha1.Fix) bool {
	return len(f.Targets) > 0 && !slices.ContainsFunc(f.Targets, func(t v1alpha1.TargetFix) bool { return t.Outcome != v1alpha1.FixMended })
}

// outcomes in one line.
func outcomes(f v1alpha1.Fix) string {
	var said []string
	for _, t := range f.Targets {
		said = append(said, strings.TrimSpace(fmt.Sprintf("%s %s: %s %s", strings.ToLower(t.Target.Kind), t.Target.Name, t.Outcome, t.Why)))
	}
	return cmp.Or(strings.Join(said, "; "), "no target")
}

// line is the last line, and whether all is as it should be.
func (m *mends) line() (string, bool) {
	mended, undone := 0, 0
	var took []time.Duration
	for _, row := range m.rows {
		if row.mended {
			mended++
			took = append(took, row.took)
		}
		if row.undone {
			undone++
		}
	}
	slices.Sort(took)
	median := time.Duration(0)
	if len(took) > 0 {
		median = took[len(took)/2]
	}
	line := fmt.Sprintf("fix: %d of %d mended, median %.1f s, %d of %d undone", mended, len(m.rows), median.Seconds(), undone, len(m.rows))
	return line, 100*mended >= mendedAtLeast*len(m.rows) && median < medianBelow && undone == len(m.rows)
}

// path joins a directory to the PATH of a command's environment.
func path(env []string, dir string) []string {
	if dir == "" {
		return env
	}
	for i, setting := range slices.Backward(env) {
		if rest, ok := strings.CutPrefix(setting, "PATH="); ok {
			env[i] = "PATH=" + dir + string(filepath.ListSeparator) + rest
			break
		}
	}
	return env
}
