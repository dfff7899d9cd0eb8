/*
 * What the service answers, as a status and as JSON. The local server makes faults for some names:
 * status_CODE is answered with that HTTP status, html_CODE with a gateway's page, cut breaks off in the middle of the
 * answer, drop and hang do not answer at all.
 */
#define _POSIX_C_SOURCE 200809L
#include "portable.h"

static anchor_client *client_without_retries(void)
{
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_retries(config, 0));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_rearm(config, 0));
    return check_client_of(config);
}

/* What every error JSON holds. */
static void check_error(const char *json, anchor_status status, const char *origin)
{
    CHECK_JSON(anchor_status_name(status), json, "/error/status");
    CHECK_JSON(origin, json, "/error/origin");
    char *message = anchor_json_get(json, "/error/message");
    CHECK(message != NULL && strlen(message) > 3);
    anchor_string_free(message);
    CHECK_JSON("1", json, "/error/attempts");
    char *elapsed = anchor_json_get(json, "/error/elapsedMs");
    CHECK(elapsed != NULL && strtol(elapsed, NULL, 10) >= 0 && strtol(elapsed, NULL, 10) < PATIENCE_MS);
    anchor_string_free(elapsed);
    CHECK(strstr(json, "test-key") == NULL);
}

static anchor_status status_of(int code)
{
    switch (code) {
    case 400:
    case 413:
    case 422:
        return ANCHOR_BAD_REQUEST;
    case 401:
        return ANCHOR_UNAUTHORIZED;
    case 403:
        return ANCHOR_FORBIDDEN;
    case 404:
        return ANCHOR_NOT_FOUND;
    case 429:
        return ANCHOR_RATE_LIMITED;
    default:
        return code >= 500 && code <= 599 ? ANCHOR_SERVER_ERROR : ANCHOR_HTTP_ERROR;
    }
}

static void every_http_status(void)
{
    anchor_client *client = client_without_retries();
    for (int code = 300; code <= 599; code++) {
        char name[32], number[16];
        char *waited = UNTOUCHED, *signaled = UNTOUCHED;
        if (code == 408) continue; /* "not yet", which is not a failure */
        snprintf(name, sizeof name, "status_%d", code);
        snprintf(number, sizeof number, "%d", code);
        CHECK_STATUS(status_of(code), anchor_wait_for_event(client, name, PATIENCE_MS, NULL, &waited));
        CHECK_STATUS(status_of(code), anchor_signal_event(client, name, NULL, ANCHOR_REQUEST_TIMEOUT, NULL, &signaled));
        check_error(waited, status_of(code), "service");
        check_error(signaled, status_of(code), "service");
        CHECK_JSON(number, waited, "/error/code");
        CHECK_JSON(number, signaled, "/error/code");
        CHECK_JSON(code == 502 || code == 504 ? "true" : "false", waited, "/error/maybeConsumed");
        anchor_string_free(waited);
        anchor_string_free(signaled);
    }
    anchor_client_free(client);
}

static void a_timeout_is_the_services_408(void)
{
    anchor_client *client = check_client();
    char *json = UNTOUCHED;
    int64_t begin = check_now_ms();
    CHECK_STATUS(ANCHOR_TIMEOUT, check_short_wait(client, "quiet", 150, &json));
    CHECK(check_now_ms() - begin >= 150);
    CHECK_JSON("408", json, "/error/code");
    CHECK_JSON("ANCHOR_TIMEOUT", json, "/error/status");
    CHECK_JSON("false", json, "/error/maybeConsumed");
    anchor_string_free(json);
    anchor_client_free(client);
}

static void a_timeout_of_zero_asks_once(void)
{
    anchor_client *client = check_client();
    char *json = UNTOUCHED;
    CHECK_STATUS(ANCHOR_TIMEOUT, anchor_wait_for_event(client, "quiet", 0, NULL, &json));
    check_error(json, ANCHOR_TIMEOUT, "service");
    anchor_string_free(json);
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "there", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, "there", 0, NULL, NULL));
    anchor_client_free(client);
}

