#include <anchor.h>

/* Waits again with a token that an earlier call was cancelled by. That call has returned. */
anchor_status wait_again(anchor_client *client, anchor_cancel_token *token, char **json)
{
    anchor_cancel_token_reset(token);
    return anchor_wait_for_event(client, "login_done", 60000, token, json);
}
