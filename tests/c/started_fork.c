/* Started waits and child processes; and the status of a start when the process has no descriptor or thread left. */
#define _GNU_SOURCE
#include "check.h"
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Without a limit: some tests take long under valgrind, and the wait must still run at their end. */
static anchor_wait *start(anchor_client *client, const char *name)
{
    anchor_wait *wait = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, name, ANCHOR_NO_TIMEOUT, &wait));
    return wait;
}

static void signal_event(anchor_client *client, const char *name)
{
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, name, NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
}

/* Runs in a child; if the child fails, so does the test. */
static void in_child(void (*run)(anchor_client *, anchor_wait *), anchor_client *client, anchor_wait *wait)
{
    int status;
    fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        run(client, wait);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* A started wait belongs to the parent, also after the child has used the client. */
static void use_inherited(anchor_client *client, anchor_wait *wait)
{
    size_t index;
    signal_event(client, "child");
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_finish(wait, ANCHOR_NO_TIMEOUT, NULL));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_select(&wait, 1, ANCHOR_NO_TIMEOUT, &index));
    anchor_wait_cancel(wait);
    anchor_wait_free(wait);
    anchor_wait *own = start(client, "child");
    CHECK_STATUS(ANCHOR_OK, anchor_wait_finish(own, PATIENCE_MS, NULL));
    anchor_wait_free(own);
    anchor_client_free(client);
}

static void a_child_leaves_its_parents_wait_alone(void)
{
    anchor_client *client = check_client();
    anchor_wait *wait = start(client, "parent");
    in_child(use_inherited, client, wait);
    CHECK_STATUS(ANCHOR_PENDING, anchor_wait_finish(wait, 0, NULL));
    signal_event(client, "parent");
    CHECK_STATUS(ANCHOR_OK, anchor_wait_finish(wait, PATIENCE_MS, NULL));
    anchor_wait_free(wait);
    anchor_client_free(client);
}

/* Its parent's waits are at their stages in the parent, whose thread may be noting a change at the time of the fork. */
static void count_own_waits(anchor_client *client, anchor_wait *wait)
{
    (void)wait;
    CHECK(check_count(client, "/started/wait/count") == 0);
    anchor_wait *own = start(client, "own");
    CHECK_SOON(check_count(client, "/started/wait/count") == 1);
    anchor_wait_free(own);
}

static void a_child_counts_its_own_waits(void)
{
    enum { RUNNING = 8, ROUNDS = 10, BUSY = 200 };
    anchor_client *client = check_client();
    anchor_wait *running[RUNNING], *busy[BUSY];
    for (int i = 0; i < RUNNING; i++) running[i] = start(client, "running");
    CHECK_SOON(check_count(client, "/started/wait/count") == RUNNING);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < BUSY; i++) CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, "quiet", 0, &busy[i]));
        in_child(count_own_waits, client, NULL);
        for (int i = 0; i < BUSY; i++) anchor_wait_free(busy[i]);
    }
    /* Under valgrind this takes so long that a wait may just be asking again. */
    CHECK_SOON(check_count(client, "/started/wait/count") == RUNNING);
    for (int i = 0; i < RUNNING; i++) anchor_wait_free(running[i]);
    CHECK(check_count(client, "/started/wait/count") == 0);
    anchor_client_free(client);
}

/* The first process of a namespace of its own: its process id is 1. -1 if the system does not allow it. */
static pid_t fork_first(int flags)
{
    fflush(stdout);
    return (pid_t)syscall(SYS_clone, (unsigned long)(CLONE_NEWPID | flags | SIGCHLD), NULL, NULL, NULL, NULL);
}

static void check_child(pid_t child)
{
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* As the first process of a container that makes another one. */
static void leave_the_wait_of_another_first_process(void)
{
    anchor_client *client = check_client();
    anchor_wait *wait = start(client, "parent");
    CHECK_SOON(check_count(client, "/started/wait/count") == 1);
    pid_t child = fork_first(0);
    CHECK(child >= 0);
    if (child == 0) {
        CHECK(getpid() == 1);
        anchor_wait_cancel(wait);
        CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_finish(wait, PATIENCE_MS, NULL));
        anchor_wait_free(wait);
        _exit(0);
    }
    check_child(child);
    CHECK_STATUS(ANCHOR_PENDING, anchor_wait_finish(wait, 0, NULL));
    anchor_wait_free(wait);
    anchor_client_free(client);
}

