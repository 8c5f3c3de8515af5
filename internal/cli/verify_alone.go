// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/files"
	"github.com/pullmedic/pullmedic/internal/verify"
)

// maxConfig bounds a docker config: what a Secret may hold.
const maxConfig = 1 << 20

// aloneOptions are those of verify for a file without a cluster: what the person
// says in its place.
type aloneOptions struct {
	noCluster    bool
	written      []string // --platform
	dockerConfig string

	// fellBack: nobody said that there is no cluster, and none is named.
	fellBack  bool
	platforms []evidence.Platform
	config    []byte // what the docker config holds, nil if none is given
}

func (o *aloneOptions) addFlags(flags *pflag.FlagSet) {
	flags.BoolVar(&o.noCluster, "no-cluster", false, "with -f: ask no cluster, only registries; say in its place --platform and --docker-config")
	flags.StringSliceVar(&o.written, "platform", nil, "with -f: platforms that the images have to be for, in place of the nodes': linux/amd64,linux/arm64")
	flags.StringVar(&o.dockerConfig, "docker-config", "", "without a cluster: docker config that the pods' pull secrets are made of; a file with {} says that they bring none")
}

// complete finds what does not go together and reads what was given.
func (o *aloneOptions) complete(file string) error {
	switch {
	case file == "" && o.noCluster:
		return usage("--no-cluster needs a file to verify (-f FILE): objects by name are the cluster's")
	case file == "" && len(o.written) > 0:
		return usage("--platform needs a file to verify (-f FILE): for objects by name the cluster's nodes say it")
	case file == "" && o.dockerConfig != "":
		return usage("--docker-config needs a file to verify (-f FILE) and no cluster; fix --docker-config gives its login to what runs")
	}
	var err error
	if o.platforms, err = verify.Platforms(o.written); err != nil {
		return usage("reading --platform: %w", err)
	}
	if o.dockerConfig == "" {
		return nil
	}
	if o.config, err = files.Read(o.dockerConfig, maxConfig); err != nil {
		return usage("reading the docker config: %w", plainPath(err))
	}
	return nil
}

// sourceOf is the cluster that the flags name; for a file none, if the person
// says so or there is nothing that names one.
func (o *verifyOptions) sourceOf(load func() (*catalog.Catalog, error)) (connection, error) {
	if !o.alone.noCluster {
		c, err := o.source(load)
		if o.file == "" || !errors.Is(err, errNoKubeconfig) {
			if err == nil && o.alone.dockerConfig != "" {
				return c, usage("--docker-config is for a file without a cluster; with one, its pull secrets say what the pods bring: add --no-cluster")
			}
			return c, err
		}
		o.alone.fellBack = true
	}
	none, err := cluster.None()
	if err != nil {
		return connection{}, fault(fmt.Errorf("going on without a cluster: %w", err))
	}
	namespace := *o.kube.Namespace
	if namespace == "" {
		namespace = "default"
	}
	x, err := o.examiner(none, load)
	return connection{examiner: x, namespace: namespace}, err
}
