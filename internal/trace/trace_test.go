// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package trace_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/internal/trace"
)

type line struct {
	Kind, Name string
	Start, End time.Time
}

func lines(t *testing.T, r *trace.Recorder) []line {
	t.Helper()
	var out bytes.Buffer
	n, err := r.WriteTo(&out)
	if err != nil || n != int64(out.Len()) {
		t.Fatalf("WriteTo = %d, %v; wrote %d bytes", n, err, out.Len())
	}
	var found []line
	scan := bufio.NewScanner(&out)
	for scan.Scan() {
		var l line
		if err := json.Unmarshal(scan.Bytes(), &l); err != nil {
			t.Fatalf("line %q: %v", scan.Text(), err)
		}
		found = append(found, l)
	}
	return found
}

func TestTheFirstLineIsTheRun(t *testing.T) {
	started := time.Now().Add(-time.Second)
	r := trace.NewRecorder(started)
	end := trace.Span(trace.With(context.Background(), r), trace.KindCheck, "manifest\x1b[31m")
	end()
	end()
	got := lines(t, r)
	if len(got) != 2 {
		t.Fatalf("got %d lines, want 2: %+v", len(got), got)
	}
	if got[0].Kind != "process" || got[0].Name != "run" || !got[0].Start.Equal(started) || got[0].End.Sub(started) < time.Second {
		t.Errorf("first line = %+v", got[0])
	}
	if got[1].Kind != "check" || got[1].Name != "manifest[31m" || got[1].End.Before(got[1].Start) {
		t.Errorf("second line = %+v", got[1])
	}
}

func TestNothingIsRecordedWithoutARecorder(t *testing.T) {
	trace.Span(context.Background(), trace.KindStep, "x")()
	var none *trace.Recorder
	if n, err := none.WriteTo(io.Discard); n != 0 || err != nil {
		t.Errorf("WriteTo of a nil recorder = %d, %v", n, err)
	}
}

func TestARequestLastsUntilItsBodyIsRead(t *testing.T) {
	const pause = 60 * time.Millisecond
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "first")
		_ = http.NewResponseController(w).Flush()
		<-time.After(pause)
		_, _ = io.WriteString(w, "second")
	}))
	defer server.Close()

	r := trace.NewRecorder(time.Now())
	client := &http.Client{Transport: trace.Transport(&http.Transport{})}
	req, err := http.NewRequestWithContext(trace.With(t.Context(), r), http.MethodGet,
		strings.Replace(server.URL, "http://", "http://user:canary-password@", 1)+"/v2/a?token=canary-query", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "canary-header")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(resp.Body); err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()

	got := lines(t, r)
	if len(got) != 2 || got[1].Kind != "request" {
		t.Fatalf("lines = %+v", got)
	}
	if want := "GET " + strings.TrimPrefix(server.URL, "http://") + "/v2/a"; got[1].Name != want {
		t.Errorf("name = %q, want %q", got[1].Name, want)
	}
	if took := got[1].End.Sub(got[1].Start); took < pause {
		t.Errorf("the span took %v, less than its body (%v)", took, pause)
	}
	var out bytes.Buffer
	_, _ = r.WriteTo(&out)
	if strings.Contains(out.String(), "canary") {
		t.Errorf("the trace holds a canary: %s", out.String())
	}
}

func TestAFailedRequestEnds(t *testing.T) {
	r := trace.NewRecorder(time.Now())
	wanted := errors.New("no way there")
	client := &http.Client{Transport: r.Transport(roundTripper(func(*http.Request) (*http.Response, error) { return nil, wanted }))}
	resp, err := client.Get("http://registry.example/v2/")
	if err == nil {
		_ = resp.Body.Close()
	}
	if !errors.Is(err, wanted) {
		t.Fatalf("Get = %v", err)
	}
	if got := lines(t, r); len(got) != 2 || got[1].Name != "GET registry.example/v2/" {
		t.Errorf("lines = %+v", got)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestRecordersAreSafeForConcurrentUse(t *testing.T) {
	r := trace.NewRecorder(time.Now())
	ctx := trace.With(context.Background(), r)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				trace.Span(ctx, trace.KindStep, "x")()
			}
		})
	}
	all.Wait()
	if got := len(lines(t, r)); got != 801 {
		t.Errorf("%d lines, want 801", got)
	}
}
