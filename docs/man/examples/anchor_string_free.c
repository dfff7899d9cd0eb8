#include <anchor.h>
#include <stdio.h>

anchor_status wait_for_login(anchor_client *client)
{
    char *json = NULL;
    anchor_status status = anchor_wait_for_event(client, "login_done", 60000, NULL, &json);

    printf("%s\n", json ? json : "");
    anchor_string_free(json); /* after a failure too */
    return status;
}
