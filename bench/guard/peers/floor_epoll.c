/*
 * The floor of many waits: non-blocking sockets on epoll, each of which has sent a request, and nothing else. What the
 * floor of one wait relies on holds here too.
 */
#define _GNU_SOURCE
#include "many.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct service *service;
static struct sockaddr_in address;
static int *sockets, size, epoll;
static long slice_ms;

void many_open(const struct service *the_service, int the_size, long the_slice_ms)
{
    service = the_service;
    size = the_size;
    slice_ms = the_slice_ms;
    sockets = calloc((size_t)size, sizeof *sockets);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)service->port);
    if (!sockets || epoll < 0 || inet_pton(AF_INET, service->host, &address.sin_addr) != 1)
        exit(1);
}

/* On loopback a connection is made at once. */
static void connect_wait(int wait)
{
    struct epoll_event event = { .events = EPOLLIN, .data.u32 = (uint32_t)wait };
    int on = 1;
    sockets[wait] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (sockets[wait] < 0 || connect(sockets[wait], (struct sockaddr *)&address, sizeof address)
        || setsockopt(sockets[wait], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on)
        || epoll_ctl(epoll, EPOLL_CTL_ADD, sockets[wait], &event)) {
        perror("floor");
        exit(1);
    }
}

void many_start(int wait)
{
    char text[1024], body[48];
    int length = snprintf(body, sizeof body, "{\"timeoutMs\":%ld}", slice_ms);
    length = snprintf(text, sizeof text,
                      "POST /v1/events/crowd-%d/wait HTTP/1.1\r\nhost: %s:%d\r\nanchor-api-key: %s\r\n"
                      "content-type: application/json\r\ncontent-length: %d\r\n\r\n%s",
                      wait, service->host, service->port, service->api_key, length, body);
    if (!sockets[wait])
        connect_wait(wait);
    if (send(sockets[wait], text, (size_t)length, MSG_NOSIGNAL | MSG_DONTWAIT) != length)
        exit(1);
}

/* The server sends an answer in one piece. True if it is the event. */
static int receive_event(int wait)
{
    char text[1024];
    ssize_t got = recv(sockets[wait], text, sizeof text - 1, MSG_DONTWAIT);
    if (got <= 0)
        exit(1);
    text[got] = '\0';
    if (strncmp(text, "HTTP/1.1 408", 12) == 0) {
        many_start(wait);
        return 0;
    }
    if (strncmp(text, "HTTP/1.1 200", 12) != 0 || !strstr(text, "\"code\":\"123456\""))
        exit(1);
    return 1;
}

int many_take(void)
{
    static struct epoll_event ready[64];
    static int count, next;
    for (;;) {
        while (next < count) {
            int wait = (int)ready[next++].data.u32;
            if (receive_event(wait))
                return wait;
        }
        next = 0;
        count = epoll_wait(epoll, ready, 64, -1);
    }
}

void many_cancel(void)
{
    for (int i = 0; i < size; i++)
        close(sockets[i]);
    close(epoll);
    free(sockets);
}
