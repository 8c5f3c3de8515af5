// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"strings"
	"unicode"

	"github.com/pullmedic/pullmedic/evidence"
)

// back says to which image the workload can go, "" if none is known: one that
// it ran before.
func (o *order) back() string {
	f, ok := o.find(evidence.PreviousImageKnown)
	image := f.Details["image"]
	if !ok || image == "" || image == o.e.Pull.Image {
		return ""
	}
	which := "the revision before"
	if n := f.Details["revision"]; n != "" {
		which = "revision " + n
	}
	return "Set " + o.part() + " back to " + image + ", which " + which + " has" + o.kept()
}

// nearName is an image whose name is almost the one that is written, and nearTag
// such a tag of the same repository.
func (o *order) nearName() string { return o.detail("near") }

func (o *order) nearTag() string { return or(o.detail("nearest"), o.detail("highest")) }

// detail is the first of the names that a finding about names has under a key.
func (o *order) detail(key string) string {
	for _, f := range o.findings {
		if f.Outcome != evidence.NameSpelledElsewise && f.Outcome != evidence.TagsListed {
			continue
		}
		if names := strings.Fields(f.Details[key]); len(names) > 0 {
			return names[0]
		}
	}
	return ""
}

func (o *order) correctName() string {
	image := o.e.Pull.Image
	why := ""
	switch {
	case strings.ContainsAny(image, "${}<>"):
		why = "a variable was not filled in"
	case strings.Contains(image, "://"):
		why = "it must not begin with http:// or https://"
	case strings.ContainsFunc(image, unicode.IsSpace):
		why = "it has a blank in it"
	case image != strings.ToLower(image) && !strings.Contains(image, "@"):
		why = "write the repository in small letters"
	}
	if why == "" {
		if f, ok := o.find(evidence.ReferenceInvalid); ok && f.Vantage != evidence.Node {
			why = f.Sentence
		}
	}
	if why == "" {
		return "Correct the image of " + o.part() + o.kept() + "."
	}
	return "Correct the image of " + o.part() + ": " + why + o.kept() + "."
}

func (o *order) findRepository() string {
	repository := join(o.e.Pull.Reference.Host, o.e.Pull.Reference.Repository)
	back, near := o.back(), o.nearName()
	switch {
	case near != "" && back == "":
		return "Correct the image of " + o.part() + ": is " + near + " meant?" + o.kept()
	case near != "":
		return back + "; or is " + near + " meant?"
	case o.has(evidence.GoneSince) && back == "":
		return "Find out who removed or renamed " + repository + ", which was there before, or push it again."
	case back != "":
		return back + "; or correct the repository's name."
	}
	return "Correct the repository in the image of " + o.part() + o.kept() + ", or push " + o.it() + " first."
}

func (o *order) findTag() string {
	tag := or(o.e.Pull.Reference.Tag, "latest")
	back, near := o.back(), o.nearTag()
	instead := "; or push the tag " + tag + "."
	switch {
	case o.has(evidence.TagListedNotGiven):
		instead = "; or push the tag " + tag + " again: it is listed, and its manifest is gone."
	case near != "" && o.e.Pull.Reference.TagImplied:
		instead = "; or write a tag that is there, such as " + near + ": without one, :latest is asked for."
	case near != "" && !strings.HasSuffix(back, ":"+near+", which"):
		instead = "; or is the tag " + near + " meant?"
	}
	if back != "" {
		if strings.Contains(back, ":"+near+", which ") {
			instead = "; or push the tag " + tag + "."
		}
		return back + instead
	}
	switch {
	case o.has(evidence.TagListedNotGiven):
		return "Push " + o.it() + " again: the tag is listed, and its manifest is gone."
	case o.e.Pull.Reference.TagImplied && near != "":
		return "Write a tag into the image of " + o.part() + ", such as " + near + ": none is written, so :latest is asked for" + o.kept() + "."
	case o.e.Pull.Reference.TagImplied && o.nearName() == "":
		return "Write a tag that exists into the image of " + o.part() + ": none is written, so :latest is asked for" + o.kept() + "."
	case near != "":
		return "Correct the tag in the image of " + o.part() + ": is " + near + " meant?" + o.kept() + " If not, push " + tag + "."
	}
	if name := o.nearName(); name != "" {
		return "Correct the image of " + o.part() + ": is " + name + " meant?" + o.kept() + " If not, push the tag " + tag + "."
	}
	return "Correct the tag in the image of " + o.part() + o.kept() + ", or push the tag " + tag + "."
}

func (o *order) findDigest() string {
	if back := o.back(); back != "" {
		return back + "; or pin the digest that the registry has now."
	}
	now := "a digest that " + join(o.e.Pull.Reference.Host, o.e.Pull.Reference.Repository) + " has"
	if tag := o.e.Pull.Reference.Tag; tag != "" {
		now = "the digest that the tag " + tag + " has now"
	}
	if o.has(evidence.GoneSince) {
		return "Write " + now + " into the image of " + o.part() + o.kept() + ": the one that is written was cleaned away."
	}
	return "Write " + now + " into the image of " + o.part() + o.kept() + ", or push the image of this digest again."
}

