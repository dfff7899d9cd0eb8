/* libanchor's client for the service. */
#ifndef ANCHOR_CLIENT_H
#define ANCHOR_CLIENT_H

#include "peer.h"
#include <anchor.h>

/* A slice of 0 is the library's. NULL, with a line on stderr, if it fails. */
anchor_client *new_client(const struct service *service, long slice_ms);

/* The member `code` of the event's data. 0 if there is none. */
int pick_code(const char *json, char code[CODE_SIZE]);

#endif
