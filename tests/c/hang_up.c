/*
 * A peer that hangs up while the library writes. Writing to such a socket raises SIGPIPE, which ends a program that does
 * not expect it: the library must prevent it. No handler is installed here, so one SIGPIPE ends the program.
 */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

/* A server that accepts and hangs up, for as long as it is not shut down. */
struct server {
    int fd;
    int with_reset; /* hang up with RST instead of FIN */
    pthread_t thread;
    char url[64];
};

static void *accept_and_hang_up(void *argument)
{
    const struct server *server = argument;
    int fd;
    while ((fd = accept(server->fd, NULL, NULL)) >= 0) {
        const struct linger reset = {1, 0};
        char byte;
        /* The client is in the middle of writing. */
        CHECK(read(fd, &byte, 1) >= 0);
        if (server->with_reset) CHECK(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset) == 0);
        close(fd);
    }
    return NULL;
}

static void start(struct server *server, int with_reset)
{
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->with_reset = with_reset;
    server->fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(server->fd >= 0 && bind(server->fd, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(listen(server->fd, 16) == 0 && getsockname(server->fd, (struct sockaddr *)&address, &length) == 0);
    snprintf(server->url, sizeof server->url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    CHECK(pthread_create(&server->thread, NULL, accept_and_hang_up, server) == 0);
}

static void stop(struct server *server)
{
    shutdown(server->fd, SHUT_RDWR);
    CHECK(pthread_join(server->thread, NULL) == 0);
    close(server->fd);
}

/* More than the sockets' buffers hold, so that something is left to write when the peer has gone. */
static char *large_data(void)
{
    enum { LENGTH = 7 << 20 };
    char *data = malloc(LENGTH + 1);
    CHECK(data != NULL);
    memset(data, 'x', LENGTH);
    memcpy(data, "{\"a\":\"", 6);
    memcpy(data + LENGTH - 2, "\"}", 3);
    return data;
}

static void hang_up_on(int with_reset)
{
    struct server server;
    struct sigaction action;
    char *data = large_data();
    start(&server, with_reset);
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_base_url(config, server.url));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_retries(config, 1));
    anchor_client *client = check_client_of(config);
    for (int i = 0; i < 2; i++) {
        char *json = UNTOUCHED;
        anchor_status status = anchor_signal_event(client, "large", data, &json);
        CHECK(status == ANCHOR_NOT_SENT || status == ANCHOR_CONNECTION_LOST);
        CHECK_JSON(anchor_status_name(status), json, "/error/status");
        anchor_string_free(json);
    }
    char *json = UNTOUCHED;
    CHECK_STATUS(ANCHOR_CONNECTION_LOST, anchor_wait_for_event(client, "a", PATIENCE_MS, NULL, &json));
    CHECK_JSON("true", json, "/error/maybeConsumed");
    anchor_string_free(json);
    /* The disposition of SIGPIPE is unchanged. */
    CHECK(sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
    anchor_client_free(client);
    stop(&server);
    free(data);
}

static void a_peer_that_closes(void)
{
    hang_up_on(0);
}

static void a_peer_that_resets(void)
{
    hang_up_on(1);
}

static const struct test_case cases[] = {
    CASE(a_peer_that_closes),
    CASE(a_peer_that_resets),
};

RUN(cases)
