// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/pullmedic/pullmedic/internal/cluster/clustertest"
	"github.com/pullmedic/pullmedic/internal/report/schematest"
)

// canary is in every secret, token and header.
const canary = "canary-7c1f-secret"

// gossip is a registry that rejects every login and repeats all that it was
// sent: in headers, bodies and challenges, with escapes around it.
func gossip(t testing.TB) (host, caFile string) {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent := r.Header.Get("Authorization")
		_, password, _ := r.BasicAuth()
		w.Header().Set("WWW-Authenticate", `Basic realm="`+sent+`"`)
		w.Header().Set("X-Sent", sent+password)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, `{"errors":[{"code":"UNAUTHORIZED","message":"you sent %s \u001b[2J, password %s; ![x](http://evil)","detail":%q}]}`, sent, password, sent)
	}))
	t.Cleanup(server.Close)
	server.Config.ErrorLog = nil
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(server.URL, "https://"), ca
}

// kubeconfigFor writes a kubeconfig whose user has a canary for a token.
func kubeconfigFor(t testing.TB, s *clustertest.Server) string {
	t.Helper()
	config := api.NewConfig()
	config.Clusters["c"] = &api.Cluster{Server: s.Config.Host, CertificateAuthorityData: s.Config.CAData}
	config.AuthInfos["u"] = &api.AuthInfo{Token: canary}
	config.Contexts["here"] = &api.Context{Cluster: "c", AuthInfo: "u", Namespace: "shop"}
	config.CurrentContext = "here"
	path := filepath.Join(t.TempDir(), "config")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		t.Fatal(err)
	}
	return path
}

// refused is a cluster with a pod whose login is refused.
func refused(t testing.TB, host string) *clustertest.Server {
	t.Helper()
	ago := func(d time.Duration) metav1.Time { return metav1.NewTime(time.Now().Add(-d)) }
	image := host + "/acme/api:1.0"
	message := fmt.Sprintf(`failed to pull and unpack image %q: failed to resolve reference %q: pull access denied, repository does not exist or may require authorization: authorization failed: {"errors":[{"code":"UNAUTHORIZED","message":"Authorization: Basic %s was refused"}]}`,
		image, image, base64.StdEncoding.EncodeToString([]byte("robot:"+canary)))
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "api", UID: types.UID("uid-api"), CreationTimestamp: ago(10 * time.Minute)},
		Spec: corev1.PodSpec{
			NodeName: "worker-1", ServiceAccountName: "default", ImagePullSecrets: []corev1.LocalObjectReference{{Name: "hub"}},
			Containers: []corev1.Container{{Name: "app", Image: image, ImagePullPolicy: corev1.PullAlways, Env: []corev1.EnvVar{{Name: "PASSWORD", Value: canary}}}},
		},
		Status: corev1.PodStatus{Phase: corev1.PodPending, ContainerStatuses: []corev1.ContainerStatus{{
			Name: "app", Image: image, State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull", Message: message}},
		}}},
	}
	event := &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: "shop", Name: "api.1"},
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: "shop", Name: "api", UID: pod.UID, FieldPath: "spec.containers{app}"},
		Type:           "Warning", Reason: "Failed", Message: "Failed to pull image: " + message, Count: 3, FirstTimestamp: ago(9 * time.Minute), LastTimestamp: ago(time.Minute),
	}
	auth := base64.StdEncoding.EncodeToString([]byte("robot:" + canary))
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "hub"}, Type: corev1.SecretTypeDockerConfigJson,
		Data: map[string][]byte{".dockerconfigjson": fmt.Appendf(nil, `{"auths":{%q:{"auth":%q}}}`, host, auth)},
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "worker-1"}, Status: corev1.NodeStatus{NodeInfo: corev1.NodeSystemInfo{
		OperatingSystem: "linux", Architecture: "arm64", ContainerRuntimeVersion: "containerd://2.4.2", KubeletVersion: "v1.36.3",
	}}}
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "default"}}
	return clustertest.New(t, pod, event, secret, node, account)
}

// leaks are the spellings in which the canary could show.
func leaks() []string {
	spellings := []string{canary, hex.EncodeToString([]byte(canary)), "7c1f-secret"}
	for before := range 3 { // wherever in a group of three bytes it begins
		encoded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", before) + canary))
		spellings = append(spellings, encoded[(before*8+5)/6:(before+len(canary))*8/6])
	}
	return spellings
}