static void a_key_that_is_not_accepted(void)
{
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_api_key(config, "somebody-elses-key"));
    anchor_client *client = check_client_of(config);
    char *json = UNTOUCHED;
    CHECK_STATUS(ANCHOR_UNAUTHORIZED, anchor_wait_for_event(client, "any", PATIENCE_MS, NULL, &json));
    check_error(json, ANCHOR_UNAUTHORIZED, "service");
    CHECK(strstr(json, "somebody-elses-key") == NULL);
    anchor_string_free(json);
    CHECK_STATUS(ANCHOR_UNAUTHORIZED, anchor_signal_event(client, "any", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_UNAUTHORIZED, anchor_drain_event(client, "any", ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    anchor_client_free(client);
}

static void a_page_instead_of_json(void)
{
    anchor_client *client = client_without_retries();
    char *json = UNTOUCHED;
    CHECK_STATUS(ANCHOR_PROTOCOL, anchor_wait_for_event(client, "html_200", PATIENCE_MS, NULL, &json));
    check_error(json, ANCHOR_PROTOCOL, "client");
    CHECK_JSON("200", json, "/error/code");
    anchor_string_free(json);
    CHECK_STATUS(ANCHOR_PROTOCOL, anchor_signal_event(client, "html_200", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_SERVER_ERROR, anchor_wait_for_event(client, "html_502", PATIENCE_MS, NULL, &json));
    check_error(json, ANCHOR_SERVER_ERROR, "service");
    CHECK_JSON("502", json, "/error/code");
    anchor_string_free(json);
    anchor_client_free(client);
}

/* The server has delivered the event, and its answer never arrived whole. */
static void a_connection_that_breaks(void)
{
    static const char *const names[] = {"cut", "drop"};
    anchor_client *client = client_without_retries();
    for (size_t i = 0; i < 2; i++) {
        char *json = UNTOUCHED;
        CHECK_STATUS(ANCHOR_CONNECTION_LOST, anchor_signal_event(client, names[i], "{}", ANCHOR_REQUEST_TIMEOUT, NULL,
                                                                 &json));
        check_error(json, ANCHOR_CONNECTION_LOST, "client");
        CHECK_JSON("true", json, "/error/maybeConsumed");
        anchor_string_free(json);
        CHECK_STATUS(ANCHOR_CONNECTION_LOST, anchor_wait_for_event(client, names[i], PATIENCE_MS, NULL, &json));
        check_error(json, ANCHOR_CONNECTION_LOST, "client");
        CHECK_JSON("true", json, "/error/maybeConsumed");
        CHECK_JSON(i == 0 ? "receive" : "wait", json, "/error/phase");
        anchor_string_free(json);
    }
    anchor_client_free(client);
}

/* With re-arming, which is the default, the wait goes on, and its timeout reports what happened before. */
static void a_timeout_remembers_a_broken_connection(void)
{
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_grace_ms(config, 100));
    anchor_client *client = check_client_of(config);
    char *json = UNTOUCHED;
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "connected", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_TIMEOUT, check_short_wait(client, "hang", 200, &json));
    CHECK_JSON("client", json, "/error/origin");
    CHECK_JSON("true", json, "/error/maybeConsumed");
    CHECK_JSON(NULL, json, "/error/code");
    char *last = anchor_json_get(json, "/error/lastError");
    CHECK(last != NULL);
    anchor_string_free(last);
    anchor_string_free(json);
    anchor_client_free(client);
}

static void a_signal_has_its_request_timeout(void)
{
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_request_timeout_ms(config, 1000));
    anchor_client *client = check_client_of(config);
    char *json = UNTOUCHED;
    check_connection(client); /* on a busy machine it may not be made within a short timeout */
    CHECK_STATUS(ANCHOR_CONNECTION_LOST, anchor_signal_event(client, "hang", NULL, ANCHOR_REQUEST_TIMEOUT, NULL,
                                                             &json));
    check_error(json, ANCHOR_CONNECTION_LOST, "client");
    CHECK_JSON("true", json, "/error/maybeConsumed");
    anchor_string_free(json);
    anchor_client_free(client);
}

