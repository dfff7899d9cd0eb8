/* The descriptors of started waits and of queues in epoll and select. In poll: started.c and queue.c. */
#define _GNU_SOURCE
#include "queue.h"
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/select.h>

static anchor_wait *started(anchor_client *client, const char *name)
{
    anchor_wait *wait = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, name, PATIENCE_MS, &wait));
    return wait;
}

static void in_epoll(uint32_t mode, int seen_again)
{
    anchor_client *client = check_client();
    anchor_wait *wait = started(client, "epoll");
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN | mode, .data.ptr = wait}, seen;
    CHECK(epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, anchor_wait_fd(wait), &event) == 0);
    CHECK(epoll_wait(epoll, &seen, 1, 0) == 0);
    signal_event(client, "epoll");
    CHECK(epoll_wait(epoll, &seen, 1, PATIENCE_MS) == 1 && seen.events == EPOLLIN && seen.data.ptr == wait);
    CHECK(epoll_wait(epoll, &seen, 1, 0) == seen_again);
    CHECK_STATUS(ANCHOR_OK, anchor_wait_finish(wait, 0, NULL));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_wait_finish(wait, 0, NULL));
    CHECK(epoll_wait(epoll, &seen, 1, 0) == 0);
    CHECK(epoll_ctl(epoll, EPOLL_CTL_DEL, anchor_wait_fd(wait), NULL) == 0);
    close(epoll);
    anchor_wait_free(wait);
    anchor_client_free(client);
}

static void epoll_sees_it_as_a_level(void)
{
    in_epoll(0, 1);
}

static void epoll_sees_it_as_an_edge(void)
{
    in_epoll(EPOLLET, 0);
}

static void epoll_sees_an_edge_that_was_there_before(void)
{
    anchor_client *client = check_client();
    anchor_wait *wait = started(client, "before");
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = wait}, seen;
    signal_event(client, "before");
    CHECK(portable_ready(anchor_wait_fd(wait), NULL, PATIENCE_MS) == 1);
    CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, anchor_wait_fd(wait), &event) == 0);
    CHECK(epoll_wait(epoll, &seen, 1, 0) == 1);
    close(epoll);
    anchor_wait_free(wait);
    anchor_client_free(client);
}

static int selected(int fd, int seconds)
{
    fd_set set;
    struct timeval patience = {seconds, 0};
    FD_ZERO(&set);
    FD_SET(fd, &set);
    return select(fd + 1, &set, NULL, NULL, &patience);
}

static void select_sees_it(void)
{
    anchor_client *client = check_client();
    anchor_wait *wait = started(client, "selected");
    int fd = anchor_wait_fd(wait);
    CHECK(fd >= 0 && fd < (int)FD_SETSIZE);
    CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(selected(fd, 0) == 0);
    signal_event(client, "selected");
    CHECK(selected(fd, PATIENCE_MS / 1000) == 1);
    CHECK_STATUS(ANCHOR_OK, anchor_wait_finish(wait, 0, NULL));
    CHECK(selected(fd, 0) == 0);
    anchor_wait_free(wait);
    anchor_client_free(client);
}

static void epoll_sees_a_queue_as_an_edge(void)
{
    anchor_client *client = check_client();
    anchor_queue *queue = new_queue();
    struct epoll_event event = {EPOLLIN | EPOLLET, {0}};
    int fd = anchor_queue_fd(queue), epoll = epoll_create1(EPOLL_CLOEXEC);
    CHECK(fd == anchor_queue_fd(queue) && (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
    for (uint64_t round = 0; round < 3; round++) {
        CHECK(epoll_wait(epoll, &event, 1, 0) == 0);
        start(client, queue, "edge", round);
        signal_event(client, "edge");
        CHECK(epoll_wait(epoll, &event, 1, PATIENCE_MS) == 1);
        CHECK(epoll_wait(epoll, &event, 1, 0) == 0);
        take(queue, round, ANCHOR_OK);
    }
    close(epoll);
    anchor_queue_free(queue);
    anchor_client_free(client);
}

static const struct test_case cases[] = {
    CASE(epoll_sees_it_as_a_level),
    CASE(epoll_sees_it_as_an_edge),
    CASE(epoll_sees_an_edge_that_was_there_before),
    CASE(select_sees_it),
    CASE(epoll_sees_a_queue_as_an_edge),
};

RUN(cases)
