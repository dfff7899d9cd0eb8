#include <anchor.h>
#include <stdio.h>

/* A client that names its program to the service. */
anchor_client *new_client_with_name(void)
{
    anchor_client *client = NULL;
    anchor_config *config = anchor_config_new();

    if (config == NULL)
        return NULL;
    if (anchor_config_set_user_agent(config, "my-agent/1.2") != ANCHOR_OK
        || anchor_client_new(config, &client) != ANCHOR_OK)
        fprintf(stderr, "%s\n", anchor_config_error(config));
    anchor_config_free(config);
    return client;
}
