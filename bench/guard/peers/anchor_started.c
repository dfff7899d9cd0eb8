/* A crowd of libanchor's started waits. */
#include "crowd.h"
#include <anchor.h>
#include <stdio.h>
#include <stdlib.h>

static anchor_client *client;
static anchor_wait **waits;
static int size;

void crowd_start(const struct service *service, int count)
{
    anchor_config *config = anchor_config_new();
    waits = calloc((size_t)count, sizeof(anchor_wait *));
    size = count;
    if (!config || !waits || anchor_config_set_base_url(config, service->base_url) != ANCHOR_OK
        || anchor_config_set_api_key(config, service->api_key) != ANCHOR_OK
        || (service->ca_file && anchor_config_set_ca_file(config, service->ca_file) != ANCHOR_OK)
        || anchor_client_new(config, &client) != ANCHOR_OK)
        exit(1);
    anchor_config_free(config);
    for (int i = 0; i < count; i++) {
        char event[32];
        snprintf(event, sizeof event, "crowd-%d", i);
        anchor_status status = anchor_wait_start(client, event, 600000, &waits[i]);
        if (status != ANCHOR_OK) {
            fprintf(stderr, "started wait %d: %s\n", i, anchor_status_message(status));
            exit(1);
        }
    }
}

void crowd_join(void)
{
    for (int i = 0; i < size; i++) {
        if (anchor_wait_finish(waits[i], ANCHOR_NO_TIMEOUT, NULL) != ANCHOR_OK)
            exit(1);
        anchor_wait_free(waits[i]);
    }
    anchor_client_free(client);
    free(waits);
}
