#include <anchor.h>
#include <stdio.h>

/* A client that also trusts an authority whose certificate is a part of the program. */
anchor_client *new_client_with_authority_of(const char *pem)
{
    anchor_client *client = NULL;
    anchor_config *config = anchor_config_new();

    if (config == NULL)
        return NULL;
    if (anchor_config_set_ca_pem(config, pem) != ANCHOR_OK
        || anchor_client_new(config, &client) != ANCHOR_OK)
        fprintf(stderr, "%s\n", anchor_config_error(config));
    anchor_config_free(config);
    return client;
}
