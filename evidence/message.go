// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package evidence

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/symptom"
)

// sentenceLimit is the length of a finding's sentence in bytes.
const sentenceLimit = 200

// FromSymptom returns what the runtime's own words prove, as node findings:
// first the finding of the text's sign, then what that implies (a registry that
// answered was reached; a credential did or did not go along). It returns nil
// if there is no text. Signs in s.Also give no findings: they are about other
// attempts.
func FromSymptom(s symptom.Symptom, p Pull) []Finding {
	if s.Sign == "" || s.Sign == symptom.Other && p.Message == "" {
		return nil
	}
	said := func(o Outcome, sentence string) Finding {
		return Finding{
			Check: CheckMessage, Outcome: o, Vantage: Node, Time: p.LastFailed,
			Subject:  subjectOf(s, p),
			Sentence: foreign.Text(sentence, sentenceLimit),
			Details:  detailsOf(s),
		}
	}
	if s.Sign == symptom.AdmissionDenied {
		f := said(AdmissionRefused, ruleOf(or(symptom.Redact(p.Message), s.Detail)))
		f.Vantage = Cluster // the API server's word, or that of whom it asks
		return []Finding{f}
	}
	words := s.Detail
	if words == "" {
		words = symptom.Redact(p.Message)
	}
	speaker := speakerOf(s.Runtime)
	if p.Node != "" {
		speaker += " on " + p.Node
	}
	first := speaker + " names no cause"
	if s.Sign != symptom.Other {
		first = speaker + " says: " + or(words, string(s.Sign))
	}
	findings := []Finding{said(outcomeOf(s), first)}
	if answered(s) {
		what := "the registry answered " + or(p.Node, "the node")
		if s.Status != 0 {
			what += " with status " + strconv.Itoa(s.Status)
		}
		findings = append(findings, said(RegistryAnswers, what))
	}
	switch s.CredentialSent {
	case "yes":
		findings = append(findings, said(CredentialSent, speaker+" sent a credential"))
	case "no":
		findings = append(findings, said(CredentialNotSent, speaker+" sent no credential"))
	}
	return findings
}

// The words with which the API server says which rule refused something
// (k8s.io/apiserver, pkg/admission/plugin/policy/validating and
// pkg/admission/plugin/webhook).
var (
	byPolicy  = regexp.MustCompile(`ValidatingAdmissionPolicy '([^']{1,253})' with binding '([^']{1,253})' denied request: (.*)`)
	byWebhook = regexp.MustCompile(`admission webhook "([^"]{1,253})" denied the request(?: without explanation)?:? ?(.*)`)
)

// ruleOf names the rule that refused, and quotes it.
func ruleOf(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if m := byPolicy.FindStringSubmatch(text); m != nil {
		return "policy " + m[1] + " (binding " + m[2] + ") says: " + m[3]
	}
	if m := byWebhook.FindStringSubmatch(text); m != nil {
		return "webhook " + m[1] + " says: " + or(m[2], "no")
	}
	return "the API server says: " + text
}

// outcomeOf is the outcome that a text stands for. That a login is required
// whatever is asked for shows only in "no basic auth credentials"; a 401 may as
// well hide that the repository is absent (Quay), or refuse whoever logged in
// (Harbor), and so may a token service that gives nobody a token (GHCR).
func outcomeOf(s symptom.Symptom) Outcome {
	switch {
	case s.Sign == symptom.ConnectionReset && (strings.Contains(s.Detail, "short read") || strings.Contains(s.Detail, "expected number of bytes")):
		// containerd 2 and 1 count the bytes of a whole answer that is too
		// short as they count those of one that was cut.
		return TransferCutShort
	case s.Sign == symptom.TLSInvalid && brokenOff(s.Detail):
		return HandshakeRefused
	case s.Sign == symptom.RegistryUnavailable && s.Status >= 400 && s.Status < 500:
		// It works, and takes the question for none that a registry is asked.
		return RegistryNotV2
	case s.Sign == symptom.ProxyFailed && quotesPage(s):
		// Something in front of the registry answers: a proxy on the way, or
		// the registry's own door. As when the client itself gets a page.
		if s.Stage == symptom.StageAuthorize {
			return RegistryNotV2
		}
		return ManifestIsHTML
	case s.Sign == symptom.CredentialRejected && s.CredentialSent != "yes":
		// containers/image says "invalid username/password" of a refused
		// anonymous request, too.
		return AccessDenied
	case s.Sign != symptom.LoginRequired:
		return SignOutcome(s.Sign)
	case s.CredentialSent == "no" && s.Role == symptom.RoleTokenService:
		return TokenRefused
	case s.CredentialSent == "no":
		return LoginRequired
	}
	return AccessDenied
}

// quotesPage tells that a web page came where a registry or token service was
// asked. Beside a status that only a proxy or portal gives, it is the proxy's.
func quotesPage(s symptom.Symptom) bool {
	if s.Status == 407 || s.Status == 511 {
		return false
	}
	for _, mark := range []string{"invalid character '<'", "text/html", "<html", "<!doctype"} {
		if strings.Contains(strings.ToLower(s.Detail), mark) {
			return true
		}
	}
	return false
}

// brokenOff tells an alert that says no more than that the handshake is over:
// for want of a cipher, a client certificate (TLS 1.2) or a host of that name.
// It is no word about the host's certificate.
func brokenOff(detail string) bool {
	for _, alert := range []string{"handshake failure", "tls: internal error", "unrecognized name", "tls: access denied", "tls: insufficient security", "tls: no application protocol"} {
		if strings.Contains(detail, alert) {
			return true
		}
	}
	return false
}

