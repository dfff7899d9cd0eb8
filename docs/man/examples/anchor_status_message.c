#include <anchor.h>
#include <stdio.h>

void complain(anchor_status status)
{
    if (status != ANCHOR_OK)
        fprintf(stderr, "%s: %s\n", anchor_status_name(status), anchor_status_message(status));
}
