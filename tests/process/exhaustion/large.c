/* Data whose size the service or the caller decides, when there is memory for small blocks only. */
#define _GNU_SOURCE
#include "../../c/check.h"
#include <errno.h>

enum { LARGE = 200000, DATA = 800000 };

/* glibc's own allocator, behind the functions below, which everything in the process calls. */
void *__libc_malloc(size_t);
void *__libc_realloc(void *, size_t);

static int is_short;

static int fails(size_t size)
{
    if (!is_short || size < LARGE) return 0;
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size)
{
    return fails(size) ? NULL : __libc_malloc(size);
}

void *realloc(void *block, size_t size)
{
    return fails(size) ? NULL : __libc_realloc(block, size);
}

static char *data;

static void small_things_go_on(anchor_client *client)
{
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "small", NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, "small", PATIENCE_MS, NULL, NULL));
}

static void an_answer(void)
{
    anchor_client *client = check_client();
    char *json = UNTOUCHED;
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "large", data, NULL));
    is_short = 1;
    CHECK_STATUS(ANCHOR_OUT_OF_MEMORY, anchor_wait_for_event(client, "large", PATIENCE_MS, NULL, &json));
    CHECK_JSON("no memory is left for the answer", json, "/error/message");
    CHECK_JSON("true", json, "/error/maybeConsumed");
    small_things_go_on(client);
    is_short = 0;
    anchor_string_free(json);
    anchor_client_free(client);
}

static void data_of_a_signal(void)
{
    anchor_client *client = check_client();
    char *json = UNTOUCHED;
    is_short = 1;
    CHECK_STATUS(ANCHOR_OUT_OF_MEMORY, anchor_signal_event(client, "large", data, &json));
    CHECK_JSON("no memory is left for the data", json, "/error/message");
    CHECK_JSON("false", json, "/error/maybeConsumed");
    small_things_go_on(client);
    is_short = 0;
    anchor_string_free(json);
    anchor_client_free(client);
}

static void a_value_of_a_json_text(void)
{
    is_short = 1;
    CHECK(anchor_json_get(data, "/a") == NULL);
    is_short = 0;
    char *value = anchor_json_get(data, "/a");
    CHECK(value != NULL && strlen(value) == DATA);
    anchor_string_free(value);
}

static const struct test_case cases[] = {CASE(an_answer), CASE(data_of_a_signal), CASE(a_value_of_a_json_text)};

int main(int argc, char **argv)
{
    static const char before[] = "{\"a\":\"", after[] = "\"}";
    data = malloc(DATA + sizeof before + sizeof after);
    CHECK(data != NULL);
    memcpy(data, before, sizeof before);
    memset(data + strlen(before), 'x', DATA);
    memcpy(data + strlen(before) + DATA, after, sizeof after);
    int result = check_run(cases, sizeof cases / sizeof *cases, argc, argv);
    free(data);
    return result;
}
