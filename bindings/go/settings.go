package anchor

// #include <anchor.h>
import "C"

import (
	"strings"
	"time"
)

// Setting is a setting of a client.
type Setting interface {
	configure(config *C.anchor_config) error
}

type setting func(config *C.anchor_config) error

func (s setting) configure(config *C.anchor_config) error { return s(config) }

// Trust says which certificate authorities are trusted, in addition to those of WithCAFile and WithCAPEM.
type Trust int

const (
	// TrustAuto means the system's; or Mozilla's, which are built in, if the system has none that may be read.
	TrustAuto Trust = C.ANCHOR_TRUST_AUTO
	// TrustSystem means only the system's.
	TrustSystem Trust = C.ANCHOR_TRUST_SYSTEM
	// TrustBundled means only Mozilla's, which are built in.
	TrustBundled Trust = C.ANCHOR_TRUST_BUNDLED
)

// WithAPIKey sets the key. By default it is in ANCHORBROWSER_API_KEY.
func WithAPIKey(key string) Setting {
	return text("api_key", key, func(config *C.anchor_config, value *C.char) C.anchor_status {
		return C.anchor_config_set_api_key(config, value)
	})
}

// WithBaseURL sets where the service is. By default it is in ANCHORBROWSER_BASE_URL. "unix:/path" is a Unix socket.
func WithBaseURL(url string) Setting {
	return text("base_url", url, func(config *C.anchor_config, value *C.char) C.anchor_status {
		return C.anchor_config_set_base_url(config, value)
	})
}

// WithAllowHTTP sets whether the key may be sent unencrypted to a host that is not loopback.
func WithAllowHTTP(allow bool) Setting {
	return setting(func(config *C.anchor_config) error {
		return check(func() C.anchor_status { return C.anchor_config_set_allow_http(config, flag(allow)) })
	})
}

// WithUserAgent sets the User-Agent header; with "" none is sent.
func WithUserAgent(userAgent string) Setting {
	return text("user_agent", userAgent, func(config *C.anchor_config, value *C.char) C.anchor_status {
		return C.anchor_config_set_user_agent(config, value)
	})
}

// WithProxy sets the proxy: scheme://[user:password@]host[:port] with http, https, socks5h or socks5; "" means none. By default
// it is that of the environment.
func WithProxy(url string) Setting {
	return text("proxy", url, func(config *C.anchor_config, value *C.char) C.anchor_status {
		return C.anchor_config_set_proxy(config, value)
	})
}

// WithConnectTo sets what to connect to, "address:port", in place of the host of the base URL, "host:port".
func WithConnectTo(host, address string) Setting {
	return pair("connect_to", host, address, func(config *C.anchor_config, first, second *C.char) C.anchor_status {
		return C.anchor_config_set_connect_to(config, first, second)
	})
}

// WithConnectTimeout sets how long DNS lookup, connect and TLS handshake of a connection may take together.
func WithConnectTimeout(timeout time.Duration) Setting {
	return duration("connect timeout", timeout, func(config *C.anchor_config, millis C.int64_t) C.anchor_status {
		return C.anchor_config_set_connect_timeout_ms(config, millis)
	})
}

// WithRequestTimeout sets how long a signal or a drain may take if its context has no deadline.
func WithRequestTimeout(timeout time.Duration) Setting {
	return duration("request timeout", timeout, func(config *C.anchor_config, millis C.int64_t) C.anchor_status {
		return C.anchor_config_set_request_timeout_ms(config, millis)
	})
}

// WithGrace sets how much longer a request of a wait is given than it asked for, so that an answer that the service sends at
// the last moment is still received.
func WithGrace(grace time.Duration) Setting {
	return duration("grace", grace, func(config *C.anchor_config, millis C.int64_t) C.anchor_status {
		return C.anchor_config_set_grace_ms(config, millis)
	})
}

// WithMaxResponseBytes sets the size of the largest answer that is accepted.
func WithMaxResponseBytes(bytes uint) Setting {
	return setting(func(config *C.anchor_config) error {
		return check(func() C.anchor_status { return C.anchor_config_set_max_response_bytes(config, C.size_t(bytes)) })
	})
}

// WithCAFile adds the certificate authorities of a PEM file to those that are trusted.
func WithCAFile(path string) Setting {
	return text("ca_file", path, func(config *C.anchor_config, value *C.char) C.anchor_status {
		return C.anchor_config_set_ca_file(config, value)
	})
}

// WithCAPEM adds certificate authorities as PEM.
func WithCAPEM(certificates string) Setting {
	return text("ca_pem", certificates, func(config *C.anchor_config, value *C.char) C.anchor_status {
		return C.anchor_config_set_ca_pem(config, value)
	})
}

// WithTrust sets which certificate authorities are trusted beside those.
func WithTrust(trust Trust) Setting {
	return setting(func(config *C.anchor_config) error {
		return check(func() C.anchor_status { return C.anchor_config_set_trust(config, C.int32_t(trust)) })
	})
}

// WithClientCertificate sets the PEM files of the certificate by which the client identifies itself, and of its key.
func WithClientCertificate(certificateFile, keyFile string) Setting {
	return pair("client_certificate", certificateFile, keyFile, func(config *C.anchor_config, first, second *C.char) C.anchor_status {
		return C.anchor_config_set_client_certificate(config, first, second)
	})
}

// WithClientCertificatePEM sets the same as PEM.
func WithClientCertificatePEM(certificate, key string) Setting {
	return pair("client_certificate_pem", certificate, key, func(config *C.anchor_config, first, second *C.char) C.anchor_status {
		return C.anchor_config_set_client_certificate_pem(config, first, second)
	})
}

// WithCRLFile sets the PEM file of certificate revocation lists.
func WithCRLFile(path string) Setting {
	return text("crl_file", path, func(config *C.anchor_config, value *C.char) C.anchor_status {
		return C.anchor_config_set_crl_file(config, value)
	})
}

// WithPinnedPublicKeys sets which public keys the service may have: each is "sha256//" and the SHA-256 of the key in base64.
func WithPinnedPublicKeys(pins ...string) Setting {
	return text("pinned_public_keys", strings.Join(pins, ";"), func(config *C.anchor_config, value *C.char) C.anchor_status {
		return C.anchor_config_set_pinned_public_keys(config, value)
	})
}

func text(what, value string, set func(*C.anchor_config, *C.char) C.anchor_status) Setting {
	return setting(func(config *C.anchor_config) error {
		return withText(what, value, func(text *C.char) C.anchor_status { return set(config, text) })
	})
}

func pair(what, first, second string, set func(_ *C.anchor_config, _, _ *C.char) C.anchor_status) Setting {
	return setting(func(config *C.anchor_config) error {
		return withPair(what, first, second, func(first, second *C.char) C.anchor_status { return set(config, first, second) })
	})
}

func duration(what string, value time.Duration, set func(*C.anchor_config, C.int64_t) C.anchor_status) Setting {
	return setting(func(config *C.anchor_config) error {
		return withMillis(what, value, func(millis C.int64_t) C.anchor_status { return set(config, millis) })
	})
}

func withMillis(what string, value time.Duration, call func(C.int64_t) C.anchor_status) error {
	if value < 0 {
		return invalid(what + " is negative")
	}
	return check(func() C.anchor_status { return call(roundUp(value)) })
}

// roundUp is a time in whole milliseconds. A little time is not none.
func roundUp(value time.Duration) C.int64_t {
	millis := value / time.Millisecond
	if value%time.Millisecond > 0 {
		millis++
	}
	return C.int64_t(millis)
}

func flag(value bool) C.int {
	if value {
		return 1
	}
	return 0
}
