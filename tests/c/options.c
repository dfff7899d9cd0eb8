/* Options of one call: what they accept, that they count for this call alone, and that a started wait has a copy. The server
 * answers with the x-request-id of the request, so the error of a call shows with which options it was made. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#define NOT_UTF_8 "caf\xe9"

#define CHECK_REFUSED(part, call) \
    do { \
        CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, call); \
        CHECK_CONTAINS(part, anchor_last_error()); \
    } while (0)

#define CHECK_TAKEN(call) \
    do { \
        CHECK_STATUS(ANCHOR_OK, call); \
        CHECK_TEXT(NULL, anchor_last_error()); \
    } while (0)

static anchor_options *new_options(void)
{
    anchor_options *options = anchor_options_new();
    CHECK(options != NULL);
    return options;
}

static anchor_options *with_id(const char *id)
{
    anchor_options *options = new_options();
    CHECK_STATUS(ANCHOR_OK, anchor_options_set_request_id(options, id));
    return options;
}

/* The error of a call was made with this id, or with none. */
static void check_id(const char *id, char *json)
{
    CHECK_JSON(id, json, "/error/requestId");
    anchor_string_free(json);
}

static void null_options_are_refused_by_setters(void)
{
    CHECK_REFUSED("options is NULL", anchor_options_set_retries(NULL, 1));
    CHECK_REFUSED("options is NULL", anchor_options_set_rearm(NULL, 1));
    CHECK_REFUSED("options is NULL", anchor_options_set_slice_ms(NULL, 1));
    CHECK_REFUSED("options is NULL", anchor_options_add_header(NULL, "a", "b"));
    CHECK_REFUSED("options is NULL", anchor_options_set_request_id(NULL, "a"));
    anchor_options_free(NULL);
}

static void setters_check_their_arguments(void)
{
    static char text[4097 + 1];
    anchor_options *options = new_options();
    memset(text, 'x', 4097);
    CHECK_TAKEN(anchor_options_set_retries(options, 0));
    CHECK_TAKEN(anchor_options_set_retries(options, ANCHOR_RETRY_ALWAYS));
    CHECK_TAKEN(anchor_options_set_rearm(options, 0));
    CHECK_TAKEN(anchor_options_set_rearm(options, 1));
    CHECK_REFUSED("rearm is neither 0 nor 1", anchor_options_set_rearm(options, 2));
    CHECK_REFUSED("rearm is neither 0 nor 1", anchor_options_set_rearm(options, -1));
    CHECK_TAKEN(anchor_options_set_slice_ms(options, 1));
    CHECK_TAKEN(anchor_options_set_slice_ms(options, 86400000));
    CHECK_REFUSED("slice_ms is ", anchor_options_set_slice_ms(options, 0));
    CHECK_REFUSED("slice_ms is negative", anchor_options_set_slice_ms(options, -1));
    CHECK_REFUSED("slice_ms is ", anchor_options_set_slice_ms(options, 86400001));
    CHECK_REFUSED("slice_ms is ", anchor_options_set_slice_ms(options, INT64_MAX));
    CHECK_TAKEN(anchor_options_add_header(options, "x-gate", ""));
    CHECK_REFUSED("name is NULL", anchor_options_add_header(options, NULL, "a"));
    CHECK_REFUSED("value is NULL", anchor_options_add_header(options, "a", NULL));
    CHECK_REFUSED("value is not UTF-8", anchor_options_add_header(options, "a", NOT_UTF_8));
    CHECK_REFUSED("header is host", anchor_options_add_header(options, "Host", "a"));
    CHECK_REFUSED("header is x-request-id", anchor_options_add_header(options, "x-request-id", "a"));
    CHECK_REFUSED("header has a value", anchor_options_add_header(options, "a", "b\r\nc: d"));
    CHECK_REFUSED("header has a value longer than 4096", anchor_options_add_header(options, "a", text));
    CHECK_REFUSED("request_id is NULL", anchor_options_set_request_id(options, NULL));
    CHECK_REFUSED("request_id is not of 1 to 256 bytes", anchor_options_set_request_id(options, ""));
    CHECK_REFUSED("request_id is not of 1 to 256 bytes", anchor_options_set_request_id(options, text));
    CHECK_REFUSED("request_id contains a space", anchor_options_set_request_id(options, "a b"));
    CHECK_REFUSED("request_id is not UTF-8", anchor_options_set_request_id(options, NOT_UTF_8));
    text[256] = '\0';
    CHECK_TAKEN(anchor_options_set_request_id(options, text));
    anchor_options_free(options);
}

