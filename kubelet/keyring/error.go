// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/pullmedic/pullmedic/internal/foreign"
)

// An Error is what the kubelet cannot parse: the image's name, or a pull
// secret. Its text never holds any of a secret's content, not even the single
// character that the kubelet's own words quote.
type Error struct {
	// Secret is namespace/name of the secret, "" if the image's name is meant.
	Secret string
	// DataKey of the secret, .dockerconfigjson or .dockercfg.
	DataKey string

	shown string
	words string // the kubelet's
}

// Error says what was read and why it cannot be.
func (e *Error) Error() string {
	if e.Secret == "" {
		return "reading the image's name: " + e.shown
	}
	return fmt.Sprintf("reading %s of secret %s: %s", e.DataKey, e.Secret, e.shown)
}

// KubeletSays tells whether a text that the kubelet shows (a waiting reason or
// message, an event) holds the words that it has for this error. The words of
// kubelets built with another Go version can differ.
func (e *Error) KubeletSays(text string) bool {
	return strings.Contains(foreign.Lines(text, len(text)), e.words)
}

func imageError(words string) *Error {
	return &Error{shown: foreign.Text(words, 400), words: foreign.Lines(words, len(words))}
}

func secretError(s Secret, dataKey string, err error) *Error {
	return &Error{Secret: s.ref(), DataKey: dataKey, shown: contentFree(err), words: kubeletWords(err)}
}

// contentFree says what is wrong with a secret's data in the words of the
// decoder, without what they quote of the data.
func contentFree(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var corrupt base64.CorruptInputError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("it is not JSON: %s, at byte %d", withoutCharacter(syntax.Error()), syntax.Offset)
	case errors.As(err, &kind):
		return kubeletWords(err)
	case errors.As(err, &corrupt):
		return fmt.Sprintf("an auth field is not base64: %s", corrupt.Error())
	case errors.Is(err, errAuthForm):
		return errAuthForm.Error()
	}
	return "its JSON cannot be decoded"
}

// withoutCharacter drops the character that a JSON syntax error quotes.
func withoutCharacter(words string) string {
	const prefix = "invalid character '"
	rest, found := strings.CutPrefix(words, prefix)
	if !found {
		return words
	}
	// The quoted character can itself be a quote or a blank: the closing quote
	// comes after at least one byte and before a blank.
	if len(rest) > 0 {
		if _, after, ok := strings.Cut(rest[1:], "' "); ok {
			return "invalid character " + after
		}
	}
	return "invalid character"
}

// kubeletWords are the words of the decoder with the kubelet's names for the
// types that it decodes into.
func kubeletWords(err error) string {
	return strings.NewReplacer(
		"keyring.configFile", "credentialprovider.DockerConfigJSON",
		"keyring.entryMap", "credentialprovider.DockerConfig",
		"keyring.entryFields", "credentialprovider.dockerConfigEntryWithAuth",
		"struct field configFile.", "struct field DockerConfigJSON.",
		"struct field entryFields.", "struct field dockerConfigEntryWithAuth.",
	).Replace(err.Error())
}
