// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/symptom"
)

// The seven steps that operators are taught, in their order. Each of the later
// five is answered by the findings of its checks, those that tell most first.
type stepPlan struct {
	title  string
	checks []evidence.Check
	// unseen says what was not looked at, if no finding and no gap tells it.
	unseen string
}

func plans() []stepPlan {
	return []stepPlan{
		{title: "Pod and status"},
		{title: "Events"},
		{title: "Image", unseen: "the registry was not asked for the image", checks: []evidence.Check{
			evidence.CheckPolicy, evidence.CheckPlatform, evidence.CheckConfig, evidence.CheckBlobs, evidence.CheckManifest,
			evidence.CheckTags, evidence.CheckReference, evidence.CheckSameImage, evidence.CheckHistory,
		}},
		{title: "Pull secrets", unseen: "the pod's pull secrets were not looked at", checks: []evidence.Check{evidence.CheckPullSecrets}},
		{title: "Credentials", unseen: "no credential was looked at", checks: []evidence.Check{
			evidence.CheckKeyring, evidence.CheckToken, evidence.CheckAnonymous,
		}},
		{title: "The node's way to the registry", unseen: "the node's own way to the registry was not seen", checks: []evidence.Check{
			evidence.CheckResolve, evidence.CheckConnect, evidence.CheckTLS, evidence.CheckPing, evidence.CheckRateLimit,
			evidence.CheckSameRegistry,
		}},
		{title: "Service account", unseen: "the service account was not looked at", checks: []evidence.Check{evidence.CheckServiceAccount}},
	}
}

func (b *bench) steps() []Step {
	var steps []Step
	for i, plan := range plans() {
		var s Step
		switch i {
		case 0:
			s = b.podStep()
		case 1:
			s = b.eventStep()
		case 2:
			s = b.imageStep(plan)
		case 4:
			s = b.credentialStep(plan)
		case 5:
			s = b.wayStep(plan)
		default:
			s = b.step(plan, anywhere, b.sense)
		}
		s.Number, s.Title = i+1, plan.title
		steps = append(steps, s)
	}
	return steps
}

func (b *bench) podStep() Step {
	p := b.e.Pull
	where := "the pod"
	if p.Pod != "" {
		where = "pod " + join(p.Namespace, p.Pod)
	}
	if p.Container != "" {
		where += ", container " + p.Container
	}
	if p.Node != "" {
		where += ", on " + p.Node
	}
	if !b.fails() {
		return Step{Result: Good, Sentence: where + ": no failing pull of " + b.image()}
	}
	for i, f := range b.findings {
		if f.Outcome == evidence.NextAttemptSucceeded {
			return Step{Result: Good, Sentence: foreign.Text(where+": "+f.Sentence, summaryLimit), Findings: []int{i}}
		}
	}
	return Step{Result: Bad, Sentence: foreign.Text(fmt.Sprintf("%s: %s for %s", where, or(p.Reason, "a failing pull"), b.image()), summaryLimit)}
}

func (b *bench) eventStep() Step {
	p := b.e.Pull
	var parts []string
	if p.Attempts > 0 {
		parts = append(parts, fmt.Sprintf("%d failed %s", p.Attempts, plural(p.Attempts, "attempt")))
	}
	if !p.FirstFailed.IsZero() {
		parts = append(parts, "first at "+p.FirstFailed.UTC().Format(time.TimeOnly)+" UTC")
	}
	if !p.LastFailed.IsZero() {
		parts = append(parts, "last at "+p.LastFailed.UTC().Format(time.TimeOnly)+" UTC")
	}
	s := Step{Result: NotSeen}
	for i, f := range b.findings {
		if f.Check == evidence.CheckMessage && f.Outcome.Sense() == evidence.Bad {
			parts = append(parts, f.Sentence)
			s.Findings = []int{i}
			break
		}
	}
	switch {
	case len(s.Findings) > 0:
		s.Result = Bad
	case !b.fails():
		s.Result = Good
		parts = append(parts, "no failed attempt")
	case len(parts) == 0:
		parts = []string{"no event or message with an error text is left"}
	}
	s.Sentence = foreign.Text(strings.Join(parts, ", "), summaryLimit)
	return s
}

