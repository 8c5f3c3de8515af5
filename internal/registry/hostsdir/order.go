// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package hostsdir

import (
	"fmt"

	"github.com/pelletier/go-toml/v2/unstable"
)

// inOrder returns the hosts of the tables [host."..."] as the file has them: a
// TOML table has no order, and the order of these is what counts. A host whose
// settings stand under no table of its own is passed over, as containerd does.
func inOrder(data []byte) ([]string, error) {
	var parser unstable.Parser
	parser.Reset(data)
	var hosts []string
	last := ""
	for parser.NextExpression() {
		e := parser.Expression()
		if e.Kind != unstable.Table {
			continue
		}
		var key []string
		for it := e.Key(); it.Next(); {
			key = append(key, string(it.Node().Data))
		}
		if len(key) < 2 || key[0] != "host" || key[1] == last {
			continue // [host."x".header] belongs to the one before
		}
		last = key[1]
		hosts = append(hosts, last)
	}
	if err := parser.Error(); err != nil {
		return nil, fmt.Errorf("reading the order of its hosts: %w", err)
	}
	return hosts, nil
}
