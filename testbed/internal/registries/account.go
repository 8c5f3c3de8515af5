// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registries

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// A Policy says who may pull what from a registry.
type Policy struct {
	// Public repositories, by prefix; "" is every one. A registry with basic
	// authentication has none: it lets nobody in without a login.
	Public []string
	// Accounts that can log in.
	Accounts []Account
}

// An Account is a user of a registry.
type Account struct {
	User, Password string
	// Repositories that it may pull, by prefix.
	Repositories []string
}

// Names of registries that faults and policies speak of.
const (
	Hub     = "docker.io"
	GitHub  = "ghcr.io"
	ECR     = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	ACR     = "acme.azurecr.io"
	Harbor  = "harbor.acme.example:8443"
	Plain   = "registry.acme.example"
	Quiet   = "quiet.acme.example"
	Edge    = "edge.acme.example"   // for faults of a node's way to it
	Vault   = "vault.acme.example"  // signed by the second authority
	Content = "cdn.acme.example"    // whose layers lie on another host
	Locked  = "locked.acme.example" // wants a login, and lists no tags
	Strict  = "strict.acme.example" // wants a login for everything, and lists no tags
	Nowhere = "registry.nowhere.example"
)

// Policies of the testbed's registries. The passwords are canaries, good
// nowhere else.
func Policies() map[string]Policy {
	all := []string{""}
	return map[string]Policy{
		Plain:   {Public: all},
		Quiet:   {Public: all},
		Edge:    {Public: all},
		Vault:   {Public: all},
		Content: {Public: all},
		Strict: {Accounts: []Account{
			{User: "acme", Password: Canary + "-strict-acme-7d21", Repositories: []string{"acme/"}},
		}},
		Locked: {Accounts: []Account{
			{User: "acme", Password: Canary + "-locked-acme-0f3a", Repositories: []string{"acme/"}},
		}},
		Hub: {
			Public: []string{"library/", "acme/app", "acme/arm", "acme/limited", "ratelimitpreview/"},
			Accounts: []Account{
				{User: "acmebot", Password: Canary + "-hub-acmebot-4e1c", Repositories: []string{"acme/", "library/", "ratelimitpreview/"}},
				{User: "stranger", Password: Canary + "-hub-stranger-9b2d", Repositories: []string{"stranger/", "library/", "ratelimitpreview/"}},
			},
		},
		GitHub: {
			Public: []string{"acme/tool", "acme/busy"},
			Accounts: []Account{
				{User: "acme-bot", Password: "ghp_" + Canary + "ghcr77aa", Repositories: []string{"acme/"}},
			},
		},
		ACR: {Accounts: []Account{
			{User: "acme", Password: Canary + "/acr+admin=51f0", Repositories: []string{"acme/"}},
		}},
		Harbor: {Accounts: []Account{
			{User: "robot$acme", Password: Canary + "-harbor-acme-c0de", Repositories: []string{"acme/"}},
			{User: "robot$other", Password: Canary + "-harbor-other-d1ce", Repositories: []string{"other/"}},
		}},
		// ECR has one user, AWS, whose password says by itself until when it holds.
		ECR: {},
	}
}

// AccountOf is the first account of the policy of the registry of that name,
// the zero Account if it has none.
func AccountOf(registry string) Account {
	if accounts := Policies()[registry].Accounts; len(accounts) > 0 {
		return accounts[0]
	}
	return Account{}
}

// mayPull tells whether one of the prefixes covers the repository.
func mayPull(prefixes []string, repository string) bool {
	for _, prefix := range prefixes {
		if strings.HasPrefix(repository, prefix) {
			return true
		}
	}
	return false
}

// login finds the account with that name and password.
func (p Policy) login(user, password string) (Account, bool) {
	for _, account := range p.Accounts {
		if account.User == user && subtle.ConstantTimeCompare([]byte(account.Password), []byte(password)) == 1 {
			return account, true
		}
	}
	return Account{}, false
}

// ecrPassword has the form of what ECR's GetAuthorizationToken gives out.
type ecrPassword struct {
	Payload    string `json:"payload"`
	DataKey    string `json:"datakey"`
	Version    string `json:"version"`
	Type       string `json:"type"`
	Expiration int64  `json:"expiration"`
}

// ECRPassword is a password of user AWS that the ECR front takes until expires
// and calls expired from then on. Distinct serials give distinct passwords.
func ECRPassword(expires time.Time, serial string) string {
	text, err := json.Marshal(ecrPassword{
		Payload:    Canary + "-ecr-" + serial,
		DataKey:    "AQIBAHhBSVVJ" + Canary,
		Version:    "2",
		Type:       "DATA_KEY",
		Expiration: expires.Unix(),
	})
	if err != nil { // strings and a number always marshal
		return ""
	}
	return base64.StdEncoding.EncodeToString(text)
}

// readECRPassword tells whether a password was made by ECRPassword, and until
// when it holds.
func readECRPassword(password string) (expires time.Time, ok bool) {
	text, err := base64.StdEncoding.DecodeString(password)
	if err != nil {
		return time.Time{}, false
	}
	var read ecrPassword
	if err := json.Unmarshal(text, &read); err != nil {
		return time.Time{}, false
	}
	good := read.Type == "DATA_KEY" && strings.HasPrefix(read.Payload, Canary+"-ecr-")
	return time.Unix(read.Expiration, 0), good
}
