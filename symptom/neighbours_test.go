// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/symptom"
)

// neighbours begin what is said about the rest of a pod's life.
var neighbours = []string{
	`Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "3f1c": plugin type="calico" failed (add): `,
	`Failed to create pod sandbox: rpc error: code = Unknown desc = failed to create pod network sandbox k8s_web_shop(3f1c): error adding pod shop_web to CNI network "net": `,
	`Failed to create pod sandbox: rpc error: code = Unknown desc = failed to set up sandbox container "3f1c" network for pod "web": networkPlugin cni failed to set up pod "web_shop" network: `,
	`MountVolume.SetUp failed for volume "tls" : `,
	`AttachVolume.Attach failed for volume "pvc-1" : `,
	`Unable to attach or mount volumes: unmounted volumes=[data], unattached volumes=[data]: `,
	`Liveness probe failed: `,
	`Readiness probe failed: `,
	`Startup probe errored: `,
	`PostStartHook failed: `,
	`Error: failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: `,
	`Error: failed to start container "web": Error response from daemon: OCI runtime create failed: `,
	`Error: container create failed: `,
	`0/3 nodes are available: `,
}

// failures are worded alike whatever fails.
var failures = []string{
	`Get "http://10.244.1.7:8080/v2/": dial tcp 10.244.1.7:8080: connect: connection refused`,
	`Get "https://10.96.0.1:443/api": dial tcp 10.96.0.1:443: i/o timeout`,
	`Get "https://vault.acme.example/v1/kv": x509: certificate signed by unknown authority`,
	`dial tcp: lookup vault.acme.example on 10.96.0.10:53: no such host`,
	`connection is unauthorized: Unauthorized`,
	`HTTP probe failed with statuscode: 503`,
	`HTTP probe failed with statuscode: 403`,
	`secret "web-tls" not found`,
	`context deadline exceeded`,
	`rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial unix /run/x.sock: connect: no such file or directory"`,
	`exec: "/app/run": stat /app/run: no such file or directory: unknown`,
	`error mounting "/proc" to rootfs: permission denied: unknown`,
	`toomanyrequests: slow down`,
}

// Whoever speaks about something else than a pull is believed, however its
// words end; and where somebody in the chain pulls, the ending counts.
func TestWhatIsNoPullNamesNoCause(t *testing.T) {
	for _, start := range neighbours {
		for _, end := range failures {
			message := start + end
			got := symptom.Parse(message)
			if got.Sign != symptom.Other || got.Host != "" || got.URL != "" || got.Status != 0 || got.Role != "" {
				t.Errorf("%s (host %q, URL %q, status %d): %s", got.Sign, got.Host, got.URL, got.Status, message)
			}
			pull := `Failed to pull image "reg.acme.example/x:1": failed to resolve reference "reg.acme.example/x:1": ` + end
			if got := symptom.Parse(pull); got.Sign == symptom.Other && !strings.Contains(end, "web-tls") {
				t.Errorf("names no cause: %s", pull)
			}
		}
	}
}

// The sandbox's image is pulled as any other: the failure of that pull is told,
// with its image, though it stands behind the sandbox's words.
func TestTheSandboxImageIsPulled(t *testing.T) {
	const image = "registry.k8s.io/pause:3.9"
	for end, want := range map[string]symptom.Sign{
		`failed to do request: Head "https://registry.k8s.io/v2/pause/manifests/3.9": dial tcp 192.0.2.1:443: i/o timeout`:            symptom.ConnectionTimeout,
		`failed to do request: Head "https://registry.k8s.io/v2/pause/manifests/3.9": dial tcp: lookup registry.k8s.io: no such host`: symptom.HostNotResolved,
		`unexpected status from HEAD request to https://registry.k8s.io/v2/pause/manifests/3.9: 429 Too Many Requests`:                symptom.RateLimited,
		image + `: not found`: symptom.TagNotFound,
	} {
		for _, start := range []string{
			`Failed to create pod sandbox: rpc error: code = Unknown desc = failed to start sandbox "3f1c": `,
			`Failed to create pod sandbox: rpc error: code = Unknown desc = `,
			`Failed to create pod sandbox: `,
		} {
			message := start + `failed to get sandbox image "` + image + `": failed to pull image "` + image + `": failed to pull and unpack image "` + image + `": failed to resolve reference "` + image + `": ` + end
			if got := symptom.Parse(message); got.Sign != want || got.Reference != image {
				t.Errorf("%s of %q, want %s: %s", got.Sign, got.Reference, want, message)
			}
		}
	}
}

// A program of another platform, or a full disk, shows wherever it shows.
func TestWhatHoldsForANodeIsToldBesideANeighbour(t *testing.T) {
	for end, want := range map[string]symptom.Sign{
		`exec: "/app": exec format error: unknown`:          symptom.PlatformNotFound,
		`write /run/x: no space left on device`:             symptom.DiskFull,
		`Get "http://10.0.0.1/": connect: connection reset`: "",
	} {
		for _, start := range neighbours {
			got := symptom.Parse(start + end)
			if got.Sign != symptom.Other || want == "" && len(got.Also) > 0 || want != "" && !slices.Equal(got.Also, []symptom.Sign{want}) {
				t.Errorf("%s, also %v, want also %q: %s", got.Sign, got.Also, want, start+end)
			}
		}
	}
}

// The limit on an event's text cuts messages anywhere. Where the cut falls into
// the decisive words, half of them is enough; and no cut may turn one cause
// into another that the whole text does not name.
func TestACutMessageSaysTheSameOrLess(t *testing.T) {
	const head = `Failed to pull image "reg.acme.example/x:1": failed to resolve reference "reg.acme.example/x:1": failed to do request: Head "https://reg.acme.example/v2/x/manifests/1": `
	for _, c := range []struct {
		ending string
		from   string // from here on it must be known
		want   symptom.Sign
	}{
		{`tls: failed to verify certificate: x509: certificate signed by unknown authority`, `certificate signed by`, symptom.TLSUntrusted},
		{`tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-20T03:40:05Z is after 2026-06-01T00:00:00Z`, `certificate has expired`, symptom.TLSInvalid},
		{`tls: failed to verify certificate: x509: certificate is valid for a.example, not reg.acme.example`, `certificate is valid fo`, symptom.TLSInvalid},
		{`dial tcp 192.0.2.1:443: i/o timeout`, `i/o timeou`, symptom.ConnectionTimeout},
		{`dial tcp 192.0.2.1:443: connect: connection refused`, `connect: connection refu`, symptom.ConnectionRefused},
		{`dial tcp 192.0.2.1:443: connect: no route to host`, `connect: no route t`, symptom.NoRoute},
		{`http: server gave HTTP response to HTTPS client`, `HTTP response to HTT`, symptom.HTTPInsteadOfHTTPS},
		{`proxyconnect tcp: dial tcp 192.0.2.9:3128: connect: connection refused`, `proxyconnect tcp`, symptom.ProxyFailed},
	} {
		known := strings.Index(c.ending, c.from) + len(c.from)
		for cut := range len(c.ending) + 1 {
			for _, mark := range []string{"", "..."} {
				got := symptom.Parse(head + c.ending[:cut] + mark)
				if got.Sign != c.want && (got.Sign != symptom.Other || cut >= known) {
					t.Errorf("%s, want %s: %s", got.Sign, c.want, c.ending[:cut]+mark)
				}
			}
		}
	}
}
