/* Settings: what each accepts, the message about what it refuses, and what the environment adds. */
#define _POSIX_C_SOURCE 200809L
#include "portable.h"

/* A setter that refuses reports which argument is wrong, and does not change the setting. */
#define CHECK_REFUSED(config, part, call) \
    do { \
        CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, call); \
        CHECK_CONTAINS(part, anchor_config_error(config)); \
    } while (0)

#define CHECK_TAKEN(config, call) \
    do { \
        CHECK_STATUS(ANCHOR_OK, call); \
        CHECK_TEXT(NULL, anchor_config_error(config)); \
    } while (0)

#define NOT_UTF_8 "caf\xe9"

static char *long_text(size_t length)
{
    char *text = malloc(length + 1);
    CHECK(text != NULL);
    memset(text, 'x', length);
    text[length] = '\0';
    return text;
}

static void keys(void)
{
    anchor_config *c = check_config();
    char *longest = long_text(4096), *too_long = long_text(4097);
    CHECK_TEXT(NULL, anchor_config_error(c));
    CHECK_REFUSED(c, "api_key is NULL", anchor_config_set_api_key(c, NULL));
    CHECK_REFUSED(c, "api_key is empty", anchor_config_set_api_key(c, ""));
    CHECK_REFUSED(c, "api_key contains a control character", anchor_config_set_api_key(c, "key\n"));
    CHECK_REFUSED(c, "api_key contains a control character", anchor_config_set_api_key(c, "key\r\nevil: yes"));
    CHECK_REFUSED(c, "api_key contains a control character", anchor_config_set_api_key(c, "k\xc3\xa9y"));
    CHECK_REFUSED(c, "api_key is not UTF-8", anchor_config_set_api_key(c, NOT_UTF_8));
    CHECK_REFUSED(c, "api_key is longer than 4096", anchor_config_set_api_key(c, too_long));
    CHECK_TAKEN(c, anchor_config_set_api_key(c, longest));
    CHECK_TAKEN(c, anchor_config_set_api_key(c, "sk-0123 ~"));
    free(longest);
    free(too_long);
    anchor_config_free(c);
}

/* Not even half of them: messages are printed and logged. */
static void a_message_does_not_show_the_key_or_a_header(void)
{
    anchor_config *c = check_config();
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_config_add_header(c, "a", "s3cret-token\n"));
    CHECK(strstr(anchor_config_error(c), "s3cret") == NULL);
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_config_set_api_key(c, "s3cret-key\n"));
    CHECK(strstr(anchor_config_error(c), "s3cret") == NULL);
    anchor_config_free(c);
}

static void base_urls(void)
{
    static const char *const taken[] = {"https://a.example",        "https://a.example/",    "https://a.example/v1",
                                        "https://a.example/api/v1/", "HTTPS://A.EXAMPLE:8443", "https://[::1]:1/gate",
                                        "http://127.0.0.1:1",       "http://localhost",      "http://a.example",
                                        "http://[fe80::1%25eth0]",  "http://[fe80::1%eth0]", "unix:/run/anchor.sock",
                                        "unix:///run/anchor.sock"};
    static const char *const refused[] = {"",
                                          "a.example",
                                          "ftp://a.example",
                                          "https://",
                                          "https:///v1",
                                          "https://a b",
                                          "https://a.example:0",
                                          "https://a.example:65536",
                                          "https://a.example:port",
                                          "https://user:password@a.example",
                                          "https://a.example?x=1",
                                          "https://a.example#x",
                                          "https://a.example/../v1",
                                          "https://a.example\n",
                                          "https://[::1",
                                          "https://[fe80::1%25]%",
                                          "https://a.example%25eth0",
                                          "unix:anchor.sock",
                                          "unix:/run/",
                                          "https://caf\xc3\xa9.example"};
    anchor_config *c = check_config();
    for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) CHECK_TAKEN(c, anchor_config_set_base_url(c, taken[i]));
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        CHECK_REFUSED(c, "base_url ", anchor_config_set_base_url(c, refused[i]));
    CHECK_REFUSED(c, "base_url is NULL", anchor_config_set_base_url(c, NULL));
    CHECK_REFUSED(c, "base_url is not UTF-8", anchor_config_set_base_url(c, "https://" NOT_UTF_8));
    anchor_config_free(c);
}

