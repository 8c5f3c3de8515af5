// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
)

// ask asks the person; the answer is no, unless it is yes.
func (w *world) ask(ctx context.Context) (bool, error) {
	if !isTerminal(w.In) {
		return false, errors.New("nobody can be asked, as stdin is no terminal; --yes answers for it")
	}
	fmt.Fprint(w.ErrOut, "\nCarry this out? [y/N] ")
	answers := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(w.In).ReadString('\n')
		answers <- line
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(w.ErrOut)
		return false, ctx.Err()
	case line := <-answers:
		return agrees(line), nil
	}
}

func agrees(line string) bool {
	line = strings.ToLower(strings.TrimSpace(line))
	return line == "y" || line == "yes"
}
