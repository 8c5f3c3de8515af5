// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package daemon

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// End ends one process: SIGTERM, then SIGKILL when it has not ended after grace.
// The process is the one with that id, start time and boot; if there is none, it
// has ended already. With a grace of zero it is killed at once.
func End(pid int, ticks uint64, boot string, grace time.Duration) error {
	alive := func() bool {
		now, err := startTicks(pid)
		return err == nil && now == ticks && boot == bootID()
	}
	steps := []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGTERM, grace}, {syscall.SIGKILL, time.Minute}}
	if grace == 0 {
		steps = steps[1:]
	}
	for _, step := range steps {
		if !alive() {
			return nil
		}
		if err := syscall.Kill(pid, step.signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("ending process %d: %w", pid, err)
		}
		for deadline := time.Now().Add(step.wait); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
			if !alive() {
				return nil
			}
		}
	}
	return fmt.Errorf("ending process %d: it is still there a minute after SIGKILL", pid)
}

// Kill kills a process that is known to be the testbed's for another reason
// than a record, such as a container that a stopped containerd left behind.
func Kill(pid int) error {
	ticks, err := startTicks(pid)
	if err != nil {
		return nil //nolint:nilerr // nothing to read of it: it has ended
	}
	return End(pid, ticks, bootID(), 0)
}

// startTicks is when a living process started, in clock ticks since boot. A
// zombie has ended.
func startTicks(pid int) (uint64, error) {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, fmt.Errorf("asking for process %d: %w", pid, err)
	}
	return parseStat(data)
}

// parseStat reads field 22 of /proc/PID/stat (proc(5)). Field 2, the command's
// name, may hold spaces and parentheses, so counting starts after the last one.
func parseStat(data []byte) (uint64, error) {
	end := bytes.LastIndexByte(data, ')')
	fields := strings.Fields(string(data[end+1:]))
	const state, start = 0, 19 // fields 3 and 22 of the whole line
	if end < 0 || len(fields) <= start {
		return 0, fmt.Errorf("reading a process's state: %d fields", len(fields))
	}
	if fields[state] == "Z" || fields[state] == "X" {
		return 0, os.ErrProcessDone
	}
	return strconv.ParseUint(fields[start], 10, 64)
}

// bootID tells one boot of the machine from the next, so that a record that
// outlived a reboot names no process.
func bootID() string {
	data, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(data))
}
