/*
 * Faults that a sanitizer must report, one for each name, in the C and in the library. If this program ends normally, the
 * sanitizer is not on.
 */
#define _POSIX_C_SOURCE 200809L
#include "../check.h"
#include <limits.h>
#include <pthread.h>

static anchor_config *shared;
static anchor_client *client;
static volatile int sink;

static char *answer(void)
{
    char *json = NULL;
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "fault", "{}", ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, "fault", PATIENCE_MS, NULL, &json));
    return json;
}

static void a_string_is_read_after_its_free(void)
{
    char *json = answer();
    anchor_string_free(json);
    sink = json[1];
}

static void the_library_reads_settings_after_their_free(void)
{
    anchor_config_free(shared);
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_retries(shared, 1));
}

static void an_answer_is_not_freed(void)
{
    sink = answer()[1];
}

static void a_client_is_not_freed(void)
{
    anchor_client *lost = check_client();
    CHECK_STATUS(ANCHOR_TIMEOUT, anchor_wait_for_event(lost, "fault", 0, NULL, NULL));
}

static void an_integer_overflows(void)
{
    sink = INT_MAX;
    sink += 1;
}

static void on_two_threads(void *(*run)(void *))
{
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) CHECK(pthread_create(&threads[i], NULL, run, NULL) == 0);
    for (int i = 0; i < 2; i++) CHECK(pthread_join(threads[i], NULL) == 0);
}

static void *write_int(void *unused)
{
    sink++;
    return unused;
}

static void two_threads_write(void)
{
    on_two_threads(write_int);
}

/* The caller must not do this. */
static void *change_settings(void *unused)
{
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_retries(shared, 1));
    return unused;
}

static void two_threads_change_settings(void)
{
    on_two_threads(change_settings);
}

static void *wait_a_moment(void *unused)
{
    CHECK_STATUS(ANCHOR_TIMEOUT, anchor_wait_for_event(client, "quiet", 2000, NULL, NULL));
    return unused;
}

static void a_client_is_freed_beside_a_call(void)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, wait_a_moment, NULL) == 0);
    CHECK_SOON(check_count(client, "/waits") == 1);
    anchor_client_free(client);
    CHECK(pthread_join(thread, NULL) == 0);
    client = check_client();
}

static const struct test_case cases[] = {
    CASE(a_string_is_read_after_its_free),
    CASE(the_library_reads_settings_after_their_free),
    CASE(an_answer_is_not_freed),
    CASE(a_client_is_not_freed),
    CASE(an_integer_overflows),
    CASE(two_threads_write),
    CASE(two_threads_change_settings),
    CASE(a_client_is_freed_beside_a_call),
};

int main(int argc, char **argv)
{
    if (argc != 2) return EXIT_FAILURE;
    shared = check_config();
    client = check_client();
    int result = check_run(cases, sizeof cases / sizeof *cases, argc, argv);
    if (strcmp(argv[1], "the_library_reads_settings_after_their_free") != 0) anchor_config_free(shared);
    anchor_client_free(client);
    return result;
}
