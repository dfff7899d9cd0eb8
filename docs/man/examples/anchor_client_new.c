#include <anchor.h>
#include <stdio.h>

int main(void)
{
    anchor_client *client = NULL;
    anchor_status status = anchor_client_new(NULL, &client); /* settings of the environment */

    if (status != ANCHOR_OK) {
        fprintf(stderr, "%s\n", anchor_status_message(status));
        return 1;
    }
    anchor_client_free(client);
    return 0;
}
