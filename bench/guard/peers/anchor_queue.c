/* libanchor's queue: one wait at a time through it, and many. */
#include "anchor_client.h"
#include "many.h"
#include <stdio.h>
#include <stdlib.h>

struct peer {
    anchor_client *client;
    anchor_queue *queue;
};

static struct peer many;
static int size;

static int opens(struct peer *peer, const struct service *service, long slice_ms)
{
    peer->client = new_client(service, slice_ms);
    return peer->client && anchor_queue_new(&peer->queue) == ANCHOR_OK;
}

struct peer *peer_open(const struct service *service)
{
    struct peer *peer = calloc(1, sizeof *peer);
    return peer && opens(peer, service, 0) ? peer : NULL;
}

void peer_close(struct peer *peer)
{
    anchor_queue_free(peer->queue);
    anchor_client_free(peer->client);
    free(peer);
}

static int starts(const struct peer *peer, const char *event, long timeout_ms, uint64_t tag)
{
    anchor_status status = anchor_wait_start_on(peer->client, peer->queue, event, timeout_ms, tag, NULL, NULL);
    if (status != ANCHOR_OK)
        fprintf(stderr, "libanchor: %s: %s\n", event, anchor_status_message(status));
    return status == ANCHOR_OK;
}

/* The next completion. `code` is set if it has the event. */
static enum outcome take(const struct peer *peer, uint64_t *tag, char code[CODE_SIZE])
{
    anchor_completion *completion = NULL;
    anchor_status status = anchor_queue_next(peer->queue, ANCHOR_NO_TIMEOUT, NULL, &completion);
    if (status == ANCHOR_OK)
        status = anchor_completion_status(completion);
    enum outcome outcome = status == ANCHOR_TIMEOUT ? WAIT_TIMEOUT
                         : status == ANCHOR_CANCELLED ? WAIT_CANCELLED
                         : status == ANCHOR_OK && pick_code(anchor_completion_json(completion), code) ? WAIT_OK
                                                                                                     : WAIT_FAILED;
    if (outcome == WAIT_FAILED)
        fprintf(stderr, "libanchor: %s\n", anchor_status_message(status));
    *tag = completion ? anchor_completion_tag(completion) : 0;
    anchor_completion_free(completion);
    return outcome;
}

enum outcome peer_wait(struct peer *peer, const char *event, long timeout_ms, char code[CODE_SIZE])
{
    uint64_t tag;
    return starts(peer, event, timeout_ms, 0) ? take(peer, &tag, code) : WAIT_FAILED;
}

void peer_cancel(struct peer *peer)
{
    anchor_queue_cancel_all(peer->queue);
}

void many_open(const struct service *service, int the_size, long slice_ms)
{
    size = the_size;
    if (!opens(&many, service, slice_ms))
        exit(1);
}

void many_start(int wait)
{
    char event[32];
    snprintf(event, sizeof event, "crowd-%d", wait);
    if (!starts(&many, event, 600000, (uint64_t)wait))
        exit(1);
}

int many_take(void)
{
    char code[CODE_SIZE];
    uint64_t tag;
    if (take(&many, &tag, code) != WAIT_OK)
        exit(1);
    return (int)tag;
}

void many_cancel(void)
{
    char code[CODE_SIZE];
    uint64_t tag;
    anchor_queue_cancel_all(many.queue);
    for (int i = 0; i < size; i++)
        if (take(&many, &tag, code) != WAIT_CANCELLED)
            exit(1);
    if (anchor_queue_running(many.queue))
        exit(1);
    anchor_queue_free(many.queue);
    anchor_client_free(many.client);
}
