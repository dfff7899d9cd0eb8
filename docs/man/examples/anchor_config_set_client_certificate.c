#include <anchor.h>
#include <stdio.h>

/* A client for a gateway that asks for a certificate. */
anchor_client *new_identified_client(void)
{
    anchor_client *client = NULL;
    anchor_config *config = anchor_config_new();

    if (config == NULL)
        return NULL;
    if (anchor_config_set_client_certificate(config, "/etc/ssl/client.pem", "/etc/ssl/private/client.key") != ANCHOR_OK
        || anchor_client_new(config, &client) != ANCHOR_OK)
        fprintf(stderr, "%s\n", anchor_config_error(config));
    anchor_config_free(config);
    return client;
}
