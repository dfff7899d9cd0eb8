#include <anchor.h>
#include <signal.h>
#include <stdio.h>

static anchor_cancel_token *token;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    anchor_cancel_token_cancel(token); /* async-signal-safe */
}

int main(void)
{
    anchor_client *client = NULL;
    anchor_status status = anchor_client_new(NULL, &client);

    token = anchor_cancel_token_new();
    if (token == NULL || status != ANCHOR_OK)
        return 1;
    signal(SIGINT, on_interrupt);
    status = anchor_wait_for_event(client, "login_done", ANCHOR_NO_TIMEOUT, token, NULL);
    signal(SIGINT, SIG_DFL); /* before the token is freed */
    printf("%s\n", anchor_status_name(status));
    anchor_cancel_token_free(token);
    anchor_client_free(client);
    return status == ANCHOR_OK ? 0 : 1;
}