func checkNoLeak(t *testing.T, what string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		for _, spelling := range leaks() {
			if strings.Contains(text, spelling) {
				t.Errorf("%s shows a secret (as %s):\n%s", what, spelling, text)
				return
			}
		}
	}
}

func TestAWholeDiagnosisShowsNoSecret(t *testing.T) {
	host, ca := gossip(t)
	server := refused(t, host)
	config := kubeconfigFor(t, server)
	for _, args := range []string{
		"pod/api", "diagnose pod api -v", "pod/api -v=9", "pod/api -o json -v=9", "pod/api -o yaml", "", "-A -v=9", "-A -o json",
		"pod/api --probe=anonymous -v=9", "pod/api --probe=none -v=9", "--probe=credentials -v=9 -o json", "pod/api --color=always -v",
	} {
		file := filepath.Join(t.TempDir(), "trace")
		full := append(strings.Fields(args), "--kubeconfig", config, "--registry-ca", ca, "--allow-loopback", "--trace", file)
		got := bench{}.run(t, full...)
		trace, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		checkNoLeak(t, args, got.out, got.err, string(trace))
		if got.code != ExitFailing || got.err != "" {
			t.Errorf("%s: exit code %d, stderr %q", args, got.code, got.err)
		}
		if strings.Contains(args, "json") {
			schematest.Check(t, []byte(got.out))
		}
		if !strings.Contains(got.out, "CredentialsInvalid") && (strings.HasPrefix(args, "pod/api -o") || args == "pod/api") {
			t.Errorf("%s does not name the cause:\n%s", args, got.out)
		}
		if !strings.Contains(string(trace), `"kind":"request"`) || !strings.Contains(string(trace), `"kind":"process"`) {
			t.Errorf("%s: the trace lacks requests or the process:\n%s", args, trace)
		}
	}
}

func TestOneDiagnosis(t *testing.T) {
	host, ca := gossip(t)
	server := refused(t, host)
	args := []string{"pod/api", "--kubeconfig", kubeconfigFor(t, server), "--registry-ca", ca, "--allow-loopback"}
	got := bench{}.run(t, args...)
	for _, want := range []string{
		"CredentialsInvalid, confirmed: ", "Do first: ", "x 5 credentials", "+ 4 pull secrets", "asked 1 registry with ", ", 1 login.",
	} {
		if !strings.Contains(got.out, want) {
			t.Errorf("%q is not in\n%s", want, got.out)
		}
	}
	server.Deny("get secrets")
	got = bench{}.run(t, args...)
	if got.code != ExitFailing || got.err != "" {
		t.Errorf("exit code %d, stderr %q", got.code, got.err)
	}
	for _, want := range []string{"Not seen  you may not read secret hub in namespace shop", "- 4 pull secrets", "no login."} {
		if !strings.Contains(got.out, want) {
			t.Errorf("without the right to secrets, %q is not in\n%s", want, got.out)
		}
	}
	server.Deny("get pods", "list pods")
	if got = (bench{}).run(t, args...); got.code != ExitNotSeen || !strings.HasPrefix(got.err, "error: you may not get pods in namespace shop; ") {
		t.Errorf("exit code %d, stderr %q", got.code, got.err)
	}
	if got = (bench{}).run(t, "pod/api", "-n", "shop", "--kubeconfig", kubeconfigFor(t, clustertest.New(t))); got.code != ExitUsage || !strings.Contains(got.err, "there is no pod api in namespace shop") {
		t.Errorf("exit code %d, stderr %q", got.code, got.err)
	}
}

// An API server that refuses the user, or that nobody vouches for.
func TestAnAPIServerThatRepeatsTheToken(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"Unauthorized","reason":"Unauthorized","code":401}`)
	}))
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	s := clustertest.New(t)
	s.Config.Host = server.URL
	s.Config.CAData = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	got := bench{}.run(t, "-A", "--kubeconfig", kubeconfigFor(t, s))
	checkNoLeak(t, "a refused user", got.out, got.err)
	if got.code != ExitNotSeen || !strings.Contains(got.err, "the API server does not know you") || strings.Count(got.err, "\n") != 1 {
		t.Errorf("exit code %d, stderr %q", got.code, got.err)
	}
	other := clustertest.New(t)
	other.Config.CAData = nil
	got = bench{}.run(t, "-A", "--kubeconfig", kubeconfigFor(t, other))
	checkNoLeak(t, "an untrusted server", got.out, got.err)
	if got.code != ExitNotSeen || !strings.Contains(got.err, "certificate is not trusted") {
		t.Errorf("exit code %d, stderr %q", got.code, got.err)
	}
}
