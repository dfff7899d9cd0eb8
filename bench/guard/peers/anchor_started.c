/* Many of libanchor's started waits, each with its descriptor on an epoll of the program. */
#define _GNU_SOURCE
#include "anchor_client.h"
#include "many.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

static anchor_client *client;
static anchor_wait **waits;
static int size, epoll;

void many_open(const struct service *service, int the_size, long slice_ms)
{
    size = the_size;
    waits = calloc((size_t)size, sizeof(anchor_wait *));
    epoll = epoll_create1(EPOLL_CLOEXEC);
    client = new_client(service, slice_ms);
    if (!waits || epoll < 0 || !client)
        exit(1);
}

void many_start(int wait)
{
    struct epoll_event event = { .events = EPOLLIN, .data.u32 = (uint32_t)wait };
    char name[32];
    snprintf(name, sizeof name, "crowd-%d", wait);
    anchor_status status = anchor_wait_start(client, name, 600000, &waits[wait]);
    if (status != ANCHOR_OK || epoll_ctl(epoll, EPOLL_CTL_ADD, anchor_wait_fd(waits[wait]), &event)) {
        fprintf(stderr, "started wait %d: %s\n", wait, anchor_status_message(status));
        exit(1);
    }
}

static void finish(int wait, anchor_status expected)
{
    char *json = NULL, code[CODE_SIZE];
    anchor_status status = anchor_wait_finish(waits[wait], ANCHOR_NO_TIMEOUT, &json);
    if (status != expected || (status == ANCHOR_OK && !pick_code(json, code))) {
        fprintf(stderr, "started wait %d: %s\n", wait, anchor_status_message(status));
        exit(1);
    }
    anchor_string_free(json);
    anchor_wait_free(waits[wait]);
}

int many_take(void)
{
    static struct epoll_event ready[64];
    static int count, next;
    while (next >= count) {
        next = 0;
        count = epoll_wait(epoll, ready, 64, -1);
    }
    int wait = (int)ready[next++].data.u32;
    finish(wait, ANCHOR_OK);
    return wait;
}

void many_cancel(void)
{
    anchor_client_cancel_all(client);
    for (int i = 0; i < size; i++)
        finish(i, ANCHOR_CANCELLED);
    anchor_client_free(client);
    close(epoll);
    free(waits);
}
