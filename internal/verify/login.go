// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package verify

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn" //nolint:depguard // here the person's own docker is asked for, not the kubelet
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// helperTime is how long a docker config's credential helper may take.
const helperTime = 10 * time.Second

// What a person is told. The errors of a docker config and of its helpers are
// not: a helper may print anything.
var (
	errDocker = errors.New("your docker config cannot be read, or its credential helper failed; docker pull shows its own error")
	errName   = errors.New("docker takes no such name")
	errSlow   = errors.New("your docker config's credential helper did not answer in time")
	errToken  = errors.New("your docker login is a registry token, which docker sends as it is and nobody else should; log in with a user and password to compare")
)

// Me is the person at this machine: what docker here would send, by DOCKER_CONFIG
// or ~/.docker/config.json with its credential helpers, and the platform that it
// would take (docker runs Linux in a machine of its own where the system is none).
func Me() *examine.Me {
	logins := &logins{known: map[string]*answer{}}
	return &examine.Me{Platform: evidence.Platform{OS: "linux", Arch: runtime.GOARCH}, Login: logins.of}
}

// logins asks for each repository's login once.
type logins struct {
	mu    sync.Mutex
	known map[string]*answer
}

type answer struct {
	done  chan struct{}
	login keyring.Credential
	found bool
	err   error
}

// of returns the login for an image's registry. A helper that hangs is left
// behind: docker's library cannot stop it.
func (l *logins) of(ctx context.Context, ref evidence.Reference) (keyring.Credential, bool, error) {
	repository := ref.Host + "/" + ref.Repository
	l.mu.Lock()
	a := l.known[repository]
	if a == nil {
		a = &answer{done: make(chan struct{})}
		l.known[repository] = a
		go func() {
			defer close(a.done)
			a.login, a.found, a.err = login(repository)
		}()
	}
	l.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, helperTime)
	defer cancel()
	select {
	case <-a.done:
		return a.login, a.found, a.err
	case <-ctx.Done():
		return keyring.Credential{}, false, errSlow
	}
}

func login(repository string) (keyring.Credential, bool, error) {
	target, err := name.NewRepository(repository, name.WeakValidation)
	if err != nil {
		return keyring.Credential{}, false, errName
	}
	found, err := authn.DefaultKeychain.Resolve(target)
	if err != nil {
		return keyring.Credential{}, false, errDocker
	}
	if found == authn.Anonymous {
		return keyring.Credential{}, false, nil
	}
	config, err := found.Authorization()
	switch {
	case err != nil:
		return keyring.Credential{}, false, errDocker
	case config.IdentityToken != "":
		return keyring.Credential{Username: keyring.IdentityUser, Password: keyring.NewPassword(config.IdentityToken)}, true, nil
	case config.RegistryToken != "":
		return keyring.Credential{}, false, errToken
	case config.Username == "" || config.Password == "":
		return keyring.Credential{}, false, nil
	}
	return keyring.Credential{Username: config.Username, Password: keyring.NewPassword(config.Password)}, true, nil
}
