// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/diagnosis"
	"github.com/pullmedic/pullmedic/evidence"
	"github.com/pullmedic/pullmedic/internal/examine"
	"github.com/pullmedic/pullmedic/internal/files"
	"github.com/pullmedic/pullmedic/internal/registry"
	"github.com/pullmedic/pullmedic/internal/registry/hostsdir"
	"github.com/pullmedic/pullmedic/internal/report"
	"github.com/pullmedic/pullmedic/internal/trace"
)

// An examiner gathers Evidence; *examine.Examiner is one.
type examiner interface {
	Survey(ctx context.Context, scope examine.Scope) (evidence.Survey, error)
	Objects(ctx context.Context, refs []examine.ObjectRef) (evidence.Survey, error)
}

// lookOptions are those of the verbs that look at a cluster.
type lookOptions struct {
	*showOptions
	kube          *genericclioptions.ConfigFlags
	probe         string
	registryCA    string
	hostsDir      string
	allowLoopback bool
	traceFile     string
	timeout       time.Duration
	allNamespaces bool
	selector      string

	flags *pflag.FlagSet
	mode  registry.Mode
	trace *os.File
	// bundle is a file to answer from in place of a cluster.
	bundle string
	// fresh is how long a registry's answer stands in a long run, 0: for ever.
	fresh time.Duration
}

func newLookOptions(show *showOptions) *lookOptions {
	kube := genericclioptions.NewConfigFlags(true)
	kube.CacheDir = nil // nothing is discovered, so nothing is cached
	return &lookOptions{showOptions: show, kube: kube, timeout: lookTime}
}

// lookTime is how long a look may take, if nobody says otherwise.
const lookTime = time.Minute

func (o *lookOptions) addFlags(flags *pflag.FlagSet) {
	o.addAskFlags(flags)
	o.addTrace(flags)
}

func (o *lookOptions) addTrace(flags *pflag.FlagSet) {
	flags.StringVar(&o.traceFile, "trace", "", "file for what the run waited for, as JSON lines")
}

// addAskFlags adds what says whom to ask and how far to go.
func (o *lookOptions) addAskFlags(flags *pflag.FlagSet) {
	flags.DurationVar(&o.timeout, "timeout", lookTime, "how long the whole look may take")
	o.addWhomFlags(flags)
}

// addWhomFlags adds what says whom to ask, for a verb whose --timeout is another
// one.
func (o *lookOptions) addWhomFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.probe, "probe", "", "what to ask registries: none (nothing), anonymous (without logging in), credentials (as the kubelet would); default: credentials for named objects and files, else anonymous")
	flags.StringVar(&o.registryCA, "registry-ca", "", "PEM file with certificates to trust for registries, beside the system's")
	flags.StringVar(&o.hostsDir, "hosts-dir", "", "copy of a node's certs.d directory (hosts.toml), to also ask the mirrors that containerd would ask, without a credential")
	flags.BoolVar(&o.allowLoopback, "allow-loopback", false, "also ask registries at this machine's loopback addresses")
	o.addKubeFlags(flags)
	o.flags = flags
}

// addKubeFlags adds the flags by which kubectl finds a cluster. Their usage is
// told in one line each: kubectl options has the whole of it, and here it would
// hide the verb's own.
func (o *lookOptions) addKubeFlags(flags *pflag.FlagSet) {
	o.kube.AddFlags(flags)
	for name, text := range map[string]string{
		"as": "act as this user or service account", "as-group": "act as a member of this group", "as-uid": "act with this UID",
		"as-user-extra": "act with this extra, KEY=VALUE", "certificate-authority": "file with the API server's CA",
		"client-certificate": "file with a certificate to show", "client-key": "file with that certificate's key",
		"cluster": "cluster of the kubeconfig", "context": "context of the kubeconfig", "user": "user of the kubeconfig",
		"disable-compression": "ask for answers that are not compressed", "insecure-skip-tls-verify": "do not check the server's certificate",
		"kubeconfig": "kubeconfig file", "namespace": "namespace, if not the context's", "request-timeout": "limit of one API request",
		"server": "address of the API server", "tls-server-name": "name in the API server's certificate", "token": "token for the API server",
	} {
		if f := flags.Lookup(name); f != nil {
			f.Usage = text
		}
	}
}

func (o *lookOptions) addScopeFlags(flags *pflag.FlagSet) {
	flags.BoolVarP(&o.allNamespaces, "all-namespaces", "A", false, "look at all namespaces")
	flags.StringVarP(&o.selector, "selector", "l", "", "look only at pods with these labels")
}

