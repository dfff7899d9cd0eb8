/* How waits on a queue end before their time: by their handle, all at once, or with the queue. */
#define _GNU_SOURCE
#include "queue.h"

static void the_handle_of_its_wait_only_cancels(void)
{
    anchor_client *client = check_client();
    anchor_queue *queue = new_queue();
    anchor_wait *wait = NULL, *freed = NULL, *other = NULL;
    size_t index = 99;
    char *json = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start_on(client, queue, "a", ANCHOR_NO_TIMEOUT, 1, NULL, &wait));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start_on(client, queue, "b", ANCHOR_NO_TIMEOUT, 2, NULL, &freed));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, "c", ANCHOR_NO_TIMEOUT, &other));
    anchor_wait_free(freed); /* which does not cancel it */
    CHECK(anchor_wait_fd(wait) == -1);
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_finish(wait, 0, &json));
    CHECK_CONTAINS("on a queue", json);
    anchor_string_free(json);
    anchor_wait *waits[] = {other, wait};
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_select(waits, 2, 0, &index));
    CHECK(index == 2);
    anchor_wait_cancel(wait);
    take(queue, 1, ANCHOR_CANCELLED);
    anchor_wait_cancel(wait); /* too late */
    anchor_wait_free(wait);
    signal_event(client, "b");
    take(queue, 2, ANCHOR_OK);
    anchor_wait_free(other);
    anchor_queue_free(queue);
    anchor_client_free(client);
}

static void a_token_ends_the_taking_and_not_the_waits(void)
{
    anchor_client *client = check_client();
    anchor_queue *queue = new_queue();
    anchor_cancel_token *token = anchor_cancel_token_new();
    anchor_completion *done = UNTOUCHED;
    start(client, queue, "kept", 1);
    anchor_cancel_token_cancel(token);
    CHECK_STATUS(ANCHOR_CANCELLED, anchor_queue_next(queue, ANCHOR_NO_TIMEOUT, token, &done));
    CHECK(done == NULL && anchor_queue_running(queue) == 1);
    signal_event(client, "kept");
    CHECK(polled(queue, PATIENCE_MS) == 1);
    CHECK_STATUS(ANCHOR_OK, anchor_queue_next(queue, 0, token, &done)); /* what is there wins */
    anchor_completion_free(done);
    anchor_cancel_token_free(token);
    anchor_queue_free(queue);
    anchor_client_free(client);
}

static void cancel_all_ends_what_runs_and_nothing_later(void)
{
    enum { COUNT = 20 };
    anchor_client *client = check_client();
    anchor_queue *queue = new_queue(), *other = new_queue();
    start(client, other, "spared", 1);
    for (uint64_t tag = 0; tag < COUNT; tag++) start(client, queue, "never", tag);
    anchor_queue_cancel_all(queue);
    start(client, queue, "later", COUNT);
    for (int i = 0; i < COUNT; i++) {
        anchor_completion *done = next(queue);
        CHECK(anchor_completion_tag(done) < COUNT);
        CHECK_STATUS(ANCHOR_CANCELLED, anchor_completion_status(done));
        anchor_completion_free(done);
    }
    signal_event(client, "later");
    take(queue, COUNT, ANCHOR_OK);
    signal_event(client, "spared");
    take(other, 1, ANCHOR_OK);
    anchor_queue_free(queue);
    anchor_queue_free(other);
    anchor_client_free(client);
}

static void count_callback(void *user_data)
{
    (*(int *)user_data)++;
}

/* A wait may end while or after its queue is freed, and the callback's data is gone then; valgrind and the sanitizers look. */
static void free_cancels_drops_and_counts(void)
{
    anchor_client *client = check_client();
    anchor_wait *wait = NULL;
    for (int round = 0; round < 3; round++) {
        anchor_queue *queue = new_queue();
        int *calls = calloc(1, sizeof *calls);
        CHECK(calls != NULL);
        start(client, queue, "dropped", 1);
        signal_event(client, "dropped");
        CHECK(polled(queue, PATIENCE_MS) == 1);
        for (int i = 0; i < 10; i++) start(client, queue, "never", 2);
        CHECK_STATUS(ANCHOR_OK, anchor_wait_start_on(client, queue, "never", ANCHOR_NO_TIMEOUT, 3, NULL, &wait));
        CHECK_STATUS(ANCHOR_OK, anchor_queue_set_callback(queue, count_callback, calls));
        CHECK(*calls == 1);
        anchor_queue_free(queue);
        free(calls);
        anchor_wait_cancel(wait);
        anchor_wait_free(wait);
        CHECK(check_count(client, "/dropped") == round + 1);
        CHECK_SOON(check_count(client, "/cancels") == 11 * (round + 1));
    }
    anchor_client_free(client);
    CHECK_SOON(portable_library_threads() == 0);
}

static const struct test_case cases[] = {
    CASE(the_handle_of_its_wait_only_cancels),
    CASE(a_token_ends_the_taking_and_not_the_waits),
    CASE(cancel_all_ends_what_runs_and_nothing_later),
    CASE(free_cancels_drops_and_counts),
};

RUN(cases)
