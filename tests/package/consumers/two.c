/* Linked with libanchor.a and with another Rust library: both work, each with its own runtime. */
#include <anchor.h>
#include <stdio.h>

extern int second_answer(void);

int main(void)
{
    anchor_client *client = NULL;
    char *json = NULL;
    int before = second_answer();
    anchor_status status = anchor_client_new(NULL, &client);

    if (status == ANCHOR_OK)
        status = anchor_signal_event(client, "consumer", "{\"code\":\"123456\"}", ANCHOR_REQUEST_TIMEOUT, NULL, NULL);
    if (status == ANCHOR_OK)
        status = anchor_wait_for_event(client, "consumer", 10000, NULL, &json);
    char *code = json ? anchor_json_get(json, "/data/code") : NULL;
    if (before != 4 || second_answer() != 4)
        puts("the other library fails");
    printf("libanchor %s: %s %s\n", anchor_version(), anchor_status_name(status), code ? code : "-");
    anchor_string_free(code);
    anchor_string_free(json);
    anchor_client_free(client);
    return status == ANCHOR_OK ? 0 : 1;
}
