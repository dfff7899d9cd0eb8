#include <anchor.h>

/* Tries once, for at most two seconds. */
anchor_status signal_once(anchor_client *client, const char *data_json)
{
    anchor_options *options = anchor_options_new();
    anchor_status status = anchor_options_set_retries(options, 0);

    if (status == ANCHOR_OK)
        status = anchor_signal_event_with(client, "mfa_code", data_json, 2000, options, NULL, NULL);
    anchor_options_free(options);
    return status;
}
