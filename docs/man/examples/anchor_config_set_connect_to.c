#include <anchor.h>
#include <stdio.h>

/* A client that tries one server of the service, before its name leads there. */
anchor_client *new_client_of_new_server(void)
{
    anchor_client *client = NULL;
    anchor_config *config = anchor_config_new();

    if (config == NULL)
        return NULL;
    if (anchor_config_set_base_url(config, "https://events.example") != ANCHOR_OK
        || anchor_config_set_connect_to(config, "events.example:443", "192.0.2.7:8443") != ANCHOR_OK
        || anchor_client_new(config, &client) != ANCHOR_OK)
        fprintf(stderr, "%s\n", anchor_config_error(config));
    anchor_config_free(config);
    return client;
}
