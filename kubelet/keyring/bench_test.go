// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"fmt"
	"testing"
)

func BenchmarkResolve(b *testing.B) {
	var many []string
	for i := range 10_000 {
		many = append(many, fmt.Sprintf("h%d.example/team%d", i, i), "user:password")
	}
	for name, data := range map[string]string{
		"3 entries":      logins("https://index.docker.io/v1/", "u:p", "reg.example", "u:p", "*.dkr.ecr.*.amazonaws.com", "AWS:p"),
		"10,000 entries": logins(many...),
	} {
		b.Run(name, func(b *testing.B) {
			secrets := []Secret{pullSecret("hub", data)}
			for b.Loop() {
				if _, err := Resolve("reg.example/team/app:1", secrets); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
