#include <anchor.h>

/* Whether this system has handles for its event loops, and not descriptors. */
int has_handles(const anchor_queue *queue)
{
    return anchor_queue_handle(queue) != NULL;
}
