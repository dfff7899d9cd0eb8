/* A completion queue: what it gives, when its descriptor and its callback say so, and what its handles may do. */
#define _GNU_SOURCE
#include "check.h"
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

static anchor_queue *new_queue(void)
{
    anchor_queue *queue = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_queue_new(&queue));
    return queue;
}

static void start(anchor_client *client, anchor_queue *queue, const char *name, uint64_t tag)
{
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start_on(client, queue, name, ANCHOR_NO_TIMEOUT, tag, NULL));
}

static void signal_event(anchor_client *client, const char *name)
{
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, name, NULL, NULL));
}

static anchor_completion *next(anchor_queue *queue)
{
    anchor_completion *done = UNTOUCHED;
    CHECK_STATUS(ANCHOR_OK, anchor_queue_next(queue, PATIENCE_MS, NULL, &done));
    return done;
}

static void take(anchor_queue *queue, uint64_t tag, anchor_status status)
{
    anchor_completion *done = next(queue);
    CHECK(anchor_completion_tag(done) == tag);
    CHECK_STATUS(status, anchor_completion_status(done));
    anchor_completion_free(done);
}

static int polled(anchor_queue *queue, int timeout_ms)
{
    struct pollfd fd = {anchor_queue_fd(queue), POLLIN, 0};
    return poll(&fd, 1, timeout_ms);
}

/* How many threads of the library there are, by their names. */
static int library_threads(void)
{
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    CHECK(tasks != NULL);
    for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
        char path[300], name[32] = "";
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", task->d_name);
        FILE *file = fopen(path, "r");
        if (file == NULL) continue;
        count += fgets(name, sizeof name, file) != NULL && strncmp(name, "anchor-", 7) == 0;
        fclose(file);
    }
    closedir(tasks);
    return count;
}

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

static void the_handle_of_its_wait_only_cancels(void)
{
    anchor_client *client = check_client();
    anchor_queue *queue = new_queue();
    anchor_wait *wait = NULL, *freed = NULL, *other = NULL;
    size_t index = 99;
    char *json = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start_on(client, queue, "a", ANCHOR_NO_TIMEOUT, 1, &wait));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start_on(client, queue, "b", ANCHOR_NO_TIMEOUT, 2, &freed));
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
    anchor_wait_cancel(wait);
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

static anchor_wait *wait_of_handler;

static void on_signal(int number)
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
static void a_signal_handler_may_cancel(void)
{
    anchor_client *client = check_client();
    anchor_queue *queue = new_queue();
    struct sigaction action;
    pthread_t self = pthread_self(), sender;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    for (uint64_t round = 0; round < 20; round++) {
        CHECK_STATUS(ANCHOR_OK,
                     anchor_wait_start_on(client, queue, "never", ANCHOR_NO_TIMEOUT, round, &wait_of_handler));
        CHECK(pthread_create(&sender, NULL, send_signal, &self) == 0);
        take(queue, round, ANCHOR_CANCELLED);
        CHECK(pthread_join(sender, NULL) == 0);
        anchor_wait_free(wait_of_handler);
    }
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

/* A wait may end while or after its queue is freed; valgrind and the sanitizers look. */
static void free_cancels_drops_and_counts(void)
{
    anchor_client *client = check_client();
    anchor_wait *wait = NULL;
    for (int round = 0; round < 3; round++) {
        anchor_queue *queue = new_queue();
        struct loop loop = {{-1, -1}, 0, pthread_self()};
        CHECK(pipe(loop.pipe) == 0);
        start(client, queue, "dropped", 1);
        signal_event(client, "dropped");
        CHECK(polled(queue, PATIENCE_MS) == 1);
        for (int i = 0; i < 10; i++) start(client, queue, "never", 2);
        CHECK_STATUS(ANCHOR_OK, anchor_wait_start_on(client, queue, "never", ANCHOR_NO_TIMEOUT, 3, &wait));
        CHECK_STATUS(ANCHOR_OK, anchor_queue_set_callback(queue, wake, &loop));
        anchor_queue_free(queue); /* and the callback's data is gone after it */
        close(loop.pipe[0]);
        close(loop.pipe[1]);
        memset(&loop, 0, sizeof loop);
        anchor_wait_cancel(wait);
        anchor_wait_free(wait);
        CHECK(check_count(client, "/dropped") == round + 1);
        CHECK_SOON(check_count(client, "/cancels") == 11 * (round + 1));
    }
    anchor_client_free(client);
    CHECK_SOON(library_threads() == 0);
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
    CASE(the_handle_of_its_wait_only_cancels),
    CASE(a_token_ends_the_taking_and_not_the_waits),
    CASE(a_signal_handler_may_cancel),
    CASE(cancel_all_ends_what_runs_and_nothing_later),
    CASE(the_callback_wakes_a_loop),
    CASE(free_cancels_drops_and_counts),
    CASE(a_wait_outlives_its_client),
};

RUN(cases)
