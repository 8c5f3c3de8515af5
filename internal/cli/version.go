// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/internal/report"
)

// version is set when a release is linked (-X); nothing else writes to it.
var version = "devel"

func newVersion(_ *world, o *showOptions) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage("version takes no arguments")
			}
			c, err := catalog.Load()
			if err != nil {
				return fault(err)
			}
			v := v1alpha1.Version{
				Document: v1alpha1.Head(v1alpha1.KindVersion), Version: version, Commit: commit(),
				Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, Causes: len(c.Causes()),
			}
			return o.print(v, func(w io.Writer) error { return report.VersionText(w, v) })
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
}

// commit that the program was built from, as far as the build knows it.
func commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	revision, changed := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) >= 12:
			revision = s.Value[:12]
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = "-changed"
		}
	}
	if revision == "" {
		return ""
	}
	return revision + changed
}
