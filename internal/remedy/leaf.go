// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package remedy

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A Leaf is one difference of an edit as it may be shown: as deep as the values
// go, so that an image is seen in a list that is written whole, and what may be
// secret beside it is not.
type Leaf struct {
	// Path is a JSON pointer; of what is removed, into the former value.
	Path string
	// Name continues the name of the edit's path, with the elements of lists by their
	// keys: [app].image. It is "" at that path itself.
	Name string
	// Old and New value; Mask stands for a secret one.
	Old, New any
	Secret   bool
}

// Leaves are the differences of an edit of an object of some kind, in the order of
// their names; none of an edit that only tests. Where the edit says that it is
// hidden decides nothing: who writes a record could say so of an image.
func (e Edit) Leaves(kind string) []Leaf {
	var all []Leaf
	at := words(e.Path)
	leaves(kind, at, "", e.Old, e.New, &all)
	return all
}

// masked stands for a secret value, if there is one.
func masked(value any) any {
	if value == nil {
		return nil
	}
	return Mask
}

func leaves(kind string, at []string, name string, old, is any, into *[]Leaf) {
	if SameValue(old, is) {
		return
	}
	leaf := Leaf{Path: pointer(at...), Name: name, Old: old, New: is}
	if secrecyOf(kind, at) == secret {
		leaf.Old, leaf.New, leaf.Secret = masked(old), masked(is), true
		*into = append(*into, leaf)
		return
	}
	switch {
	case isMap(old) && isMap(is), isMap(old) && is == nil && !empty(old), old == nil && isMap(is) && !empty(is):
		was, wanted := asMap(old), asMap(is)
		for _, field := range slices.Sorted(maps.Keys(both(was, wanted))) {
			leaves(kind, within(at, field), name+"."+field, was[field], wanted[field], into)
		}
	case isList(old) && isList(is), isList(old) && is == nil && !empty(old), old == nil && isList(is) && !empty(is):
		for _, p := range pairs(at[len(at)-1], asList(old), asList(is)) {
			leaves(kind, within(at, strconv.Itoa(p.at)), name+"["+p.name+"]", p.old, p.is, into)
		}
	default:
		var was, will bool // a value of another form
		leaf.Old, was = shownAt(kind, at, old)
		leaf.New, will = shownAt(kind, at, is)
		leaf.Secret = was || will
		*into = append(*into, leaf)
	}
}

// A pair are two elements of lists that belong together.
type pair struct {
	at      int
	name    string
	old, is any
}

// pairs puts the elements of two lists together: by their keys, if these are in
// one order, else by their places.
func pairs(field string, old, is []any) []pair {
	was, ok := keysOf(field, old)
	wanted, also := keysOf(field, is)
	common := func(list, other []string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(key string) bool { return !slices.Contains(other, key) })
	}
	var all []pair
	if !ok || !also || !slices.Equal(common(was, wanted), common(wanted, was)) {
		for i := range max(len(old), len(is)) {
			p := pair{at: i, name: strconv.Itoa(i)}
			if i < len(old) {
				p.old = old[i]
			}
			if i < len(is) {
				p.is = is[i]
			}
			all = append(all, p)
		}
		return all
	}
	for i, key := range was {
		if !slices.Contains(wanted, key) {
			all = append(all, pair{i, spoken(key, i), old[i], nil})
		}
	}
	for i, key := range wanted {
		p := pair{i, spoken(key, i), nil, is[i]}
		if j := slices.Index(was, key); j >= 0 {
			p.old = old[j]
		}
		all = append(all, p)
	}
	return all
}

// spoken is a key in a leaf's name: what could be read as more of a path stands as
// its place.
func spoken(key string, i int) string {
	if key == "" || strings.ContainsFunc(key, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_./", r)
	}) {
		return strconv.Itoa(i)
	}
	return key
}

// keysOf are the keys of a list's elements; false if the list has none, or one of
// them twice.
func keysOf(field string, list []any) ([]string, bool) {
	fields := listKeys(field)
	if len(fields) == 0 {
		return nil, false
	}
	var keys []string
	for _, element := range list {
		var values []string
		for _, f := range fields {
			if v := asMap(element)[f]; v != nil {
				values = append(values, fmt.Sprint(v))
			}
		}
		key := strings.Join(values, "/")
		if asMap(element)[fields[0]] == nil || slices.Contains(keys, key) {
			return nil, false
		}
		keys = append(keys, key)
	}
	return keys, true
}

// listKeys are the fields by which the API server tells the elements of a list in
// a pod template apart, the most telling first; none for a list that is one value
// (k8s.io/api v0.36: core/v1, +listMapKey and patchMergeKey).
func listKeys(field string) []string {
	switch field {
	case "containers", "initContainers", "ephemeralContainers", "env", "volumes", "imagePullSecrets", "resourceClaims", "claims", "schedulingGates":
		return []string{"name"}
	case "ports":
		return []string{"containerPort", "protocol"}
	case "volumeMounts":
		return []string{"mountPath"}
	case "volumeDevices":
		return []string{"devicePath"}
	case "hostAliases":
		return []string{"ip"}
	case "topologySpreadConstraints":
		return []string{"topologyKey", "whenUnsatisfiable"}
	}
	return nil
}

// KeysOn are the fields that tell whose the places in lists are through which a
// JSON pointer leads, each by its own pointer: for /spec/containers/0/env/2/value
// those of the container's and of the variable's name.
func KeysOn(path string) [][]string {
	var all [][]string
	list := words(path)
	for i := 1; i < len(list)-1; i++ {
		if _, err := strconv.Atoi(list[i]); err != nil {
			continue
		}
		var keys []string
		for _, field := range listKeys(list[i-1]) {
			keys = append(keys, pointer(within(list[:i+1], field)...))
		}
		if len(keys) > 0 {
			all = append(all, keys)
		}
	}
	return all
}

func within(words []string, name string) []string { return append(slices.Clone(words), name) }

func isMap(v any) bool  { _, ok := v.(map[string]any); return ok }
func isList(v any) bool { _, ok := v.([]any); return ok }
func empty(v any) bool  { return len(asMap(v)) == 0 && len(asList(v)) == 0 }

func asMap(v any) map[string]any { m, _ := v.(map[string]any); return m }
func asList(v any) []any         { l, _ := v.([]any); return l }
