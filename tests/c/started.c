/* Started waits in C, and every misuse that has a defined status. Their descriptors in epoll and select: descriptors.c. */
#define _GNU_SOURCE
#include "portable.h"

#ifdef _WIN32
#define HANDLE_OF(wait) anchor_wait_handle(wait)
#else
#define HANDLE_OF(wait) NULL
#endif

static anchor_wait *start(anchor_client *client, const char *name)
{
    anchor_wait *wait = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, name, PATIENCE_MS, &wait));
    CHECK(wait != NULL);
    return wait;
}

static void signal_event(anchor_client *client, const char *name)
{
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, name, "{\"code\":\"1\"}", ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
}

static void finish(anchor_wait *wait)
{
    char *json = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_wait_finish(wait, 0, &json));
    CHECK_TEXT("{\"data\":{\"code\":\"1\"}}", json);
    anchor_string_free(json);
}

static int polled(const anchor_wait *wait, int timeout_ms)
{
    return portable_ready(anchor_wait_fd(wait), HANDLE_OF(wait), timeout_ms);
}

static void poll_sees_the_end_until_it_is_finished(void)
{
    anchor_client *client = check_client();
    anchor_wait *wait = start(client, "polled");
    CHECK(polled(wait, 0) == 0);
    CHECK_STATUS(ANCHOR_PENDING, anchor_wait_finish(wait, 0, NULL));
    CHECK(polled(wait, 0) == 0);
    signal_event(client, "polled");
    for (int i = 0; i < 3; i++) CHECK(polled(wait, PATIENCE_MS) == 1);
    finish(wait);
    CHECK(polled(wait, 0) == 0);
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_finish(wait, 0, NULL));
    CHECK(polled(wait, 0) == 0);
    anchor_wait_free(wait);
    anchor_client_free(client);
}

static void select_passes_over_null_and_finished(void)
{
    anchor_client *client = check_client();
    anchor_wait *a = start(client, "a"), *b = start(client, "b");
    anchor_wait *waits[] = {NULL, b, a, b, NULL};
    size_t index = 99;
    CHECK_STATUS(ANCHOR_PENDING, anchor_wait_select(waits, 5, 0, &index));
    CHECK(index == 5);
    signal_event(client, "a");
    CHECK_STATUS(ANCHOR_OK, anchor_wait_select(waits, 5, ANCHOR_NO_TIMEOUT, &index));
    CHECK(index == 2);
    finish(a);
    CHECK_STATUS(ANCHOR_PENDING, anchor_wait_select(waits, 5, 20, &index));
    signal_event(client, "b");
    CHECK_STATUS(ANCHOR_OK, anchor_wait_select(waits, 5, PATIENCE_MS, &index));
    CHECK(index == 1);
    finish(b);
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_select(waits, 5, ANCHOR_NO_TIMEOUT, &index));
    CHECK(index == 5);
    anchor_wait_free(a);
    anchor_wait_free(b);
    anchor_client_free(client);
}

static void select_of_nothing_is_refused(void)
{
    anchor_client *client = check_client();
    anchor_wait *wait = start(client, "nothing"), *nothing[] = {NULL, NULL};
    size_t index = 99;
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_select(nothing, 2, ANCHOR_NO_TIMEOUT, &index));
    CHECK(index == 2);
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_select(&wait, 0, ANCHOR_NO_TIMEOUT, &index));
    CHECK(index == 0);
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_select(NULL, 1, 0, &index));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_select(NULL, 0, 0, &index));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_select(&wait, 1, 0, NULL));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_select(&wait, 1, -2, &index));
    CHECK_STATUS(ANCHOR_PENDING, anchor_wait_select(&wait, 1, 0, &index));
    anchor_wait_free(wait);
    anchor_client_free(client);
}

static void wrong_arguments_are_refused(void)
{
    anchor_client *client = check_client();
    anchor_wait *wait = UNTOUCHED;
    char *json = UNTOUCHED;
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_start(NULL, "e", 0, &wait));
    CHECK(wait == NULL);
    const char *names[] = {NULL, "", ".", "..", "\xff"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        wait = UNTOUCHED;
        CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_start(client, names[i], 0, &wait));
        CHECK(wait == NULL);
    }
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_start(client, "e", -2, &wait));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_start(client, "e", INT64_MIN, &wait));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_start(client, "e", 0, NULL));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_finish(NULL, 0, &json));
    CHECK_CONTAINS("wait is NULL", json);
    anchor_string_free(json);
    CHECK(anchor_wait_fd(NULL) == -1);
    anchor_wait_cancel(NULL);
    anchor_wait_free(NULL);

    wait = start(client, "e");
    signal_event(client, "e");
    CHECK(polled(wait, PATIENCE_MS) == 1);
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_finish(wait, -2, NULL));
    finish(wait); /* nothing was taken */
    anchor_wait_free(wait);
    anchor_client_free(client);
}

static void errors_come_as_json(void)
{
    anchor_client *client = check_client();
    anchor_wait *wait = start(client, "cancelled");
    char *json = NULL;
    CHECK_STATUS(ANCHOR_PENDING, anchor_wait_finish(wait, 1, &json));
    CHECK_JSON("ANCHOR_PENDING", json, "/error/status");
    anchor_string_free(json);
    anchor_wait_cancel(wait);
    CHECK_STATUS(ANCHOR_CANCELLED, anchor_wait_finish(wait, ANCHOR_NO_TIMEOUT, &json));
    CHECK_JSON("ANCHOR_CANCELLED", json, "/error/status");
    anchor_string_free(json);
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_finish(wait, ANCHOR_NO_TIMEOUT, &json));
    CHECK_CONTAINS("finished already", json);
    anchor_string_free(json);
    anchor_wait_free(wait);
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, "status_403", INT64_MAX, &wait));
    CHECK_STATUS(ANCHOR_FORBIDDEN, anchor_wait_finish(wait, INT64_MAX, &json));
    CHECK_JSON("403", json, "/error/code");
    anchor_string_free(json);
    anchor_wait_free(wait);
    anchor_client_free(client);
}

static void free_ends_what_runs_and_drops_what_was_not_taken(void)
{
    anchor_client *client = check_client();
    anchor_wait *running = start(client, "runs"), *ended = start(client, "ended");
    signal_event(client, "ended");
    CHECK(polled(ended, PATIENCE_MS) == 1);
    anchor_client_free(client); /* started waits live on */
    anchor_wait_free(ended);
    anchor_wait_free(running);
}

static const struct test_case cases[] = {
    CASE(poll_sees_the_end_until_it_is_finished),
    CASE(select_passes_over_null_and_finished),
    CASE(select_of_nothing_is_refused),
    CASE(wrong_arguments_are_refused),
    CASE(errors_come_as_json),
    CASE(free_ends_what_runs_and_drops_what_was_not_taken),
};

RUN(cases)
