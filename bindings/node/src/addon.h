/* What addon.c and client.c share. */
#ifndef ANCHOR_ADDON_H
#define ANCHOR_ADDON_H

#define NAPI_VERSION 8
#include <anchor.h>
#include <node_api.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/* One for the main thread, and one for each worker. */
typedef struct {
    anchor_queue *queue;
    napi_threadsafe_function loop;
    /* The calls that have a thread, and whether the environment ends; below the lock. */
    pthread_mutex_t lock;
    pthread_cond_t one_has_ended;
    struct anchor_blocking_call *running;
    bool is_ending;
} anchor_environment;

/* A client that JavaScript and the threads of calls share. The last frees it. */
typedef struct {
    anchor_client *handle;
    atomic_uint users;
} anchor_shared_client;

anchor_shared_client *anchor_shared_client_retain(anchor_shared_client *client);
void anchor_shared_client_release(anchor_shared_client *client);

anchor_environment *anchor_environment_of(napi_env env);

/* The functions that make and ask a client. */
bool anchor_define_client(napi_env env, napi_value exports);

/* Reads a list of [setter, argument, argument]; undefined gives no options. False with an exception. */
bool anchor_read_options(napi_env env, napi_value list, anchor_options **out);

/* A string as UTF-8, to be freed. NULL with an exception. */
char *anchor_text(napi_env env, napi_value value);

/* Throws the status of the last call of this thread, with the message of the library. */
void anchor_throw_status(napi_env env, anchor_status status);

#endif
