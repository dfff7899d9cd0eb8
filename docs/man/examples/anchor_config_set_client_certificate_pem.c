#include <anchor.h>
#include <stdio.h>

/* A client for a gateway that asks for a certificate, which comes from a store of secrets. */
anchor_client *new_client_from_store(const char *certificate_pem, const char *key_pem)
{
    anchor_client *client = NULL;
    anchor_config *config = anchor_config_new();

    if (config == NULL)
        return NULL;
    if (anchor_config_set_client_certificate_pem(config, certificate_pem, key_pem) != ANCHOR_OK
        || anchor_client_new(config, &client) != ANCHOR_OK)
        fprintf(stderr, "%s\n", anchor_config_error(config));
    anchor_config_free(config);
    return client;
}
