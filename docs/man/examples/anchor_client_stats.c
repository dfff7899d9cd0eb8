#include <anchor.h>
#include <stdio.h>

void print_stats(const anchor_client *client)
{
    char *stats = NULL;

    if (anchor_client_stats(client, &stats) == ANCHOR_OK) {
        char *unanswered = anchor_json_get(stats, "/unanswered");
        char *open = anchor_json_get(stats, "/connections/open");
        printf("%s requests were never answered\n", unanswered ? unanswered : "?");
        printf("%s connections are open\n", open ? open : "?");
        anchor_string_free(unanswered);
        anchor_string_free(open);
    }
    anchor_string_free(stats);
}
