// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom

import "strings"

// byStatus goes from the HTTP status to a sign. The status gives the class;
// a code or sentence of the body, which stands behind it, chooses in the class
// and never leaves it.
func (e *element) byStatus(best [asSpeaker + 1]*mark) Sign {
	switch s := e.status; {
	case s < 500 && e.sentElsewhere():
		e.role = RoleProxy
		return ProxyFailed
	case s == 401, s == 403:
		return e.refused(best)
	case s == 400:
		switch {
		case e.role == RoleTokenService, e.stage == StageAuthorize:
			return CredentialRejected
		case best[asCode] != nil:
			return "" // NAME_INVALID and its like
		}
		return RegistryUnavailable
	case s == 404, s == 410:
		return e.gone(best)
	case s == 402, s == 412, s == 451:
		return RegistryPolicy
	case s == 406, s == 415:
		return ManifestNotSupported
	case s == 407, s == 511:
		return ProxyFailed
	case s == 408:
		return ConnectionTimeout
	case s == 429:
		return RateLimited
	}
	return RegistryUnavailable
}

// refused sorts 401 and 403. Who was sent away anonymous has to log in; who
// came with a credential has the wrong one (401) or no right (403).
func (e *element) refused(best [asSpeaker + 1]*mark) Sign {
	if e.isPage() {
		return ProxyFailed
	}
	var body *mark
	for _, r := range [...]rank{asCode, asPhrase} {
		if m := best[r]; m != nil && m.start >= e.statusEnd && (body == nil || r == asPhrase) {
			body = m
		}
	}
	if body != nil {
		switch sign := e.settle(body, best); sign {
		case LoginRequired, CredentialRejected, CredentialExpired, PermissionDenied:
			if e.status == 403 && sign == LoginRequired && e.sent != "no" {
				return PermissionDenied
			}
			if sign != PermissionDenied || e.status == 403 || body.group.code != "" {
				return sign
			}
		case AccessDenied:
			if e.sent != "no" && body.group.code == "" {
				return sign
			}
		}
	}
	switch {
	case e.sent == "no":
		return LoginRequired
	case e.status == 401 && e.sent == "yes":
		return CredentialRejected
	case e.status == 401:
		return LoginRequired
	}
	return PermissionDenied
}

// sentElsewhere tells that it was asked for a manifest's head, and another host
// answered at a path that is none of a registry's: the request was sent on to
// a page, such as a portal's or a filter's. (For layers, registries do send to
// other hosts.)
func (e *element) sentElsewhere() bool {
	r := e.request
	return r.method == "HEAD" && r.host != "" && e.reference != "" && r.host != hostOf(e.reference) && !byDigest(e.reference) &&
		!isBlobStore(r.host) && !strings.Contains(r.path, "/v1/") && !strings.Contains(r.path+"/", "/v2/") && !strings.Contains(r.path, "/blobs/")
}

// isPage tells that a refusal came as a web page. A registry words its own in
// JSON, and blob stores theirs in XML; a page is of a portal or filter on the
// way. (An error of 5xx comes as a page from the registry's own front, too.)
func (e *element) isPage() bool {
	for _, m := range e.marks {
		if m.group.page {
			body := strings.ToLower(e.text[m.end:min(len(e.text), m.end+longestDetail)])
			return !strings.Contains(body, "<?xml") && !strings.Contains(body, "<error>")
		}
	}
	return false
}

// gone sorts 404 by what was asked for: a manifest, a blob, or the API itself.
func (e *element) gone(best [asSpeaker + 1]*mark) Sign {
	if m := best[asCode]; m != nil && (m.group.sign == absent || m.group.sign == RepositoryNotFound || m.group.sign == BlobNotFound) {
		return e.settle(m, best)
	}
	path := e.request.path
	switch {
	case strings.Contains(path, "/manifests/"), strings.Contains(path, "/blobs/"):
		return e.whatIsAbsent()
	case path == "" && e.runtime == "crio" && e.stage == StageFetch:
		return BlobNotFound // of containers/image, which names the step and no URL
	case path != "", e.role == RoleTokenService, strings.Contains(e.text, "pinging"), strings.Contains(e.text, "response body"):
		return RegistryUnavailable
	case e.reference != "":
		return e.whatIsAbsent()
	}
	return RegistryUnavailable
}
