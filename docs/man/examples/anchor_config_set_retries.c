#include <anchor.h>
#include <stdio.h>

/* A client that gives up after 21 failures in a row, also in an outage. */
anchor_client *new_patient_client(void)
{
    anchor_client *client = NULL;
    anchor_config *config = anchor_config_new();

    if (config == NULL)
        return NULL;
    if (anchor_config_set_retries(config, 20) != ANCHOR_OK
        || anchor_client_new(config, &client) != ANCHOR_OK)
        fprintf(stderr, "%s\n", anchor_config_error(config));
    anchor_config_free(config);
    return client;
}
