#include <anchor.h>
#include <stdio.h>

/* Signals as a part of a trace, in the format of https://www.w3.org/TR/trace-context/. */
anchor_status signal_traced(anchor_client *client, const char *traceparent, const char *data_json)
{
    anchor_options *options = anchor_options_new();
    anchor_status status = anchor_options_add_header(options, "traceparent", traceparent);

    if (status == ANCHOR_OK)
        status = anchor_signal_event_with(client, "mfa_code", data_json, ANCHOR_REQUEST_TIMEOUT, options, NULL, NULL);
    if (status != ANCHOR_OK)
        fprintf(stderr, "%s\n", anchor_last_error());
    anchor_options_free(options);
    return status;
}
