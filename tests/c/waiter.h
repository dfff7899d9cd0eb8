/* Waits that run on threads of their own, for the programs that cancel or interrupt them. */
#ifndef WAITER_H
#define WAITER_H

#include "check.h"
#include <pthread.h>

/* A wait on a thread of its own. */
struct waiter {
    pthread_t thread;
    anchor_client *client;
    anchor_cancel_token *token;
    const char *event_name;
    int64_t timeout_ms;
    anchor_status status;
    char *json;
};

static inline void *wait_on_thread(void *argument)
{
    struct waiter *waiter = argument;
    waiter->json = UNTOUCHED;
    waiter->status = anchor_wait_for_event(waiter->client, waiter->event_name, waiter->timeout_ms, waiter->token,
                                           &waiter->json);
    return NULL;
}

/* Without a limit, in two ways: adding the longest timeout to the current time would overflow. */
static const int64_t timeouts[] = {ANCHOR_NO_TIMEOUT, INT64_MAX, INT64_MAX - 1, INT64_MAX / 1000000};

static inline void start_waiters(struct waiter *waiters, int count, anchor_client *client, anchor_cancel_token *token)
{
    long before = check_count(client, "/waits");
    for (int i = 0; i < count; i++) {
        waiters[i].client = client;
        waiters[i].token = token;
        waiters[i].event_name = "never";
        waiters[i].timeout_ms = timeouts[(size_t)i % (sizeof timeouts / sizeof timeouts[0])];
        CHECK(pthread_create(&waiters[i].thread, NULL, wait_on_thread, &waiters[i]) == 0);
    }
    CHECK_SOON(check_count(client, "/waits") == before + count);
}

static inline void join_cancelled(struct waiter *waiters, int count)
{
    for (int i = 0; i < count; i++) {
        CHECK(pthread_join(waiters[i].thread, NULL) == 0);
        CHECK_STATUS(ANCHOR_CANCELLED, waiters[i].status);
        CHECK_JSON("ANCHOR_CANCELLED", waiters[i].json, "/error/status");
        CHECK_JSON("client", waiters[i].json, "/error/origin");
        anchor_string_free(waiters[i].json);
    }
}

static inline anchor_cancel_token *new_token(void)
{
    anchor_cancel_token *token = anchor_cancel_token_new();
    CHECK(token != NULL);
    return token;
}

#endif
