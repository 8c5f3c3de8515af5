// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// A house is one registry.
type house struct {
	// name as images write it, and the addresses host:port under which it, its
	// token service too, is reached.
	name      string
	addresses []string
	// realm of its token service; basic asks for a user and password instead.
	realm string
	basic bool
	// public are the repositories that anybody may pull, by prefix.
	public   []string
	accounts []account
	// expired are passwords whose time is over.
	expired []string
	// badLogin is the status for a wrong password at the token service.
	badLogin int
	// down answers everything but the ping with 503.
	down bool
	// quiet lists no tags.
	quiet bool
	shelf *shelf

	mu     sync.Mutex
	tokens map[string]grant
}

// An account may pull from repositories that begin so.
type account struct{ user, password, prefix string }

// A grant is what a token is good for: one repository, or with "" none.
type grant struct{ repository string }

// ServeHTTP answers as this registry does.
func (h *house) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	a := parse(r.URL.Path)
	switch {
	case h.realm != "" && strings.HasSuffix(h.realm, r.URL.Path) && r.URL.Path != "/v2/":
		h.token(w, r)
	case h.basic:
		h.serveBasic(w, r, a)
	case h.realm != "":
		h.serveToken(w, r, a)
	default:
		h.serve(w, r, a)
	}
}

// serve answers whoever was let in.
func (h *house) serve(w http.ResponseWriter, r *http.Request, a asked) {
	switch {
	case r.URL.Path == "/v2/":
		w.WriteHeader(http.StatusOK)
	case h.down:
		refuse(w, r, http.StatusServiceUnavailable, "UNAVAILABLE", "the storage is being moved")
	case h.quiet && a.kind == "tags":
		refuse(w, r, http.StatusMethodNotAllowed, "UNSUPPORTED", "tags are not listed")
	default:
		h.shelf.serve(w, r, a)
	}
}

func (h *house) serveBasic(w http.ResponseWriter, r *http.Request, a asked) {
	user, password, given := r.BasicAuth()
	for _, over := range h.expired {
		if given && password == over {
			refuse(w, r, http.StatusForbidden, "DENIED", "Your authorization token has expired. Reauthenticate and try again.")
			return
		}
	}
	who, ok := h.login(user, password)
	switch {
	case !given || !ok:
		w.Header().Set("Www-Authenticate", `Basic realm="registry"`)
		refuse(w, r, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
	case a.repository != "" && h.shelf.tags[a.repository] != nil && !strings.HasPrefix(a.repository, who.prefix):
		refuse(w, r, http.StatusForbidden, "DENIED", "requested access to the resource is denied")
	default:
		h.serve(w, r, a)
	}
}

func (h *house) login(user, password string) (account, bool) {
	for _, a := range h.accounts {
		if a.user == user && a.password == password {
			return a, true
		}
	}
	return account{}, false
}

func (h *house) serveToken(w http.ResponseWriter, r *http.Request, a asked) {
	token, given := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	h.mu.Lock()
	granted, known := h.tokens[token]
	h.mu.Unlock()
	if given && known && (a.repository == "" || granted.repository == a.repository) {
		h.serve(w, r, a)
		return
	}
	challenge := fmt.Sprintf(`Bearer realm=%q,service=%q`, h.realm, h.name)
	if a.repository != "" {
		challenge += fmt.Sprintf(`,scope="repository:%s:pull"`, a.repository)
	}
	if given {
		challenge += `,error="insufficient_scope"`
	}
	w.Header().Set("Www-Authenticate", challenge)
	refuse(w, r, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
}

// token is the token service: who asks for a repository that he may not pull
// gets a token that is good for nothing, as Docker Hub does it.
func (h *house) token(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		refuse(w, r, http.StatusBadRequest, "INVALID", "no form")
		return
	}
	user, password, given := r.BasicAuth()
	if !given && r.PostForm.Get("password") != "" {
		user, password, given = r.PostForm.Get("username"), r.PostForm.Get("password"), true
	}
	who, ok := h.login(user, password)
	if given && !ok {
		refuse(w, r, h.badLogin, "DENIED", "denied")
		return
	}
	repository := strings.TrimSuffix(strings.TrimPrefix(r.Form.Get("scope"), "repository:"), ":pull")
	allowed := ok && strings.HasPrefix(repository, who.prefix)
	for _, p := range h.public {
		allowed = allowed || strings.HasPrefix(repository, p)
	}
	if !allowed {
		repository = ""
	}
	token := rand.Text()
	h.mu.Lock()
	if h.tokens == nil {
		h.tokens = map[string]grant{}
	}
	h.tokens[token] = grant{repository}
	h.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(encoded(map[string]any{"token": token, "access_token": token, "expires_in": 300}))
}
