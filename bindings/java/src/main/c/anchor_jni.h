/* What anchor_jni.c and settings.c share. */
#ifndef ANCHOR_JNI_H
#define ANCHOR_JNI_H

#include "io_github_libanchor_events_Native.h"

#include <anchor.h>

#define METHOD(type, name) JNIEXPORT type JNICALL Java_io_github_libanchor_events_Native_##name

/* A copy, for free_text. NULL if there is none, or with an exception. */
char *text_of(JNIEnv *env, jbyteArray bytes);

/* Wipes it first: it may be a key. */
void free_text(char *text);

/* Throws what a status other than success means, with a text: the error as JSON, a message, or NULL for that of the library. */
void raise_status(JNIEnv *env, jclass natives, anchor_status status, const char *text);

#endif
