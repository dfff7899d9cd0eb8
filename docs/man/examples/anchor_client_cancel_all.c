#include <anchor.h>

/* Called when the program shuts down: the other threads' waits return ANCHOR_CANCELLED. */
void stop_waiting(anchor_client *client)
{
    anchor_client_cancel_all(client);
    /* Join the threads here, then call anchor_client_free. */
}
