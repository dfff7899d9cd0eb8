/* Data whose size the service or the caller decides, when there is memory for small blocks only. */
#define _GNU_SOURCE
#include "../../c/check.h"
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LARGE = 200000, DATA = 800000, DEPTH = 3000000, VALUES = 300000 };

/* glibc's own allocator, behind the functions below, which everything in the process calls. */
void *__libc_malloc(size_t);
void *__libc_realloc(void *, size_t);

static int is_short;
/* There is a block of this size, or of a larger one, in any case: to come to what is made of a text, past the text itself. */
static size_t spared = SIZE_MAX;
/* The library reads an answer into blocks that have a byte more, or as many as it has; what grows otherwise doubles. */
static int spares_answers;

static int fails(size_t size)
{
    int is_power_of_two = (size & (size - 1)) == 0;
    if (!is_short || size < LARGE || size >= spared || (spares_answers && !is_power_of_two)) return 0;
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
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "small", NULL, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, "small", PATIENCE_MS, NULL, NULL));
}

static void an_answer(void)
{
    anchor_client *client = check_client();
    char *json = UNTOUCHED;
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "large", data, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
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
    CHECK_STATUS(ANCHOR_OUT_OF_MEMORY, anchor_signal_event(client, "large", data, ANCHOR_REQUEST_TIMEOUT, NULL, &json));
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

/* One text, with `part` so many times in its middle. */
static char *repeated(const char *before, const char *part, size_t count, const char *after)
{
    size_t length = strlen(part);
    char *text = malloc(strlen(before) + count * length + strlen(after) + 1);
    CHECK(text != NULL);
    char *end = stpcpy(text, before);
    for (size_t i = 0; i < count; i++) end = stpcpy(end, part);
    strcpy(end, after);
    return text;
}

static char *nested(void)
{
    char *open = repeated("{\"data\":", "[", DEPTH, "1");
    char *text = repeated(open, "]", DEPTH, "}");
    free(open);
    return text;
}

static void an_escaped_value_of_a_json_text(void)
{
    char *json = repeated("{\"a\":\"", "\\n", DATA, "\",\"b\":1}");
    is_short = 1;
    CHECK(anchor_json_get(json, "/a") == NULL);
    CHECK_JSON("1", json, "/b");
    is_short = 0;
    char *value = anchor_json_get(json, "/a");
    CHECK(value != NULL && strlen(value) == DATA && value[DATA - 1] == '\n');
    anchor_string_free(value);
    free(json);
}

static void a_value_of_a_nested_json_text(void)
{
    char *json = nested();
    is_short = 1;
    CHECK(anchor_json_get(json, "/data") == NULL);
    is_short = 0;
    char *value = anchor_json_get(json, "/data");
    CHECK(value != NULL && strlen(value) == 2 * DEPTH + 1);
    anchor_string_free(value);
    free(json);
}

/* Answers every request with the same, for as long as it is not shut down. */
struct service {
    int fd;
    const char *answer;
    pthread_t thread;
};

static void read_request(int fd)
{
    static char head[64 * 1024];
    size_t length = 0;
    ssize_t count;
    char *end = NULL;
    while (end == NULL && (count = read(fd, head + length, sizeof head - 1 - length)) > 0) {
        length += (size_t)count;
        head[length] = 0;
        end = strstr(head, "\r\n\r\n");
    }
    CHECK(end != NULL);
    const char *announced = strcasestr(head, "content-length:");
    CHECK(announced != NULL);
    size_t left = strtoul(announced + strlen("content-length:"), NULL, 10) - (length - (size_t)(end + 4 - head));
    while (left > 0 && (count = read(fd, head, left < sizeof head ? left : sizeof head)) > 0) left -= (size_t)count;
    CHECK(left == 0);
}

static void *serve(void *argument)
{
    const struct service *service = argument;
    int fd;
    while ((fd = accept(service->fd, NULL, NULL)) >= 0) {
        size_t sent = 0, length = strlen(service->answer);
        ssize_t count;
        read_request(fd);
        while (sent < length && (count = send(fd, service->answer + sent, length - sent, MSG_NOSIGNAL)) > 0)
            sent += (size_t)count;
        close(fd);
    }
    return NULL;
}

static anchor_client *client_of(struct service *service, const char *head, const char *body)
{
    char url[64], whole[256];
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    service->fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(service->fd >= 0 && bind(service->fd, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(listen(service->fd, 16) == 0 && getsockname(service->fd, (struct sockaddr *)&address, &length) == 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    snprintf(whole, sizeof whole, "%s\r\ncontent-length: %zu\r\nconnection: close\r\n\r\n", head, strlen(body));
    service->answer = repeated(whole, body, 1, "");
    CHECK(pthread_create(&service->thread, NULL, serve, service) == 0);
    anchor_config *config = check_config();
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_base_url(config, url));
    return check_client_of(config);
}

static void stop(struct service *service)
{
    shutdown(service->fd, SHUT_RDWR);
    CHECK(pthread_join(service->thread, NULL) == 0);
    close(service->fd);
    free((char *)service->answer);
}

static void a_nested_answer(void)
{
    struct service service;
    char *json = UNTOUCHED, *body = nested();
    anchor_client *client = client_of(&service, "HTTP/1.1 200 OK", body);
    is_short = spares_answers = 1;
    CHECK_STATUS(ANCHOR_OUT_OF_MEMORY, anchor_wait_for_event(client, "nested", PATIENCE_MS, NULL, &json));
    is_short = spares_answers = 0;
    CHECK(check_count(client, "/bytesReceived") > 2 * DEPTH);
    CHECK_JSON("no memory is left for the answer", json, "/error/message");
    CHECK_JSON("true", json, "/error/maybeConsumed");
    anchor_string_free(json);
    CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, "nested", PATIENCE_MS, NULL, &json));
    CHECK_TEXT(body, json);
    anchor_string_free(json);
    anchor_client_free(client);
    stop(&service);
    free(body);
}

static void nested_data_of_a_signal(void)
{
    struct service service;
    char *json = UNTOUCHED, *text = nested();
    anchor_client *client = client_of(&service, "HTTP/1.1 200 OK", "{}");
    is_short = 1;
    spared = 2 * DEPTH;
    CHECK_STATUS(ANCHOR_OUT_OF_MEMORY, anchor_signal_event(client, "nested", text, ANCHOR_REQUEST_TIMEOUT, NULL,
                                                           &json));
    CHECK_JSON("no memory is left for the data", json, "/error/message");
    CHECK_JSON("false", json, "/error/maybeConsumed");
    is_short = 0;
    spared = SIZE_MAX;
    anchor_string_free(json);
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "nested", text, ANCHOR_REQUEST_TIMEOUT, NULL, NULL));
    anchor_client_free(client);
    stop(&service);
    free(text);
}

