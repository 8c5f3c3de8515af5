// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package verify tells whether the next pull of a pod's images would succeed:
// proven, disproved, or not proven and why.
//
// It asks nothing itself. internal/examine gathers what each image would meet on
// each kind of node, diagnosis names the cause, and this room says what that
// proves, and from where: what the client saw says nothing sure about a node's
// own way to the registry. A pull is disproved only by what the kubelet would
// meet too, and proven only if every step was seen, with the credentials that
// the kubelet would send. Nothing is made or changed.
package verify

import (
	"context"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/examine"
)

// A Proof says what is known about a pull to come.
type Proof string

// The proofs.
const (
	Proven    Proof = "proven"
	Disproved Proof = "disproved"
	NotProven Proof = "not-proven"
)

// A Need says whether the kubelet pulls at all.
type Need string

// The needs.
const (
	Needed    Need = "needed"
	NotNeeded Need = "not-needed" // every node that the pod may land on has the image, and the policy lets it be
	OnSome    Need = "on-some"    // some nodes have it, or may have it
)

// A View is what one vantage shows.
type View struct {
	Vantage evidence.Vantage
	Proof   Proof
	// Sentence without a full stop.
	Sentence string
}

// A Size is an image's as the registry keeps it, compressed, in bytes.
type Size struct {
	Layers         int
	Total, Largest int64
}

// An Answer is about one image on one kind of node.
type Answer struct {
	examine.Foresight
	Proof Proof
	Need  Need
	// Diagnosis of the pull to come: its causes, its findings.
	Diagnosis diagnosis.Diagnosis
	// Decided is the cause that disproves the pull, nil if it is not disproved.
	Decided *diagnosis.Cause
	// Why is one sentence without a full stop.
	Why string
	// Views, each vantage at most once; client and node are always there.
	Views []View
	// Size of the image for this platform, nil if it was not seen.
	Size *Size
	// Notes are further things that a person should know.
	Notes []string
	// AsMe compares with the person's own pull, nil if nobody asked.
	AsMe *AsMe
}

// A Result is the answer to a Prospect.
type Result struct {
	Time        time.Time
	Answers     []Answer
	NotLookedAt []evidence.Gap
	Sent        evidence.Sent
	// Pods and Secrets that were read in the cluster.
	Pods, Secrets int
}

// Proof over all: disproved if one is, else not proven if one is not proven, if
// there is none, or if not all were looked at.
func (r Result) Proof() Proof {
	left := func(g evidence.Gap) bool { return g.Check == evidence.CheckPods || g.Check == evidence.CheckNode }
	is := func(p Proof) func(Answer) bool { return func(a Answer) bool { return a.Proof == p } }
	switch {
	case slices.ContainsFunc(r.Answers, is(Disproved)):
		return Disproved
	case len(r.Answers) == 0 || slices.ContainsFunc(r.Answers, is(NotProven)) || slices.ContainsFunc(r.NotLookedAt, left):
		return NotProven
	}
	return Proven
}

// A Seer tells what pulls to come would meet; *examine.Examiner is one.
type Seer interface {
	Foresee(ctx context.Context, q examine.Prospect) examine.Foreseen
}

// Verify answers for every image of the pods on every kind of node. The
// disproved come first, then the unproven, else in the order of the pods.
func Verify(ctx context.Context, c *catalog.Catalog, x Seer, q examine.Prospect) Result {
	seen := x.Foresee(ctx, q)
	r := Result{Time: seen.Time, NotLookedAt: seen.NotLookedAt, Sent: seen.Sent, Pods: seen.Pods, Secrets: seen.Secrets, Answers: []Answer{}}
	for _, f := range seen.Pulls {
		a := judge(c, f)
		if seen.Alone {
			a = a.withoutCluster()
		}
		r.Answers = append(r.Answers, a)
	}
	rank := func(a Answer) int { return slices.Index([]Proof{Disproved, NotProven, Proven}, a.Proof) }
	slices.SortStableFunc(r.Answers, func(a, b Answer) int { return rank(a) - rank(b) })
	return r
}

