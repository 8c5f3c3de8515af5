// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
)

// The forms of accounts that a registry or a cloud names by itself. Any other user
// name may be a token, or a person's, and is shown nowhere.
var (
	// Harbor: robot$NAME, or robot$PROJECT+NAME; its names are in lower case.
	harborRobot = regexp.MustCompile(`^robot\$[a-z0-9]+(?:[._-][a-z0-9]+)*(?:\+[a-z0-9]+(?:[._-][a-z0-9]+)*)?$`)
	// Quay: ORGANISATION+NAME.
	quayRobot = regexp.MustCompile(`^[a-z0-9]+(?:[._-][a-z0-9]+)*\+[a-z0-9_]+$`)
	// GitLab, where nobody gave a deploy token another name.
	gitlabDeploy = regexp.MustCompile(`^gitlab\+deploy-token-[0-9]+$`)
	// Entra ID: the application's id.
	applicationID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	// Google: a service account's address.
	googleAccount = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*@[a-z0-9][a-z0-9.-]*\.gserviceaccount\.com$`)
	// Kubernetes: a token's subject.
	clusterAccount = regexp.MustCompile(`^system:serviceaccount:([a-z0-9-]+):([a-z0-9.-]+)$`)
)

// longestHolder bounds a name that is shown: a secret could be longer.
const longestHolder = 128

// Holder says whose a credential is, in words ("robot account robot$acme+ci"), where
// that is an account of a form that the registry or cloud itself gives, and "" for
// every other: a user name can be a token.
func (c Credential) Holder() string {
	user, password := c.Username, c.Password.Reveal()
	short := func(s string, form *regexp.Regexp) bool { return len(s) <= longestHolder && form.MatchString(s) }
	switch {
	case short(user, harborRobot):
		return "robot account " + user
	case strings.Contains(c.Key, "quay.") && short(user, quayRobot):
		return "robot account " + user
	case short(user, gitlabDeploy):
		return "GitLab's deploy token " + strings.TrimPrefix(user, "gitlab+deploy-token-")
	case strings.Contains(c.Key, ".azurecr.") && user != userACR && short(user, applicationID):
		return "the service principal with application id " + user
	case user == "_json_key" || user == "_json_key_base64":
		if account := keyAccount(password); short(account, googleAccount) {
			return "Google's service account " + account
		}
		return ""
	}
	if m := clusterAccount.FindStringSubmatch(subject(password)); m != nil && len(m[0]) <= 2*longestHolder {
		return "service account " + m[1] + "/" + m[2]
	}
	return ""
}

// keyAccount is the account of a key in Google's JSON form.
func keyAccount(key string) string {
	if len(key) > maxToken {
		return ""
	}
	data := []byte(key)
	if decoded, err := base64.StdEncoding.DecodeString(strings.TrimSpace(key)); err == nil {
		data = decoded
	}
	var read struct {
		Email string `json:"client_email"`
	}
	if json.Unmarshal(data, &read) != nil {
		return ""
	}
	return read.Email
}

// subject is the sub claim of a JSON Web Token, "" if it is none.
func subject(token string) string {
	parts := strings.Split(strings.TrimSpace(token), ".")
	var claims struct {
		Subject string `json:"sub"`
	}
	if len(token) > maxToken || len(parts) != 3 || !part(parts[1], &claims) {
		return ""
	}
	return claims.Subject
}
