/* What a caller can get wrong: each mistake is a status and a message that names the argument, never a crash. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#define NOT_UTF_8 "caf\xe9"

/* A call that must be refused, with an error JSON that says why. Nothing may have been sent. */
#define CHECK_REFUSED(part, call) \
    do { \
        char *json = UNTOUCHED; \
        CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, call); \
        check_refusal(json, part); \
    } while (0)

static void check_refusal(char *json, const char *part)
{
    CHECK(json != NULL && json != UNTOUCHED);
    CHECK_JSON("ANCHOR_INVALID_ARGUMENT", json, "/error/status");
    CHECK_JSON("client", json, "/error/origin");
    CHECK_JSON("0", json, "/error/attempts");
    CHECK_JSON("false", json, "/error/maybeConsumed");
    CHECK_JSON(NULL, json, "/error/code");
    CHECK_JSON(NULL, json, "/error/phase");
    char *message = anchor_json_get(json, "/error/message");
    CHECK_CONTAINS(part, message);
    anchor_string_free(message);
    anchor_string_free(json);
}

static void a_null_client_is_refused(void)
{
    CHECK_REFUSED("client is NULL", anchor_wait_for_event(NULL, "a", 0, NULL, &json));
    CHECK_REFUSED("client is NULL", anchor_signal_event(NULL, "a", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, &json));
    CHECK_REFUSED("client is NULL", anchor_client_stats(NULL, &json));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_for_event(NULL, "a", 0, NULL, NULL));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_for_event(NULL, NULL, -5, NULL, NULL));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_signal_event(NULL, NULL, NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_client_stats(NULL, NULL));
    uint32_t drained = 77;
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_drain_event(NULL, "a", ANCHOR_REQUEST_TIMEOUT, NULL, &drained));
    CHECK(drained == 0);
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_client_set_api_key(NULL, "k"));
    anchor_client_cancel_all(NULL);
    anchor_cancel_token_cancel(NULL);
    anchor_cancel_token_reset(NULL);
}

static void a_null_config_is_refused(void)
{
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_config_set_api_key(NULL, "k"));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_config_set_base_url(NULL, "https://a"));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_config_set_allow_http(NULL, 1));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_config_add_header(NULL, "a", "b"));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_config_set_user_agent(NULL, "u"));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_config_set_proxy(NULL, ""));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_config_set_ca_file(NULL, "f"));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_config_set_ca_pem(NULL, "p"));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_config_set_trust(NULL, ANCHOR_TRUST_AUTO));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_config_set_client_certificate(NULL, "f", "f"));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_config_set_client_certificate_pem(NULL, "p", "p"));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_config_set_crl_file(NULL, "f"));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_config_set_pinned_public_keys(NULL, "sha256//"));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_config_set_connect_timeout_ms(NULL, 1));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_config_set_request_timeout_ms(NULL, 1));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_config_set_max_response_bytes(NULL, 1));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_config_set_slice_ms(NULL, 1));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_config_set_grace_ms(NULL, 1));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_config_set_retries(NULL, 1));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_config_set_rearm(NULL, 1));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_config_set_interruptible(NULL, 1));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_config_set_log_callback(NULL, NULL, NULL));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_config_set_log_json(NULL, 1));
    CHECK(anchor_config_error(NULL) == NULL);
}

static void client_new_needs_somewhere_to_put_it(void)
{
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_client_new(config, NULL));
    CHECK_CONTAINS("out is NULL", anchor_config_error(config));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_client_new(NULL, NULL));
    anchor_config_free(config);
}

/* Its environment is the test's, which names the local server. */
static void client_new_takes_a_null_config(void)
{
    anchor_client *client = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_client_new(NULL, &client));
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "of the environment", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, "of the environment", PATIENCE_MS, NULL, NULL));
    anchor_client_free(client);
}

static void event_names_are_checked(void)
{
    anchor_client *client = check_client();
    static const struct {
        const char *name, *part;
    } refused[] = {
        {NULL, "event_name is NULL"}, {"", "event_name is empty"},      {".", "event_name is . or .."},
        {"..", "event_name is . or .."}, {NOT_UTF_8, "event_name is not UTF-8 at byte 3"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        const char *name = refused[i].name;
        uint32_t drained = 77;
        CHECK_REFUSED(refused[i].part, anchor_wait_for_event(client, name, 0, NULL, &json));
        CHECK_REFUSED(refused[i].part, anchor_signal_event(client, name, NULL, ANCHOR_REQUEST_TIMEOUT, NULL, &json));
        CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_drain_event(client, name, ANCHOR_REQUEST_TIMEOUT, NULL, &drained));
        CHECK(drained == 0);
    }
    CHECK(check_count(client, "/connectionsMade") == 0);
    anchor_client_free(client);
}

