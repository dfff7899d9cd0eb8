/*
 * A peer that hangs up while the library writes. Writing to such a socket raises SIGPIPE, which ends a program that does
 * not expect it: the library must prevent it. No handler is installed here, so one SIGPIPE ends the program.
 */
#define _POSIX_C_SOURCE 200809L
#include "portable.h"
#include <pthread.h>

/* A server that accepts and hangs up, for as long as it is not stopped. */
struct server {
    portable_socket listener;
    int with_reset; /* hang up with RST instead of FIN */
    int is_stopped; /* set by another thread */
    pthread_t thread;
    char url[64];
};

static void *accept_and_hang_up(void *argument)
{
    struct server *server = argument;
    for (;;) {
        char byte;
        portable_socket connection = accept(server->listener, NULL, NULL);
        int is_stopped = __atomic_load_n(&server->is_stopped, __ATOMIC_SEQ_CST);
        /* The client is in the middle of writing. */
        if (!is_stopped) CHECK(recv(connection, &byte, 1, 0) >= 0);
        if (server->with_reset) portable_reset_on_close(connection);
        portable_close(connection);
        if (is_stopped) return NULL;
    }
}

static void start(struct server *server, int with_reset)
{
    server->with_reset = with_reset;
    server->is_stopped = 0;
    server->listener = portable_bound_socket(server->url, sizeof server->url);
    CHECK(listen(server->listener, 16) == 0);
    CHECK(pthread_create(&server->thread, NULL, accept_and_hang_up, server) == 0);
}

static void stop(struct server *server)
{
    __atomic_store_n(&server->is_stopped, 1, __ATOMIC_SEQ_CST);
    portable_knock(server->url);
    CHECK(pthread_join(server->thread, NULL) == 0);
    portable_close(server->listener);
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
    char *data = large_data();
    start(&server, with_reset);
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_base_url(config, server.url));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_retries(config, 1));
    anchor_client *client = check_client_of(config);
    for (int i = 0; i < 2; i++) {
        char *json = UNTOUCHED;
        anchor_status status = anchor_signal_event(client, "large", data, ANCHOR_REQUEST_TIMEOUT, NULL, &json);
        CHECK(status == ANCHOR_NOT_SENT || status == ANCHOR_CONNECTION_LOST);
        CHECK_JSON(anchor_status_name(status), json, "/error/status");
        anchor_string_free(json);
    }
    char *json = UNTOUCHED;
    CHECK_STATUS(ANCHOR_CONNECTION_LOST, anchor_wait_for_event(client, "a", PATIENCE_MS, NULL, &json));
    CHECK_JSON("true", json, "/error/maybeConsumed");
    anchor_string_free(json);
    /* The disposition of SIGPIPE is unchanged. */
    CHECK(portable_sigpipe_is_default());
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
