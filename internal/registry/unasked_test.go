// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"testing"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

func TestWhereTheWayFromHereEndsItIsSaidWhatWasNotAsked(t *testing.T) {
	const host = "registry.acme.example"
	login := []keyring.Credential{{Secret: "shop/pull", Key: host, Username: "ada", Password: keyring.NewPassword("hunter2")}}
	for name, c := range map[string]struct {
		credentials []keyring.Credential
		mode        Mode
		want        string
	}{
		"a login that would have been tried":  {credentials: login, mode: Credentials, want: host + " does not resolve from here, so the login could not be tried; run this where it does"},
		"no credential":                       {mode: Credentials, want: host + " does not resolve from here, so the image could not be asked for; run this where it does"},
		"a login that is not sent in any run": {credentials: login, mode: Anonymous, want: host + " does not resolve from here, so the image could not be asked for; run this where it does"},
		"an entry that is empty":              {credentials: []keyring.Credential{{Secret: "shop/pull", Key: host, Empty: true}}, mode: Credentials, want: host + " does not resolve from here, so the image could not be asked for; run this where it does"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newHouse(t).prober(func(o *Options) { o.Resolver, o.Probe = resolver(t, nil), c.mode })
			_, gaps := p.Probe(t.Context(), Target{Reference: reference(host + "/team/app:1"), Credentials: c.credentials})
			if len(gaps) != 1 || gaps[0].Check != evidence.CheckResolve || gaps[0].Why != c.want {
				t.Errorf("got %+v\nwant %s", gaps, c.want)
			}
		})
	}
}