// Complete fills in what the flags leave open; usual is the probe mode of the
// verb. The trace's file is made now: after the look it would be too late to
// find out that it cannot be.
func (o *lookOptions) Complete(usual registry.Mode) error {
	o.mode = usual
	if o.probe != "" {
		var err error
		if o.mode, err = registry.ParseMode(o.probe); err != nil {
			return usage("%w", err)
		}
	}
	if err := checkNamespace(*o.kube.Namespace, "-n"); err != nil {
		return err
	}
	if o.hostsDir != "" {
		if err := hostsdir.Check(o.hostsDir); err != nil {
			return usage("%w", err)
		}
	}
	if o.timeout <= 0 {
		return usage("--timeout %s leaves no time; give something like 30s", o.timeout)
	}
	o.style.Flags = append(o.style.Flags, again(o.flags)...)
	o.style.Connect = connecting(o.flags)
	if o.traceFile == "" {
		return nil
	}
	file, err := files.Sink(o.traceFile)
	if err != nil {
		return usage("making the trace's file: %w", err)
	}
	o.trace = file
	return nil
}

// textOf is the text of a report.
type textOf func(io.Writer, v1alpha1.Report, report.Style) error

// A use is what a verb makes of what was gathered.
type use func(c *catalog.Catalog, s evidence.Survey) error

// show judges and prints, and gives the exit code.
func (o *lookOptions) show(text textOf) use {
	return func(known *catalog.Catalog, s evidence.Survey) error {
		r := judge(known, s)
		if err := o.printReport(r, text); err != nil {
			return err
		}
		switch {
		case len(r.Diagnoses) > 0:
			return coded{code: ExitFailing}
		case len(r.NotLookedAt) > 0 || len(r.Unmade) > 0:
			return coded{code: ExitNotSeen}
		}
		return nil
	}
}

// A question is what a verb wants looked at.
type question func(ctx context.Context, c connection) (evidence.Survey, error)

// Run looks, hands over what was gathered and writes the trace; the error
// carries the exit code.
func (o *lookOptions) Run(ctx context.Context, ask question, then use) error {
	return o.traced(ctx, func(ctx context.Context) error {
		var survey evidence.Survey
		return o.looking(ctx, func(ctx context.Context, c connection, _ *catalog.Catalog) (err error) {
			survey, err = ask(ctx, c)
			return err
		}, func(known *catalog.Catalog) error { return then(known, survey) })
	})
}

// traced runs a look and writes its trace, if one is wanted.
func (o *lookOptions) traced(ctx context.Context, run func(context.Context) error) error {
	if o.trace == nil {
		return run(ctx)
	}
	recorder := trace.NewRecorder(o.started)
	err := run(trace.With(ctx, recorder))
	var c coded
	if silent := err == nil || errors.As(err, &c) && c.err == nil; silent {
		if failed := finish(recorder, o.trace); failed != nil {
			return failed
		}
		return err
	}
	_ = finish(recorder, o.trace) // the first error tells more
	return err
}

// looking connects, asks and then shows.
func (o *lookOptions) looking(ctx context.Context, ask func(context.Context, connection, *catalog.Catalog) error, then func(*catalog.Catalog) error) error {
	return o.lookingAt(ctx, o.source, ask, then)
}

// lookingAt is looking at another source than the cluster that the flags name.
func (o *lookOptions) lookingAt(ctx context.Context, source func(load func() (*catalog.Catalog, error)) (connection, error), ask func(context.Context, connection, *catalog.Catalog) error, then func(*catalog.Catalog) error) error {
	load := loading(ctx)
	c, err := source(load)
	if err != nil {
		return err
	}
	known, err := load()
	if err != nil {
		return fault(err)
	}
	stop := o.progress(ctx, "looking at the cluster")
	err = ask(ctx, c, known)
	stop()
	if err != nil {
		return c.explain(err)
	}
	end := trace.Span(ctx, trace.KindStep, "judge and print")
	defer end()
	return then(known)
}

// loading reads the catalogue beside what else there is to do; the returned
// function waits for it.
func loading(ctx context.Context) func() (*catalog.Catalog, error) {
	load := sync.OnceValues(func() (*catalog.Catalog, error) {
		defer trace.Span(ctx, trace.KindStep, "catalogue")()
		return catalog.Load()
	})
	go func() { _, _ = load() }()
	return load
}

func finish(r *trace.Recorder, file *os.File) error {
	_, err := r.WriteTo(file)
	if closed := file.Close(); err == nil && closed != nil {
		err = fmt.Errorf("closing the trace's file: %w", closed)
	}
	if err != nil {
		return fault(err)
	}
	return nil
}

// judge makes the diagnoses of a survey's pulls, each on its own.
func judge(c *catalog.Catalog, s evidence.Survey) v1alpha1.Report {
	diagnoses := make([]diagnosis.Diagnosis, len(s.Pulls))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, e := range s.Pulls {
		group.Go(func() error {
			diagnoses[i] = diagnosis.Judge(c, e)
			return nil
		})
	}
	_ = group.Wait()
	return report.New(c, s, diagnoses)
}