static void headers(void)
{
    static const char *const set_by_the_library[] = {"anchor-api-key", "Host", "CONTENT-LENGTH", "transfer-encoding",
                                                     "connection", "user-agent", "x-request-id", "accept-encoding"};
    anchor_config *c = check_config();
    char *longest = long_text(4096), *too_long = long_text(4097);
    CHECK_TAKEN(c, anchor_config_add_header(c, "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
    CHECK_TAKEN(c, anchor_config_add_header(c, "X-Gate", longest));
    CHECK_TAKEN(c, anchor_config_add_header(c, "x-empty", ""));
    CHECK_REFUSED(c, "name is NULL", anchor_config_add_header(c, NULL, "a"));
    CHECK_REFUSED(c, "value is NULL", anchor_config_add_header(c, "a", NULL));
    CHECK_REFUSED(c, "name is not UTF-8", anchor_config_add_header(c, NOT_UTF_8, "a"));
    CHECK_REFUSED(c, "value is not UTF-8", anchor_config_add_header(c, "a", NOT_UTF_8));
    CHECK_REFUSED(c, "header has a name that is not of 1 to 256 bytes", anchor_config_add_header(c, "", "a"));
    CHECK_REFUSED(c, "header has a name", anchor_config_add_header(c, "a b", "a"));
    CHECK_REFUSED(c, "header has a name", anchor_config_add_header(c, "a:", "a"));
    CHECK_REFUSED(c, "header has a value", anchor_config_add_header(c, "a", "b\r\nc: d"));
    CHECK_REFUSED(c, "header has a value", anchor_config_add_header(c, "a", " b"));
    CHECK_REFUSED(c, "header has a value longer than 4096 bytes", anchor_config_add_header(c, "a", too_long));
    for (size_t i = 0; i < sizeof set_by_the_library / sizeof set_by_the_library[0]; i++)
        CHECK_REFUSED(c, "which the library sets itself", anchor_config_add_header(c, set_by_the_library[i], "a"));
    for (int i = 3; i < 32; i++) CHECK_TAKEN(c, anchor_config_add_header(c, "x-many", "a"));
    CHECK_REFUSED(c, "header is one more than 32", anchor_config_add_header(c, "x-many", "a"));
    free(longest);
    free(too_long);
    anchor_config_free(c);
}

/* Each request is longer by its line. */
static void a_header_is_sent(void)
{
    long sent[2];
    for (int i = 0; i < 2; i++) {
        anchor_config *c = check_config();
        if (i == 1) CHECK_TAKEN(c, anchor_config_add_header(c, "x-gate", "open"));
        anchor_client *client = check_client_of(c);
        CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "a", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
        CHECK(check_drain(client, "a") == 1);
        sent[i] = check_count(client, "/bytesSent");
        anchor_client_free(client);
    }
    CHECK(sent[1] == sent[0] + 3 * (long)strlen("x-gate: open\r\n"));
}

static void plain_http_needs_loopback_or_permission(void)
{
    static const char *const loopback[] = {"http://127.0.0.1", "http://127.8.8.8:1", "http://localhost:1", "http://[::1]",
                                           "http://a.localhost"};
    static const char *const elsewhere[] = {"http://a.example", "http://127.0.0.1.example", "http://10.0.0.1",
                                            "http://localhost.example"};
    anchor_config *c = check_config();
    anchor_client *client;
    for (size_t i = 0; i < sizeof loopback / sizeof loopback[0]; i++) {
        CHECK_TAKEN(c, anchor_config_set_base_url(c, loopback[i]));
        CHECK_TAKEN(c, anchor_client_new(c, &client));
        anchor_client_free(client);
    }
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++) {
        CHECK_TAKEN(c, anchor_config_set_base_url(c, elsewhere[i]));
        CHECK_REFUSED(c, "base_url is plain http", anchor_client_new(c, &client));
        CHECK(client == NULL);
    }
    CHECK_TAKEN(c, anchor_config_set_allow_http(c, 1));
    CHECK_TAKEN(c, anchor_client_new(c, &client));
    anchor_client_free(client);
    CHECK_TAKEN(c, anchor_config_set_allow_http(c, 0));
    CHECK_REFUSED(c, "base_url is plain http", anchor_client_new(c, &client));
    anchor_config_free(c);
}

static void proxies(void)
{
    anchor_config *c = check_config();
    CHECK_TAKEN(c, anchor_config_set_proxy(c, "http://proxy.example:3128"));
    CHECK_TAKEN(c, anchor_config_set_proxy(c, "http://user:pass%20word@127.0.0.1:3128"));
    CHECK_TAKEN(c, anchor_config_set_proxy(c, "https://proxy.example"));
    CHECK_TAKEN(c, anchor_config_set_proxy(c, ""));
    CHECK_REFUSED(c, "proxy is NULL", anchor_config_set_proxy(c, NULL));
    CHECK_TAKEN(c, anchor_config_set_proxy(c, "socks5://127.0.0.1"));
    CHECK_TAKEN(c, anchor_config_set_proxy(c, "SOCKS5H://user:pass%20word@[::1]:9050"));
    CHECK_REFUSED(c, "SOCKS", anchor_config_set_proxy(c, "socks4a://127.0.0.1:1080"));
    CHECK_REFUSED(c, "SOCKS", anchor_config_set_proxy(c, "socks://127.0.0.1:1080"));
    CHECK_REFUSED(c, "1 to 255 bytes", anchor_config_set_proxy(c, "socks5://:password@127.0.0.1"));
    CHECK_REFUSED(c, "proxy ", anchor_config_set_proxy(c, "ftp://127.0.0.1"));
    CHECK_REFUSED(c, "proxy ", anchor_config_set_proxy(c, "http://"));
    CHECK_REFUSED(c, "proxy is not UTF-8", anchor_config_set_proxy(c, NOT_UTF_8));
    anchor_config_free(c);
}

static void another_address(void)
{
    anchor_config *c = check_config();
    CHECK_TAKEN(c, anchor_config_set_connect_to(c, "api.example:443", "192.0.2.7:8443"));
    CHECK_TAKEN(c, anchor_config_set_connect_to(c, "[::1]:80", "[fe80::1%25lo]:8443"));
    CHECK_TAKEN(c, anchor_config_set_connect_to(c, "", ""));
    CHECK_REFUSED(c, "host is NULL", anchor_config_set_connect_to(c, NULL, "192.0.2.7:8443"));
    CHECK_REFUSED(c, "address is NULL", anchor_config_set_connect_to(c, "api.example:443", NULL));
    CHECK_REFUSED(c, "host is not UTF-8", anchor_config_set_connect_to(c, NOT_UTF_8, "192.0.2.7:8443"));
    CHECK_REFUSED(c, "connect_to: host has no port", anchor_config_set_connect_to(c, "api.example", "192.0.2.7:8443"));
    CHECK_REFUSED(c, "connect_to: address has no port", anchor_config_set_connect_to(c, "api.example:443", "192.0.2.7"));
    CHECK_REFUSED(c, "connect_to: address has no valid host", anchor_config_set_connect_to(c, "api.example:443", ""));
    CHECK_REFUSED(c, "connect_to: address has a port", anchor_config_set_connect_to(c, "api.example:443", "h:0"));
    anchor_config_free(c);
}

static void texts(void)
{
    anchor_config *c = check_config();
    char *longest = long_text(1024), *too_long = long_text(1025);
    CHECK_TAKEN(c, anchor_config_set_user_agent(c, "my-program/1.0"));
    CHECK_TAKEN(c, anchor_config_set_user_agent(c, ""));
    CHECK_TAKEN(c, anchor_config_set_user_agent(c, longest));
    CHECK_REFUSED(c, "user_agent is longer than 1024", anchor_config_set_user_agent(c, too_long));
    CHECK_REFUSED(c, "user_agent is NULL", anchor_config_set_user_agent(c, NULL));
    CHECK_REFUSED(c, "user_agent contains a control character", anchor_config_set_user_agent(c, "a\r\nb: c"));
    CHECK_REFUSED(c, "ca_file is NULL", anchor_config_set_ca_file(c, NULL));
    CHECK_REFUSED(c, "ca_file is empty", anchor_config_set_ca_file(c, ""));
    CHECK_REFUSED(c, "ca_file is not UTF-8", anchor_config_set_ca_file(c, NOT_UTF_8));
    CHECK_REFUSED(c, "crl_file is NULL", anchor_config_set_crl_file(c, NULL));
    CHECK_REFUSED(c, "crl_file is empty", anchor_config_set_crl_file(c, ""));
    CHECK_REFUSED(c, "ca_pem is NULL", anchor_config_set_ca_pem(c, NULL));
    CHECK_REFUSED(c, "ca_pem is empty", anchor_config_set_ca_pem(c, ""));
    CHECK_TAKEN(c, anchor_config_set_ca_pem(c, NOT_UTF_8));
    free(longest);
    free(too_long);
    anchor_config_free(c);
}

static void client_certificates(void)
{
    anchor_config *c = check_config();
    CHECK_REFUSED(c, "certificate_file is NULL", anchor_config_set_client_certificate(c, NULL, "k"));
    CHECK_REFUSED(c, "key_file is NULL", anchor_config_set_client_certificate(c, "c", NULL));
    CHECK_REFUSED(c, "certificate_file is empty", anchor_config_set_client_certificate(c, "", "k"));
    CHECK_REFUSED(c, "key_file is empty", anchor_config_set_client_certificate(c, "c", ""));
    CHECK_REFUSED(c, "key_file is not UTF-8", anchor_config_set_client_certificate(c, "c", NOT_UTF_8));
    CHECK_REFUSED(c, "certificate_pem is NULL", anchor_config_set_client_certificate_pem(c, NULL, "k"));
    CHECK_REFUSED(c, "key_pem is NULL", anchor_config_set_client_certificate_pem(c, "c", NULL));
    CHECK_REFUSED(c, "certificate_pem is empty", anchor_config_set_client_certificate_pem(c, "", "k"));
    CHECK_REFUSED(c, "key_pem is empty", anchor_config_set_client_certificate_pem(c, "c", ""));
    CHECK_TAKEN(c, anchor_config_set_client_certificate(c, "/nowhere/client.pem", "/nowhere/client.key"));
    CHECK_TAKEN(c, anchor_config_set_client_certificate_pem(c, NOT_UTF_8, NOT_UTF_8));
    anchor_config_free(c);
}

#define ZEROS "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static void pins(void)
{
    static const char *const refused[] = {"", ";", ZEROS ";", "sha256//AAAA", "sha1//AAAA", "sha256/AAAA", "pin", NOT_UTF_8};
    anchor_config *c = check_config();
    CHECK_REFUSED(c, "pinned_public_keys is NULL", anchor_config_set_pinned_public_keys(c, NULL));
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        CHECK_REFUSED(c, "pinned_public_keys is not ", anchor_config_set_pinned_public_keys(c, refused[i]));
    CHECK_TAKEN(c, anchor_config_set_pinned_public_keys(c, ZEROS));
    CHECK_TAKEN(c, anchor_config_set_pinned_public_keys(c, ZEROS ";" ZEROS));
    anchor_config_free(c);
}

/* The file is read when a client is made. */
static void a_ca_file_must_hold_certificates(void)
{
    anchor_config *c = check_config();
    anchor_client *client = UNTOUCHED;
    CHECK_TAKEN(c, anchor_config_set_base_url(c, "https://127.0.0.1:1"));
    CHECK_TAKEN(c, anchor_config_set_ca_file(c, "/nowhere/ca.pem"));
    CHECK_REFUSED(c, "ca_file", anchor_client_new(c, &client));
    CHECK(client == NULL);
    CHECK_TAKEN(c, anchor_config_set_ca_file(c, "/dev/null"));
    CHECK_REFUSED(c, "ca_file", anchor_client_new(c, &client));
    CHECK(client == NULL);
    anchor_config_free(c);
}

static void times(void)
{
    static const struct {
        anchor_status (*set)(anchor_config *, int64_t);
        int64_t least;
        const char *name;
    } setters[] = {
        {anchor_config_set_connect_timeout_ms, 1, "connect_timeout_ms is "},
        {anchor_config_set_request_timeout_ms, 1, "request_timeout_ms is "},
        {anchor_config_set_slice_ms, 1, "slice_ms is "},
        {anchor_config_set_grace_ms, 0, "grace_ms is "},
    };
    anchor_config *c = check_config();
    for (size_t i = 0; i < sizeof setters / sizeof setters[0]; i++) {
        const char *name = setters[i].name;
        CHECK_TAKEN(c, setters[i].set(c, setters[i].least));
        CHECK_TAKEN(c, setters[i].set(c, 86400000));
        CHECK_REFUSED(c, name, setters[i].set(c, setters[i].least - 1));
        CHECK_REFUSED(c, name, setters[i].set(c, 86400001));
        CHECK_REFUSED(c, name, setters[i].set(c, INT64_MAX));
        CHECK_REFUSED(c, name, setters[i].set(c, INT64_MIN));
    }
    anchor_config_free(c);
}

static void numbers(void)
{
    anchor_config *c = check_config();
    CHECK_TAKEN(c, anchor_config_set_max_response_bytes(c, 1));
    CHECK_TAKEN(c, anchor_config_set_max_response_bytes(c, (size_t)1 << 30));
    CHECK_REFUSED(c, "max_response_bytes", anchor_config_set_max_response_bytes(c, 0));
    CHECK_REFUSED(c, "max_response_bytes", anchor_config_set_max_response_bytes(c, ((size_t)1 << 30) + 1));
    CHECK_REFUSED(c, "max_response_bytes", anchor_config_set_max_response_bytes(c, SIZE_MAX));
    CHECK_TAKEN(c, anchor_config_set_retries(c, 0));
    CHECK_TAKEN(c, anchor_config_set_retries(c, UINT32_MAX));
    anchor_config_free(c);
}

/* C passes any integer: a value without a meaning is refused. */
static void enumerations_and_flags(void)
{
    static const struct {
        anchor_status (*set)(anchor_config *, int);
        const char *name;
    } flags[] = {
        {anchor_config_set_allow_http, "allow_http is neither 0 nor 1"},
        {anchor_config_set_rearm, "rearm is neither 0 nor 1"},
        {anchor_config_set_interruptible, "interruptible is neither 0 nor 1"},
        {anchor_config_set_log_json, "log_json is neither 0 nor 1"},
    };
    anchor_config *c = check_config();
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        CHECK_TAKEN(c, flags[i].set(c, 0));
        CHECK_TAKEN(c, flags[i].set(c, 1));
        CHECK_REFUSED(c, flags[i].name, flags[i].set(c, 2));
        CHECK_REFUSED(c, flags[i].name, flags[i].set(c, -1));
        CHECK_REFUSED(c, flags[i].name, flags[i].set(c, INT32_MAX));
    }
    CHECK_TAKEN(c, anchor_config_set_trust(c, ANCHOR_TRUST_AUTO));
    CHECK_TAKEN(c, anchor_config_set_trust(c, ANCHOR_TRUST_SYSTEM));
    CHECK_TAKEN(c, anchor_config_set_trust(c, ANCHOR_TRUST_BUNDLED));
    CHECK_REFUSED(c, "trust is not an anchor_trust", anchor_config_set_trust(c, 3));
    CHECK_REFUSED(c, "trust is not an anchor_trust", anchor_config_set_trust(c, -1));
    CHECK_REFUSED(c, "trust is not an anchor_trust", anchor_config_set_trust(c, INT32_MIN));
    anchor_config_free(c);
}