// judge answers for one image on one kind of node.
func judge(c *catalog.Catalog, f examine.Foresight) Answer {
	others := beside(c, f)
	f.Evidence.Findings = slices.Concat(f.Evidence.Findings, others.findings)
	a := Answer{Foresight: f, Diagnosis: diagnosis.Foresee(c, f.Evidence), Need: need(f)}
	b := bench{f: f, d: a.Diagnosis, others: others}
	a.Size = b.size()
	asked := b.fromHere()
	a.Proof, a.Why, a.Decided = asked.proof, asked.why, asked.cause
	switch {
	case f.Evidence.Pull.Policy == string(corev1.PullNever):
		a.Proof, a.Why, a.Decided = b.never()
		asked = verdict{proof: NotProven, why: "with the policy Never no registry is asked"}
	case a.Need == NotNeeded && b.fails():
		// The status says that this pull fails, whatever a list says.
	case a.Need == NotNeeded && !f.Holding.Reverify:
		a.Proof, a.Decided = Proven, nil
		a.Why = "no pull is needed: " + b.who(f.Holding.On) + " it already"
	case a.Need == NotNeeded && asked.proof != Proven:
		a.Proof, a.Decided = NotProven, nil
		a.Why = b.who(f.Holding.On) + " it already, but a kubelet from 1.35 on may verify that this pod may use it, and then " + asked.why
	case a.Proof == Proven && others.why != "":
		a.Proof, a.Why = NotProven, others.why
	}
	a.Views = b.views(asked, a)
	a.Notes = b.notes(a, asked)
	a.AsMe = b.asMe(asked)
	return a
}

// need tells whether the kubelet pulls.
func need(f examine.Foresight) Need {
	h, p := f.Holding, f.Evidence.Pull
	switch {
	case p.Policy == string(corev1.PullAlways) || len(h.On)+len(h.Unseen) == 0:
		return Needed
	case len(h.On) == len(f.Place.Nodes):
		return NotNeeded
	}
	return OnSome
}

// A verdict is what one vantage comes to.
type verdict struct {
	proof Proof
	why   string
	cause *diagnosis.Cause
}

// A bench is one pull's evidence ready to be judged.
type bench struct {
	f      examine.Foresight
	d      diagnosis.Diagnosis
	others setback
}

func (b bench) find(o evidence.Outcome) (evidence.Finding, bool) {
	for _, f := range b.d.Findings {
		if f.Outcome == o {
			return f, true
		}
	}
	return evidence.Finding{}, false
}

func (b bench) has(outcomes ...evidence.Outcome) bool {
	return slices.ContainsFunc(b.d.Findings, func(f evidence.Finding) bool { return slices.Contains(outcomes, f.Outcome) })
}

// lacks returns the first gap of one of the checks.
func (b bench) lacks(checks ...evidence.Check) (evidence.Gap, bool) {
	for _, g := range b.f.Evidence.NotLookedAt {
		if slices.Contains(checks, g.Check) {
			return g, true
		}
	}
	return evidence.Gap{}, false
}

// fails tells that the pull is one that fails already, by the node's own words.
func (b bench) fails() bool { return b.f.Evidence.Pull.Reason != "" }

// first is the cause that speaks loudest, nil if nothing speaks for any.
func (b bench) first() *diagnosis.Cause {
	if b.d.Healthy() || len(b.d.Causes) == 0 || b.d.Causes[0].State == diagnosis.Cleared {
		return nil
	}
	return &b.d.Causes[0]
}

// fromHere is what was seen of the pull as the kubelet would make it.
func (b bench) fromHere() verdict {
	cause := b.first()
	mirror, other := b.otherHost(cause)
	switch {
	case other:
		return verdict{proof: NotProven, why: mirror.Sentence}
	case cause != nil && cause.Verdict == diagnosis.Confirmed:
		return verdict{Disproved, cause.Summary, cause}
	case b.complete():
		return verdict{proof: Proven, why: b.given()}
	case cause != nil && b.refused():
		return verdict{Disproved, cause.Summary, cause}
	}
	return verdict{proof: NotProven, why: b.unproven(cause)}
}

// otherHost returns the finding that shows why the registry's no decides
// nothing: another host is asked in its place, or has what it does not give.
func (b bench) otherHost(cause *diagnosis.Cause) (evidence.Finding, bool) {
	if cause == nil || len(cause.Findings) == 0 {
		return evidence.Finding{}, false
	}
	if by := b.d.Findings[cause.Findings[0]]; by.Vantage != evidence.Client || by.Check == evidence.CheckMirrors || by.Check == evidence.CheckReference {
		return evidence.Finding{}, false
	}
	if f, ok := b.find(evidence.MirrorAnswers); ok && (b.refused() || b.has(evidence.RegistryNotAsked)) {
		return f, true
	}
	return b.find(evidence.RegistryNotAsked)
}

// complete tells whether every step of the pull was seen to work, with what the
// kubelet would send.
func (b bench) complete() bool {
	present, ok := b.find(evidence.ManifestPresent)
	if !ok || !b.has(evidence.BlobsPresent) || !b.asTheKubelet(present) || b.has(evidence.RegistryNotAsked) {
		return false
	}
	if g, ok := b.lacks(evidence.CheckNode, evidence.CheckPlatform, evidence.CheckConfig, evidence.CheckBlobs, evidence.CheckManifest); ok {
		// A kind of node that does not exist now is one that was asked for all the same.
		return g.Check == evidence.CheckNode && b.f.Place.Platform.Arch != "" && !b.has(evidence.PlatformAbsent)
	}
	return true
}

