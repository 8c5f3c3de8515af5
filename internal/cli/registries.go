// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/internal/foreign"
	"github.com/pullmedic/pullmedic/internal/report"
	"github.com/pullmedic/pullmedic/internal/spelling"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

func newRegistries(w *world, o *showOptions) *cobra.Command {
	return &cobra.Command{
		Use:   "registries [HOST | IMAGE | KIND]",
		Short: "Tell how a registry says no, and every host that a pull needs",
		Long: `Tell what is known of a kind of registry: how it says no, how long a login
lives, its limits and status page, what its cloud must allow, and every host and
port that a pull needs, for a firewall. Without HOST, list all kinds. An IMAGE
stands for its registry, a KIND of the list for all registries of its kind.
Nothing is asked.`,
		Example: examples(w, "registries", "registries 123456789012.dkr.ecr.eu-west-1.amazonaws.com", "registries nginx:1.27", "registries harbor", "registries ghcr.io -o json"),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("registries takes one host, image or kind, not %d", len(args))
			}
			r := report.Registries()
			if len(args) == 1 {
				if kind, ok := report.RegistriesOfKind(args[0]); ok {
					return o.print(kind, func(w io.Writer) error { return report.RegistriesText(w, kind, o.style) })
				}
				host, err := registryOf(args[0])
				if err != nil {
					return err
				}
				if note := takenForImage(args[0], r.Families); note != "" {
					fmt.Fprintln(o.ErrOut, note)
				}
				r, _ = report.RegistryOf(host)
			}
			return o.print(r, func(w io.Writer) error { return report.RegistriesText(w, r, o.style) })
		},
		ValidArgsFunction: completeRegistries,
	}
}

// takenForImage says that a plain word, which may be meant for a kind of registry,
// was read as an image, "" where that is plain.
func takenForImage(word string, kinds []v1alpha1.RegistryFamily) string {
	if strings.ContainsAny(word, "/:.@") {
		return ""
	}
	word = foreign.Text(word, 100)
	text := fmt.Sprintf("%q is no kind of registry, so it was read as the image docker.io/library/%s", word, word)
	near := spelling.Nearest(word, kinds, func(f v1alpha1.RegistryFamily) string { return f.ID })[0].ID
	if spelling.Distance(word, near) <= 2 {
		return text + "; did you mean " + near + "?"
	}
	return text + "."
}

// registryOf reads a host as it is, an image as its registry. A single word is
// an image only where no host can be meant: it has neither a dot nor a port.
func registryOf(arg string) (string, error) {
	ref, err := keyring.ParseImage(arg)
	host, rest, slashed := strings.Cut(arg, "/")
	name, _, _ := strings.Cut(host, ":")
	if !slashed && (name == "localhost" || strings.Contains(name, ".") || strings.HasPrefix(host, "[")) {
		ref, err = keyring.ParseImage(host + "/image")
	}
	if err != nil || slashed && rest == "" {
		return "", usage("%q is neither a registry's host nor an image: %s", foreign.Text(arg, 100), "give something like ghcr.io or ghcr.io/acme/app:1")
	}
	return ref.Host, nil
}
