#include <anchor.h>
#include <stdio.h>

int main(void)
{
    printf("compiled with %s, running with %s\n", ANCHOR_VERSION, anchor_version());
    return 0;
}
