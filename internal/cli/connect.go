// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/internal/cluster"
	"github.com/pullmedic/pullmedic/internal/edit"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/mend"
	"github.com/pullmedic/pullmedic/internal/registry"
)

// contextsShown bounds the contexts that an error lists.
const contextsShown = 5

// A connection is an examiner with what belongs to it.
type connection struct {
	examiner
	// namespace of the kubeconfig's context or of -n.
	namespace string
	// server that is asked, for errors.
	server string
	// mender carries remedies out; nil where nothing can be changed.
	mender func(*catalog.Catalog) (*mend.Mender, error)
}

// A connector makes the connection that the flags name; it asks nothing yet.
type connector func(o *lookOptions, load func() (*catalog.Catalog, error)) (connection, error)

func connect(o *lookOptions, load func() (*catalog.Catalog, error)) (connection, error) {
	config, namespace, err := o.kubeconfig()
	if err != nil {
		return connection{}, err
	}
	config.UserAgent = "kubectl-pullmedic/" + version
	asked, err := cluster.New(config, cluster.Options{Timeout: config.Timeout})
	if err != nil {
		return connection{}, usage("%w; look at the kubeconfig's certificates and at --server", err)
	}
	x, err := o.examiner(asked, load)
	if err != nil {
		return connection{}, err
	}
	mender := func(known *catalog.Catalog) (*mend.Mender, error) {
		writes, err := edit.New(config, edit.Options{Timeout: config.Timeout})
		if err != nil {
			return nil, usage("%w; look at the kubeconfig's certificates and at --server", err)
		}
		return mend.New(mend.Options{Cluster: asked, Edit: writes, Seer: x, Catalog: known}), nil
	}
	return connection{x, namespace, serverName(config), mender}, nil
}

// examiner asks that cluster, and registries as the flags say.
func (o *lookOptions) examiner(asked *cluster.Client, load func() (*catalog.Catalog, error)) (*examine.Examiner, error) {
	probe := registry.Options{Probe: o.mode, AllowLoopback: o.allowLoopback, HostsDir: o.hostsDir, Fresh: o.fresh}
	if o.registryCA != "" {
		var err error
		if probe.RootCAs, err = registry.RootCAs(o.registryCA); err != nil {
			return nil, usage("%w", err)
		}
	}
	known, err := load()
	if err != nil {
		return nil, fault(err)
	}
	return examine.New(examine.Options{Cluster: asked, Catalog: known, Prober: registry.New(probe), Deadline: o.timeout}), nil
}

// errNoKubeconfig is what kubeconfig returns where nothing names a cluster.
var errNoKubeconfig = errors.New("no kubeconfig")

// kubeconfig returns the configuration that the flags and the environment name.
// client-go falls back to localhost:8080 where nothing is configured; a person
// is better served by being told.
func (o *lookOptions) kubeconfig() (*rest.Config, string, error) {
	loader := o.kube.ToRawKubeConfigLoader()
	raw, err := loader.RawConfig()
	if err != nil {
		return nil, "", usage("reading the kubeconfig: %w; name another one with --kubeconfig", err)
	}
	if err := o.checkContext(raw, loader.ConfigAccess()); err != nil {
		return nil, "", err
	}
	config, err := o.kube.ToRESTConfig()
	if err != nil {
		return nil, "", usage("reading the kubeconfig: %w; kubectl config view shows it", err)
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, "", usage("reading the kubeconfig's namespace: %w; name one with -n", err)
	}
	if err := checkNamespace(namespace, "the kubeconfig's context"); err != nil {
		return nil, "", err
	}
	return config, namespace, nil
}

// checkNamespace finds what the API server would take for something else, or not
// at all; where says who gave it.
func checkNamespace(name, where string) error {
	if name != "" && (len(name) > validation.DNS1123LabelMaxLength || len(validation.IsDNS1123Label(name)) > 0) {
		return usage("%s names the namespace %q, and no namespace can have that name", where, foreign.Text(name, 80))
	}
	return nil
}

// checkContext finds what the loader would pass over in silence.
func (o *lookOptions) checkContext(raw api.Config, access clientcmd.ConfigAccess) error {
	if *o.kube.APIServer != "" {
		return nil
	}
	name := raw.CurrentContext
	if *o.kube.Context != "" {
		name = *o.kube.Context
	}
	known := slices.Sorted(maps.Keys(raw.Contexts))
	list := strings.Join(known[:min(len(known), contextsShown)], ", ")
	if more := len(known) - contextsShown; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	switch {
	case len(raw.Clusters) == 0 && len(known) == 0 && o.inCluster() && *o.kube.Context == "":
		return nil
	case len(raw.Clusters) == 0 && len(known) == 0:
		files := access.GetLoadingPrecedence()
		why := strings.Join(files, ", ") + " names no cluster"
		if !slices.ContainsFunc(files, exists) {
			why = strings.Join(files, ", ") + " does not exist"
			if len(files) > 1 {
				why = "none of " + strings.Join(files, ", ") + " exists"
			}
		}
		return usage("%w: %s; set KUBECONFIG, or give --kubeconfig FILE; demo, read, explain, registries and verify -f need none", errNoKubeconfig, why)
	case name == "" && *o.kube.ClusterName == "":
		return usage("the kubeconfig has no current context; choose one with --context: %s", list)
	case name == "":
		return nil
	}
	chosen := raw.Contexts[name]
	switch {
	case chosen == nil:
		return usage("the kubeconfig has no context %q; choose one with --context: %s", name, list)
	case raw.Clusters[chosen.Cluster] == nil && *o.kube.ClusterName == "":
		return usage("the kubeconfig's context %q names the cluster %q, which is not in it; kubectl config view shows it", name, chosen.Cluster)
	case raw.AuthInfos[chosen.AuthInfo] == nil && chosen.AuthInfo != "" && *o.kube.AuthInfoName == "":
		return usage("the kubeconfig's context %q names the user %q, which is not in it; kubectl config view shows it", name, chosen.AuthInfo)
	}
	return nil
}

// exists tells whether there is such a file, or nobody may know.
func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// inCluster tells whether the program runs in a pod that may ask its cluster.
func (o *lookOptions) inCluster() bool {
	_, err := os.Stat("/var/run/secrets/kubernetes.io/serviceaccount/token")
	return err == nil && o.getenv("KUBERNETES_SERVICE_HOST") != ""
}

// serverName is the API server's address without user, path and query.
func serverName(config *rest.Config) string {
	u, err := url.Parse(config.Host)
	if err != nil || u.Host == "" {
		return config.Host
	}
	return u.Scheme + "://" + u.Host
}

// explain says where an answer failed to come from, unless the API server
// answered.
func (c connection) explain(err error) error {
	var e *cluster.Error
	if !errors.As(err, &e) || e.Reason == cluster.NotFound || e.Reason == cluster.Forbidden || c.server == "" {
		return err
	}
	return fmt.Errorf("asking %s: %w", c.server, err)
}
