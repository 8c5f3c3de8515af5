// Copyright 2026 The Pullmedic Authors
// SPDX-License-Identifier: Apache-2.0

package logins

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pullmedic/pullmedic/internal/remedy"
	"github.com/pullmedic/pullmedic/kubelet/keyring"
)

// canary stands in every password, user name and other content of these tests;
// nothing that is shown may hold it.
const canary = "CANARY"

// secretUser and secretPassword are what a test expects to get.
const (
	secretUser     = "robot$" + canary
	secretPassword = canary + ":pass word"
)

func auth(user, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
}

// program puts a script as docker-credential-NAME into a PATH of its own.
func program(t *testing.T, name, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, helperPrefix+name), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
}

// helperScript answers for one server alone.
func helperScript(server string) string {
	answer, _ := json.Marshal(map[string]string{"ServerURL": server, "Username": secretUser, "Secret": secretPassword})
	return `read -r asked || true
[ "$1" = get ] || exit 9
if [ "$asked" = '` + server + `' ]; then cat <<'END'
` + string(answer) + `
END
else echo 'credentials not found in native keychain'; exit 1; fi`
}

// hidden fails the test if anything that can be shown of a login or an error
// holds the canary.
func hidden(t *testing.T, login *remedy.Login, err error) {
	t.Helper()
	var shown strings.Builder
	fmt.Fprintf(&shown, "%v %+v %#v %q", login, login, login, err)
	if login != nil {
		fmt.Fprintf(&shown, "%v %+v %#v", *login, *login, *login)
	}
	text, marshalErr := json.Marshal(login)
	if marshalErr != nil {
		t.Fatal(marshalErr)
	}
	shown.Write(text)
	slog.New(slog.NewJSONHandler(&shown, nil)).Info("login", "login", login, "err", err)
	slog.New(slog.NewTextHandler(&shown, nil)).Info("login", "login", login, "err", err)
	if strings.Contains(shown.String(), canary) || strings.Contains(shown.String(), base64.StdEncoding.EncodeToString([]byte(canary))[:7]) {
		t.Errorf("shows a secret: %s", shown.String())
	}
	if err != nil && (strings.Contains(err.Error(), "\n") || strings.HasSuffix(err.Error(), ".") || len(err.Error()) > 900) {
		t.Errorf("the error is not one sentence without a full stop: %q", err)
	}
}

func got(t *testing.T, login *remedy.Login, err error, wantSource string) {
	t.Helper()
	hidden(t, login, err)
	if err != nil {
		t.Fatal(err)
	}
	if login.Credential.Username != secretUser || login.Credential.Password.Reveal() != secretPassword {
		t.Error("got another user or password")
	}
	if login.Host == "" || strings.Contains(login.Host, "/") {
		t.Errorf("it is for %q", login.Host)
	}
	if login.Source != wantSource {
		t.Errorf("from %q, want %q", login.Source, wantSource)
	}
}

func failed(t *testing.T, login *remedy.Login, err error, want string) {
	t.Helper()
	hidden(t, login, err)
	if login != nil || err == nil || err.Error() != want {
		t.Errorf("says  %v\nwant  %s", err, want)
	}
}

func TestOneWayAtMostIsTaken(t *testing.T) {
	login, err := Brought(t.Context(), "app", Options{}, World{})
	if login != nil || err != nil {
		t.Errorf("nothing asked for gives %v, %v", login, err)
	}
	login, err = Brought(t.Context(), "app", Options{CopyFrom: "a/b", Helper: "x"}, World{})
	failed(t, login, err, "a credential can come from one place only: give one of --copy-from, --docker-config, --credential-helper, --login and --password-stdin")
	login, err = Brought(t.Context(), "app", Options{Username: "u"}, World{})
	failed(t, login, err, "a user name alone is no credential: give --login, to be asked for the password, or --password-stdin with it")
	if login, err = Brought(t.Context(), "Not An Image", Options{Helper: "x"}, World{}); login != nil || err == nil {
		t.Errorf("an image that cannot be gives %v, %v", login, err)
	}
}

