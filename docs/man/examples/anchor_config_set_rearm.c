#include <anchor.h>
#include <stdio.h>

/* A client that reports each lost connection, because an event may be lost with it. */
anchor_client *new_careful_client(void)
{
    anchor_client *client = NULL;
    anchor_config *config = anchor_config_new();

    if (config == NULL)
        return NULL;
    if (anchor_config_set_rearm(config, 0) != ANCHOR_OK
        || anchor_client_new(config, &client) != ANCHOR_OK)
        fprintf(stderr, "%s\n", anchor_config_error(config));
    anchor_config_free(config);
    return client;
}
