#include <anchor.h>
#include <stdio.h>

int main(void)
{
    return puts(anchor_version()) < 0;
}