static void a_client_keeps_its_own_copy(void)
{
    anchor_config *c = check_config();
    anchor_client *client = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_client_new(c, &client));
    CHECK_TAKEN(c, anchor_config_set_base_url(c, "http://127.0.0.1:1"));
    anchor_config_free(c);
    CHECK_STATUS(ANCHOR_TIMEOUT, anchor_wait_for_event(client, "never", 0, NULL, NULL));
    anchor_client_free(client);
}

/* The environment: what the test was started with is put back after each case. */

static const char *const variables[] = {"ANCHORBROWSER_API_KEY", "ANCHOR_API_KEY", "ANCHORBROWSER_BASE_URL", "HTTPS_PROXY",
                                        "https_proxy",           "HTTP_PROXY",     "http_proxy",             "ALL_PROXY",
                                        "all_proxy",             "NO_PROXY",       "no_proxy"};
enum { VARIABLES = sizeof variables / sizeof variables[0] };
static char *saved[VARIABLES];

static void empty_environment(void)
{
    for (size_t i = 0; i < VARIABLES; i++) {
        const char *value = getenv(variables[i]);
        saved[i] = value ? strdup(value) : NULL;
        portable_set_variable(variables[i], NULL);
    }
}

static void restore_environment(void)
{
    for (size_t i = 0; i < VARIABLES; i++) {
        portable_set_variable(variables[i], saved[i]);
        free(saved[i]);
    }
}

