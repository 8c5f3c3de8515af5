// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package examine

import (
	"slices"
	"strings"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/registry"
)

// names tells, of images that the registry lacks, whether this cluster had them,
// and of names that may be wrong, which others are near.
func (l *look) names() {
	var known []string
	hints := map[string][]evidence.Finding{}
	for _, p := range l.patients {
		ref := p.e.Pull.Reference
		if ref.Host == "" {
			continue
		}
		if p.lacks() {
			p.say(l.seenBefore(p))
		}
		if !p.nameInDoubt() {
			continue
		}
		name := ref.Host + "/" + ref.Repository
		found, asked := hints[name]
		if !asked {
			if known == nil {
				known = l.seen.Repositories()
			}
			found = l.hints(ref, name, known)
			hints[name] = found
		}
		p.say(found...)
	}
}

// lacks tells whether the registry says that something of the image is not
// there.
func (p *patient) lacks() bool {
	return p.found(evidence.TagAbsent, evidence.DigestAbsent, evidence.RepositoryAbsent, evidence.ManifestAbsent,
		evidence.ChildManifestAbsent, evidence.BlobAbsent)
}

// nameInDoubt tells whether the repository may be one that nobody has: the pull
// says so or leaves it open, and nothing shows that it is there.
func (p *patient) nameInDoubt() bool {
	if p.found(evidence.ManifestPresent, evidence.TagAbsent, evidence.DigestAbsent, evidence.TagListedNotGiven, evidence.RepositoryAnswers,
		evidence.PermissionDenied, evidence.RanBefore, evidence.RepositoryKnown, evidence.ImagePulledElsewhere) {
		return false
	}
	return p.found(evidence.RepositoryAbsent, evidence.ManifestAbsent, evidence.AccessDenied, evidence.TokenRefused, evidence.TokenGrantsNothing,
		evidence.ReferenceNotFound, evidence.LoginRequired)
}

func (p *patient) found(some ...evidence.Outcome) bool {
	return slices.ContainsFunc(p.e.Findings, func(f evidence.Finding) bool { return slices.Contains(some, f.Outcome) })
}

// seenBefore tells since when what the registry lacks is gone, as far as this
// cluster's pods show, or that none of them shows it.
func (l *look) seenBefore(p *patient) evidence.Finding {
	ref := p.e.Pull.Reference
	f := evidence.Finding{
		Check: evidence.CheckHistory, Outcome: evidence.NeverSeen, Vantage: evidence.Cluster, Time: l.now,
		Subject:  evidence.Subject{Kind: evidence.SubjectImage, Name: cluster.Canonical(ref)},
		Sentence: "no pod that was looked at runs this image or ran it",
	}
	runs := l.seen.Runs(ref)
	if len(runs) == 0 {
		return f
	}
	s := runs[0] // the newest that proves a pull, else the newest
	if i := slices.IndexFunc(runs, func(s cluster.Start) bool { return s.Asked }); i >= 0 {
		s = runs[i]
	}
	at := "before"
	if !s.Time.IsZero() {
		at = "at " + s.Time.UTC().Format("2006-01-02 15:04 UTC")
		f.Details = map[string]string{"since": s.Time.UTC().Format("2006-01-02T15:04:05Z07:00")}
	}
	f.Outcome, f.Time = evidence.GoneSince, s.Time
	if s.Asked {
		f.Sentence = "the registry had it " + at + ", when pod " + s.Namespace + "/" + s.Pod + " started with it; it is gone since"
	} else {
		f.Sentence = "pod " + s.Namespace + "/" + s.Pod + " started with it " + at + ", so it was there once, and is gone since"
	}
	f.Sentence = foreign.Text(f.Sentence, 200)
	return f
}

// hints are near names, for a person to think about: they never choose an image.
func (l *look) hints(ref evidence.Reference, name string, known []string) []evidence.Finding {
	subject := evidence.Subject{Kind: evidence.SubjectRepository, Name: name}
	if near := registry.NearNames(ref, known); len(near) > 0 {
		return []evidence.Finding{{
			Check: evidence.CheckHistory, Outcome: evidence.NameSpelledElsewise, Vantage: evidence.Cluster, Time: l.now, Subject: subject,
			Sentence: foreign.Text("this cluster runs "+strings.Join(near, ", "), 180) + "; is that meant?", Details: map[string]string{"near": strings.Join(near, " ")},
		}}
	}
	if meant := registry.WellKnown(ref); meant != "" {
		return []evidence.Finding{{
			Check: evidence.CheckReference, Outcome: evidence.NameSpelledElsewise, Vantage: evidence.Client, Subject: subject,
			Sentence: "a well-known image has almost this name: is " + meant + " meant?", Details: map[string]string{"near": meant},
		}}
	}
	return nil
}
