// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	tea "charm.land/bubbletea/v2"

	"github.com/pullmedic/pullmedic/api/v1alpha1"
	"github.com/pullmedic/pullmedic/internal/examine"
)

// lived is a screen with something of everything on it.
func lived(t *testing.T) *stage {
	s := newStage(t, broken())
	s.wait(10 * time.Second)
	s.source.fates["ledger-1"] = examine.Fate{Ran: true, Pulled: s.now.Add(-3 * time.Second)}
	s.source.fates["ledger-2"] = examine.Fate{Ran: true, Pulled: s.now.Add(-time.Second)}
	s.source.report = of(expired("books-1", "books"), missing("api-1"), missing("api-2"),
		failing("DNSFailure", "registry.nowhere.example", "shop", "probe", "Pod", "probe", "low", 0, 0))
	s.wait(10 * time.Second)
	s.press("down")
	return s
}

func TestScreens(t *testing.T) {
	for name, c := range map[string]struct {
		width, height int
		stage         func(*testing.T) *stage
		keys          []string
	}{
		"list":          {80, 24, lived, nil},
		"list-narrow":   {40, 12, lived, nil},
		"list-wide":     {132, 30, lived, nil},
		"help":          {80, 24, lived, []string{"?"}},
		"diagnosis":     {80, 24, lived, []string{"enter"}},
		"diag-narrow":   {40, 12, lived, []string{"enter"}},
		"filter":        {80, 24, lived, []string{"/", "a", "p", "i"}},
		"nothing":       {80, 24, func(t *testing.T) *stage { return newStage(t, of()) }, nil},
		"unmade":        {80, 24, func(t *testing.T) *stage { return newStage(t, withUnmade(broken())) }, []string{"end"}},
		"unmade-narrow": {40, 16, func(t *testing.T) *stage { return newStage(t, withUnmade(of())) }, nil},
		"one-narrow": {40, 12, func(t *testing.T) *stage {
			return newStage(t, of(missing("api-1")), func(o *Options) { o.All = false })
		}, nil},
		"forbidden": {80, 24, func(t *testing.T) *stage {
			s := newStage(t, broken())
			s.source.err = errors.New("you may not list pods in all namespaces; ask for that right, or name a namespace that you may read with -n")
			s.wait(13 * time.Second)
			return s
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := c.stage(t)
			s.size(c.width, c.height)
			s.press(c.keys...)
			got := s.text()
			checkFits(t, got, c.width, c.height)
			golden(t, name+".txt", blanks(got)+"\n")
		})
	}
}

// blanks are left away at the ends of lines.
func blanks(s string) string {
	var lines []string
	for line := range strings.Lines(s) {
		lines = append(lines, strings.TrimRight(line, " \n"))
	}
	return strings.Join(lines, "\n")
}

func checkFits(t *testing.T, screen string, w, h int) {
	t.Helper()
	lines := strings.Split(screen, "\n")
	if len(lines) > h {
		t.Errorf("%d lines on a screen of %d", len(lines), h)
	}
	for _, line := range lines {
		if width(line) > w {
			t.Errorf("a line of %d cells on a screen of %d: %q", width(line), w, line)
		}
	}
}

func TestEveryScreenFitsEverySize(t *testing.T) {
	for _, color := range []bool{false, true} {
		for _, keys := range [][]string{nil, {"enter"}, {"?"}, {"/", "x", "y"}, {"end"}, {"?", "end"}} {
			s := lived(t)
			s.m.o.Style.Color = color
			s.press(keys...)
			for w := 1; w < 140; w += 7 {
				for h := 1; h < 40; h += 3 {
					s.size(w, h)
					checkFits(t, s.text(), w, h)
				}
			}
		}
	}
}