// step answers from the findings of the plan's checks: bad if one is bad, else
// good if one is good. Without either it was not seen.
func (b *bench) step(plan stepPlan, counts from, sense func(evidence.Finding) evidence.Sense) Step {
	s := Step{Result: NotSeen, Sentence: b.unseen(plan)}
	bySense := map[evidence.Sense][]int{}
	for _, check := range plan.checks {
		for i, f := range b.findings {
			if f.Check == check && counts(f) {
				bySense[sense(f)] = append(bySense[sense(f)], i)
			}
		}
	}
	good, bad := bySense[evidence.Good], bySense[evidence.Bad]
	s.Findings = slices.Concat(bad, good, bySense[evidence.Neutral])
	switch {
	case len(bad) > 0:
		s.Result, s.Sentence = Bad, b.findings[bad[0]].Sentence
	case len(good) > 0:
		s.Result, s.Sentence = Good, b.findings[good[0]].Sentence
		if noCredential(b.findings[good[0]].Outcome) && b.open() {
			s.Sentence += ", and no login is asked for"
		}
	}
	return s
}

// noCredential tells the outcomes by which the pull goes out anonymous.
func noCredential(o evidence.Outcome) bool {
	return o == evidence.SecretsNotNamed || o == evidence.KeyringMatchesNone || o == evidence.PodBringsNone || o == evidence.KeyringEntryEmpty
}

// open tells whether the registry was seen to give something of this to
// whoever asks.
func (b *bench) open() bool {
	return slices.ContainsFunc([]evidence.Outcome{
		evidence.RegistryOpenToAll, evidence.AnonymousMayPull, evidence.TokenGranted, evidence.ManifestPresent,
		evidence.TagAbsent, evidence.DigestAbsent, evidence.RepositoryAnswers, evidence.PlatformAbsent, evidence.PlatformDiffers,
	}, b.has)
}

// sense of a finding for this pull. No credential is no harm where none is
// asked for, and a bad credential is none beside a good one: the kubelet tries
// each in turn.
func (b *bench) sense(f evidence.Finding) evidence.Sense {
	switch {
	case noCredential(f.Outcome):
		for _, refusal := range []evidence.Outcome{
			evidence.LoginRequired, evidence.AccessDenied, evidence.TokenRefused, evidence.TokenGrantsNothing, evidence.AnonymousMayNotPull,
		} {
			if b.has(refusal) {
				return evidence.Bad
			}
		}
		return evidence.Good
	case b.has(evidence.CredentialAccepted) && slices.Contains([]evidence.Outcome{
		evidence.CredentialRejected, evidence.CredentialExpired, evidence.CredentialExpiredByItself, evidence.KeyringEntryIgnored,
	}, f.Outcome):
		return evidence.Neutral
	}
	return f.Outcome.Sense()
}

// imageStep is about the image itself: whether it is there and is as the node
// needs it. That it fails elsewhere, that the registry refuses whoever asks, or
// that it does not work, are no faults of the image.
func (b *bench) imageStep(plan stepPlan) Step {
	s := b.step(plan, anywhere, func(f evidence.Finding) evidence.Sense {
		if ofAccess(f) || f.Outcome == evidence.ImageFailsElsewhere || f.Outcome == evidence.RegistryPolicy ||
			f.Outcome == evidence.UpstreamCacheFailed || waySense(f) == evidence.Bad {
			return evidence.Neutral
		}
		return b.sense(f)
	})
	if s.Result == Bad || slices.ContainsFunc(s.Findings, b.showsImage) {
		return s
	}
	// That the name is well-formed says less than that the registry refuses to tell.
	if at := slices.IndexFunc(s.Findings, func(i int) bool { return ofAccess(b.findings[i]) }); at >= 0 {
		i := s.Findings[at]
		s.Result, s.Sentence = NotSeen, b.findings[i].Sentence
		s.Findings = append([]int{i}, slices.Delete(s.Findings, at, at+1)...)
	}
	return s
}

