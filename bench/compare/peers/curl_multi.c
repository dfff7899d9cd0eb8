/*
 * libcurl's multi interface: one wait that another thread can cancel at once, and a crowd on one thread with epoll,
 * as libcurl's documentation advises for thousands of transfers.
 */
#define _GNU_SOURCE
#include "crowd.h"
#include "curl_request.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

struct peer {
    const struct service *service;
    struct curl_request request;
    CURLM *multi;
    atomic_int cancelled;
};

struct peer *peer_open(const struct service *service)
{
    struct peer *peer = calloc(1, sizeof *peer);
    if (!peer || !curl_request_open(&peer->request, service) || !(peer->multi = curl_multi_init()))
        return NULL;
    peer->service = service;
    return peer;
}

void peer_close(struct peer *peer)
{
    curl_request_close(&peer->request);
    curl_multi_cleanup(peer->multi);
    free(peer);
}

enum outcome peer_wait(struct peer *peer, const char *event, long timeout_ms, char code[CODE_SIZE])
{
    CURLcode result = CURLE_ABORTED_BY_CALLBACK;
    int running = 1, left;
    curl_request_set(&peer->request, peer->service, event, timeout_ms);
    curl_multi_add_handle(peer->multi, peer->request.easy);
    while (!atomic_load(&peer->cancelled) && !curl_multi_perform(peer->multi, &running) && running)
        curl_multi_poll(peer->multi, NULL, 0, 60000, NULL);
    for (CURLMsg *message; (message = curl_multi_info_read(peer->multi, &left));)
        result = message->data.result;
    curl_multi_remove_handle(peer->multi, peer->request.easy);
    return curl_request_outcome(&peer->request, result, code);
}

void peer_cancel(struct peer *peer)
{
    atomic_store(&peer->cancelled, 1);
    curl_multi_wakeup(peer->multi);
}

/* ---- the crowd ---- */

static struct {
    pthread_t thread;
    CURLM *multi;
    struct curl_request *requests;
    int size, epoll;
    double due_ms; /* when libcurl wants to be called; negative: never */
} crowd;

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static int watch_socket(CURL *easy, curl_socket_t socket, int what, void *user, void *known)
{
    struct epoll_event event = { .events = (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0),
                                 .data.fd = socket };
    (void)easy, (void)user;
    if (what == CURL_POLL_REMOVE)
        return epoll_ctl(crowd.epoll, EPOLL_CTL_DEL, socket, NULL), 0;
    curl_multi_assign(crowd.multi, socket, &crowd);
    return epoll_ctl(crowd.epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event);
}

static int watch_clock(CURLM *multi, long timeout_ms, void *user)
{
    (void)multi, (void)user;
    crowd.due_ms = timeout_ms < 0 ? -1 : now_ms() + (double)timeout_ms;
    return 0;
}

static void act_on(const struct epoll_event *event, int *running)
{
    int ready = (event->events & (EPOLLIN | EPOLLHUP) ? CURL_CSELECT_IN : 0)
              | (event->events & EPOLLOUT ? CURL_CSELECT_OUT : 0) | (event->events & EPOLLERR ? CURL_CSELECT_ERR : 0);
    curl_multi_socket_action(crowd.multi, event->data.fd, ready, running);
}

static void take_answers(void)
{
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(crowd.multi, &left));) {
        char code[CODE_SIZE];
        struct curl_request *request = NULL;
        CURLcode result = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
        if (curl_request_outcome(request, result, code) != WAIT_OK)
            exit(1);
    }
}

static void *serve_crowd(void *unused)
{
    int running = crowd.size;
    (void)unused;
    curl_multi_socket_action(crowd.multi, CURL_SOCKET_TIMEOUT, 0, &running);
    while (running) {
        struct epoll_event events[64];
        double left = crowd.due_ms - now_ms();
        int count = epoll_wait(crowd.epoll, events, 64, crowd.due_ms < 0 ? -1 : left > 0 ? (int)left + 1 : 0);
        for (int i = 0; i < count; i++)
            act_on(&events[i], &running);
        if (count <= 0)
            curl_multi_socket_action(crowd.multi, CURL_SOCKET_TIMEOUT, 0, &running);
        take_answers();
    }
    return NULL;
}

void crowd_start(const struct service *service, int count)
{
    crowd.size = count;
    crowd.epoll = epoll_create1(EPOLL_CLOEXEC);
    crowd.requests = calloc((size_t)count, sizeof *crowd.requests);
    crowd.due_ms = -1;
    if (!crowd.requests || crowd.epoll < 0)
        exit(1);
    for (int i = 0; i < count; i++) {
        char event[32];
        snprintf(event, sizeof event, "crowd-%d", i);
        if (!curl_request_open(&crowd.requests[i], service) || (!crowd.multi && !(crowd.multi = curl_multi_init())))
            exit(1);
        curl_request_set(&crowd.requests[i], service, event, 600000);
        curl_easy_setopt(crowd.requests[i].easy, CURLOPT_PRIVATE, &crowd.requests[i]);
        if (i == 0) {
            curl_multi_setopt(crowd.multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
            curl_multi_setopt(crowd.multi, CURLMOPT_TIMERFUNCTION, watch_clock);
        }
        curl_multi_add_handle(crowd.multi, crowd.requests[i].easy);
    }
    if (pthread_create(&crowd.thread, NULL, serve_crowd, NULL))
        exit(1);
}

void crowd_join(void)
{
    pthread_join(crowd.thread, NULL);
    for (int i = 0; i < crowd.size; i++) {
        curl_multi_remove_handle(crowd.multi, crowd.requests[i].easy);
        curl_request_close(&crowd.requests[i]);
    }
    curl_multi_cleanup(crowd.multi);
    free(crowd.requests);
    close(crowd.epoll);
}
