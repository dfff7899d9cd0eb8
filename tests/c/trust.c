/* Certificate authorities that cannot be read: the message says which file and why, and nothing leaks. */
#define _POSIX_C_SOURCE 200809L
#include "trust.h"

static const struct {
    const char *content, *of_variable, *of_ca_file;
} bad[] = {
    {"", "holds no certificate", "holds no certificate"},
    {"not a certificate at all\n", "holds no certificate", "holds no certificate"},
    {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "", "number 1 is not a certificate"},
    {"-----BEGIN CERTIFICATE-----\nAAAA\n", "has no end line", "has no end line"},
    {"-----BEGIN CERTIFICATE-----\n$$$$\n-----END CERTIFICATE-----\n", "not base64", "not base64"},
    {"-----BEGIN CERTIFICATE\n", "first line of a certificate", "first line of a certificate"},
};

/* If the environment names authorities, only those are trusted: the bundled ones do not replace them. */
static void what_the_environment_names_is_not_passed_over(void)
{
    static const int32_t trusts[] = {ANCHOR_TRUST_AUTO, ANCHOR_TRUST_SYSTEM};
    portable_set_variable("SSL_CERT_DIR", NULL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *path = portable_temporary_file(bad[i].content);
        for (size_t t = 0; t < 2; t++) {
            anchor_config *config = https_config();
            CHECK_STATUS(ANCHOR_OK, anchor_config_set_trust(config, trusts[t]));
            portable_set_variable("SSL_CERT_FILE", path);
            is_refused(config, "SSL_CERT_FILE", bad[i].of_variable);
            portable_set_variable("SSL_CERT_FILE", "/nowhere/roots.pem");
            is_refused(config, "/nowhere/roots.pem", NO_SUCH_FOLDER);
            portable_set_variable("SSL_CERT_FILE", NULL);
            portable_set_variable("SSL_CERT_DIR", "/nowhere");
            is_refused(config, "SSL_CERT_DIR", NO_SUCH_FOLDER);
            CHECK_STATUS(ANCHOR_OK, anchor_config_set_trust(config, ANCHOR_TRUST_BUNDLED));
            is_taken(config);
            portable_set_variable("SSL_CERT_DIR", NULL);
            anchor_config_free(config);
        }
        CHECK(remove(path) == 0);
        free(path);
    }
}

static void a_bad_ca_file_is_named(void)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *path = portable_temporary_file(bad[i].content);
        anchor_config *config = https_config();
        CHECK_STATUS(ANCHOR_OK, anchor_config_set_trust(config, ANCHOR_TRUST_BUNDLED));
        is_taken(config);
        CHECK_STATUS(ANCHOR_OK, anchor_config_set_ca_file(config, path));
        is_refused(config, path, bad[i].of_ca_file);
        CHECK_STATUS(ANCHOR_OK, anchor_config_set_ca_file(config, "."));
        is_refused(config, ".", IS_A_FOLDER);
        CHECK(remove(path) == 0);
        CHECK_STATUS(ANCHOR_OK, anchor_config_set_ca_file(config, path));
        is_refused(config, path, NO_SUCH_FILE);
        anchor_config_free(config);
        free(path);
    }
}

static void a_bad_text_of_authorities_is_refused(void)
{
    anchor_config *config = https_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_trust(config, ANCHOR_TRUST_BUNDLED));
    for (size_t i = 1; i < sizeof bad / sizeof *bad; i++) {
        CHECK_STATUS(ANCHOR_OK, anchor_config_set_ca_pem(config, bad[i].content));
        is_refused(config, "ca_pem", bad[i].of_ca_file);
    }
    anchor_config_free(config);
}

static void a_bad_file_of_revocation_lists_is_named(void)
{
    static const struct {
        const char *content, *why;
    } files[] = {
        {"", "holds no revocation list"},
        {"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "holds no revocation list"},
        {"-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", "number 1 is not a revocation list"},
        {"-----BEGIN X509 CRL-----\nAAAA\n", "has no end line"},
        {"-----BEGIN X509 CRL-----\n$$$$\n-----END X509 CRL-----\n", "not base64"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path = portable_temporary_file(files[i].content);
        anchor_config *config = https_config();
        CHECK_STATUS(ANCHOR_OK, anchor_config_set_trust(config, ANCHOR_TRUST_BUNDLED));
        CHECK_STATUS(ANCHOR_OK, anchor_config_set_crl_file(config, path));
        is_refused(config, path, files[i].why);
        CHECK(remove(path) == 0);
        is_refused(config, path, NO_SUCH_FILE);
        anchor_config_free(config);
        free(path);
    }
}

static void a_bad_client_certificate_is_named(void)
{
    anchor_config *config = https_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_trust(config, ANCHOR_TRUST_BUNDLED));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_client_certificate(config, "/nowhere/client.pem", "/nowhere/client.key"));
    is_refused(config, "certificate_file /nowhere/client.pem", NO_SUCH_FOLDER);
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_client_certificate_pem(config, "not PEM", "not PEM"));
    is_refused(config, "certificate_pem", "holds no certificate");
    /* Also for a service that is not reached over TLS. */
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_base_url(config, "http://127.0.0.1:1"));
    is_refused(config, "certificate_pem", "holds no certificate");
    anchor_config_free(config);
}

static const struct test_case cases[] = {
    CASE(what_the_environment_names_is_not_passed_over),
    CASE(a_bad_ca_file_is_named),
    CASE(a_bad_text_of_authorities_is_refused),
    CASE(a_bad_file_of_revocation_lists_is_named),
    CASE(a_bad_client_certificate_is_named),
};

RUN(cases)
