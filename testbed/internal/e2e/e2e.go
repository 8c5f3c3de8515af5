// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package e2e makes every fault on every node, lets the built plugin say what
// is wrong from where the client stands, and compares that with the truth. It
// also looks for what must never be seen: a secret in any output, a credential
// tried again after it was rejected, a connection to a forbidden address.
package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/faults"
	"github.com/pullmedic/pullmedic/testbed/internal/forbidden"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// Options of a run.
type Options struct {
	Testbed *cluster.Testbed
	Plugin  string // path of the built plugin
	Faults  []faults.Fault
	// Mendings are carried out after the faults were diagnosed.
	Mendings []faults.Mending
	Out      io.Writer
	// Keep leaves the last wave's faults as they are.
	Keep bool
}

// ErrNotAsExpected is what Run returns if anything was not as it should be; it
// has been printed then.
var ErrNotAsExpected = errors.New("not all is as expected")

// longestScene bounds the making of a fault, the wait until it shows, and its
// removal: far beyond what they take, as a machine that is busy is no failure.
const longestScene = 5 * time.Minute

// A place is one fault on one node.
type place struct {
	fault faults.Fault
	node  layout.Node
}

// Run runs the faults and prints a table, what was seen beside it, and last the
// lines e2e: N of M as expected, W wrong confirmed and fix: N of M mended, median
// S s, U of N undone.
func Run(ctx context.Context, options Options) error {
	bed, err := faults.Open(options.Testbed)
	if err != nil {
		return err
	}
	if _, err := os.Stat(options.Plugin); err != nil {
		return fmt.Errorf("looking for the plugin: %w; build it with make build, or give its path with --plugin", err)
	}
	dir, err := os.MkdirTemp("", "pullmedic-e2e-")
	if err != nil {
		return fmt.Errorf("making a directory for traces: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := bed.Registries.RemoveRules(ctx); err != nil {
		return err
	}
	attempts, err := forbidden.Read(forbiddenList(options.Testbed))
	if err != nil {
		return err
	}

	r := &runner{
		Options: options, bed: bed,
		plugin:    plugin{bed: options.Testbed, path: options.Plugin, dir: dir},
		spellings: leaks(),
		table:     newTable(options.Out),
	}
	began := time.Now()
	var waves [][]place
	for _, wave := range wavesOf(options.Faults) {
		if len(wave) > 0 {
			waves = append(waves, wave)
		}
	}
	for i, wave := range waves {
		if err := r.wave(ctx, wave, i == 0, options.Keep && i == len(waves)-1); err != nil {
			return err
		}
	}
	if err := r.mendAll(ctx); err != nil {
		return err
	}
	after, err := forbidden.Read(forbiddenList(options.Testbed))
	if err != nil {
		return err
	}
	for _, attempt := range after[min(len(attempts), len(after)):] {
		r.complain("%s connected to %s port %d", attempt.From, attempt.To, attempt.Port)
	}
	return r.summary(time.Since(began))
}

// wavesOf tells which faults are made at the same time: all of pods and
// registries in the first wave, and those of nodes where nothing else uses their
// registry; one that uses no registry alone disturbs its whole node, and shares
// a wave with what is only on others.
func wavesOf(all []faults.Fault) [][]place {
	waves := [][]place{nil}
	for _, fault := range all {
		for _, node := range layout.Nodes {
			if !fault.On(node.Name) {
				continue
			}
			p := place{fault, node}
			wave := slices.IndexFunc(waves, func(wave []place) bool { return !slices.ContainsFunc(wave, p.disturbs) })
			if wave < 0 {
				wave, waves = len(waves), append(waves, nil)
			}
			waves[wave] = append(waves[wave], p)
		}
	}
	return waves
}

// disturbs tells that two faults cannot stand at the same time.
func (p place) disturbs(other place) bool {
	if p.fault.Reach != faults.OfNode && other.fault.Reach != faults.OfNode {
		return false
	}
	if p.fault.TakesNode() || other.fault.TakesNode() { // one with a registry has a companion on every other node
		return p.node.Name == other.node.Name || p.fault.Uses != "" || other.fault.Uses != ""
	}
	return p.fault.Uses != "" && p.fault.Uses == other.fault.Uses
}

type runner struct {
	Options
	bed       faults.Bed
	plugin    plugin
	spellings [][]byte
	table     *table
	mends     mends

	complaints     []string
	wrongConfirmed int
	asked, logins  int // requests of the client that the registries saw, and rejected logins among them
}

func (r *runner) complain(format string, args ...any) {
	r.complaints = append(r.complaints, fmt.Sprintf(format, args...))
}

// wave makes some faults together, diagnoses one after the other, and repairs.
func (r *runner) wave(ctx context.Context, wave []place, whole, keep bool) (err error) {
	if !keep {
		defer func() {
			// Also after an interrupt: no fault outlives its run.
			clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), longestScene)
			defer cancel()
			err = errors.Join(err, each(clean, wave, func(ctx context.Context, p place) error {
				return faults.Repair(ctx, r.bed, p.fault, p.node)
			}))
		}()
	}
	if err := each(ctx, wave, func(ctx context.Context, p place) error {
		ctx, cancel := context.WithTimeout(ctx, longestScene)
		defer cancel()
		return faults.Inject(ctx, r.bed, p.fault, p.node)
	}); err != nil {
		return err
	}
	if err := each(ctx, wave, r.await); err != nil {
		return err
	}
	for _, p := range wave {
		if err := r.diagnose(ctx, p); err != nil {
			return err
		}
	}
	if whole {
		if err := r.overview(ctx, wave); err != nil {
			return err
		}
		if err := r.measure(ctx, wave); err != nil {
			return err
		}
	}
	return r.withoutOptions(ctx, wave)
}