/* A client made from the environment alone must be refused with this in its message, or be made if it is NULL. */
static void check_environment(const char *part)
{
    anchor_config *c = check_config();
    anchor_client *client = UNTOUCHED;
    CHECK_TEXT(NULL, anchor_config_error(c));
    if (part == NULL) {
        CHECK_TAKEN(c, anchor_client_new(c, &client));
    } else {
        CHECK_REFUSED(c, part, anchor_client_new(c, &client));
        CHECK(client == NULL);
    }
    anchor_client_free(client);
    CHECK_STATUS(part ? ANCHOR_INVALID_ARGUMENT : ANCHOR_OK, anchor_client_new(NULL, &client));
    anchor_client_free(client);
    anchor_config_free(c);
}

static void environment_key(void)
{
    empty_environment();
    check_environment("ANCHORBROWSER_API_KEY");
    portable_set_variable("ANCHOR_API_KEY", "second");
    check_environment(NULL);
    portable_set_variable("ANCHOR_API_KEY", "bad\n");
    check_environment("ANCHOR_API_KEY contains a control character");
    portable_set_variable("ANCHORBROWSER_API_KEY", ""); /* counts as absent */
    check_environment("ANCHOR_API_KEY contains a control character");
    portable_set_variable("ANCHORBROWSER_API_KEY", "first");
    check_environment(NULL);
    portable_set_variable("ANCHORBROWSER_API_KEY", "bad\n");
    portable_set_variable("ANCHOR_API_KEY", "good");
    check_environment("ANCHORBROWSER_API_KEY contains a control character");
    portable_set_variable("ANCHORBROWSER_API_KEY", NOT_UTF_8);
    check_environment("ANCHORBROWSER_API_KEY");
    restore_environment();
}

