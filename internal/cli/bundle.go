// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"os"

	"github.com/spf13/pflag"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/internal/bundle"
)

func (o *lookOptions) addBundleFlag(flags *pflag.FlagSet) {
	flags.StringVar(&o.bundle, "bundle", "", "file that collect wrote, to answer from in place of a cluster; nothing is connected to")
}

// source is where the evidence comes from: a bundle if one is given, else the
// cluster that the flags name.
func (o *lookOptions) source(load func() (*catalog.Catalog, error)) (connection, error) {
	if o.bundle == "" {
		return o.connect(o, load)
	}
	if flag := asking(o.flags); flag != "" {
		return connection{}, usage("--bundle answers from a file and asks nobody, so %s has no place beside it", flag)
	}
	replay, err := openBundle(o.bundle)
	if err != nil {
		return connection{}, err
	}
	return connection{examiner: replay, namespace: *o.kube.Namespace}, nil
}

func openBundle(path string) (*bundle.Replay, error) {
	file, err := openRegular(path)
	if err != nil {
		return nil, usage("reading the bundle: %w", err)
	}
	survey, err := bundle.Read(file)
	_ = file.Close() // it was only read
	if err != nil {
		return nil, usage("reading the bundle %s: %w; make one with collect", path, err)
	}
	return bundle.NewReplay(survey), nil
}

// openRegular opens a file that is one: a pipe or a device, to which a link can
// lead as well, may never end or do something when it is read.
func openRegular(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if opened, err := file.Stat(); err != nil || !os.SameFile(info, opened) {
		_ = file.Close()
		return nil, fmt.Errorf("%s was exchanged for another file while it was opened", path)
	}
	return file, nil
}
