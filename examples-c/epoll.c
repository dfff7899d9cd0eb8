/*
 * Three events and a timer in one loop: a queue of waits is a descriptor like any other.
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

static const char *const names[EVENTS] = {"login_done", "mfa_code", "report_ready"};

static int fail(const char *what, const char *why)
{
    fprintf(stderr, "epoll: %s: %s\n", what, why);
    return -1;
}

static int watch(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/* There may be any number of waits. The descriptor that is watched is that of the queue. */
static int start_all(anchor_client *client, anchor_queue *queue)
{
    for (uint64_t i = 0; i < EVENTS; i++) {
        if (anchor_wait_start_on(client, queue, names[i], ANCHOR_NO_TIMEOUT, i, NULL, NULL) != ANCHOR_OK) {
            return fail(names[i], anchor_last_error());
        }
    }
    return 0;
}

static int report(const anchor_completion *done)
{
    const char *name = names[anchor_completion_tag(done)], *json = anchor_completion_json(done);
    anchor_status status = anchor_completion_status(done);
    if (status == ANCHOR_OK) {
        printf("%s: %s\n", name, json);
        return 0;
    }
    char *message = anchor_json_get(json, "/error/message");
    fail(name, message ? message : anchor_status_message(status));
    anchor_string_free(message);
    return -1;
}

/* Takes without blocking until nothing is left; then the descriptor is not readable. */
static int take_all(anchor_queue *queue)
{
    anchor_completion *done = NULL;
    int outcome = 0;
    while (outcome == 0 && anchor_queue_next(queue, 0, NULL, &done) == ANCHOR_OK) {
        outcome = report(done);
        anchor_completion_free(done);
    }
    return outcome;
}

static int loop(int epoll, int timer, anchor_queue *queue, int ticks_left)
{
    while (anchor_queue_running(queue) > 0) {
        struct epoll_event ready;
        if (epoll_wait(epoll, &ready, 1, -1) != 1) {
            continue; /* a signal handler ran */
        }
        if (ready.data.fd == timer) {
            uint64_t ticks = 0;
            if (read(timer, &ticks, sizeof ticks) != (ssize_t)sizeof ticks) {
                continue;
            }
            printf("tick, %zu to come\n", anchor_queue_running(queue));
            if (ticks_left-- == 0) {
                return 2;
            }
        } else if (take_all(queue) != 0) {
            return EXIT_FAILURE;
        }
        fflush(stdout);
    }
    return EXIT_SUCCESS;
}

static int run(anchor_client *client, int ticks)
{
    struct itimerspec every = {.it_interval.tv_nsec = TICK_MS * 1000000L, .it_value.tv_nsec = TICK_MS * 1000000L};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    anchor_queue *queue = NULL;
    int exit_status = EXIT_FAILURE;

    if (anchor_queue_new(&queue) != ANCHOR_OK || timerfd_settime(timer, 0, &every, NULL) != 0 ||
        watch(epoll, timer) != 0 || watch(epoll, anchor_queue_fd(queue)) != 0) {
        fail("no descriptor", anchor_status_message(ANCHOR_OUT_OF_MEMORY));
    } else if (start_all(client, queue) == 0) {
        exit_status = loop(epoll, timer, queue, ticks);
    }
    anchor_queue_free(queue); /* cancels waits that still run, and closes the descriptor: epoll forgets it */
    close(timer);
    close(epoll);
    return exit_status;
}

int main(int argc, char **argv)
{
    int ticks = argc > 1 ? atoi(argv[1]) : 100;
    anchor_config *config = anchor_config_new();
    anchor_client *client = NULL;
    int exit_status = EXIT_FAILURE;
    if (config == NULL || anchor_client_new(config, &client) != ANCHOR_OK) {
        fail("no client", config ? anchor_config_error(config) : "out of memory");
    } else {
        exit_status = run(client, ticks);
    }
    anchor_client_free(client);
    anchor_config_free(config);
    return exit_status;
}
