/*
 * A queue and threads: several start waits on it, signal and cancel them, and take from it, in every order that a random generator picks.
 * Each wait gives exactly one completion, with its own answer.
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include <pthread.h>

enum { STARTERS = 3, TAKERS = 3, EACH = 60, ALL = STARTERS * EACH };

static anchor_client *client;
static anchor_queue *queue;
static int started, completed, callbacks; /* counted by all */
static int seen[ALL];

/* A linear congruential generator: the same choices for the same seed. */
static unsigned below(uint64_t *random, unsigned bound)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*random >> 33) % bound;
}

static void use(uint64_t *random, int tag, const char *name, anchor_wait *wait)
{
    char data[32];
    snprintf(data, sizeof data, "{\"n\":%d}", tag);
    switch (below(random, 4)) {
    case 0:
        anchor_wait_cancel(wait);
        break;
    case 1:
        anchor_queue_cancel_all(queue);
        break;
    default:
        CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, name, data, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
        break;
    }
}

static void *start_waits(void *first)
{
    uint64_t random = (uint64_t)*(int *)first;
    char name[32];
    for (int tag = *(int *)first; tag < *(int *)first + EACH; tag++) {
        anchor_wait *wait = NULL;
        int is_kept = below(&random, 2) == 0;
        snprintf(name, sizeof name, "wait %d", tag);
        CHECK_STATUS(ANCHOR_OK, anchor_wait_start_on(client, queue, name, PATIENCE_MS, (uint64_t)tag, NULL, &wait));
        __atomic_fetch_add(&started, 1, __ATOMIC_SEQ_CST);
        if (is_kept) use(&random, tag, name, wait);
        anchor_wait_free(wait);
        if (!is_kept) anchor_queue_cancel_all(queue);
    }
    return NULL;
}

static void check_completion(const anchor_completion *done)
{
    char number[16];
    int tag = (int)anchor_completion_tag(done);
    anchor_status status = anchor_completion_status(done);
    CHECK(tag >= 0 && tag < ALL);
    CHECK(__atomic_fetch_add(&seen[tag], 1, __ATOMIC_SEQ_CST) == 0);
    CHECK(status == ANCHOR_OK || status == ANCHOR_CANCELLED);
    snprintf(number, sizeof number, "%d", tag);
    if (status == ANCHOR_OK) CHECK_JSON(number, anchor_completion_json(done), "/data/n");
}

static void *take_completions(void *token)
{
    anchor_completion *done = NULL;
    anchor_status status;
    while ((status = anchor_queue_next(queue, ANCHOR_NO_TIMEOUT, token, &done)) == ANCHOR_OK) {
        check_completion(done);
        anchor_completion_free(done);
        __atomic_fetch_add(&completed, 1, __ATOMIC_SEQ_CST);
    }
    CHECK_STATUS(ANCHOR_CANCELLED, status);
    return NULL;
}

static void count_callback(void *user_data)
{
    __atomic_fetch_add((int *)user_data, 1, __ATOMIC_SEQ_CST);
}

/* Sets and removes the callback while completions come. */
static void *set_callbacks(void *unused)
{
    while (__atomic_load_n(&completed, __ATOMIC_SEQ_CST) < ALL) {
        CHECK_STATUS(ANCHOR_OK, anchor_queue_set_callback(queue, count_callback, &callbacks));
        check_pause();
        CHECK_STATUS(ANCHOR_OK, anchor_queue_set_callback(queue, NULL, NULL));
    }
    return unused;
}

static void each_wait_gives_one_completion(void)
{
    pthread_t starters[STARTERS], takers[TAKERS], setter;
    int firsts[STARTERS];
    anchor_cancel_token *over = anchor_cancel_token_new();
    client = check_client();
    CHECK_STATUS(ANCHOR_OK, anchor_queue_new(&queue));
    for (int i = 0; i < TAKERS; i++) CHECK(pthread_create(&takers[i], NULL, take_completions, over) == 0);
    CHECK(pthread_create(&setter, NULL, set_callbacks, NULL) == 0);
    for (int i = 0; i < STARTERS; i++) {
        firsts[i] = i * EACH;
        CHECK(pthread_create(&starters[i], NULL, start_waits, &firsts[i]) == 0);
    }
    for (int i = 0; i < STARTERS; i++) CHECK(pthread_join(starters[i], NULL) == 0);
    CHECK(started == ALL);
    anchor_queue_cancel_all(queue);
    CHECK_SOON(__atomic_load_n(&completed, __ATOMIC_SEQ_CST) == ALL);
    CHECK(anchor_queue_running(queue) == 0);
    CHECK(pthread_join(setter, NULL) == 0);
    anchor_cancel_token_cancel(over);
    for (int i = 0; i < TAKERS; i++) CHECK(pthread_join(takers[i], NULL) == 0);
    CHECK(check_count(client, "/dropped") == 0);
    anchor_cancel_token_free(over);
    anchor_queue_free(queue);
    anchor_client_free(client);
}

static const struct test_case cases[] = {
    CASE(each_wait_gives_one_completion),
};

RUN(cases)
