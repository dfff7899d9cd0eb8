/* Each constant of anchor.h against what the library makes of it. tests/package/abi.rs puts the enumerators in. */
#include <anchor.h>
#include <stdio.h>
#include <string.h>

#define CHECK(holds) ((holds) ? (void)0 : (void)(failures++, puts(#holds)))

static void log_line(void *user_data, int32_t level, const char *message)
{
    (void)message;
    if (level == ANCHOR_LOG_LEVEL_WARNING || level == ANCHOR_LOG_LEVEL_INFO || level == ANCHOR_LOG_LEVEL_DEBUG)
        *(unsigned *)user_data |= 1u << level;
    else
        *(unsigned *)user_data |= 1u;
}

int main(void)
{
    int failures = 0;
    unsigned levels = 0;
    anchor_config *config = anchor_config_new();

    CHECK(strcmp(anchor_version(), ANCHOR_VERSION) == 0);
    CHECK(anchor_version_number() == ANCHOR_VERSION_NUMBER);
    CHECK(ANCHOR_VERSION_NUMBER ==
          ANCHOR_VERSION_MAJOR * 65536 + ANCHOR_VERSION_MINOR * 256 + ANCHOR_VERSION_PATCH);
    /* CHECKS */
    CHECK(strcmp(anchor_status_name(-1), "ANCHOR_UNKNOWN") == 0);
    CHECK(anchor_config_set_trust(config, ANCHOR_TRUST_BUNDLED + 1) == ANCHOR_INVALID_ARGUMENT);

    /* Nobody listens there: what matters is which times are taken, and the lines that are logged. */
    CHECK(anchor_config_set_api_key(config, "key") == ANCHOR_OK);
    CHECK(anchor_config_set_base_url(config, "http://127.0.0.1:1") == ANCHOR_OK);
    CHECK(ANCHOR_RETRY_ALWAYS == UINT32_MAX);
    CHECK(anchor_config_set_retries(config, ANCHOR_RETRY_ALWAYS) == ANCHOR_OK);
    CHECK(anchor_config_set_retries(config, 0) == ANCHOR_OK);
    CHECK(anchor_config_set_log_callback(config, log_line, &levels) == ANCHOR_OK);
    anchor_client *client = NULL;
    CHECK(anchor_client_new(config, &client) == ANCHOR_OK);
    CHECK(anchor_wait_for_event(client, "e", ANCHOR_NO_TIMEOUT, NULL, NULL) == ANCHOR_NOT_SENT);
    CHECK(anchor_wait_for_event(client, "e", ANCHOR_DEFAULT_TIMEOUT_MS, NULL, NULL) == ANCHOR_NOT_SENT);
    CHECK(anchor_wait_for_event(client, "e", ANCHOR_NO_TIMEOUT - 1, NULL, NULL) == ANCHOR_INVALID_ARGUMENT);
    CHECK(anchor_signal_event(client, "e", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL) == ANCHOR_NOT_SENT);
    CHECK(anchor_drain_event(client, "e", ANCHOR_REQUEST_TIMEOUT, NULL, NULL) == ANCHOR_NOT_SENT);
    CHECK(anchor_drain_event(client, "e", ANCHOR_NO_TIMEOUT, NULL, NULL) == ANCHOR_NOT_SENT);
    CHECK(anchor_wait_for_event(client, "e", ANCHOR_REQUEST_TIMEOUT, NULL, NULL) == ANCHOR_INVALID_ARGUMENT);
    CHECK(anchor_signal_event(client, "e", NULL, ANCHOR_REQUEST_TIMEOUT - 1, NULL, NULL) == ANCHOR_INVALID_ARGUMENT);
    CHECK(levels != 0 && (levels & 1u) == 0);
    anchor_client_free(client);
    anchor_config_free(config);
    return failures;
}
