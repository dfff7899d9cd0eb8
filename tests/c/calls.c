/* A wait returns what a signal carried: byte for byte, first in first out, each once. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

/* The answer of a wait for an event that is there. The caller frees it. */
static char *take(anchor_client *client, const char *name)
{
    char *json = UNTOUCHED;
    CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, name, PATIENCE_MS, NULL, &json));
    return json;
}

static void signal_event(anchor_client *client, const char *name, const char *data)
{
    char *json = UNTOUCHED;
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, name, data, ANCHOR_REQUEST_TIMEOUT, NULL, &json));
    CHECK(json != NULL && json[0] == '{');
    anchor_string_free(json);
}

static void data_arrives_byte_for_byte(void)
{
    static const char *const payloads[] = {
        "{}",
        "{\"code\":\"482913\"}",
        "{ \"spaced\" :\t[ 1 , 2 ] }",
        "{\"z\":1,\"a\":2,\"z\":3}",
        "{\"number\":123456789012345678901234567890.50e-7}",
        "{\"text\":\"caf\xc3\xa9 \xf0\x9f\x98\x80 \\u00e9 \\ud83d\\ude00 \\/ \\\"\"}",
        "{\"nul\":\"a\\u0000b\"}",
        "{\"deep\":[[[[[[[[{\"a\":null}]]]]]]]]}",
    };
    anchor_client *client = check_client();
    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
        char expected[256];
        snprintf(expected, sizeof expected, "{\"data\":%s}", payloads[i]);
        signal_event(client, "bytes", payloads[i]);
        char *json = take(client, "bytes");
        CHECK_TEXT(expected, json);
        CHECK_JSON(payloads[i], json, "/data");
        anchor_string_free(json);
    }
    anchor_client_free(client);
}

static void no_data_is_an_empty_object(void)
{
    anchor_client *client = check_client();
    signal_event(client, "none", NULL);
    char *json = take(client, "none");
    CHECK_TEXT("{\"data\":{}}", json);
    anchor_string_free(json);
    anchor_client_free(client);
}

static void a_large_payload_arrives_whole(void)
{
    enum { LENGTH = 900000 };
    anchor_client *client = check_client();
    char *data = malloc(LENGTH + 1);
    CHECK(data != NULL);
    memset(data, 'x', LENGTH);
    memcpy(data, "{\"a\":\"", 6);
    memcpy(data + LENGTH - 2, "\"}", 3);
    signal_event(client, "large", data);
    char *json = take(client, "large");
    CHECK_JSON(data, json, "/data");
    anchor_string_free(json);
    free(data);
    anchor_client_free(client);
}

/* A name is one segment of a path, whatever characters it has. */
static void any_name_is_an_event_of_its_own(void)
{
    static const char *const names[] = {
        "plain",       "with space", "a/b",          "a/b/wait", "wait",  "/",      "//",      "a%2Fb", "%",  "%00", "?",
        "a?b=c",       "#",          "a#b",          "+",        "&=;:@", "...",    ".hidden", "..a",   "~",  "\\",  "\"",
        "{\"a\":1}",   "\t\n\r",     "\x7f",         "'",        "<b>",   "caf\xc3\xa9", "\xf0\x9f\x98\x80",
        "\xe4\xba\x8b\xe4\xbb\xb6", "a\xcc\x81", "\xc3\xa1", "UPPER", "upper",
    };
    enum { COUNT = sizeof names / sizeof names[0] };
    anchor_client *client = check_client();
    for (int i = 0; i < COUNT; i++) {
        char data[32];
        snprintf(data, sizeof data, "{\"number\":%d}", i);
        signal_event(client, names[i], data);
    }
    for (int i = 0; i < COUNT; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", i);
        char *json = take(client, names[i]);
        CHECK_JSON(number, json, "/data/number");
        anchor_string_free(json);
        CHECK_STATUS(ANCHOR_TIMEOUT, anchor_wait_for_event(client, names[i], 0, NULL, NULL));
    }
    anchor_client_free(client);
}

