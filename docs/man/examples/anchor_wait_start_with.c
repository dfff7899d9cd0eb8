#include <anchor.h>

/* A wait in the background that ends with ANCHOR_CONNECTION_LOST when its connection breaks. */
anchor_wait *start_without_rearming(anchor_client *client)
{
    anchor_wait *wait = NULL;
    anchor_options *options = anchor_options_new();

    if (anchor_options_set_rearm(options, 0) == ANCHOR_OK
        && anchor_wait_start_with(client, "login_done", 60000, options, &wait) != ANCHOR_OK)
        wait = NULL;
    anchor_options_free(options); /* the wait has a copy */
    return wait;
}
