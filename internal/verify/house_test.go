// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"crypto/x509"

	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/cluster/clustertest"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/registry"
	"github.com/pullmedic/pullmedic/internal/verify"
)

// canary is in every password; it must show nowhere.
const canary = "canary-7c1f-secret"

// now is the time of every look.
func now() time.Time { return time.Date(2026, 11, 21, 3, 50, 0, 0, time.UTC) }

// shelf is a real registry over TLS. Repositories under private/ want the login
// robot with the canary for a password.
type shelf struct {
	t     testing.TB
	host  string
	pool  *x509.CertPool
	plain *httptest.Server // for pushing
	// gone are blobs that it lost.
	gone map[string]bool
}

func newShelf(t testing.TB) *shelf {
	t.Helper()
	handler := ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0)))
	s := &shelf{t: t, plain: httptest.NewServer(handler), gone: map[string]bool{}, pool: x509.NewCertPool()}
	t.Cleanup(s.plain.Close)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, sent := r.BasicAuth()
		good := user == "robot" && password == canary
		refuse := func(status int, code string) {
			w.Header().Set("Www-Authenticate", `Basic realm="shelf"`)
			w.WriteHeader(status)
			if r.Method != http.MethodHead {
				_ = json.NewEncoder(w).Encode(map[string]any{"errors": []any{map[string]string{"code": code, "message": "no, " + user + " " + password}}})
			}
		}
		switch {
		case sent && !good:
			refuse(http.StatusUnauthorized, "UNAUTHORIZED")
		case !good && (strings.HasPrefix(r.URL.Path, "/v2/private/") || r.URL.Path == "/v2/"):
			refuse(http.StatusUnauthorized, "UNAUTHORIZED")
		case s.gone[r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]]:
			w.WriteHeader(http.StatusNotFound)
		default:
			handler.ServeHTTP(w, r)
		}
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	s.pool.AddCert(server.Certificate())
	s.host = strings.TrimPrefix(server.URL, "https://")
	return s
}

// push pushes an index of one image for each platform, and returns it.
func (s *shelf) push(at string, platforms ...string) v1.ImageIndex {
	s.t.Helper()
	var index v1.ImageIndex = empty.Index
	for _, p := range platforms {
		os, arch, _ := strings.Cut(p, "/")
		image, err := random.Image(3000, 3)
		if err != nil {
			s.t.Fatal(err)
		}
		config, err := image.ConfigFile()
		if err != nil {
			s.t.Fatal(err)
		}
		config = config.DeepCopy()
		config.OS, config.Architecture = os, arch
		if image, err = mutate.ConfigFile(image, config); err != nil {
			s.t.Fatal(err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: os, Architecture: arch}}})
	}
	ref, err := name.ParseReference(strings.TrimPrefix(s.plain.URL, "http://")+"/"+at, name.Insecure)
	if err == nil {
		err = remote.WriteIndex(ref, index)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return index
}

