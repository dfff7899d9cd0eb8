#include <anchor.h>
#include <stdio.h>

/* A client whose requests carry a gateway's token. */
anchor_client *new_client_behind_a_gateway(const char *token)
{
    anchor_client *client = NULL;
    anchor_config *config = anchor_config_new();

    if (config == NULL)
        return NULL;
    if (anchor_config_add_header(config, "x-gateway-token", token) != ANCHOR_OK
        || anchor_client_new(config, &client) != ANCHOR_OK)
        fprintf(stderr, "%s\n", anchor_config_error(config));
    anchor_config_free(config);
    return client;
}
