// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package up starts and ends the testbed's cluster. Every program outlives the
// command that started it; a second Up starts only what does not run.
package up

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/daemon"
	"github.com/pullmedic/pullmedic/testbed/internal/images"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/pki"
	"github.com/pullmedic/pullmedic/testbed/internal/place"
	"github.com/pullmedic/pullmedic/testbed/internal/registries"
)

// limit is how long a part may take to be of use.
const limit = 3 * time.Minute

// Store keeps the records of the programs that Up starts.
func Store(t *cluster.Testbed) *daemon.Store {
	return daemon.NewStore(filepath.Join(t.Run(), "daemons"))
}

// Up starts the cluster and returns when both nodes are ready and the images
// are pushed. self is this program, which serves names and registries.
func Up(ctx context.Context, t *cluster.Testbed, self string, out io.Writer) error {
	begin := time.Now()
	u, err := core(ctx, t, self)
	if err != nil {
		return err
	}
	if err := u.controllers(ctx); err != nil {
		return err
	}
	for i := range layout.Nodes {
		if err := u.node(ctx, layout.Nodes[i], Setting{}); err != nil {
			return err
		}
	}
	if err := u.images(ctx); err != nil {
		return err
	}
	if err := wait(ctx, "the nodes", func() error { return nodesReady(ctx, t) }); err != nil {
		return err
	}
	fmt.Fprintf(out, "up in %.1f s: %d nodes ready\n", time.Since(begin).Seconds(), len(layout.Nodes))
	return nil
}

// Core starts the API server and the registries alone: no node, no scheduler and
// no controller, so that objects stay as they are made.
func Core(ctx context.Context, t *cluster.Testbed, self string) error {
	u, err := core(ctx, t, self)
	if err != nil {
		return err
	}
	return u.images(ctx)
}

// core starts what every other part needs.
func core(ctx context.Context, t *cluster.Testbed, self string) (*starter, error) {
	for _, dir := range []string{t.Run(), t.Logs(), t.PKI()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return nil, fmt.Errorf("making the testbed's directories: %w", err)
		}
	}
	if err := place.Prepare(ctx, t); err != nil {
		return nil, err
	}
	if err := makePlaces(ctx, t); err != nil {
		return nil, err
	}
	u := &starter{testbed: t, store: Store(t)}
	if err := u.services(ctx, self); err != nil {
		return nil, err
	}
	return u, u.controlPlane(ctx)
}

// images fills the registries when they serve.
func (u *starter) images(ctx context.Context) error {
	t := u.testbed
	if err := wait(ctx, "the registries", func() error { _, err := os.Stat(readyFile(t)); return err }); err != nil {
		return err
	}
	return images.Push(ctx, registries.StorageSocket(t), t.Bin("pause"))
}

func makePlaces(ctx context.Context, t *cluster.Testbed) error {
	ca, err := pki.Load(t.PKI(), pki.Testbed)
	if err != nil {
		return err
	}
	second, err := pki.Load(t.PKI(), pki.Second)
	if err != nil {
		return err
	}
	bundle, err := os.ReadFile("/etc/ssl/certs/ca-certificates.crt")
	if err != nil {
		return fmt.Errorf("reading the system's trust store (is ca-certificates installed?): %w", err)
	}
	bundle = append(bundle, ca.PEM()...)
	for _, p := range place.Places() {
		trusted := bundle
		if p.Name == cluster.Client {
			trusted = append(append([]byte{}, bundle...), second.PEM()...)
		}
		files := place.Files{ResolvConf: "nameserver " + layout.Services + "\n", Hosts: "127.0.0.1 localhost\n", Bundle: trusted}
		if err := place.Make(ctx, t, p, files); err != nil {
			return err
		}
	}
	return nil
}

func nodesReady(ctx context.Context, t *cluster.Testbed) error {
	kube, err := t.Kube()
	if err != nil {
		return err
	}
	list, err := kube.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	ready := 0
	for _, node := range list.Items {
		for _, c := range node.Status.Conditions {
			if c.Type == "Ready" && c.Status == "True" {
				ready++
			}
		}
	}
	if ready < len(layout.Nodes) {
		return fmt.Errorf("%d of %d nodes are ready", ready, len(layout.Nodes))
	}
	return nil
}

