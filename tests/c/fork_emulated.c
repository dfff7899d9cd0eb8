/* Fork detection works where the kernel only pretends to wipe a page on fork, as an emulator of user space may. */
#define _GNU_SOURCE
#include "check.h"
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int pretended;

/* Hides that of the C library from libanchor. */
int madvise(void *address, size_t length, int advice)
{
    (void)address;
    (void)length;
    pretended += advice == MADV_WIPEONFORK;
    return 0;
}

static void exchange(anchor_client *client, long connections)
{
    check_connection(client);
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "emulated", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, "emulated", PATIENCE_MS, NULL, NULL));
    CHECK(check_count(client, "/connectionsMade") == connections);
}

/* In a child, and in a child of it if there are generations left: each makes one connection more than it inherited. */
static void in_a_child(anchor_client *client, long connections, int generations)
{
    int status;
    fflush(stdout);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        exchange(client, connections);
        if (generations > 1) in_a_child(client, connections + 1, generations - 1);
        exchange(client, connections);
        anchor_client_free(client);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void a_child_makes_its_own_connections(void)
{
    anchor_client *client = check_client();
    CHECK(pretended > 0);
    exchange(client, 1);
    in_a_child(client, 2, 3);
    exchange(client, 1);
    anchor_client_free(client);
}

static const struct test_case cases[] = {
    CASE(a_child_makes_its_own_connections),
};

RUN(cases)
