/* A queue and child processes: in a child it is empty, with a descriptor of its own, and the parent's waits are left alone. */
#define _GNU_SOURCE
#include "check.h"
#include <poll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static anchor_client *client;
static anchor_queue *queue;
static anchor_wait *running;
static int callbacks, parents_fd;

static void start(const char *name, uint64_t tag)
{
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start_on(client, queue, name, PATIENCE_MS, tag, NULL, NULL));
}

static void signal_event(const char *name)
{
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, name, NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
}

static void take(uint64_t tag)
{
    anchor_completion *done = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_queue_next(queue, PATIENCE_MS, NULL, &done));
    CHECK(anchor_completion_tag(done) == tag);
    CHECK_STATUS(ANCHOR_OK, anchor_completion_status(done));
    anchor_completion_free(done);
}

static int polled(int timeout_ms)
{
    struct pollfd fd = {anchor_queue_fd(queue), POLLIN, 0};
    return poll(&fd, 1, timeout_ms);
}

static void count_callback(void *user_data)
{
    (*(int *)user_data)++;
}

/* Runs in a child; if the child fails, so does the test. */
static void in_child(void (*run)(void))
{
    int status;
    fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        run();
        anchor_wait_free(running);
        anchor_queue_free(queue);
        anchor_client_free(client);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Runs in a child of a parent that has one wait that runs and one that has ended. */
static void with_a_queue(void (*run)(void))
{
    callbacks = 0;
    client = check_client();
    CHECK_STATUS(ANCHOR_OK, anchor_queue_new(&queue));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start_on(client, queue, "runs", PATIENCE_MS, 1, NULL, &running));
    start("ended", 2);
    signal_event("ended");
    CHECK(polled(PATIENCE_MS) == 1);
    CHECK_STATUS(ANCHOR_OK, anchor_queue_set_callback(queue, count_callback, &callbacks));
    CHECK(callbacks == 1);
    parents_fd = anchor_queue_fd(queue);
    in_child(run);
    CHECK(anchor_queue_running(queue) == 2 && polled(0) == 1);
    take(2);
    CHECK(polled(0) == 0);
    signal_event("runs");
    take(1);
    CHECK_STATUS(ANCHOR_OK, anchor_queue_set_callback(queue, NULL, NULL));
    CHECK(callbacks == 2);
    CHECK(check_count(client, "/cancels") == 0 && check_count(client, "/dropped") == 0);
    anchor_wait_free(running);
    anchor_queue_free(queue);
    anchor_client_free(client);
}

static void use(void)
{
    anchor_completion *done = UNTOUCHED;
    CHECK(anchor_queue_running(queue) == 0);
    CHECK(anchor_queue_fd(queue) >= 0 && anchor_queue_fd(queue) != parents_fd && polled(0) == 0);
    CHECK_STATUS(ANCHOR_PENDING, anchor_queue_next(queue, 0, NULL, &done));
    anchor_wait_cancel(running);
    anchor_queue_cancel_all(queue);
    start("child", 7);
    signal_event("child");
    CHECK(polled(PATIENCE_MS) == 1);
    take(7);
    CHECK(anchor_queue_running(queue) == 0 && callbacks == 1); /* the callback is the parent's */
    CHECK_STATUS(ANCHOR_OK, anchor_queue_set_callback(queue, count_callback, &callbacks));
    start("child", 8);
    signal_event("child");
    take(8);
    CHECK_STATUS(ANCHOR_OK, anchor_queue_set_callback(queue, NULL, NULL));
    CHECK(callbacks == 2);
}

static void in_a_child_it_is_empty(void)
{
    with_a_queue(use);
}

static void do_nothing(void)
{
}

static void a_child_may_free_it_without_harm(void)
{
    with_a_queue(do_nothing);
}

