/* libanchor: one client, which all threads share, and a cancel token for each of them. */
#include "anchor_client.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct peer {
    anchor_client *client;
    anchor_cancel_token *token;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static anchor_client *shared;
static int users;

struct peer *peer_open(const struct service *service)
{
    struct peer *peer = calloc(1, sizeof *peer);
    pthread_mutex_lock(&lock);
    if (!users++)
        shared = new_client(service, 0);
    pthread_mutex_unlock(&lock);
    if (!peer || !shared || !(peer->token = anchor_cancel_token_new()))
        return NULL;
    peer->client = shared;
    return peer;
}

void peer_close(struct peer *peer)
{
    pthread_mutex_lock(&lock);
    if (!--users)
        anchor_client_free(shared);
    pthread_mutex_unlock(&lock);
    anchor_cancel_token_free(peer->token);
    free(peer);
}

enum outcome peer_wait(struct peer *peer, const char *event, long timeout_ms, char code[CODE_SIZE])
{
    char *json = NULL;
    anchor_status status = anchor_wait_for_event(peer->client, event, timeout_ms, peer->token, &json);
    enum outcome outcome = status == ANCHOR_TIMEOUT ? WAIT_TIMEOUT
                         : status == ANCHOR_CANCELLED ? WAIT_CANCELLED
                         : status == ANCHOR_OK && pick_code(json, code) ? WAIT_OK : WAIT_FAILED;
    if (outcome == WAIT_FAILED)
        fprintf(stderr, "libanchor: %s: %s\n", anchor_status_name(status), json ? json : "");
    anchor_string_free(json);
    return outcome;
}

void peer_cancel(struct peer *peer)
{
    anchor_cancel_token_cancel(peer->token);
}
