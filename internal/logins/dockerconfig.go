// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package logins

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/files"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// A dockerFile is what counts of a docker config.
type dockerFile struct {
	Auths       map[string]json.RawMessage `json:"auths"`
	CredHelpers map[string]string          `json:"credHelpers"`
	CredsStore  string                     `json:"credsStore"`
}

// fromDockerConfig takes one registry's login from a docker config, as docker
// would: from the helper that the file names for the registry, from the entry,
// or from the file's store.
func fromDockerConfig(ctx context.Context, image string, ref evidence.Reference, from string) (*remedy.Login, error) {
	place := "docker config " + foreign.Text(from, 300)
	if info, err := os.Stat(from); err == nil && info.IsDir() {
		return nil, fmt.Errorf("reading %s: it is a directory: name the file in it, config.json", place)
	}
	data, err := files.Read(from, maxFile)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", place, because(err))
	}
	var file dockerFile
	if json.Unmarshal(data, &file) != nil { // its error can quote the file
		return nil, fmt.Errorf("%s is no JSON in docker's format", place)
	}
	host := foreign.Text(ref.Host, 260)
	for _, server := range []string{serverOf(ref), ref.Host} {
		if helper := file.CredHelpers[server]; helper != "" {
			return fromNamedHelper(ctx, helper, server, place, ref)
		}
	}
	c, key, path, found := entryFor(image, ref, file.Auths)
	switch {
	case found && !c.Empty:
		if err := usable(c, place+", entry "+key+","); err != nil {
			return nil, err
		}
		l := personal(c, place+", entry "+key, ref)
		l.Path = path
		return l, nil
	case file.CredsStore != "":
		return fromNamedHelper(ctx, file.CredsStore, serverOf(ref), place, ref)
	case found && c.EmptyBecause == keyring.IdentityTokenOnly:
		return nil, fmt.Errorf("%s has only an identity token for %s, which a kubelet cannot log in with: bring a user and password, or an access token", place, host)
	case found && c.EmptyBecause == keyring.RegistryTokenOnly:
		return nil, fmt.Errorf("%s has only a registry token for %s, which a kubelet cannot log in with: bring a user and password, or an access token", place, host)
	case found:
		return nil, fmt.Errorf("the entry of %s for %s has no user and password", place, host)
	}
	return nil, fmt.Errorf("%s has no entry for %s", place, host)
}

func fromNamedHelper(ctx context.Context, helper, server, place string, ref evidence.Reference) (*remedy.Login, error) {
	if !helperName.MatchString(helper) { // not quoted: it is what the file holds
		return nil, fmt.Errorf("%s names a credential helper for %s whose name no helper has", place, foreign.Text(server, 260))
	}
	c, err := askHelper(ctx, helper, server)
	if err != nil {
		return nil, fmt.Errorf("asking the helper that %s names: %w", place, err)
	}
	return personal(c, "credential helper "+helper+", which "+place+" names", ref), nil
}

// entryFor finds the entry for an image: one that the kubelet would use, the
// first in its order, or else one whose host is the registry's, which is what
// docker goes by. Entries are read one by one, so that a broken one for another
// registry does no harm. The path is that of the kubelet's entry.
func entryFor(image string, ref evidence.Reference, auths map[string]json.RawMessage) (c keyring.Credential, key, path string, found bool) {
	good := map[string]json.RawMessage{}
	for key, value := range auths {
		if _, ok := one(image, key, value); ok {
			good[key] = value
		}
	}
	if all := several(image, good); len(all) > 0 {
		i := max(0, slices.IndexFunc(all, func(e entry) bool { return !e.Empty }))
		return all[i].Credential, all[i].Key, all[i].path, true
	}
	keys := make([]string, 0, len(good))
	for key := range good {
		if hostOf(key) == ref.Host || ref.Host == "docker.io" && hostOf(key) == "index.docker.io" {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		if all, _ := one(image, ref.Host, good[key]); len(all) > 0 {
			return all[0], foreign.Text(hostOf(key), 200), "", true
		}
	}
	return keyring.Credential{}, "", "", false
}

// one asks the keyring for a secret with one entry; false if it cannot be read.
func one(image, key string, value json.RawMessage) ([]keyring.Credential, bool) {
	text, err := json.Marshal(map[string]any{"auths": map[string]json.RawMessage{key: value}})
	if err != nil {
		return nil, false
	}
	answer, err := keyring.Resolve(image, []keyring.Secret{asSecret(text)})
	return answer.Credentials(), err == nil
}

func several(image string, auths map[string]json.RawMessage) []entry {
	text, err := json.Marshal(map[string]any{"auths": auths})
	if err != nil {
		return nil
	}
	answer, err := keyring.Resolve(image, []keyring.Secret{asSecret(text)})
	if err != nil {
		return nil
	}
	return entriesOf(answer)
}

func asSecret(data []byte) keyring.Secret {
	return keyring.Secret{Namespace: "docker", Name: "config", Type: keyring.TypeDockerConfigJSON, Data: map[string][]byte{".dockerconfigjson": data}}
}

// hostOf is what docker takes for the registry of a key: without scheme and
// path.
func hostOf(key string) string {
	if _, rest, ok := strings.Cut(key, "://"); ok {
		key = rest
	}
	host, _, _ := strings.Cut(key, "/")
	if at := strings.LastIndexByte(host, '@'); at >= 0 {
		host = host[at+1:]
	}
	return host
}

// because is why a docker config cannot be read, without its path, which the caller
// names.
func because(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("there is no such file")
	case errors.Is(err, fs.ErrPermission):
		return errors.New("it may not be read")
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