func TestCredentialHelpers(t *testing.T) {
	tests := map[string]struct {
		name, script, image string
		want                string // the error; "" for a login
	}{
		"a helper answers for the image's host":   {"good", helperScript("reg.example:8443"), "reg.example:8443/team/app:1", ""},
		"Docker Hub has docker's name for it":     {"hub", helperScript("https://index.docker.io/v1/"), "team/app", ""},
		"a helper that has nothing for the host":  {"none", helperScript("other.example"), "reg.example/app", "docker-credential-none has no credential for reg.example"},
		"a helper that fails, and says too much":  {"bad", `echo ` + canary + `; echo ` + canary + ` >&2; exit 3`, "reg.example/app", "docker-credential-bad failed for reg.example (exit code 3); what it printed is not shown, since it can hold secrets: run it by hand"},
		"a helper that is killed":                 {"killed", `echo ` + canary + `; kill -9 $$`, "reg.example/app", "docker-credential-killed failed for reg.example (it could not be run, or was killed); what it printed is not shown, since it can hold secrets: run it by hand"},
		"an answer that is no JSON":               {"garbage", `echo '` + canary + ` {'`, "reg.example/app", "docker-credential-garbage answered something else than JSON with a Username and a Secret for reg.example"},
		"an answer of another type":               {"list", `echo '{"Username":["` + canary + `"]}'`, "reg.example/app", "docker-credential-list answered something else than JSON with a Username and a Secret for reg.example"},
		"an answer with an identity token":        {"token", `echo '{"Username":"<token>","Secret":"` + canary + `"}'`, "reg.example/app", "what docker-credential-token gave for reg.example has an identity token, which a kubelet cannot log in with: bring a user and password, or an access token"},
		"an answer without a password":            {"half", `echo '{"Username":"` + canary + `"}'`, "reg.example/app", "what docker-credential-half gave for reg.example has no password"},
		"an answer that is empty":                 {"empty", `:`, "reg.example/app", "docker-credential-empty answered something else than JSON with a Username and a Secret for reg.example"},
		"a password with a line break":            {"lines", `printf '{"Username":"u","Secret":"` + canary + `\\n"}'`, "reg.example/app", "what docker-credential-lines gave for reg.example has a line break in its user name or password, which no registry takes"},
		"an answer that does not end":             {"endless", `while :; do printf '` + strings.Repeat(canary, 200) + `'; done`, "reg.example/app", "docker-credential-endless gave more than 256 KiB for reg.example, which is no credential"},
		"no such program":                         {"", "", "reg.example/app", "there is no program docker-credential-absent in the directories of PATH"},
		"a host that would be words of a command": {"echo", `cat >/dev/null; echo '{"Username":"robot$` + canary + `","Secret":"` + canary + `:pass word"}'`, "reg.example/app", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			helper := test.name
			if helper == "" {
				helper = "absent"
				t.Setenv("PATH", t.TempDir())
			} else {
				program(t, helper, test.script)
			}
			login, err := Brought(t.Context(), test.image, Options{Helper: helper}, World{})
			if test.want != "" {
				failed(t, login, err, test.want)
				return
			}
			got(t, login, err, "credential helper "+helper)
			if !login.Personal {
				t.Error("it is not told to be a person's own")
			}
		})
	}
}

func TestAHelperThatHangsIsGivenUp(t *testing.T) {
	program(t, "hangs", `echo '{"Username":"`+canary+`"'; sleep 60 & wait`)
	start := time.Now()
	c, err := askHelperFor(t.Context(), "hangs", "reg.example", 200*time.Millisecond)
	hidden(t, nil, err)
	if err == nil || err.Error() != "docker-credential-hangs did not answer for reg.example within 200ms" {
		t.Errorf("got %v, %v", c, err)
	}
	if took := time.Since(start); took > 30*time.Second {
		t.Errorf("took %s", took)
	}
}

func TestHelpersAreTakenByNameFromPathAlone(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "docker-credential-here"), []byte("#!/bin/sh\necho '{\"Username\":\"u\",\"Secret\":\"p\"}'\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	for _, path := range []string{".", ":/bin", "./", "../" + filepath.Base(dir)} {
		t.Setenv("PATH", path)
		login, err := Brought(t.Context(), "reg.example/app", Options{Helper: "here"}, World{})
		hidden(t, login, err)
		if login != nil || err == nil {
			t.Errorf("with PATH %q a program of the current directory was run", path)
		}
	}
	for _, name := range []string{"../x", "a/b", "a b", "-x", "", "x;id", "$(id)", "a\nb", strings.Repeat("x", 100), "ü", ".hidden"} {
		if _, err := askHelper(t.Context(), name, "reg.example"); err == nil || !strings.Contains(err.Error(), "is no name of a credential helper") {
			t.Errorf("the name %q gives %v", name, err)
		}
	}
}

