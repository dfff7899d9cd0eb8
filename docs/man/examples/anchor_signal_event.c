#include <anchor.h>
#include <stdio.h>

int send_code(anchor_client *client, const char *data_json)
{
    char *json = NULL;
    anchor_status status = anchor_signal_event(client, "mfa_code", data_json, ANCHOR_REQUEST_TIMEOUT, NULL, &json);

    if (status == ANCHOR_NOT_SENT)
        fprintf(stderr, "not delivered, try again: %s\n", json ? json : "");
    else if (status == ANCHOR_CONNECTION_LOST)
        fprintf(stderr, "may have been delivered: %s\n", json ? json : "");
    else if (status != ANCHOR_OK)
        fprintf(stderr, "%s\n", json ? json : anchor_status_message(status));
    anchor_string_free(json);
    return status == ANCHOR_OK;
}
