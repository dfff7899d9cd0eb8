/* One request as libcurl makes it, and its answer as cJSON reads it: the same for an easy handle and for many. */
#ifndef CURL_REQUEST_H
#define CURL_REQUEST_H

#include "peer.h"
#include <curl/curl.h>

struct curl_answer {
    char *text;
    size_t length, capacity;
};

struct curl_request {
    CURL *easy;
    struct curl_slist *headers;
    struct curl_answer answer;
    char error[CURL_ERROR_SIZE];
    char body[48];
};

/* Sets the options that stay. 0 if there is no memory. */
int curl_request_open(struct curl_request *request, const struct service *service);
void curl_request_close(struct curl_request *request);

/* The options of one wait. */
void curl_request_set(struct curl_request *request, const struct service *service, const char *event, long timeout_ms);

/* The outcome of the wait. */
enum outcome curl_request_outcome(struct curl_request *request, CURLcode result, char code[CODE_SIZE]);

/* The same in parts, for many handles that share their headers. */
struct curl_slist *curl_headers(const struct service *service);
void curl_set(CURL *easy, const struct service *service, struct curl_slist *headers, struct curl_answer *answer);
enum outcome curl_outcome(CURL *easy, const struct curl_answer *answer, CURLcode result, const char *error,
                          char code[CODE_SIZE]);

#endif
