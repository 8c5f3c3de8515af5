// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package catalog

import "github.com/pullmedic/pullmedic/symptom"

// A Row is one class of error texts with what it may stand for.
type Row struct {
	Sign symptom.Sign `json:"sign"`
	// Shows says what such a text shows, as a phrase.
	Shows string `json:"shows"`
	// First is the cause that the text alone points to, Also are the others
	// that it leaves possible, the commoner ones first. Ids.
	First string   `json:"first"`
	Also  []string `json:"also,omitempty"`
	// FirstAction is what a person does first.
	FirstAction string `json:"firstAction"`
}

// Matrix returns the classes of error texts with their causes and first
// actions, in the order in which a pull can show them. It gives no shares:
// those belong to a source that was counted.
func (c *Catalog) Matrix() []Row {
	var rows []Row
	for _, s := range classes() {
		first, row := c.firstFor(s.sign), Row{Sign: s.sign, Shows: s.shows}
		row.First, row.FirstAction = first.ID, first.FirstAction
		for _, cause := range distinct(first, c.alsoFor(s.sign)) {
			row.Also = append(row.Also, cause.ID)
		}
		rows = append(rows, row)
	}
	return rows
}

type class struct {
	sign  symptom.Sign
	shows string
}

func classes() []class {
	return []class{
		{symptom.InvalidReference, "the image's name cannot be parsed"},
		{symptom.ShortNameRefused, "a name without a host, which the runtime may not complete"},
		{symptom.TagNotFound, "not found, for a name with a tag"},
		{symptom.DigestNotFound, "not found, for a name with a digest"},
		{symptom.RepositoryNotFound, "the repository's name is not known"},
		{symptom.PlatformNotFound, "no match for the platform"},
		{symptom.ManifestNotSupported, "a media type or schema that the runtime refuses"},
		{symptom.BlobNotFound, "a layer or config is not found at the registry"},
		{symptom.ContentDiffers, "another digest or size than expected"},

		{symptom.AccessDenied, "pull access denied, or insufficient scope"},
		{symptom.LoginRequired, "authentication required, or no basic auth credentials"},
		{symptom.CredentialRejected, "a wrong user or password, or a token that is rejected"},
		{symptom.CredentialExpired, "a token that has expired"},
		{symptom.PermissionDenied, "403 Forbidden, or a permission that is missing"},
		{symptom.SecretNotFound, "unable to retrieve some image pull secrets"},
		{symptom.SecretUnreadable, "a pull secret that cannot be parsed"},
		{symptom.ProviderFailed, "a credential provider that failed"},
		{symptom.ClientCertificateAsked, "a client certificate is required"},

		{symptom.HostNotResolved, "no such host, or another answer of a resolver"},
		{symptom.ConnectionTimeout, "i/o timeout, or a client timeout"},
		{symptom.ConnectionRefused, "connection refused"},
		{symptom.ConnectionReset, "connection reset, or an unexpected end"},
		{symptom.NoRoute, "no route to host, or network is unreachable"},
		{symptom.TLSVersionUnsupported, "no version of TLS that both sides take"},
		{symptom.TLSUntrusted, "a certificate signed by an unknown authority"},
		{symptom.TLSInvalid, "a certificate that is expired or for another name"},
		{symptom.ClockSkew, "a certificate that is not valid yet"},
		{symptom.HTTPInsteadOfHTTPS, "an HTTP response to an HTTPS client"},
		{symptom.ProxyFailed, "a proxy that cannot be reached, or refuses"},

		{symptom.RateLimited, "429, or toomanyrequests"},
		{symptom.RegistryUnavailable, "a 5xx status, or no registry at that address"},
		{symptom.RegistryPolicy, "a rule of the registry or of its firewall"},
		{symptom.UpstreamCacheFailed, "a cache that could not fetch from its source"},
		{symptom.MirrorFailed, "an error of a mirror"},

		{symptom.DiskFull, "no space left on device"},
		{symptom.CacheCorrupted, "content that the node's own store lacks"},
		{symptom.UnpackFailed, "a layer that could not be extracted"},
		{symptom.RuntimeUnavailable, "the runtime's socket does not answer"},
		{symptom.RuntimeConfigInvalid, "settings of the runtime that it cannot use"},
		{symptom.PullTimeout, "context deadline exceeded or canceled, without a host"},
		{symptom.ThrottledByKubelet, "pull QPS exceeded"},

		{symptom.NeverPull, "not present with pull policy of Never"},
		{symptom.SignatureRejected, "a signature that is missing or wrong"},
		{symptom.AdmissionDenied, "an admission webhook or policy denied the request"},
		{symptom.CredentialReverification, "credentials of an image on the node have to be verified"},

		{symptom.Other, "no cause at all, such as a bare back-off"},
	}
}
