#include <anchor.h>
#include <stdio.h>

/* A client that trusts this file and the system, never the built-in authorities. */
anchor_client *new_strict_client(const char *ca_file)
{
    anchor_client *client = NULL;
    anchor_config *config = anchor_config_new();

    if (config == NULL)
        return NULL;
    if (anchor_config_set_ca_file(config, ca_file) != ANCHOR_OK
        || anchor_config_set_trust(config, ANCHOR_TRUST_SYSTEM) != ANCHOR_OK
        || anchor_client_new(config, &client) != ANCHOR_OK)
        fprintf(stderr, "%s\n", anchor_config_error(config));
    anchor_config_free(config);
    return client;
}
