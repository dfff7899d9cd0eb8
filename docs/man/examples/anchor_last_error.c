#include <anchor.h>
#include <stdio.h>

/* Makes a client from the environment. If that fails, prints the reason on stderr and returns NULL. */
anchor_client *client_of_environment(void)
{
    anchor_client *client = NULL;
    if (anchor_client_new(NULL, &client) != ANCHOR_OK)
        fprintf(stderr, "%s\n", anchor_last_error());
    return client;
}
