#include <anchor.h>
#include <stdio.h>

/* A client that accepts answers of at most 64 KiB. */
anchor_client *new_small_client(void)
{
    anchor_client *client = NULL;
    anchor_config *config = anchor_config_new();

    if (config == NULL)
        return NULL;
    if (anchor_config_set_max_response_bytes(config, 64 * 1024) != ANCHOR_OK
        || anchor_client_new(config, &client) != ANCHOR_OK)
        fprintf(stderr, "%s\n", anchor_config_error(config));
    anchor_config_free(config);
    return client;
}
