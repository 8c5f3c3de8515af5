// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pullmedic/pullmedic/internal/files"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/report"
)

// checkReport: a post-mortem that somebody wrote on is not written over.
func (o *fixOptions) checkReport() error {
	if o.report == "" {
		return nil
	}
	if o.dry() {
		return usage("--report tells what was done, and --dry-run does nothing; leave one out")
	}
	name := foreign.Text(o.report, 300)
	switch _, err := os.Lstat(o.report); {
	case err == nil:
		return usage("%s is there already, and a post-mortem that somebody may have written on is not replaced; name another file", name)
	case !errors.Is(err, fs.ErrNotExist):
		return usage("looking for the report's file: %w", plainPath(err))
	}
	if info, err := os.Stat(filepath.Dir(o.report)); err != nil || !info.IsDir() {
		return usage("there is no directory for %s; make it first", name)
	}
	return nil
}

// beginReport begins the report's file, if one is wanted: that it cannot be written
// is to be known before anything is changed. Without one there is nothing to
// discard.
func (o *fixOptions) beginReport() (*files.Draft, error) {
	if o.report == "" {
		return nil, nil
	}
	draft, err := files.NewDraft(o.report)
	if err != nil {
		return nil, usage("writing the report: %w; nothing was changed", plainPath(err))
	}
	return draft, nil
}

// postMortem writes the report, if one is wanted and there is something to tell.
// That it could not is said, and changes nothing of how the fix ended.
func (x *fixing) postMortem() {
	if x.draft == nil {
		return
	}
	if len(x.f.Targets) == 0 {
		fmt.Fprintln(x.ErrOut, "no report was written: nothing fails")
		return
	}
	name := foreign.Text(x.report, 300)
	_, err := x.draft.Write(report.PostMortem(x.f, x.style))
	if err == nil {
		err = x.draft.Place()
	}
	switch {
	case errors.Is(err, files.ErrExists):
		fmt.Fprintf(x.ErrOut, "the post-mortem is not in %s: %v; it is in %s\n", name, err, foreign.Text(x.draft.Name(), 300))
	case err != nil:
		fmt.Fprintf(x.ErrOut, "the post-mortem was not written: %v; what was done stands above\n", plainPath(err))
	default:
		fmt.Fprintf(x.ErrOut, "wrote the post-mortem to %s\n", name)
	}
}
