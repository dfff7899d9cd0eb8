/* A client works in a child process, with connections of its own, and does not touch the parent's. */
#define _GNU_SOURCE
#include "check.h"
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void exchange(anchor_client *client, const char *name)
{
    check_connection(client);
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, name, NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, name, PATIENCE_MS, NULL, NULL));
}

/* Past the C library: none of its handlers of fork run. */
static pid_t bare_clone(void)
{
    return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

/* Runs in a child; if the child fails, so does the test. */
static void in_child_of(pid_t (*make_child)(void), void (*run)(anchor_client *, anchor_cancel_token *),
                        anchor_client *client, anchor_cancel_token *token)
{
    int status;
    fflush(stdout);
    pid_t child = make_child();
    CHECK(child >= 0);
    if (child == 0) {
        run(client, token);
        anchor_cancel_token_free(token);
        anchor_client_free(client);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void in_child(void (*run)(anchor_client *, anchor_cancel_token *), anchor_client *client,
                     anchor_cancel_token *token)
{
    in_child_of(fork, run, client, token);
}

static void use_in_child(anchor_client *client, anchor_cancel_token *token)
{
    (void)token;
    long made = check_count(client, "/connectionsMade");
    exchange(client, "child");
    CHECK(check_count(client, "/connectionsMade") == made + 1);
}

static void a_child_makes_its_own_connections(void)
{
    anchor_client *client = check_client();
    exchange(client, "parent");
    for (int i = 0; i < 3; i++) {
        in_child(use_in_child, client, NULL);
        exchange(client, "parent");
    }
    CHECK(check_count(client, "/connectionsMade") == 1); /* the parent's survived */
    anchor_client_free(client);
}

static int handled;

static void note_fork(void)
{
    handled++;
}

static void use_unhandled(anchor_client *client, anchor_cancel_token *token)
{
    CHECK(handled == 0);
    use_in_child(client, token);
}

/* The page that the kernel wipes is enough, where the handler of fork is passed by. */
static void a_child_of_a_bare_clone_makes_its_own_too(void)
{
    anchor_client *client = check_client();
    CHECK(pthread_atfork(NULL, NULL, note_fork) == 0);
    exchange(client, "parent");
    in_child_of(bare_clone, use_unhandled, client, NULL);
    exchange(client, "parent");
    CHECK(check_count(client, "/connectionsMade") == 1);
    anchor_client_free(client);
}

static void free_only(anchor_client *client, anchor_cancel_token *token)
{
    (void)client;
    (void)token;
}

static void a_child_may_free_without_harm(void)
{
    anchor_client *client = check_client();
    exchange(client, "parent");
    in_child(free_only, client, NULL);
    exchange(client, "parent");
    CHECK(check_count(client, "/connectionsMade") == 1);
    anchor_client_free(client);
}

static void cancel_in_child(anchor_client *client, anchor_cancel_token *token)
{
    (void)client;
    anchor_cancel_token_cancel(token);
}

/* As the header says, parent and child share a cancel token. */
static void a_child_cancels_its_parents_call(void)
{
    anchor_client *client = check_client();
    anchor_cancel_token *token = anchor_cancel_token_new();
    CHECK(token != NULL);
    in_child(cancel_in_child, client, token);
    CHECK_STATUS(ANCHOR_CANCELLED, anchor_wait_for_event(client, "never", ANCHOR_NO_TIMEOUT, token, NULL));
    anchor_cancel_token_free(token);
    anchor_client_free(client);
}

static const struct test_case cases[] = {
    CASE(a_child_makes_its_own_connections),
    CASE(a_child_of_a_bare_clone_makes_its_own_too),
    CASE(a_child_may_free_without_harm),
    CASE(a_child_cancels_its_parents_call),
};

RUN(cases)
