#include <anchor.h>
#include <stdio.h>

/* The nth wait of this program has an id of its own in the service's log. */
anchor_status wait_number(anchor_client *client, unsigned n, char **json)
{
    char id[32];
    anchor_options *options = anchor_options_new();
    anchor_status status;

    sprintf(id, "my-program-%u", n);
    status = anchor_options_set_request_id(options, id);
    if (status == ANCHOR_OK)
        status = anchor_wait_for_event_with(client, "login_done", 60000, options, NULL, json);
    anchor_options_free(options);
    return status;
}
