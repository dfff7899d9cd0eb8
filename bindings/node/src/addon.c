/*
 * The calls of libanchor as functions of JavaScript, which lib/ wraps. Nothing here blocks the event loop or a thread of libuv's
 * pool: waits run on the thread of the library, and a signal or a drain on a thread of its own.
 *
 * What has ended comes to the event loop through one thread-safe function. JavaScript knows each call by a number, its tag.
 */
#define _POSIX_C_SOURCE 200809L
#include "addon.h"

#include <stdlib.h>
#include <string.h>

/* A signal or a drain, on its thread. The event loop makes it and frees it. */
typedef struct anchor_blocking_call {
    anchor_environment *environment;
    struct anchor_blocking_call *next; /* in the list of those that run */
    anchor_shared_client *client;
    anchor_options *options;
    anchor_cancel_token *token;
    char *event_name;
    char *data_json; /* NULL for a drain */
    int64_t timeout_ms;
    uint64_t tag;

    anchor_status status;
    uint32_t drained;
    char *json;
    char *message; /* why a drain failed, which has no JSON */
} blocking_call;

static void free_call(blocking_call *call)
{
    anchor_shared_client_release(call->client);
    anchor_options_free(call->options);
    anchor_cancel_token_free(call->token);
    anchor_string_free(call->json);
    free(call->event_name);
    free(call->data_json);
    free(call->message);
    free(call);
}

/* Calls ended(tag, status, text, drained) of JavaScript. */
static void report(napi_env env, napi_value ended, uint64_t tag, anchor_status status, const char *json, uint32_t drained)
{
    napi_value arguments[4], receiver;
    if (napi_create_double(env, (double)tag, &arguments[0]) != napi_ok
        || napi_create_int32(env, status, &arguments[1]) != napi_ok
        || napi_create_string_utf8(env, json ? json : "", NAPI_AUTO_LENGTH, &arguments[2]) != napi_ok
        || napi_create_uint32(env, drained, &arguments[3]) != napi_ok || napi_get_undefined(env, &receiver) != napi_ok)
        return;
    napi_call_function(env, receiver, ended, 4, arguments, NULL);
}

/* On the event loop: reports the call that has ended, or what is in the queue. */
static void on_loop(napi_env env, napi_value ended, void *context, void *data)
{
    anchor_environment *environment = context;
    blocking_call *call = data;
    anchor_completion *done = NULL;
    if (call != NULL) {
        if (env != NULL)
            report(env, ended, call->tag, call->status, call->message ? call->message : call->json, call->drained);
        free_call(call);
        return;
    }
    while (env != NULL && anchor_queue_next(environment->queue, 0, NULL, &done) == ANCHOR_OK) {
        report(env, ended, anchor_completion_tag(done), anchor_completion_status(done), anchor_completion_json(done), 0);
        anchor_completion_free(done);
    }
}

/* On the thread of the library. */
static void on_queue(void *user_data)
{
    anchor_environment *environment = user_data;
    napi_call_threadsafe_function(environment->loop, NULL, napi_tsfn_nonblocking);
}

/* The event loop reports the call and frees it, unless it has ended. */
static void hand_over(blocking_call *call)
{
    anchor_environment *environment = call->environment;
    blocking_call **at = &environment->running;
    pthread_mutex_lock(&environment->lock);
    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
    if (environment->is_ending || napi_call_threadsafe_function(environment->loop, call, napi_tsfn_nonblocking) != napi_ok)
        free_call(call);
    pthread_cond_signal(&environment->one_has_ended);
    pthread_mutex_unlock(&environment->lock);
}

static void *run_call(void *data)
{
    blocking_call *call = data;
    anchor_client *client = call->client->handle;
    if (call->data_json != NULL) {
        call->status = anchor_signal_event_with(
            client, call->event_name, call->data_json, call->timeout_ms, call->options, call->token, &call->json);
    } else {
        call->status = anchor_drain_event_with(
            client, call->event_name, call->timeout_ms, call->options, call->token, &call->drained);
        if (call->status != ANCHOR_OK)
            call->message = strdup(anchor_last_error());
    }
    hand_over(call);
    return NULL;
}

/*
 * The environment ends: the process, or a worker. It runs before Node.js destroys the thread-safe function, which was made
 * earlier; no other thread may use that afterwards. So all calls are cancelled, which takes a moment, and none is left.
 */