static void limit_descriptors(rlim_t value)
{
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = value;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

static void use_without_descriptors(void)
{
    anchor_completion *done = UNTOUCHED;
    anchor_queue *another = UNTOUCHED;
    int next = dup(0);
    CHECK(next >= 0 && close(next) == 0);
    limit_descriptors((rlim_t)next);
    CHECK_STATUS(ANCHOR_OUT_OF_MEMORY, anchor_queue_new(&another));
    CHECK(another == NULL);
    CHECK(anchor_queue_fd(queue) == -1 && anchor_queue_running(queue) == 0);
    CHECK_STATUS(ANCHOR_OUT_OF_MEMORY, anchor_queue_set_callback(queue, NULL, NULL));
    CHECK_STATUS(ANCHOR_OUT_OF_MEMORY, anchor_queue_next(queue, 0, NULL, &done));
    CHECK(done == NULL);
    CHECK_STATUS(ANCHOR_OUT_OF_MEMORY, anchor_wait_start_on(client, queue, "none left", 0, 1, NULL, NULL));
    limit_descriptors(256);
    CHECK(anchor_queue_fd(queue) >= 0);
    start("some left", 9);
    signal_event("some left");
    take(9);
}

static void no_descriptor_left_is_an_error(void)
{
    with_a_queue(use_without_descriptors);
}

/* The limit is below the descriptors that are open: poll refuses more than one of them, and none can be made. */
static void take_with_few_descriptors(void)
{
    anchor_cancel_token *token = anchor_cancel_token_new();
    anchor_completion *done = UNTOUCHED;
    CHECK(token != NULL && anchor_queue_fd(queue) >= 0);
    start("few", 5);
    signal_event("few");
    CHECK(polled(PATIENCE_MS) == 1);
    limit_descriptors(1);
    CHECK_STATUS(ANCHOR_OK, anchor_queue_next(queue, PATIENCE_MS, token, &done));
    anchor_completion_free(done);
    int64_t began = check_now_ms();
    CHECK_STATUS(ANCHOR_PENDING, anchor_queue_next(queue, 30, token, &done));
    CHECK(check_now_ms() - began >= 29);
    anchor_cancel_token_cancel(token);
    CHECK_STATUS(ANCHOR_CANCELLED, anchor_queue_next(queue, PATIENCE_MS, token, &done));
    anchor_cancel_token_free(token);
}

static void it_works_where_the_system_cannot_poll(void)
{
    with_a_queue(take_with_few_descriptors);
}

static int64_t processor_time_ms(void)
{
    struct timespec used;
    CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0);
    return (int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

/* A program may forbid itself any descriptor, after which poll refuses even one. The wait is idle, and then gets its event. */
static void idle_without_descriptors(void)
{
    enum { IDLE_MS = 500 };
    anchor_completion *done = UNTOUCHED;
    anchor_wait *wait = NULL;
    CHECK(anchor_queue_fd(queue) >= 0);
    start("none", 6);
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start_on(client, queue, "never", ANCHOR_NO_TIMEOUT, 7, NULL, &wait));
    CHECK_SOON(check_count(client, "/started/wait/count") == 2);
    limit_descriptors(0);
    anchor_wait_cancel(wait);
    anchor_wait_free(wait);
    CHECK_STATUS(ANCHOR_OK, anchor_queue_next(queue, PATIENCE_MS, NULL, &done));
    anchor_completion_free(done);
    int64_t before = processor_time_ms();
    CHECK_STATUS(ANCHOR_PENDING, anchor_queue_next(queue, IDLE_MS, NULL, &done));
    CHECK(processor_time_ms() - before < IDLE_MS / 2);
    limit_descriptors(256);
    signal_event("none");
    take(6);
}

static void it_is_idle_without_descriptors(void)
{
    with_a_queue(idle_without_descriptors);
}

enum { RUNNING = 100, OWN = 50 };

static void start_many(const char *whose, int count)
{
    for (int i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s %d", whose, i);
        start(name, (uint64_t)i);
    }
}

/* Takes the completions of these waits, each once. */
static void signal_and_take(const char *whose, int first, int count)
{
    int taken[RUNNING] = {0};
    for (int i = first; i < first + count; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s %d", whose, i);
        signal_event(name);
    }
    for (int i = 0; i < count; i++) {
        anchor_completion *done = NULL;
        CHECK_STATUS(ANCHOR_OK, anchor_queue_next(queue, PATIENCE_MS, NULL, &done));
        CHECK_STATUS(ANCHOR_OK, anchor_completion_status(done));
        uint64_t tag = anchor_completion_tag(done);
        CHECK(tag >= (uint64_t)first && tag < (uint64_t)(first + count) && taken[tag]++ == 0);
        anchor_completion_free(done);
    }
}

/* The child has a thread, connections and a queue of its own; the parent's waits go on beside it. */
static void both_sides_wait_on_one_client_and_queue(void)
{
    enum { CHILDREN = 4 };
    client = check_client();
    CHECK_STATUS(ANCHOR_OK, anchor_queue_new(&queue));
    start_many("parent", RUNNING);
    CHECK_SOON(check_count(client, "/started/wait/count") == RUNNING);
    for (int round = 0; round < CHILDREN; round++) {
        int status;
        char whose[16];
        snprintf(whose, sizeof whose, "child %d", round);
        fflush(stdout);
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            CHECK(anchor_queue_running(queue) == 0);
            start_many(whose, OWN);
            signal_and_take(whose, 0, OWN);
            CHECK(anchor_queue_running(queue) == 0 && check_count(client, "/started/wait/count") == 0);
            _exit(0);
        }
        signal_and_take("parent", round * RUNNING / CHILDREN, RUNNING / CHILDREN);
        CHECK(waitpid(child, &status, 0) == child);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    CHECK(anchor_queue_running(queue) == 0 && check_count(client, "/failures") == 0);
    anchor_queue_free(queue);
    anchor_client_free(client);
}

static const struct test_case cases[] = {
    CASE(both_sides_wait_on_one_client_and_queue),
    CASE(in_a_child_it_is_empty),
    CASE(a_child_may_free_it_without_harm),
    CASE(no_descriptor_left_is_an_error),
    CASE(it_works_where_the_system_cannot_poll),
    CASE(it_is_idle_without_descriptors),
};

RUN(cases)