static void signals_are_taken_in_their_order_and_once(void)
{
    anchor_client *client = check_client();
    signal_event(client, "queue", "{\"n\":1}");
    signal_event(client, "queue", "{\"n\":2}");
    signal_event(client, "queue", "{\"n\":3}");
    for (int i = 1; i <= 3; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", i);
        char *json = take(client, "queue");
        CHECK_JSON(number, json, "/data/n");
        anchor_string_free(json);
    }
    CHECK_STATUS(ANCHOR_TIMEOUT, anchor_wait_for_event(client, "queue", 0, NULL, NULL));
    anchor_client_free(client);
}

static void drain_counts_what_it_drops(void)
{
    anchor_client *client = check_client();
    uint32_t drained = 77;
    CHECK_STATUS(ANCHOR_OK, anchor_drain_event(client, "old", ANCHOR_REQUEST_TIMEOUT, NULL, &drained));
    CHECK(drained == 0);
    for (int i = 0; i < 3; i++) signal_event(client, "old", NULL);
    CHECK_STATUS(ANCHOR_OK, anchor_drain_event(client, "old", ANCHOR_REQUEST_TIMEOUT, NULL, &drained));
    CHECK(drained == 3);
    signal_event(client, "old", NULL);
    CHECK_STATUS(ANCHOR_OK, anchor_drain_event(client, "old", ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_TIMEOUT, anchor_wait_for_event(client, "old", 0, NULL, NULL));
    anchor_client_free(client);
}

static void accounts_do_not_see_each_others_events(void)
{
    anchor_client *mine = check_client();
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_api_key(config, "second-key"));
    anchor_client *theirs = check_client_of(config);
    signal_event(theirs, "shared name", "{\"whose\":\"theirs\"}");
    CHECK_STATUS(ANCHOR_TIMEOUT, anchor_wait_for_event(mine, "shared name", 0, NULL, NULL));
    char *json = take(theirs, "shared name");
    CHECK_JSON("theirs", json, "/data/whose");
    anchor_string_free(json);
    anchor_client_free(mine);
    anchor_client_free(theirs);
}

static void a_replaced_key_is_that_of_later_requests(void)
{
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_slice_ms(config, 50));
    anchor_client *client = check_client_of(config);
    config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_api_key(config, "second-key"));
    anchor_client *theirs = check_client_of(config);
    anchor_wait *wait = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, "theirs", ANCHOR_NO_TIMEOUT, &wait));
    signal_event(theirs, "theirs", NULL);
    CHECK_SOON(check_count(client, "/rearms") > 0);
    CHECK_STATUS(ANCHOR_PENDING, anchor_wait_finish(wait, 0, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_client_set_api_key(client, "second-key"));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_finish(wait, PATIENCE_MS, NULL));
    signal_event(client, "mine", NULL);
    anchor_string_free(take(theirs, "mine"));

    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_client_set_api_key(client, NULL));
    CHECK_TEXT("api_key is NULL", anchor_last_error());
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_client_set_api_key(client, "no\nkey"));
    CHECK_CONTAINS("api_key contains a control character", anchor_last_error());
    signal_event(client, "mine", NULL); /* with the key before */
    anchor_string_free(take(theirs, "mine"));
    CHECK_STATUS(ANCHOR_OK, anchor_client_set_api_key(client, "unknown-key"));
    CHECK_STATUS(ANCHOR_UNAUTHORIZED, anchor_wait_for_event(client, "mine", 0, NULL, NULL));
    anchor_wait_free(wait);
    anchor_client_free(client);
    anchor_client_free(theirs);
}

