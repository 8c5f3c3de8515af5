// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package diagnosis_test

import (
	"time"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/symptom"
)

// networkCases are about local causes, which only the node can prove.
func networkCases(open evidence.Pull, refused, limited symptom.Symptom) []judgeCase {
	hub := pull("docker.io", "library/nginx", "1.29")
	oldTLS := symptom.Symptom{Sign: symptom.TLSVersionUnsupported, Host: "registry.acme.example", Detail: "remote error: tls: protocol version not supported"}
	return []judgeCase{
		{
			name: "a host name that does not resolve is proven by the runtime's own text",
			pull: open, symptom: symptom.Symptom{Sign: symptom.HostNotResolved, Host: "registry.acme.example", Detail: "no such host"},
			findings: and(here(evidence.CheckResolve, evidence.HostNotResolved)),
			want:     []string{"DNSFailure confirmed failing"}, summary: "worker-3 cannot resolve registry.acme.example; from here it is the same",
			subject: "registry registry.acme.example",
		},
		{
			name: "a registry that refuses one node only is at fault on that node's way",
			pull: open, symptom: refused, findings: and(reached, present),
			want:    []string{"ConnectionRefused confirmed failing"},
			summary: "registry.acme.example refuses connections from worker-3; from here it works, so the fault lies on worker-3",
		},
		{
			name: "an authority that one node does not know is that node's fault",
			pull: open, symptom: symptom.Symptom{Sign: symptom.TLSUntrusted, Host: "registry.acme.example", Detail: "x509: certificate signed by unknown authority"},
			findings: and(reached, present),
			want:     []string{"TLSUntrusted confirmed failing"}, summary: "from here it works",
		},
		{
			name: "a server without a version of TLS that the node takes is proven by the runtime, and told instead of the handshake that fails here",
			pull: open, symptom: oldTLS, findings: and(here(evidence.CheckTLS, evidence.TLSInvalid)),
			want:    []string{"TLSVersionUnsupported confirmed failing"},
			subject: "registry registry.acme.example", summary: "registry.acme.example speaks no version of TLS that worker-3 takes",
		},
		{
			name: "one that the client reaches under the same name is another server",
			pull: open, symptom: oldTLS, findings: and(reached, present),
			want: []string{"TLSVersionUnsupported confirmed failing"}, summary: "from here it works, so the fault lies on worker-3",
		},
		{
			name: "a version that only the client misses is possible at most",
			pull: open, symptom: says(symptom.Other, ""), findings: and(here(evidence.CheckTLS, evidence.TLSVersionUnsupported)),
			want: []string{"TLSVersionUnsupported possible failing"}, summary: "asked from here, client saw tls-version-unsupported; whether worker-3 meets the same was not seen",
		},
		{
			name: "a handshake that is broken off says nothing of versions, and proves nothing of the certificate",
			pull: open, symptom: symptom.Symptom{Sign: symptom.TLSInvalid, Host: "registry.acme.example", Detail: "remote error: tls: handshake failure"},
			want: []string{"TLSInvalid likely failing", "ClientCertificateRequired likely failing", "ProxyFailure possible failing", "ClockSkew possible failing"},
		},
		{
			name: "what only the client cannot reach is possible at most, and says nothing of the node",
			pull: open, symptom: says(symptom.Other, ""),
			findings: and(here(evidence.CheckResolve, evidence.HostNotResolved)),
			want:     []string{"DNSFailure possible failing"}, summary: "asked from here, client saw host-not-resolved; whether worker-3 meets the same was not seen",
		},
		{
			name: "a node that dialled an address has resolved the name, which does not resolve here",
			pull: open, symptom: symptom.Symptom{Sign: symptom.ConnectionTimeout, Host: "registry.acme.example", Address: "10.209.1.8:443", Detail: "dial tcp 10.209.1.8:443: i/o timeout"},
			findings: and(here(evidence.CheckResolve, evidence.HostNotResolved)),
			want:     []string{"ConnectionTimeout confirmed failing"}, ruledOut: []string{"DNSFailure"},
		},
		{
			name: "a manifest that the runtime does not take was given to it, though nothing resolves here",
			pull: open, symptom: symptom.Symptom{Sign: symptom.ManifestNotSupported, Stage: symptom.StageResolve, Detail: "unsupported media type"},
			findings: and(here(evidence.CheckResolve, evidence.HostNotResolved)),
			want:     []string{"UnsupportedManifest confirmed failing"}, ruledOut: []string{"DNSFailure"},
		},
		{
			name: "a refusal that the registry gave the node stays one, though nobody resolves its name here",
			pull: open, symptom: symptom.Symptom{Sign: symptom.AccessDenied, Status: 401, Detail: "401 Unauthorized", Runtime: "containerd"},
			findings: and(hasCredential, here(evidence.CheckResolve, evidence.HostNotResolved)),
			gaps:     []evidence.Gap{{Check: evidence.CheckResolve, Why: "registry.acme.example does not resolve from here, so the login could not be tried"}},
			want: []string{
				"AccessDeniedAmbiguous likely failing", "RepositoryNotFound possible failing", "CredentialsInvalid possible failing",
				"CredentialsExpired possible failing", "PermissionDenied possible failing",
			},
			ruledOut: []string{"DNSFailure"},
		},
		{
			name: "a node whose time was over, nobody says where, may not have resolved the name either",
			pull: open, symptom: symptom.Symptom{Sign: symptom.ConnectionTimeout, Host: "registry.acme.example", Detail: "context deadline exceeded"},
			findings: and(here(evidence.CheckResolve, evidence.HostNotResolved)),
			want:     []string{"ConnectionTimeout confirmed failing", "DNSFailure possible failing"},
		},
		{
			name: "what the node met at a rung counts, and not what the client met there",
			pull: open, symptom: refused, findings: and(here(evidence.CheckConnect, evidence.ConnectionTimeout)),
			want: []string{"ConnectionRefused confirmed failing"}, ruledOut: []string{"ConnectionTimeout"},
		},
		{
			name: "a certificate that the node does not trust was shown to it, by a host that refuses the client",
			pull: open, symptom: symptom.Symptom{Sign: symptom.TLSUntrusted, Host: "registry.acme.example", Detail: "x509: certificate signed by unknown authority"},
			findings: and(here(evidence.CheckConnect, evidence.ConnectionRefused)),
			want:     []string{"TLSUntrusted confirmed failing"}, ruledOut: []string{"ConnectionRefused"},
		},
		{
			name: "a node that the registry sent on to its token service reached the registry, which does not resolve here",
			pull: hub, symptom: symptom.Symptom{Sign: symptom.HostNotResolved, Host: "auth.docker.io", Role: symptom.RoleTokenService, Detail: "no such host"},
			findings: and(about(here(evidence.CheckConnect, evidence.ConnectionRefused), evidence.SubjectRegistry, "docker.io")),
			want:     []string{"DNSFailure confirmed failing"}, ruledOut: []string{"ConnectionRefused"},
		},
		{
			name: "a disk that is full of layers was reached by them, though nothing resolves here",
			pull: open, symptom: symptom.Symptom{Sign: symptom.DiskFull, Stage: symptom.StageUnpack, Detail: "no space left on device"},
			findings: and(here(evidence.CheckResolve, evidence.HostNotResolved)),
			want:     []string{"DiskFull confirmed failing"}, ruledOut: []string{"DNSFailure"},
		},
		{
			name: "a registry that answered the node is not unreachable, whatever the client sees",
			pull: open, symptom: says(symptom.TagNotFound, "not found"),
			findings: and(here(evidence.CheckConnect, evidence.ConnectionTimeout)),
			want:     []string{"TagNotFound likely failing", "RepositoryNotFound possible failing", "MirrorFailure possible failing"},
			ruledOut: []string{"ConnectionTimeout", "DNSFailure", "TLSUntrusted"},
		},
		{
			name: "a limit that the node ran into is proven, though the client has requests left",
			pull: hub, symptom: limited, findings: and(reached, here(evidence.CheckRateLimit, evidence.RateLimitOpen), present),
			want: []string{"RateLimited confirmed failing"}, subject: "registry docker.io",
			summary: "client saw rate-limit-open",
		},
		{
			name: "a limit that only the client ran into is likely",
			pull: hub, symptom: says(symptom.Other, ""), findings: and(here(evidence.CheckManifest, evidence.RateLimited)),
			want: []string{"RateLimited likely failing"}, summary: "asked from here, client saw rate-limited; whether worker-3 meets the same was not seen",
		},
		{
			name: "a certificate not yet valid for the node and valid from here is a wrong clock",
			pull: open, symptom: symptom.Symptom{Sign: symptom.ClockSkew, Host: "registry.acme.example", Detail: "certificate is not yet valid"},
			findings: and(reached), want: []string{"ClockSkew confirmed failing"}, subject: "node worker-3",
		},
		{
			name: "a clock that is years behind the failure's time is wrong, and the certificate is not",
			pull: open, symptom: dated(symptom.ClockSkew, failed.AddDate(-5, 0, 0), failed.AddDate(0, -1, 0), time.Time{}),
			want: []string{"ClockSkew confirmed failing"}, subject: "node worker-3",
		},
		{
			name: "a clock that is a day ahead of whoever looks is wrong",
			pull: open, symptom: dated(symptom.TLSInvalid, asked.AddDate(0, 0, 1), time.Time{}, asked.Add(time.Hour)), findings: and(reached),
			want: []string{"ClockSkew confirmed failing"}, subject: "node worker-3",
		},
		{
			name: "a clock that lags behind the making of the pod is wrong, though the event bears its time",
			pull: made(since(open, failed.AddDate(0, 0, -3)), failed.Add(-time.Hour)), symptom: dated(symptom.ClockSkew, failed.AddDate(0, 0, -3), failed.AddDate(0, 0, -2), time.Time{}), findings: and(reached),
			want: []string{"ClockSkew confirmed failing"}, subject: "node worker-3",
		},
		{
			name: "an expired certificate on a node whose clock is right",
			pull: open, symptom: dated(symptom.TLSInvalid, failed.Add(-4*time.Minute), time.Time{}, failed.AddDate(0, -1, 0)),
			want: []string{"TLSInvalid confirmed failing"}, ruledOut: []string{"ClockSkew"}, subject: "registry registry.acme.example",
		},
		{
			name: "a certificate that is not valid yet by any clock is no matter of the clock",
			pull: open, symptom: dated(symptom.ClockSkew, failed, failed.AddDate(0, 1, 0), time.Time{}),
			want: []string{"TLSInvalid confirmed failing"}, ruledOut: []string{"ClockSkew"},
		},
		{
			name: "a wrong clock does not excuse a certificate that is over by the right one too",
			pull: open, symptom: dated(symptom.TLSInvalid, failed.AddDate(3, 0, 0), time.Time{}, failed.AddDate(0, -1, 0)),
			want: []string{"TLSInvalid confirmed failing"}, ruledOut: []string{"ClockSkew"},
		},
		{
			name: "without any other clock the text proves no more than it says",
			pull: since(open, time.Time{}), symptom: dated(symptom.ClockSkew, failed, failed.AddDate(0, 1, 0), time.Time{}),
			want: []string{"ClockSkew likely failing"},
		},
		{
			name: "a single manifest for another platform is pulled, so it explains no failure of the pull",
			pull: open, symptom: refused, findings: and(reached, present, here(evidence.CheckPlatform, evidence.PlatformDiffers)),
			want: []string{"ConnectionRefused confirmed failing"},
		},
		{
			name: "unless it could not be unpacked",
			pull: open, symptom: says(symptom.UnpackFailed, "failed to extract layer"), findings: and(reached, present, here(evidence.CheckPlatform, evidence.PlatformDiffers)),
			want: []string{"UnpackFailed confirmed failing", "PlatformMismatch likely failing"},
		},
		{
			name: "a short name that the runtime may not complete is a matter of its settings",
			pull: open, symptom: says(symptom.ShortNameRefused, "short-name resolution enforced but cannot prompt"),
			want: []string{"RuntimeConfigInvalid likely failing", "InvalidImageName likely failing"},
		},
		{
			name: "behind a refused connection lies what the client finds beyond it",
			pull: open, symptom: refused, findings: and(reached, here(evidence.CheckManifest, evidence.TagAbsent)),
			want: []string{"ConnectionRefused confirmed failing", "TagNotFound confirmed failing behind"},
		},
		{
			name:    "a token service that cannot be reached is the subject, not the registry",
			pull:    hub,
			symptom: symptom.Symptom{Sign: symptom.ConnectionTimeout, Host: "auth.docker.io", Role: symptom.RoleTokenService, Detail: "i/o timeout"},
			want:    []string{"ConnectionTimeout confirmed failing"}, subject: "token-service auth.docker.io",
		},
		{
			name: "a full disk is proven by the runtime and needs nobody else",
			pull: open, symptom: says(symptom.DiskFull, "no space left on device"), findings: and(reached, present),
			want: []string{"DiskFull confirmed failing"}, subject: "node worker-3",
		},
	}
}

// dated is a text about a certificate's dates.
func dated(sign symptom.Sign, node, notBefore, notAfter time.Time) symptom.Symptom {
	return symptom.Symptom{
		Sign: sign, Host: "registry.acme.example", Runtime: "containerd", Detail: "certificate has expired or is not yet valid",
		NodeTime: node, NotBefore: notBefore, NotAfter: notAfter,
	}
}

func about(f evidence.Finding, kind evidence.SubjectKind, name string) evidence.Finding {
	f.Subject = evidence.Subject{Kind: kind, Name: name}
	return f
}

// since is a pull that failed once, when the node's own clock said so.
func since(p evidence.Pull, at time.Time) evidence.Pull {
	p.FirstFailed, p.LastFailed = at, at
	return p
}

func made(p evidence.Pull, at time.Time) evidence.Pull {
	p.PodCreated = at
	return p
}