static void a_child_may_have_the_process_id_of_its_parent(void)
{
    pid_t child = fork_first(CLONE_NEWUSER);
    if (child < 0) return; /* no namespaces here */
    if (child == 0) {
        CHECK(getpid() == 1);
        leave_the_wait_of_another_first_process();
        _exit(0);
    }
    check_child(child);
}

static void limit(int what, rlim_t value)
{
    struct rlimit limit;
    CHECK(getrlimit(what, &limit) == 0);
    limit.rlim_cur = value;
    CHECK(setrlimit(what, &limit) == 0);
}

static void start_without_descriptors(anchor_client *client, anchor_wait *wait)
{
    anchor_wait *another = UNTOUCHED;
    int next = dup(0);
    CHECK(next >= 0 && close(next) == 0);
    for (int spare = 0; spare < 2; spare++) { /* a wait takes two of its own before its connection */
        limit(RLIMIT_NOFILE, (rlim_t)(next + spare));
        CHECK_STATUS(ANCHOR_OUT_OF_MEMORY, anchor_wait_start(client, "none left", 0, &another));
        CHECK(another == NULL);
    }
    limit(RLIMIT_NOFILE, 256);
    wait = start(client, "some left");
    anchor_wait_free(wait);
}

static void no_descriptor_left_is_an_error(void)
{
    anchor_client *client = check_client();
    CHECK_STATUS(ANCHOR_TIMEOUT, anchor_wait_for_event(client, "none left", 0, NULL, NULL));
    in_child(start_without_descriptors, client, NULL);
    anchor_client_free(client);
}

/* A call that blocks looks every few milliseconds then. */
static void collect_without_descriptors(anchor_client *client, anchor_wait *wait)
{
    size_t index;
    signal_event(client, "connected");
    anchor_wait *first = start(client, "connected");
    CHECK_STATUS(ANCHOR_OK, anchor_wait_finish(first, PATIENCE_MS, NULL));
    wait = start(client, "never"); /* on the connection of the first */
    int next = dup(0);
    CHECK(next >= 0 && close(next) == 0);
    limit(RLIMIT_NOFILE, (rlim_t)next);
    CHECK(anchor_wait_fd(wait) == -1);
    int64_t began = check_now_ms();
    CHECK_STATUS(ANCHOR_PENDING, anchor_wait_finish(wait, 20, NULL));
    CHECK_STATUS(ANCHOR_PENDING, anchor_wait_select(&wait, 1, 20, &index));
    CHECK(check_now_ms() - began >= 39);
    anchor_wait_cancel(wait);
    CHECK_STATUS(ANCHOR_OK, anchor_wait_select(&wait, 1, PATIENCE_MS, &index));
    CHECK_STATUS(ANCHOR_CANCELLED, anchor_wait_finish(wait, PATIENCE_MS, NULL));
    limit(RLIMIT_NOFILE, 256);
    CHECK(anchor_wait_fd(wait) >= 0);
    anchor_wait_free(first);
    anchor_wait_free(wait);
}

static void collecting_needs_no_descriptor(void)
{
    anchor_client *client = check_client();
    in_child(collect_without_descriptors, client, NULL);
    anchor_client_free(client);
}

static void start_without_threads(anchor_client *client, anchor_wait *wait)
{
    anchor_wait *another = UNTOUCHED;
    (void)wait;
    if (geteuid() == 0) CHECK(setuid(65534) == 0); /* root may exceed the limit */
    limit(RLIMIT_NPROC, 0);
    CHECK_STATUS(ANCHOR_OUT_OF_MEMORY, anchor_wait_start(client, "none left", 0, &another));
    CHECK(another == NULL);
}

static void no_thread_left_is_an_error(void)
{
    anchor_client *client = check_client();
    in_child(start_without_threads, client, NULL);
    anchor_client_free(client);
}

static const struct test_case cases[] = {
    CASE(a_child_leaves_its_parents_wait_alone),
    CASE(a_child_counts_its_own_waits),
    CASE(a_child_may_have_the_process_id_of_its_parent),
    CASE(no_descriptor_left_is_an_error),
    CASE(collecting_needs_no_descriptor),
    CASE(no_thread_left_is_an_error),
};

RUN(cases)
