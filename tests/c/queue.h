/* What the programs about a completion queue have in common. */
#ifndef QUEUE_H
#define QUEUE_H

#include "portable.h"

static inline anchor_queue *new_queue(void)
{
    anchor_queue *queue = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_queue_new(&queue));
    return queue;
}

static inline void start(anchor_client *client, anchor_queue *queue, const char *name, uint64_t tag)
{
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start_on(client, queue, name, ANCHOR_NO_TIMEOUT, tag, NULL, NULL));
}

static inline void signal_event(anchor_client *client, const char *name)
{
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, name, NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
}

static inline anchor_completion *next(anchor_queue *queue)
{
    anchor_completion *done = UNTOUCHED;
    CHECK_STATUS(ANCHOR_OK, anchor_queue_next(queue, PATIENCE_MS, NULL, &done));
    return done;
}

static inline void take(anchor_queue *queue, uint64_t tag, anchor_status status)
{
    anchor_completion *done = next(queue);
    CHECK(anchor_completion_tag(done) == tag);
    CHECK_STATUS(status, anchor_completion_status(done));
    anchor_completion_free(done);
}

static inline int polled(anchor_queue *queue, int timeout_ms)
{
    return portable_ready(anchor_queue_fd(queue), anchor_queue_handle(queue), timeout_ms);
}

#endif
