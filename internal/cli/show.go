// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"io"
	"os"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/internal/report"
)

// textWidth is how wide text gets at most: what one can read, and paste into a
// ticket.
const textWidth = 80

// showOptions say how an answer is shown. All verbs have them.
type showOptions struct {
	*world
	output  string
	color   string
	verbose int

	format report.Format
	style  report.Style
}

func (o *showOptions) addFlags(flags *pflag.FlagSet) {
	flags.StringVarP(&o.output, "output", "o", "", "how to print: text, json or yaml (default text)")
	flags.StringVar(&o.color, "color", "auto", "when to colour text: auto (on a terminal, unless NO_COLOR is set), always or never")
	flags.CountVarP(&o.verbose, "verbose", "v", "show more: every finding, why causes were ruled out, all that was not looked at")
}

// Complete reads the flags.
func (o *showOptions) Complete() error {
	var err error
	if o.format, err = report.ParseFormat(o.output); err != nil {
		return usage("%w", err)
	}
	o.style = report.Style{Width: textWidth, Verbose: o.verbose, Location: o.zone, Program: o.program}
	switch o.color {
	case "auto":
		o.style.Color = isTerminal(o.Out) && o.getenv("NO_COLOR") == "" && o.getenv("TERM") != "dumb"
	case "always":
		o.style.Color = true
	case "never":
	default:
		return usage("--color is none of auto, always, never")
	}
	if columns := width(o.Out); columns > 0 {
		o.style.Width = min(columns, textWidth)
	}
	return nil
}

// print writes a document as the user wants it, text being one way of it.
func (o *showOptions) print(document any, text func(io.Writer) error) error {
	var err error
	if o.format == report.Text {
		err = text(o.Out)
	} else {
		err = report.Encode(o.Out, o.format, document)
	}
	if err != nil {
		return fault(err)
	}
	return nil
}

// printReport writes a report, with that text.
func (o *showOptions) printReport(r v1alpha1.Report, text textOf) error {
	return o.print(r, func(w io.Writer) error { return text(w, r, o.style) })
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// width of the terminal that the stream is, 0 if it is none.
func width(stream any) int {
	f, ok := stream.(*os.File)
	if !ok {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return columns
}
