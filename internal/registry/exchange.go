// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// reply is an answer or why there is none; exactly one is not nil.
type reply struct {
	answer  *answer
	failure *failure
}

// status is 0 without an answer.
func (r reply) status() int {
	if r.answer == nil {
		return 0
	}
	return r.answer.status
}

// at and took tell when it was asked and how long that took.
func (r reply) at() time.Time {
	if r.answer != nil {
		return r.answer.at
	}
	return r.failure.at
}

func (r reply) took() time.Duration {
	if r.answer != nil {
		return r.answer.took
	}
	return r.failure.took
}

// exchange asks under the deadline of one question.
func (p *Prober) exchange(ctx context.Context, c call) reply {
	ctx, cancel := context.WithTimeout(ctx, p.options.StepTimeout)
	defer cancel()
	a, f := p.client.do(ctx, c)
	return reply{answer: a, failure: f}
}

// authorization is what goes along with a question to a registry.
type authorization struct {
	id      string // of the credential and token, for the memo; never shown
	header  string
	login   bool     // the header holds the credential itself
	secrets []string // what no text that is shown may repeat
}

// ask asks a registry, once for each question and authorization in the
// prober's life, as long as the answers to keep stay within their bounds.
func (p *Prober) ask(ctx context.Context, c call, auth authorization) (reply, bool) {
	c.authorization, c.secrets = auth.header, auth.secrets
	question := strings.Join([]string{c.method, c.url.String(), c.accept, auth.id}, "\x00")
	return p.replies.get(ctx, question, func(ctx context.Context) reply { return p.exchange(ctx, c) })
}

// at returns a call to a path of the registry's API.
func (b base) at(method string, limit int64, path ...string) call {
	return call{method: method, limit: limit, url: &url.URL{Scheme: b.scheme, Host: b.host, Path: "/v2/" + strings.Join(path, "/")}}
}

// base is where a registry's API is.
type base struct{ scheme, host string }

// accepts is the Accept header of containerd's resolver.
func accepts() string {
	return strings.Join([]string{
		mediaDockerManifest, mediaDockerList, mediaOCIManifest, mediaOCIIndex, "*/*",
	}, ", ")
}

func (b base) manifest(method, repository, reference string) call {
	c := b.at(method, maxManifestBytes, repository, "manifests", reference)
	c.accept = accepts()
	return c
}

func (b base) blob(method, repository, digest string, limit int64) call {
	c := b.at(method, limit, repository, "blobs", digest)
	c.accept = "*/*"
	return c
}

func (b base) ping() call { return b.at(http.MethodGet, maxErrorBytes) }
