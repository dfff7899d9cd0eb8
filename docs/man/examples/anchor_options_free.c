#include <anchor.h>

/* The queue gets the completion, also after the options were freed. */
anchor_status start_traced(anchor_client *client, anchor_queue *queue, const char *id, uint64_t tag)
{
    anchor_options *options = anchor_options_new();
    anchor_status status = anchor_options_set_request_id(options, id);

    if (status == ANCHOR_OK)
        status = anchor_wait_start_on(client, queue, "login_done", 60000, tag, options, NULL);
    anchor_options_free(options);
    return status;
}