// wait asks until there is no error, at most for limit.
func wait(ctx context.Context, what string, ask func() error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting %s for %s (see testbed logs): %w", limit, what, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// A starter starts the programs of one testbed.
type starter struct {
	testbed *cluster.Testbed
	store   *daemon.Store
}

// start runs a program, in a place's namespaces unless place is "".
func (u *starter) start(ctx context.Context, name, place string, env []string, command ...string) error {
	spec := daemon.Spec{Name: name, Command: command, Log: filepath.Join(u.testbed.Logs(), name+".log")}
	for _, flag := range command {
		// The kubelet reads its settings when it starts.
		if file, ok := strings.CutPrefix(flag, "--config="); ok {
			text, err := os.ReadFile(file)
			if err != nil {
				return fmt.Errorf("reading the settings of %s: %w", name, err)
			}
			spec.Version = fmt.Sprintf("%x", sha256.Sum256(text))
		}
	}
	spec.Env = append([]string{"HOME=/root", "PATH=" + filepath.Join(u.testbed.Dir(), "bin") + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, env...)
	if place != "" {
		inside := u.testbed.Exec(ctx, place, command[0], command[1:]...)
		spec.Command = append([]string{inside.Path}, inside.Args[1:]...)
	}
	_, err := u.store.Start(spec)
	return err
}

func readyFile(t *cluster.Testbed) string { return filepath.Join(t.Run(), "ready") }

func (u *starter) services(ctx context.Context, self string) error {
	record, err := u.store.Record("services")
	if err != nil || !record.Running() {
		if err := os.Remove(readyFile(u.testbed)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("starting the services: %w", err)
		}
	}
	return u.start(ctx, "services", cluster.Services, nil, self, "--dir", u.testbed.Dir(), "serve")
}

func (u *starter) secretFile(name string, make func() ([]byte, error)) (string, error) {
	path := filepath.Join(u.testbed.Run(), name)
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	data, err := make()
	if err != nil {
		return "", err
	}
	return path, os.WriteFile(path, data, 0o600)
}

// token is a random word that is made once.
func (u *starter) token(user string) (string, error) {
	path, err := u.secretFile("token-"+user, func() ([]byte, error) { return []byte(rand.Text()), nil })
	if err != nil {
		return "", fmt.Errorf("making a token for %s: %w", user, err)
	}
	data, err := os.ReadFile(path)
	return string(data), err
}

func (u *starter) kubeconfig(path string, users ...string) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: v1\nkind: Config\ncurrent-context: %s\nclusters:\n- name: testbed\n  cluster:\n    server: https://%s:%d\n    certificate-authority: %s\n", users[0], layout.ControlPlane, layout.APIServerPort, filepath.Join(u.testbed.PKI(), "cluster-ca.crt"))
	b.WriteString("users:\n")
	for _, user := range users {
		token, err := u.token(user)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "- name: %s\n  user: {token: %s}\n", user, token)
	}
	b.WriteString("contexts:\n")
	for _, user := range users {
		fmt.Fprintf(&b, "- name: %s\n  context: {cluster: testbed, user: %s}\n", user, user)
	}
	return path, os.WriteFile(path, []byte(b.String()), 0o600)
}

// accountsFile holds the key that signs the service accounts' tokens.
const accountsFile = "service-accounts.key"

