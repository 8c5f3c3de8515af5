// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

// Package hostsdir reads a copy of a node's certs.d directory: which hosts
// containerd asks for the images of a registry, in which order, for what.
//
// A mirror is the most common reason why a node sees something else than
// everybody else, and nothing in the API server tells of it. This package reads
// the files as containerd's resolver does (containerd 2.4,
// core/remotes/docker/config), its fall-backs included, and asks nobody. The
// files may come from a node that nobody trusts: they are bounded, never left
// for another directory, and only the CA certificates in them are used.
package hostsdir

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/pullmedic/pullmedic/internal/foreign"
)

// Bounds of what is read.
const (
	maxFile  = 256 << 10
	maxHosts = 16
	maxCAs   = 8
)

// A Config is what containerd makes of a registry's directory.
type Config struct {
	// Dir that holds for the registry, relative to the root; "" if none does.
	Dir string
	// Problem is why its hosts.toml does not count, "" if it does or there is
	// none. containerd only logs it, and asks the registry itself.
	Problem string
	// Hosts in the order in which they are asked; never empty.
	Hosts []Host
	// NeverAsked: the registry's own endpoint is not among the hosts.
	NeverAsked bool
}

// A Host is asked in a registry's place, or is the registry itself.
type Host struct {
	Scheme string
	Name   string // with its port, if the file names one
	Path   string // of the API: /v2
	// Registry: it is the registry's own endpoint.
	Registry bool
	// Resolve: it is asked what a tag stands for; Pull: for content by digest.
	Resolve, Pull bool
	// SkipVerify: containerd takes any certificate of it.
	SkipVerify bool
	// CAs are PEM certificates to trust for it; CAsElsewhere: some lie outside
	// of the directory and could not be read.
	CAs          [][]byte
	CAsElsewhere bool
	// ClientCertificate: containerd shows one; Headers: it adds some.
	ClientCertificate, Headers bool
}

// Check tells whether a directory can be read at all.
func Check(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("reading the hosts directory: there is no %s; give a copy of a node's certs.d", foreign.Text(dir, 200))
	case err != nil:
		return fmt.Errorf("reading the hosts directory: %w", err)
	case !info.IsDir():
		return fmt.Errorf("reading the hosts directory: %s is a file; give the directory that holds one for each registry", foreign.Text(dir, 200))
	}
	return nil
}

// Read returns what containerd makes of the directory for a registry (as images
// name it: docker.io); endpoint is the host that it asks if nothing is
// configured (registry-1.docker.io).
func Read(dir, registry, endpoint string) (Config, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Config{}, fmt.Errorf("reading the hosts directory: %w", err)
	}
	defer func() { _ = root.Close() }()
	return read(root.FS(), registry, endpoint)
}

func read(files fs.FS, registry, endpoint string) (Config, error) {
	itself := Host{Scheme: "https", Name: endpoint, Path: "/v2", Registry: true, Resolve: true, Pull: true}
	c := Config{Hosts: []Host{itself}}
	for _, name := range names(registry) {
		if info, err := fs.Stat(files, name); err == nil && info.IsDir() {
			c.Dir = name
			break
		}
	}
	if c.Dir == "" {
		return c, nil
	}
	data, err := content(files, path.Join(c.Dir, "hosts.toml"))
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && len(data) == 0:
		c.Hosts[0].certificates(files, c.Dir)
		return c, nil
	case err != nil:
		return c, fmt.Errorf("reading %s: %w", path.Join(c.Dir, "hosts.toml"), err)
	}
	hosts, err := parse(files, c.Dir, data, itself)
	if err != nil {
		c.Problem = foreign.Text(err.Error(), 160)
		c.Hosts[0].certificates(files, c.Dir)
		return c, nil
	}
	c.Hosts = hosts
	c.NeverAsked = !slices.ContainsFunc(hosts, func(h Host) bool { return h.Registry })
	return c, nil
}

// names are the directories that are looked for, the first that exists counts.
func names(registry string) []string {
	all := []string{}
	if i := strings.LastIndex(registry, ":"); i > 0 {
		all = append(all, registry[:i]+"_"+registry[i+1:]+"_")
	}
	all = append(all, registry, "_default")
	return slices.DeleteFunc(all, func(name string) bool { return !fs.ValidPath(name) || strings.Contains(name, "/") })
}

// content reads a file up to the bound.
func content(files fs.FS, name string) ([]byte, error) {
	if info, err := fs.Stat(files, name); err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("it is no regular file")
	}
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("it is larger than %d KiB", maxFile>>10)
	}
	return data, err
}

