// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// Bounds on a list of tags. ECR refuses larger pages.
const (
	tagsPerPage  = "1000"
	maxTagPages  = 10
	maxTags      = 10_000
	maxPageBytes = 1 << 20
)

// tagList is what a registry lists of a repository's tags.
type tagList struct {
	tags         []string // well-formed ones only
	complete     bool     // there are no more
	noRepository bool     // it says that there is no such repository
	first        reply
	refusal      refusal // of the first page
}

// listTags asks for a repository's tags once. The pages themselves are dropped
// as soon as they are read.
func (p *Prober) listTags(ctx context.Context, b base, repository string, auth authorization) tagList {
	question := strings.Join([]string{b.scheme, b.host, repository, auth.id}, "\x00")
	list, _ := p.tags.get(ctx, question, func(ctx context.Context) tagList {
		ctx, cancel := context.WithTimeout(ctx, p.options.Timeout)
		defer cancel()
		return p.readTags(ctx, b, repository, auth)
	})
	return list
}

// readTags reads the pages of a list of tags, up to the bounds. Of a page's
// link to the next one only the query is taken: host and path stay.
func (p *Prober) readTags(ctx context.Context, b base, repository string, auth authorization) tagList {
	var list tagList
	c := b.at(http.MethodGet, maxPageBytes, repository, "tags", "list")
	c.accept = "application/json"
	query := url.Values{"n": {tagsPerPage}}.Encode()
	asked := map[string]bool{}
	for page := 0; page < maxTagPages && !asked[query] && len(list.tags) < maxTags; page++ {
		asked[query] = true
		next := *c.url
		next.RawQuery = query
		ask := c
		ask.url = &next
		ask.authorization, ask.secrets = auth.header, auth.secrets
		if ctx.Err() != nil {
			return list
		}
		r := p.exchange(ctx, ask)
		if page == 0 {
			list.first = r.without()
		}
		if r.failure != nil {
			return list
		}
		if r.status() != http.StatusOK {
			if page == 0 {
				list.refusal = readRefusal(r.answer)
				list.noRepository = r.status() == http.StatusNotFound && p.words.saysNoRepository(list.refusal)
			}
			return list
		}
		var body struct {
			Tags []string `json:"tags"`
		}
		if r.answer.cut || json.Unmarshal(r.answer.body, &body) != nil {
			return list
		}
		for _, tag := range body.Tags {
			if isTag(tag) && len(list.tags) < maxTags {
				list.tags = append(list.tags, strings.Clone(tag))
			}
		}
		if query = nextQuery(r.answer.header.Get("Link")); query == "" {
			list.complete = true
			return list
		}
	}
	return list
}

// nextQuery returns the query of the link whose relation is "next" (RFC 8288).
func nextQuery(header string) string {
	for link := range strings.SplitSeq(header, ",") {
		target, parameters, _ := strings.Cut(strings.TrimSpace(link), ">")
		if !strings.HasPrefix(target, "<") || !strings.Contains(strings.ReplaceAll(parameters, `"`, ""), "rel=next") {
			continue
		}
		u, err := url.Parse(target[1:])
		if err != nil || len(u.RawQuery) > 1000 {
			return ""
		}
		return u.Query().Encode()
	}
	return ""
}