func (o *order) matchPlatform() string {
	f, _ := o.find(evidence.PlatformAbsent, evidence.PlatformDiffers)
	has, want := strings.ReplaceAll(f.Details["platforms"], ",", ", "), or(f.Details["platform"], platform(o.e.Pull.Platform))
	if want == "" {
		return ""
	}
	say := "Build " + o.it() + " for " + want + " too"
	if has != "" {
		say += " (it has " + has + ")"
	}
	if back := o.back(); back != "" {
		return back + "; then build the new image for " + want + " too."
	}
	if first, _, _ := strings.Cut(has, ","); strings.HasPrefix(first, "linux/") {
		arch, _, _ := strings.Cut(strings.TrimPrefix(first, "linux/"), "/")
		return say + ", or let " + o.owner() + " run on " + arch + " nodes only (nodeSelector kubernetes.io/arch: " + arch + ")" + o.anew() + "."
	}
	return say + "."
}

func (o *order) pushAgain() string {
	if back := o.back(); back != "" {
		return back + "; then push the new image again with current tools."
	}
	_, runtime := o.unit()
	return "Push " + o.it() + " again with current tools (docker buildx, buildah, crane), or bring " + runtime + " on " + o.node() + " up to date."
}

func (o *order) pushMissing() string {
	say := "Push the image again"
	for _, f := range o.findings {
		if f.Vantage != evidence.Node && (f.Outcome == evidence.BlobAbsent || f.Outcome == evidence.ChildManifestAbsent) {
			say += ": " + f.Sentence
			break
		}
	}
	if back := o.back(); back != "" {
		return back + "; then push the new image again."
	}
	return say + "."
}

func (o *order) findForger() string {
	f, _ := o.find(evidence.ContentDiffers)
	host := or(f.Details["host"], o.e.Symptom.Host)
	if host == "" || host == o.e.Pull.Reference.Host {
		return "Push " + o.it() + " again; if it differs still, find what changes it between " + o.e.Pull.Reference.Host + " and " + o.node() + ": a proxy, or the registry's storage."
	}
	return "Find out why " + host + " sends other content than " + o.it() + " has: it may have an old or damaged copy, so empty its cache."
}

func (o *order) followMove() string {
	if o.move.To == "" {
		return ""
	}
	return "Change the image of " + o.part() + " to " + o.move.Image(o.e.Pull.Reference) + ", after a look whether this version is there" + o.kept() + "."
}

func (o *order) allowPull() string {
	return "Set imagePullPolicy of " + o.part() + " to IfNotPresent" + o.anew() + ", or bring " + o.it() + " to " + o.node() + " first."
}

func (o *order) sign() string {
	if back := o.back(); back != "" {
		return back + "; then sign the new image with the key that the policy names."
	}
	return "Sign " + o.it() + " with the key that the policy on " + o.node() + " names, or correct that policy."
}

func (o *order) obeyRule() string {
	f, ok := o.find(evidence.AdmissionRefused)
	rule, _, named := strings.Cut(f.Sentence, " says: ")
	rule, _, _ = strings.Cut(rule, " (binding ")
	if !ok || !named || rule == "the API server" {
		return "Change the image of " + o.part() + " as the rule asks, or ask the rule's owner" + o.kept() + "."
	}
	return "Change the image of " + o.part() + " as " + rule + " asks, or ask its owner for an exception" + o.kept() + "."
}

func (o *order) disambiguate() string {
	repository := join(o.e.Pull.Reference.Host, o.e.Pull.Reference.Repository)
	near := o.nearName()
	switch {
	case near != "":
		return "Look at the name: is " + near + " meant? If " + repository + " is right, " + o.loginFor() + "."
	case o.has(evidence.CredentialAccepted), o.has(evidence.KeyringMatches):
		f, _ := o.find(evidence.CredentialAccepted, evidence.KeyringMatches)
		return "Look whether " + repository + " is spelled right; if it is, grant " + account(f) + " pull access to it."
	}
	return "Look whether " + repository + " is spelled right; if it is, " + o.loginFor() + "."
}

// loginFor says what gives the pod a credential.
func (o *order) loginFor() string {
	p := o.e.Pull
	switch {
	case len(p.PullSecrets) > 0 && o.keyringUnseen:
		return "look whether secret " + join(p.Namespace, p.PullSecrets[0]) + " has a login for " + p.Reference.Host + " that may pull it"
	case len(p.PullSecrets) == 0:
		return "give " + o.owner() + " a pull secret for " + p.Reference.Host + " in namespace " + p.Namespace
	}
	return "write a login for " + p.Reference.Host + " into secret " + join(p.Namespace, p.PullSecrets[0])
}
