// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package diagnosis

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/shell"
)

// The first action is the line of an answer that is read and done at once. The
// catalogue has one for each cause, which must hold for all of its cases; here
// is what the evidence of one case makes of it: which secret, which key, which
// host, on which node.

// An instructor words the first action of one cause for one case, "" if the
// evidence tells no more than the catalogue does.
type instructor func(*order) string

// An order is one cause of one pull that something is to be done about.
type order struct {
	*bench
	judged  judged
	subject evidence.Subject
	// command that the sentence is about, one line for a POSIX shell.
	command string
}

// instructors of all causes; one that is left out has the catalogue's words.
func instructors() map[string]instructor {
	return map[string]instructor{
		catalog.InvalidImageName: (*order).correctName, catalog.RepositoryNotFound: (*order).findRepository, catalog.TagNotFound: (*order).findTag,
		catalog.DigestNotFound: (*order).findDigest, catalog.PlatformMismatch: (*order).matchPlatform, catalog.UnsupportedManifest: (*order).pushAgain,
		catalog.LayerMissing: (*order).pushMissing, catalog.ContentMismatch: (*order).findForger,

		catalog.CredentialsMissing: (*order).giveCredential, catalog.SecretMissing: (*order).bringSecret, catalog.SecretNotUsed: (*order).rewriteSecret,
		catalog.ServiceAccountRace: (*order).remakePod, catalog.CredentialsInvalid: (*order).renewPassword, catalog.CredentialsExpired: (*order).renewToken,
		catalog.CredentialsBreakPublicImage: (*order).dropCredential, catalog.SecretMalformed: (*order).rewriteMalformed, catalog.PermissionDenied: (*order).grant,
		catalog.CredentialProviderFailure: (*order).readProvider, catalog.ClientCertificateRequired: (*order).bringClientCertificate,
		catalog.CredentialReverification: (*order).giveCredential,

		catalog.DNSFailure: (*order).resolve, catalog.ConnectionTimeout: (*order).openWay, catalog.ConnectionRefused: (*order).findListener,
		catalog.ConnectionReset: (*order).findCut, catalog.NoRoute: (*order).findRoute, catalog.TLSVersionUnsupported: (*order).raiseTLS,
		catalog.TLSUntrusted: (*order).bringAuthority, catalog.TLSInvalid: (*order).renewCertificate, catalog.ClockSkew: (*order).setClock,
		catalog.HTTPInsteadOfHTTPS: (*order).bringTLS, catalog.ProxyFailure: (*order).passProxy, catalog.MirrorFailure: (*order).mendMirror,

		catalog.RateLimited: (*order).endLimit, catalog.RegistryUnavailable: (*order).seeRegistry, catalog.RegistryRetired: (*order).followMove,
		catalog.RegistryPolicyBlocked: (*order).askOwner, catalog.UpstreamCacheFailure: (*order).mendCache,

		catalog.DiskFull: (*order).makeRoom, catalog.CorruptedCache: (*order).dropImage, catalog.UnpackFailed: (*order).tryElsewhere,
		catalog.RuntimeUnavailable: (*order).startRuntime, catalog.RuntimeConfigInvalid: (*order).readConfig, catalog.PullTimeout: (*order).giveTime,
		catalog.PullStuck: (*order).seeStuck, catalog.PullThrottledByKubelet: (*order).waitTurn,

		catalog.NeverPull: (*order).allowPull, catalog.SignatureRejected: (*order).sign, catalog.AdmissionDenied: (*order).obeyRule,

		catalog.AccessDeniedAmbiguous: (*order).disambiguate, catalog.Other: (*order).readNode,
	}
}

// instruct fills in what a person does first about a cause.
func (b *bench) instruct(j judged, told *Cause) {
	told.FirstAction = j.cause.FirstAction
	instruct, ok := instructors()[j.cause.ID]
	if !ok {
		return
	}
	o := &order{bench: b, judged: j, subject: told.Subject}
	if say := o.sandboxed(instruct); say != "" {
		told.FirstAction, told.FirstCommand = foreign.Text(say, summaryLimit), o.command
	}
}

// run sets the command that goes with the sentence, which says on which node.
func (o *order) run(words ...string) {
	if command, ok := shell.Command(words...); ok {
		o.command = command
	}
}

// runOn is run with one word more that others chose, a host or an image: there is
// no command unless it looks like one, and so is no flag.
func (o *order) runOn(value string, words ...string) {
	if plainWord.MatchString(value) {
		o.run(append(words, value)...)
	}
}

// plainWord is a word that is a value wherever it stands in a command.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,400}$`)

// find returns the first finding with one of the outcomes, those that speak for
// the cause before all others.
func (o *order) find(outcomes ...evidence.Outcome) (evidence.Finding, bool) {
	for _, i := range o.judged.findings {
		if slices.Contains(outcomes, o.findings[i].Outcome) {
			return o.findings[i], true
		}
	}
	for _, f := range o.findings {
		if slices.Contains(outcomes, f.Outcome) {
			return f, true
		}
	}
	return evidence.Finding{}, false
}

