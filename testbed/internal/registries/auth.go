// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registries

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/pullmedic/pullmedic/testbed/internal/layout"
)

// An identity is who asks, as far as the request says.
type identity struct {
	kind     string // none, basic, bearer or form
	mark     string
	account  Account
	good     bool // basic, form: the account; bearer: a token of ours that holds
	rejected bool // a user and password that are not good
	expired  bool // an ECR password whose time is over
	token    claims
	subject  string // of the token or account, "" for nobody
}

// identify reads a request's credential.
func (f *front) identify(r *http.Request) identity {
	if scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		who := identity{kind: "bearer"}
		who.token, who.good = f.world.keys.read(token, f.service(), time.Now())
		who.subject = who.token.Subject
		return who
	}
	user, password, ok := r.BasicAuth()
	kind := "basic"
	if !ok && r.Method == http.MethodPost && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		r.Body = http.MaxBytesReader(nil, r.Body, 64<<10)
		if err := r.ParseForm(); err == nil && r.PostForm.Has("password") {
			kind, ok = "form", true
			user, password = r.PostForm.Get("username"), r.PostForm.Get("password")
		}
	}
	if !ok {
		return identity{kind: "none"}
	}
	who := identity{kind: kind, mark: f.world.keys.markOf(user, password)}
	if f.registry.Style == layout.ECR {
		expires, known := readECRPassword(password)
		known = known && user == "AWS"
		who.expired = known && !time.Now().Before(expires)
		who.good = known && !who.expired
		who.account = Account{User: user, Repositories: []string{""}}
	} else {
		who.account, who.good = f.policy.login(user, password)
	}
	if who.good {
		who.subject = who.account.User
	}
	who.rejected = !who.good
	return who
}

// admit tells whether the request may be answered, and refuses it if not.
func (f *front) admit(w http.ResponseWriter, r *http.Request, path apiPath, who identity) bool {
	switch f.registry.Auth {
	case layout.Basic:
		return f.admitBasic(w, r, path, who)
	case layout.Token:
		return f.admitToken(w, r, path, who)
	}
	return true
}

func (f *front) admitBasic(w http.ResponseWriter, r *http.Request, path apiPath, who identity) bool {
	refuse := func(answer reply, challenge bool) bool {
		if challenge {
			realm := `Basic realm="` + string(f.registry.Style) + `"`
			if f.registry.Style == layout.ECR {
				realm = fmt.Sprintf(`Basic realm="https://%s/",service="ecr.amazonaws.com"`, f.registry.Name)
			}
			w.Header().Set("Www-Authenticate", realm)
		}
		answer.write(w, r)
		return false
	}
	switch {
	case who.expired:
		return refuse(ecrExpired, false)
	case who.rejected:
		return refuse(f.words.badLogin, true)
	case !who.good:
		return refuse(f.words.noLogin, true)
	case path.repository != "" && !mayPull(who.account.Repositories, path.repository):
		answer := f.words.noRight(path.repository)
		return refuse(answer, answer.status == http.StatusUnauthorized)
	}
	return true
}

func (f *front) admitToken(w http.ResponseWriter, r *http.Request, path apiPath, who identity) bool {
	if who.good && (path.repository == "" || who.token.pulls(path.repository)) {
		return true
	}
	challenge := fmt.Sprintf(`Bearer realm=%q,service=%q`, f.registry.Realm, f.service())
	answer := f.words.noLogin
	if path.repository != "" {
		challenge += fmt.Sprintf(`,scope="repository:%s:pull"`, path.repository)
		answer.detail = pullOf(path.repository)
	}
	switch {
	case who.kind == "bearer" && who.good:
		challenge += `,error="insufficient_scope"`
	case who.kind == "bearer":
		challenge += `,error="invalid_token"`
	}
	w.Header().Set("Www-Authenticate", challenge)
	answer.write(w, r)
	return false
}

// service is the name under which a registry is known to its token service.
func (f *front) service() string {
	if f.registry.Style == layout.DockerHub {
		return "registry.docker.io"
	}
	return f.registry.Names[0]
}

// serveToken answers the token service: GET as in the distribution project's
// token specification, POST as in its OAuth2 one.
func (f *front) serveToken(w http.ResponseWriter, r *http.Request, who identity) {
	form := r.URL.Query()
	switch r.Method {
	case http.MethodGet:
	case http.MethodPost:
		switch f.registry.Style {
		case layout.GHCR:
			reply{status: 405, code: "UNSUPPORTED", message: "The operation is unsupported."}.write(w, r)
			return
		case layout.ACR: // it takes refresh tokens only
			reply{status: 400, code: "UNSUPPORTED", message: "The operation is unsupported."}.write(w, r)
			return
		}
		form = r.PostForm
	default:
		reply{status: 405, code: "UNSUPPORTED", message: "The operation is unsupported."}.write(w, r)
		return
	}
	if who.rejected {
		f.words.badToken.write(w, r)
		return
	}
	granted := []access{}
	for _, scope := range form["scope"] {
		for one := range strings.FieldsSeq(scope) {
			repository, ok := pullScope(one)
			if !ok {
				continue
			}
			if !f.grants(r, repository, who) {
				if f.registry.Style != layout.DockerHub { // the Hub gives a token that grants nothing
					f.words.noToken.write(w, r)
					return
				}
				continue
			}
			granted = append(granted, access{Type: "repository", Name: repository, Actions: []string{"pull"}})
		}
	}
	now := time.Now()
	token, err := f.world.keys.issue(claims{
		Issuer: f.realm.Hostname(), Subject: who.subject, Audience: f.service(),
		Expires: now.Add(tokenLife).Unix(), NotBefore: now.Unix(), IssuedAt: now.Unix(),
		ID: Canary + "-token-" + who.subject, Access: granted,
	})
	if err != nil {
		http.Error(w, "no token", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"token": token, "access_token": token, "expires_in": int(tokenLife.Seconds()), "issued_at": now.UTC().Format(time.RFC3339),
	})
}

// grants tells whether somebody may pull from a repository. To a hiding
// registry what is absent is as good as private.
func (f *front) grants(r *http.Request, repository string, who identity) bool {
	if who.good && mayPull(who.account.Repositories, repository) {
		return true
	}
	if !mayPull(f.policy.Public, repository) {
		return false
	}
	return f.registry.Behaviour != layout.Hiding || f.hasRepository(r.Context(), repository)
}

// pullScope reads repository:NAME:pull[,push].
func pullScope(scope string) (repository string, ok bool) {
	rest, ok := strings.CutPrefix(scope, "repository:")
	at := strings.LastIndexByte(rest, ':')
	if !ok || at < 0 {
		return "", false
	}
	for action := range strings.SplitSeq(rest[at+1:], ",") {
		if action == "pull" {
			return rest[:at], true
		}
	}
	return "", false
}
