// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/symptom"
)

const digest = "sha256:4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f4f"

// TestFields compares every field but Detail; what is not named must be empty.
func TestFields(t *testing.T) {
	for name, c := range map[string]struct {
		message string
		want    symptom.Symptom
	}{
		"a missing tag on containerd 1.x": {
			`Failed to pull image "shop/cart:9": rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/shop/cart:9": failed to resolve reference "docker.io/shop/cart:9": docker.io/shop/cart:9: not found`,
			symptom.Symptom{Sign: symptom.TagNotFound, Runtime: "containerd", Stage: symptom.StageResolve, Reference: "docker.io/shop/cart:9", Code: "NotFound"},
		},
		"a missing tag on Docker": {
			`Failed to pull image "shop/cart": rpc error: code = 2 desc = Error response from daemon: manifest for shop/cart:latest not found: manifest unknown: manifest unknown`,
			symptom.Symptom{Sign: symptom.TagNotFound, Runtime: "docker", Stage: symptom.StageResolve, Reference: "shop/cart:latest", Code: "Unknown", RegistryCode: "MANIFEST_UNKNOWN"},
		},
		"a missing tag on CRI-O": {
			`Failed to pull image "quay.io/shop/cart:9": initializing source docker://quay.io/shop/cart:9: reading manifest 9 in quay.io/shop/cart: manifest unknown`,
			symptom.Symptom{Sign: symptom.TagNotFound, Runtime: "crio", Stage: symptom.StageResolve, Reference: "quay.io/shop/cart:9", RegistryCode: "MANIFEST_UNKNOWN"},
		},
		"a reference made of tag and repository": {
			`Error reading manifest v1.2 in reg.acme.example:5000/shop/cart: manifest unknown: manifest unknown`,
			symptom.Symptom{Sign: symptom.TagNotFound, Runtime: "crio", Stage: symptom.StageResolve, Reference: "reg.acme.example:5000/shop/cart:v1.2", RegistryCode: "MANIFEST_UNKNOWN"},
		},
		"a reference made of digest and repository": {
			`reading manifest ` + digest + ` in quay.io/shop/cart: manifest unknown`,
			symptom.Symptom{Sign: symptom.DigestNotFound, Runtime: "crio", Stage: symptom.StageResolve, Reference: "quay.io/shop/cart@" + digest, RegistryCode: "MANIFEST_UNKNOWN"},
		},
		"tag and digest stay together": {
			`Failed to pull image "reg.acme.example/x:1@` + digest + `": failed to pull and unpack image "reg.acme.example/x@` + digest + `": failed to resolve image: reg.acme.example/x@` + digest + `: not found`,
			symptom.Symptom{Sign: symptom.DigestNotFound, Runtime: "containerd", Stage: symptom.StageResolve, Reference: "reg.acme.example/x:1@" + digest},
		},
		"a refused token for a credential": {
			`failed to resolve reference "ghcr.io/shop/cart:9": failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://ghcr.io/token?scope=repository%3Ashop%2Fcart%3Apull&service=ghcr.io: 403 Forbidden`,
			symptom.Symptom{Sign: symptom.PermissionDenied, Runtime: "containerd", Stage: symptom.StageAuthorize, Reference: "ghcr.io/shop/cart:9", Method: "GET", URL: "https://ghcr.io/token", Host: "ghcr.io", Role: symptom.RoleTokenService, Status: 403, CredentialSent: "yes"},
		},
		"a refused token for nobody": {
			`failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://reg.acme.example/service/token?service=harbor: 401 Unauthorized`,
			symptom.Symptom{Sign: symptom.LoginRequired, Runtime: "containerd", Stage: symptom.StageAuthorize, Method: "GET", URL: "https://reg.acme.example/service/token", Host: "reg.acme.example", Role: symptom.RoleTokenService, Status: 401, CredentialSent: "no"},
		},
		"a wrong password at the token service": {
			`failed to fetch oauth token: unexpected status from POST request to https://auth.docker.io/token: 401 Unauthorized`,
			symptom.Symptom{Sign: symptom.CredentialRejected, Runtime: "containerd", Stage: symptom.StageAuthorize, Method: "POST", URL: "https://auth.docker.io/token", Host: "auth.docker.io", Role: symptom.RoleTokenService, Status: 401, CredentialSent: "yes"},
		},
		"no credential for basic authentication": {
			`Error response from daemon: Head "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/v2/pay/manifests/7": no basic auth credentials`,
			symptom.Symptom{Sign: symptom.LoginRequired, Runtime: "docker", Stage: symptom.StageResolve, Method: "HEAD", URL: "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/v2/pay/manifests/7", Host: "123456789012.dkr.ecr.eu-west-1.amazonaws.com", Role: symptom.RoleRegistry, CredentialSent: "no", Reference: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/pay:7"},
		},
		"an expired ECR token": {
			`pull access denied for 123456789012.dkr.ecr.eu-west-1.amazonaws.com/pay, repository does not exist or may require 'docker login': denied: Your Authorization Token has expired. Please run 'aws ecr get-login' to fetch a new one.`,
			symptom.Symptom{Sign: symptom.CredentialExpired, Runtime: "docker", Stage: symptom.StageAuthorize, Reference: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/pay", RegistryCode: "DENIED", CredentialSent: "yes"},
		},
		"an IAM refusal": {
			`Error response from daemon: pull access denied for 123456789012.dkr.ecr.eu-west-1.amazonaws.com/pay, repository does not exist or may require 'docker login': denied: User: arn:aws:sts::1:assumed-role/x is not authorized to perform: ecr:BatchGetImage on resource: y`,
			symptom.Symptom{Sign: symptom.PermissionDenied, Runtime: "docker", Stage: symptom.StageAuthorize, Reference: "123456789012.dkr.ecr.eu-west-1.amazonaws.com/pay", RegistryCode: "DENIED", CredentialSent: "yes"},
		},
		"Docker Hub hides": {
			`failed to resolve reference "docker.io/shop/x:1": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`,
			symptom.Symptom{Sign: symptom.AccessDenied, Runtime: "containerd", Stage: symptom.StageResolve, Reference: "docker.io/shop/x:1"},
		},
		"a manifest's head that was sent on to a page": {
			`failed to resolve reference "reg.acme.example/x:1": unexpected status from HEAD request to https://portal.acme.example/login?next=%2Fv2%2Fx: 403 Forbidden`,
			symptom.Symptom{Sign: symptom.ProxyFailed, Runtime: "containerd", Stage: symptom.StageResolve, Reference: "reg.acme.example/x:1", Method: "HEAD", URL: "https://portal.acme.example/login", Host: "portal.acme.example", Role: symptom.RoleProxy, Status: 403},
		},
		"a manifest's head on the storage to which a registry sends": {
			`failed to resolve reference "reg.acme.example/x@` + digest + `": unexpected status from HEAD request to https://storage.acme.example/x/data: 403 Forbidden`,
			symptom.Symptom{Sign: symptom.PermissionDenied, Runtime: "containerd", Stage: symptom.StageResolve, Reference: "reg.acme.example/x@" + digest, Method: "HEAD", URL: "https://storage.acme.example/x/data", Host: "storage.acme.example", Role: symptom.RoleRegistry, Status: 403},
		},
		"the oldest form of a status": {
			`failed to resolve reference "reg.acme.example/x:v403": pulling from host reg.acme.example failed with status code [manifests v403]: 401 Unauthorized`,
			symptom.Symptom{Sign: symptom.LoginRequired, Runtime: "containerd", Stage: symptom.StageResolve, Reference: "reg.acme.example/x:v403", Host: "reg.acme.example", Role: symptom.RoleRegistry, Status: 401},
		},
		"a status with its body": {
			`unexpected status from GET request to https://registry-1.docker.io/v2/library/redis/manifests/` + digest + `: 429 Too Many Requests` + "\n" + `toomanyrequests: You have reached your pull rate limit.`,
			symptom.Symptom{Sign: symptom.RateLimited, Stage: symptom.StageResolve, Method: "GET", URL: "https://registry-1.docker.io/v2/library/redis/manifests/" + digest, Host: "registry-1.docker.io", Role: symptom.RoleRegistry, Status: 429, RegistryCode: "TOOMANYREQUESTS", Reference: "docker.io/library/redis@" + digest},
		},
		"a status phrase is no registry code": {
			`failed to copy: httpReadSeeker: failed open: unexpected status code https://reg.acme.example/v2/x/blobs/` + digest + `: 429 Too Many Requests`,
			symptom.Symptom{Sign: symptom.RateLimited, Runtime: "containerd", Stage: symptom.StageFetch, URL: "https://reg.acme.example/v2/x/blobs/" + digest, Host: "reg.acme.example", Role: symptom.RoleRegistry, Status: 429, Reference: "reg.acme.example/x"},
		},
		"a registry's JSON body": {
			`GET failed: {"errors":[{"code":"NAME_UNKNOWN","message":"repository name not known to registry"}]}`,
			symptom.Symptom{Sign: symptom.RepositoryNotFound, Stage: symptom.StageResolve, RegistryCode: "NAME_UNKNOWN"},
		},
		"a mirror that answers": {
			`failed to resolve reference "docker.io/library/redis:7": unexpected status from HEAD request to https://127.0.0.1:6443/v2/library/redis/manifests/7?ns=docker.io: 500 Internal Server Error`,
			symptom.Symptom{Sign: symptom.MirrorFailed, Also: []symptom.Sign{symptom.RegistryUnavailable}, Runtime: "containerd", Stage: symptom.StageResolve, Reference: "docker.io/library/redis:7", Method: "HEAD", URL: "https://127.0.0.1:6443/v2/library/redis/manifests/7", Host: "127.0.0.1:6443", Role: symptom.RoleMirror, MirrorOf: "docker.io", Status: 500},
		},
		"a mirror that refuses the connection fails": {
			`failed to do request: Get "http://10.0.0.8:30020/v2/x/manifests/` + digest + `?ns=reg.acme.example%3A5000": dial tcp 10.0.0.8:30020: connect: connection refused`,
			symptom.Symptom{Sign: symptom.MirrorFailed, Also: []symptom.Sign{symptom.ConnectionRefused}, Runtime: "containerd", Stage: symptom.StageResolve, Method: "GET", URL: "http://10.0.0.8:30020/v2/x/manifests/" + digest, Host: "10.0.0.8:30020", Role: symptom.RoleMirror, MirrorOf: "reg.acme.example:5000", Address: "10.0.0.8:30020", Reference: "reg.acme.example:5000/x@" + digest},
		},
		"a mirror that is not reached keeps the connection's sign": {
			`failed to do request: Get "http://10.0.0.8:30020/v2/x/manifests/` + digest + `?ns=reg.acme.example%3A5000": dial tcp 10.0.0.8:30020: i/o timeout`,
			symptom.Symptom{Sign: symptom.ConnectionTimeout, Runtime: "containerd", Stage: symptom.StageResolve, Method: "GET", URL: "http://10.0.0.8:30020/v2/x/manifests/" + digest, Host: "10.0.0.8:30020", Role: symptom.RoleMirror, MirrorOf: "reg.acme.example:5000", Address: "10.0.0.8:30020", Reference: "reg.acme.example:5000/x@" + digest},
		},
		"a certificate that is over for the node": {
			`failed to do request: Head "https://reg.acme.example/v2/x/manifests/1": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-20T03:40:05Z is after 2026-06-01T00:00:00Z`,
			symptom.Symptom{Sign: symptom.TLSInvalid, Runtime: "containerd", Stage: symptom.StageResolve, Method: "HEAD", URL: "https://reg.acme.example/v2/x/manifests/1", Host: "reg.acme.example", Role: symptom.RoleRegistry, Reference: "reg.acme.example/x:1",
				NodeTime: time.Date(2026, 11, 20, 3, 40, 5, 0, time.UTC), NotAfter: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)},
		},
		"a certificate that is not valid yet for a node of another time zone": {
			`x509: certificate has expired or is not yet valid: current time 2019-01-01T02:00:05+02:00 is before 2026-06-01T00:00:00Z`,
			symptom.Symptom{Sign: symptom.ClockSkew,
				NodeTime: time.Date(2019, 1, 1, 0, 0, 5, 0, time.UTC), NotBefore: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)},
		},
		"times that are cut or none are left out": {
			`x509: certificate has expired or is not yet valid: current time 2026-11-20T03:40:05Z is after 2026-06-0`,
			symptom.Symptom{Sign: symptom.TLSInvalid, NodeTime: time.Date(2026, 11, 20, 3, 40, 5, 0, time.UTC)},
		},
		"a rate limit at a mirror is a rate limit": {
			`unexpected status from HEAD request to https://mirror.acme.example/v2/library/redis/manifests/7?ns=docker.io: 429 Too Many Requests`,
			symptom.Symptom{Sign: symptom.RateLimited, Stage: symptom.StageResolve, Method: "HEAD", URL: "https://mirror.acme.example/v2/library/redis/manifests/7", Host: "mirror.acme.example", Role: symptom.RoleMirror, MirrorOf: "docker.io", Status: 429, Reference: "docker.io/library/redis:7"},
		},
		"the mirror of a Docker daemon": {
			`Failed to pull image "redis:7": rpc error: code = Unknown desc = Error response from daemon: Get "https://mirror.acme.example/v2/": dial tcp 192.0.2.5:443: i/o timeout`,
			symptom.Symptom{Sign: symptom.ConnectionTimeout, Runtime: "docker", Stage: symptom.StageResolve, Reference: "redis:7", Code: "Unknown", Method: "GET", URL: "https://mirror.acme.example/v2/", Host: "mirror.acme.example", Role: symptom.RoleMirror, Address: "192.0.2.5:443"},
		},
		"mirrors of containers/image": {
			`initializing source docker://quay.io/shop/x:1: (Mirrors also failed: [mirror.acme.example/shop/x:1: pinging container registry mirror.acme.example: Get "https://mirror.acme.example/v2/": dial tcp 192.0.2.3:443: i/o timeout]): quay.io/shop/x:1: reading manifest 1 in quay.io/shop/x: unauthorized: access to the requested resource is not authorized`,
			symptom.Symptom{Sign: symptom.AccessDenied, Also: []symptom.Sign{symptom.ConnectionTimeout, symptom.MirrorFailed}, Runtime: "crio", Stage: symptom.StageResolve, Reference: "quay.io/shop/x:1", RegistryCode: "UNAUTHORIZED"},
		},
		"a blob store behind a registry": {
			`failed to pull and unpack image "docker.io/shop/x:1": failed to copy: httpReadSeeker: failed open: failed to do request: Get "https://production.cloudflare.docker.com/registry-v2/docker/registry/v2/blobs/sha256/4f/4f/data?verify=1-abc": read tcp 10.0.0.1:46604->192.0.2.9:443: read: connection reset by peer`,
			symptom.Symptom{Sign: symptom.ConnectionReset, Runtime: "containerd", Stage: symptom.StageFetch, Reference: "docker.io/shop/x:1", Method: "GET", URL: "https://production.cloudflare.docker.com/registry-v2/docker/registry/v2/blobs/sha256/4f/4f/data", Host: "production.cloudflare.docker.com", Role: symptom.RoleBlobStore, Address: "192.0.2.9:443"},
		},
		"only an address is known": {
			`failed to copy: read tcp 10.0.0.1:46604->[2001:db8::9]:443: read: connection reset by peer`,
			symptom.Symptom{Sign: symptom.ConnectionReset, Runtime: "containerd", Stage: symptom.StageFetch, Host: "[2001:db8::9]:443", Address: "[2001:db8::9]:443"},
		},
		"a silent resolver": {
			`Failed to pull image "reg.acme.example/x:1": failed to do request: Head "https://reg.acme.example/v2/x/manifests/1": dial tcp: lookup reg.acme.example on 10.96.0.10:53: read udp 10.0.0.1:4411->10.96.0.10:53: i/o timeout`,
			symptom.Symptom{Sign: symptom.HostNotResolved, Also: []symptom.Sign{symptom.ConnectionTimeout}, Runtime: "containerd", Stage: symptom.StageResolve, Reference: "reg.acme.example/x:1", Method: "HEAD", URL: "https://reg.acme.example/v2/x/manifests/1", Host: "reg.acme.example", Role: symptom.RoleRegistry, Address: "10.96.0.10:53"},
		},
		"a name without a request": {
			`dial tcp: lookup reg.acme.example: no such host`,
			symptom.Symptom{Sign: symptom.HostNotResolved, Host: "reg.acme.example", Role: symptom.RoleRegistry},
		},
		"a dead proxy": {
			`failed to do request: Head "https://ghcr.io/v2/a/b/manifests/1": proxyconnect tcp: dial tcp 10.8.0.1:3128: connect: connection refused`,
			symptom.Symptom{Sign: symptom.ProxyFailed, Also: []symptom.Sign{symptom.ConnectionRefused}, Runtime: "containerd", Stage: symptom.StageResolve, Method: "HEAD", URL: "https://ghcr.io/v2/a/b/manifests/1", Host: "10.8.0.1:3128", Role: symptom.RoleProxy, Address: "10.8.0.1:3128", Reference: "ghcr.io/a/b:1"},
		},
		"a proxy that refuses, whose name the text does not show": {
			`pinging container registry quay.io: Get "https://quay.io/v2/": Forbidden`,
			symptom.Symptom{Sign: symptom.ProxyFailed, Runtime: "crio", Stage: symptom.StageResolve, Method: "GET", URL: "https://quay.io/v2/", Role: symptom.RoleProxy},
		},
		"a proxy's own phrase": {
			`Error response from daemon: Get "https://quay.io/v2/": Verboten`,
			symptom.Symptom{Sign: symptom.ProxyFailed, Runtime: "docker", Stage: symptom.StageResolve, Method: "GET", URL: "https://quay.io/v2/", Role: symptom.RoleProxy},
		},
		"TLS on an address with a port": {
			`Error response from daemon: Get "https://[::1]:5000/v2/": x509: certificate signed by unknown authority`,
			symptom.Symptom{Sign: symptom.TLSUntrusted, Runtime: "docker", Stage: symptom.StageResolve, Method: "GET", URL: "https://[::1]:5000/v2/", Host: "[::1]:5000", Role: symptom.RoleRegistry},
		},
		"user info and query of a URL are left out": {
			`Get "https://robot:hunter2@reg.acme.example/v2/x/manifests/1?token=hunter2": EOF`,
			symptom.Symptom{Sign: symptom.ConnectionReset, Stage: symptom.StageResolve, Method: "GET", URL: "https://reg.acme.example/v2/x/manifests/1", Host: "reg.acme.example", Role: symptom.RoleRegistry, Reference: "reg.acme.example/x:1"},
		},
		"the local Docker API's status is not the registry's": {
			`500 Server Error for http+docker://localhost/v1.43/images/create?tag=1&fromImage=shop: Internal Server Error ("toomanyrequests: Rate exceeded")`,
			symptom.Symptom{Sign: symptom.RateLimited, Runtime: "docker", RegistryCode: "TOOMANYREQUESTS"},
		},
		"a damaged content store": {
			`Failed to create pod sandbox: rpc error: code = NotFound desc = failed to create containerd container: error unpacking image: failed to extract layer ` + digest + `: failed to get reader from content store: content digest ` + digest + `: not found`,
			symptom.Symptom{Sign: symptom.CacheCorrupted, Runtime: "containerd", Stage: symptom.StageUnpack, Code: "NotFound"},
		},
		"a full disk while unpacking": {
			`failed to pull and unpack image "docker.io/shop/x:1": failed to extract layer ` + digest + `: write /var/lib/containerd/x: no space left on device: unknown`,
			symptom.Symptom{Sign: symptom.DiskFull, Also: []symptom.Sign{symptom.UnpackFailed}, Runtime: "containerd", Stage: symptom.StageUnpack, Reference: "docker.io/shop/x:1"},
		},
		"a pause image": {
			`Failed to create pod sandbox: rpc error: code = Unknown desc = failed to get sandbox image "registry.k8s.io/pause:3.9": failed to pull image "registry.k8s.io/pause:3.9": failed to pull and unpack image "registry.k8s.io/pause:3.9": failed to resolve reference "registry.k8s.io/pause:3.9": unexpected status from HEAD request to https://europe-west3-docker.pkg.dev/v2/k8s-artifacts-prod/images/pause/manifests/3.9: 403 Forbidden`,
			symptom.Symptom{Sign: symptom.PermissionDenied, Runtime: "containerd", Stage: symptom.StageResolve, Reference: "registry.k8s.io/pause:3.9", Code: "Unknown", Method: "HEAD", URL: "https://europe-west3-docker.pkg.dev/v2/k8s-artifacts-prod/images/pause/manifests/3.9", Host: "europe-west3-docker.pkg.dev", Role: symptom.RoleRegistry, Status: 403},
		},
		"two credentials, the second let in": {
			`Failed to pull image "reg.acme.example/x:9": [failed to pull and unpack image "reg.acme.example/x:9": failed to resolve reference "reg.acme.example/x:9": failed to authorize: failed to fetch oauth token: unexpected status: 401 Unauthorized, rpc error: code = NotFound desc = failed to pull and unpack image "reg.acme.example/x:9": failed to resolve reference "reg.acme.example/x:9": reg.acme.example/x:9: not found]`,
			symptom.Symptom{Sign: symptom.TagNotFound, Also: []symptom.Sign{symptom.CredentialRejected}, Runtime: "containerd", Stage: symptom.StageResolve, Reference: "reg.acme.example/x:9", Code: "NotFound"},
		},
		"a credential first and then nobody": {
			`[rpc error: code = Unknown desc = Error response from daemon: Head "https://reg.acme.example/v2/x/manifests/9": denied: Your authorization token has expired. Reauthenticate and try again., rpc error: code = Unknown desc = Error response from daemon: Head "https://reg.acme.example/v2/x/manifests/9": no basic auth credentials]`,
			symptom.Symptom{Sign: symptom.CredentialExpired, Also: []symptom.Sign{symptom.LoginRequired}, Runtime: "docker", Stage: symptom.StageResolve, Code: "Unknown", Method: "HEAD", URL: "https://reg.acme.example/v2/x/manifests/9", Host: "reg.acme.example", Role: symptom.RoleRegistry, RegistryCode: "DENIED", CredentialSent: "yes", Reference: "reg.acme.example/x:9"},
		},
		"a missing pull secret": {
			`Unable to retrieve some image pull secrets (hub); attempting to pull the image may not succeed.`,
			symptom.Symptom{Sign: symptom.SecretNotFound, Runtime: "kubelet", Stage: symptom.StageSecret},
		},
		"a policy of Never": {
			`Container image "shop:dev" is not present with pull policy of Never`,
			symptom.Symptom{Sign: symptom.NeverPull, Runtime: "kubelet", Stage: symptom.StageName, Reference: "shop:dev"},
		},
		"nothing but the back-off": {
			`Back-off pulling image "shop:dev"`,
			symptom.Symptom{Sign: symptom.Other, Runtime: "kubelet", Reference: "shop:dev"},
		},
		"nothing at all": {"", symptom.Symptom{Sign: symptom.Other}},
	} {
		t.Run(name, func(t *testing.T) {
			got := symptom.Parse(c.message)
			got.Detail = ""
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s\n got %+v\nwant %+v", c.message, got, c.want)
			}
		})
	}
}

