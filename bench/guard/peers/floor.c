/*
 * The floor: a bare blocking socket. It does only what it must, and relies on a connection that nobody closes
 * and on a server that answers as expected. Do not write programs like this.
 */
#define _GNU_SOURCE
#include "peer.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

struct peer {
    const struct service *service;
    int socket;
    long timeout_ms;
    atomic_int cancelled;
};

const char *peer_name(void)
{
    return "blocking socket";
}

struct peer *peer_open(const struct service *service)
{
    struct peer *peer = calloc(1, sizeof *peer);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)service->port) };
    int on = 1;
    if (!peer)
        return NULL;
    peer->service = service;
    peer->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (peer->socket < 0 || inet_pton(AF_INET, service->host, &address.sin_addr) != 1
        || connect(peer->socket, (struct sockaddr *)&address, sizeof address)
        || setsockopt(peer->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on)) {
        perror("floor");
        peer_close(peer);
        return NULL;
    }
    return peer;
}

void peer_close(struct peer *peer)
{
    if (peer->socket >= 0)
        close(peer->socket);
    free(peer);
}

/* The length of the whole answer, or 0 while its head is not complete. */
static size_t answer_length(const char *answer)
{
    const char *end = strstr(answer, "\r\n\r\n");
    const char *length = end ? strstr(answer, "content-length: ") : NULL;
    return length ? (size_t)(end + 4 - answer) + strtoul(length + 16, NULL, 10) : 0;
}

static int pick_code(const char *answer, char code[CODE_SIZE])
{
    const char *start = strstr(answer, "\"code\":\""), *end = start ? strchr(start + 8, '"') : NULL;
    if (!end || strncmp(answer, "HTTP/1.1 200", 12) != 0 || end - start - 8 >= CODE_SIZE)
        return 0;
    memcpy(code, start + 8, (size_t)(end - start - 8));
    code[end - start - 8] = '\0';
    return 1;
}

/* Set again only if the length differs. */
static void set_timeout(struct peer *peer, long timeout_ms)
{
    struct timeval time = { .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000 };
    if (peer->timeout_ms != timeout_ms)
        setsockopt(peer->socket, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    peer->timeout_ms = timeout_ms;
}

enum outcome peer_wait(struct peer *peer, const char *event, long timeout_ms, char code[CODE_SIZE])
{
    char text[1024], body[48];
    size_t have = 0, whole;
    int length = snprintf(body, sizeof body, "{\"timeoutMs\":%ld}", timeout_ms);
    length = snprintf(text, sizeof text,
                      "POST /v1/events/%s/wait HTTP/1.1\r\nhost: %s:%d\r\nanchor-api-key: %s\r\n"
                      "content-type: application/json\r\ncontent-length: %d\r\n\r\n%s",
                      event, peer->service->host, peer->service->port, peer->service->api_key, length, body);
    set_timeout(peer, timeout_ms);
    if (send(peer->socket, text, (size_t)length, MSG_NOSIGNAL) != length)
        return WAIT_FAILED;
    do {
        ssize_t got = recv(peer->socket, text + have, sizeof text - 1 - have, 0);
        if (got <= 0)
            return atomic_load(&peer->cancelled) ? WAIT_CANCELLED : errno == EAGAIN ? WAIT_TIMEOUT : WAIT_FAILED;
        have += (size_t)got;
        text[have] = '\0';
        whole = answer_length(text);
    } while (!whole || have < whole);
    if (strncmp(text, "HTTP/1.1 408", 12) == 0)
        return WAIT_TIMEOUT;
    return pick_code(text, code) ? WAIT_OK : WAIT_FAILED;
}

void peer_cancel(struct peer *peer)
{
    atomic_store(&peer->cancelled, 1);
    shutdown(peer->socket, SHUT_RDWR);
}
