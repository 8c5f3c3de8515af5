// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/internal/report"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// remedyID is the grammar of a remedy's id.
var remedyID = regexp.MustCompile(`^[a-z][a-z0-9-]*$`)

// check finds what is wrong with the flags, before anything is asked.
func (o *fixOptions) check(cmd *cobra.Command, args []string) error {
	for _, check := range []func() error{
		func() error { return o.checkScope(cmd, args) }, o.checkMode, o.checkMeasure, o.checkImage,
		func() error { return o.logins.check(o.yes || o.dry()) }, o.checkReport, o.readCA,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// checkScope: what is mended.
func (o *fixOptions) checkScope(cmd *cobra.Command, args []string) error {
	switch {
	case o.cause == "" && len(args) == 0:
		return usage("fix needs an object or a cause: TYPE/NAME, or --cause CAUSE; %s --help shows more", cmd.CommandPath())
	case o.cause != "" && len(args) > 0:
		return usage("--cause finds the workloads by itself; leave out either it or %s", foreign.Text(args[0], 80))
	case o.cause == "" && (o.allNamespaces || o.selector != ""):
		return usage("-A and -l are for --cause; name a cause with it, or leave them out")
	case o.cause == "" && cmd.Flags().Changed("max"):
		return usage("--max is for --cause; name a cause with it, or leave it out")
	case o.max < 1:
		return usage("--max %d lets nothing be changed; give 1 or more", o.max)
	case o.cause == "":
		return nil
	}
	if _, err := labels.Parse(o.selector); err != nil {
		return usage("reading the selector: %w", err)
	}
	known, err := catalog.Load()
	if err != nil {
		return fault(err)
	}
	id, exact := report.Nearest(known, o.cause)
	switch _, ok := known.Cause(id); {
	case !ok:
		return usage("there is no cause %q; %s explain lists them", foreign.Text(o.cause, 60), o.program)
	case !exact:
		return usage("there is no cause %q; did you mean %s? %s explain lists all", foreign.Text(o.cause, 60), id, o.program)
	}
	o.cause = id
	return nil
}

// checkMode: how far it goes.
func (o *fixOptions) checkMode() error {
	switch {
	case !slices.Contains([]string{"none", "client", "server"}, o.dryRun):
		return usage("--dry-run takes none, client or server")
	case o.dry() && o.yes:
		return usage("--dry-run changes nothing, so that there is nothing to say --yes to; leave one out")
	case !o.text() && !o.dry() && !o.yes:
		return usage("-o %s asks no question; give --yes to have it carried out, or --dry-run=client to see the plan", o.format)
	case o.pull <= 0:
		return usage("--timeout %s leaves no time; give something like 5m", o.pull)
	}
	return nil
}

// checkMeasure: an emergency measure stands alone.
func (o *fixOptions) checkMeasure() error {
	n := 0
	for _, given := range []bool{o.remedy.Rollback, o.remedy.Restart, o.remedy.Recreate} {
		if given {
			n++
		}
	}
	switch {
	case n > 1:
		return usage("--rollback, --restart and --recreate are three measures; choose one")
	case n == 0 && o.force:
		return usage("--force is for --rollback, --restart and --recreate; leave it out")
	case n == 0:
		return nil
	case o.cause != "":
		return usage("an emergency measure is for workloads that you name, not for --cause")
	case len(o.to) > 0 || o.remedy.With != "" || o.remedy.Via != "" || o.logins.given():
		return usage("an emergency measure mends no cause; leave out either it or what chooses a remedy (--to, --with, --via, a credential)")
	}
	return nil
}

// checkImage: what chooses a remedy.
func (o *fixOptions) checkImage() error {
	for _, to := range o.to {
		if err := o.readTo(to); err != nil {
			return err
		}
	}
	switch {
	case o.remedy.Container != "" && o.remedy.To == "":
		return usage("--container says which container --to is for; give --to IMAGE with it")
	case o.remedy.To != "" && len(o.to) > 1:
		return usage("of several --to each says which container it is for: --to CONTAINER=IMAGE")
	case len(o.to) > 0 && o.cause != "":
		return usage("--to is an image for one workload, and --cause finds several; name the workload")
	case !slices.Contains([]string{"", "secret", "service-account", "template"}, o.remedy.Via):
		return usage("--via is none of secret, service-account, template")
	case o.remedy.With != "" && !remedyID.MatchString(o.remedy.With):
		return usage("--with %q is no remedy's id; the plan shows them", foreign.Text(o.remedy.With, 60))
	}
	return nil
}

// readTo reads one IMAGE or CONTAINER=IMAGE; no image's name has an equals sign.
func (o *fixOptions) readTo(to string) error {
	container, image, named := strings.Cut(to, "=")
	if !named {
		container, image = "", to
	}
	_, err := keyring.ParseImage(image)
	switch {
	case err != nil || image != foreign.Text(image, 1<<10):
		return usage("--to %q is no image's name; give something like registry.example/acme/api:1.27.5, in lower case up to the tag", foreign.Text(image, 200))
	case !named:
		o.remedy.To = image
		return nil
	case len(validation.IsDNS1123Label(container)) > 0:
		return usage("--to %q names no container before the equals sign", foreign.Text(to, 200))
	case slices.ContainsFunc(o.remedy.Images, func(n remedy.Named) bool { return n.Container == container }):
		return usage("--to gives container %s two images; leave one out", container)
	}
	o.remedy.Images = append(o.remedy.Images, remedy.Named{Container: container, Image: image})
	return nil
}