static void environment_base_url(void)
{
    empty_environment();
    portable_set_variable("ANCHOR_API_KEY", "key");
    portable_set_variable("ANCHORBROWSER_BASE_URL", "nonsense");
    check_environment("ANCHORBROWSER_BASE_URL has no scheme");
    portable_set_variable("ANCHORBROWSER_BASE_URL", "http://a.example");
    check_environment("ANCHORBROWSER_BASE_URL is plain http");
    portable_set_variable("ANCHORBROWSER_BASE_URL", "https://" NOT_UTF_8);
    check_environment("ANCHORBROWSER_BASE_URL");
    portable_set_variable("ANCHORBROWSER_BASE_URL", "https://a.example/v1");
    check_environment(NULL);
    portable_set_variable("ANCHORBROWSER_BASE_URL", "");
    check_environment(NULL);
    restore_environment();
}

static void environment_proxy(void)
{
    empty_environment();
    portable_set_variable("ANCHOR_API_KEY", "key");
    portable_set_variable("HTTPS_PROXY", "socks5://127.0.0.1:1080");
    check_environment(NULL);
    portable_set_variable("HTTPS_PROXY", "socks4://127.0.0.1:1080");
    check_environment("HTTPS_PROXY is a SOCKS proxy of another version than 5");
    portable_set_variable("NO_PROXY", "anchorbrowser.io"); /* then it does not count */
    check_environment(NULL);
    portable_set_variable("NO_PROXY", NULL);
    portable_set_variable("HTTPS_PROXY", NULL);
    portable_set_variable("HTTP_PROXY", "nonsense://"); /* of the other scheme */
    check_environment(NULL);
    portable_set_variable("ALL_PROXY", "nonsense://");
    check_environment("ALL_PROXY");
    portable_set_variable("ALL_PROXY", "socks5h://user:password@127.0.0.1");
    check_environment(NULL);
    restore_environment();
}

