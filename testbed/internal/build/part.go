// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// A Part is some programs of one Go module.
type Part struct {
	Name     string
	Dir      string   // of the go.mod that pins it, below the testbed's own
	Module   string   // the module whose version is the part's
	Packages []string // main packages; each program is named like its package's last element
	Programs []string // the programs' names, if they differ from that
	Into     string   // below the state directory
	Cgo      bool
	Tags     string
	// Variable is a string variable that is set to the version at linking time,
	// as the part's own makefile does; "" if the part knows its version.
	Variable string
	// TrimV: the version is set without its v, as distributions' packages do.
	TrimV bool
}

// Parts are all programs that the testbed is made of, besides itself.
var Parts = []Part{
	{
		Name: "kubernetes", Dir: ".", Module: "k8s.io/kubernetes", Into: "bin",
		Packages: []string{
			"k8s.io/kubernetes/cmd/kube-apiserver", "k8s.io/kubernetes/cmd/kube-controller-manager",
			"k8s.io/kubernetes/cmd/kube-scheduler", "k8s.io/kubernetes/cmd/kubelet",
		},
		Variable: "k8s.io/component-base/version.gitVersion",
	},
	{
		Name: "etcd", Dir: "parts/etcd", Module: "go.etcd.io/etcd/server/v3", Into: "bin",
		Packages: []string{"go.etcd.io/etcd/server/v3"}, Programs: []string{"etcd"},
	},
	{
		Name: "containerd 2", Dir: "parts/containerd2", Module: "github.com/containerd/containerd/v2", Into: "bin/containerd2",
		Packages: []string{
			"github.com/containerd/containerd/v2/cmd/containerd", "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
			"github.com/containerd/containerd/v2/cmd/ctr",
		},
		Variable: "github.com/containerd/containerd/v2/version.Version", TrimV: true,
	},
	{
		Name: "containerd 1", Dir: "parts/containerd1", Module: "github.com/containerd/containerd", Into: "bin/containerd1",
		Packages: []string{
			"github.com/containerd/containerd/cmd/containerd", "github.com/containerd/containerd/cmd/containerd-shim-runc-v2",
			"github.com/containerd/containerd/cmd/ctr",
		},
		Variable: "github.com/containerd/containerd/version.Version", TrimV: true,
	},
	{
		Name: "runc", Dir: "parts/runc", Module: "github.com/opencontainers/runc", Into: "bin",
		Packages: []string{"github.com/opencontainers/runc"}, Cgo: true, Tags: "seccomp",
	},
	{
		Name: "registry", Dir: "parts/registry", Module: "github.com/distribution/distribution/v3", Into: "bin",
		Packages: []string{"github.com/distribution/distribution/v3/cmd/registry"},
	},
	// Not of the cluster itself: what people deploy with.
	{
		Name: "helm 4", Dir: "parts/helm4", Module: "helm.sh/helm/v4", Into: "bin/helm4", Packages: []string{"helm.sh/helm/v4/cmd/helm"},
	},
	{
		Name: "helm 3", Dir: "parts/helm3", Module: "helm.sh/helm/v3", Into: "bin/helm3", Packages: []string{"helm.sh/helm/v3/cmd/helm"},
	},
	{
		Name: "flux", Dir: "parts/kustomizecontroller", Module: "github.com/fluxcd/kustomize-controller", Into: "bin/flux",
		Packages: []string{"github.com/fluxcd/kustomize-controller"},
	},
	{
		Name: "kubectl", Dir: ".", Module: "k8s.io/kubernetes", Into: "bin", Packages: []string{"k8s.io/kubernetes/cmd/kubectl"},
		Variable: "k8s.io/component-base/version.gitVersion",
	},
	{
		Name: "crictl", Dir: "parts/crictl", Module: "sigs.k8s.io/cri-tools", Into: "bin", Packages: []string{"sigs.k8s.io/cri-tools/cmd/crictl"},
		Variable: "sigs.k8s.io/cri-tools/pkg/version.Version",
	},
	{
		Name: "pause", Dir: ".", Into: "bin", Packages: []string{Module + "/pause"},
	},
}

// programs are the names of the part's programs.
func (p Part) programs() []string {
	if p.Programs != nil {
		return p.Programs
	}
	var names []string
	for _, pkg := range p.Packages {
		names = append(names, path.Base(pkg))
	}
	return names
}

// Missing gives the programs below the state directory that are not built.
func Missing(state string) []string {
	var missing []string
	for _, part := range Parts {
		for _, program := range part.programs() {
			file := filepath.Join(part.Into, program)
			if _, err := os.Stat(filepath.Join(state, file)); err != nil {
				missing = append(missing, file)
			}
		}
	}
	return missing
}

