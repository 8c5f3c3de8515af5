// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package mend

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/pullmedic/pullmedic/internal/remedy"
)

// rollout is how an object replaces its pods, of so many that are wanted.
func rollout(live *unstructured.Unstructured, wanted int) remedy.Rollout {
	text := func(fields ...string) string { return textIn(live, fields...) }
	count := func(strategy, field, fallback string, up bool) int {
		v := intstr.Parse(fallback)
		if set, found, _ := unstructured.NestedFieldNoCopy(live.Object, "spec", strategy, "rollingUpdate", field); found && set != nil {
			v = intstr.Parse(fmt.Sprint(set))
		}
		n, err := intstr.GetScaledValueFromIntOrPercent(&v, wanted, up)
		if err != nil {
			return wanted // then all may go
		}
		return n
	}
	switch live.GetKind() {
	case "Deployment":
		if text("spec", "strategy", "type") == "Recreate" {
			return remedy.Rollout{Known: true, AtOnce: true}
		}
		lacking := count("strategy", "maxUnavailable", "25%", false)
		if lacking == 0 && count("strategy", "maxSurge", "25%", true) == 0 {
			lacking = 1 // or it could make no step
		}
		return remedy.Rollout{Known: true, Lacking: lacking}
	case "DaemonSet":
		if count("updateStrategy", "maxSurge", "0", true) > 0 {
			return remedy.Rollout{Known: true}
		}
		return remedy.Rollout{Known: true, Lacking: max(1, count("updateStrategy", "maxUnavailable", "1", true))}
	case "StatefulSet":
		return remedy.Rollout{Known: true, Lacking: max(1, count("updateStrategy", "maxUnavailable", "1", true)), Blind: text("spec", "podManagementPolicy") == "Parallel"}
	}
	return remedy.Rollout{}
}

// pace is how many pods the rollout of an object replaces at a time, in words.
func pace(live *unstructured.Unstructured) string {
	text := func(fields ...string) string { return textIn(live, fields...) }
	most := func(strategy, fallback string) string {
		v, found, _ := unstructured.NestedFieldNoCopy(live.Object, "spec", strategy, "rollingUpdate", "maxUnavailable")
		if !found || v == nil {
			return fallback
		}
		return strings.Replace(fmt.Sprint(v), "%", " %", 1)
	}
	switch live.GetKind() {
	case "Deployment":
		switch text("spec", "strategy", "type") {
		case "Recreate":
			return "all at once"
		case "RollingUpdate":
			if n := most("strategy", "25 %"); n != "0" && n != "0 %" {
				return n + " at a time"
			}
			return "none before another is ready"
		}
	case "DaemonSet":
		if text("spec", "updateStrategy", "type") == "RollingUpdate" {
			return most("updateStrategy", "1") + " at a time"
		}
	case "StatefulSet":
		if text("spec", "updateStrategy", "type") == "RollingUpdate" {
			return "one at a time, the last first"
		}
	}
	return ""
}
