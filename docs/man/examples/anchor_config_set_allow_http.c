#include <anchor.h>
#include <stdio.h>

/* A client for a test server on another machine, to which the key goes unencrypted. */
anchor_client *new_client_in_clear(const char *url)
{
    anchor_client *client = NULL;
    anchor_config *config = anchor_config_new();

    if (config == NULL)
        return NULL;
    if (anchor_config_set_base_url(config, url) != ANCHOR_OK
        || anchor_config_set_allow_http(config, 1) != ANCHOR_OK
        || anchor_client_new(config, &client) != ANCHOR_OK)
        fprintf(stderr, "%s\n", anchor_config_error(config));
    anchor_config_free(config);
    return client;
}