// each does one thing for many places, some at a time.
func each(ctx context.Context, wave []place, do func(context.Context, place) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for _, p := range wave {
		group.Go(func() error { return do(ctx, p) })
	}
	return group.Wait()
}

// await waits until the kubelet shows what the place is to show.
func (r *runner) await(ctx context.Context, p place) error {
	ctx, cancel := context.WithTimeout(ctx, longestScene)
	defer cancel()
	namespace := p.fault.Namespace(p.node.Name)
	var shown faults.Shown
	var err error
	switch {
	case p.fault.Event != "":
		if shown, err = faults.AwaitEvent(ctx, r.bed, namespace, p.fault.Event); err != nil {
			return err
		}
		shown.Running = p.fault.Control() // as it is to be
	case p.fault.Control():
		shown, err = faults.AwaitControl(ctx, r.bed, namespace, faults.PodName)
	default:
		shown, err = faults.Await(ctx, r.bed, namespace, faults.PodName)
	}
	if err != nil {
		return err
	}
	if shown.Running != p.fault.Control() {
		return fmt.Errorf("fault %s does not work on %s: running %v, reason %q, %s", p.fault.Name, p.node.Name, shown.Running, shown.Reason, shown.Message)
	}
	companions, err := faults.Companions(ctx, r.bed, p.fault, p.node)
	if err != nil {
		return err
	}
	for _, companion := range companions {
		if shown, err := faults.Await(ctx, r.bed, namespace, companion); err != nil {
			return err
		} else if !shown.Running {
			return fmt.Errorf("fault %s on %s disturbs another node: %s: %s", p.fault.Name, p.node.Name, shown.Reason, shown.Message)
		}
	}
	return nil
}

// checked runs the plugin and looks for what no run may do.
func (r *runner) checked(ctx context.Context, what string, args ...string) (run, error) {
	_, before, err := r.bed.Registries.Log(ctx, 1<<62)
	if err != nil {
		return run{}, err
	}
	done, err := r.plugin.run(ctx, args...)
	if err != nil {
		return done, err
	}
	if leaked(r.spellings, done.out, done.err, done.trace) {
		r.complain("%s: a secret shows in the output or trace", what)
	}
	requests, _, err := r.bed.Registries.Log(ctx, before)
	if err != nil {
		return done, err
	}
	for _, request := range requests {
		if request.From == layout.Client {
			r.asked++
		}
	}
	for mark, times := range rejections(requests) {
		r.logins += times
		if times > 1 {
			r.complain("%s: the plugin sent a rejected credential (mark %s) %d times", what, mark, times)
		}
	}
	return done, nil
}

// rejections counts how often the client sent each credential that was rejected.
func rejections(requests []registries.Request) map[string]int {
	times := map[string]int{}
	for _, request := range requests {
		if request.From == layout.Client && request.Rejected {
			times[request.Mark]++
		}
	}
	return times
}

