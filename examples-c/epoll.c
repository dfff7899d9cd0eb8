/*
 * Three events and a timer in one loop: a started wait is a descriptor like any other.
 *
 *     epoll [TICKS]
 *
 * Prints login_done, mfa_code and report_ready as they are signaled, in any order, and a line for each tick of
 * 100 ms. Exits with 0 when all three have come, with 2 if they have not come after TICKS ticks (100 by default), and
 * with 1 on a failure.
 */
#define _GNU_SOURCE
#include <anchor.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { EVENTS = 3, TICK_MS = 100 };

struct watched {
    const char *name;
    anchor_wait *wait;
};

static struct watched watched[EVENTS] = {{"login_done", NULL}, {"mfa_code", NULL}, {"report_ready", NULL}};

static int fail(const char *what, anchor_status status)
{
    fprintf(stderr, "epoll: %s: %s\n", what, anchor_status_message(status));
    return -1;
}

/* Each wait runs on a thread of its own, inside the library; here it is only a descriptor. */
static int start_all(anchor_client *client, int epoll)
{
    for (int i = 0; i < EVENTS; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &watched[i]};
        anchor_status status = anchor_wait_start(client, watched[i].name, ANCHOR_NO_TIMEOUT, &watched[i].wait);
        if (status != ANCHOR_OK) {
            return fail(watched[i].name, status);
        }
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, anchor_wait_fd(watched[i].wait), &event) != 0) {
            return fail("epoll_ctl", ANCHOR_OUT_OF_MEMORY);
        }
    }
    return 0;
}

/* The wait has ended, so this does not block. Then the descriptor is not readable; freeing removes it from epoll. */
static int collect(struct watched *event)
{
    char *json = NULL;
    anchor_status status = anchor_wait_finish(event->wait, 0, &json);
    if (status == ANCHOR_OK) {
        printf("%s: %s\n", event->name, json);
    } else {
        char *message = anchor_json_get(json, "/error/message");
        fprintf(stderr, "epoll: %s: %s\n", event->name, message ? message : anchor_status_message(status));
        anchor_string_free(message);
    }
    anchor_string_free(json);
    anchor_wait_free(event->wait);
    event->wait = NULL;
    return status == ANCHOR_OK ? 0 : -1;
}

static int loop(int epoll, int timer, int ticks_left)
{
    int open = EVENTS;
    while (open > 0) {
        struct epoll_event ready;
        if (epoll_wait(epoll, &ready, 1, -1) != 1) {
            continue; /* a signal handler ran */
        }
        if (ready.data.ptr == NULL) {
            uint64_t ticks = 0;
            if (read(timer, &ticks, sizeof ticks) != (ssize_t)sizeof ticks) {
                continue;
            }
            printf("tick, %d to come\n", open);
            if (ticks_left-- == 0) {
                return 2;
            }
        } else if (collect(ready.data.ptr) != 0) {
            return EXIT_FAILURE;
        } else {
            open--;
        }
        fflush(stdout);
    }
    return EXIT_SUCCESS;
}

static int start_timer(int epoll)
{
    struct itimerspec every = {.it_interval.tv_nsec = TICK_MS * 1000000L, .it_value.tv_nsec = TICK_MS * 1000000L};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (timer < 0 || timerfd_settime(timer, 0, &every, NULL) != 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event) != 0) {
        fail("timer", ANCHOR_OUT_OF_MEMORY);
    }
    return timer;
}

int main(int argc, char **argv)
{
    int ticks = argc > 1 ? atoi(argv[1]) : 100;
    anchor_config *config = anchor_config_new();
    anchor_client *client = NULL;
    if (config == NULL || anchor_client_new(config, &client) != ANCHOR_OK) {
        fprintf(stderr, "epoll: %s\n", config ? anchor_config_error(config) : "out of memory");
        anchor_config_free(config);
        return EXIT_FAILURE;
    }
    anchor_config_free(config);

    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int timer = start_timer(epoll);
    int exit_status = start_all(client, epoll) == 0 ? loop(epoll, timer, ticks) : EXIT_FAILURE;

    for (int i = 0; i < EVENTS; i++) {
        anchor_wait_free(watched[i].wait); /* one that still runs is cancelled */
    }
    close(timer);
    close(epoll);
    anchor_client_free(client);
    return exit_status;
}
