#include <anchor.h>
#include <stdio.h>

/* A wait whose requests can be found in the service's log by the id. */
anchor_status wait_with_id(anchor_client *client, const char *request_id, char **json)
{
    anchor_options *options = anchor_options_new();
    anchor_status status = anchor_options_set_request_id(options, request_id);

    if (status == ANCHOR_OK)
        status = anchor_wait_for_event_with(client, "mfa_code", 60000, options, NULL, json);
    if (status != ANCHOR_OK)
        fprintf(stderr, "%s\n", anchor_last_error());
    anchor_options_free(options);
    return status;
}
