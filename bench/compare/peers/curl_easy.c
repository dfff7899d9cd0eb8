/*
 * libcurl's easy interface and cJSON, as a careful C program uses them: one handle for a thread, options set once, the
 * answer checked and parsed, and a progress callback for the cancel.
 */
#include "curl_request.h"
#include <stdatomic.h>
#include <stdlib.h>

struct peer {
    const struct service *service;
    struct curl_request request;
    atomic_int cancelled;
};

static int told_to_stop(void *user, curl_off_t all, curl_off_t got, curl_off_t all_up, curl_off_t sent)
{
    struct peer *peer = user;
    (void)all, (void)got, (void)all_up, (void)sent;
    return atomic_load(&peer->cancelled);
}

struct peer *peer_open(const struct service *service)
{
    struct peer *peer = calloc(1, sizeof *peer);
    if (!peer || !curl_request_open(&peer->request, service)) {
        free(peer);
        return NULL;
    }
    peer->service = service;
    curl_easy_setopt(peer->request.easy, CURLOPT_XFERINFOFUNCTION, told_to_stop);
    curl_easy_setopt(peer->request.easy, CURLOPT_XFERINFODATA, peer);
    curl_easy_setopt(peer->request.easy, CURLOPT_NOPROGRESS, 0L);
    return peer;
}

void peer_close(struct peer *peer)
{
    curl_request_close(&peer->request);
    free(peer);
}

enum outcome peer_wait(struct peer *peer, const char *event, long timeout_ms, char code[CODE_SIZE])
{
    curl_request_set(&peer->request, peer->service, event, timeout_ms);
    return curl_request_outcome(&peer->request, curl_easy_perform(peer->request.easy), code);
}

void peer_cancel(struct peer *peer)
{
    atomic_store(&peer->cancelled, 1);
}
