/*
 * Started waits and threads: two threads at a time start, signal, cancel, select, finish and free one wait in every order
 * that a random generator picks; and many waits at once. Each event is accounted for exactly once: delivered, dropped with a wait that
 * was freed, or back at the service.
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include <pthread.h>

enum { PAIRS = 2, ROUNDS = 60, MANY = 200, TAKEN = 1 };

static anchor_client *client;

/* An owner, who starts and frees a wait, and a rival, who uses it meanwhile. */
struct pair {
    char event_name[16];
    pthread_barrier_t barrier;
    anchor_wait *wait;
    int is_over;
    int signaled, delivered; /* counted by both */
};

/* A linear congruential generator: the same choices for the same seed. */
static unsigned below(uint64_t *random, unsigned bound)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*random >> 33) % bound;
}

static void signal_event(struct pair *pair)
{
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, pair->event_name, NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    __atomic_fetch_add(&pair->signaled, 1, __ATOMIC_SEQ_CST);
}

/* Whether one of the threads has taken the wait. */
static int finish(struct pair *pair, int64_t timeout_ms)
{
    anchor_status status = anchor_wait_finish(pair->wait, timeout_ms, NULL);
    if (status == ANCHOR_OK) __atomic_fetch_add(&pair->delivered, 1, __ATOMIC_SEQ_CST);
    /* ANCHOR_NOT_SENT: its time was over before it had connected. */
    CHECK(status == ANCHOR_OK || status == ANCHOR_PENDING || status == ANCHOR_CANCELLED || status == ANCHOR_TIMEOUT
          || status == ANCHOR_NOT_SENT || status == ANCHOR_INVALID_ARGUMENT);
    return status != ANCHOR_PENDING;
}

static int do_something(struct pair *pair, uint64_t *random)
{
    size_t index;
    switch (below(random, 6)) {
    case 0:
        anchor_wait_cancel(pair->wait);
        return 0;
    case 1:
        signal_event(pair);
        return 0;
    case 2: {
        anchor_status status = anchor_wait_select(&pair->wait, 1, below(random, 5), &index);
        CHECK(status == ANCHOR_OK || status == ANCHOR_PENDING || status == ANCHOR_INVALID_ARGUMENT);
        return status == ANCHOR_INVALID_ARGUMENT;
    }
    default:
        return finish(pair, below(random, 5));
    }
}

static void meet(struct pair *pair)
{
    int met = pthread_barrier_wait(&pair->barrier);
    CHECK(met == 0 || met == PTHREAD_BARRIER_SERIAL_THREAD);
}

static void *own(void *argument)
{
    static const int64_t timeouts[] = {ANCHOR_NO_TIMEOUT, PATIENCE_MS, 3, 0};
    struct pair *pair = argument;
    uint64_t random = (uint64_t)pair->event_name[5];
    for (int round = 0; round < ROUNDS; round++) {
        CHECK_STATUS(ANCHOR_OK,
                     anchor_wait_start(client, pair->event_name, timeouts[below(&random, 4)], &pair->wait));
        meet(pair);
        int is_taken = 0;
        for (int i = 0; i < 3; i++) is_taken |= do_something(pair, &random);
        meet(pair);
        if (!is_taken && below(&random, 2) == 0) {
            anchor_wait_cancel(pair->wait);
            CHECK(finish(pair, ANCHOR_NO_TIMEOUT) == TAKEN);
        }
        anchor_wait_free(pair->wait);
    }
    pair->is_over = 1;
    meet(pair);
    return NULL;
}

static void *rival(void *argument)
{
    struct pair *pair = argument;
    uint64_t random = 1000 + (uint64_t)pair->event_name[5];
    for (meet(pair); !pair->is_over; meet(pair)) {
        for (int i = 0; i < 3; i++) do_something(pair, &random);
        meet(pair);
    }
    return NULL;
}

/* The service puts back an event that nobody read, once it has noticed that the waiter has left. */
static void settle(struct pair *pairs)
{
    long signaled = 0, delivered = 0, drained = 0;
    for (int i = 0; i < PAIRS; i++) signaled += pairs[i].signaled, delivered += pairs[i].delivered;
    long dropped = check_count(client, "/answers") - signaled - delivered;
    CHECK(delivered > ROUNDS / 4);
    CHECK_SOON((drained += check_drain(client, pairs[0].event_name) + check_drain(client, pairs[1].event_name))
               >= signaled - delivered - dropped);
    CHECK(delivered + dropped + drained == signaled);
}

static void two_threads_use_one_wait(void)
{
    struct pair pairs[PAIRS];
    pthread_t threads[2 * PAIRS];
    client = check_client();
    for (int i = 0; i < PAIRS; i++) {
        memset(&pairs[i], 0, sizeof pairs[i]);
        snprintf(pairs[i].event_name, sizeof pairs[i].event_name, "pair %d", i);
        CHECK(pthread_barrier_init(&pairs[i].barrier, NULL, 2) == 0);
        CHECK(pthread_create(&threads[2 * i], NULL, own, &pairs[i]) == 0);
        CHECK(pthread_create(&threads[2 * i + 1], NULL, rival, &pairs[i]) == 0);
    }
    for (int i = 0; i < 2 * PAIRS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    for (int i = 0; i < PAIRS; i++) CHECK(pthread_barrier_destroy(&pairs[i].barrier) == 0);
    settle(pairs);
    anchor_client_free(client);
}

/* Half of them are finished, half freed as they are: ended with an answer, or running. */
static void many_are_started_and_none_is_lost(void)
{
    anchor_wait *waits[MANY];
    char name[32], data[32], *json = NULL;
    client = check_client();
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "many %d", i);
        CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, name, ANCHOR_NO_TIMEOUT, &waits[i]));
    }
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "many %d", i);
        snprintf(data, sizeof data, "{\"n\":%d}", i);
        if (i % 4 != 3) CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, name, data, ANCHOR_REQUEST_TIMEOUT, NULL,
                                                                    NULL));
    }
    for (int i = 0; i < MANY; i += 2) {
        snprintf(data, sizeof data, "%d", i);
        CHECK_STATUS(ANCHOR_OK, anchor_wait_finish(waits[i], PATIENCE_MS, &json));
        CHECK_JSON(data, json, "/data/n");
        anchor_string_free(json);
    }
    for (int i = 0; i < MANY; i++) anchor_wait_free(waits[i]);
    anchor_client_free(client);
}

static const struct test_case cases[] = {
    CASE(two_threads_use_one_wait),
    CASE(many_are_started_and_none_is_lost),
};

RUN(cases)