static void event_names_have_a_length(void)
{
    static char name[65536 + 1];
    anchor_client *client = check_client();
    memset(name, 'n', 65536);
    CHECK_REFUSED("event_name is longer than 4096 bytes", anchor_wait_for_event(client, name, 0, NULL, &json));
    name[4097] = '\0';
    CHECK_REFUSED("event_name is longer than 4096 bytes", anchor_signal_event(client, name, NULL,
                                                                              ANCHOR_REQUEST_TIMEOUT, NULL, &json));
    name[4096] = '\0';
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, name, NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, name, 0, NULL, NULL));
    anchor_client_free(client);
}

static void timeouts_are_checked(void)
{
    anchor_client *client = check_client();
    uint32_t drained = 0;
    static const int64_t refused[] = {ANCHOR_REQUEST_TIMEOUT, -3, -60000, INT64_MIN};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        CHECK_REFUSED("timeout_ms is negative", anchor_wait_for_event(client, "a", refused[i], NULL, &json));
    CHECK_REFUSED("timeout_ms is 0", anchor_signal_event(client, "a", NULL, 0, NULL, &json));
    for (size_t i = 1; i < sizeof refused / sizeof refused[0]; i++) {
        CHECK_REFUSED("timeout_ms is negative", anchor_signal_event(client, "a", NULL, refused[i], NULL, &json));
        CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_drain_event(client, "a", refused[i], NULL, &drained));
    }
    /* The largest value does not overflow: the event is there, so the call returns. */
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "timeout", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, "timeout", INT64_MAX, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "timeout", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, "timeout", ANCHOR_NO_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "timeout", NULL, INT64_MAX, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "timeout", NULL, ANCHOR_NO_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_drain_event(client, "timeout", ANCHOR_NO_TIMEOUT, NULL, &drained));
    CHECK(drained == 2);
    anchor_client_free(client);
}

static void data_must_be_one_json_object(void)
{
    anchor_client *client = check_client();
    static const char *const refused[] = {"",        " ",       "[]",           "null",      "1",       "\"text\"", "{",
                                          "{}{}",    "{} x",    "{\"a\":}",     "{a:1}",     "{'a':1}", "{\"a\":1,}",
                                          "\xff",    "{\"a\":\"" NOT_UTF_8 "\"}", "{\"a\":\"\n\"}"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        CHECK_REFUSED("data_json is ", anchor_signal_event(client, "data", refused[i], ANCHOR_REQUEST_TIMEOUT, NULL,
                                                           &json));
    CHECK(check_count(client, "/connectionsMade") == 0);
    anchor_client_free(client);
}

/* A message may be logged, so the data is not in it. */
static void refused_data_is_not_quoted(void)
{
    anchor_client *client = check_client();
    char *json = NULL;
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_signal_event(client, "data", "{\"code\":\"482913\"",
                                                              ANCHOR_REQUEST_TIMEOUT, NULL, &json));
    CHECK(json != NULL && strstr(json, "482913") == NULL);
    anchor_string_free(json);
    anchor_client_free(client);
}

static void out_parameters_are_zeroed_on_failure(void)
{
    anchor_config *config = check_config();
    anchor_client *client = UNTOUCHED;
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_base_url(config, "http://a.example"));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_client_new(config, &client));
    CHECK(client == NULL);
    anchor_config_free(config);
}

static void stats_need_somewhere_to_put_them(void)
{
    anchor_client *client = check_client();
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_client_stats(client, NULL));
    anchor_client_free(client);
}

static const struct test_case cases[] = {
    CASE(a_null_client_is_refused),
    CASE(a_null_config_is_refused),
    CASE(client_new_needs_somewhere_to_put_it),
    CASE(client_new_takes_a_null_config),
    CASE(event_names_are_checked),
    CASE(event_names_have_a_length),
    CASE(timeouts_are_checked),
    CASE(data_must_be_one_json_object),
    CASE(refused_data_is_not_quoted),
    CASE(out_parameters_are_zeroed_on_failure),
    CASE(stats_need_somewhere_to_put_them),
};

RUN(cases)
