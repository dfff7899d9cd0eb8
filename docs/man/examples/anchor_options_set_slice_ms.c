#include <anchor.h>

/* A wait behind a gateway that ends idle connections after 30 seconds. */
anchor_status wait_in_short_slices(anchor_client *client, char **json)
{
    anchor_options *options = anchor_options_new();
    anchor_status status = anchor_options_set_slice_ms(options, 20000);

    if (status == ANCHOR_OK)
        status = anchor_wait_for_event_with(client, "login_done", 600000, options, NULL, json);
    anchor_options_free(options);
    return status;
}