func TestDetailIsTheInnermostError(t *testing.T) {
	for name, c := range map[string]struct{ message, want string }{
		"behind a URL":                {`failed to do request: Head "https://reg.acme.example/v2/x/manifests/1": dial tcp 192.0.2.1:443: i/o timeout`, "dial tcp 192.0.2.1:443: i/o timeout"},
		"a status":                    {`unexpected status from HEAD request to https://reg.acme.example/v2/x/manifests/1: 403 Forbidden`, "403 Forbidden"},
		"a sentence about an image":   {`Error response from daemon: manifest for shop/cart:9 not found`, "manifest for shop/cart:9 not found"},
		"a not found":                 {`failed to resolve reference "reg.acme.example/x:1": reg.acme.example/x:1: not found`, "reg.acme.example/x:1: not found"},
		"nothing for an unknown text": {`hello`, ""},
		"a URL without its query":     {`failed to authorize: denied: see https://u:p@reg.acme.example/why?sig=hunter2 for more`, "denied: see https://reg.acme.example/why for more"},
		"a password is not shown":     {`denied: bad login {"username":"robot","password":"hunter2hunter2"}`, `denied: bad login {"username":"robot","password":"[redacted]"}`},
		"a bearer token is not shown": {`denied: sent Authorization: Bearer QmFzZTY0VG9rZW4xMjM0 to us`, `denied: sent Authorization: Bearer [redacted] to us`},
		"a web token is not shown":    {`denied: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc is wrong`, `denied: [redacted] is wrong`},
		"words about tokens stay":     {`denied: Your Authorization Token has expired. Please log in`, `denied: Your Authorization Token has expired. Please log in`},
		"escapes and overrides go":    {"denied: a\x1b[31mb\u202ec", "denied: abc"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := symptom.Parse(c.message).Detail; got != c.want {
				t.Errorf("Detail of %q is %q, want %q", c.message, got, c.want)
			}
		})
	}
}