static void an_answer_that_is_too_large(void)
{
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_max_response_bytes(config, 1000));
    anchor_client *client = check_client_of(config);
    char data[2000], *json = UNTOUCHED;
    memset(data, 'x', sizeof data);
    memcpy(data, "{\"a\":\"", 6);
    memcpy(data + sizeof data - 3, "\"}", 3);
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "large", data, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_RESPONSE_TOO_LARGE, anchor_wait_for_event(client, "large", PATIENCE_MS, NULL, &json));
    check_error(json, ANCHOR_RESPONSE_TOO_LARGE, "client");
    CHECK_JSON("true", json, "/error/maybeConsumed");
    anchor_string_free(json);
    anchor_client_free(client);
}

/* A port that is bound, but nobody listens there. */
static void a_service_that_is_not_there(void)
{
    char url[64], *json = UNTOUCHED;
    portable_socket refusing = portable_bound_socket(url, sizeof url);
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_base_url(config, url));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_retries(config, 0));
    anchor_client *client = check_client_of(config);
    CHECK_STATUS(ANCHOR_NOT_SENT, anchor_wait_for_event(client, "any", PATIENCE_MS, NULL, &json));
    check_error(json, ANCHOR_NOT_SENT, "client");
    CHECK_JSON("connect", json, "/error/phase");
    CHECK_JSON("false", json, "/error/maybeConsumed");
    anchor_string_free(json);
    CHECK_STATUS(ANCHOR_NOT_SENT, anchor_signal_event(client, "any", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, &json));
    check_error(json, ANCHOR_NOT_SENT, "client");
    CHECK_JSON("false", json, "/error/maybeConsumed");
    anchor_string_free(json);
    uint32_t drained = 77;
    CHECK_STATUS(ANCHOR_NOT_SENT, anchor_drain_event(client, "any", ANCHOR_REQUEST_TIMEOUT, NULL, &drained));
    CHECK(drained == 0);
    anchor_client_free(client);
    portable_close(refusing);
}

/* The service speaks plain HTTP, the client TLS. */
static void a_service_without_tls(void)
{
    char url[128], *json = UNTOUCHED;
    const char *plain = getenv("ANCHORBROWSER_BASE_URL");
    CHECK_CONTAINS("http://", plain);
    snprintf(url, sizeof url, "https%s", plain + 4);
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_base_url(config, url));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_retries(config, 0));
    anchor_client *client = check_client_of(config);
    CHECK_STATUS(ANCHOR_TLS, anchor_wait_for_event(client, "any", PATIENCE_MS, NULL, &json));
    check_error(json, ANCHOR_TLS, "client");
    CHECK_JSON("tls", json, "/error/phase");
    CHECK_JSON("false", json, "/error/maybeConsumed");
    anchor_string_free(json);
    anchor_client_free(client);
}

static void json_that_is_not_wanted(void)
{
    anchor_client *client = client_without_retries();
    CHECK_STATUS(ANCHOR_NOT_FOUND, anchor_wait_for_event(client, "status_404", PATIENCE_MS, NULL, NULL));
    CHECK_STATUS(ANCHOR_NOT_FOUND, anchor_signal_event(client, "status_404", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "unseen", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, "unseen", PATIENCE_MS, NULL, NULL));
    anchor_client_free(client);
}

static const struct test_case cases[] = {
    CASE(every_http_status),
    CASE(a_timeout_is_the_services_408),
    CASE(a_timeout_of_zero_asks_once),
    CASE(a_key_that_is_not_accepted),
    CASE(a_page_instead_of_json),
    CASE(a_connection_that_breaks),
    CASE(a_timeout_remembers_a_broken_connection),
    CASE(a_signal_has_its_request_timeout),
    CASE(an_answer_that_is_too_large),
    CASE(a_service_that_is_not_there),
    CASE(a_service_without_tls),
    CASE(json_that_is_not_wanted),
};

RUN(cases)
