#include <anchor.h>
#include <stdio.h>

/* A client with a key that is not in the environment; NULL on failure. */
anchor_client *new_client_with_key(const char *key)
{
    anchor_client *client = NULL;
    anchor_config *config = anchor_config_new();

    if (config == NULL)
        return NULL;
    if (anchor_config_set_api_key(config, key) != ANCHOR_OK
        || anchor_client_new(config, &client) != ANCHOR_OK)
        fprintf(stderr, "%s\n", anchor_config_error(config));
    anchor_config_free(config);
    return client;
}
