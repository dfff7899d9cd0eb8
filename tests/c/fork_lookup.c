/* A lookup that runs when a process forks is the parent's. The child does not have its thread, and looks up the host itself. */
#define _GNU_SOURCE
#include "check.h"
#include <netdb.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Hides that of the C library from libanchor: a lookup that blocks until it is let go. */
static atomic_int lookups, let_go;

int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
    (void)host;
    (void)service;
    (void)hints;
    *found = NULL;
    atomic_fetch_add(&lookups, 1);
    while (!atomic_load(&let_go)) check_pause();
    return EAI_NONAME;
}

static anchor_client *client_of_a_name(void)
{
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_base_url(config, "https://blocked.test"));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_proxy(config, ""));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_retries(config, 0));
    return check_client_of(config);
}

static void was_not_found(anchor_status status, char *json)
{
    CHECK_STATUS(ANCHOR_NOT_SENT, status);
    CHECK_JSON("dns", json, "/error/phase");
    CHECK_CONTAINS("looking up the host", json);
    anchor_string_free(json);
}

static void look_up_in_child(anchor_client *client)
{
    char *json = UNTOUCHED;
    anchor_wait *wait = NULL;
    atomic_store(&let_go, 1);
    anchor_status status = anchor_wait_for_event(client, "child", PATIENCE_MS, NULL, &json);
    was_not_found(status, json);
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, "child", PATIENCE_MS, &wait));
    status = anchor_wait_finish(wait, ANCHOR_NO_TIMEOUT, &json);
    was_not_found(status, json);
    anchor_wait_free(wait);
    CHECK(atomic_load(&lookups) == 3); /* its own two, after its parent's */
}

static void a_child_does_not_join_its_parents_lookup(void)
{
    int status;
    anchor_wait *wait = NULL;
    anchor_client *client = client_of_a_name();
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, "parent", ANCHOR_NO_TIMEOUT, &wait));
    CHECK_SOON(atomic_load(&lookups) == 1);
    fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        look_up_in_child(client);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK_STATUS(ANCHOR_PENDING, anchor_wait_finish(wait, 0, NULL));
    anchor_wait_cancel(wait);
    CHECK_STATUS(ANCHOR_CANCELLED, anchor_wait_finish(wait, PATIENCE_MS, NULL));
    anchor_wait_free(wait);
    atomic_store(&let_go, 1);
    anchor_client_free(client);
}

static const struct test_case cases[] = {
    CASE(a_child_does_not_join_its_parents_lookup),
};

RUN(cases)
