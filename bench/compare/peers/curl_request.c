/* One request as libcurl makes it, and its answer as cJSON reads it. */
#include "curl_request.h"
#include <cjson/cJSON.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *peer_name(void)
{
    static char name[128];
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
    snprintf(name, sizeof name, "libcurl %s, %s, cJSON %s", curl->version, curl->ssl_version, cJSON_Version());
    return name;
}

static void initialize(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static size_t append(char *bytes, size_t one, size_t count, void *user)
{
    struct curl_answer *answer = user;
    (void)one;
    if (answer->length + count + 1 > answer->capacity) {
        size_t capacity = (answer->length + count + 1) * 2;
        char *larger = realloc(answer->text, capacity);
        if (!larger)
            return 0;
        answer->text = larger;
        answer->capacity = capacity;
    }
    memcpy(answer->text + answer->length, bytes, count);
    answer->length += count;
    answer->text[answer->length] = '\0';
    return count;
}

struct curl_slist *curl_headers(const struct service *service)
{
    char key[256];
    snprintf(key, sizeof key, "anchor-api-key: %s", service->api_key);
    return curl_slist_append(curl_slist_append(NULL, "content-type: application/json"), key);
}

void curl_set(CURL *easy, const struct service *service, struct curl_slist *headers, struct curl_answer *answer)
{
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, append);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    if (service->ca_file)
        curl_easy_setopt(easy, CURLOPT_CAINFO, service->ca_file);
}

int curl_request_open(struct curl_request *request, const struct service *service)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, initialize);
    memset(request, 0, sizeof *request);
    if (!(request->easy = curl_easy_init()))
        return 0;
    request->headers = curl_headers(service);
    curl_set(request->easy, service, request->headers, &request->answer);
    curl_easy_setopt(request->easy, CURLOPT_ERRORBUFFER, request->error);
    return 1;
}

void curl_request_close(struct curl_request *request)
{
    curl_easy_cleanup(request->easy);
    curl_slist_free_all(request->headers);
    free(request->answer.text);
}

void curl_request_set(struct curl_request *request, const struct service *service, const char *event, long timeout_ms)
{
    char url[512];
    snprintf(url, sizeof url, "%s/v1/events/%s/wait", service->base_url, event);
    snprintf(request->body, sizeof request->body, "{\"timeoutMs\":%ld}", timeout_ms);
    curl_easy_setopt(request->easy, CURLOPT_URL, url);
    curl_easy_setopt(request->easy, CURLOPT_POSTFIELDS, request->body);
    curl_easy_setopt(request->easy, CURLOPT_TIMEOUT_MS, timeout_ms);
    request->answer.length = 0;
}

static int pick_code(const struct curl_answer *answer, char code[CODE_SIZE])
{
    cJSON *root = cJSON_ParseWithLength(answer->text, answer->length);
    const cJSON *data = cJSON_GetObjectItemCaseSensitive(root, "data");
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(data, "code");
    int picked = cJSON_IsString(item) && strlen(item->valuestring) < CODE_SIZE;
    if (picked)
        strcpy(code, item->valuestring);
    cJSON_Delete(root);
    return picked;
}

enum outcome curl_outcome(CURL *easy, const struct curl_answer *answer, CURLcode result, const char *error,
                          char code[CODE_SIZE])
{
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (result == CURLE_ABORTED_BY_CALLBACK)
        return WAIT_CANCELLED;
    if (result == CURLE_OPERATION_TIMEDOUT || status == 408)
        return WAIT_TIMEOUT;
    if (result == CURLE_OK && status == 200 && pick_code(answer, code))
        return WAIT_OK;
    fprintf(stderr, "libcurl: %s, HTTP %ld\n", result ? error : "unexpected answer", status);
    return WAIT_FAILED;
}

enum outcome curl_request_outcome(struct curl_request *request, CURLcode result, char code[CODE_SIZE])
{
    return curl_outcome(request->easy, &request->answer, result, request->error, code);
}
