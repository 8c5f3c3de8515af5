// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
)

// crdsDir is the directory of the go.mod that pins the modules below.
const crdsDir = "parts/crds"

// A definition is a file of a Go module that defines custom resources. Nothing of
// these modules is built: their zips hold the files that their projects release.
type definition struct{ name, module, file string }

func definitions() []definition {
	const (
		argo, secrets = "github.com/argoproj/argo-cd/v3", "github.com/external-secrets/external-secrets"
		// Flux's own modules of types have no definitions in them; this one has all of
		// a release's.
		flux, of = "github.com/controlplaneio-fluxcd/flux-operator", "config/data/flux/v2.9.0/"
	)
	return []definition{
		{"argocd-application", argo, "manifests/crds/application-crd.yaml"},
		{"flux-kustomize", flux, of + "kustomize-controller.yaml"},
		{"flux-helm", flux, of + "helm-controller.yaml"},
		{"flux-source", flux, of + "source-controller.yaml"},
		{"external-secrets", secrets, "config/crds/bases/external-secrets.io_externalsecrets.yaml"},
		{"external-secrets-store", secrets, "config/crds/bases/external-secrets.io_clustersecretstores.yaml"},
		{"external-secrets-ecr", secrets, "config/crds/bases/generators.external-secrets.io_ecrauthorizationtokens.yaml"},
	}
}

// crds copies the definitions beside the programs, where tests find them.
func crds(ctx context.Context, testbed *cluster.Testbed, source string, out io.Writer) (note string, err error) {
	dir, into := filepath.Join(source, crdsDir), testbed.CRDs()
	all := definitions()
	sum := sha256.New()
	fmt.Fprintln(sum, all)
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return "", fmt.Errorf("reading the module files of the definitions: %w", err)
		}
		sum.Write(data)
	}
	stamp, stampFile := hex.EncodeToString(sum.Sum(nil)), filepath.Join(into, ".stamp")
	// The stamp is written last, so that with it all are there.
	if kept, err := os.ReadFile(stampFile); err == nil && string(kept) == stamp {
		return fmt.Sprintf("%d files up to date", len(all)), nil
	}
	if err := os.MkdirAll(into, 0o755); err != nil {
		return "", fmt.Errorf("making the directory of definitions: %w", err)
	}
	dirs := map[string]string{}
	for _, d := range all {
		if dirs[d.module] == "" {
			// Checked against go.sum, as any download.
			var said string
			if err := again(ctx, out, "downloading "+d.module, func() (err error) {
				said, err = output(ctx, dir, "go", "mod", "download", "-json", d.module)
				return err
			}); err != nil {
				return "", err
			}
			var got struct{ Dir string }
			if err := json.Unmarshal([]byte(said), &got); err != nil {
				return "", fmt.Errorf("downloading %s: %w", d.module, err)
			}
			if got.Dir == "" {
				return "", fmt.Errorf("downloading %s: go does not say where it is", d.module)
			}
			dirs[d.module] = got.Dir
		}
		data, err := os.ReadFile(filepath.Join(dirs[d.module], d.file))
		if err != nil {
			return "", fmt.Errorf("reading a definition: %w", err)
		}
		if err := os.WriteFile(filepath.Join(into, d.name+".yaml"), data, 0o644); err != nil {
			return "", fmt.Errorf("writing a definition: %w", err)
		}
	}
	if err := os.WriteFile(stampFile, []byte(stamp), 0o644); err != nil {
		return "", fmt.Errorf("writing the stamp of the definitions: %w", err)
	}
	return fmt.Sprintf("%d files copied", len(all)), nil
}
