/*
 * The driver, linked with one peer: it takes one measurement and prints the result as lines of JSON. Times are in us,
 * of the monotonic clock. The caller signals the events.
 *
 *     name                     the peer and its versions
 *     first                    one wait for "bench": when it was answered
 *     waits COUNT              2 waits for "bench" to warm up, then COUNT: when each began, and when it was answered
 *     silent COUNT CROWD       the same beside CROWD waits at once that nobody ends, and nothing is printed
 *     deadline COUNT MS        COUNT waits that nobody answers: how long after its timeout each returned
 *     cancel COUNT             COUNT waits that another thread cancels: how long after that each returned
 *     throughput THREADS COUNT COUNT waits in all, on THREADS threads: waits a second
 *     blocked COUNT            a wait for "bench", "ready", a line on stdin, COUNT waits at once
 *     beside CROWD COUNT       CROWD waits at once, "ready", a line on stdin, then as `waits`; nobody ends the crowd
 */
#define _GNU_SOURCE
#include "../peers/crowd.h"
#include "driver.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct peer *opened(void)
{
    struct peer *peer = peer_open(the_service());
    if (!peer)
        fail("the peer has no client");
    return peer;
}

void wait_for(struct peer *peer, const char *event)
{
    char code[CODE_SIZE];
    if (peer_wait(peer, event, 60000, code) != WAIT_OK || strcmp(code, "123456") != 0)
        fail("a wait has failed");
}

static int first(void)
{
    wait_for(opened(), "bench");
    double answered = now_us();
    print_samples("answered", &answered, 1);
    return 0;
}

static int waits(struct peer *peer, int count)
{
    double *began = new_samples(count), *answered = new_samples(count);
    for (int i = 0; i < 2; i++)
        wait_for(peer, "bench");
    for (int i = 0; i < count; i++) {
        began[i] = now_us();
        wait_for(peer, "bench");
        answered[i] = now_us();
    }
    print_samples("began", began, count);
    print_samples("answered", answered, count);
    free(began);
    free(answered);
    return 0;
}

static int silent(struct peer *peer, int count, int size)
{
    if (size)
        crowd_start(the_service(), size);
    for (int i = 0; i < 2 + count; i++)
        wait_for(peer, "bench");
    return 0;
}

static int deadline(int count, long timeout_ms)
{
    double *late = new_samples(count);
    the_service()->grace_ms = 0;
    for (int i = 0; i < count; i++) {
        char code[CODE_SIZE];
        struct peer *peer = opened();
        double start = now_us();
        if (peer_wait(peer, "silent", timeout_ms, code) != WAIT_TIMEOUT)
            fail("a wait has not timed out");
        late[i] = now_us() - start - (double)timeout_ms * 1e3;
        peer_close(peer);
    }
    print_samples("late", late, count);
    free(late);
    return 0;
}

static int blocked(int count)
{
    struct peer *peer = opened();
    more_descriptors();
    wait_for(peer, "bench");
    await_go();
    crowd_start(the_service(), count);
    crowd_join();
    peer_close(peer);
    return 0;
}

static int beside(int size, int count)
{
    struct peer *peer = opened();
    more_descriptors();
    if (size)
        crowd_start(the_service(), size);
    await_go();
    return waits(peer, count);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    int first_number = argc > 2 ? atoi(argv[2]) : 0, second_number = argc > 3 ? atoi(argv[3]) : 0;
    if (!strcmp(what, "name"))
        return printf("{\"name\":\"%s\"}\n", peer_name()) < 0;
    if (!strcmp(what, "first"))
        return first();
    if (!strcmp(what, "waits"))
        return waits(opened(), first_number);
    if (!strcmp(what, "silent"))
        return silent(opened(), first_number, second_number);
    if (!strcmp(what, "deadline"))
        return deadline(first_number, second_number);
    if (!strcmp(what, "cancel"))
        return cancel(first_number);
    if (!strcmp(what, "throughput"))
        return throughput(first_number, second_number);
    if (!strcmp(what, "blocked"))
        return blocked(first_number);
    if (!strcmp(what, "beside"))
        return beside(first_number, second_number);
    fail("see the head of main.c");
}
