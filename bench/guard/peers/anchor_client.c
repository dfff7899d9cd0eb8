/* What the ways to use libanchor have in common. */
#include "anchor_client.h"
#include <stdio.h>
#include <string.h>

const char *peer_name(void)
{
    static char name[32];
    snprintf(name, sizeof name, "libanchor %s", anchor_version());
    return name;
}

anchor_client *new_client(const struct service *service, long slice_ms)
{
    anchor_config *config = anchor_config_new();
    anchor_client *client = NULL;
    if (!config || anchor_config_set_base_url(config, service->base_url) != ANCHOR_OK
        || anchor_config_set_api_key(config, service->api_key) != ANCHOR_OK
        || anchor_config_set_grace_ms(config, service->grace_ms) != ANCHOR_OK
        || (slice_ms && anchor_config_set_slice_ms(config, slice_ms) != ANCHOR_OK)
        || (service->ca_file && anchor_config_set_ca_file(config, service->ca_file) != ANCHOR_OK)
        || anchor_client_new(config, &client) != ANCHOR_OK)
        fprintf(stderr, "libanchor: %s\n", config ? anchor_config_error(config) : "no memory");
    anchor_config_free(config);
    return client;
}

int pick_code(const char *json, char code[CODE_SIZE])
{
    char *text = anchor_json_get(json, "/data/code");
    int picked = text && strlen(text) < CODE_SIZE;
    if (picked)
        strcpy(code, text);
    anchor_string_free(text);
    return picked;
}
