/* A completion queue: what it gives, and when its descriptor and its callback report that. How it ends: queue_end.c. */
#define _GNU_SOURCE
#include "queue.h"
#include <fcntl.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <unistd.h>

static void a_completion_has_the_tag_and_the_answer(void)
{
    anchor_client *client = check_client();
    anchor_queue *queue = new_queue();
    CHECK(anchor_queue_running(queue) == 0 && polled(queue, 0) == 0);
    start(client, queue, "tagged", UINT64_MAX);
    CHECK(anchor_queue_running(queue) == 1 && polled(queue, 0) == 0);
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "tagged", "{\"n\":1}", NULL));
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
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start_on(client, queue, "status_403", PATIENCE_MS, 3, NULL));
    anchor_completion *done = next(queue);
    CHECK_STATUS(ANCHOR_FORBIDDEN, anchor_completion_status(done));
    CHECK_JSON("403", anchor_completion_json(done), "/error/code");
    anchor_completion_free(done);
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start_on(client, queue, "quiet", 0, 4, NULL));
    take(queue, 4, ANCHOR_TIMEOUT);
    anchor_queue_free(queue);
    anchor_client_free(client);
}

static void epoll_sees_it_as_an_edge(void)
{
    anchor_client *client = check_client();
    anchor_queue *queue = new_queue();
    struct epoll_event event = {EPOLLIN | EPOLLET, {0}};
    int fd = anchor_queue_fd(queue), epoll = epoll_create1(EPOLL_CLOEXEC);
    CHECK(fd == anchor_queue_fd(queue) && (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
    for (uint64_t round = 0; round < 3; round++) {
        CHECK(epoll_wait(epoll, &event, 1, 0) == 0);
        start(client, queue, "edge", round);
        signal_event(client, "edge");
        CHECK(epoll_wait(epoll, &event, 1, PATIENCE_MS) == 1);
        CHECK(epoll_wait(epoll, &event, 1, 0) == 0);
        take(queue, round, ANCHOR_OK);
    }
    close(epoll);
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
    CHECK(anchor_queue_fd(NULL) == -1 && anchor_queue_handle(NULL) == NULL && anchor_queue_handle(queue) == NULL);
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_queue_set_callback(NULL, NULL, NULL));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_start_on(NULL, queue, "e", 0, 1, &wait));
    CHECK(wait == NULL);
    CHECK_TEXT("client is NULL", anchor_last_error());
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_start_on(client, NULL, "e", 0, 1, &wait));
    CHECK_TEXT("queue is NULL", anchor_last_error());
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_start_on(client, queue, NULL, 0, 1, &wait));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_start_on(client, queue, "..", 0, 1, NULL));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_start_on(client, queue, "e", -2, 1, &wait));
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
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start_on(client, queue, "quiet", 0, 1, NULL));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_start_on(client, queue, "..", 0, 2, NULL));
    take(queue, 1, ANCHOR_TIMEOUT);
    CHECK_STATUS(ANCHOR_PENDING, anchor_queue_next(queue, 0, NULL, &done));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_queue_next(queue, -2, NULL, &done));
    CHECK_CONTAINS("event_name is . or ..", anchor_last_error());
    anchor_queue_free(queue);
    anchor_client_free(client);
}

/* What a program's event loop has: it is woken by a pipe, to which the callback writes. */
struct loop {
    int pipe[2], calls;
    pthread_t thread;
};

static void wake(void *user_data)
{
    struct loop *loop = user_data;
    loop->calls++; /* by one thread at a time */
    loop->thread = pthread_self();
    CHECK(write(loop->pipe[1], "!", 1) == 1);
}

/* It waits until the callback has run to its end, since that happens before the byte is there. */
static int called(struct loop *loop)
{
    char byte;
    CHECK(read(loop->pipe[0], &byte, 1) == 1);
    return loop->calls;
}

static void the_callback_wakes_a_loop(void)
{
    anchor_client *client = check_client();
    anchor_queue *queue = new_queue();
    struct loop *loop = calloc(1, sizeof *loop);
    CHECK(loop != NULL && pipe(loop->pipe) == 0);
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
    close(loop->pipe[0]);
    close(loop->pipe[1]);
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
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start_on(client, queue, "orphan", ANCHOR_NO_TIMEOUT, 1, &wait));
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
    CASE(epoll_sees_it_as_an_edge),
    CASE(wrong_arguments_are_refused),
    CASE(taking_does_not_change_the_last_error),
    CASE(the_callback_wakes_a_loop),
    CASE(a_wait_outlives_its_client),
};

RUN(cases)