func TestTheClockRunsDownBetweenLooks(t *testing.T) {
	s := newStage(t, of(missing("api-1")), func(o *Options) { o.Every = time.Hour })
	for _, step := range []struct {
		wait time.Duration
		want string
	}{
		{0, "0:08-0:24"}, {time.Second, "0:07-0:23"}, {6 * time.Second, "0:01-0:17"}, {time.Second, "within 0:16"}, {15 * time.Second, "within 0:01"}, {time.Second, "now"}, {time.Minute, "now"},
	} {
		s.wait(step.wait)
		s.shows(" " + step.want)
	}
	if len(s.source.looks) != 1 {
		t.Errorf("%d looks in a minute and a half, want the first alone", len(s.source.looks))
	}
}

func TestTheClockOfAWorkloadIsThatOfItsFirstPodToBeTried(t *testing.T) {
	late := missing("api-2")
	late.Pull.NextEarliest, late.Pull.NextLatest = at(start().Add(4*time.Minute)), at(start().Add(5*time.Minute))
	s := newStage(t, of(late, missing("api-1"), failing("TagNotFound", "docker.io/acme/api:1.27.44", "shop", "api-3", "Deployment", "api", "high", 0, 0)))
	s.shows("0:08-0:24", "deployment/api", " 3 ")
	s.hides("4:00")
}

func TestItLooksAgainAfterAPauseAndMoreRarelyWhenThatTakesLongOrFails(t *testing.T) {
	s := newStage(t, of(missing("api-1")))
	s.wait(20 * time.Second)
	if got := len(s.source.looks); got != 5 {
		t.Errorf("%d looks in 20 s, want 5", got)
	}
	s.send(looked{number: s.m.look.number, at: s.now, took: 10 * time.Second, report: of(missing("api-1"))})
	if got := s.m.look.next.Sub(s.now); got != 40*time.Second {
		t.Errorf("next look in %s after one that took 10 s, want 40 s", got)
	}
	s.source.err = errors.New("asking https://api.example: no server there")
	s.source.looks = nil
	s.wait(40 * time.Second) // the first failure
	for _, seconds := range []int{5, 10, 20, 40, 60, 60} {
		want := time.Duration(seconds) * time.Second
		if got := s.m.look.next.Sub(s.now); got != want {
			t.Errorf("next look in %s, want %s", got, want)
		}
		s.wait(want)
	}
	s.shows("no server there", "trying again in 1 min", "deployment/api") // and what was known stays
	s.source.err = nil
	s.wait(time.Minute)
	s.hides("no server there")
}

func TestWhatWasPulledSinceStaysForAWhile(t *testing.T) {
	s := newStage(t, broken())
	s.wait(4 * time.Second)
	s.source.fates["api-1"] = examine.Fate{Ran: true, Pulled: s.now}
	s.source.report = of(expired("ledger-1", "ledger"), expired("ledger-2", "ledger"), expired("books-1", "books"))
	s.wait(time.Second)
	s.shows("shop deployment/api: pulled 1 s ago (TagNotFound)", "shop pod/probe: does not fail any more (DNSFailure)")
	s.wait(11 * time.Second)
	s.shows("pulled 12 s ago", "1 cause keeps 3 pods from starting")
	if want := []string{"shop/api-1", "shop/probe"}; !slices.Equal(s.source.asked, want) {
		t.Errorf("asked about %v, want %v", s.source.asked, want)
	}
	s.wait(endedFor)
	s.hides("pulled", "does not fail")
}

func TestAPodThatWasReplacedByOneThatFailsIsNotOver(t *testing.T) {
	s := newStage(t, of(missing("api-1")))
	s.source.fates["api-1"] = examine.Fate{Gone: true}
	s.source.report = of(missing("api-2"))
	s.wait(5 * time.Second)
	s.hides("replaced")
	s.source.fates["api-2"] = examine.Fate{Gone: true}
	s.source.report = of()
	s.wait(5 * time.Second)
	s.shows("deployment/api: replaced, and nothing of it fails", "no pull fails")
}

