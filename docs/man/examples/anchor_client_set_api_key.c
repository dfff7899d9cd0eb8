#include <anchor.h>
#include <stdio.h>

/* Called when the key was rotated: the waits that run go on, and ask again with the new one. */
int use_new_key(anchor_client *client, const char *api_key)
{
    if (anchor_client_set_api_key(client, api_key) == ANCHOR_OK)
        return 1;
    fprintf(stderr, "%s\n", anchor_last_error());
    return 0;
}