func TestAnEntryOfADockerConfig(t *testing.T) {
	login := `{"auth":"` + auth(secretUser, secretPassword) + `"}`
	tests := map[string]struct {
		file, image  string
		script       string // of a helper named store
		source, want string // %s is the path
	}{
		"an entry of the image's host": {`{"auths":{"reg.example:8443":` + login + `}}`, "reg.example:8443/a/app", "", "docker config %s, entry reg.example:8443", ""},
		"docker's entry for the Hub":   {`{"auths":{"https://index.docker.io/v1/":` + login + `}}`, "team/app", "", "docker config %s, entry https://index.docker.io/v1/", ""},
		"an old entry that docker takes for the host and the kubelet does not": {
			`{"auths":{"https://reg.example/v1":` + login + `}}`, "reg.example/app", "", "docker config %s, entry reg.example", "",
		},
		"an entry beside a broken one of another host": {
			`{"auths":{"bad.example":{"auth":"%%` + canary + `"},"reg.example":` + login + `}}`, "reg.example/app", "", "docker config %s, entry reg.example", "",
		},
		"a user and password in their own fields": {
			`{"auths":{"reg.example":{"username":"` + secretUser + `","password":"` + secretPassword + `"}}}`, "reg.example/app", "", "docker config %s, entry reg.example", "",
		},
		"a helper for this host": {
			`{"credHelpers":{"reg.example":"store"},"auths":{"reg.example":{}}}`, "reg.example/app", helperScript("reg.example"), "credential helper store, which docker config %s names", "",
		},
		"a store for all hosts": {
			`{"credsStore":"store","auths":{"https://index.docker.io/v1/":{}}}`, "team/app", helperScript("https://index.docker.io/v1/"), "credential helper store, which docker config %s names", "",
		},
		"a store that has nothing": {
			`{"credsStore":"store"}`, "reg.example/app", helperScript("other.example"), "",
			"asking the helper that docker config %s names: docker-credential-store has no credential for reg.example",
		},
		"a store whose name no helper has": {
			`{"credsStore":"../` + canary + `"}`, "reg.example/app", "", "", "docker config %s names a credential helper for reg.example whose name no helper has",
		},
		"an identity token alone": {
			`{"auths":{"reg.example":{"identitytoken":"` + canary + `"}}}`, "reg.example/app", "", "",
			"docker config %s has only an identity token for reg.example, which a kubelet cannot log in with: bring a user and password, or an access token",
		},
		"a registry token alone": {
			`{"auths":{"reg.example":{"registrytoken":"` + canary + `"}}}`, "reg.example/app", "", "",
			"docker config %s has only a registry token for reg.example, which a kubelet cannot log in with: bring a user and password, or an access token",
		},
		"an entry without anything": {`{"auths":{"reg.example":{}}}`, "reg.example/app", "", "", "the entry of docker config %s for reg.example has no user and password"},
		"an entry for another host": {`{"auths":{"other.example":` + login + `}}`, "reg.example/app", "", "", "docker config %s has no entry for reg.example"},
		"a broken entry alone":      {`{"auths":{"reg.example":{"auth":"%%` + canary + `"}}}`, "reg.example/app", "", "", "docker config %s has no entry for reg.example"},
		"something else than JSON":  {canary, "reg.example/app", "", "", "docker config %s is no JSON in docker's format"},
		"a file of another shape":   {`{"auths":"` + canary + `"}`, "reg.example/app", "", "", "docker config %s is no JSON in docker's format"},
		"a file that is too large":  {`{"` + strings.Repeat("x", maxFile) + `":1}`, "reg.example/app", "", "", "reading docker config %s: it is larger than 4 MiB"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "config.json")
			if err := os.WriteFile(path, []byte(test.file), 0o600); err != nil {
				t.Fatal(err)
			}
			if test.script != "" {
				program(t, "store", test.script)
			}
			login, err := Brought(t.Context(), test.image, Options{DockerConfig: path}, World{})
			if test.want != "" {
				failed(t, login, err, strings.ReplaceAll(test.want, "%s", path))
				return
			}
			got(t, login, err, strings.ReplaceAll(test.source, "%s", path))
		})
	}
}

