// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pullmedic/pullmedic/evidence"
)

// maxRedirects is how many are followed, as in net/http and so in the runtimes.
const maxRedirects = 10

// redirect returns where a response sends us, nil if it does not.
func redirect(resp *http.Response, from *url.URL) (*url.URL, error) {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil
	}
	location := resp.Header.Get("Location")
	if location == "" {
		return nil, nil
	}
	to, err := from.Parse(location)
	if err != nil || !isHost(to.Host) || to.Opaque != "" {
		return nil, errors.New("unreadable")
	}
	to.User, to.Fragment = nil, ""
	return to, nil
}

// refuseRedirect tells whether a redirect is not followed, and why. The
// runtimes do follow one to plain HTTP, so that one is no fault of the
// registry, only something that was not looked at.
func refuseRedirect(next *url.URL, err error, from *url.URL, hop int, secrets []string) *failure {
	switch {
	case err != nil:
		return &failure{outcome: evidence.RegistryUnavailable, reason: "redirects to an address that cannot be read", host: from.Host}
	case hop >= maxRedirects:
		return &failure{outcome: evidence.RegistryUnavailable, reason: "redirects without end", host: from.Host}
	case slices.ContainsFunc(secrets, func(s string) bool {
		return len(s) >= 8 && strings.Contains(strings.ToLower(next.Host), strings.ToLower(s))
	}):
		return &failure{outcome: evidence.RegistryUnavailable, reason: "redirects to a host that is named like the login", host: from.Host}
	case next.Scheme != "https" && (next.Scheme != "http" || from.Scheme != "http"):
		return &failure{why: "it redirects to plain HTTP, which is not followed", host: from.Host}
	}
	return nil
}
