// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/pullmedic/pullmedic/catalog"
	"github.com/pullmedic/pullmedic/internal/files"
	"github.com/pullmedic/pullmedic/internal/report"
	"github.com/pullmedic/pullmedic/symptom"
)

// maxInput bounds one text, in bytes: whole, or a line of --jsonl.
const maxInput = 16 << 20

func newRead(w *world, show *showOptions) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "read [TEXT | -]",
		Short: "Read an error text: the cause that it points to, without a cluster",
		Long: `Read an error text: the cause that it points to, without a cluster.

The text is taken from the arguments or from stdin, and may be a whole kubectl
describe. It alone proves little; diagnose proves. With --jsonl, each line of a
file (- for stdin) is a JSON object with a "message"; the same object comes back
with "cause", "alternatives" and "symptom".`,
		Example: examples(w, `read 'Failed to pull image "nginx:1.99": not found'`) +
			"\n  kubectl describe pod api | " + examples(w, "read -")[2:] + "\n" + examples(w, "read --jsonl events.jsonl"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := catalog.Load()
			if err != nil {
				return fault(err)
			}
			if cmd.Flags().Changed("jsonl") {
				return readLines(show, c, file, args)
			}
			return readText(show, c, args)
		},
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	cmd.Flags().StringVar(&file, "jsonl", "", "read a JSON object with a message from each line of this file")
	return cmd
}

// readText reads one text and prints what it says.
func readText(o *showOptions, c *catalog.Catalog, args []string) error {
	text := strings.Join(args, " ")
	if len(args) == 0 && isTerminal(o.In) {
		return usage("read needs a text: as an argument, or on stdin")
	}
	if len(args) == 0 || text == "-" {
		data, err := io.ReadAll(io.LimitReader(o.In, maxInput+1))
		if err != nil {
			return usage("reading stdin: %w", err)
		}
		if len(data) > maxInput {
			return usage("reading stdin: more than 16 MiB; for a file of many messages use --jsonl")
		}
		text = string(data)
	}
	if strings.TrimSpace(text) == "" {
		return usage("the text to read is empty")
	}
	if isBinary([]byte(text)) {
		return usage("what was given is no text but binary data; give an error message")
	}
	r := report.Reading(c, symptom.Parse(text))
	if word := strings.TrimSpace(text); report.Shown(c, word) {
		r = report.ShownReading(r, word)
	}
	return o.print(r, func(w io.Writer) error { return report.ReadingText(w, r, o.style) })
}

// isBinary tells data from text: it has a zero byte, or much that is no UTF-8.
func isBinary(data []byte) bool {
	if bytes.IndexByte(data, 0) >= 0 {
		return true
	}
	bad := 0
	for rest := data; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		if r == utf8.RuneError && n == 1 {
			bad++
		}
		rest = rest[n:]
	}
	return bad > len(data)/20
}

// readLines reads a file of JSON lines.
func readLines(o *showOptions, c *catalog.Catalog, file string, args []string) error {
	switch {
	case len(args) > 0:
		return usage("--jsonl takes its texts from the file; give no other text")
	case o.format != report.Text:
		return usage("--jsonl prints JSON lines; leave out -o %s", o.output)
	}
	in, name := o.In, "stdin"
	if file != "-" {
		opened, err := files.Stream(file, 0) // messages come when they come
		if err != nil {
			return usage("opening the messages: %w", plainPath(err))
		}
		defer opened.Close()
		in, name = opened, file
	}
	return (&lineReader{catalog: c, name: name}).run(in, o.Out)
}
