/*
 *     crowd_server ADDRESS SIZE [CHAIN KEY]
 *
 * A server that holds waits for the events "crowd-0" to "crowd-SIZE-1", each by one client at a time, on one thread with
 * epoll, so that it costs little beside the client that is measured. It speaks as much HTTP as the peers do. With a
 * chain and its key it is over TLS. Prints its URL, and the URL of a port in clear for those who signal and look:
 *
 *     POST /v1/events/crowd-N/wait    answered as soon as the event was signaled, or with 408 after `timeoutMs`
 *     POST /v1/events/crowd-N         a signal; it is kept until a wait takes it
 *     GET /state                      {"waiting":COUNT,"requests":COUNT,"held_us":TIME}: how many waits are held, how
 *                                     many have come, and when the last of them did
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BACKLOG = 4096, REQUEST_SIZE = 2048, TICK_MS = 50, TICKS = 1 << 16 };

struct event;

/* A listener is one too. While it holds a wait, it is in the list of the tick at which the wait ends. */
struct connection {
    int socket, is_listener;
    SSL_CTX *tls;
    SSL *session;
    struct event *event;
    struct connection *before, *after;
    long ends; /* the tick */
    size_t have;
    char request[REQUEST_SIZE];
};

struct event {
    struct connection *waiting;
    int signals;
};

static struct event *events;
static int size, epoll;
static long waiting, requests;
static double held_us;
static struct connection *ending[TICKS];
static long tick;

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "crowd_server: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static long now_tick(void)
{
    return (long)(now_us() / 1e3 / TICK_MS);
}

/* ---- what is held ---- */

static void hold(struct connection *connection, struct event *event, long timeout_ms)
{
    long ticks = timeout_ms / TICK_MS + 1;
    connection->ends = now_tick() + (ticks < TICKS ? ticks : TICKS - 1);
    struct connection **list = &ending[connection->ends % TICKS];
    connection->event = event;
    connection->before = NULL;
    connection->after = *list;
    if (*list)
        (*list)->before = connection;
    *list = connection;
    event->waiting = connection;
    waiting++;
    held_us = now_us();
}

static void let_go(struct connection *connection)
{
    if (!connection->event)
        return;
    connection->event->waiting = NULL;
    connection->event = NULL;
    if (connection->after)
        connection->after->before = connection->before;
    *(connection->before ? &connection->before->after : &ending[connection->ends % TICKS]) = connection->after;
    waiting--;
}

/* ---- connections ---- */

static void watch(struct connection *connection)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = connection };
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, connection->socket, &event))
        fail("epoll_ctl");
}

static struct connection *new_connection(int socket, SSL_CTX *tls)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection)
        fail("no memory");
    connection->socket = socket;
    connection->tls = tls;
    return connection;
}

static void end(struct connection *connection)
{
    let_go(connection);
    SSL_free(connection->session);
    close(connection->socket);
    free(connection);
}

