/*
 * TLS against a server whose certificate authority is known from a file only. The driver says where both are, in
 * ANCHOR_TEST_TLS_URL and ANCHOR_TEST_CA_FILE.
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

static anchor_config *config_for_tls(void)
{
    anchor_config *config = check_config();
    CHECK(getenv("ANCHOR_TEST_TLS_URL") != NULL && getenv("ANCHOR_TEST_CA_FILE") != NULL);
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_base_url(config, getenv("ANCHOR_TEST_TLS_URL")));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_retries(config, 0));
    return config;
}

static void a_ca_file_is_trusted_beside_the_rest(void)
{
    static const int32_t trusts[] = {ANCHOR_TRUST_AUTO, ANCHOR_TRUST_SYSTEM, ANCHOR_TRUST_BUNDLED};
    for (size_t i = 0; i < sizeof trusts / sizeof trusts[0]; i++) {
        anchor_config *config = config_for_tls();
        CHECK_STATUS(ANCHOR_OK, anchor_config_set_trust(config, trusts[i]));
        CHECK_STATUS(ANCHOR_OK, anchor_config_set_ca_file(config, getenv("ANCHOR_TEST_CA_FILE")));
        anchor_client *client = check_client_of(config);
        char *json = UNTOUCHED;
        CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "tls", "{\"a\":1}", ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
        CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, "tls", PATIENCE_MS, NULL, &json));
        CHECK_TEXT("{\"data\":{\"a\":1}}", json);
        CHECK(check_count(client, "/connectionsMade") == 1);
        anchor_string_free(json);
        anchor_client_free(client);
    }
}

static char *file_content(const char *path)
{
    char *content = calloc(1, 65536);
    FILE *file = fopen(path, "r");
    CHECK(content != NULL && file != NULL);
    CHECK(fread(content, 1, 65535, file) > 0);
    fclose(file);
    return content;
}

static void an_authority_may_be_a_text(void)
{
    char *pem = file_content(getenv("ANCHOR_TEST_CA_FILE"));
    anchor_config *config = config_for_tls();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_trust(config, ANCHOR_TRUST_BUNDLED));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_ca_pem(config, pem));
    memset(pem, 'x', strlen(pem)); /* it was copied */
    free(pem);
    anchor_client *client = check_client_of(config);
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "tls text", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    anchor_client_free(client);
}

static void another_public_key_is_refused(void)
{
    anchor_config *config = config_for_tls();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_ca_file(config, getenv("ANCHOR_TEST_CA_FILE")));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_pinned_public_keys(
                                config, "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="));
    anchor_client *client = check_client_of(config);
    char *json = UNTOUCHED;
    CHECK_STATUS(ANCHOR_TLS, anchor_wait_for_event(client, "tls", PATIENCE_MS, NULL, &json));
    CHECK_CONTAINS("pinned_public_keys", json);
    CHECK_JSON("false", json, "/error/maybeConsumed");
    anchor_string_free(json);
    anchor_client_free(client);
}

static void an_unknown_authority_is_refused(void)
{
    anchor_client *client = check_client_of(config_for_tls());
    char *json = UNTOUCHED;
    CHECK_STATUS(ANCHOR_TLS, anchor_wait_for_event(client, "tls", PATIENCE_MS, NULL, &json));
    CHECK_JSON("client", json, "/error/origin");
    CHECK_JSON("tls", json, "/error/phase");
    CHECK_JSON("false", json, "/error/maybeConsumed");
    CHECK_JSON(NULL, json, "/error/code");
    anchor_string_free(json);
    CHECK_STATUS(ANCHOR_TLS, anchor_signal_event(client, "tls", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    anchor_client_free(client);
}

static const struct test_case cases[] = {
    CASE(a_ca_file_is_trusted_beside_the_rest),
    CASE(an_authority_may_be_a_text),
    CASE(another_public_key_is_refused),
    CASE(an_unknown_authority_is_refused),
};

RUN(cases)