// showsImage tells findings of the image's being there.
func (b *bench) showsImage(i int) bool {
	f := b.findings[i]
	return f.Outcome.Sense() == evidence.Good && f.Check != evidence.CheckReference
}

// ofAccess tells what a registry says about who may have an image, when it is
// asked for one.
func ofAccess(f evidence.Finding) bool {
	switch f.Outcome {
	case evidence.LoginRequired, evidence.AccessDenied, evidence.PermissionDenied:
		return f.Check != evidence.CheckMessage
	}
	return false
}

// credentialStep is about what the pull logs in with, and so about a right that
// an accepted login lacks.
func (b *bench) credentialStep(plan stepPlan) Step {
	s := b.step(plan, anywhere, b.sense)
	if s.Result == Bad {
		return s
	}
	for i, f := range b.findings {
		if f.Outcome == evidence.PermissionDenied && f.Check == evidence.CheckManifest {
			return Step{Result: Bad, Sentence: f.Sentence, Findings: append([]int{i}, s.Findings...)}
		}
	}
	return s
}

// wayStep is about the node's way, which only the node shows: its text says
// where it got stuck, or shows that the registry answered it.
func (b *bench) wayStep(plan stepPlan) Step {
	here := b.step(plan, notAtNode, waySense)
	for i, f := range b.findings {
		if f.Vantage != evidence.Node {
			continue
		}
		switch waySense(f) {
		case evidence.Bad:
			return Step{Result: Bad, Sentence: f.Sentence, Findings: append([]int{i}, here.Findings...)}
		case evidence.Good:
			return Step{Result: Good, Sentence: f.Sentence, Findings: append([]int{i}, here.Findings...)}
		}
	}
	if here.Result != NotSeen {
		here.Sentence = plan.unseen + "; from here: " + here.Sentence
		here.Result = NotSeen
	}
	return here
}

func notAtNode(f evidence.Finding) bool { return f.Vantage != evidence.Node }

// waySense is the sense of outcomes about the way to a host; what the registry
// says once it is reached is no fault of the way.
func waySense(f evidence.Finding) evidence.Sense {
	switch f.Outcome {
	case evidence.HostNotResolved, evidence.ConnectionTimeout, evidence.ConnectionRefused, evidence.ConnectionReset,
		evidence.NoRoute, evidence.TLSVersionUnsupported, evidence.TLSUntrusted, evidence.TLSInvalid, evidence.HandshakeRefused, evidence.ClientCertificateAsked,
		evidence.PlainHTTPAnswered, evidence.ProxyFailed, evidence.ClockSkewed, evidence.NodeClockWrong, evidence.CertificateOutOfDate, evidence.MirrorFailed,
		evidence.RateLimited, evidence.RegistryUnavailable, evidence.RegistryNotV2, evidence.RegistryFailsForAll:
		return evidence.Bad
	case evidence.HostResolved, evidence.Connected, evidence.TLSTrusted, evidence.RegistryAnswers,
		evidence.RegistryOpenToAll, evidence.RegistryWorksForOther, evidence.RateLimitOpen:
		return evidence.Good
	}
	return evidence.Neutral
}

func (b *bench) unseen(plan stepPlan) string {
	for _, g := range b.e.NotLookedAt {
		if slices.Contains(plan.checks, g.Check) {
			return g.Why
		}
	}
	switch b.e.Symptom.Stage {
	case symptom.StageName, symptom.StageAdmission:
		return "not needed: the pull never got that far"
	}
	return plan.unseen
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}