// build builds the part unless its stamp says that the programs there were built
// from the same module files with the same flags and toolchain. The note is the
// version, and whether anything was done.
func (p Part) build(ctx context.Context, source, toolchain, state string, out io.Writer) (note string, err error) {
	dir := filepath.Join(source, p.Dir)
	version := ""
	if p.Module != "" {
		if version, err = output(ctx, dir, "go", "list", "-m", "-f", "{{.Version}}", p.Module); err != nil {
			return "", err
		}
	}
	flags := p.flags(version)
	stamp, err := p.stamp(dir, toolchain, flags)
	if err != nil {
		return "", err
	}
	into := filepath.Join(state, p.Into)
	stampFile := filepath.Join(into, "."+strings.ReplaceAll(p.Name, " ", "")+".stamp")
	if kept, err := os.ReadFile(stampFile); err == nil && string(kept) == stamp && p.built(into) {
		return version + " up to date", nil
	}
	if err := os.MkdirAll(into, 0o755); err != nil {
		return "", fmt.Errorf("making the directory of programs: %w", err)
	}
	if err := again(ctx, out, "downloading the modules of "+p.Name, func() error {
		_, err := output(ctx, dir, "go", append([]string{"list", "-deps", "-f", "{{.ImportPath}}"}, append(p.tags(), p.Packages...)...)...)
		return err
	}); err != nil {
		return "", err
	}
	target := into + "/"
	if p.Programs != nil {
		target += p.Programs[0]
	}
	args := append([]string{"build", "-o", target}, flags...)
	command := exec.CommandContext(ctx, "go", append(args, p.Packages...)...)
	command.Dir = dir
	command.Env = append(os.Environ(), "CGO_ENABLED="+p.cgo(), "GOWORK=off")
	command.Stdout, command.Stderr = out, out
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("running %s in %s: %w", strings.Join(command.Args, " "), dir, err)
	}
	if err := os.WriteFile(stampFile, []byte(stamp), 0o644); err != nil {
		return "", fmt.Errorf("writing the stamp of %s: %w", p.Name, err)
	}
	return version + " built", nil
}

// flags are the flags of go build. Without symbols the programs are a third
// smaller, which their start from a cold disk feels.
func (p Part) flags(version string) []string {
	link := "-s -w"
	if p.Variable != "" {
		if p.TrimV {
			version = strings.TrimPrefix(version, "v")
		}
		link += " -X " + p.Variable + "=" + version
	}
	return append([]string{"-trimpath", "-buildvcs=false", "-ldflags=" + link}, p.tags()...)
}

func (p Part) tags() []string {
	if p.Tags == "" {
		return nil
	}
	return []string{"-tags=" + p.Tags}
}

func (p Part) cgo() string {
	if p.Cgo {
		return "1"
	}
	return "0"
}

// stamp changes whenever a new build could give another program.
func (p Part) stamp(dir, toolchain string, flags []string) (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, toolchain, p.cgo(), flags, p.Packages)
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return "", fmt.Errorf("reading the module files of %s: %w", p.Name, err)
		}
		sum.Write(data)
	}
	if p.Module == "" { // its source is in this tree
		for _, pkg := range p.Packages {
			data, err := os.ReadFile(filepath.Join(dir, strings.TrimPrefix(pkg, Module), "main.go"))
			if err != nil {
				return "", fmt.Errorf("reading the source of %s: %w", p.Name, err)
			}
			sum.Write(data)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func (p Part) built(into string) bool {
	for _, program := range p.programs() {
		if _, err := os.Stat(filepath.Join(into, program)); err != nil {
			return false
		}
	}
	return true
}

// goVersion is the toolchain that the module asks for, as it names itself.
func goVersion(ctx context.Context, dir string) (string, error) {
	version, err := output(ctx, dir, "go", "env", "GOVERSION")
	if errors.Is(err, exec.ErrNotFound) {
		return "", fmt.Errorf("looking for Go, which builds the testbed's parts: %w; install it from https://go.dev/dl", err)
	}
	return version, err
}

// output runs a command and gives its trimmed standard output.
func output(ctx context.Context, dir, name string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, name, args...)
	command.Dir = dir
	command.Env = append(os.Environ(), "GOWORK=off")
	data, err := command.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return "", fmt.Errorf("running %s: %w: %s", strings.Join(command.Args, " "), err, strings.TrimSpace(string(exit.Stderr)))
	}
	if err != nil {
		return "", fmt.Errorf("running %s: %w", strings.Join(command.Args, " "), err)
	}
	return strings.TrimSpace(string(data)), nil
}
