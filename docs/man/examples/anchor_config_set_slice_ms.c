#include <anchor.h>
#include <stdio.h>

/* A client behind a NAT that drops connections which are idle for 30 seconds. */
anchor_client *new_client_behind_nat(void)
{
    anchor_client *client = NULL;
    anchor_config *config = anchor_config_new();

    if (config == NULL)
        return NULL;
    if (anchor_config_set_slice_ms(config, 20000) != ANCHOR_OK
        || anchor_client_new(config, &client) != ANCHOR_OK)
        fprintf(stderr, "%s\n", anchor_config_error(config));
    anchor_config_free(config);
    return client;
}
