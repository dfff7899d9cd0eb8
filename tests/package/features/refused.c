/* Prints what a library without the feature client-certificates says to both setters of one. */

#include <anchor.h>
#include <stdio.h>
#include <stdlib.h>

static void refused(anchor_config *config)
{
    anchor_client *client = NULL;
    int status = anchor_client_new(config, &client);
    printf("%s: %s\n", anchor_status_name(status), anchor_last_error());
    anchor_config_free(config);
}

static anchor_config *config_with_key(void)
{
    anchor_config *config = anchor_config_new();
    if (config == NULL || anchor_config_set_api_key(config, "key") != ANCHOR_OK) {
        exit(EXIT_FAILURE);
    }
    return config;
}

int main(void)
{
    anchor_config *files = config_with_key();
    anchor_config *memory = config_with_key();
    if (anchor_config_set_client_certificate(files, "chain.pem", "key.pem") != ANCHOR_OK ||
        anchor_config_set_client_certificate_pem(memory, "chain", "key") != ANCHOR_OK) {
        return EXIT_FAILURE;
    }
    refused(files);
    refused(memory);
    return EXIT_SUCCESS;
}