static void end(void *data)
{
    anchor_environment *environment = data;
    blocking_call *call;
    if (anchor_queue_set_callback(environment->queue, NULL, NULL) == ANCHOR_OK)
        anchor_queue_free(environment->queue);
    pthread_mutex_lock(&environment->lock);
    environment->is_ending = true;
    for (call = environment->running; call != NULL; call = call->next)
        anchor_cancel_token_cancel(call->token);
    while (environment->running != NULL)
        pthread_cond_wait(&environment->one_has_ended, &environment->lock);
    pthread_mutex_unlock(&environment->lock);
    pthread_mutex_destroy(&environment->lock);
    pthread_cond_destroy(&environment->one_has_ended);
    free(environment);
}

/* start(ended): to be called once, before all others. */
static napi_value start(napi_env env, napi_callback_info info)
{
    anchor_environment *environment = anchor_environment_of(env);
    napi_value ended, name;
    size_t count = 1;
    if (napi_get_cb_info(env, info, &count, &ended, NULL, NULL) != napi_ok
        || napi_create_string_utf8(env, "anchor-events", NAPI_AUTO_LENGTH, &name) != napi_ok)
        return NULL;
    if (napi_create_threadsafe_function(
            env, ended, NULL, name, 0, 1, NULL, NULL, environment, on_loop, &environment->loop) != napi_ok)
        return NULL;
    napi_unref_threadsafe_function(env, environment->loop);
    if (anchor_queue_new(&environment->queue) != ANCHOR_OK
        || anchor_queue_set_callback(environment->queue, on_queue, environment) != ANCHOR_OK
        || napi_add_env_cleanup_hook(env, end, environment) != napi_ok)
        napi_throw_error(env, "ANCHOR_OUT_OF_MEMORY", "no memory or file descriptor is left");
    return NULL;
}

/* keepAlive(whether): while calls run, the process does not end by itself. */
static napi_value keep_alive(napi_env env, napi_callback_info info)
{
    anchor_environment *environment = anchor_environment_of(env);
    napi_value argument;
    size_t count = 1;
    bool whether = false;
    if (napi_get_cb_info(env, info, &count, &argument, NULL, NULL) == napi_ok
        && napi_get_value_bool(env, argument, &whether) == napi_ok) {
        if (whether)
            napi_ref_threadsafe_function(env, environment->loop);
        else
            napi_unref_threadsafe_function(env, environment->loop);
    }
    return NULL;
}

/* The arguments that all calls begin with: client, tag, name, milliseconds, options. */
typedef struct {
    anchor_shared_client *client;
    double tag;
    char *event_name;
    int64_t timeout_ms;
    anchor_options *options;
} call_arguments;

/* False with an exception, and then nothing is to be freed. */
static bool read_arguments(napi_env env, const napi_value *values, call_arguments *out)
{
    void *client = NULL;
    memset(out, 0, sizeof *out);
    if (napi_get_value_external(env, values[0], &client) != napi_ok || napi_get_value_double(env, values[1], &out->tag) != napi_ok
        || napi_get_value_int64(env, values[3], &out->timeout_ms) != napi_ok) {
        napi_throw_type_error(env, NULL, "client, tag, name, milliseconds, options");
        return false;
    }
    out->client = client;
    out->event_name = anchor_text(env, values[2]);
    if (out->event_name == NULL)
        return false;
    if (anchor_read_options(env, values[4], &out->options))
        return true;
    free(out->event_name);
    return false;
}

static void free_wait(napi_env env, void *data, void *hint)
{
    (void)env, (void)hint;
    anchor_wait_free(data);
}

/* wait(client, tag, name, milliseconds, options): the wait, for cancelWait. */
static napi_value wait(napi_env env, napi_callback_info info)
{
    anchor_environment *environment = anchor_environment_of(env);
    napi_value values[5], result = NULL;
    call_arguments call;
    anchor_wait *started = NULL;
    anchor_status status;
    size_t count = 5;
    if (napi_get_cb_info(env, info, &count, values, NULL, NULL) != napi_ok || !read_arguments(env, values, &call))
        return NULL;
    status = anchor_wait_start_on(call.client->handle, environment->queue, call.event_name, call.timeout_ms, (uint64_t)call.tag,
                                  call.options, &started);
    if (status != ANCHOR_OK)
        anchor_throw_status(env, status);
    else if (napi_create_external(env, started, free_wait, NULL, &result) != napi_ok)
        anchor_wait_free(started);
    free(call.event_name);
    anchor_options_free(call.options);
    return result;
}

