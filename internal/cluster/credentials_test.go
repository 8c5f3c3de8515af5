// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cluster_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

func entry(key, user, password string) string {
	return fmt.Sprintf(`%q:{"username":%q,"password":%q}`, key, user, password)
}

func readable(name string, entries ...string) cluster.SecretAnswer {
	return cluster.SecretAnswer{Name: name, Written: now().Add(-2 * time.Hour), Secret: keyring.Secret{Namespace: "shop", Name: name, Type: keyring.TypeDockerConfigJSON,
		Data: map[string][]byte{".dockerconfigjson": []byte(`{"auths":{` + strings.Join(entries, ",") + `}}`)}}}
}

func unanswered(name string, reason cluster.Reason) cluster.SecretAnswer {
	return cluster.SecretAnswer{Name: name, Err: &cluster.Error{Reason: reason, Verb: "get", Resource: "secrets", Namespace: "shop", Name: name, Err: errors.New("x")}}
}

func TestReadCredentials(t *testing.T) {
	const image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/ledger:4"
	const host = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
	token := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `{"payload":"x","version":"2","type":"DATA_KEY","expiration":%d}`, now().Add(-38*time.Minute).Unix()))
	fresh := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `{"payload":"x","version":"2","type":"DATA_KEY","expiration":%d}`, now().Add(90*time.Minute).Unix()))
	part := base64.RawURLEncoding.EncodeToString
	acr := part([]byte(`{"alg":"RS256"}`)) + "." + part(fmt.Appendf(nil, `{"iss":"Azure Container Registry","exp":%d}`, now().Add(-time.Minute).Unix())) + ".x"
	job := part([]byte(`{"alg":"RS256"}`)) + "." + part(fmt.Appendf(nil, `{"exp":%d}`, now().Add(-time.Minute).Unix())) + ".x"
	old := readable("old", entry(host, "AWS", "of another form"))
	old.Written = now().Add(-13 * time.Hour)
	malformed := readable("bad")
	malformed.Secret.Data[".dockerconfigjson"] = []byte("{")
	opaque := readable("opaque", entry(host, "AWS", "x"))
	opaque.Secret.Type = "Opaque"
	for name, c := range map[string]struct {
		answers    []cluster.SecretAnswer
		want, none []evidence.Outcome
		sentence   string
		sends      keyring.Sends
		gaps       int
	}{
		"no secret is named": {nil, []evidence.Outcome{evidence.SecretsNotNamed, evidence.PodBringsNone}, nil,
			"the pod brings no credential for " + host, keyring.SendsAnonymous, 0},
		"one that matches": {[]cluster.SecretAnswer{readable("ecr", entry(host, "robot", "x"))}, []evidence.Outcome{evidence.SecretPresent, evidence.KeyringMatches}, []evidence.Outcome{evidence.CredentialExpiredByItself},
			"secret shop/ecr, key " + host + ", the only match", keyring.SendsCredentials, 0},
		"two that match": {[]cluster.SecretAnswer{readable("a", entry(host, "robot", "x")), readable("b", entry(host, "robot", "y"))}, []evidence.Outcome{evidence.KeyringMatches}, nil,
			"secret shop/a, key " + host + ", and 1 more match; the kubelet tries each in turn", keyring.SendsCredentials, 0},
		"a token whose time is over": {[]cluster.SecretAnswer{readable("ecr", entry(host, "AWS", token))}, []evidence.Outcome{evidence.KeyringMatches, evidence.CredentialExpiredByItself}, nil,
			"the ECR token in secret shop/ecr expired at 2026-11-21 03:12:00 UTC", keyring.SendsCredentials, 0},
		"a token whose time is not over": {[]cluster.SecretAnswer{readable("ecr", entry(host, "AWS", fresh))}, []evidence.Outcome{evidence.KeyringMatches}, []evidence.Outcome{evidence.CredentialExpiredByItself},
			"secret shop/ecr, key " + host + ", the only match; the ECR token ends at 2026-11-21 05:20:00 UTC", keyring.SendsCredentials, 0},
		"an ECR token of another form that was written 13 hours ago": {[]cluster.SecretAnswer{old}, []evidence.Outcome{evidence.CredentialExpiredByItself}, nil,
			"the ECR token, which lives 12 hours, in secret shop/old expired at 2026-11-21 02:50:00 UTC", keyring.SendsCredentials, 0},
		"an ECR token of another form that was written two hours ago": {[]cluster.SecretAnswer{readable("ecr", entry(host, "AWS", "of another form"))}, []evidence.Outcome{evidence.KeyringMatches}, []evidence.Outcome{evidence.CredentialExpiredByItself},
			"secret shop/ecr, key " + host + ", the only match; the ECR token, which lives 12 hours, ends no later than 2026-11-21 13:50:00 UTC", keyring.SendsCredentials, 0},
		"an ACR refresh token whose time is over": {[]cluster.SecretAnswer{readable("acr", entry(host, "00000000-0000-0000-0000-000000000000", acr))}, []evidence.Outcome{evidence.CredentialExpiredByItself}, nil,
			"the ACR refresh token in secret shop/acr expired at 2026-11-21 03:49:00 UTC", keyring.SendsCredentials, 0},
		"another JWT whose time is over": {[]cluster.SecretAnswer{readable("jwt", entry(host, "robot", job))}, []evidence.Outcome{evidence.CredentialExpiredByItself}, nil,
			"the token in secret shop/jwt expired at 2026-11-21 03:49:00 UTC", keyring.SendsCredentials, 0},
		"an expired one beside a good one is passed over": {[]cluster.SecretAnswer{readable("ecr", entry(host, "AWS", token)), readable("new", entry(host, "AWS", fresh))}, []evidence.Outcome{evidence.KeyringMatches}, []evidence.Outcome{evidence.CredentialExpiredByItself},
			"", keyring.SendsCredentials, 0},
		"a Google token that was written two hours ago": {[]cluster.SecretAnswer{readable("gcr", entry(host, "oauth2accesstoken", "ya29.x"))}, []evidence.Outcome{evidence.CredentialExpiredByItself}, nil,
			"the Google access token, which lives an hour, in secret shop/gcr expired at 2026-11-21 02:50:00 UTC", keyring.SendsCredentials, 0},
		"a key that is near": {[]cluster.SecretAnswer{readable("ecr", entry(host+":443", "robot", "x"))}, []evidence.Outcome{evidence.SecretPresent, evidence.KeyringEntryIgnored, evidence.PodBringsNone}, []evidence.Outcome{evidence.KeyringMatches},
			"no pull secret of the pod has an entry for " + host, keyring.SendsAnonymous, 0},
		"a key for another registry": {[]cluster.SecretAnswer{readable("hub", entry("docker.io", "robot", "x"))}, []evidence.Outcome{evidence.PodBringsNone}, []evidence.Outcome{evidence.KeyringEntryIgnored},
			"no pull secret of the pod has an entry for " + host, keyring.SendsAnonymous, 0},
		"an empty entry": {[]cluster.SecretAnswer{readable("ecr", `"`+host+`":{}`)}, []evidence.Outcome{evidence.KeyringEntryEmpty, evidence.PodBringsNone}, nil,
			"secret shop/ecr, key " + host + ": it has no user name and no password, so that try goes out anonymous", keyring.SendsAnonymous, 0},
		"one that is not there": {[]cluster.SecretAnswer{unanswered("gone", cluster.NotFound)}, []evidence.Outcome{evidence.SecretAbsent, evidence.PodBringsNone}, []evidence.Outcome{evidence.SecretsNotNamed},
			"namespace shop has no secret gone, which the pod names", keyring.SendsAnonymous, 0},
		"one that may not be read": {[]cluster.SecretAnswer{unanswered("hidden", cluster.Forbidden)}, nil, []evidence.Outcome{evidence.PodBringsNone, evidence.SecretAbsent, evidence.SecretsNotNamed},
			"", "", 1},
		"one that may not be read beside one that matches": {[]cluster.SecretAnswer{unanswered("hidden", cluster.Forbidden), readable("ecr", entry(host, "robot", "x"))}, []evidence.Outcome{evidence.KeyringMatches}, nil,
			"secret shop/ecr, key " + host, keyring.SendsCredentials, 1},
		"one that the kubelet missed and we may not read": {[]cluster.SecretAnswer{unanswered("missed", cluster.Forbidden)}, []evidence.Outcome{evidence.SecretAbsent}, []evidence.Outcome{evidence.PodBringsNone},
			"the kubelet could not retrieve secret missed", "", 1},
		"one that cannot be parsed": {[]cluster.SecretAnswer{readable("ecr", entry(host, "robot", "x")), malformed}, []evidence.Outcome{evidence.SecretMalformed, evidence.SecretPresent}, []evidence.Outcome{evidence.KeyringMatches, evidence.PodBringsNone},
			"secret shop/ecr exists and can be parsed", keyring.SendsNothing, 0},
		"one of the wrong type": {[]cluster.SecretAnswer{opaque}, []evidence.Outcome{evidence.SecretWrongType, evidence.PodBringsNone}, []evidence.Outcome{evidence.KeyringEntryIgnored},
			"", keyring.SendsAnonymous, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := evidence.Pull{Namespace: "shop", Pod: "ledger", Image: image, Reference: evidence.Reference{Host: host, Repository: "ledger", Tag: "4"},
				Events: []evidence.Event{{Reason: "FailedToRetrieveImagePullSecret", Message: "Unable to retrieve some image pull secrets (other, missed); attempting to pull the image may not succeed."}}}
			got := cluster.ReadCredentials(p, image, c.answers, now())
			var outcomes []evidence.Outcome
			said := c.sentence == ""
			for _, f := range got.Findings {
				outcomes = append(outcomes, f.Outcome)
				said = said || f.Sentence == c.sentence
			}
			for _, o := range c.want {
				if !slices.Contains(outcomes, o) {
					t.Errorf("no %s in %v", o, outcomes)
				}
			}
			for _, o := range c.none {
				if slices.Contains(outcomes, o) {
					t.Errorf("%s in %v", o, outcomes)
				}
			}
			if !said {
				t.Errorf("nobody says %q: %+v", c.sentence, got.Findings)
			}
			// The image is of ECR, whose nodes may log in by themselves.
			byNode := slices.ContainsFunc(got.NotLookedAt, func(g evidence.Gap) bool { return strings.Contains(g.Why, "credential provider") })
			if byNode != slices.Contains(outcomes, evidence.PodBringsNone) {
				t.Errorf("that the node may log in by itself is said: %v, of %v", byNode, outcomes)
			}
			if byNode {
				c.gaps++
			}
			if got.Sends != c.sends || len(got.NotLookedAt) != c.gaps {
				t.Errorf("sends %q, gaps %+v; want %q, %d", got.Sends, got.NotLookedAt, c.sends, c.gaps)
			}
		})
	}
}