// diagnose lets the plugin diagnose one pod, and judges what it says.
func (r *runner) diagnose(ctx context.Context, p place) error {
	namespace := p.fault.Namespace(p.node.Name)
	what := p.fault.Name + " on " + p.node.Name
	done, err := r.checked(ctx, what, "diagnose", p.fault.Target(), "-n", namespace, "-o", "json")
	if err != nil {
		return err
	}
	said, err := done.report()
	if err != nil {
		return fmt.Errorf("diagnosing %s: %w", what, err)
	}
	var found answer
	if len(said.Diagnoses) > 0 {
		found = said.Diagnoses[0]
	}
	cause, verdict := found.first()
	for _, one := range said.Diagnoses[min(1, len(said.Diagnoses)):] {
		found.Causes = append(found.Causes, one.Causes...) // of other containers
	}
	ok := cause == p.fault.Expect.Cause && verdict == p.fault.Expect.Verdict
	if p.fault.Control() {
		ok = done.code == 0 && cause == ""
	} else if done.code != 1 {
		ok = false
		r.complain("%s: the plugin ended with code %d, want 1", what, done.code)
	}
	for _, check := range p.fault.Expect.NotLookedAt {
		if !slices.ContainsFunc(found.NotLookedAt, func(gap struct {
			Check string `json:"check"`
		}) bool {
			return gap.Check == check
		}) {
			ok = false
			r.complain("%s: the plugin does not say that %s was not looked at", what, check)
		}
	}
	for _, also := range p.fault.Expect.Also {
		if !slices.ContainsFunc(found.Causes, func(c named) bool { return c.Cause == also }) {
			ok = false
			r.complain("%s: the plugin does not name %s besides", what, also)
		}
	}
	if claimed := wrong(p.fault, found); claimed != "" {
		r.wrongConfirmed++
		r.complain("%s: the plugin calls %s confirmed", what, claimed)
	}
	r.table.add(row{place: p, cause: cause, verdict: verdict, ok: ok, took: done.took})

	// The same for a person, as talkative as it gets.
	_, err = r.checked(ctx, what+", with -v=9", "diagnose", p.fault.Target(), "-n", namespace, "-v=9")
	return err
}

// wrong is the first cause that an answer calls confirmed and that is not so,
// be it the first of the answer or one behind it; "" if there is none.
func wrong(fault faults.Fault, found answer) string {
	for _, c := range found.Causes {
		if c.Verdict == "confirmed" && c.Cause != fault.Cause && c.Cause != fault.Expect.Cause && !slices.Contains(fault.Expect.Also, c.Cause) {
			return c.Cause
		}
	}
	return ""
}

// overview looks at the whole cluster: every fault has to be there, no control,
// and nothing wrong confirmed.
func (r *runner) overview(ctx context.Context, wave []place) error {
	done, err := r.checked(ctx, "the overview", "-A", "-o", "json")
	if err != nil {
		return err
	}
	said, err := done.report()
	if err != nil {
		return fmt.Errorf("looking at the whole cluster: %w", err)
	}
	var told, silent int
	for _, p := range wave {
		at := slices.IndexFunc(said.Diagnoses, func(a answer) bool {
			return a.Pull.Namespace == p.fault.Namespace(p.node.Name)
		})
		switch {
		case p.fault.Control() && at >= 0:
			r.complain("the overview raises the control %s on %s", p.fault.Name, p.node.Name)
		case p.fault.Control():
			silent++
		case at < 0:
			r.complain("the overview misses %s on %s", p.fault.Name, p.node.Name)
		default:
			told++
			if cause := wrong(p.fault, said.Diagnoses[at]); cause != "" {
				r.wrongConfirmed++
				r.complain("the overview calls %s confirmed for %s on %s", cause, p.fault.Name, p.node.Name)
			}
		}
	}
	fmt.Fprintf(r.Out, "overview: %d failing pulls told, %d controls silent, %d ms\n", told, silent, done.took.Milliseconds())
	return r.bundle(ctx, wave)
}

