#include <anchor.h>
#include <stdio.h>

/* Drops the codes of earlier runs. */
int begin_clean(anchor_client *client)
{
    uint32_t dropped = 0;
    anchor_status status = anchor_drain_event(client, "mfa_code", ANCHOR_REQUEST_TIMEOUT, NULL, &dropped);

    printf("%lu old signals dropped, %s\n", (unsigned long)dropped, anchor_status_name(status));
    return status == ANCHOR_OK;
}
