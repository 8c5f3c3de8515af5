// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registries

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/pullmedic/pullmedic/testbed/internal/layout"
)

// A reply is how a registry refuses.
type reply struct {
	status        int
	code, message string
	detail        any
	plain         string // instead of the JSON list of errors
}

// words are a registry's own ways to refuse. Where a comment names no other
// source they are those of the distribution project (registry/api/errcode).
type words struct {
	noLogin  reply // nobody is logged in
	badLogin reply // wrong user or password
	noToken  reply // the token service gives nobody a token for this
	badToken reply // the token service rejects the user or password
	noRight  func(repository string) reply
	// What is not there; a nil function leaves it to distribution.
	noRepository func(repository string) reply
	noManifest   func(repository, reference string) reply
}

const unauthorized = "authentication required"

func wordsOf(style layout.Style) words {
	w := words{
		noLogin:  reply{status: 401, code: "UNAUTHORIZED", message: unauthorized},
		badLogin: reply{status: 401, code: "UNAUTHORIZED", message: unauthorized},
		noToken:  reply{status: 401, code: "UNAUTHORIZED", message: unauthorized},
		badToken: reply{status: 401, code: "UNAUTHORIZED", message: unauthorized},
		noRight: func(repository string) reply {
			return reply{status: 403, code: "DENIED", message: "requested access to the resource is denied", detail: pullOf(repository)}
		},
	}
	switch style {
	case layout.DockerHub:
		w.badToken = reply{status: 401, plain: `{"details":"incorrect username or password"}`}
	case layout.GHCR:
		w.noToken = reply{status: 403, code: "DENIED", message: "requested access to the resource is denied"}
		w.badToken = reply{status: 403, code: "DENIED", message: "denied"}
	case layout.ECR:
		notAuthorized := reply{status: 401, plain: "Not Authorized\n"}
		w.noLogin, w.badLogin = notAuthorized, notAuthorized
		w.noRepository = func(repository string) reply {
			return reply{status: 404, code: "NAME_UNKNOWN", message: fmt.Sprintf("The repository with name '%s' does not exist in the registry with id '123456789012'", repository)}
		}
		w.noManifest = func(string, string) reply {
			return reply{status: 404, code: "MANIFEST_UNKNOWN", message: "Requested image not found"}
		}
	case layout.ACR:
		login := "authentication required, visit https://aka.ms/acr/authorization for more information."
		w.noLogin.message, w.badLogin.message, w.noToken.message, w.badToken.message = login, login, login, login
		w.noRepository = func(repository string) reply {
			return reply{status: 404, code: "NAME_UNKNOWN", message: "repository name not known to registry", detail: map[string]string{"name": repository}}
		}
		w.noManifest = func(_, reference string) reply {
			return reply{status: 404, code: "MANIFEST_UNKNOWN", message: fmt.Sprintf("manifest tagged by %q is not found", reference)}
		}
	case layout.Spec:
		w.noRepository = func(repository string) reply {
			return reply{status: 404, code: "NAME_UNKNOWN", message: "repository name not known to registry", detail: map[string]string{"name": repository}}
		}
		w.noManifest = func(_, reference string) reply {
			return reply{status: 404, code: "MANIFEST_UNKNOWN", message: "manifest unknown to registry", detail: map[string]string{"reference": reference}}
		}
	case layout.Harbor:
		w.noLogin.message = "unauthorized: unauthorized"
		w.badLogin.message = "unauthorized: unauthorized"
		w.noRight = func(repository string) reply {
			refused := fmt.Sprintf("unauthorized to access repository: %s, action: pull", repository)
			return reply{status: 401, code: "UNAUTHORIZED", message: refused + ": " + refused}
		}
		w.noRepository = func(repository string) reply {
			return reply{status: 404, code: "NOT_FOUND", message: fmt.Sprintf("repository %s not found", repository)}
		}
		w.noManifest = func(repository, reference string) reply {
			separator := ":"
			if strings.Contains(reference, ":") {
				separator = "@"
			}
			return reply{status: 404, code: "NOT_FOUND", message: fmt.Sprintf("artifact %s%s%s not found", repository, separator, reference)}
		}
	}
	return w
}

// ecrExpired is what ECR says to a token whose twelve hours are over.
var ecrExpired = reply{status: 403, code: "DENIED", message: "Your authorization token has expired. Reauthenticate and try again."}

// rateLimited is what Docker Hub says past its limit.
const rateLimited = "You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit"

// pullOf is distribution's detail of a refusal.
func pullOf(repository string) any {
	return []map[string]string{{"Type": "repository", "Class": "", "Name": repository, "Action": "pull"}}
}

// body is the reply's text.
func (p reply) body() []byte {
	if p.plain != "" {
		return []byte(p.plain)
	}
	entry := map[string]any{"code": p.code, "message": p.message}
	if p.detail != nil {
		entry["detail"] = p.detail
	}
	text, err := json.Marshal(map[string]any{"errors": []any{entry}})
	if err != nil { // strings always marshal
		return nil
	}
	return append(text, '\n')
}

func (p reply) contentType() string {
	if p.plain != "" && !strings.HasPrefix(p.plain, "{") {
		return "text/plain; charset=utf-8"
	}
	return "application/json; charset=utf-8"
}

// write answers with the reply.
func (p reply) write(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", p.contentType())
	w.WriteHeader(p.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(p.body())
	}
}

// DockerHubLimit is the effect of a Docker Hub that counts no more pulls of a
// client: 429 with its headers and body.
func DockerHubLimit() Effect {
	return Effect{
		Status: http.StatusTooManyRequests,
		Headers: map[string]string{
			"Content-Type":                    "application/json",
			"Docker-Distribution-Api-Version": "registry/2.0",
			"Ratelimit-Limit":                 "100;w=21600",
			"Ratelimit-Remaining":             "0;w=21600",
		},
		Body: string(reply{code: "TOOMANYREQUESTS", message: rateLimited}.body()),
	}
}
