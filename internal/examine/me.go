// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package examine

import (
	"context"
	"slices"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/registry"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// Me is the person at this machine.
type Me struct {
	Platform evidence.Platform
	// Login returns what the person logs in with to the image's registry, false
	// if with nothing. With the user name keyring.IdentityUser the password is an
	// identity token.
	Login func(context.Context, evidence.Reference) (keyring.Credential, bool, error)
}

// Mine is what a registry answers to a person.
type Mine struct {
	Platform evidence.Platform
	// Login was found and would be sent; Same, if it is also one of the pod's.
	Login, Same bool
	Findings    []evidence.Finding
	NotLookedAt []evidence.Gap

	login keyring.Credential
}

// MyLogin names the person's own login where a credential's secret is named.
const MyLogin = "(your own login)"

// asMe asks the registries as the person would, once an image.
func (f *foresight) asMe(ctx context.Context) {
	answers := map[string]*Mine{}
	group := limited(probesAtOnce)
	for i, p := range f.patients {
		ref := p.e.Pull.Reference
		if ref.Host == "" {
			continue
		}
		name := cluster.Canonical(ref)
		mine, known := answers[name]
		if !known && len(answers) >= maxLadders {
			continue
		}
		if !known {
			mine = &Mine{Platform: f.q.Me.Platform}
			answers[name] = mine
			group.Go(func() error { f.mine(ctx, ref, mine); return nil })
		}
		f.pulls[i].Mine = mine
	}
	_ = group.Wait()
	for i, p := range f.patients {
		if f.pulls[i].Mine == nil {
			continue
		}
		own := *f.pulls[i].Mine
		own.Same = own.Login && own.login.Username != keyring.IdentityUser && slices.ContainsFunc(p.creds.Tried, func(c keyring.Credential) bool {
			return !c.Empty && c.Username == own.login.Username && c.Password.Equal(own.login.Password)
		})
		f.pulls[i].Mine = &own
	}
}

func (f *foresight) mine(ctx context.Context, ref evidence.Reference, mine *Mine) {
	subject := evidence.Subject{Kind: evidence.SubjectRegistry, Name: ref.Host}
	if f.x.prober == nil {
		mine.NotLookedAt = append(mine.NotLookedAt, evidence.Gap{Check: evidence.CheckPing, Subject: subject, Why: "registries are not asked in this run"})
		return
	}
	login, found, err := f.q.Me.Login(ctx, ref)
	if err != nil {
		mine.NotLookedAt = append(mine.NotLookedAt, evidence.Gap{Check: evidence.CheckKeyring, Subject: subject, Why: foreign.Text(err.Error(), 200)})
		return
	}
	target := registry.Target{Reference: ref, Platform: mine.Platform}
	if found {
		login.Secret, login.Key = MyLogin, ref.Host
		mine.Login, mine.login = true, login
		target.Credentials, target.IdentityTokens = []keyring.Credential{login}, login.Username == keyring.IdentityUser
	}
	mine.Findings, mine.NotLookedAt = f.x.prober.Probe(ctx, target)
}