/* The words of the refusal are the same, with memory for the data itself and with none for anything made of it. */
static void a_refusal_of_large_data(void)
{
    struct service service;
    static const char refusal[] = "{\"error\":{\"code\":422,\"message\":\"no room for \\u0076alue\"}}";
    char *json = UNTOUCHED, *text = repeated("{\"data\":[", "\"value\",", VALUES, "1]}");
    anchor_client *client = client_of(&service, "HTTP/1.1 422 Unprocessable", refusal);
    is_short = 1;
    spared = strlen(text);
    CHECK_STATUS(ANCHOR_BAD_REQUEST, anchor_signal_event(client, "refused", text, ANCHOR_REQUEST_TIMEOUT, NULL, &json));
    is_short = 0;
    spared = SIZE_MAX;
    CHECK_JSON("no room for [data]", json, "/error/message");
    anchor_string_free(json);
    anchor_client_free(client);
    stop(&service);
    free(text);
}

static const struct test_case cases[] = {
    CASE(an_answer),
    CASE(data_of_a_signal),
    CASE(a_value_of_a_json_text),
    CASE(an_escaped_value_of_a_json_text),
    CASE(a_value_of_a_nested_json_text),
    CASE(a_nested_answer),
    CASE(nested_data_of_a_signal),
    CASE(a_refusal_of_large_data),
};

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
