// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom

import (
	"strings"

	"github.com/pullmedic/pullmedic/internal/foreign"
)

// combine chooses the chain that decides and keeps the others' signs beside it.
func combine(readings []reading) Symptom {
	main := 0
	for i := 1; i < len(readings); i++ {
		if outranks(readings[i], readings[main]) {
			main = i
		}
	}
	m := &readings[main]
	also := m.verdict.also
	for i := range readings {
		if i != main {
			also = append(also, readings[i].verdict.sign)
			if readings[i].part.mirror && readings[i].verdict.sign != Other {
				also = append(also, MirrorFailed)
			}
		}
	}
	m.verdict.also = without(also, m.verdict.sign)
	for i := range readings { // a short row may leave out what its neighbour has
		if m.element.reference == "" && readings[i].part.kind != aside {
			m.element.reference = readings[i].element.reference
		}
		if m.element.runtime == "" || m.element.runtime == "kubelet" {
			if r := readings[i].element.runtime; r != "" {
				m.element.runtime = r
			}
		}
	}
	return symptomOf(&m.element, m.verdict)
}

// outranks tells whether a later chain a decides rather than b.
func outranks(a, b reading) bool {
	switch {
	case a.verdict.sign == Other, a.part.kind == aside && b.verdict.sign != Other:
		return false
	case b.verdict.sign == Other:
		return true
	}
	switch a.part.kind {
	case row: // the newest that is more than a remark
		return strength(a.verdict.sign) >= strength(b.verdict.sign)
	case attempt: // the first that got past the door, else the first
		return knocked[b.verdict.sign] && found[a.verdict.sign]
	case searched: // localhost is asked out of habit
		return strings.HasPrefix(b.element.reference, "localhost/") && !strings.HasPrefix(a.element.reference, "localhost/")
	}
	return false
}

// strength sorts an event's sign: a missing pull secret is often harmless.
func strength(s Sign) int {
	if s == SecretNotFound {
		return 0
	}
	return 1
}

// knocked are the signs of an attempt that was sent away; found those of one
// that was let in and did not find the image. A pull that was let in with the
// second credential fails for what that one saw.
var (
	knocked = map[Sign]bool{LoginRequired: true, CredentialRejected: true, CredentialExpired: true, PermissionDenied: true, AccessDenied: true}
	found   = map[Sign]bool{TagNotFound: true, DigestNotFound: true, RepositoryNotFound: true, BlobNotFound: true, PlatformNotFound: true, ManifestNotSupported: true}
)

// Caps of the fields, in bytes.
const (
	longestReference = 512
	longestField     = 256
	longestURL       = 512
	longestDetail    = 400
)

// symptomOf cleans and caps what one chain said.
func symptomOf(e *element, v verdict) Symptom {
	s := Symptom{
		Sign: v.sign, Also: v.also, Stage: e.stage, Runtime: e.runtime,
		Reference:      field(e.reference, longestReference),
		Code:           field(e.grpc, 32),
		Method:         e.request.method,
		URL:            field(Redact(e.request.url()), longestURL),
		Host:           field(e.host, longestField),
		Role:           e.role,
		MirrorOf:       field(e.mirrorOf, longestField),
		Address:        field(e.address, 64),
		Status:         e.status,
		RegistryCode:   e.code,
		CredentialSent: e.sent,
	}
	if stage, ok := stages[v.sign]; ok {
		s.Stage = stage
	} else if s.Stage == "" {
		s.Stage = usualStages[v.sign]
	}
	if v.sign == TLSInvalid || v.sign == ClockSkew {
		s.NodeTime, s.NotBefore, s.NotAfter = validity(e.text)
	}
	s.Detail = detail(e, v)
	return s
}

// stages are those of signs that can show at one stage only.
var stages = map[Sign]Stage{
	InvalidReference: StageName, ShortNameRefused: StageName, NeverPull: StageName, AdmissionDenied: StageAdmission, SecretNotFound: StageSecret, SecretUnreadable: StageSecret,
	ProviderFailed: StageSecret, CredentialReverification: StageSecret, RuntimeUnavailable: StageRuntime, RuntimeConfigInvalid: StageRuntime,
	UnpackFailed: StageUnpack,
}

// usualStages are those of signs whose chain shows no step.
var usualStages = map[Sign]Stage{
	TagNotFound: StageResolve, DigestNotFound: StageResolve, RepositoryNotFound: StageResolve, ManifestNotSupported: StageResolve,
	PlatformNotFound: StageResolve, SignatureRejected: StageResolve, ThrottledByKubelet: StageResolve,
	AccessDenied: StageAuthorize, LoginRequired: StageAuthorize, CredentialRejected: StageAuthorize, CredentialExpired: StageAuthorize, PermissionDenied: StageAuthorize,
	BlobNotFound: StageFetch, ContentDiffers: StageFetch, CacheCorrupted: StageUnpack, DiskFull: StageUnpack,
}

// field cleans a short value; most are plain.
func field(s string, limit int) string {
	for i := range len(s) {
		if s[i] < ' ' || s[i] >= 0x7f {
			return foreign.Text(s, limit)
		}
	}
	return foreign.Cut(s, limit)
}

// detail is the innermost error as it is worded: from the last wrapper before
// the deciding wording to the end.
func detail(e *element, v verdict) string {
	if v.sign == Other {
		return ""
	}
	start := 0
	for _, n := range e.names {
		wraps := strings.HasPrefix(strings.TrimLeft(e.text[n.end:min(len(e.text), n.end+2)], "\""), ":")
		if n.end <= v.start && wraps && (n.kind == urlName || n.kind == refName) {
			start = n.end
		}
	}
	for _, m := range e.marks {
		if m.end <= v.start && m.end > start && m.group.rank == asContext {
			start = m.end
		}
	}
	if i := strings.LastIndex(e.text[start:v.start], "desc = "); i >= 0 {
		start += i + len("desc = ")
	}
	return shown(e, start)
}

// shown renders text[start:] with URLs cut to scheme, host and path, and without
// anything that looks like a credential.
func shown(e *element, start int) string {
	end := min(len(e.text), start+2*longestDetail)
	var b strings.Builder
	from := start
	for _, n := range e.names {
		if n.kind != urlName || n.start < from || n.start >= end {
			continue
		}
		b.WriteString(e.text[from:n.start])
		b.WriteString(parseURL(e.text[n.start:n.end]).url())
		from = n.end
	}
	b.WriteString(e.text[from:max(from, end)])
	return field(strings.Trim(Redact(b.String()), " \n:;,\"'`\\"), longestDetail)
}
