// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package place

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/pullmedic/pullmedic/testbed/internal/cluster"
	"github.com/pullmedic/pullmedic/testbed/internal/layout"
)

// Prepare makes what all places share: the bridge, the directory that keeps
// their namespaces, and the mount points that this machine may lack.
func Prepare(ctx context.Context, testbed *cluster.Testbed) error {
	if owner := Owner(); owner != "" && owner != testbed.Dir() {
		return fmt.Errorf("the testbed in %s is up and one machine holds one at a time; end it with: testbed down --dir %s", owner, owner)
	}
	keep := filepath.Join(testbed.Run(), "ns")
	if err := os.MkdirAll(keep, 0o700); err != nil {
		return fmt.Errorf("making the directory of namespaces: %w", err)
	}
	mounted, err := isMountPoint(keep)
	if err != nil {
		return err
	}
	if !mounted {
		// The kernel keeps a mount namespace on a file only below a private mount.
		if err := syscall.Mount(keep, keep, "", syscall.MS_BIND, ""); err != nil {
			return fmt.Errorf("mounting %s on itself: %w", keep, err)
		}
		if err := syscall.Mount("", keep, "", syscall.MS_PRIVATE, ""); err != nil {
			return fmt.Errorf("making the mount %s private: %w", keep, err)
		}
	}
	for _, dir := range nodeDirs {
		if err := makeMountPoint(testbed, dir); err != nil {
			return err
		}
	}
	if err := makeBridge(ctx); err != nil {
		return fmt.Errorf("making the bridge: %w", err)
	}
	return run(ctx, "", "ip", "link", "set", layout.Bridge, "alias", testbed.Dir())
}

// madeFile lists the mount points that were made on this machine, so that down
// removes them and no others.
const madeFile = "made-directories"

func makeMountPoint(testbed *cluster.Testbed, dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	file, err := os.OpenFile(filepath.Join(testbed.Dir(), madeFile), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("noting that %s is made: %w", dir, err)
	}
	defer file.Close()
	if _, err := fmt.Fprintln(file, dir); err != nil {
		return fmt.Errorf("noting that %s is made: %w", dir, err)
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return fmt.Errorf("making the mount point %s: %w", dir, err)
	}
	return nil
}

// Remove removes all places, the bridge and the mount points that were made. No
// process may be left in any place. It goes on after an error and gives all.
func Remove(ctx context.Context, testbed *cluster.Testbed) error {
	var errs []error
	keep := filepath.Join(testbed.Run(), "ns")
	for _, p := range Places() {
		for _, path := range []string{testbed.MountNS(p.Name), testbed.NetNS(p.Name)} {
			if isNamespace(path) {
				errs = append(errs, unmount(path))
			}
		}
	}
	if mounted, err := isMountPoint(keep); err != nil {
		errs = append(errs, err)
	} else if mounted {
		errs = append(errs, unmount(keep))
	}
	errs = append(errs, removeLinks(ctx), removeMountPoints(testbed))
	return errors.Join(errs...)
}

// removeLinks removes the interfaces. The pairs go with their namespaces, but
// some time after them.
func removeLinks(ctx context.Context) error {
	links, err := Links()
	if err != nil {
		return err
	}
	for _, link := range links {
		if err := run(ctx, "", "ip", "link", "del", link); err != nil && linkExists(link) {
			return fmt.Errorf("removing interface %s: %w", link, err)
		}
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if links, err = Links(); err != nil || len(links) == 0 {
			return err
		}
	}
	return fmt.Errorf("removing the interfaces: %v are still there after a minute", links)
}

// removeMountPoints removes the directories that makeMountPoint made, if they
// are empty.
func removeMountPoints(testbed *cluster.Testbed) error {
	list := filepath.Join(testbed.Dir(), madeFile)
	data, err := os.ReadFile(list)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading which directories were made: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		dir := strings.TrimSpace(line)
		if !slices.Contains(nodeDirs, dir) {
			continue
		}
		if err := os.Remove(dir); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("removing the mount point %s: %w", dir, err)
		}
	}
	return os.Remove(list)
}

func unmount(path string) error {
	if err := syscall.Unmount(path, syscall.MNT_DETACH); err != nil {
		return fmt.Errorf("unmounting %s: %w", path, err)
	}
	return nil
}

// isMountPoint tells whether something is mounted on exactly that path in this
// process's mount namespace.
func isMountPoint(path string) (bool, error) {
	points, err := MountPoints()
	if err != nil {
		return false, err
	}
	return slices.Contains(points, path), nil
}

// MountPoints are all paths on which something is mounted in this process's
// mount namespace.
func MountPoints() ([]string, error) {
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("listing the mounts: %w", err)
	}
	return parseMountInfo(string(data)), nil
}

// parseMountInfo gives the mount points of /proc/PID/mountinfo (proc(5)): field
// 5, in which blanks and backslashes are octal.
func parseMountInfo(data string) []string {
	var points []string
	unescape := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)
	for line := range strings.Lines(data) {
		if fields := strings.Fields(line); len(fields) > 4 {
			points = append(points, unescape.Replace(fields[4]))
		}
	}
	return points
}