static void calls_with_options_check_their_other_arguments(void)
{
    anchor_client *client = check_client();
    anchor_options *options = with_id("id");
    anchor_wait *wait = UNTOUCHED;
    uint32_t drained = 77;
    CHECK_REFUSED("client is NULL", anchor_wait_for_event_with(NULL, "a", 0, options, NULL, NULL));
    CHECK_REFUSED("event_name is NULL", anchor_wait_for_event_with(client, NULL, 0, options, NULL, NULL));
    CHECK_REFUSED("timeout_ms", anchor_wait_for_event_with(client, "a", ANCHOR_REQUEST_TIMEOUT, options, NULL, NULL));
    CHECK_REFUSED("timeout_ms is 0", anchor_signal_event_with(client, "a", NULL, 0, options, NULL, NULL));
    CHECK_REFUSED("data_json is ", anchor_signal_event_with(client, "a", "[]", 1000, options, NULL, NULL));
    CHECK_REFUSED("timeout_ms", anchor_drain_event_with(client, "a", -3, options, NULL, &drained));
    CHECK(drained == 0);
    CHECK_REFUSED("event_name is empty", anchor_wait_start_with(client, "", 0, options, &wait));
    CHECK(wait == NULL);
    CHECK_REFUSED("out is NULL", anchor_wait_start_with(client, "a", 0, options, NULL));
    CHECK(check_count(client, "/connectionsMade") == 0);
    anchor_options_free(options);
    anchor_client_free(client);
}

static void without_options_the_settings_count(void)
{
    anchor_client *client = check_client();
    anchor_wait *wait = NULL;
    char *json = NULL;
    uint32_t drained = 0;
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event_with(client, "none", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event_with(client, "none", PATIENCE_MS, NULL, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_drain_event_with(client, "none", ANCHOR_REQUEST_TIMEOUT, NULL, NULL, &drained));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start_with(client, "status_403", PATIENCE_MS, NULL, &wait));
    CHECK_STATUS(ANCHOR_FORBIDDEN, anchor_wait_finish(wait, PATIENCE_MS, &json));
    check_id(NULL, json);
    anchor_wait_free(wait);
    anchor_client_free(client);
}

static void each_call_carries_its_id(void)
{
    anchor_client *client = check_client();
    anchor_options *options = with_id("id-1");
    char *json = NULL;
    for (int i = 0; i < 2; i++) { /* any number of calls may use them */
        CHECK_STATUS(ANCHOR_FORBIDDEN, anchor_wait_for_event_with(client, "status_403", PATIENCE_MS, options, NULL, &json));
        check_id("id-1", json);
        CHECK_STATUS(ANCHOR_FORBIDDEN, anchor_signal_event_with(client, "status_403", NULL, ANCHOR_REQUEST_TIMEOUT,
                                                                options, NULL, &json));
        check_id("id-1", json);
    }
    CHECK_STATUS(ANCHOR_FORBIDDEN, anchor_wait_for_event(client, "status_403", PATIENCE_MS, NULL, &json));
    check_id(NULL, json); /* the settings again */
    anchor_options_free(options);
    anchor_client_free(client);
}