func TestAFateThatNobodyTellsIsSaidToBeOverAllTheSame(t *testing.T) {
	s := newStage(t, of(missing("api-1")))
	l := looked{number: s.m.look.number, report: of(), at: s.now}
	s.source.err = errors.New("you may not get pods")
	s.send(l)
	s.shows("deployment/api: does not fail any more")
}

func TestAClusterThatNeverAnsweredIsNotSaidToBeWell(t *testing.T) {
	s := newStage(t, of(), func(o *Options) { o.Source.(*source).err = errors.New("no server there") })
	s.shows("nothing was seen yet", "no server there")
	s.hides("No failing pull", "no pull fails", "No pods")
}

func TestOnlySomePullsAreAskedAboutWhenManyAreOver(t *testing.T) {
	var all []v1alpha1.Diagnosis
	for i := range 100 {
		all = append(all, missing(fmt.Sprintf("api-%d", i)))
	}
	s := newStage(t, of(all...))
	s.source.report = of()
	s.wait(5 * time.Second)
	if len(s.source.asked) != fatesAt {
		t.Errorf("asked about %d pulls, want %d", len(s.source.asked), fatesAt)
	}
	s.shows("deployment/api: does not fail any more")
}

func TestTheNewestChangeIsMarkedUntilItIsOld(t *testing.T) {
	s := newStage(t, of(missing("api-1")))
	s.hides("* ")
	s.source.report = of(missing("api-1"), failing("DNSFailure", "r.example", "shop", "probe", "Pod", "probe", "low", 0, 0))
	s.wait(5 * time.Second)
	s.shows("  * shop pod/probe")
	s.wait(2 * time.Minute)
	s.hides("* ")
}

