#include <anchor.h>

/* A wait that does not ask again after a request whose answer may have held the event. */
anchor_status wait_without_rearming(anchor_client *client, char **json)
{
    anchor_options *options = anchor_options_new();
    anchor_status status = anchor_options_set_rearm(options, 0);

    if (status == ANCHOR_OK)
        status = anchor_wait_for_event_with(client, "login_done", 60000, options, NULL, json);
    anchor_options_free(options);
    return status;
}
