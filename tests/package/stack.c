/*
 *     stack BYTES
 *
 * Makes every kind of call on a thread with a stack of so many bytes, with a log callback, and prints how many of them were
 * used. The service is that of the environment, and the certificate authority that of ANCHOR_TEST_CA_FILE.
 */
#define _GNU_SOURCE
#include <anchor.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PAINT = 0xA5 };

static const char *failed;
static int lines;

static void must(int holds, const char *what)
{
    if (!holds && !failed)
        failed = what;
}

static void count_line(void *user_data, int32_t level, const char *message)
{
    (void)user_data, (void)level, (void)message;
    lines++;
}

static void signal_and_wait(anchor_client *client)
{
    char *json = NULL;
    must(anchor_signal_event(client, "stack", "{\"code\":[{\"a\":\"482913\"}]}", ANCHOR_REQUEST_TIMEOUT, NULL,
                             NULL) == ANCHOR_OK, "signal");
    must(anchor_wait_for_event(client, "stack", 20000, NULL, &json) == ANCHOR_OK, "wait");
    char *code = anchor_json_get(json, "/data/code/0/a");
    must(code && strcmp(code, "482913") == 0, "json_get");
    anchor_string_free(code);
    anchor_string_free(json);
}

/* On a busy machine the request may not be sent within the time. */
static int is_over(anchor_status status)
{
    return status == ANCHOR_TIMEOUT || status == ANCHOR_NOT_SENT;
}

static void *make_calls(void *unused)
{
    anchor_config *config = anchor_config_new();
    anchor_client *client = NULL;
    anchor_wait *wait = NULL;
    char *json = NULL;
    const char *ca_file = getenv("ANCHOR_TEST_CA_FILE");
    (void)unused;
    must(anchor_config_set_log_callback(config, count_line, NULL) == ANCHOR_OK, "set_log_callback");
    must(!ca_file || anchor_config_set_ca_file(config, ca_file) == ANCHOR_OK, "set_ca_file");
    must(anchor_client_new(config, &client) == ANCHOR_OK, "client_new");
    anchor_config_free(config);

    signal_and_wait(client);
    signal_and_wait(client);
    must(is_over(anchor_wait_for_event(client, "stack", 50, NULL, &json)), "wait in vain");
    anchor_string_free(json);
    must(anchor_drain_event(client, "stack", ANCHOR_REQUEST_TIMEOUT, NULL, NULL) == ANCHOR_OK, "drain");
    must(anchor_wait_start(client, "stack", 50, &wait) == ANCHOR_OK, "wait_start");
    must(is_over(anchor_wait_finish(wait, -1, &json)), "wait_finish");
    anchor_wait_free(wait);
    anchor_string_free(json);
    must(anchor_client_stats(client, &json) == ANCHOR_OK, "client_stats");
    anchor_string_free(json);
    anchor_client_free(client);
    return NULL;
}

int main(int argc, char **argv)
{
    size_t size = argc == 2 ? strtoul(argv[1], NULL, 10) : 0, page = (size_t)sysconf(_SC_PAGESIZE), unused = 0;
    /* The page below it ends the process if it is touched. */
    unsigned char *memory = mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    pthread_attr_t attributes;
    pthread_t thread;
    if (memory == MAP_FAILED || mprotect(memory, page, PROT_NONE))
        return 1;
    memset(memory + page, PAINT, size);
    if (pthread_attr_init(&attributes) || pthread_attr_setstack(&attributes, memory + page, size)
        || pthread_create(&thread, &attributes, make_calls, NULL) || pthread_join(thread, NULL))
        return 1;
    while (unused < size && memory[page + unused] == PAINT)
        unused++;
    must(lines > 0, "the log");
    if (failed)
        fprintf(stderr, "%s failed\n", failed);
    printf("%zu\n", size - unused);
    return failed != NULL;
}
