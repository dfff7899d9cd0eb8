package anchor_test

import (
	"os"
	"strings"
	"testing"

	anchor "github.com/libanchor/libanchor/bindings/go"
)

// C33: TLS with a certificate authority of one's own; without it the certificate is refused.
func TestTLS(t *testing.T) {
	url, file := anchor.WithBaseURL(os.Getenv("ANCHOR_TEST_TLS_URL")), os.Getenv("ANCHOR_TEST_TLS_CA")
	pem, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, trusted := range []anchor.Setting{anchor.WithCAFile(file), anchor.WithCAPEM(string(pem))} {
		client := newClient(t, url, trusted)
		send(t, client, "tls", map[string]string{"over": "tls"})
		if data := take(t, client, "tls"); data != `{"over":"tls"}` {
			t.Fatal(data)
		}
	}
	_, err = newClient(t, url, anchor.WithTrust(anchor.TrustBundled)).Wait(bounded(t), "tls")
	if it := failure(t, err, anchor.ErrTLS); it.Phase != "tls" {
		t.Fatalf("%+v", it)
	}
	_, err = newClient(t, url, anchor.WithCAFile(file), anchor.WithPinnedPublicKeys(
		"sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "sha256//BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=")).Wait(bounded(t), "tls")
	failure(t, err, anchor.ErrTLS)
}

// C34: a proxy is used.
func TestAProxy(t *testing.T) {
	tunnels := func() int {
		log, err := os.ReadFile(os.Getenv("ANCHOR_TEST_PROXY_LOG"))
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(log), "\n")
	}
	before := tunnels()
	client := newClient(t, anchor.WithBaseURL(os.Getenv("ANCHOR_TEST_TLS_URL")), anchor.WithCAFile(os.Getenv("ANCHOR_TEST_TLS_CA")),
		anchor.WithProxy(os.Getenv("ANCHOR_TEST_PROXY")))
	send(t, client, "proxy", nil)
	if tunnels() <= before {
		t.Fatal("no tunnel was opened")
	}
}
