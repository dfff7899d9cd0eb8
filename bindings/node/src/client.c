/* Clients, their settings, and the texts that pass between JavaScript and the library. */
#include "addon.h"

#include <stdlib.h>
#include <string.h>

typedef union {
    anchor_status (*text)(void *, const char *);
    anchor_status (*pair)(void *, const char *, const char *);
    anchor_status (*flag)(void *, int);
    anchor_status (*time)(void *, int64_t);
    anchor_status (*retries)(void *, uint32_t);
    anchor_status (*size)(void *, size_t);
    anchor_status (*choice)(void *, int32_t);
} setter_function;

typedef enum { TEXT, PAIR, FLAG, TIME, RETRIES, SIZE, CHOICE } setter_kind;

typedef struct {
    const char *name;
    setter_kind kind;
    setter_function function;
} setter;

/* A setter takes its own handle, and is called by this type, so each is wrapped. */
#define CONFIG_TEXT(name) \
    static anchor_status config_##name(void *config, const char *value) { return anchor_config_set_##name(config, value); }
#define CONFIG_PAIR(name, function) \
    static anchor_status config_##name(void *config, const char *first, const char *second) \
    { \
        return function(config, first, second); \
    }
#define CONFIG_NUMBER(name, type) \
    static anchor_status config_##name(void *config, type value) { return anchor_config_set_##name(config, value); }

CONFIG_TEXT(api_key)
CONFIG_TEXT(base_url)
CONFIG_NUMBER(allow_http, int)
CONFIG_PAIR(header, anchor_config_add_header)
CONFIG_TEXT(user_agent)
CONFIG_TEXT(proxy)
CONFIG_PAIR(connect_to, anchor_config_set_connect_to)
CONFIG_NUMBER(connect_timeout_ms, int64_t)
CONFIG_NUMBER(request_timeout_ms, int64_t)
CONFIG_NUMBER(max_response_bytes, size_t)
CONFIG_NUMBER(slice_ms, int64_t)
CONFIG_NUMBER(grace_ms, int64_t)
CONFIG_NUMBER(retries, uint32_t)
CONFIG_NUMBER(rearm, int)
CONFIG_TEXT(ca_file)
CONFIG_TEXT(ca_pem)
CONFIG_NUMBER(trust, int32_t)
CONFIG_PAIR(client_certificate, anchor_config_set_client_certificate)
CONFIG_PAIR(client_certificate_pem, anchor_config_set_client_certificate_pem)
CONFIG_TEXT(crl_file)
CONFIG_TEXT(pinned_public_keys)

static anchor_status options_retries(void *options, uint32_t value) { return anchor_options_set_retries(options, value); }
static anchor_status options_rearm(void *options, int value) { return anchor_options_set_rearm(options, value); }
static anchor_status options_slice_ms(void *options, int64_t value) { return anchor_options_set_slice_ms(options, value); }
static anchor_status options_request_id(void *options, const char *id) { return anchor_options_set_request_id(options, id); }
static anchor_status options_header(void *options, const char *name, const char *value)
{
    return anchor_options_add_header(options, name, value);
}

/* By the name of the setter without its prefix. The last has no name. */
static const setter config_setters[] = {
    { "set_api_key", TEXT, { .text = config_api_key } },
    { "set_base_url", TEXT, { .text = config_base_url } },
    { "set_allow_http", FLAG, { .flag = config_allow_http } },
    { "add_header", PAIR, { .pair = config_header } },
    { "set_user_agent", TEXT, { .text = config_user_agent } },
    { "set_proxy", TEXT, { .text = config_proxy } },
    { "set_connect_to", PAIR, { .pair = config_connect_to } },
    { "set_connect_timeout_ms", TIME, { .time = config_connect_timeout_ms } },
    { "set_request_timeout_ms", TIME, { .time = config_request_timeout_ms } },
    { "set_max_response_bytes", SIZE, { .size = config_max_response_bytes } },
    { "set_slice_ms", TIME, { .time = config_slice_ms } },
    { "set_grace_ms", TIME, { .time = config_grace_ms } },
    { "set_retries", RETRIES, { .retries = config_retries } },
    { "set_rearm", FLAG, { .flag = config_rearm } },
    { "set_ca_file", TEXT, { .text = config_ca_file } },
    { "set_ca_pem", TEXT, { .text = config_ca_pem } },
    { "set_trust", CHOICE, { .choice = config_trust } },
    { "set_client_certificate", PAIR, { .pair = config_client_certificate } },
    { "set_client_certificate_pem", PAIR, { .pair = config_client_certificate_pem } },
    { "set_crl_file", TEXT, { .text = config_crl_file } },
    { "set_pinned_public_keys", TEXT, { .text = config_pinned_public_keys } },
    { NULL, TEXT, { .text = NULL } },
};