func TestKeys(t *testing.T) {
	t.Run("the cursor moves and stays on its row", func(t *testing.T) {
		s := newStage(t, broken())
		s.shows(">   payments deployment/ledger")
		s.press("j", "down")
		s.shows(">   shop     deployment/api")
		s.source.report = of(missing("api-1"), failing("CredentialsExpired", "registry.example", "payments", "ledger-1", "Deployment", "ledger", "low", 34, 72))
		s.wait(5 * time.Second)
		s.shows(">   shop     deployment/api")
		s.press("up", "k", "k")
		s.shows(">   shop     deployment/api")
		s.press("end", "pgdown")
		s.shows("> * payments deployment/ledger")
		s.press("home")
		s.shows(">   shop     deployment/api")
	})
	t.Run("a row whose cause becomes clearer keeps the cursor", func(t *testing.T) {
		s := newStage(t, broken())
		s.press("j", "j")
		s.source.report = of(expired("ledger-1", "ledger"), failing("RepositoryNotFound", "docker.io/acme/api", "shop", "api-1", "Deployment", "api", "high", 8, 24))
		s.wait(5 * time.Second)
		s.shows("> * shop     deployment/api")
	})
	t.Run("enter diagnoses, esc goes back, r asks again", func(t *testing.T) {
		s := newStage(t, broken())
		s.press("j", "j", "enter")
		want := v1alpha1.Object{Kind: "deployment", Namespace: "shop", Name: "api"}
		if len(s.source.objects) != 1 || s.source.objects[0] != want {
			t.Errorf("diagnosed %+v", s.source.objects)
		}
		s.shows("deployment/api in shop", "TagNotFound, confirmed")
		s.press("r", "end", "esc")
		if len(s.source.objects) != 2 {
			t.Errorf("diagnosed %d times", len(s.source.objects))
		}
		s.shows(">   shop     deployment/api")
	})
	t.Run("a diagnosis that nobody answers says so", func(t *testing.T) {
		s := newStage(t, broken())
		s.source.err = errors.New("you may not get deployments")
		s.press("enter")
		s.shows("Not answered: you may not get deployments", "r asks again")
	})
	t.Run("a filter", func(t *testing.T) {
		s := newStage(t, broken())
		s.press("/", "S", "h", "o", "p", " ", "t", "a", "g", "q", "backspace")
		s.shows("/Shop tag_", "deployment/api")
		s.hides("ledger", "probe")
		s.press("enter", "j")
		s.shows("/Shop tag", "esc shows all")
		s.press("esc")
		s.shows("ledger", "probe")
		s.press("/")
		s.send(tea.PasteMsg{Content: "wor\x1b[2Jker-1\nbooks" + strings.Repeat("x", 500)})
		if s.m.filter != "" {
			t.Errorf("a paste that is too long made the filter %q", s.m.filter)
		}
		s.send(tea.PasteMsg{Content: "wor\x1bker-1\nbooks"})
		s.shows("/worker-1 books_", "deployment/books")
		s.press("q") // is typed
		if s.quit {
			t.Error("q left while a filter was typed")
		}
	})
	t.Run("n goes through the namespaces, A to all and back", func(t *testing.T) {
		s := newStage(t, broken())
		s.press("n")
		s.shows("namespace payments", "1 cause keeps 3 pods")
		s.press("n")
		s.shows("namespace shop")
		s.press("n")
		s.shows("namespace payments")
		s.press("A")
		s.shows("all namespaces")
		s.press("A")
		s.shows("namespace shop")
		if got := strings.Join(s.source.looks, ","); got != ",payments,shop,payments,,shop" {
			t.Errorf("looked at %s", got)
		}
	})
	t.Run("n from one namespace looks at all of them first", func(t *testing.T) {
		s := newStage(t, broken(), func(o *Options) { o.All = false })
		s.press("n")
		s.shows("namespace payments")
		if got := strings.Join(s.source.looks, ","); got != "shop,,payments" {
			t.Errorf("looked at %s", got)
		}
	})
	t.Run("n goes back where all may not be looked at", func(t *testing.T) {
		s := newStage(t, broken(), func(o *Options) { o.All = false })
		s.source.err = errors.New("you may not list pods in all namespaces")
		s.press("n")
		s.shows("namespace shop", "you may not list pods in all namespaces", "deployment/api")
		s.source.err = nil
		s.wait(5 * time.Second)
		s.hides("you may not")
		if got := strings.Join(s.source.looks, ","); got != "shop,,shop" {
			t.Errorf("looked at %s", got)
		}
	})
	t.Run("q and ctrl+c leave", func(t *testing.T) {
		for _, key := range []string{"q", "ctrl+c"} {
			s := newStage(t, broken())
			s.press(key)
			if !s.quit {
				t.Errorf("%s does not leave", key)
			}
		}
	})
	t.Run("without a fix there is no f", func(t *testing.T) {
		s := newStage(t, broken())
		s.hides("f fix")
		s.press("f")
		s.shows("fixing is not possible here")
	})
}

func TestAnotherNamespaceIsNotSaidToBeMended(t *testing.T) {
	s := newStage(t, broken())
	s.source.report = of(missing("api-1"))
	s.press("A") // to shop, where the report is of shop alone
	if len(s.source.asked) != 1 || s.source.asked[0] != "shop/probe" {
		t.Errorf("asked about %v", s.source.asked)
	}
	s.hides("ledger")
	s.source.report = broken()
	s.press("A")
	for _, r := range s.m.visible {
		if r.object.Namespace == "payments" && !r.changed.IsZero() {
			t.Errorf("%s is marked as changed", r.object.Name)
		}
	}
}

func TestAnAnswerThatComesTooLateIsDropped(t *testing.T) {
	s := newStage(t, broken())
	old := s.m.look.number
	s.press("n")
	s.send(looked{number: old, report: of(), at: s.now})
	s.shows("deployment/ledger")
	s.send(diagnosed{number: 7, report: broken(), at: s.now})
	s.shows("deployment/ledger")
}

