// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"net/url"

	"github.com/spf13/pflag"
)

// repeated are the flags without which a printed command would ask somebody
// else, as somebody else, or otherwise, and so could answer otherwise. In the
// order in which they are printed.
//
// Not among them: --token, which is secret; --namespace, which a command names
// anyway; and what only changes how an answer looks or how long it may take.
func repeated() []string {
	return append(whom(), "bundle", "probe", "registry-ca", "allow-loopback", "hosts-dir")
}

// whom are those by which a cluster is found.
func whom() []string {
	return []string{
		"context", "kubeconfig", "cluster", "user", "server", "tls-server-name", "insecure-skip-tls-verify",
		"certificate-authority", "client-certificate", "client-key", "as", "as-uid", "as-group", "as-user-extra",
	}
}

// again are the words that a printed command needs to give the same answer, as
// they have to reach the program; quoting is the printer's.
func again(flags *pflag.FlagSet) []string { return words(flags, repeated()) }

// connecting are the words by which a printed command that asks no registry
// reaches the same cluster.
func connecting(flags *pflag.FlagSet) []string { return words(flags, whom()) }

func words(flags *pflag.FlagSet, names []string) []string {
	var words []string
	for _, name := range names {
		f := flags.Lookup(name)
		if f == nil || !f.Changed {
			continue
		}
		switch value := f.Value.(type) {
		case pflag.SliceValue:
			for _, one := range value.GetSlice() {
				words = append(words, "--"+name, one)
			}
		default:
			text := value.String()
			switch {
			case value.Type() == "bool" && text == "true":
				words = append(words, "--"+name)
			case value.Type() == "bool", text == "":
				// As if it were not given.
			case name == "server":
				words = append(words, "--"+name, withoutUser(text))
			default:
				words = append(words, "--"+name, text)
			}
		}
	}
	return words
}

// withoutUser is an address without the user and password that it may have.
func withoutUser(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return address
	}
	u.User = nil
	return u.String()
}

// asking is the first given flag that says whom to ask, "" if there is none.
func asking(flags *pflag.FlagSet) string {
	for _, name := range append(repeated(), "token", "selector") {
		f := flags.Lookup(name)
		if f == nil || !f.Changed || name == "bundle" {
			continue
		}
		if text := f.Value.String(); text != "" && text != "false" {
			return "--" + name
		}
	}
	return ""
}
