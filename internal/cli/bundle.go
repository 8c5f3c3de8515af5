// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"github.com/spf13/pflag"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/internal/bundle"
	"github.com/pullmedic/pullmedic/internal/files"
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
	file, err := files.Open(path)
	if err != nil {
		return nil, usage("reading the bundle: %w", plainPath(err))
	}
	survey, err := bundle.Read(file)
	_ = file.Close() // it was only read
	if err != nil {
		return nil, usage("reading the bundle %s: %w; make one with collect", path, err)
	}
	return bundle.NewReplay(survey), nil
}
