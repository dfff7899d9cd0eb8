/* Cancel tokens and cancel_all, from the same thread, from others, and from a signal handler. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include <pthread.h>
#include <signal.h>

enum { WAITERS = 16 };

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

static void *wait_on_thread(void *argument)
{
    struct waiter *waiter = argument;
    waiter->json = UNTOUCHED;
    waiter->status = anchor_wait_for_event(waiter->client, waiter->event_name, waiter->timeout_ms, waiter->token,
                                           &waiter->json);
    return NULL;
}

/* Without a limit, in two ways: adding the longest timeout to the current time would overflow. */
static const int64_t timeouts[] = {ANCHOR_NO_TIMEOUT, INT64_MAX, INT64_MAX - 1, INT64_MAX / 1000000};

static void start(struct waiter *waiters, int count, anchor_client *client, anchor_cancel_token *token)
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

static void join_cancelled(struct waiter *waiters, int count)
{
    for (int i = 0; i < count; i++) {
        CHECK(pthread_join(waiters[i].thread, NULL) == 0);
        CHECK_STATUS(ANCHOR_CANCELLED, waiters[i].status);
        CHECK_JSON("ANCHOR_CANCELLED", waiters[i].json, "/error/status");
        CHECK_JSON("client", waiters[i].json, "/error/origin");
        anchor_string_free(waiters[i].json);
    }
}

static anchor_cancel_token *new_token(void)
{
    anchor_cancel_token *token = anchor_cancel_token_new();
    CHECK(token != NULL);
    return token;
}

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
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "kept", NULL, NULL));
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
        start(waiters, WAITERS, client, token);
        anchor_cancel_token_cancel(token);
        join_cancelled(waiters, WAITERS);
        anchor_cancel_token_reset(token);
    }
    anchor_cancel_token_free(token);
    anchor_client_free(client);
}

static void a_token_is_shared_by_clients(void)
{
    struct waiter here[2], there[2];
    anchor_client *one = check_client(), *other = check_client();
    anchor_cancel_token *token = new_token();
    start(here, 2, one, token);
    start(there, 2, other, token);
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
    start(other, 1, client, other_token);
    start(mine, 1, client, token);
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
        start(with, WAITERS / 2, client, token);
        start(without, WAITERS / 2, client, NULL);
        anchor_client_cancel_all(client);
        join_cancelled(with, WAITERS / 2);
        join_cancelled(without, WAITERS / 2);
        CHECK_STATUS(ANCHOR_TIMEOUT, anchor_wait_for_event(client, "a", 0, token, NULL));
        CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "after", NULL, NULL));
        CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, "after", PATIENCE_MS, NULL, NULL));
    }
    anchor_cancel_token_free(token);
    anchor_client_free(client);
}

static void cancel_all_spares_other_clients(void)
{
    struct waiter waiter;
    anchor_client *client = check_client(), *other = check_client();
    start(&waiter, 1, other, NULL);
    anchor_client_cancel_all(client);
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "never", NULL, NULL));
    CHECK(pthread_join(waiter.thread, NULL) == 0);
    CHECK_STATUS(ANCHOR_OK, waiter.status);
    anchor_string_free(waiter.json);
    anchor_client_free(client);
    anchor_client_free(other);
}

static anchor_cancel_token *token_of_handler;

static void on_signal(int number)
{
    (void)number;
    anchor_cancel_token_cancel(token_of_handler);
}

static void handle(int number, void (*handler)(int))
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    CHECK(sigaction(number, &action, NULL) == 0);
}

static void a_signal_handler_may_cancel(void)
{
    struct waiter waiter;
    anchor_client *client = check_client();
    token_of_handler = new_token();
    handle(SIGUSR1, on_signal);
    start(&waiter, 1, client, token_of_handler);
    CHECK(pthread_kill(waiter.thread, SIGUSR1) == 0);
    join_cancelled(&waiter, 1);
    handle(SIGUSR1, SIG_DFL);
    anchor_cancel_token_free(token_of_handler);
    anchor_client_free(client);
}

static int signals_seen; /* counted on one thread, looked at on another */

static void count_signal(int number)
{
    (void)number;
    __atomic_fetch_add(&signals_seen, 1, __ATOMIC_SEQ_CST);
}

/* Without set_interruptible a signal does not end a call. */
static void a_signal_does_not_end_a_call(void)
{
    struct waiter waiter;
    anchor_client *client = check_client();
    handle(SIGUSR1, count_signal);
    __atomic_store_n(&signals_seen, 0, __ATOMIC_SEQ_CST);
    start(&waiter, 1, client, NULL);
    for (int i = 1; i <= 3; i++) {
        CHECK(pthread_kill(waiter.thread, SIGUSR1) == 0);
        CHECK_SOON(__atomic_load_n(&signals_seen, __ATOMIC_SEQ_CST) == i);
    }
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "never", NULL, NULL));
    CHECK(pthread_join(waiter.thread, NULL) == 0);
    CHECK_STATUS(ANCHOR_OK, waiter.status);
    anchor_string_free(waiter.json);
    handle(SIGUSR1, SIG_DFL);
    anchor_client_free(client);
}

static volatile int interrupted_ended;

static void *wait_interruptibly(void *argument)
{
    wait_on_thread(argument);
    __atomic_store_n(&interrupted_ended, 1, __ATOMIC_SEQ_CST);
    return NULL;
}

/* A signal that comes just before the call blocks does not end it, so signals are sent until one does. */
static void an_interruptible_call_ends_with_a_signal(void)
{
    struct waiter waiter = {0};
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_interruptible(config, 1));
    waiter.client = check_client_of(config);
    waiter.event_name = "never";
    waiter.timeout_ms = ANCHOR_NO_TIMEOUT;
    handle(SIGUSR1, count_signal);
    CHECK(pthread_create(&waiter.thread, NULL, wait_interruptibly, &waiter) == 0);
    CHECK_SOON(check_count(waiter.client, "/waits") == 1);
    CHECK_SOON(__atomic_load_n(&interrupted_ended, __ATOMIC_SEQ_CST) || pthread_kill(waiter.thread, SIGUSR1) != 0);
    CHECK(pthread_join(waiter.thread, NULL) == 0);
    CHECK_STATUS(ANCHOR_INTERRUPTED, waiter.status);
    CHECK_JSON("ANCHOR_INTERRUPTED", waiter.json, "/error/status");
    anchor_string_free(waiter.json);
    handle(SIGUSR1, SIG_DFL);
    anchor_client_free(waiter.client);
}

static const struct test_case cases[] = {
    CASE(a_token_is_sticky_until_it_is_reset),
    CASE(a_cancelled_call_takes_no_event),
    CASE(a_token_ends_blocked_calls),
    CASE(a_token_is_shared_by_clients),
    CASE(a_token_ends_only_its_own_calls),
    CASE(cancel_all_ends_what_runs_and_nothing_later),
    CASE(cancel_all_spares_other_clients),
    CASE(a_signal_handler_may_cancel),
    CASE(a_signal_does_not_end_a_call),
    CASE(an_interruptible_call_ends_with_a_signal),
};

RUN(cases)
