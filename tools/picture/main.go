// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Command picture turns what a command prints on a terminal into an SVG
// picture, so that the README shows real output.
//
//	picture -o FILE -title "$ kubectl pullmedic demo" -- COMMAND ARG...
//
// It knows the few SGR sequences that Pullmedic prints and refuses others.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"html"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	columns    = 80
	cellWidth  = 8.4
	lineHeight = 18
	margin     = 16
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "picture:", err)
		os.Exit(1)
	}
}

func run() error {
	out := flag.String("o", "", "the SVG file to write")
	title := flag.String("title", "", "first line, as if typed")
	lines := flag.Int("lines", 0, "at most so many lines, 0 for all")
	flag.Parse()
	if *out == "" || flag.NArg() == 0 {
		return errors.New("usage: picture -o FILE [-title TEXT] [-lines N] -- COMMAND ARG...")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, flag.Arg(0), flag.Args()[1:]...)
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	text, err := cmd.Output()
	// Exit code 1 says that failing pulls were found: just what a picture shows.
	if exit := (*exec.ExitError)(nil); err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) {
		return fmt.Errorf("running %s: %w: %s", strings.Join(flag.Args(), " "), err, errOut.String())
	}
	shown := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	if *lines > 0 && len(shown) > *lines {
		shown = shown[:*lines]
	}
	if *title != "" {
		shown = append([]string{"\x1b[1m" + *title + "\x1b[0m"}, shown...)
	}
	svg, err := render(shown)
	if err != nil {
		return err
	}
	return os.WriteFile(*out, svg, 0o644)
}

var sgr = regexp.MustCompile("\x1b\\[([0-9;]*)m")

// styles are CSS classes by SGR parameter.
var styles = map[string]string{
	"1": "b", "2": "d", "31": "r", "32": "g", "33": "y", "34": "u", "35": "m", "36": "c",
	"90": "d", "91": "r", "92": "g", "93": "y", "94": "u", "95": "m", "96": "c",
}

func render(lines []string) ([]byte, error) {
	width := columns
	for _, line := range lines {
		width = max(width, utf8.RuneCountInString(sgr.ReplaceAllString(line, "")))
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%d" font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" font-size="14">
<style>text{fill:#d6deeb;white-space:pre}.b{font-weight:bold}.d{fill:#7f8c98}.r{fill:#ff6b6b}.g{fill:#7bd88f}.y{fill:#f6c177}.u{fill:#7aa2f7}.m{fill:#c792ea}.c{fill:#7fdbca}</style>
<rect width="100%%" height="100%%" rx="8" fill="#11151c"/>
`, float64(width)*cellWidth+2*margin, len(lines)*lineHeight+2*margin)
	for i, line := range lines {
		fmt.Fprintf(&b, `<text x="%d" y="%d" xml:space="preserve">`, margin, margin+(i+1)*lineHeight-4)
		var classes []string
		for line != "" {
			at := sgr.FindStringSubmatchIndex(line)
			plain := line
			if at != nil {
				plain = line[:at[0]]
			}
			if strings.ContainsRune(plain, '\x1b') {
				return nil, fmt.Errorf("line %d has an escape sequence that is no SGR", i+1)
			}
			if plain != "" {
				fmt.Fprintf(&b, `<tspan class="%s">%s</tspan>`, strings.Join(classes, " "), html.EscapeString(plain))
			}
			if at == nil {
				break
			}
			for p := range strings.SplitSeq(line[at[2]:at[3]], ";") {
				switch class, ok := styles[p]; {
				case p == "" || p == "0":
					classes = nil
				case ok:
					classes = append(classes, class)
				default:
					return nil, fmt.Errorf("line %d has the unknown SGR parameter %q", i+1, p)
				}
			}
			line = line[at[1]:]
		}
		b.WriteString("</text>\n")
	}
	b.WriteString("</svg>\n")
	return b.Bytes(), nil
}
