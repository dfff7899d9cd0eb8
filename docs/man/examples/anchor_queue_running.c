#include <anchor.h>

/* Keeps a number of waits running. */
void refill(anchor_client *client, anchor_queue *queue, size_t wanted)
{
    while (anchor_queue_running(queue) < wanted)
        if (anchor_wait_start_on(client, queue, "job", ANCHOR_NO_TIMEOUT, 0, NULL, NULL) != ANCHOR_OK)
            break;
}
