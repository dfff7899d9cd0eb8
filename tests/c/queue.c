/*
 * A completion queue: what it gives, and when its descriptor and its callback report that. How it ends: queue_end.c. In epoll:
 * descriptors.c.
 */
#define _GNU_SOURCE
#include "queue.h"
#include <pthread.h>

static void a_completion_has_the_tag_and_the_answer(void)
{
    anchor_client *client = check_client();
    anchor_queue *queue = new_queue();
    CHECK(anchor_queue_running(queue) == 0 && polled(queue, 0) == 0);
    start(client, queue, "tagged", UINT64_MAX);
    CHECK(anchor_queue_running(queue) == 1 && polled(queue, 0) == 0);
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "tagged", "{\"n\":1}", ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK(polled(queue, PATIENCE_MS) == 1 && polled(queue, PATIENCE_MS) == 1);
    CHECK(anchor_queue_running(queue) == 1);
    anchor_completion *done = next(queue);
    CHECK(anchor_queue_running(queue) == 0 && polled(queue, 0) == 0);
    anchor_queue_free(queue);
    anchor_client_free(client);
    CHECK(anchor_completion_tag(done) == UINT64_MAX); /* it outlives them */
    CHECK_STATUS(ANCHOR_OK, anchor_completion_status(done));
    CHECK_TEXT("{\"data\":{\"n\":1}}", anchor_completion_json(done));
    CHECK(anchor_completion_json(done) == anchor_completion_json(done));
    anchor_completion_free(done);
}

static void a_failure_is_in_the_completion(void)
{
    anchor_client *client = check_client();
    anchor_queue *queue = new_queue();
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start_on(client, queue, "status_403", PATIENCE_MS, 3, NULL, NULL));
    anchor_completion *done = next(queue);
    CHECK_STATUS(ANCHOR_FORBIDDEN, anchor_completion_status(done));
    CHECK_JSON("403", anchor_completion_json(done), "/error/code");
    anchor_completion_free(done);
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start_on(client, queue, "quiet", 0, 4, NULL, NULL));
    take(queue, 4, ANCHOR_TIMEOUT);
    anchor_queue_free(queue);
    anchor_client_free(client);
}

static void wrong_arguments_are_refused(void)
{
    anchor_client *client = check_client();
    anchor_queue *queue = new_queue();
    anchor_wait *wait = UNTOUCHED;
    anchor_completion *done = UNTOUCHED;
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_queue_new(NULL));
    CHECK(anchor_queue_fd(NULL) == -1 && anchor_queue_handle(NULL) == NULL);
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_queue_set_callback(NULL, NULL, NULL));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_start_on(NULL, queue, "e", 0, 1, NULL, &wait));
    CHECK(wait == NULL);
    CHECK_TEXT("client is NULL", anchor_last_error());
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_start_on(client, NULL, "e", 0, 1, NULL, &wait));
    CHECK_TEXT("queue is NULL", anchor_last_error());
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_start_on(client, queue, NULL, 0, 1, NULL, &wait));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_start_on(client, queue, "..", 0, 1, NULL, NULL));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_start_on(client, queue, "e", -2, 1, NULL, &wait));
    CHECK(anchor_queue_running(queue) == 0);

    start(client, queue, "e", 1);
    signal_event(client, "e");
    CHECK(polled(queue, PATIENCE_MS) == 1);
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_queue_next(NULL, 0, NULL, &done));
    CHECK(done == NULL);
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_queue_next(queue, 0, NULL, NULL));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_queue_next(queue, -2, NULL, &done));
    take(queue, 1, ANCHOR_OK); /* nothing was taken */

    CHECK(anchor_queue_running(NULL) == 0 && anchor_completion_tag(NULL) == 0);
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_completion_status(NULL));
    CHECK(anchor_completion_json(NULL) == NULL);
    anchor_completion_free(NULL);
    anchor_queue_cancel_all(NULL);
    anchor_queue_free(NULL);
    anchor_queue_free(queue);
    anchor_client_free(client);
}