// certificates takes the CA and client certificates of Docker's layout.
func (h *Host) certificates(files fs.FS, dir string) {
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		switch path.Ext(e.Name()) {
		case ".crt":
			h.trust(files, dir, e.Name())
		case ".cert":
			h.ClientCertificate = true
		}
	}
}

// trust reads a CA certificate that lies in the directory.
func (h *Host) trust(files fs.FS, dir, name string) {
	pem, err := content(files, path.Join(dir, name))
	if path.IsAbs(name) || err != nil || len(h.CAs) == maxCAs {
		h.CAsElsewhere = true
		return
	}
	h.CAs = append(h.CAs, pem)
}

// host is one table of the file.
type host struct {
	Capabilities []string       `toml:"capabilities"`
	CA           any            `toml:"ca"`
	Client       any            `toml:"client"`
	SkipVerify   *bool          `toml:"skip_verify"`
	Header       map[string]any `toml:"header"`
	OverridePath bool           `toml:"override_path"`
	DialTimeout  string         `toml:"dial_timeout"`
}

// parse reads hosts.toml. An error means that containerd passes over the file.
func parse(files fs.FS, dir string, data []byte, itself Host) ([]Host, error) {
	var file struct {
		host
		Server string          `toml:"server"`
		Hosts  map[string]host `toml:"host"`
	}
	if err := toml.Unmarshal(data, &file); err != nil {
		var at *toml.DecodeError
		if errors.As(err, &at) {
			line, _ := at.Position()
			return nil, fmt.Errorf("line %d: %s", line, strings.TrimPrefix(at.Error(), "toml: "))
		}
		return nil, err
	}
	order, err := inOrder(data)
	if err != nil {
		return nil, err
	}
	var hosts []Host
	for _, name := range order[:min(len(order), maxHosts)] {
		h, err := file.Hosts[name].read(files, dir, name, itself)
		if err != nil {
			return nil, err
		}
		hosts = append(hosts, h)
	}
	if file.Server == "" {
		return append(hosts, itself), nil
	}
	last, err := file.read(files, dir, file.Server, itself)
	if err != nil {
		return nil, err
	}
	return append(hosts, last), nil
}

// read makes a Host of a table.
func (t host) read(files fs.FS, dir, server string, itself Host) (Host, error) {
	if !strings.HasPrefix(server, "http") {
		server = "https://" + server
	}
	u, err := url.Parse(server)
	if err != nil || u.Host == "" {
		return Host{}, fmt.Errorf("%q is no address of a host", foreign.Text(server, 80))
	}
	h := Host{Scheme: u.Scheme, Name: u.Host, Path: u.Path, Headers: len(t.Header) > 0, ClientCertificate: t.Client != nil}
	h.SkipVerify = t.SkipVerify != nil && *t.SkipVerify
	switch {
	case h.Path != "":
		if h.Path = path.Clean(h.Path); !strings.HasSuffix(h.Path, "/v2") && !t.OverridePath {
			h.Path = strings.TrimSuffix(h.Path, "/") + "/v2"
		}
	case !t.OverridePath:
		h.Path = "/v2"
	}
	h.Registry = sameHost(h.Name, itself.Name) && h.Path == itself.Path
	for _, c := range t.Capabilities {
		switch strings.ToLower(c) {
		case "pull":
			h.Pull = true
		case "resolve":
			h.Resolve = true
		case "push", "referrers":
		default:
			return Host{}, fmt.Errorf("the host %s has the capability %q, which containerd does not know", h.Name, foreign.Text(c, 40))
		}
	}
	if len(t.Capabilities) == 0 {
		h.Pull, h.Resolve = true, true
	}
	switch ca := t.CA.(type) {
	case nil:
	case string:
		h.trust(files, dir, ca)
	case []any:
		for _, one := range ca {
			name, ok := one.(string)
			if !ok {
				return Host{}, fmt.Errorf("the host %s has a ca that is no text", h.Name)
			}
			h.trust(files, dir, name)
		}
	default:
		return Host{}, fmt.Errorf("the host %s has a ca that is no text", h.Name)
	}
	return h, nil
}

// sameHost tells whether two hosts are one, whatever their case and whether they
// spell out port 443.
func sameHost(a, b string) bool {
	trim := func(s string) string {
		if name, port, err := net.SplitHostPort(s); err == nil && port == "443" {
			s = name
		}
		return strings.ToLower(s)
	}
	return trim(a) == trim(b)
}