static const setter options_setters[] = {
    { "set_retries", RETRIES, { .retries = options_retries } },
    { "set_rearm", FLAG, { .flag = options_rearm } },
    { "set_slice_ms", TIME, { .time = options_slice_ms } },
    { "add_header", PAIR, { .pair = options_header } },
    { "set_request_id", TEXT, { .text = options_request_id } },
    { NULL, TEXT, { .text = NULL } },
};

anchor_environment *anchor_environment_of(napi_env env)
{
    void *environment = NULL;
    return napi_get_instance_data(env, &environment) == napi_ok ? environment : NULL;
}

char *anchor_text(napi_env env, napi_value value)
{
    size_t length = 0;
    char *text = NULL;
    if (napi_get_value_string_utf8(env, value, NULL, 0, &length) != napi_ok) {
        napi_throw_type_error(env, NULL, "a string");
    } else if ((text = malloc(length + 1)) == NULL
               || napi_get_value_string_utf8(env, value, text, length + 1, &length) != napi_ok) {
        free(text);
        text = NULL;
        napi_throw_error(env, "ANCHOR_OUT_OF_MEMORY", "no memory is left");
    }
    return text;
}

void anchor_throw_status(napi_env env, anchor_status status)
{
    napi_value code, message, error;
    const char *last = anchor_last_error();
    if (napi_create_string_utf8(env, anchor_status_name(status), NAPI_AUTO_LENGTH, &code) == napi_ok
        && napi_create_string_utf8(env, last ? last : anchor_status_message(status), NAPI_AUTO_LENGTH, &message) == napi_ok
        && napi_create_error(env, code, message, &error) == napi_ok)
        napi_throw(env, error);
}

static bool set(napi_env env, const setter *of, void *handle, napi_value first, napi_value second)
{
    anchor_status status = ANCHOR_INVALID_ARGUMENT;
    int64_t number = 0;
    if (of->kind == TEXT || of->kind == PAIR) {
        char *text = anchor_text(env, first), *more = of->kind == PAIR ? anchor_text(env, second) : NULL;
        if (text != NULL && (of->kind == TEXT || more != NULL))
            status = of->kind == TEXT ? of->function.text(handle, text) : of->function.pair(handle, text, more);
        free(text);
        free(more);
    } else if (napi_get_value_int64(env, first, &number) == napi_ok) {
        switch (of->kind) {
        case FLAG: status = of->function.flag(handle, (int)number); break;
        case TIME: status = of->function.time(handle, number); break;
        case RETRIES: status = of->function.retries(handle, (uint32_t)number); break;
        case SIZE: status = of->function.size(handle, (size_t)number); break;
        case CHOICE: status = of->function.choice(handle, (int32_t)number); break;
        case TEXT:
        case PAIR: break;
        }
    }
    if (status != ANCHOR_OK) {
        bool is_thrown = false;
        if (napi_is_exception_pending(env, &is_thrown) == napi_ok && !is_thrown)
            anchor_throw_status(env, status);
    }
    return status == ANCHOR_OK;
}

/* Each entry of the list is [setter, argument, argument]. False with an exception. */
static bool set_all(napi_env env, const setter *setters, void *handle, napi_value list)
{
    uint32_t count = 0, i;
    if (napi_get_array_length(env, list, &count) != napi_ok)
        return false;
    for (i = 0; i < count; i++) {
        napi_value entry, name, first, second;
        const setter *found = setters;
        char text[64];
        size_t length;
        if (napi_get_element(env, list, i, &entry) != napi_ok || napi_get_element(env, entry, 0, &name) != napi_ok
            || napi_get_element(env, entry, 1, &first) != napi_ok || napi_get_element(env, entry, 2, &second) != napi_ok
            || napi_get_value_string_utf8(env, name, text, sizeof text, &length) != napi_ok)
            return false;
        while (found->name != NULL && strcmp(found->name, text) != 0)
            found++;
        if (found->name == NULL) {
            napi_throw_type_error(env, NULL, text);
            return false;
        }
        if (!set(env, found, handle, first, second))
            return false;
    }
    return true;
}

bool anchor_read_options(napi_env env, napi_value list, anchor_options **out)
{
    napi_valuetype type;
    *out = NULL;
    if (napi_typeof(env, list, &type) != napi_ok || type == napi_undefined)
        return type == napi_undefined;
    *out = anchor_options_new();
    if (*out == NULL)
        anchor_throw_status(env, ANCHOR_OUT_OF_MEMORY);
    else if (set_all(env, options_setters, *out, list))
        return true;
    anchor_options_free(*out);
    *out = NULL;
    return false;
}

