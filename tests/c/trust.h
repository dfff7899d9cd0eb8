/* What the programs about certificate authorities share: settings for TLS, and what is refused or taken. */
#ifndef TRUST_H
#define TRUST_H

#include "portable.h"

static inline anchor_config *https_config(void)
{
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_base_url(config, "https://127.0.0.1:1"));
    return config;
}

static inline void is_refused(anchor_config *config, const char *name, const char *why)
{
    anchor_client *client = UNTOUCHED;
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor_client_new(config, &client));
    CHECK(client == NULL);
    CHECK_CONTAINS(name, anchor_config_error(config));
    CHECK_CONTAINS(why, anchor_config_error(config));
}

static inline void is_taken(anchor_config *config)
{
    anchor_client *client = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_client_new(config, &client));
    anchor_client_free(client);
}

#endif
