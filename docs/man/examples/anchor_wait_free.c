#include <anchor.h>

/* Waits in the background for at most a second, and then gives the wait up. */
anchor_status wait_briefly(anchor_client *client, char **json)
{
    anchor_wait *wait = NULL;
    anchor_status status = anchor_wait_start(client, "login_done", ANCHOR_NO_TIMEOUT, &wait);

    if (status == ANCHOR_OK)
        status = anchor_wait_finish(wait, 1000, json);
    anchor_wait_free(wait); /* cancels it if it is still pending */
    return status;
}
