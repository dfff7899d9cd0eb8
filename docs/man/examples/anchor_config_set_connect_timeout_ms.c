#include <anchor.h>
#include <stdio.h>

/* A client that gives each connection three seconds. */
anchor_client *new_quick_client(void)
{
    anchor_client *client = NULL;
    anchor_config *config = anchor_config_new();

    if (config == NULL)
        return NULL;
    if (anchor_config_set_connect_timeout_ms(config, 3000) != ANCHOR_OK
        || anchor_client_new(config, &client) != ANCHOR_OK)
        fprintf(stderr, "%s\n", anchor_config_error(config));
    anchor_config_free(config);
    return client;
}
