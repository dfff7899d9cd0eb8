/* Cancel tokens and cancel_all, from the same thread and from others. From a signal handler: signals.c. */
#define _POSIX_C_SOURCE 200809L
#include "waiter.h"

enum { WAITERS = 16 };

static void a_token_is_sticky_until_it_is_reset(void)
{
    anchor_client *client = check_client();
    anchor_cancel_token *token = new_token();
    CHECK_STATUS(ANCHOR_TIMEOUT, anchor_wait_for_event(client, "a", 0, token, NULL));
    anchor_cancel_token_cancel(token);
    anchor_cancel_token_cancel(token);
    for (int i = 0; i < 2; i++) {
        char *json = UNTOUCHED;
        CHECK_STATUS(ANCHOR_CANCELLED, anchor_wait_for_event(client, "a", ANCHOR_NO_TIMEOUT, token, &json));
        CHECK_JSON("0", json, "/error/attempts");
        CHECK_JSON("false", json, "/error/maybeConsumed");
        anchor_string_free(json);
    }
    anchor_cancel_token_reset(token);
    CHECK_STATUS(ANCHOR_TIMEOUT, anchor_wait_for_event(client, "a", 0, token, NULL));
    anchor_cancel_token_free(token);
    anchor_client_free(client);
}

/* An event that no request asked for stays at the service. */
static void a_cancelled_call_takes_no_event(void)
{
    anchor_client *client = check_client();
    anchor_cancel_token *token = new_token();
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "kept", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    anchor_cancel_token_cancel(token);
    CHECK_STATUS(ANCHOR_CANCELLED, anchor_wait_for_event(client, "kept", 1000, token, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, "kept", 0, NULL, NULL));
    anchor_cancel_token_free(token);
    anchor_client_free(client);
}

static void a_token_ends_blocked_calls(void)
{
    struct waiter waiters[WAITERS];
    anchor_client *client = check_client();
    anchor_cancel_token *token = new_token();
    for (int round = 0; round < 3; round++) {
        start_waiters(waiters, WAITERS, client, token);
        anchor_cancel_token_cancel(token);
        join_cancelled(waiters, WAITERS);
        anchor_cancel_token_reset(token);
    }
    anchor_cancel_token_free(token);
    anchor_client_free(client);
}

static void a_cancelled_token_ends_each_call(void)
{
    anchor_client *client = check_client();
    anchor_cancel_token *token = new_token();
    char *json = NULL;
    uint32_t drained = 77;
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "kept", NULL, ANCHOR_REQUEST_TIMEOUT, token, NULL));
    anchor_cancel_token_cancel(token);
    CHECK_STATUS(ANCHOR_CANCELLED, anchor_signal_event(client, "kept", NULL, ANCHOR_NO_TIMEOUT, token, &json));
    CHECK_JSON("0", json, "/error/attempts");
    CHECK_JSON("false", json, "/error/maybeConsumed");
    anchor_string_free(json);
    CHECK_STATUS(ANCHOR_CANCELLED, anchor_drain_event(client, "kept", ANCHOR_NO_TIMEOUT, token, &drained));
    CHECK(drained == 0);
    anchor_cancel_token_reset(token);
    CHECK_STATUS(ANCHOR_OK, anchor_drain_event(client, "kept", ANCHOR_REQUEST_TIMEOUT, token, &drained));
    CHECK(drained == 1);
    anchor_cancel_token_free(token);
    anchor_client_free(client);
}

/* The server never answers it. */
static void *signal_without_end(void *argument)
{
    struct waiter *waiter = argument;
    waiter->status = anchor_signal_event(waiter->client, "hang", NULL, ANCHOR_NO_TIMEOUT, waiter->token, &waiter->json);
    return NULL;
}

static void *drain_without_end(void *argument)
{
    struct waiter *waiter = argument;
    waiter->status = anchor_drain_event(waiter->client, "hang", ANCHOR_NO_TIMEOUT, waiter->token, NULL);
    return NULL;
}

