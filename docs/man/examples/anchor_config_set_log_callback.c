#include <anchor.h>
#include <stdio.h>

static void write_line(void *user_data, int32_t level, const char *message)
{
    if (level <= ANCHOR_LOG_LEVEL_INFO)
        fprintf(user_data, "%s\n", message);
}

/* A client that logs to a stream, which has to stay open as long as the client. */
anchor_client *new_logging_client(FILE *stream)
{
    anchor_client *client = NULL;
    anchor_config *config = anchor_config_new();

    if (config != NULL
        && anchor_config_set_log_callback(config, write_line, stream) == ANCHOR_OK
        && anchor_client_new(config, &client) != ANCHOR_OK)
        fprintf(stderr, "%s\n", anchor_config_error(config));
    anchor_config_free(config);
    return client;
}
