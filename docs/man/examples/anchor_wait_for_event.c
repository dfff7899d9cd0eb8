#include <anchor.h>
#include <stdio.h>

int main(void)
{
    anchor_client *client = NULL;
    char *json = NULL, *code = NULL;
    anchor_status status = anchor_client_new(NULL, &client);

    if (status == ANCHOR_OK)
        status = anchor_wait_for_event(client, "mfa_code", 60000, NULL, &json);
    if (status == ANCHOR_OK)
        code = anchor_json_get(json, "/data/code");
    if (code != NULL)
        printf("the code is %s\n", code);
    else
        fprintf(stderr, "%s %s\n", anchor_status_message(status), json ? json : "");
    anchor_string_free(code);
    anchor_string_free(json);
    anchor_client_free(client);
    return code != NULL ? 0 : 1;
}
