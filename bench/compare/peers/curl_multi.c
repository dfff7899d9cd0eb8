/* libcurl's multi interface: one wait that another thread can cancel at once. */
#include "curl_request.h"
#include <stdatomic.h>
#include <stdlib.h>

struct peer {
    const struct service *service;
    struct curl_request request;
    CURLM *multi;
    atomic_int cancelled;
};

struct peer *peer_open(const struct service *service)
{
    struct peer *peer = calloc(1, sizeof *peer);
    if (!peer || !curl_request_open(&peer->request, service) || !(peer->multi = curl_multi_init()))
        return NULL;
    peer->service = service;
    return peer;
}

void peer_close(struct peer *peer)
{
    curl_request_close(&peer->request);
    curl_multi_cleanup(peer->multi);
    free(peer);
}

enum outcome peer_wait(struct peer *peer, const char *event, long timeout_ms, char code[CODE_SIZE])
{
    CURLcode result = CURLE_ABORTED_BY_CALLBACK;
    int running = 1, left;
    curl_request_set(&peer->request, peer->service, event, timeout_ms);
    curl_multi_add_handle(peer->multi, peer->request.easy);
    while (!atomic_load(&peer->cancelled) && !curl_multi_perform(peer->multi, &running) && running)
        curl_multi_poll(peer->multi, NULL, 0, 60000, NULL);
    for (CURLMsg *message; (message = curl_multi_info_read(peer->multi, &left));)
        result = message->data.result;
    curl_multi_remove_handle(peer->multi, peer->request.easy);
    return curl_request_outcome(&peer->request, result, code);
}

void peer_cancel(struct peer *peer)
{
    atomic_store(&peer->cancelled, 1);
    curl_multi_wakeup(peer->multi);
}
