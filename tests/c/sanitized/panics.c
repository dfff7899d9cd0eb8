/*
 * A panic within the library, which the build for sanitizers makes where ANCHOR_INJECT_PANIC says: the call returns
 * ANCHOR_INTERNAL with the error as JSON, and its handle still works. Where panics abort, this program aborts.
 */
#define _POSIX_C_SOURCE 200809L
#include "../check.h"

static void inject(const char *place)
{
    CHECK(place != NULL ? setenv("ANCHOR_INJECT_PANIC", place, 1) == 0 : unsetenv("ANCHOR_INJECT_PANIC") == 0);
}

static void goes_on(anchor_client *client)
{
    char *json = NULL;
    inject(NULL);
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "goes on", "{\"a\":1}", NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, "goes on", PATIENCE_MS, NULL, &json));
    CHECK_TEXT("{\"data\":{\"a\":1}}", json);
    anchor_string_free(json);
}

static void is_told(char *json)
{
    CHECK_JSON("ANCHOR_INTERNAL", json, "/error/status");
    CHECK_JSON("client", json, "/error/origin");
    CHECK_JSON("true", json, "/error/maybeConsumed"); /* nobody knows */
    anchor_string_free(json);
}

static void making_a_client(void)
{
    anchor_config *config = check_config();
    anchor_client *client = UNTOUCHED;
    inject("client");
    CHECK_STATUS(ANCHOR_INTERNAL, anchor_client_new(config, &client));
    CHECK(client == NULL);
    CHECK_CONTAINS("defect", anchor_config_error(config));
    CHECK_STATUS(ANCHOR_INTERNAL, anchor_client_new(NULL, &client));
    inject(NULL);
    client = check_client_of(config);
    goes_on(client);
    anchor_client_free(client);
}

/* Before the request, and with its answer half read. */
static const char *const places[] = {"request", "answer"};

static void a_wait(void)
{
    anchor_client *client = check_client();
    for (int i = 0; i < 2; i++) {
        char *json = UNTOUCHED;
        inject(places[i]);
        CHECK_STATUS(ANCHOR_INTERNAL, anchor_wait_for_event(client, "quiet", 1, NULL, &json));
        is_told(json);
        CHECK_STATUS(ANCHOR_INTERNAL, anchor_wait_for_event(client, "quiet", 1, NULL, NULL));
        CHECK_STATUS(ANCHOR_INTERNAL, anchor_drain_event(client, "quiet", NULL));
        goes_on(client);
    }
    anchor_client_free(client);
}

static void a_signal(void)
{
    anchor_client *client = check_client();
    for (int i = 0; i < 2; i++) {
        char *json = UNTOUCHED;
        inject(places[i]);
        CHECK_STATUS(ANCHOR_INTERNAL, anchor_signal_event(client, "signaled", NULL, &json));
        is_told(json);
        goes_on(client);
    }
    anchor_client_free(client);
}

static void a_started_wait(void)
{
    anchor_client *client = check_client();
    for (int i = 0; i < 2; i++) {
        char *json = UNTOUCHED;
        anchor_wait *wait = NULL;
        size_t index;
        inject(places[i]);
        CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, "quiet", 1, &wait));
        CHECK_STATUS(ANCHOR_OK, anchor_wait_select(&wait, 1, PATIENCE_MS, &index));
        CHECK_STATUS(ANCHOR_INTERNAL, anchor_wait_finish(wait, 0, &json));
        is_told(json);
        anchor_wait_free(wait);
        goes_on(client);
    }
    anchor_client_free(client);
}

static const struct test_case cases[] = {CASE(making_a_client), CASE(a_wait), CASE(a_signal), CASE(a_started_wait)};

RUN(cases)
