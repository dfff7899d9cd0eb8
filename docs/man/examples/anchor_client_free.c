#include <anchor.h>
#include <stdio.h>

int main(void)
{
    anchor_client *client = NULL;
    char *json = NULL;
    anchor_status status = anchor_client_new(NULL, &client);

    if (status == ANCHOR_OK)
        status = anchor_signal_event(client, "build_done", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, &json);
    printf("%s\n", anchor_status_name(status));
    anchor_string_free(json);
    anchor_client_free(client); /* no call is running on it */
    return status == ANCHOR_OK ? 0 : 1;
}
