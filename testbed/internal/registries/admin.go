// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registries

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// adminHandler is the admin API:
//
//	GET    /v1/rules       all rules, as a JSON list
//	PUT    /v1/rules/{id}  sets a rule
//	DELETE /v1/rules/{id}  takes it away; without an id all of them
//	GET    /v1/log?after=N {"last": N, "requests": [...]}
func adminHandler(w *world) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/rules", func(rw http.ResponseWriter, _ *http.Request) {
		writeJSON(rw, w.rules.list())
	})
	mux.HandleFunc("PUT /v1/rules/{id}", func(rw http.ResponseWriter, r *http.Request) {
		var rule Rule
		decoder := json.NewDecoder(http.MaxBytesReader(rw, r.Body, 1<<20))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&rule); err != nil {
			http.Error(rw, fmt.Sprintf("reading the rule: %v", err), http.StatusBadRequest)
			return
		}
		rule.ID = r.PathValue("id")
		if err := w.rules.put(rule); err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		rw.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("DELETE /v1/rules/{id}", func(rw http.ResponseWriter, r *http.Request) {
		w.rules.remove(r.PathValue("id"))
		rw.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("DELETE /v1/rules", func(rw http.ResponseWriter, _ *http.Request) {
		for _, rule := range w.rules.list() {
			w.rules.remove(rule.ID)
		}
		rw.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /v1/log", func(rw http.ResponseWriter, r *http.Request) {
		after, err := strconv.ParseInt(r.FormValue("after"), 10, 64)
		if err != nil && r.FormValue("after") != "" {
			http.Error(rw, "after is a number", http.StatusBadRequest)
			return
		}
		requests, last := w.log.after(after)
		writeJSON(rw, logAnswer{Last: last, Requests: requests})
	})
	return mux
}

type logAnswer struct {
	Last     int64     `json:"last"`
	Requests []Request `json:"requests"`
}

func writeJSON(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}

// A Client speaks to the admin API.
type Client struct {
	http *http.Client
}

// NewClient gives a client of the admin API on that unix socket.
func NewClient(socket string) *Client {
	return &Client{http: &http.Client{Transport: StorageTransport(socket), Timeout: 20 * time.Second}}
}

// SetRule adds a rule, or replaces the one of the same ID.
func (c *Client) SetRule(ctx context.Context, rule Rule) error {
	return c.do(ctx, http.MethodPut, "/v1/rules/"+url.PathEscape(rule.ID), rule, nil)
}

// RemoveRule takes a rule away; one that is not there is no error.
func (c *Client) RemoveRule(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodDelete, "/v1/rules/"+url.PathEscape(id), nil, nil)
}

// RemoveRules takes all rules away.
func (c *Client) RemoveRules(ctx context.Context) error {
	return c.do(ctx, http.MethodDelete, "/v1/rules", nil, nil)
}

// Rules that are set.
func (c *Client) Rules(ctx context.Context) ([]Rule, error) {
	var rules []Rule
	return rules, c.do(ctx, http.MethodGet, "/v1/rules", nil, &rules)
}

// Log gives the requests after the one of that number, and the last number.
func (c *Client) Log(ctx context.Context, after int64) ([]Request, int64, error) {
	var answer logAnswer
	err := c.do(ctx, http.MethodGet, "/v1/log?after="+strconv.FormatInt(after, 10), nil, &answer)
	return answer.Requests, answer.Last, err
}

func (c *Client) do(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("writing a rule: %w", err)
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, "http://registries"+path, body)
	if err != nil {
		return fmt.Errorf("asking the registries: %w", err)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("asking the registries' admin API (is the testbed up?): %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode >= 300 {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<10))
		return fmt.Errorf("asking the registries' admin API: %s %s: %s: %s", method, path, answer.Status, bytes.TrimSpace(text))
	}
	if out == nil {
		return nil
	}
	if err := json.NewDecoder(answer.Body).Decode(out); err != nil {
		return fmt.Errorf("reading the answer of the registries' admin API: %w", err)
	}
	return nil
}
