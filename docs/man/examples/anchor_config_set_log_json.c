#include <anchor.h>
#include <stdio.h>

/* Reports each failure after which a call tries again: "mfa_code failed in dns". */
static void report_retry(void *user_data, int32_t level, const char *line)
{
    if (level == ANCHOR_LOG_LEVEL_WARNING) {
        char *event_name = anchor_json_get(line, "/eventName");
        char *phase = anchor_json_get(line, "/phase");
        if (event_name != NULL && phase != NULL)
            fprintf(user_data, "%s failed in %s\n", event_name, phase);
        anchor_string_free(event_name);
        anchor_string_free(phase);
    }
}

anchor_client *new_reporting_client(FILE *stream)
{
    anchor_client *client = NULL;
    anchor_config *config = anchor_config_new();

    if (config != NULL
        && anchor_config_set_log_callback(config, report_retry, stream) == ANCHOR_OK
        && anchor_config_set_log_json(config, 1) == ANCHOR_OK
        && anchor_client_new(config, &client) != ANCHOR_OK)
        fprintf(stderr, "%s\n", anchor_config_error(config));
    anchor_config_free(config);
    return client;
}
