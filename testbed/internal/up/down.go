// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package up

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/daemon"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
	"github.com/pullmedic/pullmedic/testbed/internal/place"
)

// Down ends all programs that Up started and what those started (containers and
// their shims), and removes namespaces, mounts, interfaces, cgroups and the
// state of the run. What was built stays. It goes on after an error and gives all.
func Down(ctx context.Context, t *cluster.Testbed) error {
	store := Store(t)
	records, err := store.Records()
	errs := []error{err}
	// kubelets first, so that nobody starts a container again.
	slices.SortStableFunc(records, func(a, b daemon.Record) int {
		return strings.Compare(order(a.Spec.Name), order(b.Spec.Name))
	})
	for _, record := range records {
		end := store.Stop
		if slices.Contains([]string{"etcd", "kube-apiserver"}, record.Spec.Name) {
			end = store.Kill // they would wait for each other, and what they hold goes anyway
		}
		errs = append(errs, end(record.Spec.Name))
	}
	errs = append(errs, endStrays(t))
	errs = append(errs, place.Remove(ctx, t))
	for _, node := range layout.Nodes {
		errs = append(errs, removeCgroups(node.Name))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	if err := os.RemoveAll(t.Run()); err != nil {
		return fmt.Errorf("removing the state of the run: %w", err)
	}
	return nil
}

func order(name string) string {
	if strings.HasSuffix(name, "-kubelet") {
		return "0" + name
	}
	return "1" + name
}

// endStrays kills what is left in the places' namespaces: shims and containers
// live on without containerd. A process belongs to the testbed if its mount
// namespace is one of the places', or its cgroup is a node's.
func endStrays(t *cluster.Testbed) error {
	var errs []error
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		left, err := strays(t)
		if err != nil {
			return err
		}
		if len(left) == 0 {
			return nil
		}
		errs = nil
		for _, pid := range left {
			errs = append(errs, daemon.Kill(pid))
		}
	}
	return errors.Join(append(errs, errors.New("processes are left in the testbed's namespaces"))...)
}

func strays(t *cluster.Testbed) ([]int, error) {
	namespaces := map[string]bool{}
	for _, name := range t.Places() {
		for _, file := range []string{t.NetNS(name), t.MountNS(name)} {
			if info, err := os.Stat(file); err == nil {
				namespaces[inode(info)] = true
			}
		}
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("listing processes: %w", err)
	}
	var left []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() || ended(pid) {
			continue
		}
		for _, kind := range []string{"net", "mnt"} {
			if info, err := os.Stat(filepath.Join("/proc", entry.Name(), "ns", kind)); err == nil && namespaces[inode(info)] {
				left = append(left, pid)
				break
			}
		}
		if slices.Contains(left, pid) {
			continue
		}
		if data, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "cgroup")); err == nil {
			for _, node := range layout.Nodes {
				if strings.Contains(string(data), "/"+cgroup(node.Name)) {
					left = append(left, pid)
					break
				}
			}
		}
	}
	return left, nil
}

// ended tells that a process is gone or a zombie: nobody may ever reap it, and
// its cgroup is still told.
func ended(pid int) bool {
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return true
	}
	after := data[bytes.LastIndexByte(data, ')')+1:]
	return bytes.HasPrefix(after, []byte(" Z")) || bytes.HasPrefix(after, []byte(" X"))
}

// removeCgroups removes a node's cgroups, the innermost first.
func removeCgroups(node string) error {
	hierarchies, err := os.ReadDir(cgroupMount)
	if err != nil {
		return fmt.Errorf("listing the cgroup hierarchies: %w", err)
	}
	for _, h := range hierarchies {
		root := filepath.Join(cgroupMount, h.Name(), cgroup(node))
		var dirs []string
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				dirs = append(dirs, path)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("listing cgroup %s: %w", root, err)
		}
		for _, dir := range slices.Backward(dirs) {
			if err := removeCgroup(dir); err != nil {
				return fmt.Errorf("removing cgroup %s: %w", dir, err)
			}
		}
	}
	return nil
}

// removeCgroup removes one that no process is in any more, of which the kernel
// takes a moment to know.
func removeCgroup(dir string) error {
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		err := os.Remove(dir)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if !errors.Is(err, syscall.EBUSY) || time.Now().After(deadline) {
			return err
		}
	}
}
