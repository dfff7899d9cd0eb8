#include <anchor.h>
#include <stdio.h>

/* A client for the server that "anchor-events serve" starts; NULL on failure. */
anchor_client *new_client_of_local_server(void)
{
    anchor_client *client = NULL;
    anchor_config *config = anchor_config_new();

    if (config == NULL)
        return NULL;
    if (anchor_config_set_base_url(config, "http://127.0.0.1:8642") != ANCHOR_OK
        || anchor_client_new(config, &client) != ANCHOR_OK)
        fprintf(stderr, "%s\n", anchor_config_error(config));
    anchor_config_free(config);
    return client;
}
