/* The native methods of io.github.libanchor.events.Native. Handles are longs; texts are UTF-8 in byte arrays, since the strings of JNI
   are in another encoding. A status that is no success is thrown by Native.raise. */
#include "anchor_jni.h"

#include <stdlib.h>
#include <string.h>

static void *pointer(jlong handle)
{
    return (void *)(intptr_t)handle;
}

static jlong handle_of(const void *pointer)
{
    return (jlong)(intptr_t)pointer;
}

static jbyteArray bytes_of(JNIEnv *env, const char *text)
{
    size_t length = text == NULL ? 0 : strlen(text);
    jbyteArray bytes = (*env)->NewByteArray(env, (jsize)length);
    if (bytes != NULL && length > 0)
        (*env)->SetByteArrayRegion(env, bytes, 0, (jsize)length, (const jbyte *)text);
    return bytes;
}

char *text_of(JNIEnv *env, jbyteArray bytes)
{
    jsize length;
    char *text;
    if (bytes == NULL)
        return NULL;
    length = (*env)->GetArrayLength(env, bytes);
    text = malloc((size_t)length + 1);
    if (text == NULL) {
        jclass error = (*env)->FindClass(env, "java/lang/OutOfMemoryError");
        if (error != NULL)
            (*env)->ThrowNew(env, error, "no memory is left for a text");
        return NULL;
    }
    (*env)->GetByteArrayRegion(env, bytes, 0, length, (jbyte *)text);
    text[length] = '\0';
    return text;
}

void free_text(char *text)
{
    volatile char *at = text;
    while (at != NULL && *at != '\0')
        *at++ = '\0';
    free(text);
}

void raise_status(JNIEnv *env, jclass natives, anchor_status status, const char *json)
{
    jmethodID raise;
    jbyteArray text;
    const char *message = json;
    if (status == ANCHOR_OK || (*env)->ExceptionCheck(env))
        return;
    if (message == NULL)
        message = anchor_last_error();
    text = bytes_of(env, message == NULL ? anchor_status_message(status) : message);
    raise = text == NULL ? NULL : (*env)->GetStaticMethodID(env, natives, "raise", "(I[B)V");
    if (raise != NULL)
        (*env)->CallStaticVoidMethod(env, natives, raise, (jint)status, text);
}

METHOD(jbyteArray, version)(JNIEnv *env, jclass natives)
{
    (void)natives;
    return bytes_of(env, anchor_version());
}

METHOD(jlong, newClient)(JNIEnv *env, jclass natives, jlong config)
{
    anchor_client *client = NULL;
    raise_status(env, natives, anchor_client_new(pointer(config), &client), NULL);
    return handle_of(client);
}

METHOD(void, freeClient)(JNIEnv *env, jclass natives, jlong client)
{
    (void)env, (void)natives;
    anchor_client_free(pointer(client));
}

METHOD(void, setApiKey)(JNIEnv *env, jclass natives, jlong client, jbyteArray key)
{
    char *text = text_of(env, key);
    raise_status(env, natives, anchor_client_set_api_key(pointer(client), text), NULL);
    free_text(text);
}

METHOD(jbyteArray, stats)(JNIEnv *env, jclass natives, jlong client)
{
    char *json = NULL;
    jbyteArray result = NULL;
    anchor_status status = anchor_client_stats(pointer(client), &json);
    raise_status(env, natives, status, NULL);
    if (status == ANCHOR_OK)
        result = bytes_of(env, json);
    anchor_string_free(json);
    return result;
}

METHOD(jlong, newQueue)(JNIEnv *env, jclass natives)
{
    anchor_queue *queue = NULL;
    raise_status(env, natives, anchor_queue_new(&queue), NULL);
    return handle_of(queue);
}

/* Blocks until a wait has ended. */
METHOD(jlong, next)(JNIEnv *env, jclass natives, jlong queue)
{
    anchor_completion *done = NULL;
    anchor_status status = anchor_queue_next(pointer(queue), ANCHOR_NO_TIMEOUT, NULL, &done);
    if (status != ANCHOR_OK)
        raise_status(env, natives, status, anchor_status_message(status));
    return handle_of(done);
}

METHOD(jlong, completionTag)(JNIEnv *env, jclass natives, jlong completion)
{
    (void)env, (void)natives;
    return (jlong)anchor_completion_tag(pointer(completion));
}

METHOD(jint, completionStatus)(JNIEnv *env, jclass natives, jlong completion)
{
    (void)env, (void)natives;
    return anchor_completion_status(pointer(completion));
}

METHOD(jbyteArray, completionJson)(JNIEnv *env, jclass natives, jlong completion)
{
    (void)natives;
    return bytes_of(env, anchor_completion_json(pointer(completion)));
}

METHOD(void, freeCompletion)(JNIEnv *env, jclass natives, jlong completion)
{
    (void)env, (void)natives;
    anchor_completion_free(pointer(completion));
}

METHOD(jlong, startWait)
(JNIEnv *env, jclass natives, jlong client, jlong queue, jbyteArray name, jlong timeout, jlong tag, jlong options)
{
    anchor_wait *wait = NULL;
    char *event = text_of(env, name);
    anchor_status status = anchor_wait_start_on(pointer(client), pointer(queue), event, timeout, (uint64_t)tag,
                                                pointer(options), &wait);
    raise_status(env, natives, status, NULL);
    free_text(event);
    return handle_of(wait);
}

METHOD(void, cancelWait)(JNIEnv *env, jclass natives, jlong wait)
{
    (void)env, (void)natives;
    anchor_wait_cancel(pointer(wait));
}

METHOD(void, freeWait)(JNIEnv *env, jclass natives, jlong wait)
{
    (void)env, (void)natives;
    anchor_wait_free(pointer(wait));
}

METHOD(jlong, newToken)(JNIEnv *env, jclass natives)
{
    anchor_cancel_token *token = anchor_cancel_token_new();
    if (token == NULL)
        raise_status(env, natives, ANCHOR_OUT_OF_MEMORY, NULL);
    return handle_of(token);
}

METHOD(void, cancelToken)(JNIEnv *env, jclass natives, jlong token)
{
    (void)env, (void)natives;
    anchor_cancel_token_cancel(pointer(token));
}

METHOD(void, freeToken)(JNIEnv *env, jclass natives, jlong token)
{
    (void)env, (void)natives;
    anchor_cancel_token_free(pointer(token));
}

METHOD(void, signal)
(JNIEnv *env, jclass natives, jlong client, jbyteArray name, jbyteArray data, jlong timeout, jlong options, jlong token)
{
    char *json = NULL, *event = text_of(env, name), *object = text_of(env, data);
    if (!(*env)->ExceptionCheck(env)) {
        anchor_status status =
            anchor_signal_event_with(pointer(client), event, object, timeout, pointer(options), pointer(token), &json);
        raise_status(env, natives, status, json);
    }
    anchor_string_free(json);
    free_text(event);
    free_text(object);
}

METHOD(jlong, drain)
(JNIEnv *env, jclass natives, jlong client, jbyteArray name, jlong timeout, jlong options, jlong token)
{
    uint32_t drained = 0;
    char *event = text_of(env, name);
    anchor_status status =
        anchor_drain_event_with(pointer(client), event, timeout, pointer(options), pointer(token), &drained);
    raise_status(env, natives, status, NULL);
    free_text(event);
    return drained;
}
