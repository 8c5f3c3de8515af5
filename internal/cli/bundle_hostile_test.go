// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"net"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster/clustertest"
	"github.com/pullmedic/pullmedic/internal/demo"
	"github.com/pullmedic/pullmedic/internal/examine"
)

// The demo's cluster has pulls that fail for many causes.
func TestABundleOfManyCausesGivesTheSameDiagnoses(t *testing.T) {
	stage, err := demo.Open(t.Context(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	defer stage.Close()
	survey, err := stage.Survey(t.Context(), examine.Scope{})
	if err != nil || len(survey.Pulls) < 5 {
		t.Fatalf("%d pulls (%v)", len(survey.Pulls), err)
	}
	file := filepath.Join(t.TempDir(), "pulls.json")
	f := &fake{survey: survey}
	if got := f.bench().run(t, "collect", "-A", "-o", file); got.code != ExitOK {
		t.Fatal(got.err)
	}
	for _, args := range []string{"-A", "-A -v", "-A -o json", "-A -o yaml"} {
		live := f.bench().run(t, strings.Fields(args)...)
		told := nobody(t).run(t, append(strings.Fields(args), "--bundle", file)...)
		out := strings.ReplaceAll(told.out, " --bundle "+file, "")
		if out != live.out || told.code != live.code || told.err != live.err || live.code != ExitFailing {
			t.Errorf("%s: from the bundle (%d, %q)\n%s\nlive (%d, %q)\n%s", args, told.code, told.err, out, live.code, live.err, live.out)
		}
	}
}

func TestABundleConnectsNowhere(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var connections atomic.Int32
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			_ = conn.Close()
		}
	}()
	address := listener.Addr().String()
	// Whatever could be asked, is there: the API server, the registry, a proxy.
	server := clustertest.New(t)
	server.Config.Host = "https://" + address
	t.Setenv("KUBECONFIG", kubeconfigFor(t, server))
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"} {
		t.Setenv(name, "http://"+address)
	}
	s := sick()
	p := &s.Pulls[0].Pull
	p.Image, p.Reference.Host = address+"/acme/api:1.27.44", address
	file := filepath.Join(t.TempDir(), "pulls.json")
	if got := (&fake{survey: s}).bench().run(t, "collect", "-A", "-o", file); got.code != ExitOK {
		t.Fatal(got.err)
	}
	for _, args := range []string{"-A", "-A -v -o json", "deployment/api -n shop", "diagnose pod/api-7d9c5-x2x7l -n shop"} {
		if got := (bench{}).run(t, append(strings.Fields(args), "--bundle", file)...); got.code != ExitFailing || got.err != "" {
			t.Errorf("%s: exit code %d, stderr %q", args, got.code, got.err)
		}
	}
	if n := connections.Load(); n > 0 {
		t.Errorf("%d connections were made", n)
	}
	// The same without the bundle shows that a connection would be seen.
	if got := (bench{}).run(t, "-A", "--timeout", "5s"); got.code != ExitNotSeen {
		t.Errorf("without the bundle: exit code %d, stderr %q", got.code, got.err)
	}
	counted := connections.Load()
	_ = listener.Close()
	<-done
	if counted == 0 {
		t.Error("no connection is seen even without a bundle")
	}
	if !strings.Contains((bench{}).run(t, "-A", "--bundle", file).out, "TagNotFound") {
		t.Error("with nobody there at all, the bundle gives no answer")
	}
}

func TestSecretsInABundleAreReduced(t *testing.T) {
	host, ca := gossip(t)
	config := kubeconfigFor(t, refused(t, host))
	var marks []string
	for range 2 {
		got := bench{}.run(t, "collect", "pod/api", "-o", "-", "--kubeconfig", config, "--registry-ca", ca, "--allow-loopback")
		checkNoLeak(t, "a bundle", got.out, got.err)
		if got.code != ExitOK || strings.Contains(got.out, "robot") {
			t.Fatalf("exit code %d, stderr %q; the user's name is in the bundle: %t", got.code, got.err, strings.Contains(got.out, "robot"))
		}
		var file struct {
			Survey evidence.Survey `json:"survey"`
		}
		if err := json.Unmarshal([]byte(got.out), &file); err != nil {
			t.Fatal(err)
		}
		secrets := file.Survey.Pulls[0].Secrets
		if len(secrets) != 1 || secrets[0].Name != "shop/hub" || secrets[0].Type != "kubernetes.io/dockerconfigjson" || len(secrets[0].Entries) != 1 {
			t.Fatalf("secrets %+v", secrets)
		}
		entry := secrets[0].Entries[0]
		if entry.Host != host || entry.Class != evidence.UserAndPassword || entry.User == "" {
			t.Errorf("entry %+v", entry)
		}
		marks = append(marks, entry.User)
	}
	if marks[0] == marks[1] {
		t.Error("the mark of a user is the same in two bundles")
	}
}