// bundle collects the whole cluster into a file, in which nothing secret may be,
// and asks the file what the cluster was asked.
func (r *runner) bundle(ctx context.Context, wave []place) error {
	file := filepath.Join(r.plugin.dir, "bundle.json")
	if _, err := r.checked(ctx, "collecting a bundle", "collect", "-A", "-o", file); err != nil {
		return err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading the bundle: %w", err)
	}
	if leaked(r.spellings, text) {
		r.complain("a secret shows in the bundle")
	}
	done, err := r.checked(ctx, "the bundle's overview", "-A", "--bundle", file, "-o", "json")
	if err != nil {
		return err
	}
	said, err := done.report()
	if err != nil {
		return fmt.Errorf("asking the bundle: %w", err)
	}
	told := 0
	for _, p := range wave {
		there := slices.ContainsFunc(said.Diagnoses, func(a answer) bool { return a.Pull.Namespace == p.fault.Namespace(p.node.Name) })
		if there == p.fault.Control() {
			r.complain("the bundle has %s on %s: %v", p.fault.Name, p.node.Name, there)
		} else if there {
			told++
		}
	}
	fmt.Fprintf(r.Out, "bundle: %d failing pulls told without the cluster, %d KiB\n", told, len(text)>>10)
	return nil
}

// measured are the faults whose pods are measured: one whose registry is asked
// up to the manifest, and one whose image is all there as the client sees it, so
// that the config and the layers are asked for as well.
var measured = []string{"missing-tag", "refused-on-one-node"}

// measure runs one diagnosis some times, of each of these faults in the wave.
func (r *runner) measure(ctx context.Context, wave []place) error {
	for _, name := range measured {
		at := slices.IndexFunc(wave, func(p place) bool { return p.fault.Name == name && p.node.Name == layout.Nodes[0].Name })
		if at < 0 {
			continue
		}
		if err := r.measureOne(ctx, wave[at]); err != nil {
			return err
		}
	}
	return nil
}

func (r *runner) measureOne(ctx context.Context, p place) error {
	var timed []Timing
	for range 5 {
		done, err := r.checked(ctx, "measuring "+p.fault.Name, "diagnose", p.fault.Target(), "-n", p.fault.Namespace(p.node.Name), "-o", "json")
		if err != nil {
			return err
		}
		timing, err := done.timing()
		if err != nil {
			r.complain("measuring %s: %v", p.fault.Name, err)
			return nil
		}
		timed = append(timed, timing)
	}
	slices.SortFunc(timed, func(a, b Timing) int { return int(a.Total - b.Total) })
	median := timed[len(timed)/2]
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	fmt.Fprintf(r.Out, "one pod (%s on %s, median of %d): %.0f ms in all; ours %.1f ms, waiting for answers %.1f ms; beside that process start %.1f ms\n",
		p.fault.Name, p.node.Name, len(timed), ms(median.Total), ms(median.Ours), ms(median.Waited), ms(median.Start))
	return nil
}

// summary prints what was found, and last the line that everybody looks for.
func (r *runner) summary(took time.Duration) error {
	good, all, truths, faulty := r.table.count()
	for _, complaint := range r.complaints {
		fmt.Fprintln(r.Out, "not as it should be:", complaint)
	}
	if faulty > 0 {
		fmt.Fprintf(r.Out, "the truth can be had from the client's place for %d of %d faults (%d %%)\n", truths, faulty, 100*truths/faulty)
	}
	fmt.Fprintf(r.Out, "the registries saw %d requests of the client, with %d rejected logins\n", r.asked, r.logins)
	fmt.Fprintf(r.Out, "fix changes nothing, and says so, for %d faults that no change of an object mends\n", r.mends.refused)
	fmt.Fprintf(r.Out, "took %s\n", took.Round(100*time.Millisecond))
	fmt.Fprintf(r.Out, "e2e: %d of %d as expected, %d wrong confirmed\n", good, all, r.wrongConfirmed)
	line, mended := r.mends.line()
	if r.mends.shown {
		fmt.Fprintln(r.Out, line)
	}
	if good < all || r.wrongConfirmed > 0 || len(r.complaints) > 0 || !mended {
		return ErrNotAsExpected
	}
	return nil
}

// forbiddenList is where the testbed writes down who connected to a forbidden
// address.
func forbiddenList(testbed *cluster.Testbed) string {
	return filepath.Join(testbed.Run(), "forbidden.jsonl")
}