static void started_waits_have_a_copy(void)
{
    anchor_client *client = check_client();
    anchor_queue *queue = NULL;
    anchor_completion *done = NULL;
    anchor_wait *wait = NULL;
    char *json = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_queue_new(&queue));

    anchor_options *options = with_id("started");
    CHECK_STATUS(ANCHOR_OK, anchor_options_set_slice_ms(options, 50));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start_with(client, "quiet", 2000, options, &wait));
    CHECK_STATUS(ANCHOR_OK, anchor_options_set_request_id(options, "queued"));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start_on(client, queue, "quiet", 2000, 1, options, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_options_set_request_id(options, "changed"));
    anchor_options_free(options);

    CHECK_STATUS(ANCHOR_TIMEOUT, anchor_wait_finish(wait, PATIENCE_MS, &json));
    check_id("started", json);
    CHECK_STATUS(ANCHOR_OK, anchor_queue_next(queue, PATIENCE_MS, NULL, &done));
    CHECK_STATUS(ANCHOR_TIMEOUT, anchor_completion_status(done));
    CHECK_JSON("queued", anchor_completion_json(done), "/error/requestId");
    CHECK(check_count(client, "/rearms") >= 4); /* by the slice */
    anchor_completion_free(done);
    anchor_wait_free(wait);
    anchor_queue_free(queue);
    anchor_client_free(client);
}

/* Nobody listens there. */
static void the_retries_of_the_call_count(void)
{
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_base_url(config, "http://127.0.0.1:1"));
    anchor_client *client = check_client_of(config);
    anchor_options *options = new_options();
    for (uint32_t retries = 0; retries < 2; retries++) {
        const char *attempts = retries == 0 ? "1" : "2";
        char *json = NULL;
        CHECK_STATUS(ANCHOR_OK, anchor_options_set_retries(options, retries));
        CHECK_STATUS(ANCHOR_NOT_SENT, anchor_wait_for_event_with(client, "a", ANCHOR_NO_TIMEOUT, options, NULL, &json));
        CHECK_JSON(attempts, json, "/error/attempts");
        anchor_string_free(json);
        CHECK_STATUS(ANCHOR_NOT_SENT, anchor_signal_event_with(client, "a", NULL, ANCHOR_NO_TIMEOUT, options, NULL, &json));
        CHECK_JSON(attempts, json, "/error/attempts");
        anchor_string_free(json);
    }
    anchor_options_free(options);
    anchor_client_free(client);
}

/* The server takes the event and hangs up. With re-arming the wait asks again, until the time is over. */
static void rearming_of_the_call_counts(void)
{
    anchor_client *client = check_client();
    anchor_options *options = new_options();
    char *json = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_options_set_rearm(options, 0));
    CHECK_STATUS(ANCHOR_CONNECTION_LOST, anchor_signal_event(client, "drop", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_CONNECTION_LOST, anchor_wait_for_event_with(client, "drop", PATIENCE_MS, options, NULL, &json));
    CHECK_JSON("1", json, "/error/attempts");
    anchor_string_free(json);
    anchor_options_free(options);
    anchor_client_free(client);
}

static void a_drain_carries_its_header_and_its_id(void)
{
    anchor_client *client = check_client();
    anchor_options *options = new_options();
    CHECK_STATUS(ANCHOR_OK, anchor_drain_event(client, "a", ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    long plain = check_count(client, "/bytesSent");
    CHECK_STATUS(ANCHOR_OK, anchor_options_add_header(options, "x-gate", "open"));
    CHECK_STATUS(ANCHOR_OK, anchor_options_set_request_id(options, "id-1"));
    CHECK_STATUS(ANCHOR_OK, anchor_drain_event_with(client, "a", ANCHOR_REQUEST_TIMEOUT, options, NULL, NULL));
    long more = (long)strlen("x-gate: open\r\nx-request-id: id-1\r\n");
    CHECK(check_count(client, "/bytesSent") == 2 * plain + more);
    anchor_options_free(options);
    anchor_client_free(client);
}

static const struct test_case cases[] = {
    CASE(null_options_are_refused_by_setters),
    CASE(setters_check_their_arguments),
    CASE(calls_with_options_check_their_other_arguments),
    CASE(without_options_the_settings_count),
    CASE(each_call_carries_its_id),
    CASE(started_waits_have_a_copy),
    CASE(the_retries_of_the_call_count),
    CASE(rearming_of_the_call_counts),
    CASE(a_drain_carries_its_header_and_its_id),
};

RUN(cases)