func TestAFixHasThePlainTerminal(t *testing.T) {
	var fixedObject v1alpha1.Object
	fix := func(_ context.Context, o v1alpha1.Object, in io.Reader, out, _ io.Writer) error {
		fixedObject = o
		answer := make([]byte, 2)
		_, err := io.ReadFull(in, answer)
		fmt.Fprintf(out, "answered %s", answer)
		return err
	}
	var out, errOut bytes.Buffer
	f := &fixing{ctx: t.Context(), fix: fix, object: v1alpha1.Object{Kind: "deployment", Namespace: "shop", Name: "api"}}
	f.SetStdin(strings.NewReader("y\n\n"))
	f.SetStdout(&out)
	f.SetStderr(&errOut)
	if err := f.Run(); err != nil || fixedObject.Name != "api" {
		t.Errorf("fixed %+v, %v", fixedObject, err)
	}
	if got := out.String(); !strings.Contains(got, "answered y") || !strings.Contains(got, "Enter goes back to the watch") {
		t.Errorf("printed %q", got)
	}
	s := newStage(t, broken(), func(o *Options) { o.Fix = fix })
	s.shows("f fix")
	_, cmd := s.m.Update(tea.KeyPressMsg(tea.Key{Code: 'f', Text: "f"}))
	if cmd == nil {
		t.Fatal("f does nothing")
	}
	looks := len(s.source.looks)
	s.send(fixed{})
	if len(s.source.looks) != looks+1 {
		t.Error("after a fix it did not look")
	}
}

// What nobody cleaned before must not reach the terminal.
func TestHostileTextNeverReachesTheScreen(t *testing.T) {
	const evil = "x\x1b]0;owned\x07\x1b[2J\u202egnp\u200b\x9b31m\r\nINJECTED"
	r := broken()
	r.NotLookedAt = []v1alpha1.Gap{{Why: evil}}
	s := newStage(t, r, func(o *Options) { o.Cluster, o.Namespace, o.Style.Color = evil, evil, true })
	check := func(what string) {
		t.Helper()
		for i, rest := range strings.Split(s.text(), "\x1b") {
			if i > 0 && !sgr(rest) {
				t.Errorf("%s: an escape sequence that is not ours: %.20q", what, rest)
			}
		}
		for _, c := range s.text() {
			if c != '\n' && c != '\x1b' && (unicode.IsControl(c) || unicode.Is(unicode.Cf, c)) {
				t.Errorf("%s: %U is on the screen", what, c)
			}
		}
		for line := range strings.Lines(s.text()) {
			if strings.HasPrefix(line, "INJECTED") {
				t.Errorf("%s: a line of its own", what)
			}
		}
	}
	check("names and gaps")
	s.press("A")
	check("a namespace")
	s.source.err = errors.New(evil)
	s.wait(10 * time.Second)
	check("an error")
	s.press("enter")
	check("an error of a diagnosis")
	s.press("esc", "/")
	s.send(tea.PasteMsg{Content: evil})
	check("a paste")
	s.press("esc")
	s.send(fixed{errors.New(evil)})
	check("a fix that failed")
}

// sgr tells whether a text goes on as one of our own sequences does.
func sgr(rest string) bool {
	body, _, ok := strings.Cut(rest, "m")
	return ok && strings.HasPrefix(body, "[") && strings.Trim(body[1:], "0123456789") == ""
}

// A cluster in which much fails: what is drawn each second must not grow with
// it.
func BenchmarkScreenOf5000Workloads(b *testing.B) {
	var all []v1alpha1.Diagnosis
	for i := range 5000 {
		all = append(all, failing("TagNotFound", "docker.io/acme/api:1", fmt.Sprintf("ns-%d", i%50), fmt.Sprintf("pod-%d", i), "Deployment", fmt.Sprintf("api-%d", i), "high", 8, 24))
	}
	m := New(b.Context(), Options{Source: &source{}, All: true, Now: start})
	m.Update(tea.WindowSizeMsg{Width: 120, Height: 40})
	m.Update(looked{report: of(all...), at: start()})
	for b.Loop() {
		m.key(tea.KeyPressMsg(tea.Key{Code: 'j', Text: "j"}))
		_ = m.View()
	}
}