static void taking_does_not_change_the_last_error(void)
{
    anchor_client *client = check_client();
    anchor_queue *queue = new_queue();
    anchor_completion *done = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start_on(client, queue, "quiet", 0, 1, NULL, NULL));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_start_on(client, queue, "..", 0, 2, NULL, NULL));
    take(queue, 1, ANCHOR_TIMEOUT);
    CHECK_STATUS(ANCHOR_PENDING, anchor_queue_next(queue, 0, NULL, &done));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_queue_next(queue, -2, NULL, &done));
    CHECK_CONTAINS("event_name is . or ..", anchor_last_error());
    anchor_queue_free(queue);
    anchor_client_free(client);
}

/* What a program's event loop has: the callback wakes it. */
struct loop {
    pthread_mutex_t lock;
    pthread_cond_t woken;
    int calls, seen;
    pthread_t thread;
};

static void wake(void *user_data)
{
    struct loop *loop = user_data;
    pthread_mutex_lock(&loop->lock);
    loop->calls++;
    loop->thread = pthread_self();
    pthread_cond_signal(&loop->woken);
    pthread_mutex_unlock(&loop->lock);
}

/* Blocks until it is woken once more than before, and returns how often that was. */
static int called(struct loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    while (loop->calls == loop->seen) pthread_cond_wait(&loop->woken, &loop->lock);
    int calls = loop->seen = loop->calls;
    pthread_mutex_unlock(&loop->lock);
    return calls;
}

static void the_callback_wakes_a_loop(void)
{
    anchor_client *client = check_client();
    anchor_queue *queue = new_queue();
    struct loop *loop = calloc(1, sizeof *loop);
    CHECK(loop != NULL && pthread_mutex_init(&loop->lock, NULL) == 0 && pthread_cond_init(&loop->woken, NULL) == 0);
    CHECK_STATUS(ANCHOR_OK, anchor_queue_set_callback(queue, wake, loop));
    for (int round = 1; round <= 3; round++) {
        start(client, queue, "called", 1);
        start(client, queue, "called", 1);
        signal_event(client, "called");
        CHECK(called(loop) == 2 * round - 1);
        CHECK(!pthread_equal(loop->thread, pthread_self()));
        take(queue, 1, ANCHOR_OK); /* and it is empty again */
        signal_event(client, "called");
        CHECK(called(loop) == 2 * round);
        take(queue, 1, ANCHOR_OK);
    }
    start(client, queue, "called", 1);
    signal_event(client, "called");
    CHECK(called(loop) == 7);
    CHECK_STATUS(ANCHOR_OK, anchor_queue_set_callback(queue, wake, loop));
    CHECK(called(loop) == 8 && pthread_equal(loop->thread, pthread_self())); /* at once */
    CHECK_STATUS(ANCHOR_OK, anchor_queue_set_callback(queue, NULL, NULL));
    pthread_cond_destroy(&loop->woken);
    pthread_mutex_destroy(&loop->lock);
    free(loop);
    start(client, queue, "called", 2);
    signal_event(client, "called");
    take(queue, 1, ANCHOR_OK);
    take(queue, 2, ANCHOR_OK);
    anchor_queue_free(queue);
    anchor_client_free(client);
}

static void a_wait_outlives_its_client(void)
{
    anchor_client *client = check_client(), *other = check_client();
    anchor_queue *queue = new_queue();
    anchor_wait *wait = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start_on(client, queue, "orphan", ANCHOR_NO_TIMEOUT, 1, NULL, &wait));
    anchor_client_free(client);
    signal_event(other, "orphan");
    take(queue, 1, ANCHOR_OK);
    anchor_queue_free(queue);
    anchor_wait_free(wait);
    anchor_client_free(other);
}

static const struct test_case cases[] = {
    CASE(a_completion_has_the_tag_and_the_answer),
    CASE(a_failure_is_in_the_completion),
    CASE(wrong_arguments_are_refused),
    CASE(taking_does_not_change_the_last_error),
    CASE(the_callback_wakes_a_loop),
    CASE(a_wait_outlives_its_client),
};

RUN(cases)
