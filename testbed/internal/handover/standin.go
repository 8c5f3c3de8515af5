// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package handover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/place"
	"github.com/pullmedic/pullmedic/testbed/internal/up"
)

// StandIn does what systemctl or journalctl would do with a node's containerd
// and kubelet: as much of it as remedies ask for, and an error for the rest.
func StandIn(ctx context.Context, t *cluster.Testbed, node, program string, args []string, out io.Writer) error {
	at := slices.IndexFunc(layout.Nodes, func(n layout.Node) bool { return n.Name == node })
	if at < 0 {
		return fmt.Errorf("there is no node %q", node)
	}
	u := units{bed: t, node: layout.Nodes[at], out: out}
	if program == "journalctl" {
		return u.log(args)
	}
	return u.control(ctx, args)
}

// units are the services of a node.
type units struct {
	bed  *cluster.Testbed
	node layout.Node
	out  io.Writer
}

// control is systemctl VERB [UNIT...].
func (u units) control(ctx context.Context, args []string) error {
	words := slices.DeleteFunc(slices.Clone(args), func(a string) bool { return strings.HasPrefix(a, "--") })
	if len(words) == 0 {
		return errors.New("systemctl without a verb")
	}
	if words[0] == "daemon-reload" {
		return errors.Join(u.reload("containerd"), u.reload("kubelet"))
	}
	if len(words) == 1 {
		return fmt.Errorf("systemctl %s without a unit", words[0])
	}
	for _, unit := range words[1:] {
		if unit != "containerd" && unit != "kubelet" {
			return fmt.Errorf("Unit %s.service could not be found", unit)
		}
		if err := u.do(ctx, words[0], unit); err != nil {
			return err
		}
	}
	return nil
}

func (u units) do(ctx context.Context, verb, unit string) error {
	record, err := up.Store(u.bed).Record(u.node.Name + "-" + unit)
	if err != nil {
		return err
	}
	switch verb {
	case "restart", "start":
		env, err := u.loaded(unit)
		if err != nil {
			return err
		}
		return up.RestartWith(ctx, u.bed, u.node, unit, env)
	case "stop":
		return up.Stop(u.bed, u.node, unit)
	case "show":
		fmt.Fprintf(u.out, "Environment=%s\n", strings.Join(record.Spec.Env, " "))
	case "status", "is-active":
		fmt.Fprintln(u.out, map[bool]string{true: "active", false: "inactive"}[record.Running()])
	default:
		return fmt.Errorf("this stand-in knows no systemctl %s", verb)
	}
	return nil
}

// environment is a line of a drop-in that sets one variable.
var environment = regexp.MustCompile(`^Environment="([A-Za-z_]+=[^"%\\]*)"$`)

// reload reads a unit's drop-ins: as with systemd, what is not reloaded does not
// count at a restart.
func (u units) reload(unit string) error {
	files, err := filepath.Glob(place.NodeFile(u.bed, u.node.Name, "/etc/systemd/system/"+unit+".service.d/*.conf"))
	if err != nil {
		return fmt.Errorf("listing the drop-ins of %s: %w", unit, err)
	}
	slices.Sort(files)
	var env []string
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("reading a drop-in of %s: %w", unit, err)
		}
		section := ""
		for line := range strings.Lines(string(data)) {
			line = strings.TrimSpace(line)
			set := environment.FindStringSubmatch(line)
			switch {
			case strings.HasPrefix(line, "["):
				section = line
			case set != nil && section == "[Service]":
				env = append(env, set[1])
			case line != "":
				return fmt.Errorf("%s: this stand-in does not know the line %q", file, line)
			}
		}
	}
	data, err := json.Marshal(env)
	if err != nil {
		return err
	}
	return os.WriteFile(u.file(unit), data, 0o644)
}

func (u units) file(unit string) string {
	return filepath.Join(u.bed.Run(), u.node.Name, "unit-"+unit+".json")
}

// loaded is the environment that the last reload read.
func (u units) loaded(unit string) ([]string, error) {
	data, err := os.ReadFile(u.file(unit))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading what was loaded of %s: %w", unit, err)
	}
	var env []string
	return env, json.Unmarshal(data, &env)
}

// log is journalctl -u UNIT: the end of the logs.
func (u units) log(args []string) error {
	const most = 8 << 10
	for i, a := range args {
		if a != "-u" || i+1 == len(args) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(u.bed.Logs(), u.node.Name+"-"+args[i+1]+".log"))
		if err != nil {
			return fmt.Errorf("reading the log of %s: %w", args[i+1], err)
		}
		if _, err := u.out.Write(data[max(0, len(data)-most):]); err != nil {
			return err
		}
	}
	return nil
}