// SignOutcome is the outcome that a text's sign stands for at the node; "" for
// a sign that is not on the list. A text proves less than it says: a 403 or
// "not found" may stand for several things (facts of the registries: Docker
// Hub, GHCR, ACR and Artifact Registry hide what exists), so those map to
// outcomes that decide nothing by themselves.
func SignOutcome(s symptom.Sign) Outcome {
	switch s {
	case symptom.Other:
		return TextNamesNoCause
	case symptom.InvalidReference:
		return ReferenceInvalid
	case symptom.ShortNameRefused:
		return ShortNameRefused
	case symptom.TagNotFound, symptom.DigestNotFound:
		return ReferenceNotFound
	case symptom.RepositoryNotFound:
		return RepositoryAbsent
	case symptom.PlatformNotFound:
		return PlatformNotFound
	case symptom.ManifestNotSupported:
		return ManifestNotSupported
	case symptom.BlobNotFound:
		return BlobAbsent
	case symptom.ContentDiffers:
		return ContentDiffers
	case symptom.AccessDenied, symptom.PermissionDenied:
		return AccessDenied
	case symptom.LoginRequired:
		return LoginRequired
	case symptom.CredentialRejected:
		return CredentialRejected
	case symptom.CredentialExpired:
		return CredentialExpired
	case symptom.SecretNotFound:
		return SecretAbsent
	case symptom.SecretUnreadable:
		return SecretMalformed
	case symptom.ProviderFailed:
		return ProviderFailed
	case symptom.ClientCertificateAsked:
		return ClientCertificateAsked
	case symptom.HostNotResolved:
		return HostNotResolved
	case symptom.ConnectionTimeout:
		return ConnectionTimeout
	case symptom.ConnectionRefused:
		return ConnectionRefused
	case symptom.ConnectionReset:
		return ConnectionReset
	case symptom.NoRoute:
		return NoRoute
	case symptom.TLSVersionUnsupported:
		return TLSVersionUnsupported
	case symptom.TLSUntrusted:
		return TLSUntrusted
	case symptom.TLSInvalid:
		return TLSInvalid
	case symptom.ClockSkew:
		return ClockSkewed
	case symptom.HTTPInsteadOfHTTPS:
		return PlainHTTPAnswered
	case symptom.ProxyFailed:
		return ProxyFailed
	case symptom.RateLimited:
		return RateLimited
	case symptom.RegistryUnavailable:
		return RegistryUnavailable
	case symptom.RegistryPolicy:
		return RegistryPolicy
	case symptom.UpstreamCacheFailed:
		return UpstreamCacheFailed
	case symptom.MirrorFailed:
		return MirrorFailed
	case symptom.DiskFull:
		return DiskFull
	case symptom.CacheCorrupted:
		return CacheCorrupted
	case symptom.UnpackFailed:
		return UnpackFailed
	case symptom.RuntimeUnavailable:
		return RuntimeUnavailable
	case symptom.RuntimeConfigInvalid:
		return RuntimeConfigInvalid
	case symptom.PullTimeout:
		return PullTimedOut
	case symptom.ThrottledByKubelet:
		return ThrottledByKubelet
	case symptom.NeverPull:
		return PolicyNeverAndAbsent
	case symptom.SignatureRejected:
		return SignatureRejected
	case symptom.AdmissionDenied:
		return AdmissionRefused
	case symptom.CredentialReverification:
		return CredentialReverification
	}
	return ""
}

// answered tells whether the text proves that the node reached the registry
// itself: only a registry says these things. A mirror or proxy that answers
// proves nothing about the registry.
func answered(s symptom.Symptom) bool {
	if s.Role == symptom.RoleMirror || s.Role == symptom.RoleProxy {
		return false
	}
	switch s.Sign {
	case symptom.TagNotFound, symptom.DigestNotFound, symptom.RepositoryNotFound,
		symptom.PlatformNotFound, symptom.AccessDenied, symptom.PermissionDenied,
		symptom.LoginRequired, symptom.CredentialRejected, symptom.CredentialExpired,
		symptom.RateLimited:
		return true
	}
	return false
}

// speakerOf names who wrote the text.
func speakerOf(runtime string) string {
	switch runtime {
	case "containerd":
		return runtime
	case "crio":
		return "CRI-O"
	case "docker":
		return "Docker"
	case "kubelet":
		return "the kubelet"
	}
	return "the runtime"
}

// subjectOf is the host that the text names, in its role, or else the image.
func subjectOf(s symptom.Symptom, p Pull) Subject {
	if s.Host == "" {
		return Subject{Kind: SubjectImage, Name: p.Image}
	}
	kind := SubjectRegistry
	switch s.Role {
	case symptom.RoleTokenService:
		kind = SubjectTokenService
	case symptom.RoleMirror:
		kind = SubjectMirror
	case symptom.RoleBlobStore:
		kind = SubjectBlobStore
	case symptom.RoleProxy:
		kind = SubjectProxy
	}
	return Subject{Kind: kind, Name: s.Host}
}

func detailsOf(s symptom.Symptom) map[string]string {
	d := map[string]string{}
	for key, value := range map[string]string{
		"address": s.Address, "host": s.Host, "registryCode": s.RegistryCode, "stage": string(s.Stage),
	} {
		if value != "" {
			d[key] = value
		}
	}
	if s.Status != 0 {
		d["status"] = strconv.Itoa(s.Status)
	}
	if len(d) == 0 {
		return nil
	}
	return d
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