// The kubelet's keyring goes by paths, and so two repositories of one registry can
// have a login each.
func TestALoginIsForThePathThatItsPlaceHasItUnder(t *testing.T) {
	entry := func(user string) string { return `{"auth":"` + auth(user, canary) + `"}` }
	text := `{"auths":{"https://reg.example/v2/":` + entry("all") + `,"reg.example/team-a":` + entry("a") + `,"https://reg.example/v2/team-b/":` + entry("b") +
		`,"reg.example/empty":{},"*.wild.example/team-a":` + entry("w") + `,"docker.io/acme":` + entry("hub") + `}}`
	path := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	read := func(_ context.Context, namespace, name string) (keyring.Secret, error) {
		return keyring.Secret{Namespace: namespace, Name: name, Type: keyring.TypeDockerConfigJSON, Data: map[string][]byte{".dockerconfigjson": []byte(text)}}, nil
	}
	for image, want := range map[string]string{
		"reg.example/team-a/app:1":      "a for reg.example /team-a",
		"reg.example/team-abc/app:1":    "a for reg.example /team-a", // as the kubelet has it
		"reg.example/team-b/app:1":      "b for reg.example /team-b/",
		"reg.example/team-c/app:1":      "all for reg.example ",
		"reg.example/empty/app:1":       "all for reg.example ",
		"reg.wild.example/team-a/app:1": "w for reg.wild.example /team-a",
		"acme/app":                      "hub for docker.io /acme",
	} {
		for place, o := range map[string]Options{"secret": {CopyFrom: "platform/all"}, "file": {DockerConfig: path}} {
			login, err := Brought(t.Context(), image, o, World{Secret: read})
			hidden(t, login, err)
			if err != nil {
				t.Fatal(err)
			}
			if got := login.Credential.Username + " for " + login.Host + " " + login.Path; got != want {
				t.Errorf("%s of a %s: %s, want %s", image, place, got, want)
			}
		}
	}
}

func TestADockerConfigThatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	login, err := Brought(t.Context(), "reg.example/app", Options{DockerConfig: dir}, World{})
	failed(t, login, err, "reading docker config "+dir+": it is a directory: name the file in it, config.json")
	login, err = Brought(t.Context(), "reg.example/app", Options{DockerConfig: dir + "/absent"}, World{})
	failed(t, login, err, "reading docker config "+dir+"/absent: there is no such file")
	login, err = Brought(t.Context(), "reg.example/app", Options{DockerConfig: os.DevNull}, World{})
	failed(t, login, err, "reading docker config "+os.DevNull+": it is a device, and no regular file")
}

