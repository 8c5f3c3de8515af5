// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package agreement

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	v1 "k8s.io/api/core/v1"
	"k8s.io/kubernetes/pkg/credentialprovider"

	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// everyEntryTold demands that each entry that the kubelet decodes is either
// tried or ignored with a reason, and each of a readable key by its name.
func everyEntryTold(c *testCase, got keyring.Answer) (differences []string) {
	told := map[string]int{}
	for _, cred := range got.Credentials() {
		told[cred.Secret+" "+cred.Key]++
		if key, known := c.keys[cred.Username]; known && plain(key) && cred.Key != key {
			differences = append(differences, fmt.Sprintf("the credential of key %q says key %q", key, cred.Key))
		}
	}
	for _, i := range got.Ignored {
		if i.Reason == "" || i.Sentence == "" || len(i.Sentence) > 200 || strings.HasSuffix(i.Sentence, ".") && !strings.HasSuffix(i.Sentence, "...") {
			differences = append(differences, fmt.Sprintf("ignored without a good sentence: %+v", i))
		}
		if i.Reason != keyring.Overwritten {
			told[i.Secret+" "+i.Key]++
		}
	}
	once := map[string]bool{}
	for _, s := range c.secrets {
		name := s.Namespace + "/" + s.Name
		if once[name] {
			continue
		}
		once[name] = true
		var config credentialprovider.DockerConfigJSON
		switch data := s.Data[v1.DockerConfigJsonKey]; {
		case s.Type == keyring.TypeDockerConfigJSON && len(data) > 0:
			_ = json.Unmarshal(data, &config)
		case s.Type == keyring.TypeDockercfg && len(s.Data[v1.DockerConfigKey]) > 0:
			_ = json.Unmarshal(s.Data[v1.DockerConfigKey], &config.Auths)
		default:
			if told[name+" "] == 0 {
				differences = append(differences, fmt.Sprintf("nothing is said about secret %s", name))
			}
		}
		for key := range config.Auths {
			if plain(key) && told[name+" "+key] == 0 {
				differences = append(differences, fmt.Sprintf("nothing is said about key %q of %s", key, name))
			}
		}
	}
	return differences
}

// plain tells a key that is shown as written.
func plain(key string) bool {
	for _, r := range key {
		if r <= ' ' || r > '~' || strings.ContainsRune("@?#", r) {
			return false
		}
	}
	return len(key) <= 200 && key != ""
}

// leaks looks for the secrets of the case in whatever prints, as they are and
// encoded.
func leaks(answer keyring.Answer, err error) (found []string) {
	encoded, jsonErr := json.Marshal(answer)
	if jsonErr != nil {
		return []string{jsonErr.Error()}
	}
	for _, text := range []string{string(encoded), fmt.Sprintf("%+v", answer), fmt.Sprintf("%#v", answer), fmt.Sprint(err)} {
		for _, canary := range canaries {
			if strings.Contains(text, canary) {
				found = append(found, text)
			}
		}
	}
	return found
}

// canaries are the mark in every password, and its base64 at every offset.
var canaries = []string{
	"CANARY", "user1:", strings.TrimRight(base64.StdEncoding.EncodeToString([]byte("CANARY")), "="),
	base64.StdEncoding.EncodeToString([]byte("xCANARY"))[2:9], base64.StdEncoding.EncodeToString([]byte("xxCANARY"))[3:10],
}
