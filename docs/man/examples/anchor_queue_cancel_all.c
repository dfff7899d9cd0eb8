#include <anchor.h>

/* Ends all waits of a queue, and keeps the events that arrived before. */
void end_all(anchor_queue *queue, void (*keep)(const char *json))
{
    anchor_completion *done = NULL;

    anchor_queue_cancel_all(queue);
    while (anchor_queue_running(queue) > 0 &&
           anchor_queue_next(queue, ANCHOR_NO_TIMEOUT, NULL, &done) == ANCHOR_OK) {
        if (anchor_completion_status(done) == ANCHOR_OK)
            keep(anchor_completion_json(done));
        anchor_completion_free(done);
    }
}
