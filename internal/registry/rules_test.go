// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package registry

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"path/filepath"
	"strings"
	"testing"
)

// The rules on hostile registries, each with the tests that are named after it.
// Who takes away a test has to say here what holds the rule instead.
func TestEveryRuleOnHostileRegistriesHasItsTest(t *testing.T) {
	rules := map[string][]string{
		"never link-local, metadata, unspecified or multicast addresses, in any spelling": {"TestNeverALinkLocalMetadataUnspecifiedOrMulticastAddressInAnySpelling", "TestAHostThatIsAForbiddenAddressIsNotDialled"},
		"never loopback unless allowed":                                          {"TestNeverALoopbackAddressUnlessAllowed"},
		"checked on the address that is dialled":                                 {"TestTheAddressThatIsDialledIsChecked", "TestTheAddressIsCheckedAtEveryConnection", "TestTheAddressOfATokenServiceIsChecked"},
		"checked after every redirect":                                           {"TestTheAddressIsCheckedAfterEveryRedirect"},
		"through a proxy, checked on the resolved target":                        {"TestThroughAProxyTheResolvedTargetIsChecked", "TestTheWayThroughAProxy"},
		"a credential only to the host that the keyring matched, or its alias":   {"TestACredentialGoesOnlyToTheHostThatTheKeyringMatched"},
		"a login to a token service on https of the same domain or a known pair": {"TestALoginGoesToATokenServiceOnHTTPSOfTheSameDomainOrAKnownPairOnly"},
		"never over plain HTTP":                                                  {"TestACredentialNeverGoesOverPlainHTTP"},
		"never to a redirect target":                                             {"TestACredentialNeverGoesToARedirectTarget", "TestAFormWithACredentialNeverGoesToARedirectTarget"},
		"never to a mirror":                                                      {"TestACredentialNeverGoesToAMirror"},
		"one login per credential, a rejected one not tried again in the run":    {"TestOneLoginPerCredentialAndARejectedOneIsNotTriedAgain", "TestOneLoginPerCredentialHoweverTheHostIsSpelled", "TestARejectedLoginStaysKnownWhenNothingElseIsKept"},
		"none, anonymous, credentials":                                           {"TestTheProbeModeIsKept"},
		"bodies are bounded":                                                     {"TestBodiesAreBounded", "TestACompressedBodyIsNotUnpacked", "TestHeadersAreBounded", "TestTheWorkForOneBodyIsBounded", "TestWhatIsKeptOfAnswersIsBounded"},
		"redirects are bounded":                                                  {"TestRedirectsAreBounded"},
		"tag pages are bounded":                                                  {"TestTagPagesAreBounded", "TestATagPageThatNamesItselfNextIsReadOnce"},
		"time is bounded":                                                        {"TestTheTimeOfOneQuestionIsBounded", "TestTheTimeOfAProbeIsBounded"},
		"of a URL only host and path are kept":                                   {"TestOfAURLOnlyHostAndPathAreKept"},
		"foreign text is cleaned and capped":                                     {"TestForeignTextIsCleanedAndCapped", "TestARegistryThatRepeatsTheCredentialIsNotQuoted", "TestNamesThatFollowNoGrammarAreNotAskedFor"},
		"the pulls that are left are asked for with HEAD alone":                  {"TestThePullsThatAreLeftAreAskedForWithHEADAlone"},
	}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, file := range files {
		parsed, err := parser.ParseFile(gotoken.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Test") {
				have[f.Name.Name] = true
			}
		}
	}
	for rule, tests := range rules {
		for _, name := range tests {
			if !have[name] {
				t.Errorf("%q has lost its test %s", rule, name)
			}
		}
	}
}