// asTheKubelet tells whether the kubelet would have seen the manifest, too: it
// sends a credential wherever one matches, and asks anonymously only where none
// does.
func (b bench) asTheKubelet(present evidence.Finding) bool {
	if _, ok := b.lacks(evidence.CheckPullSecrets); ok {
		return false
	}
	if present.Details["as"] != "anonymous" || b.has(evidence.RegistryOpenToAll) {
		return true
	}
	return !b.has(evidence.KeyringMatches) || b.has(evidence.KeyringEntryEmpty)
}

// refused tells whether the registry said no to all that the kubelet would send,
// so that the pull fails, whatever the cause is called.
func (b bench) refused() bool {
	if _, ok := b.lacks(evidence.CheckPullSecrets, evidence.CheckKeyring, evidence.CheckToken); ok || b.has(evidence.PodBringsNone) {
		return false
	}
	return !b.has(evidence.ManifestPresent, evidence.RealmForeign) && b.has(
		evidence.TagAbsent, evidence.DigestAbsent, evidence.ManifestAbsent, evidence.RepositoryAbsent, evidence.LoginRequired,
		evidence.AccessDenied, evidence.PermissionDenied, evidence.TokenRefused, evidence.TokenGrantsNothing, evidence.CredentialRejected)
}

// unproven says what is missing for a proof: that the registry could not be asked
// from here before what would have been asked.
func (b bench) unproven(cause *diagnosis.Cause) string {
	if g, ok := b.lacks(evidence.CheckResolve, evidence.CheckConnect, evidence.CheckTLS); ok {
		return g.Why
	}
	if g, ok := b.lacks(evidence.CheckPullSecrets, evidence.CheckKeyring); ok {
		return g.Why
	}
	if cause != nil && cause.Verdict == diagnosis.Likely {
		return cause.Summary
	}
	for _, check := range []evidence.Check{evidence.CheckToken, evidence.CheckNode, evidence.CheckPing, evidence.CheckPlatform, evidence.CheckManifest, evidence.CheckConfig, evidence.CheckBlobs} {
		if g, ok := b.lacks(check); ok {
			return g.Why
		}
	}
	for _, f := range b.d.Findings {
		if f.Outcome == evidence.AddressForbidden || f.Outcome == evidence.RealmForeign || f.Outcome == evidence.RegistryNotAsked ||
			f.Vantage == evidence.Client && f.Check != evidence.CheckMirrors && f.Outcome.Sense() == evidence.Bad && b.has(evidence.ManifestPresent) {
			return f.Sentence
		}
	}
	if cause != nil {
		return cause.Summary
	}
	if len(b.f.Evidence.NotLookedAt) > 0 {
		return b.f.Evidence.NotLookedAt[0].Why
	}
	return "the registry was not asked about all parts of the image"
}

// never is the answer for the policy Never.
func (b bench) never() (Proof, string, *diagnosis.Cause) {
	h := b.f.Holding
	cause := b.first()
	switch {
	case cause != nil && cause.Verdict == diagnosis.Confirmed:
		return Disproved, cause.Summary, cause
	case len(b.f.Place.Nodes) == 0:
		g, ok := b.lacks(evidence.CheckNode)
		if !ok {
			g.Why = "the policy is Never, and no node was seen, so whether it has the image is not known"
		}
		return NotProven, g.Why, nil
	case len(h.Unseen) > 0:
		return NotProven, "the policy is Never, and " + nodesHave(len(h.Unseen)) + " more images than a node lists, so the image may or may not be there", nil
	case h.Reverify:
		return NotProven, b.who(h.On) + " it, and a kubelet from 1.35 on uses it only if it was not pulled with a credential that this pod lacks", nil
	}
	return Proven, "no pull is needed: " + b.who(h.On) + " it already", nil
}

func nodesHave(n int) string {
	if n == 1 {
		return "1 node has"
	}
	return strconv.Itoa(n) + " nodes have"
}

// size of the image, as the registry gave it.
func (b bench) size() *Size {
	f, ok := b.find(evidence.BlobsPresent)
	if !ok {
		return nil
	}
	layers, err := strconv.Atoi(f.Details["layers"])
	total, failed := strconv.ParseInt(f.Details["bytes"], 10, 64)
	largest, wrong := strconv.ParseInt(f.Details["largest"], 10, 64)
	if err != nil || failed != nil || wrong != nil {
		return nil
	}
	return &Size{Layers: layers, Total: max(total, 0), Largest: max(largest, 0)}
}
