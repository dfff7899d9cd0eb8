#include <anchor.h>

/* Drops the old codes of a tenant, whose name a gateway wants in a header. */
anchor_status drain_of_tenant(anchor_client *client, const char *tenant, uint32_t *dropped)
{
    anchor_options *options = anchor_options_new();
    anchor_status status = anchor_options_add_header(options, "x-tenant", tenant);

    if (status == ANCHOR_OK)
        status = anchor_drain_event_with(client, "mfa_code", ANCHOR_REQUEST_TIMEOUT, options, NULL, dropped);
    anchor_options_free(options);
    return status;
}
