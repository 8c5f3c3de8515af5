// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

func TestPrintedCommandsKeepWhatTheSameAnswerNeeds(t *testing.T) {
	const bare = "-> kubectl pullmedic diagnose deployment/api -n shop"
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"nothing given":            {nil, ""},
		"the cluster":              {[]string{"--context", "prod", "--kubeconfig=/k/config"}, " --context prod --kubeconfig /k/config"},
		"parts of the kubeconfig":  {[]string{"--cluster", "c", "--user", "u"}, " --cluster c --user u"},
		"an address":               {[]string{"-s", "https://api.example:6443"}, " --server https://api.example:6443"},
		"an address with a login":  {[]string{"--server", "https://me:canary@api.example:6443/x"}, " --server https://api.example:6443/x"},
		"certificates by path":     {[]string{"--client-key", "/k/key.pem", "--client-certificate", "/k/crt.pem"}, " --client-certificate /k/crt.pem --client-key /k/key.pem"},
		"somebody else":            {[]string{"--as", "jane", "--as-group", "on call", "--as-group", "dev"}, " --as jane --as-group 'on call' --as-group dev"},
		"a service account":        {[]string{"--as", "system:serviceaccount:shop:ci"}, " --as system:serviceaccount:shop:ci"},
		"how registries are asked": {[]string{"--probe=none", "--registry-ca", "a ca.pem", "--allow-loopback"}, " --probe none --registry-ca 'a ca.pem' --allow-loopback"},
		"a switch that is off":     {[]string{"--allow-loopback=false", "--insecure-skip-tls-verify"}, " --insecure-skip-tls-verify"},
		"a value of many words":    {[]string{"--context", "x; rm -rf $HOME `id` 'q'"}, ` --context 'x; rm -rf $HOME ` + "`id`" + ` '\''q'\'''`},
		"one like a flag":          {[]string{"--context", "--token"}, " --context --token"},
		"what is secret":           {[]string{"--token", "canary-1"}, ""},
		"how it looks":             {[]string{"--timeout", "9s", "--request-timeout", "3s", "-v", "--color", "never"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got := (&fake{survey: sick()}).bench().run(t, c.args...)
			if !strings.Contains(got.out, bare+c.want+"\n") || strings.Contains(got.out, "canary") {
				t.Errorf("want %s in\n%s%s", bare+c.want, got.out, got.err)
			}
		})
	}
}

// A printed command, read by a shell, asks the very same.
func TestAPrintedCommandReadByAShellGivesTheSameFlags(t *testing.T) {
	given := []string{"--context", "it's $(id) \"prod\"", "--as", "a b", "--as-group", "*", "--as-group", "-x", "--probe", "anonymous", "--allow-loopback"}
	got := (&fake{survey: sick()}).bench().run(t, given...)
	_, command, ok := strings.Cut(got.out, "-> kubectl pullmedic ")
	command, _, _ = strings.Cut(command, "\n")
	if !ok {
		t.Fatalf("no command in %s%s", got.out, got.err)
	}
	out, err := exec.CommandContext(t.Context(), "sh", "-c", "printf '%s\\n' "+command).Output()
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	cmd := newDiagnose(&world{IOStreams: genericiooptions.NewTestIOStreamsDiscard()}, &showOptions{})
	if err := cmd.ParseFlags(words[1:]); err != nil {
		t.Fatalf("%v in %q", err, words)
	}
	if left := cmd.Flags().Args(); !slices.Equal(left, []string{"deployment/api"}) {
		t.Errorf("arguments %q", left)
	}
	if read := again(cmd.Flags()); !slices.Equal(read, given) {
		t.Errorf("read as %q, want %q", read, given)
	}
}

// Every flag is either repeated, or somebody has said why not.
func TestEveryFlagIsDecidedAbout(t *testing.T) {
	dropped := map[string]string{
		"token": "it is secret", "namespace": "the command names the object's own", "all-namespaces": "the command names one object",
		"selector": "the command names one object", "output": "how it looks", "color": "how it looks", "verbose": "how it looks",
		"timeout": "how long it may take", "request-timeout": "how long it may take", "disable-compression": "how it travels",
		"trace": "it writes a file", "help": "no answer", "version": "no answer",
	}
	root := New(genericiooptions.NewTestIOStreamsDiscard())
	for _, cmd := range []*cobra.Command{root, root.Commands()[slices.IndexFunc(root.Commands(), func(c *cobra.Command) bool { return c.Name() == "diagnose" })]} {
		cmd.InitDefaultHelpFlag()
		for _, flags := range []*pflag.FlagSet{cmd.Flags(), cmd.InheritedFlags()} {
			flags.VisitAll(func(f *pflag.Flag) {
				if kept := slices.Contains(repeated(), f.Name); kept == (dropped[f.Name] != "") {
					t.Errorf("%s --%s: repeated %t, dropped because %q", cmd.Name(), f.Name, kept, dropped[f.Name])
				}
			})
		}
	}
}