static void a_token_ends_a_signal_and_a_drain_without_limit(void)
{
    anchor_client *client = check_client();
    struct waiter signaling = {.client = client, .token = new_token()};
    struct waiter draining = {.client = client, .token = new_token()};
    CHECK(pthread_create(&signaling.thread, NULL, signal_without_end, &signaling) == 0);
    CHECK(pthread_create(&draining.thread, NULL, drain_without_end, &draining) == 0);
    CHECK_SOON(check_count(client, "/signals") == 1);
    anchor_cancel_token_cancel(signaling.token);
    CHECK(pthread_join(signaling.thread, NULL) == 0);
    CHECK_STATUS(ANCHOR_CANCELLED, signaling.status);
    CHECK_JSON("ANCHOR_CANCELLED", signaling.json, "/error/status");
    anchor_cancel_token_cancel(draining.token);
    CHECK(pthread_join(draining.thread, NULL) == 0);
    CHECK_STATUS(ANCHOR_CANCELLED, draining.status);
    anchor_string_free(signaling.json);
    anchor_cancel_token_free(signaling.token);
    anchor_cancel_token_free(draining.token);
    anchor_client_free(client);
}

static void a_token_is_shared_by_clients(void)
{
    struct waiter here[2], there[2];
    anchor_client *one = check_client(), *other = check_client();
    anchor_cancel_token *token = new_token();
    start_waiters(here, 2, one, token);
    start_waiters(there, 2, other, token);
    anchor_cancel_token_cancel(token);
    join_cancelled(here, 2);
    join_cancelled(there, 2);
    anchor_cancel_token_free(token);
    anchor_client_free(one);
    anchor_client_free(other);
}

static void a_token_ends_only_its_own_calls(void)
{
    struct waiter mine[1], other[1];
    anchor_client *client = check_client();
    anchor_cancel_token *token = new_token(), *other_token = new_token();
    start_waiters(other, 1, client, other_token);
    start_waiters(mine, 1, client, token);
    anchor_cancel_token_cancel(token);
    join_cancelled(mine, 1);
    CHECK(check_count(client, "/cancels") == 1);
    anchor_cancel_token_cancel(other_token);
    join_cancelled(other, 1);
    anchor_cancel_token_free(token);
    anchor_cancel_token_free(other_token);
    anchor_client_free(client);
}

static void cancel_all_ends_what_runs_and_nothing_later(void)
{
    struct waiter with[WAITERS / 2], without[WAITERS / 2];
    anchor_client *client = check_client();
    anchor_cancel_token *token = new_token();
    anchor_client_cancel_all(client); /* nothing runs */
    for (int round = 0; round < 3; round++) {
        start_waiters(with, WAITERS / 2, client, token);
        start_waiters(without, WAITERS / 2, client, NULL);
        anchor_client_cancel_all(client);
        join_cancelled(with, WAITERS / 2);
        join_cancelled(without, WAITERS / 2);
        CHECK_STATUS(ANCHOR_TIMEOUT, anchor_wait_for_event(client, "a", 0, token, NULL));
        CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "after", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
        CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, "after", PATIENCE_MS, NULL, NULL));
    }
    anchor_cancel_token_free(token);
    anchor_client_free(client);
}

static void cancel_all_spares_other_clients(void)
{
    struct waiter waiter;
    anchor_client *client = check_client(), *other = check_client();
    start_waiters(&waiter, 1, other, NULL);
    anchor_client_cancel_all(client);
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "never", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK(pthread_join(waiter.thread, NULL) == 0);
    CHECK_STATUS(ANCHOR_OK, waiter.status);
    anchor_string_free(waiter.json);
    anchor_client_free(client);
    anchor_client_free(other);
}

static const struct test_case cases[] = {
    CASE(a_token_is_sticky_until_it_is_reset),
    CASE(a_cancelled_call_takes_no_event),
    CASE(a_token_ends_blocked_calls),
    CASE(a_cancelled_token_ends_each_call),
    CASE(a_token_ends_a_signal_and_a_drain_without_limit),
    CASE(a_token_is_shared_by_clients),
    CASE(a_token_ends_only_its_own_calls),
    CASE(cancel_all_ends_what_runs_and_nothing_later),
    CASE(cancel_all_spares_other_clients),
};

RUN(cases)
