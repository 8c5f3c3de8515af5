// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package hostsdir

import (
	"strings"
	"testing"
	"testing/fstest"
)

// Whatever a hosts.toml holds, reading it ends and says what containerd asks.
func FuzzHostsFile(f *testing.F) {
	for _, seed := range []string{
		"server = 'https://x'\n[host.\"https://m\"]\n capabilities = ['pull']\n ca = ['a','b']\n[host.\"https://m\".header]\n x = ['y']\n",
		"[host]\n'https://m'.skip_verify = true\n", "[[host]]\n", "host = 5\n", "\xff\x00", "[host.\"http://%zz\"]",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := read(fstest.MapFS{"docker.io/hosts.toml": {Data: data}}, "docker.io", "registry-1.docker.io")
		if err != nil {
			return
		}
		if len(c.Hosts) == 0 || len(c.Hosts) > maxHosts+1 || len(c.Problem) > 200 || strings.ContainsAny(c.Problem, "\x1b\n") {
			t.Errorf("%+v", c)
		}
		for _, h := range c.Hosts {
			if h.Name == "" || h.Path != "" && h.Path[0] != '/' {
				t.Errorf("host %+v", h)
			}
		}
	})
}
