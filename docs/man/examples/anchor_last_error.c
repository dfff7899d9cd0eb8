#include <anchor.h>
#include <stdio.h>

/* A client of the settings of the environment; NULL, and the reason on stderr, if they are not complete. */
anchor_client *client_of_environment(void)
{
    anchor_client *client = NULL;
    if (anchor_client_new(NULL, &client) != ANCHOR_OK)
        fprintf(stderr, "%s\n", anchor_last_error());
    return client;
}
