// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

// A token is what a cloud's registry takes for a password, for some hours: the
// command of the cloud that prints it, and the user that goes with it.
type token struct{ tool, command, user, life string }

// token of the registry's cloud, if it has such:
// https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html,
// https://docs.aws.amazon.com/AmazonECR/latest/public/public-registry-auth.html,
// https://cloud.google.com/artifact-registry/docs/docker/authentication,
// https://learn.microsoft.com/azure/container-registry/container-registry-authentication.
func (p byHand) token() (token, bool) {
	const amazon, hours = "AWS", "12 hours"
	if c, ok := p.ecr(); ok {
		return token{"aws", sh("aws", "ecr", "get-login-password", "--region", c.region), amazon, hours}, true
	}
	if name, ok := p.azure(); ok {
		return token{"az", sh("az", "acr", "login", "--name", name, "--expose-token", "--query", "accessToken", "--output", "tsv"), "00000000-0000-0000-0000-000000000000", "three hours"}, true
	}
	switch p.family().ID {
	case "ecr-public": // its tokens come from that region alone
		return token{"aws", sh("aws", "ecr-public", "get-login-password", "--region", "us-east-1"), amazon, hours}, true
	case "artifact-registry":
		return token{"gcloud", sh("gcloud", "auth", "print-access-token"), "oauth2accesstoken", "an hour"}, true
	}
	return token{}, false
}

// logIn logs in with a file of its own, and says how the password gets there: it
// is typed, or goes through a pipe, so that it is on no command line.
func (p byHand) logIn(file string) (command, how string) {
	t, ok := p.token()
	if !ok {
		return sh("skopeo", "login", "--authfile", file, p.host()), "the password is asked for"
	}
	login := sh("skopeo", "login", "--username", t.user, "--password-stdin", "--authfile", file, p.host())
	return pipe(t.command, login), "the password is a token that " + t.tool + ", logged in to the cloud, gives for " + t.life + "; it goes through a pipe, and is on no command line and in no history"
}
