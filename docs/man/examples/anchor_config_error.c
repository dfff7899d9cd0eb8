#include <anchor.h>
#include <stdio.h>

/* 1 if the URL can be used; otherwise prints why not. */
int check_base_url(anchor_config *config, const char *url)
{
    if (anchor_config_set_base_url(config, url) == ANCHOR_OK)
        return 1;
    fprintf(stderr, "%s\n", anchor_config_error(config));
    return 0;
}
