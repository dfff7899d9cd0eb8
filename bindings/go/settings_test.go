package anchor_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	anchor "github.com/libanchor/libanchor/bindings/go"
)

// C31: every setting and option of anchor.h has a name in the package.
func TestEverySettingIsThere(t *testing.T) {
	header, err := os.ReadFile(os.Getenv("ANCHOR_CDEF"))
	if err != nil {
		t.Fatal(err)
	}
	var source []byte
	for _, file := range []string{"settings.go", "options.go"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		source = append(source, text...)
	}
	// A signal handler of Go does not run on the thread of a call. Lines of the log are not passed on.
	left := map[string]bool{"anchor_config_set_interruptible": true, "anchor_config_set_log_callback": true, "anchor_config_set_log_json": true}
	setters := regexp.MustCompile(`anchor_(config|options)_(set|add)_\w+`).FindAllString(string(header), -1)
	if len(setters) < 27 {
		t.Fatal(setters)
	}
	for _, setter := range setters {
		if strings.Contains(string(source), "C."+setter+"(") == left[setter] {
			t.Error(setter)
		}
	}
}

// C26, C27, C28, C29: each setting arrives under its own name: what is wrong with it is refused, by the name that it has in anchor.h.
func TestAWrongSettingIsRefused(t *testing.T) {
	wrong := map[string][]anchor.Setting{
		"api_key":            {anchor.WithAPIKey(""), anchor.WithAPIKey("cut\x00off")},
		"base_url":           {anchor.WithBaseURL("ftp://x")},
		"allow_http":         {anchor.WithBaseURL("http://192.0.2.1")},
		"user_agent":         {anchor.WithUserAgent("\n")},
		"proxy":              {anchor.WithProxy("socks4://x"), anchor.WithProxy("http://127.0.0.1\x00.example")},
		"connect_to":         {anchor.WithConnectTo("x\x00", "y")},
		"host":               {anchor.WithConnectTo("no port", "x:1")},
		"connect timeout":    {anchor.WithConnectTimeout(-1)},
		"connect_timeout_ms": {anchor.WithConnectTimeout(0)},
		"request timeout":    {anchor.WithRequestTimeout(-time.Hour)},
		"request_timeout_ms": {anchor.WithRequestTimeout(1 << 62)},
		"grace_ms":           {anchor.WithGrace(48 * time.Hour)},
		"slice_ms":           {anchor.WithSlice(0)},
		"slice":              {anchor.WithSlice(-1)},
		"max_response_bytes": {anchor.WithMaxResponseBytes(0)},
		"ca_file":            {anchor.WithCAFile("/nowhere")},
		"ca_pem":             {anchor.WithCAPEM("-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n")},
		"trust":              {anchor.WithTrust(3)},
		"certificate_file":   {anchor.WithClientCertificate("/nowhere", "/nowhere")},
		"certificate_pem":    {anchor.WithClientCertificatePEM("x", "y")},
		"crl_file":           {anchor.WithCRLFile("/nowhere")},
		"pins":               {anchor.WithPinnedPublicKeys("sha256//x", "y")},
		"header":             {anchor.WithHeader("content-length", "1")},
		"setting":            {nil},
	}
	for word, settings := range wrong {
		for _, setting := range settings {
			_, err := anchor.NewClient(setting)
			if failure(t, err, anchor.ErrInvalidArgument); !strings.Contains(err.Error(), word) {
				t.Errorf("%s: %v", word, err)
			}
		}
	}
}

// C31: what is right is accepted.
func TestSettingsAreAccepted(t *testing.T) {
	client := newClient(t, anchor.WithAllowHTTP(true), anchor.WithUserAgent("go"), anchor.WithProxy(""), anchor.WithConnectTo("x:1", "y:1"),
		anchor.WithConnectTimeout(time.Second), anchor.WithRequestTimeout(patience), anchor.WithGrace(0), anchor.WithSlice(time.Minute),
		anchor.WithMaxResponseBytes(1<<20), anchor.WithTrust(anchor.TrustAuto), anchor.WithTrust(anchor.TrustSystem),
		anchor.WithTrust(anchor.TrustBundled), anchor.WithRetries(anchor.RetryAlways), anchor.WithRearm(true), anchor.WithHeader("x-one", "1"),
		anchor.WithPinnedPublicKeys("sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="))
	send(t, client, "settings", nil)
	take(t, client, "settings")
}

// C26: what is of another type, or missing, is refused by the compiler.
func TestWhatIsOfAnotherTypeDoesNotCompile(t *testing.T) {
	wrong := map[string]string{
		`client.Wait(ctx, nil)`:                           "cannot use nil as string",
		`client.Wait(ctx, 1)`:                             "cannot use 1",
		`client.Wait(ctx)`:                                "not enough arguments",
		`client.Wait(ctx, "x", anchor.WithAPIKey("x"))`:   "as type anchor.Option in argument",
		`anchor.NewClient(anchor.WithRequestID("x"))`:     "as type anchor.Setting in argument",
		`anchor.NewClient(anchor.WithRetries(-1))`:        "cannot use -1",
		`anchor.NewClient(anchor.WithGrace(2.5))`:         "truncated",
		`anchor.NewClient(anchor.WithHeader("only one"))`: "not enough arguments",
	}
	program := "package main\n\nimport (\n\"context\"\nanchor \"github.com/libanchor/libanchor/bindings/go\")\n\nfunc main() {\nvar client anchor.Client\nctx := context.Background()\n_, _ = client.Drain(ctx, \"\")\n"
	var calls []string
	for call := range wrong {
		calls = append(calls, call)
	}
	output, err := goRun(t, "build", program+strings.Join(calls, "\n")+"\n}\n", "-gcflags=-e")
	if err == nil {
		t.Fatal("it compiles")
	}
	for i, call := range calls {
		line := regexp.MustCompile(`main\.go:` + strconv.Itoa(11+i) + `:.*`).FindString(output)
		if !strings.Contains(line, wrong[call]) {
			t.Errorf("%s: %q", call, line)
		}
	}
}

// C38: the package is of the version of its library, and refuses another.
func TestThePackageIsOfTheVersionOfItsLibrary(t *testing.T) {
	program := "package main\n\nimport (\n\"fmt\"\nanchor \"github.com/libanchor/libanchor/bindings/go\"\n)\n\nfunc main() {\n_, err := anchor.NewClient()\nfmt.Println(err)\n}\n"
	for version, printed := range map[string]string{anchor.Version: "<nil>", "9.9.9": "anchor: the package needs libanchor 9.9.9, and found " + anchor.Version} {
		output, err := goRun(t, "run", program, "-ldflags=-X github.com/libanchor/libanchor/bindings/go.needed="+version)
		if err != nil || strings.TrimSpace(output) != printed {
			t.Fatal(output, err)
		}
	}
}

// goRun compiles a program that uses this package, and runs it if it is asked to.
func goRun(t *testing.T, action, program string, options ...string) (string, error) {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	const path = "github.com/libanchor/libanchor/bindings/go"
	folder := t.TempDir()
	module := "module program\n\ngo 1.19\n\nrequire " + path + " v" + anchor.Version + "\n\nreplace " + path + " => " + here + "\n"
	for name, text := range map[string]string{"go.mod": module, "main.go": program} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command("go", append(append([]string{action}, options...), ".")...)
	command.Dir = folder
	command.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off")
	output, err := command.CombinedOutput()
	return string(output), err
}
