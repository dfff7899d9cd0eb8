#include <anchor.h>

/* Drops what runs and what has arrived. */
void drop(anchor_client *client, anchor_queue *queue)
{
    anchor_queue_free(queue);
    anchor_client_free(client);
}
