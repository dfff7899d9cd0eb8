#include <anchor.h>

/* A wait that no outage ends, whatever the settings of the client say. */
anchor_status wait_whatever_happens(anchor_client *client, char **json)
{
    anchor_options *options = anchor_options_new();
    anchor_status status = anchor_options_set_retries(options, ANCHOR_RETRY_ALWAYS);

    if (status == ANCHOR_OK)
        status = anchor_wait_for_event_with(client, "login_done", ANCHOR_NO_TIMEOUT, options, NULL, json);
    anchor_options_free(options);
    return status;
}
