// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package integration

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/testbed/internal/e2e"
)

// carrying tells a process of this test that it carries a plan out and is no test.
const carrying = "PULLMEDIC_TEST_CARRY"

func TestMain(m *testing.M) {
	if order := os.Getenv(carrying); order != "" {
		if err := carryHere(order); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// An order is what such a process does.
type order struct {
	Host, Namespace, Image string
	Wait                   time.Duration
}

func carryHere(text string) error {
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), longest)
	defer cancel()
	config := &rest.Config{Host: o.Host}
	m, writes, err := mender(config)
	if err != nil {
		return err
	}
	p, err := planned(ctx, config, writes, o.Namespace, o.Image)
	if err != nil {
		return err
	}
	r := m.Carry(ctx, p, true, o.Wait, func(what string) { fmt.Println(what) })
	fmt.Printf("%s %s %v\n", r.Outcome, r.Why, r.Err)
	return nil
}

// A way is a proxy to the API server that sees every request of one process, and
// kills the process at one of its writes.
type way struct {
	*httptest.Server
	next http.RoundTripper
	api  *url.URL

	mu     sync.Mutex
	writes []string
	deadly moment
	// after: the deadly request is answered first.
	after   bool
	process chan *os.Process
	ended   chan struct{} // closed once the process has ended
	// sent is all that went to the API server and came back but to Secrets.
	sent bytes.Buffer
}

// A moment tells whether a request is the one to kill at: as METHOD PATH, and the
// writes up to it, of which it is the last if it is one.
type moment func(request string, writes []string) bool

func never(string, []string) bool { return false }

// atWrite is when a write is made, by its number from 0 on.
func atWrite(number int) moment {
	return func(request string, writes []string) bool {
		return len(writes) == number+1 && request == writes[number]
	}
}

// whileItWatches is when pods are listed after the Deployment was changed.
func whileItWatches(request string, writes []string) bool {
	changed := func(write string) bool {
		return strings.HasPrefix(write, "PATCH ") && strings.Contains(write, "/deployments/")
	}
	return strings.HasPrefix(request, "GET ") && strings.HasSuffix(request, "/pods") && slices.ContainsFunc(writes, changed)
}

// whenItTells is when the record is told how the fix ended.
func whenItTells(request string, _ []string) bool {
	return strings.HasPrefix(request, "PATCH ") && strings.Contains(request, "/configmaps/")
}

func (b bed) way(t *testing.T, config *rest.Config, deadly moment, after bool) *way {
	t.Helper()
	w := &way{deadly: deadly, after: after, process: make(chan *os.Process, 1), ended: make(chan struct{})}
	var err error
	if w.next, err = rest.TransportFor(config); err != nil {
		t.Fatal(err)
	}
	if w.api, err = url.Parse(config.Host); err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(w.api) }, Transport: w, ErrorHandler: func(rw http.ResponseWriter, _ *http.Request, _ error) { rw.WriteHeader(http.StatusBadGateway) }}
	w.Server = httptest.NewServer(proxy)
	t.Cleanup(w.Close)
	return w
}

var errKilled = errors.New("killed")

// RoundTrip forwards a request, or kills who asked.
func (w *way) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	request := r.Method + " " + r.URL.Path
	secret := strings.Contains(r.URL.Path, "/secrets")
	tries := strings.Contains(r.URL.Path, "accessreviews") || r.URL.Query().Has("dryRun")
	w.mu.Lock()
	if r.Method != http.MethodGet && !tries {
		w.writes = append(w.writes, request)
	}
	if !secret {
		w.sent.Write(body)
	}
	deadly := !tries && w.deadly(request, w.writes)
	w.mu.Unlock()
	if deadly && !w.after {
		return nil, w.kill()
	}
	answer, err := w.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if deadly {
		_ = answer.Body.Close()
		return nil, w.kill()
	}
	data, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	answer.Body = io.NopCloser(bytes.NewReader(data))
	w.mu.Lock()
	if !secret {
		w.sent.Write(data)
	}
	w.mu.Unlock()
	return answer, err
}

// kill ends the process before anything more is forwarded or answered.
func (w *way) kill() error {
	process := <-w.process
	if err := process.Kill(); err != nil {
		return err
	}
	<-w.ended
	return errKilled
}

// run runs a process to its end, whatever that is.
func (w *way) run(t *testing.T, command *exec.Cmd) (output string, killed bool) {
	t.Helper()
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	w.process <- command.Process
	err := command.Wait()
	close(w.ended)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() {
		t.Fatalf("%s ended with %d: %s", command.Path, exit.ExitCode(), out.String())
	}
	return out.String(), err != nil
}

// carry carries the namespace's plan out in a process of its own.
func (m mending) carry(t *testing.T, w *way, image string) (output string, killed bool) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(order{Host: w.URL, Namespace: m.namespace, Image: image, Wait: longest / 2})
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), self)
	command.Env = append(os.Environ(), carrying+"="+string(text))
	return w.run(t, command)
}

// undo runs the plugin's undo by that way.
func (m mending) undo(t *testing.T, w *way, id string) (output string, killed bool) {
	t.Helper()
	config := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf("apiVersion: v1\nkind: Config\ncurrent-context: x\nclusters: [{name: x, cluster: {server: %q}}]\ncontexts: [{name: x, context: {cluster: x}}]\n", w.URL)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return w.run(t, exec.CommandContext(t.Context(), m.plugin, "undo", id, "-n", m.namespace, "--yes", "--kubeconfig", config))
}