static napi_value cancel_wait(napi_env env, napi_callback_info info)
{
    napi_value value;
    void *started = NULL;
    size_t count = 1;
    if (napi_get_cb_info(env, info, &count, &value, NULL, NULL) == napi_ok
        && napi_get_value_external(env, value, &started) == napi_ok)
        anchor_wait_cancel(started);
    return NULL;
}

static bool start_thread(blocking_call *call)
{
    anchor_environment *environment = call->environment;
    pthread_attr_t attributes;
    pthread_t thread;
    bool is_started = false;
    if (pthread_attr_init(&attributes) != 0)
        return false;
    pthread_mutex_lock(&environment->lock);
    if (pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED) == 0
        && pthread_attr_setstacksize(&attributes, 256 * 1024) == 0)
        is_started = pthread_create(&thread, &attributes, run_call, call) == 0;
    if (is_started) {
        call->next = environment->running;
        environment->running = call;
    }
    pthread_mutex_unlock(&environment->lock);
    pthread_attr_destroy(&attributes);
    return is_started;
}

/* blocking(client, tag, name, milliseconds, options, data or undefined): the call, for cancelCall until it has ended. */
static napi_value blocking(napi_env env, napi_callback_info info)
{
    anchor_environment *environment = anchor_environment_of(env);
    napi_value values[6], result = NULL;
    napi_valuetype type;
    call_arguments arguments;
    blocking_call *call;
    size_t count = 6;
    bool is_ready;
    if (napi_get_cb_info(env, info, &count, values, NULL, NULL) != napi_ok || !read_arguments(env, values, &arguments))
        return NULL;
    call = calloc(1, sizeof *call);
    if (call == NULL) {
        free(arguments.event_name);
        anchor_options_free(arguments.options);
        napi_throw_error(env, "ANCHOR_OUT_OF_MEMORY", "no memory is left");
        return NULL;
    }
    call->environment = environment;
    call->client = anchor_shared_client_retain(arguments.client);
    call->options = arguments.options;
    call->event_name = arguments.event_name;
    call->timeout_ms = arguments.timeout_ms;
    call->tag = (uint64_t)arguments.tag;
    call->token = anchor_cancel_token_new();
    is_ready = call->token != NULL && napi_typeof(env, values[5], &type) == napi_ok;
    if (is_ready && type == napi_string) {
        call->data_json = anchor_text(env, values[5]);
        is_ready = call->data_json != NULL;
    }
    if (is_ready && napi_create_external(env, call, NULL, NULL, &result) == napi_ok && start_thread(call))
        return result;
    free_call(call);
    napi_throw_error(env, "ANCHOR_OUT_OF_MEMORY", "no memory, thread or file descriptor is left");
    return NULL;
}

static napi_value cancel_call(napi_env env, napi_callback_info info)
{
    napi_value value;
    void *call = NULL;
    size_t count = 1;
    if (napi_get_cb_info(env, info, &count, &value, NULL, NULL) == napi_ok
        && napi_get_value_external(env, value, &call) == napi_ok)
        anchor_cancel_token_cancel(((blocking_call *)call)->token);
    return NULL;
}

NAPI_MODULE_INIT()
{
    anchor_environment *environment = calloc(1, sizeof *environment);
    const napi_property_descriptor functions[] = {
        { "start", NULL, start, NULL, NULL, NULL, napi_default, NULL },
        { "keepAlive", NULL, keep_alive, NULL, NULL, NULL, napi_default, NULL },
        { "wait", NULL, wait, NULL, NULL, NULL, napi_default, NULL },
        { "cancelWait", NULL, cancel_wait, NULL, NULL, NULL, napi_default, NULL },
        { "blocking", NULL, blocking, NULL, NULL, NULL, napi_default, NULL },
        { "cancelCall", NULL, cancel_call, NULL, NULL, NULL, napi_default, NULL },
    };
    if (environment == NULL || pthread_mutex_init(&environment->lock, NULL) != 0
        || pthread_cond_init(&environment->one_has_ended, NULL) != 0
        || napi_set_instance_data(env, environment, NULL, NULL) != napi_ok
        || napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions) != napi_ok
        || !anchor_define_client(env, exports)) {
        napi_throw_error(env, NULL, "anchor-events cannot be initialised");
        return NULL;
    }
    return exports;
}
