// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/cli-runtime/pkg/genericiooptions"
)

func TestProgressIsToldLateAndWiped(t *testing.T) {
	for wait, want := range map[time.Duration]string{
		499 * time.Millisecond:  "",
		600 * time.Millisecond:  "\r\x1b[Klooking ... 0 s\r\x1b[K",
		1700 * time.Millisecond: "\r\x1b[Klooking ... 0 s\r\x1b[Klooking ... 2 s\r\x1b[K",
	} {
		synctest.Test(t, func(t *testing.T) {
			var errOut bytes.Buffer
			w := &world{IOStreams: genericiooptions.IOStreams{ErrOut: &errOut}}
			stop := w.tell(t.Context(), "looking", progressAfter, progressEvery)
			synctest.Wait()
			<-time.After(wait)
			synctest.Wait()
			stop()
			if errOut.String() != want {
				t.Errorf("after %s: %q, want %q", wait, errOut.String(), want)
			}
		})
	}
}

func TestNoProgressWithoutATerminal(t *testing.T) {
	var errOut bytes.Buffer
	w := &world{IOStreams: genericiooptions.IOStreams{ErrOut: &errOut}}
	w.progress(t.Context(), "looking")()
	if errOut.Len() > 0 {
		t.Errorf("got %q", errOut.String())
	}
}
