#include <anchor.h>
#include <stdio.h>

/* A client whose calls return when a signal handler has run. */
anchor_client *new_interruptible_client(void)
{
    anchor_client *client = NULL;
    anchor_config *config = anchor_config_new();

    if (config == NULL)
        return NULL;
    if (anchor_config_set_interruptible(config, 1) != ANCHOR_OK
        || anchor_client_new(config, &client) != ANCHOR_OK)
        fprintf(stderr, "%s\n", anchor_config_error(config));
    anchor_config_free(config);
    return client;
}
