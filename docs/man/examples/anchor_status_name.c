#include <anchor.h>
#include <stdio.h>

int main(void)
{
    printf("%s\n", anchor_status_name(ANCHOR_TIMEOUT)); /* ANCHOR_TIMEOUT */
    printf("%s\n", anchor_status_name(12345));          /* ANCHOR_UNKNOWN */
    return 0;
}
