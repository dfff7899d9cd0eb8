#include <anchor.h>
#include <stdio.h>

/* A client behind a SOCKS proxy, whatever the environment says. */
anchor_client *new_client_behind_proxy(void)
{
    anchor_client *client = NULL;
    anchor_config *config = anchor_config_new();

    if (config == NULL)
        return NULL;
    if (anchor_config_set_proxy(config, "socks5h://user:pass%20word@proxy.example:1080") != ANCHOR_OK
        || anchor_client_new(config, &client) != ANCHOR_OK)
        fprintf(stderr, "%s\n", anchor_config_error(config));
    anchor_config_free(config);
    return client;
}