// findOf is find of findings about one kind of thing.
func (o *order) findOf(kind evidence.SubjectKind, outcomes ...evidence.Outcome) (evidence.Finding, bool) {
	for _, f := range o.findings {
		if f.Subject.Kind == kind && f.Subject.Name != "" && slices.Contains(outcomes, f.Outcome) {
			return f, true
		}
	}
	return evidence.Finding{}, false
}

// owner is the object that a person edits: deployment/api.
func (o *order) owner() string {
	p := o.e.Pull
	switch {
	case p.Owner.Name == "":
		return "pod/" + p.Pod
	case p.Owner.Kind == "Node": // its manifest is a file there
		return "the static pod " + p.Pod
	}
	return p.Owner.String()
}

// part of the owner's pods that wants the image: container app of deployment/api.
func (o *order) part() string {
	p, what := o.e.Pull, "container"
	switch p.ContainerKind {
	case evidence.InitContainer:
		what = "init container"
	case evidence.EphemeralContainer:
		what = "ephemeral container"
	case evidence.ImageVolume:
		what = "image volume"
	}
	if p.Container == "" {
		return o.owner()
	}
	return what + " " + p.Container + " of " + o.owner()
}

// kept says who else writes the owner, and so where a change lasts.
func (o *order) kept() string {
	m := o.e.Pull.Manager
	switch {
	case m.Tool != "":
		return " (" + strings.TrimSpace(m.Tool+" "+m.Name) + " writes it: change it there)"
	case o.e.Pull.Owner.Kind == "Job":
		return " (a Job cannot be changed: make it anew)"
	}
	return ""
}

// anew is kept for what cannot be changed in a pod either, as its image can.
func (o *order) anew() string {
	if kind := o.e.Pull.Owner.Kind; o.kept() == "" && (kind == "Pod" || kind == "") {
		return " (a pod has to be made anew for that)"
	}
	return o.kept()
}

// legible is how long a name may be to be repeated in a sentence, in bytes.
const legible = 72

// it is the image, if its name is one that a sentence can hold: the summary has
// said it.
func (o *order) it() string {
	if name := o.image(); len(name) <= legible {
		return name
	}
	return "the image"
}

func (o *order) node() string { return or(o.e.Pull.Node, "the node") }

// host that the cause is about, in its role; the registry if it names none.
func (o *order) host() string {
	switch o.subject.Kind {
	case evidence.SubjectRegistry, evidence.SubjectTokenService, evidence.SubjectMirror, evidence.SubjectBlobStore:
		return o.subject.Name
	}
	return o.e.Pull.Reference.Host
}

// dialled is the host as a node dials it: Docker Hub answers under another name
// than its images have.
func (o *order) dialled() string {
	if host := o.host(); host != "docker.io" {
		return host
	}
	return "registry-1.docker.io"
}

// reached is the host with the address at which it was tried, if the text shows
// that: registry.example at 10.0.0.7:443.
func (o *order) reached() string {
	host, at := o.dialled(), o.e.Symptom.Address
	if at == "" || strings.HasPrefix(at, host) {
		return host
	}
	return host + " at " + at
}

// status that was answered with, " with 503".
func (o *order) status() string {
	if s := o.e.Symptom.Status; s != 0 {
		return fmt.Sprintf(" with %d", s)
	}
	if f, ok := o.find(slices.Concat(o.judged.cause.ConfirmedBy...)...); ok && f.Details["status"] != "" {
		return " with " + f.Details["status"]
	}
	return ""
}

// elsewhere tells whether other nodes do not have this trouble, or all have it:
// "" if that was not seen.
func (o *order) elsewhere() string {
	switch {
	case o.has(evidence.ImagePulledElsewhere), o.has(evidence.OneNodeAlone), o.has(evidence.RegistryWorksForOther):
		return "works"
	case o.has(evidence.ImageFailsElsewhere), o.has(evidence.RegistryFailsForAll):
		return "fails"
	}
	return ""
}

// unit is the systemd unit of the node's runtime, and its name.
func (o *order) unit() (unit, name string) {
	switch r := o.e.Pull.Runtime; {
	case strings.HasPrefix(r, "cri-o:"):
		return "crio", "CRI-O"
	case strings.HasPrefix(r, "docker:"):
		return "docker", "Docker"
	}
	return "containerd", "containerd"
}

// bare is a host without its port, and port that which is asked for.
func bare(host string) string {
	if i := colon(host); i >= 0 {
		return host[:i]
	}
	return host
}

func port(host string) string {
	if i := colon(host); i >= 0 {
		return host[i+1:]
	}
	return "443"
}

// colon is where a host's port begins, -1 if it has none.
func colon(host string) int {
	i := strings.LastIndex(host, ":")
	if strings.HasSuffix(host, "]") {
		return -1
	}
	return i
}