anchor_shared_client *anchor_shared_client_retain(anchor_shared_client *client)
{
    atomic_fetch_add(&client->users, 1);
    return client;
}

void anchor_shared_client_release(anchor_shared_client *client)
{
    if (atomic_fetch_sub(&client->users, 1) == 1) {
        anchor_client_free(client->handle);
        free(client);
    }
}

static void release(napi_env env, void *data, void *hint)
{
    (void)env, (void)hint;
    anchor_shared_client_release(data);
}

/* newClient(settings) */
static napi_value new_client(napi_env env, napi_callback_info info)
{
    napi_value list, result = NULL;
    size_t count = 1;
    anchor_config *config = anchor_config_new();
    anchor_shared_client *client = calloc(1, sizeof *client);
    if (config != NULL && client != NULL && napi_get_cb_info(env, info, &count, &list, NULL, NULL) == napi_ok
        && set_all(env, config_setters, config, list)) {
        anchor_status status = anchor_client_new(config, &client->handle);
        client->users = 1;
        if (status != ANCHOR_OK)
            anchor_throw_status(env, status);
        else if (napi_create_external(env, client, release, NULL, &result) != napi_ok)
            anchor_client_free(client->handle);
    }
    if (result == NULL)
        free(client);
    anchor_config_free(config);
    return result;
}

static anchor_client *client_of(napi_env env, napi_callback_info info, napi_value *argument)
{
    napi_value values[2];
    size_t count = 2;
    void *client = NULL;
    if (napi_get_cb_info(env, info, &count, values, NULL, NULL) != napi_ok
        || napi_get_value_external(env, values[0], &client) != napi_ok) {
        napi_throw_type_error(env, NULL, "a client");
        return NULL;
    }
    *argument = values[1];
    return ((anchor_shared_client *)client)->handle;
}

/* cancelAll(client) */
static napi_value cancel_all(napi_env env, napi_callback_info info)
{
    napi_value unused;
    anchor_client *client = client_of(env, info, &unused);
    if (client != NULL)
        anchor_client_cancel_all(client);
    return NULL;
}

/* setApiKey(client, key) */
static napi_value set_api_key(napi_env env, napi_callback_info info)
{
    napi_value key;
    anchor_client *client = client_of(env, info, &key);
    char *text = client ? anchor_text(env, key) : NULL;
    if (text != NULL) {
        anchor_status status = anchor_client_set_api_key(client, text);
        if (status != ANCHOR_OK)
            anchor_throw_status(env, status);
    }
    free(text);
    return NULL;
}

/* stats(client): as JSON */
static napi_value stats(napi_env env, napi_callback_info info)
{
    napi_value unused, result = NULL;
    anchor_client *client = client_of(env, info, &unused);
    char *json = NULL;
    anchor_status status;
    if (client == NULL)
        return NULL;
    status = anchor_client_stats(client, &json);
    if (status != ANCHOR_OK)
        anchor_throw_status(env, status);
    else if (napi_create_string_utf8(env, json, NAPI_AUTO_LENGTH, &result) != napi_ok)
        napi_throw_error(env, "ANCHOR_OUT_OF_MEMORY", "no memory is left");
    anchor_string_free(json);
    return result;
}

bool anchor_define_client(napi_env env, napi_value exports)
{
    const napi_property_descriptor functions[] = {
        { "newClient", NULL, new_client, NULL, NULL, NULL, napi_default, NULL },
        { "cancelAll", NULL, cancel_all, NULL, NULL, NULL, napi_default, NULL },
        { "setApiKey", NULL, set_api_key, NULL, NULL, NULL, napi_default, NULL },
        { "stats", NULL, stats, NULL, NULL, NULL, napi_default, NULL },
    };
    napi_value version, statuses, name;
    int32_t status;
    if (napi_define_properties(env, exports, sizeof functions / sizeof *functions, functions) != napi_ok
        || napi_create_string_utf8(env, anchor_version(), NAPI_AUTO_LENGTH, &version) != napi_ok
        || napi_set_named_property(env, exports, "version", version) != napi_ok || napi_create_object(env, &statuses) != napi_ok)
        return false;
    for (status = ANCHOR_OK; status <= ANCHOR_HTTP_ERROR; status++) {
        if (strcmp(anchor_status_name(status), "ANCHOR_UNKNOWN") == 0)
            continue;
        if (napi_create_string_utf8(env, anchor_status_name(status), NAPI_AUTO_LENGTH, &name) != napi_ok
            || napi_set_element(env, statuses, (uint32_t)status, name) != napi_ok)
            return false;
    }
    return napi_set_named_property(env, exports, "statuses", statuses) == napi_ok;
}
