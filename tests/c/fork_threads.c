/* Threads of a child that use an inherited client for the first time, all at once: they share one set of connections, and a
 * cancel of all calls finds each of them. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 12, CHILDREN = 4 };

static pthread_barrier_t start_line;
static anchor_client *client;
static atomic_int returned;

static void *wait_on_thread(void *argument)
{
    (void)argument;
    pthread_barrier_wait(&start_line);
    CHECK_STATUS(ANCHOR_CANCELLED, anchor_wait_for_event(client, "never", ANCHOR_NO_TIMEOUT, NULL, NULL));
    atomic_fetch_add(&returned, 1);
    return NULL;
}

static int all_return_when_cancelled(void)
{
    anchor_client_cancel_all(client);
    return atomic_load(&returned) == THREADS;
}

static void child(void)
{
    pthread_t threads[THREADS];
    CHECK(pthread_barrier_init(&start_line, NULL, THREADS + 1) == 0);
    for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, wait_on_thread, NULL) == 0);
    long before = check_count(client, "/waits");
    pthread_barrier_wait(&start_line);
    CHECK_SOON(check_count(client, "/waits") == before + THREADS);
    /* Again and again, for one that is only just beginning: what belongs to another set is never found. */
    CHECK_SOON(all_return_when_cancelled());
    for (int i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    /* The set that is left is in order. */
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "child", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, "child", PATIENCE_MS, NULL, NULL));
    anchor_client_free(client);
}

static void use_in_children(void)
{
    for (int i = 0; i < CHILDREN; i++) {
        int status;
        fflush(stdout);
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            child();
            _exit(0);
        }
        CHECK(waitpid(pid, &status, 0) == pid);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    anchor_client_free(client);
}

static void over_http(void)
{
    client = check_client();
    use_in_children();
}

static void over_tls(void)
{
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_base_url(config, getenv("ANCHOR_TEST_TLS_URL")));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_trust(config, ANCHOR_TRUST_BUNDLED));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_ca_file(config, getenv("ANCHOR_TEST_CA_FILE")));
    client = check_client_of(config);
    use_in_children();
}

static const struct test_case cases[] = {
    CASE(over_http),
    CASE(over_tls),
};

RUN(cases)