static void accept_all(struct connection *listener)
{
    int on = 1, socket;
    while ((socket = accept4(listener->socket, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct connection *connection = new_connection(socket, listener->tls);
        setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (listener->tls) {
            connection->session = SSL_new(listener->tls);
            if (!connection->session || !SSL_set_fd(connection->session, socket))
                fail("no TLS session");
            SSL_set_accept_state(connection->session);
        }
        watch(connection);
    }
    if (errno != EAGAIN && errno != ECONNABORTED)
        fail("accept");
}

/* Bytes, 0 if there are none now, negative if the connection has ended. */
static long receive(struct connection *connection, char *to, size_t room)
{
    if (!connection->session) {
        ssize_t got = recv(connection->socket, to, room, 0);
        return got > 0 ? got : got < 0 && errno == EAGAIN ? 0 : -1;
    }
    int got = SSL_read(connection->session, to, (int)room);
    return got > 0 ? got : SSL_get_error(connection->session, got) == SSL_ERROR_WANT_READ ? 0 : -1;
}

/* An answer is small and a socket's buffer is not, so it is written at once. A client may be gone. */
static void answer(struct connection *connection, const char *status, const char *body)
{
    char text[512];
    int length = snprintf(text, sizeof text,
                          "HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %zu\r\n\r\n%s", status,
                          strlen(body), body);
    if (connection->session)
        SSL_write(connection->session, text, length);
    else
        send(connection->socket, text, (size_t)length, MSG_NOSIGNAL);
}

/* ---- requests ---- */

static void give(struct connection *connection)
{
    answer(connection, "200 OK", "{\"data\":{\"code\":\"123456\"}}");
}

static void on_wait(struct connection *connection, struct event *event, const char *body)
{
    const char *timeout = strstr(body, "\"timeoutMs\":");
    requests++;
    if (event->waiting)
        answer(connection, "409 Conflict", "{\"error\":{\"code\":409,\"message\":\"somebody waits for it\"}}");
    else if (event->signals && event->signals--)
        give(connection);
    else
        hold(connection, event, timeout ? strtol(timeout + 12, NULL, 10) : 60000);
}

static void on_signal(struct connection *connection, struct event *event)
{
    struct connection *held = event->waiting;
    if (held) {
        let_go(held);
        give(held);
    } else {
        event->signals++;
    }
    answer(connection, "200 OK", "{\"data\":{\"status\":\"signaled\"}}");
}

static void on_look(struct connection *connection)
{
    char body[128];
    snprintf(body, sizeof body, "{\"waiting\":%ld,\"requests\":%ld,\"held_us\":%.1f}", waiting, requests, held_us);
    answer(connection, "200 OK", body);
}

static void act_on(struct connection *connection, const char *request, const char *body)
{
    int number, path = 0;
    if (strncmp(request, "GET /state ", 11) == 0)
        on_look(connection);
    else if (sscanf(request, "POST /v1/events/crowd-%d%n", &number, &path) != 1 || number < 0 || number >= size)
        answer(connection, "404 Not Found", "{\"error\":{\"code\":404,\"message\":\"not here\"}}");
    else if (strncmp(request + path, "/wait ", 6) == 0)
        on_wait(connection, &events[number], body);
    else
        on_signal(connection, &events[number]);
}

/* The length of the first request, or 0 while it is not complete. */
static size_t whole_request(const char *text, size_t have, size_t *head)
{
    const char *blank = strstr(text, "\r\n\r\n"), *length = strcasestr(text, "content-length:");
    if (!blank)
        return 0;
    *head = (size_t)(blank + 4 - text);
    size_t whole = *head + (length && length < blank ? strtoul(length + 15, NULL, 10) : 0);
    return have < whole ? 0 : whole;
}

static void act_on_whole_requests(struct connection *connection)
{
    size_t whole, head;
    while ((whole = whole_request(connection->request, connection->have, &head))) {
        char after = connection->request[whole];
        connection->request[whole] = '\0';
        act_on(connection, connection->request, connection->request + head);
        connection->request[whole] = after;
        connection->have -= whole;
        memmove(connection->request, connection->request + whole, connection->have + 1);
    }
}

static void read_requests(struct connection *connection)
{
    for (;;) {
        size_t room = REQUEST_SIZE - 1 - connection->have;
        long got = room ? receive(connection, connection->request + connection->have, room) : -1;
        if (got < 0)
            end(connection);
        if (got <= 0)
            return;
        connection->have += (size_t)got;
        connection->request[connection->have] = '\0';
        act_on_whole_requests(connection);
    }
}

static void end_what_is_due(void)
{
    for (long now = now_tick(); tick <= now; tick++)
        for (struct connection *due; (due = ending[tick % TICKS]);) {
            let_go(due);
            answer(due, "408 Request Timeout", "{\"error\":{\"code\":408,\"message\":\"Timeout waiting for event\"}}");
        }
}

/* ---- the start ---- */

static void listen_on(const char *address, SSL_CTX *tls)
{
    struct sockaddr_in name = { .sin_family = AF_INET };
    socklen_t length = sizeof name;
    struct connection *listener = new_connection(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), tls);
    listener->is_listener = 1;
    if (inet_pton(AF_INET, address, &name.sin_addr) != 1
        || bind(listener->socket, (struct sockaddr *)&name, sizeof name) || listen(listener->socket, BACKLOG)
        || getsockname(listener->socket, (struct sockaddr *)&name, &length))
        fail(address);
    watch(listener);
    printf("%s://%s:%d\n", tls ? "https" : "http", address, ntohs(name.sin_port));
}

static SSL_CTX *tls_of(const char *chain, const char *key)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    if (!tls || SSL_CTX_use_certificate_chain_file(tls, chain) != 1
        || SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1)
        fail("no certificate");
    SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
    return tls;
}

static void all_descriptors(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files))
        fail("no limits");
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files))
        fail("the limit of descriptors cannot be raised");
}

int main(int argc, char **argv)
{
    struct epoll_event ready[256];
    size = argc > 2 ? atoi(argv[2]) : 0;
    events = calloc((size_t)size + 1, sizeof *events);
    epoll = epoll_create1(EPOLL_CLOEXEC);
    if (argc < 3 || !events || epoll < 0)
        fail("see the head of crowd_server.c");
    all_descriptors();
    listen_on(argv[1], argc > 4 ? tls_of(argv[3], argv[4]) : NULL);
    listen_on(argv[1], NULL);
    fflush(stdout);
    for (tick = now_tick();; end_what_is_due()) {
        int count = epoll_wait(epoll, ready, 256, waiting ? TICK_MS : -1);
        for (int i = 0; i < count; i++) {
            struct connection *connection = ready[i].data.ptr;
            if (connection->is_listener)
                accept_all(connection);
            else
                read_requests(connection);
        }
    }
}
