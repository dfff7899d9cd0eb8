/* Started waits and child processes; and the status of a start when the process has no descriptor or thread left. */
#define _GNU_SOURCE
#include "check.h"
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static anchor_wait *start(anchor_client *client, const char *name)
{
    anchor_wait *wait = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, name, PATIENCE_MS, &wait));
    return wait;
}

static void signal_event(anchor_client *client, const char *name)
{
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, name, NULL, NULL));
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
    CASE(no_descriptor_left_is_an_error),
    CASE(no_thread_left_is_an_error),
};

RUN(cases)