// records are what the plugin lists of a namespace.
func (b bed) records(t *testing.T, namespace string) []v1alpha1.FixRecord {
	t.Helper()
	got := b.run(t, "", nil, "undo", "--list", "-n", namespace, "-o", "json")
	var list v1alpha1.UndoList
	if err := json.Unmarshal([]byte(got.out), &list); err != nil || got.code != 0 {
		t.Fatalf("exit code %d, %v: %s%s", got.code, err, got.out, got.err)
	}
	if len(list.Unreadable) > 0 {
		t.Errorf("unreadable: %q", list.Unreadable)
	}
	return list.Records
}

// record is the namespace's one record.
func (b bed) record(t *testing.T, namespace string) v1alpha1.FixRecord {
	t.Helper()
	records := b.records(t, namespace)
	if len(records) != 1 {
		t.Fatalf("there is to be one record: %+v", records)
	}
	return records[0]
}

// restored undoes what a killed fix left, and checks that nothing of it is left.
func (m mending) restored(t *testing.T, before map[string]string) {
	t.Helper()
	records := m.records(t, m.namespace)
	if len(records) > 1 {
		t.Fatalf("one fix left %+v", records)
	}
	for _, r := range records {
		got := m.run(t, "", nil, "undo", r.ID, "-n", m.namespace, "--yes")
		if got.code != 0 || !strings.Contains(got.out, "Undone") {
			t.Errorf("undo: exit code %d\n%s%s", got.code, got.out, got.err)
		}
		if e2e.Leaked([]byte(got.out), []byte(got.err)) {
			t.Error("undo shows a secret")
		}
	}
	for _, d := range differences(before, m.shape(t)) {
		t.Error(d)
	}
	m.noLeftovers(t, m.namespace)
}

// TestKilledAtEachWrite kills a fix before and after each of its writes: it makes a
// record, changes a secret, a service account and a Deployment, makes a secret and
// evicts a pod, whereupon the new pod fails, and takes all of it back.
func TestKilledAtEachWrite(t *testing.T) {
	b := open(t)
	m := b.mending(t)
	before := m.shape(t)
	whole := b.way(t, m.config, never, false)
	output, _ := m.carry(t, whole, neverWas)
	if !strings.Contains(output, "undone pod/") {
		t.Fatalf("the fix was not undone: %s", output)
	}
	if e2e.Leaked([]byte(output)) {
		t.Error("its output shows a secret")
	}
	m.restored(t, before)
	if len(whole.writes) < 13 {
		t.Fatalf("only %d writes: %q", len(whole.writes), whole.writes)
	}
	for i, write := range whole.writes {
		for _, after := range []bool{false, true} {
			name := fmt.Sprintf("%d %s", i, write[strings.LastIndex(write, m.namespace)+len(m.namespace):])
			if after {
				name += ", done"
			}
			t.Run(name, func(t *testing.T) {
				m := b.mending(t)
				before := m.shape(t)
				way := b.way(t, m.config, atWrite(i), after)
				output, killed := m.carry(t, way, neverWas)
				if !killed {
					t.Fatalf("it was not killed: %s\n%q", output, way.writes)
				}
				m.restored(t, before)
			})
		}
	}
}

// A fix is also killed while it watches, and when it writes down that it mended. That
// is no certain write by its number: what fails goes by itself where its successor
// is quick, and is not evicted then.
func TestKilledAfterTheLastChange(t *testing.T) {
	b := open(t)
	for name, c := range map[string]struct {
		deadly moment
		after  bool
	}{
		"while it watches":            {whileItWatches, false},
		"before it tells the record":  {whenItTells, false},
		"when it has told the record": {whenItTells, true},
	} {
		t.Run(name, func(t *testing.T) {
			m := b.mending(t)
			before := m.shape(t)
			way := b.way(t, m.config, c.deadly, c.after)
			if output, killed := m.carry(t, way, there); !killed {
				t.Fatalf("it was not killed: %s\n%q", output, way.writes)
			}
			b.record(t, m.namespace)
			m.restored(t, before)
		})
	}
}

// TestUndoKilledAtEachWrite kills undo before and after each of its writes; the
// second one goes on.
func TestUndoKilledAtEachWrite(t *testing.T) {
	b := open(t)
	mended := func(t *testing.T) (mending, map[string]string, string) {
		m := b.mending(t)
		before := m.shape(t)
		way := b.way(t, m.config, never, false)
		output, _ := m.carry(t, way, there)
		if !strings.Contains(output, "mended") {
			t.Fatalf("the fix did not mend: %s", output)
		}
		record := b.record(t, m.namespace)
		if record.State != v1alpha1.RecordMended {
			t.Fatalf("the record is %+v", record)
		}
		if len(differences(before, m.shape(t))) != 3 {
			t.Fatal("the fix changed nothing")
		}
		return m, before, record.ID
	}
	m, before, id := mended(t)
	whole := b.way(t, m.config, never, false)
	m.undo(t, whole, id)
	if e2e.Leaked(whole.sent.Bytes()) {
		t.Error("a secret goes elsewhere than to a Secret")
	}
	m.restored(t, before)
	if len(whole.writes) < 6 {
		t.Fatalf("only %d writes: %q", len(whole.writes), whole.writes)
	}
	for i, write := range whole.writes {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d %s, done: %t", i, write[strings.LastIndex(write, m.namespace)+len(m.namespace):], after), func(t *testing.T) {
				m, before, id := mended(t)
				if output, killed := m.undo(t, b.way(t, m.config, atWrite(i), after), id); !killed {
					t.Fatalf("it was not killed: %s", output)
				}
				m.restored(t, before)
			})
		}
	}
}
