/* What each consumer is: signals an event, waits for it, and prints what came. */
#include <anchor.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    anchor_client *client = NULL;
    char *json = NULL;
    anchor_status status = anchor_client_new(NULL, &client);

    if (status == ANCHOR_OK)
        status = anchor_signal_event(client, "consumer", "{\"code\":\"123456\"}", ANCHOR_REQUEST_TIMEOUT, NULL, NULL);
    if (status == ANCHOR_OK)
        status = anchor_wait_for_event(client, "consumer", 10000, NULL, &json);
    char *code = json ? anchor_json_get(json, "/data/code") : NULL;
    int agrees = strcmp(anchor_version(), ANCHOR_VERSION) == 0 && anchor_version_number() == ANCHOR_VERSION_NUMBER;
    printf("libanchor %s: %s %s\n", agrees ? ANCHOR_VERSION : "of another version", anchor_status_name(status),
           code ? code : "-");
    anchor_string_free(code);
    anchor_string_free(json);
    anchor_client_free(client);
    return status == ANCHOR_OK ? 0 : 1;
}
