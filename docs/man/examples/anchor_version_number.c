#include <anchor.h>
#include <stdio.h>

int main(void)
{
    if (anchor_version_number() < ANCHOR_VERSION_NUMBER) {
        fprintf(stderr, "libanchor %s is older than the header\n", anchor_version());
        return 1;
    }
    return 0;
}