/* The server never answers these. */
static void a_signal_and_a_drain_end_at_their_timeouts(void)
{
    anchor_client *client = check_client();
    char *json = NULL;
    uint32_t drained = 77;
    check_connection(client);
    int64_t began = check_now_ms();
    CHECK_STATUS(ANCHOR_CONNECTION_LOST, anchor_signal_event(client, "hang", NULL, 500, NULL, &json));
    CHECK(check_now_ms() - began >= 500);
    CHECK_JSON("true", json, "/error/timedOut");
    anchor_string_free(json);
    check_connection(client);
    began = check_now_ms();
    CHECK_STATUS(ANCHOR_TIMEOUT, anchor_drain_event(client, "hang", 500, NULL, &drained));
    CHECK(check_now_ms() - began >= 500 && drained == 0);
    anchor_client_free(client);
}

static void a_drain_without_time_takes_one(void)
{
    anchor_client *client = check_client();
    uint32_t drained = 0;
    signal_event(client, "two", NULL);
    signal_event(client, "two", NULL);
    CHECK_STATUS(ANCHOR_TIMEOUT, anchor_drain_event(client, "two", 0, NULL, &drained));
    CHECK(drained == 1 && check_drain(client, "two") == 1);
    CHECK_STATUS(ANCHOR_OK, anchor_drain_event(client, "two", 0, NULL, &drained));
    CHECK(drained == 0);
    anchor_client_free(client);
}

/* The base URL is understood in the forms that people copy. */
static void every_form_of_the_base_url(void)
{
    static const char *const endings[] = {"", "/", "/v1", "/v1/", "/api/v1", "/api/v1/"};
    anchor_client *sender = check_client();
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        char url[128];
        anchor_config *config = check_config();
        snprintf(url, sizeof url, "%s%s", getenv("ANCHORBROWSER_BASE_URL"), endings[i]);
        CHECK_STATUS(ANCHOR_OK, anchor_config_set_base_url(config, url));
        anchor_client *client = check_client_of(config);
        signal_event(sender, "form", NULL);
        anchor_string_free(take(client, "form"));
        anchor_client_free(client);
    }
    anchor_client_free(sender);
}

static void one_connection_serves_one_thread(void)
{
    anchor_client *client = check_client();
    for (int i = 0; i < 10; i++) {
        signal_event(client, "again", NULL);
        anchor_string_free(take(client, "again"));
    }
    CHECK(check_count(client, "/connectionsMade") == 1);
    CHECK(check_count(client, "/connectionsReused") == 19);
    anchor_client_free(client);
}

/* A wait longer than a slice is made of several requests, which the caller does not see. */
static void a_wait_of_several_slices(void)
{
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_slice_ms(config, 50));
    anchor_client *client = check_client_of(config);
    char *json = UNTOUCHED;
    check_connection(client); /* on a busy machine it may not be made within a short timeout */
    CHECK_STATUS(ANCHOR_TIMEOUT, anchor_wait_for_event(client, "sliced", 2000, NULL, &json));
    CHECK(check_count(client, "/rearms") >= 2);
    char *attempts = anchor_json_get(json, "/error/attempts");
    CHECK(attempts != NULL && strtol(attempts, NULL, 10) == check_count(client, "/rearms") + 1);
    anchor_string_free(attempts);
    anchor_string_free(json);
    anchor_client_free(client);
}

static const struct test_case cases[] = {
    CASE(data_arrives_byte_for_byte),
    CASE(no_data_is_an_empty_object),
    CASE(a_large_payload_arrives_whole),
    CASE(any_name_is_an_event_of_its_own),
    CASE(signals_are_taken_in_their_order_and_once),
    CASE(drain_counts_what_it_drops),
    CASE(accounts_do_not_see_each_others_events),
    CASE(a_replaced_key_is_that_of_later_requests),
    CASE(a_signal_and_a_drain_end_at_their_timeouts),
    CASE(a_drain_without_time_takes_one),
    CASE(every_form_of_the_base_url),
    CASE(one_connection_serves_one_thread),
    CASE(a_wait_of_several_slices),
};

RUN(cases)
