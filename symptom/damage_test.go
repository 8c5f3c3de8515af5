// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package symptom_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/pullmedic/pullmedic/symptom"
)

// quoteTwice escapes as a log line within a log line does.
func quoteTwice(s string) string { return strconv.Quote(strconv.Quote(s)) }

// wrapAt breaks lines as a terminal does, in the middle of words.
func wrapAt(s string, width int) string {
	var b strings.Builder
	column := 0
	for _, r := range s {
		if column == width {
			b.WriteByte('\n')
			column = 0
		}
		b.WriteRune(r)
		column++
	}
	return b.String()
}

func isLower(s string) bool { return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz") == "" }

// What wraps a message, or what a log, a terminal or a web page does to it,
// must not change what it says.
func TestDamageDoesNotChangeTheSign(t *testing.T) {
	for name, damage := range map[string]func(string) string{
		"combined by the event recorder": func(s string) string { return "(combined from similar events): " + s },
		"a back-off's message":           func(s string) string { return `Back-off pulling image: ErrImagePull: ` + s },
		"a pod worker's line": func(s string) string {
			return `E0403 05:00:01.401403   50403 pod_workers.go:191] "Error syncing pod, skipping" err="failed to \"StartContainer\" for \"web\" with ErrImagePull: ` + strconv.Quote(s) + `" pod="shop/web-401" podUID="403"`
		},
		"a JSON log line": func(s string) string { return `{"level":"error","ts":1748003206.5,"msg":` + strconv.Quote(s) + `}` },
		"a YAML status": func(s string) string {
			return "waiting:\n  message: '" + strings.ReplaceAll(s, "'", "''") + "'\n  reason: ErrImagePull"
		},
		"escaped twice":         quoteTwice,
		"wrapped by a terminal": func(s string) string { return wrapAt(s, 97) },
		"an events table": func(s string) string {
			if strings.Contains(s, "\n") {
				return s
			}
			return "Events:\n  Type     Reason     Age   From     Message\n  Normal   Pulling    20s   kubelet  Pulling image \"x\"\n  Warning  Failed     18s (x2 over 34s)  kubelet  " + s + "\n  Warning  Failed     18s  kubelet  Error: ErrImagePull\n"
		},
		"typographic quotes": func(s string) string { return strings.ReplaceAll(s, `"`, "”") },
		"cut within the last word": func(s string) string {
			if last := strings.LastIndexByte(s, ' '); len(s)-last > 5 && isLower(s[len(s)-3:]) {
				return s[:len(s)-1]
			}
			return s
		},
		"a carriage return": func(s string) string { return s + "\r\n" },
	} {
		t.Run(name, func(t *testing.T) {
			count, changed := 0, 0
			for _, messages := range readMessages(t) {
				for _, m := range messages {
					if m.Sign == symptom.Other || strings.HasPrefix(m.Message, "Name: ") {
						continue
					}
					count++
					if got := symptom.Parse(damage(m.Message)); got.Sign != m.Sign {
						changed++
						t.Logf("%s becomes %s: %q", m.Sign, got.Sign, damage(m.Message))
					}
				}
			}
			// A word may be lost where a line is wrapped within a name.
			if changed*100 > count*2 {
				t.Errorf("%d of %d messages changed their sign", changed, count)
			}
		})
	}
}
