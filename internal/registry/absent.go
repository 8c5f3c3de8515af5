// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/pullmedic/pullmedic/evidence"
)

// maxKnownTags is how many known tags are asked for.
const maxKnownTags = 3

// explainAbsent tells what a 404 is about: the tag, the digest, or the whole
// repository. The manifest's own answer seldom says; the list of tags does, and
// so does any other tag that answers.
func (l *ladder) explainAbsent(ctx context.Context, a attempt) {
	known := l.knownTags()
	var list tagList
	var listed sync.WaitGroup
	listed.Go(func() { list = l.prober.listTags(ctx, l.base, l.reference.Repository, a.auth) })
	tag, answer, answers := l.anyThere(ctx, known, a)
	listed.Wait()
	if ctx.Err() != nil && list.first.answer == nil {
		l.outOfTime(evidence.CheckTags, l.repositorySubject())
	}
	none, hides := l.prober.words.saysNoRepository(a.refusal) || list.noRepository, l.familyHides(a)
	if !answers && len(list.tags) == 0 && !none && !hides {
		// The likeliest tags beside one that is missing.
		if tag, answer, answers = l.anyThere(ctx, guessTags(l.reference.Tag), a); answers {
			known = []string{tag}
		}
	}
	there := answers || len(list.tags) > 0 || hides && !none
	if !there && !none {
		there = l.namesRepositories(ctx, a)
	}

	d := l.about(a.login, l.refused(a.head, a.refusal, a.auth.secrets))
	tell := func(outcome evidence.Outcome, subject evidence.Subject, format string, args ...any) {
		l.tell(evidence.CheckManifest, outcome, subject, a.head, d, format, args...)
	}
	host, status := l.base.host, a.head.status()
	switch {
	case slices.Contains(list.tags, l.reference.Tag) && l.reference.Digest == "":
		tell(evidence.TagListedNotGiven, l.imageSubject(), "%s lists its tag %s and gives no manifest for it (%d)", l.repositoryName(), l.reference.Tag, status)
	case there && l.reference.Digest != "":
		tell(evidence.DigestAbsent, l.imageSubject(), "%s has no %s (%d), though the repository is there", l.repositoryName(), shortDigest(l.reference.Digest), status)
	case there && l.reference.TagImplied:
		tell(evidence.TagAbsent, l.imageSubject(), "no tag is written, so :latest was asked for, and %s, which is there, has none (%d)", l.repositoryName(), status)
	case there:
		tell(evidence.TagAbsent, l.imageSubject(), "%s has no tag %s (%d), though the repository is there", l.repositoryName(), l.reference.Tag, status)
	case none:
		tell(evidence.RepositoryAbsent, l.repositorySubject(), "%s says that there is no repository %s (%d)", host, l.reference.Repository, status)
		return
	case l.reference.TagImplied && l.reference.Digest == "":
		tell(evidence.ManifestAbsent, l.imageSubject(), "no tag is written, so :latest was asked for: %s has none (%d), and does not tell whether %s is there", host, status, l.reference.Repository)
	default:
		tell(evidence.ManifestAbsent, l.imageSubject(), "there is no %s (%d), and %s does not tell whether the repository is there", l.imageName(), status, host)
	}
	if answers {
		l.tell(evidence.CheckTags, evidence.RepositoryAnswers, l.repositorySubject(), answer, details{"tag": tag}, "%s is there: its tag %s answers", l.repositoryName(), tag)
	}
	l.tellTags(list, known, !answers, a.auth.secrets)
}

// anyThere asks for tags side by side, and returns the first of them that answers:
// it proves that the repository is there, also where its tags cannot be listed.
func (l *ladder) anyThere(ctx context.Context, tags []string, a attempt) (tag string, r reply, ok bool) {
	answered := make([]reply, len(tags))
	var all sync.WaitGroup
	for i, tag := range tags {
		all.Go(func() {
			answered[i], _ = l.prober.ask(ctx, l.base.manifest(http.MethodHead, l.reference.Repository, tag), a.auth)
		})
	}
	all.Wait()
	for i, r := range answered {
		if r.status() == http.StatusOK {
			return tags[i], r, true
		}
	}
	return "", reply{}, false
}

// knownTags returns the tags to ask for, without the one that failed.
func (l *ladder) knownTags() []string {
	var known []string
	for _, tag := range l.target.KnownTags {
		if isTag(tag) && tag != l.reference.Tag && !slices.Contains(known, tag) && len(known) < maxKnownTags {
			known = append(known, tag)
		}
	}
	return known
}

// tellTags tells what the list of tags shows.
func (l *ladder) tellTags(list tagList, known []string, alone bool, secrets []string) {
	if list.first.answer == nil && list.first.failure == nil {
		return
	}
	if list.first.status() != http.StatusOK {
		d := details{}
		if list.first.answer != nil {
			d = l.refused(list.first, list.refusal, secrets)
		}
		l.tell(evidence.CheckTags, evidence.TagsNotListable, l.repositorySubject(), list.first, d, "%s does not list the tags of %s to whoever asks so", l.base.host, l.reference.Repository)
		return
	}
	if alone && len(list.tags) > 0 {
		l.tell(evidence.CheckTags, evidence.RepositoryAnswers, l.repositorySubject(), list.first, nil, "%s is there: its tags can be listed", l.repositoryName())
	}
	count := counted(len(list.tags), "tag")
	if !list.complete {
		count = "at least " + count
	}
	d := details{"tags": strconv.Itoa(len(list.tags)), "complete": strconv.FormatBool(list.complete)}
	sentence := "the repository has " + count
	if l.reference.Digest != "" {
		l.tell(evidence.CheckTags, evidence.TagsListed, l.repositorySubject(), list.first, d, "%s", sentence)
		return
	}
	have := append(slices.Clone(known), list.tags...)
	near, spelling := nearest(l.reference.Tag, have)
	near = slices.DeleteFunc(near, func(tag string) bool { return repeats(tag, secrets) })
	d["nearest"] = strings.Join(near, " ")
	switch top := slices.DeleteFunc(highest(have), func(tag string) bool { return repeats(tag, secrets) }); {
	case len(near) > 0:
		sentence += "; nearest to " + l.reference.Tag + ": " + strings.Join(near, ", ")
	case l.reference.Tag == latest && len(top) > 0:
		d["highest"] = strings.Join(top, " ")
		sentence += "; its highest versions: " + strings.Join(top, ", ")
	}
	l.tell(evidence.CheckTags, evidence.TagsListed, l.repositorySubject(), list.first, d, "%s", sentence)
	if spelling && len(near) > 0 {
		l.tell(evidence.CheckTags, evidence.NameSpelledElsewise, l.imageSubject(), list.first, details{"nearest": near[0]}, "its tag %s differs from %s in its spelling only", near[0], l.reference.Tag)
	}
}

// shortDigest is enough of a digest to know it by.
func shortDigest(digest string) string {
	algorithm, sum, _ := strings.Cut(digest, ":")
	return algorithm + ":" + sum[:min(len(sum), 12)] + "..."
}
