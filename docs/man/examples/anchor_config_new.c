#include <anchor.h>
#include <stdio.h>

int main(void)
{
    anchor_client *client = NULL;
    anchor_config *config = anchor_config_new(); /* the key is in ANCHORBROWSER_API_KEY */

    if (config != NULL && anchor_client_new(config, &client) != ANCHOR_OK)
        fprintf(stderr, "%s\n", anchor_config_error(config));
    anchor_config_free(config);
    anchor_client_free(client);
    return client != NULL ? 0 : 1;
}
