#include <anchor.h>
#include <stdio.h>

void print_unanswered(const anchor_client *client)
{
    char *stats = NULL;

    if (anchor_client_stats(client, &stats) == ANCHOR_OK) {
        char *unanswered = anchor_json_get(stats, "/unanswered");
        printf("%s requests were never answered\n", unanswered ? unanswered : "?");
        anchor_string_free(unanswered);
    }
    anchor_string_free(stats);
}