// pushOne pushes an image without an index.
func (s *shelf) pushOne(at, os, arch string) {
	s.t.Helper()
	image, err := random.Image(300, 1)
	if err != nil {
		s.t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		s.t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = os, arch
	if image, err = mutate.ConfigFile(image, config); err != nil {
		s.t.Fatal(err)
	}
	ref, err := name.ParseReference(strings.TrimPrefix(s.plain.URL, "http://")+"/"+at, name.Insecure)
	if err == nil {
		err = remote.Write(ref, image)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// lose makes the registry lose a layer of the index's first image.
func (s *shelf) lose(index v1.ImageIndex) {
	s.t.Helper()
	manifest, err := index.IndexManifest()
	if err != nil {
		s.t.Fatal(err)
	}
	image, err := index.Image(manifest.Manifests[0].Digest)
	if err != nil {
		s.t.Fatal(err)
	}
	layers, err := image.Layers()
	if err != nil {
		s.t.Fatal(err)
	}
	digest, err := layers[1].Digest()
	if err != nil {
		s.t.Fatal(err)
	}
	s.gone[digest.String()] = true
}

// A scene is a cluster beside the shelf.
type scene struct {
	objects []runtime.Object
	deny    []string
	mode    registry.Mode
	q       examine.Prospect
	// untrusted: the client does not trust the registry's certificate.
	untrusted bool
	// hosts is a hosts.toml for the shelf's host in a node's hosts directory.
	hosts string
}

func (s *shelf) verify(t testing.TB, c scene) verify.Result {
	t.Helper()
	server := clustertest.New(t, c.objects...)
	server.Deny(c.deny...)
	client, err := cluster.New(server.Config, cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	causes, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	o := registry.Options{Probe: c.mode, AllowLoopback: true, RootCAs: s.pool, Timeout: time.Minute, StepTimeout: time.Minute, Proxy: func(*url.URL) (*url.URL, error) { return nil, nil }}
	if c.mode == "" {
		o.Probe = registry.Credentials
	}
	if c.untrusted {
		o.RootCAs = x509.NewCertPool()
	}
	if c.hosts != "" {
		o.HostsDir = t.TempDir()
		dir := filepath.Join(o.HostsDir, strings.ReplaceAll(s.host, ":", "_")+"_")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "hosts.toml"), []byte(c.hosts), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	prober := registry.New(o)
	t.Cleanup(prober.Close)
	x := examine.New(examine.Options{Cluster: client, Catalog: causes, Prober: prober, Now: now})
	return verify.Verify(t.Context(), causes, x, c.q)
}

func node(name, arch, kubelet string, images ...string) *corev1.Node {
	n := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelArchStable: arch, corev1.LabelHostname: name}},
		Status: corev1.NodeStatus{NodeInfo: corev1.NodeSystemInfo{
			OperatingSystem: "linux", Architecture: arch, ContainerRuntimeVersion: "containerd://2.4.2", KubeletVersion: kubelet,
		}},
	}
	for _, image := range images {
		n.Status.Images = append(n.Status.Images, corev1.ContainerImage{Names: strings.Fields(image), SizeBytes: 1000})
	}
	return n
}

func account(secrets ...string) *corev1.ServiceAccount {
	sa := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "default"}}
	for _, s := range secrets {
		sa.ImagePullSecrets = append(sa.ImagePullSecrets, corev1.LocalObjectReference{Name: s})
	}
	return sa
}

// secretFor is a pull secret for a registry.
func secretFor(name, host, password string) *corev1.Secret {
	auth := base64.StdEncoding.EncodeToString([]byte("robot:" + password))
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name}, Type: corev1.SecretTypeDockerConfigJson,
		Data: map[string][]byte{".dockerconfigjson": fmt.Appendf(nil, `{"auths":{%q:{"auth":%q}}}`, host, auth)},
	}
}

// malformed is a pull secret whose content is none.
func malformed(name string) *corev1.Secret {
	s := secretFor(name, "x", "x")
	s.Data[".dockerconfigjson"] = []byte("{" + canary)
	return s
}

// want is a Deployment's pod with one container.
func want(image string, alter ...func(*corev1.PodSpec)) examine.Want {
	spec := corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: image}}}
	for _, a := range alter {
		a(&spec)
	}
	return examine.Templated("Deployment", "shop", "api", corev1.PodTemplateSpec{Spec: spec})
}

// pod is one that exists, on a node.
func pod(image string, alter ...func(*corev1.Pod)) examine.Want {
	p := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "api-1", UID: types.UID("uid-1"), CreationTimestamp: metav1.NewTime(now().Add(-time.Hour))},
		Spec:       corev1.PodSpec{NodeName: "worker-1", ServiceAccountName: "default", Containers: []corev1.Container{{Name: "app", Image: image, ImagePullPolicy: corev1.PullIfNotPresent}}},
	}
	for _, a := range alter {
		a(p)
	}
	w := examine.Templated("Pod", "shop", "api-1", corev1.PodTemplateSpec{})
	w.Pod, w.Exists = p, true
	return w
}

func policy(p corev1.PullPolicy) func(*corev1.PodSpec) {
	return func(s *corev1.PodSpec) { s.Containers[0].ImagePullPolicy = p }
}

func secrets(names ...string) func(*corev1.PodSpec) {
	return func(s *corev1.PodSpec) {
		for _, n := range names {
			s.ImagePullSecrets = append(s.ImagePullSecrets, corev1.LocalObjectReference{Name: n})
		}
	}
}

// ago is a time some minutes before the look.
func ago(minutes int) metav1.Time {
	return metav1.NewTime(now().Add(-time.Duration(minutes) * time.Minute))
}