static void a_setting_wins_over_the_environment(void)
{
    empty_environment();
    portable_set_variable("ANCHORBROWSER_API_KEY", "bad\n");
    portable_set_variable("ANCHORBROWSER_BASE_URL", "nonsense");
    portable_set_variable("HTTPS_PROXY", "nonsense://");
    anchor_config *c = check_config();
    anchor_client *client = NULL;
    CHECK_TAKEN(c, anchor_config_set_api_key(c, "good"));
    CHECK_REFUSED(c, "ANCHORBROWSER_BASE_URL", anchor_client_new(c, &client));
    CHECK_TAKEN(c, anchor_config_set_base_url(c, "https://a.example"));
    CHECK_REFUSED(c, "HTTPS_PROXY", anchor_client_new(c, &client));
    CHECK_TAKEN(c, anchor_config_set_proxy(c, ""));
    CHECK_TAKEN(c, anchor_client_new(c, &client));
    anchor_client_free(client);
    anchor_config_free(c);
    restore_environment();
}

static void the_environment_is_read_by_config_new_only(void)
{
    anchor_config *c = check_config();
    anchor_client *client = NULL;
    empty_environment();
    CHECK_TAKEN(c, anchor_client_new(c, &client));
    CHECK_STATUS(ANCHOR_TIMEOUT, anchor_wait_for_event(client, "never", 0, NULL, NULL));
    anchor_client_free(client);
    anchor_config_free(c);
    restore_environment();
}

static const struct test_case cases[] = {
    CASE(keys),
    CASE(a_message_does_not_show_the_key_or_a_header),
    CASE(base_urls),
    CASE(headers),
    CASE(a_header_is_sent),
    CASE(plain_http_needs_loopback_or_permission),
    CASE(proxies),
    CASE(another_address),
    CASE(texts),
    CASE(client_certificates),
    CASE(pins),
    CASE(a_ca_file_must_hold_certificates),
    CASE(times),
    CASE(numbers),
    CASE(enumerations_and_flags),
    CASE(a_client_keeps_its_own_copy),
    CASE(environment_key),
    CASE(environment_base_url),
    CASE(environment_proxy),
    CASE(a_setting_wins_over_the_environment),
    CASE(the_environment_is_read_by_config_new_only),
};

RUN(cases)
