/* A plugin with libanchor.a linked into it. */
#include <anchor.h>

static anchor_client *client;
static anchor_cancel_token *token;

anchor_status plugin_open(const char *base_url)
{
    anchor_config *config = anchor_config_new();
    anchor_status status = anchor_config_set_base_url(config, base_url);
    if (status == ANCHOR_OK)
        status = anchor_config_set_api_key(config, "plugin");
    if (status == ANCHOR_OK)
        status = anchor_client_new(config, &client);
    anchor_config_free(config);
    token = anchor_cancel_token_new();
    return status;
}

anchor_status plugin_wait(int64_t timeout_ms)
{
    char *json = NULL;
    anchor_status status = anchor_wait_for_event(client, "plugin", timeout_ms, token, &json);
    anchor_string_free(json);
    return status;
}

/* A wait on a thread of the library's, which nobody waits for. */
void plugin_start_and_free(void)
{
    anchor_wait *wait = NULL;
    if (anchor_wait_start(client, "plugin", -1, &wait) == ANCHOR_OK)
        anchor_wait_free(wait);
}

void plugin_cancel(void)
{
    anchor_cancel_token_cancel(token);
}

void plugin_close(void)
{
    anchor_client_free(client);
    anchor_cancel_token_free(token);
}
