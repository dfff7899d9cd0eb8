/* One client used by many threads at once: each gets its own answer, none is lost, none comes twice. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include <pthread.h>

enum { THREADS = 48, ROUNDS = 5 };

static anchor_client *client;
static int taken[THREADS * ROUNDS];

static void in_threads(void *(*run)(void *))
{
    pthread_t threads[THREADS];
    int numbers[THREADS];
    for (int i = 0; i < THREADS; i++) {
        numbers[i] = i;
        CHECK(pthread_create(&threads[i], NULL, run, &numbers[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
}

static int number_in(const char *json, const char *pointer)
{
    char *number = anchor_json_get(json, pointer);
    CHECK(number != NULL);
    int value = atoi(number);
    anchor_string_free(number);
    return value;
}

static void *wait_for_own_event(void *argument)
{
    int number = *(int *)argument;
    char name[32], data[32], *json = NULL;
    snprintf(name, sizeof name, "own %d", number);
    for (int round = 0; round < ROUNDS; round++) {
        snprintf(data, sizeof data, "{\"n\":%d}", number * ROUNDS + round);
        /* Its neighbour's event is signaled, its own waited for. */
        char neighbour[32];
        snprintf(neighbour, sizeof neighbour, "own %d", (number + 1) % THREADS);
        CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, neighbour, data, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
        CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, name, PATIENCE_MS, NULL, &json));
        CHECK(number_in(json, "/data/n") == (number + THREADS - 1) % THREADS * ROUNDS + round);
        anchor_string_free(json);
    }
    return NULL;
}

static void each_thread_gets_its_own_event(void)
{
    client = check_client();
    in_threads(wait_for_own_event);
    CHECK(check_count(client, "/waits") == THREADS * ROUNDS);
    CHECK(check_count(client, "/signals") == THREADS * ROUNDS);
    CHECK(check_count(client, "/answers") == 2 * THREADS * ROUNDS);
    CHECK(check_count(client, "/failures") == 0);
    anchor_client_free(client);
}

static void *wait_for_any_event(void *argument)
{
    (void)argument;
    for (int round = 0; round < ROUNDS; round++) {
        char *json = NULL;
        CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, "shared", PATIENCE_MS, NULL, &json));
        __atomic_fetch_add(&taken[number_in(json, "/data/n")], 1, __ATOMIC_SEQ_CST);
        anchor_string_free(json);
    }
    return NULL;
}

static void *signal_them_all(void *argument)
{
    (void)argument;
    for (int i = 0; i < THREADS * ROUNDS; i++) {
        char data[32];
        snprintf(data, sizeof data, "{\"n\":%d}", i);
        CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "shared", data, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    }
    return NULL;
}

static void each_event_goes_to_one_thread(void)
{
    pthread_t sender;
    client = check_client();
    CHECK(pthread_create(&sender, NULL, signal_them_all, NULL) == 0);
    in_threads(wait_for_any_event);
    CHECK(pthread_join(sender, NULL) == 0);
    for (int i = 0; i < THREADS * ROUNDS; i++) CHECK(taken[i] == 1);
    CHECK_STATUS(ANCHOR_TIMEOUT, anchor_wait_for_event(client, "shared", 0, NULL, NULL));
    anchor_client_free(client);
}

static void *make_and_free(void *argument)
{
    char name[32];
    snprintf(name, sizeof name, "short %d", *(int *)argument);
    for (int round = 0; round < ROUNDS; round++) {
        anchor_client *own = check_client();
        anchor_cancel_token *token = anchor_cancel_token_new();
        CHECK(token != NULL);
        CHECK_STATUS(ANCHOR_OK, anchor_signal_event(own, name, NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
        CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(own, name, PATIENCE_MS, token, NULL));
        anchor_cancel_token_free(token);
        anchor_client_free(own);
    }
    return NULL;
}

/* There is no state outside of handles. */
static void clients_do_not_disturb_each_other(void)
{
    in_threads(make_and_free);
}

static const struct test_case cases[] = {
    CASE(each_thread_gets_its_own_event),
    CASE(each_event_goes_to_one_thread),
    CASE(clients_do_not_disturb_each_other),
};

RUN(cases)
