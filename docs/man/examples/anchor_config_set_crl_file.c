#include <anchor.h>
#include <stdio.h>

/* A client that refuses certificates which the company has revoked. */
anchor_client *new_client_with_revocation(void)
{
    anchor_client *client = NULL;
    anchor_config *config = anchor_config_new();

    if (config == NULL)
        return NULL;
    if (anchor_config_set_ca_file(config, "/etc/ssl/company-ca.pem") != ANCHOR_OK
        || anchor_config_set_crl_file(config, "/etc/ssl/company-crl.pem") != ANCHOR_OK
        || anchor_client_new(config, &client) != ANCHOR_OK)
        fprintf(stderr, "%s\n", anchor_config_error(config));
    anchor_config_free(config);
    return client;
}
