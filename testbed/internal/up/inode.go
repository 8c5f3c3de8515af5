// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package up

import (
	"fmt"
	"os"
	"syscall"
)

// inode names a file by device and inode: two paths of one namespace agree.
func inode(info os.FileInfo) string {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%d:%d", stat.Dev, stat.Ino)
}
