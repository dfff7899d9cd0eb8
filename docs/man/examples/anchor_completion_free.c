#include <anchor.h>

/* Takes a completion and keeps its status. */
anchor_status next_status(anchor_queue *queue)
{
    anchor_completion *done = NULL;
    anchor_status status = anchor_queue_next(queue, ANCHOR_NO_TIMEOUT, NULL, &done);

    if (status == ANCHOR_OK)
        status = anchor_completion_status(done);
    anchor_completion_free(done); /* accepts NULL */
    return status;
}
