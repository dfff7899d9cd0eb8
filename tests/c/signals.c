/* Signals of the system: a handler may cancel, and a signal ends the calls that ask for it, and no other. */
#define _GNU_SOURCE
#include "queue.h"
#include "waiter.h"
#include <signal.h>

static anchor_cancel_token *token_of_handler;

static void cancel_the_token(int number)
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
    handle(SIGUSR1, cancel_the_token);
    start_waiters(&waiter, 1, client, token_of_handler);
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
    start_waiters(&waiter, 1, client, NULL);
    for (int i = 1; i <= 3; i++) {
        CHECK(pthread_kill(waiter.thread, SIGUSR1) == 0);
        CHECK_SOON(__atomic_load_n(&signals_seen, __ATOMIC_SEQ_CST) == i);
    }
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "never", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
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

static anchor_wait *wait_of_handler;

static void cancel_the_wait(int number)
{
    (void)number;
    anchor_wait_cancel(wait_of_handler);
}

static void *send_signal(void *thread)
{
    CHECK(pthread_kill(*(pthread_t *)thread, SIGUSR1) == 0);
    return NULL;
}

/* The handler runs on a thread that takes from the queue, or is about to. */
static void a_signal_handler_may_cancel_a_wait_on_a_queue(void)
{
    anchor_client *client = check_client();
    anchor_queue *queue = new_queue();
    pthread_t self = pthread_self(), sender;
    handle(SIGUSR1, cancel_the_wait);
    for (uint64_t round = 0; round < 20; round++) {
        CHECK_STATUS(ANCHOR_OK,
                     anchor_wait_start_on(client, queue, "never", ANCHOR_NO_TIMEOUT, round, NULL, &wait_of_handler));
        CHECK(pthread_create(&sender, NULL, send_signal, &self) == 0);
        take(queue, round, ANCHOR_CANCELLED);
        CHECK(pthread_join(sender, NULL) == 0);
        anchor_wait_free(wait_of_handler);
    }
    handle(SIGUSR1, SIG_DFL);
    anchor_queue_free(queue);
    anchor_client_free(client);
}

static const struct test_case cases[] = {
    CASE(a_signal_handler_may_cancel),
    CASE(a_signal_does_not_end_a_call),
    CASE(an_interruptible_call_ends_with_a_signal),
    CASE(a_signal_handler_may_cancel_a_wait_on_a_queue),
};

RUN(cases)
