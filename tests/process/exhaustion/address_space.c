/*
 * What calls return when the process may have no more memory than it has: no stack for a thread, no room for large data.
 * The client works again afterwards.
 */
#define _GNU_SOURCE
#include "../../c/check.h"
#include <sys/resource.h>
#include <unistd.h>

/* Enough for small blocks, too little for the smallest stack of the library's threads, which is 256 KiB. */
enum { ROOM = 160 * 1024, DATA = 800000 };

static rlim_t in_use(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL && fscanf(file, "%lu", &pages) == 1);
    fclose(file);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static void limit(rlim_t value)
{
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_AS, &limit) == 0);
    limit.rlim_cur = value;
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
}

static void leave_little(void)
{
    limit(in_use() + ROOM);
}

static void give_back(void)
{
    limit(RLIM_INFINITY);
}

static void small_things_go_on(anchor_client *client)
{
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "small", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, "small", PATIENCE_MS, NULL, NULL));
}

static void threads_go_on(anchor_client *client)
{
    anchor_wait *wait = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, "goes on", PATIENCE_MS, &wait));
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "goes on", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_finish(wait, PATIENCE_MS, NULL));
    anchor_wait_free(wait);
}

static void tells(const char *message, char *json)
{
    CHECK_JSON("ANCHOR_OUT_OF_MEMORY", json, "/error/status");
    CHECK_JSON("false", json, "/error/maybeConsumed");
    CHECK_CONTAINS(message, json);
    anchor_string_free(json);
}

static void no_room_for_data(void)
{
    anchor_client *client = check_client();
    char *json = UNTOUCHED, *data = malloc(DATA + 1);
    CHECK(data != NULL);
    memset(data, ' ', DATA);
    memcpy(data + DATA - 2, "{}", 3);
    leave_little();
    CHECK_STATUS(ANCHOR_OUT_OF_MEMORY, anchor_signal_event(client, "large", data, ANCHOR_REQUEST_TIMEOUT, NULL, &json));
    tells("no memory is left for the data", json);
    small_things_go_on(client);
    give_back();
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "large", data, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, "large", PATIENCE_MS, NULL, NULL));
    free(data);
    anchor_client_free(client);
}

static void no_room_for_an_unescaped_string(void)
{
    anchor_client *client = check_client();
    char *json = malloc(DATA + 1);
    CHECK(json != NULL);
    for (int i = 0; i < DATA; i += 2) memcpy(json + i, "\\n", 3);
    memcpy(json, "[\"", 2);
    memcpy(json + DATA - 2, "\"]", 3);
    leave_little();
    CHECK(anchor_json_get(json, "/0") == NULL);
    small_things_go_on(client);
    give_back();
    char *value = anchor_json_get(json, "/0");
    CHECK(value != NULL && strlen(value) == DATA / 2 - 2);
    anchor_string_free(value);
    free(json);
    anchor_client_free(client);
}

static void no_stack_for_a_started_wait(void)
{
    anchor_client *client = check_client();
    anchor_wait *wait = UNTOUCHED;
    leave_little();
    CHECK_STATUS(ANCHOR_OUT_OF_MEMORY, anchor_wait_start(client, "e", PATIENCE_MS, &wait));
    CHECK(wait == NULL);
    small_things_go_on(client);
    give_back();
    threads_go_on(client);
    anchor_client_free(client);
}

/* A host name is looked up on a thread. The stack that an earlier thread has left behind is taken: a wait runs on it. */
static void no_stack_for_a_lookup(void)
{
    anchor_config *config = check_config();
    char url[64], *json = UNTOUCHED;
    snprintf(url, sizeof url, "http://localhost%s", strrchr(getenv("ANCHORBROWSER_BASE_URL"), ':'));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_base_url(config, url));
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_retries(config, 0));
    anchor_client *client = check_client_of(config), *by_address = check_client();
    anchor_wait *running = NULL, *failing = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start(by_address, "running", PATIENCE_MS, &running));
    CHECK_SOON(check_count(by_address, "/started/wait/count") == 1);
    leave_little();
    CHECK_STATUS(ANCHOR_OUT_OF_MEMORY, anchor_signal_event(client, "e", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, &json));
    CHECK_JSON("dns", json, "/error/phase");
    tells("Resource temporarily unavailable", json);
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start(client, "e", PATIENCE_MS, &failing));
    CHECK_STATUS(ANCHOR_OUT_OF_MEMORY, anchor_wait_finish(failing, PATIENCE_MS, &json));
    CHECK_JSON("dns", json, "/error/phase");
    tells("Resource temporarily unavailable", json);
    give_back();
    threads_go_on(client);
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(by_address, "running", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_finish(running, PATIENCE_MS, NULL));
    anchor_wait_free(failing);
    anchor_wait_free(running);
    anchor_client_free(by_address);
    anchor_client_free(client);
}

/* In this order: a thread that has ended leaves its stack and 64 MiB of addresses to the next one that asks. */
static const struct test_case cases[] = {
    CASE(no_room_for_data),
    CASE(no_room_for_an_unescaped_string),
    CASE(no_stack_for_a_started_wait),
    CASE(no_stack_for_a_lookup),
};

RUN(cases)
