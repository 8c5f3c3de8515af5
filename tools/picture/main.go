// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Command picture turns what a command prints on a terminal into an SVG
// picture, so that the README shows real output.
//
//	picture -o FILE -title "$ kubectl pullmedic demo" -- COMMAND ARG...
//
// A whole screen is what tmux captures of one (capture-pane -ep); see
// docs/pictures/screens. It knows the few SGR sequences that Pullmedic and tmux
// print and refuses others.
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
	for len(shown) > 1 && strings.TrimSpace(sgr.ReplaceAllString(shown[len(shown)-1], "")) == "" {
		shown = shown[:len(shown)-1] // a screen's empty rest
	}
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

// styles are CSS classes of colours, by SGR parameter.
var styles = map[string]string{
	"31": "r", "32": "g", "33": "y", "34": "u", "35": "m", "36": "c",
	"90": "d", "91": "r", "92": "g", "93": "y", "94": "u", "95": "m", "96": "c",
}

// A pen is what the text is painted with until the next sequence.
type pen struct {
	color              string // a class, "" for the usual one
	bold, dim, inverse bool
}

// take reads the parameters of one sequence.
func (p *pen) take(parameters string) error {
	for one := range strings.SplitSeq(parameters, ";") {
		switch class, ok := styles[one]; {
		case one == "" || one == "0":
			*p = pen{}
		case one == "22":
			p.bold, p.dim = false, false
		case one == "27":
			p.inverse = false
		case one == "39":
			p.color = ""
		case one == "49": // no background is ever painted
		case one == "1":
			p.bold = true
		case one == "2":
			p.dim = true
		case one == "7":
			p.inverse = true
		case ok:
			p.color = class
		default:
			return fmt.Errorf("the unknown SGR parameter %q", one)
		}
	}
	return nil
}

// classes are the CSS classes of the pen.
func (p pen) classes() string {
	var all []string
	if p.bold {
		all = append(all, "b")
	}
	switch {
	case p.inverse:
		return strings.Join(append(all, "i"), " ")
	case p.color != "":
		all = append(all, p.color)
	case p.dim:
		all = append(all, "d")
	}
	return strings.Join(all, " ")
}

func render(lines []string) ([]byte, error) {
	width := columns
	for _, line := range lines {
		width = max(width, utf8.RuneCountInString(sgr.ReplaceAllString(line, "")))
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%d" font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,monospace" font-size="14">
<style>text{fill:#d6deeb;white-space:pre}.b{font-weight:bold}.d{fill:#7f8c98}.r{fill:#ff6b6b}.g{fill:#7bd88f}.y{fill:#f6c177}.u{fill:#7aa2f7}.m{fill:#c792ea}.c{fill:#7fdbca}.i{fill:#11151c}</style>
<rect width="100%%" height="100%%" rx="8" fill="#11151c"/>
`, float64(width)*cellWidth+2*margin, len(lines)*lineHeight+2*margin)
	var p pen
	for i, line := range lines {
		if err := renderLine(&b, &p, line, margin+i*lineHeight); err != nil {
			return nil, fmt.Errorf("line %d has %w", i+1, err)
		}
	}
	b.WriteString("</svg>\n")
	return b.Bytes(), nil
}

// renderLine paints a line whose upper edge is at top. The pen goes on with the
// next line, as on a terminal.
func renderLine(b *bytes.Buffer, p *pen, line string, top int) error {
	var text bytes.Buffer
	cell := 0
	for line != "" {
		at := sgr.FindStringSubmatchIndex(line)
		plain := line
		if at != nil {
			plain = line[:at[0]]
		}
		if strings.ContainsRune(plain, '\x1b') {
			return errors.New("an escape sequence that is no SGR")
		}
		if plain != "" {
			cells := utf8.RuneCountInString(plain)
			if p.inverse {
				fmt.Fprintf(b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="#d6deeb"/>`+"\n", margin+float64(cell)*cellWidth, top, float64(cells)*cellWidth, lineHeight)
			}
			fmt.Fprintf(&text, `<tspan class="%s">%s</tspan>`, p.classes(), html.EscapeString(plain))
			cell += cells
		}
		if at == nil {
			break
		}
		if err := p.take(line[at[2]:at[3]]); err != nil {
			return err
		}
		line = line[at[1]:]
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" xml:space="preserve">%s</text>`+"\n", margin, top+lineHeight-4, text.String())
	return nil
}
