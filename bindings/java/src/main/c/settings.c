/* The native methods that make settings and options. Each setter is found by its name, which the Java side and the header share. */
#include "anchor_jni.h"

#include <string.h>

/* What Java passes: one of the three, or the two texts. */
typedef struct {
    const char *first, *second;
    jlong number;
} arguments;

typedef struct {
    const char *name;
    anchor_status (*set)(void *, const arguments *);
} setter;

/* A setter takes its own handle, and is called by one type, so each is wrapped. */
#define SETTER(handle, name, ...) \
    static anchor_status handle##_##name(void *to, const arguments *with) { return anchor_##handle##_##name(to, __VA_ARGS__); }

SETTER(config, set_api_key, with->first)
SETTER(config, set_base_url, with->first)
SETTER(config, set_allow_http, (int)with->number)
SETTER(config, add_header, with->first, with->second)
SETTER(config, set_user_agent, with->first)
SETTER(config, set_proxy, with->first)
SETTER(config, set_connect_to, with->first, with->second)
SETTER(config, set_connect_timeout_ms, with->number)
SETTER(config, set_request_timeout_ms, with->number)
SETTER(config, set_max_response_bytes, (size_t)with->number)
SETTER(config, set_slice_ms, with->number)
SETTER(config, set_grace_ms, with->number)
SETTER(config, set_retries, (uint32_t)with->number)
SETTER(config, set_rearm, (int)with->number)
SETTER(config, set_ca_file, with->first)
SETTER(config, set_ca_pem, with->first)
SETTER(config, set_trust, (int32_t)with->number)
SETTER(config, set_client_certificate, with->first, with->second)
SETTER(config, set_client_certificate_pem, with->first, with->second)
SETTER(config, set_crl_file, with->first)
SETTER(config, set_pinned_public_keys, with->first)
SETTER(options, set_retries, (uint32_t)with->number)
SETTER(options, set_rearm, (int)with->number)
SETTER(options, set_slice_ms, with->number)
SETTER(options, add_header, with->first, with->second)
SETTER(options, set_request_id, with->first)

#define ENTRY(handle, name) { #name, handle##_##name }

static const setter config_setters[] = {
    ENTRY(config, set_api_key),
    ENTRY(config, set_base_url),
    ENTRY(config, set_allow_http),
    ENTRY(config, add_header),
    ENTRY(config, set_user_agent),
    ENTRY(config, set_proxy),
    ENTRY(config, set_connect_to),
    ENTRY(config, set_connect_timeout_ms),
    ENTRY(config, set_request_timeout_ms),
    ENTRY(config, set_max_response_bytes),
    ENTRY(config, set_slice_ms),
    ENTRY(config, set_grace_ms),
    ENTRY(config, set_retries),
    ENTRY(config, set_rearm),
    ENTRY(config, set_ca_file),
    ENTRY(config, set_ca_pem),
    ENTRY(config, set_trust),
    ENTRY(config, set_client_certificate),
    ENTRY(config, set_client_certificate_pem),
    ENTRY(config, set_crl_file),
    ENTRY(config, set_pinned_public_keys),
    { NULL, NULL },
};

static const setter options_setters[] = {
    ENTRY(options, set_retries),
    ENTRY(options, set_rearm),
    ENTRY(options, set_slice_ms),
    ENTRY(options, add_header),
    ENTRY(options, set_request_id),
    { NULL, NULL },
};

static const setter *find(const setter *setters, const char *name)
{
    while (setters->name != NULL && strcmp(setters->name, name) != 0)
        setters++;
    return setters->name == NULL ? NULL : setters;
}

static void set(JNIEnv *env, jclass natives, const setter *setters, jlong handle, jstring name, jbyteArray first,
                jbyteArray second, jlong number)
{
    const char *text = (*env)->GetStringUTFChars(env, name, NULL);
    const setter *found = text == NULL ? NULL : find(setters, text);
    char *one = text_of(env, first), *other = text_of(env, second);
    const arguments with = { one, other, number };
    if (found == NULL)
        raise_status(env, natives, ANCHOR_INTERNAL, "the package has a setter that its library has not");
    else if (!(*env)->ExceptionCheck(env))
        raise_status(env, natives, found->set((void *)(intptr_t)handle, &with), NULL);
    free_text(one);
    free_text(other);
    if (text != NULL)
        (*env)->ReleaseStringUTFChars(env, name, text);
}

METHOD(jlong, newConfig)(JNIEnv *env, jclass natives)
{
    (void)env, (void)natives;
    return (jlong)(intptr_t)anchor_config_new();
}

METHOD(void, freeConfig)(JNIEnv *env, jclass natives, jlong config)
{
    (void)env, (void)natives;
    anchor_config_free((anchor_config *)(intptr_t)config);
}

METHOD(void, setConfig)
(JNIEnv *env, jclass natives, jlong config, jstring name, jbyteArray first, jbyteArray second, jlong number)
{
    set(env, natives, config_setters, config, name, first, second, number);
}

METHOD(jlong, newOptions)(JNIEnv *env, jclass natives)
{
    (void)env, (void)natives;
    return (jlong)(intptr_t)anchor_options_new();
}

METHOD(void, freeOptions)(JNIEnv *env, jclass natives, jlong options)
{
    (void)env, (void)natives;
    anchor_options_free((anchor_options *)(intptr_t)options);
}

METHOD(void, setOptions)
(JNIEnv *env, jclass natives, jlong options, jstring name, jbyteArray first, jbyteArray second, jlong number)
{
    set(env, natives, options_setters, options, name, first, second, number);
}