// controlPlane starts etcd and the API server.
func (u *starter) controlPlane(ctx context.Context) error {
	t := u.testbed
	ca, err := pki.Load(t.PKI(), pki.Cluster)
	if err != nil {
		return err
	}
	crt, key, err := ca.Keep(t.PKI(), "apiserver", pki.Leaf{CommonName: "apiserver", Names: []string{layout.ControlPlane, "127.0.0.1", layout.KubernetesService, "kubernetes", "kubernetes.default", "kubernetes.default.svc"}})
	if err != nil {
		return err
	}
	tokens, err := u.secretFile("tokens.csv", u.tokens)
	if err != nil {
		return fmt.Errorf("writing the tokens: %w", err)
	}
	accounts, err := u.secretFile(accountsFile, accountsKey)
	if err != nil {
		return fmt.Errorf("making the service accounts' key: %w", err)
	}
	audit := filepath.Join(t.Run(), "audit-policy.yaml")
	if err := os.WriteFile(audit, []byte(auditPolicy), 0o644); err != nil {
		return fmt.Errorf("writing the audit policy: %w", err)
	}
	if _, err := u.kubeconfig(t.Kubeconfig(), cluster.Admin, cluster.Viewer, cluster.Nobody); err != nil {
		return err
	}
	const etcd = "http://127.0.0.1:2379"
	if err := u.start(ctx, "etcd", "", nil, t.Bin("etcd"), "--data-dir="+filepath.Join(t.Run(), "etcd"), "--listen-client-urls="+etcd, "--advertise-client-urls="+etcd, "--listen-peer-urls=http://127.0.0.1:2380", "--unsafe-no-fsync", "--log-level=warn"); err != nil {
		return err
	}
	if err := u.start(ctx, "kube-apiserver", "", nil, t.Bin("kube-apiserver"), "--etcd-servers="+etcd, "--bind-address=0.0.0.0", "--advertise-address="+layout.ControlPlane, fmt.Sprintf("--secure-port=%d", layout.APIServerPort),
		"--tls-cert-file="+crt, "--tls-private-key-file="+key, "--token-auth-file="+tokens, "--authorization-mode=Node,RBAC", "--service-cluster-ip-range="+layout.ServiceSubnet,
		"--service-account-key-file="+accounts, "--service-account-signing-key-file="+accounts, "--service-account-issuer=https://kubernetes.default.svc",
		"--audit-policy-file="+audit, "--audit-log-path="+t.AuditLog()); err != nil {
		return err
	}
	kube, err := t.Kube()
	if err != nil {
		return err
	}
	return wait(ctx, "the API server", func() error {
		return kube.CoreV1().RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	})
}

// controllers starts what acts on the API server's objects by itself.
func (u *starter) controllers(ctx context.Context) error {
	t := u.testbed
	accounts := filepath.Join(t.Run(), accountsFile)
	for name, flags := range map[string][]string{
		"kube-controller-manager": {"--service-account-private-key-file=" + accounts, "--root-ca-file=" + filepath.Join(t.PKI(), "cluster-ca.crt")},
		"kube-scheduler":          nil,
	} {
		config, err := u.kubeconfig(filepath.Join(t.Run(), name+".kubeconfig"), "system:"+name)
		if err != nil {
			return err
		}
		command := append([]string{t.Bin(name), "--kubeconfig=" + config, "--leader-elect=false", "--secure-port=0"}, flags...)
		if err := u.start(ctx, name, "", nil, command...); err != nil {
			return err
		}
	}
	return nil
}

// auditPolicy has the API server write down what the viewer asks and which right
// allowed it, and nothing of what anybody else does.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  users: [` + cluster.Viewer + `]
- level: None
`

// accountsKey is a key in the form in which the API server also finds its
// public half (client-go's keyutil.ParsePublicKeysPEM does not read PKCS 8).
func accountsKey() ([]byte, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), nil
}

// tokens is the API server's token file: token, user, uid, groups. The control
// plane's own programs get all rights, as it is the testbed's machine alone.
func (u *starter) tokens() ([]byte, error) {
	groups := map[string]string{cluster.Admin: "system:masters", "system:kube-controller-manager": "system:masters", "system:kube-scheduler": "system:masters", cluster.Viewer: "testbed:viewers", cluster.Nobody: "testbed:nobody"}
	for _, node := range layout.Nodes {
		groups["system:node:"+node.Name] = "system:nodes"
	}
	var b strings.Builder
	for user, group := range groups {
		token, err := u.token(user)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%s,%s,%s,%q\n", token, user, user, group)
	}
	return []byte(b.String()), nil
}
