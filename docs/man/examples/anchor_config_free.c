#include <anchor.h>
#include <stdio.h>

int main(void)
{
    anchor_client *client = NULL;
    anchor_config *config = anchor_config_new();
    anchor_status status = anchor_client_new(config, &client);

    anchor_config_free(config); /* the client has a copy */
    printf("%s\n", anchor_status_name(status));
    anchor_client_free(client);
    return status == ANCHOR_OK ? 0 : 1;
}