func TestAnEntryOfAnotherNamespacesSecret(t *testing.T) {
	good := `{"auths":{"reg.example/team":{"auth":"` + auth("other", canary) + `"},"reg.example/team/app":{"auth":"` + auth(secretUser, secretPassword) + `"}}}`
	tests := map[string]struct {
		from, data string
		err        error
		want       string
	}{
		"the entry that the kubelet would try first": {"platform/hub", good, nil, ""},
		"an entry for another port": {
			"platform/hub", `{"auths":{"reg.example:5000":{"auth":"` + auth("u", canary) + `"}}}`, nil,
			"secret platform/hub has no entry that the kubelet uses for reg.example: the key has port 5000, the image no port; the kubelet compares ports as text",
		},
		"no entry at all": {"platform/hub", `{"auths":{}}`, nil, "secret platform/hub has no entry that the kubelet uses for reg.example"},
		"an empty entry":  {"platform/hub", `{"auths":{"reg.example":{}}}`, nil, "secret platform/hub, key reg.example, has no user and no password"},
		"a secret that cannot be read as one": {
			"platform/hub", `{"auths":{"x":{"auth":"%%` + canary + `"}}}`, nil,
			"taking a credential for reg.example/team/app:1: reading .dockerconfigjson of secret platform/hub: an auth field is not base64: illegal base64 data at input byte 0",
		},
		"no right to read it": {"platform/hub", "", errors.New("you may not get secrets in namespace platform"), "reading secret platform/hub for a credential: you may not get secrets in namespace platform"},
		"no namespace":        {"hub", "", nil, `--copy-from wants NAMESPACE/NAME of a secret, not "hub"`},
		"too many parts":      {"a/b/c", "", nil, `--copy-from wants NAMESPACE/NAME of a secret, not "a/b/c"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			read := func(_ context.Context, namespace, name string) (keyring.Secret, error) {
				if namespace+"/"+name != "platform/hub" {
					t.Errorf("read secret %s/%s", namespace, name)
				}
				return keyring.Secret{Namespace: namespace, Name: name, Type: keyring.TypeDockerConfigJSON, Data: map[string][]byte{".dockerconfigjson": []byte(test.data)}}, test.err
			}
			login, err := Brought(t.Context(), "reg.example/team/app:1", Options{CopyFrom: test.from}, World{Secret: read})
			if test.want != "" {
				failed(t, login, err, test.want)
				return
			}
			got(t, login, err, "secret hub of namespace platform, key reg.example/team/app")
			if login.Personal {
				t.Error("it is told to be a person's own")
			}
		})
	}
}

func TestTheEndOfACredentialIsKnown(t *testing.T) {
	end := time.Date(2026, 11, 21, 21, 14, 0, 0, time.UTC)
	token := base64.StdEncoding.EncodeToString([]byte(fmt.Sprintf(`{"payload":%q,"datakey":"k","version":"2","type":"DATA_KEY","expiration":%d}`, canary, end.Unix())))
	login, err := Brought(t.Context(), "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app", Options{Username: "AWS", PasswordStdin: true}, World{Stdin: strings.NewReader(token + "\n")})
	hidden(t, login, err)
	if err != nil || !login.Expires.Equal(end) {
		t.Errorf("got %v, %v", login, err)
	}
}

func TestAPasswordFromStandardInput(t *testing.T) {
	in := func(s string) World { return World{Stdin: strings.NewReader(s)} }
	o := Options{Username: secretUser, PasswordStdin: true}
	for _, end := range []string{"", "\n", "\r\n"} {
		login, err := Brought(t.Context(), "reg.example/app", o, in(secretPassword+end))
		got(t, login, err, "standard input")
	}
	login, err := Brought(t.Context(), "reg.example/app", Options{PasswordStdin: true}, in("x"))
	failed(t, login, err, "--password-stdin wants the user name in --username")
	login, err = Brought(t.Context(), "reg.example/app", o, in("\n"))
	failed(t, login, err, "standard input has no password")
	login, err = Brought(t.Context(), "reg.example/app", o, in(canary+"\n"+canary))
	failed(t, login, err, "standard input has a line break in its user name or password, which no registry takes")
	login, err = Brought(t.Context(), "reg.example/app", o, in(strings.Repeat(canary, maxPassword)))
	failed(t, login, err, "standard input has more than 64 KiB, which is no password")
	login, err = Brought(t.Context(), "reg.example/app", o, World{})
	failed(t, login, err, "--password-stdin reads a password that is piped in, and standard input is a terminal: give --login to type it")
}

// A person at a terminal.
type person struct {
	strings.Builder
	user, password string
	err            error
	never          chan struct{}
	closed         bool
}

func (p *person) Line() (string, error) { return p.user, p.err }

func (p *person) Hidden() (string, error) {
	if p.never != nil {
		<-p.never
	}
	return p.password, p.err
}

func (p *person) Close() error { p.closed = true; return nil }

func TestATypedPassword(t *testing.T) {
	at := func(p *person) World { return World{Terminal: func() (Terminal, error) { return p, nil }} }
	p := &person{user: " " + secretUser + " ", password: secretPassword}
	login, err := Brought(t.Context(), "reg.example/app", Options{Typed: true}, at(p))
	got(t, login, err, "what was typed")
	if want := "User for reg.example: Password for reg.example (not shown): \n"; p.String() != want || !p.closed {
		t.Errorf("asked %q, want %q; terminal given back: %v", p.String(), want, p.closed)
	}
	p = &person{password: secretPassword}
	login, err = Brought(t.Context(), "reg.example/app", Options{Typed: true, Username: secretUser}, at(p))
	got(t, login, err, "what was typed")
	if want := "Password for reg.example (not shown): \n"; p.String() != want {
		t.Errorf("asked %q, want %q", p.String(), want)
	}
	login, err = Brought(t.Context(), "reg.example/app", Options{Typed: true}, at(&person{user: "u"}))
	failed(t, login, err, "what was typed has no password")
	login, err = Brought(t.Context(), "reg.example/app", Options{Typed: true}, at(&person{err: io.EOF}))
	failed(t, login, err, "no user name was typed")
}

func TestWhoInterruptsGetsTheTerminalBack(t *testing.T) {
	p := &person{user: "u", never: make(chan struct{})}
	defer close(p.never)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	login, err := Brought(ctx, "reg.example/app", Options{Typed: true}, World{Terminal: func() (Terminal, error) { return p, nil }})
	failed(t, login, err, "asking for a password: context canceled")
	if !p.closed {
		t.Error("the terminal was not given back")
	}
}

func TestWithoutATerminalNothingIsTyped(t *testing.T) {
	none := errors.New("there is no terminal")
	login, err := Brought(t.Context(), "reg.example/app", Options{Typed: true}, World{Terminal: func() (Terminal, error) { return nil, none }})
	failed(t, login, err, none.Error())
}
