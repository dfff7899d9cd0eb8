/*
 * What every peer does: it waits for an event over one warm connection, and returns the value of /data/code. The driver
 * is the same for all, so that the peer alone makes the difference between two figures.
 */
#ifndef PEER_H
#define PEER_H

#include <stddef.h>

/* The service, and what a peer needs to use it. */
struct service {
    const char *base_url; /* without a slash at its end */
    const char *host;     /* a numeric address */
    int port;
    const char *api_key;
    const char *ca_file; /* the authorities to trust; NULL with plain HTTP */
    long grace_ms;       /* how long after its timeout a wait still takes an answer, if the peer has such a setting */
};

enum outcome { WAIT_OK, WAIT_TIMEOUT, WAIT_CANCELLED, WAIT_FAILED };

enum { CODE_SIZE = 32 };

/* What one thread waits with: a socket, an easy handle, or the client that all threads share. */
struct peer;

/* The name and versions, such as "libcurl 7.88.1, cJSON 1.7.15". */
const char *peer_name(void);

/* NULL, with a line on stderr, if it fails. */
struct peer *peer_open(const struct service *service);
void peer_close(struct peer *peer);

/* A failure is reported as a line on stderr. */
enum outcome peer_wait(struct peer *peer, const char *event, long timeout_ms, char code[CODE_SIZE]);

/* From another thread: makes the wait on this peer return. Afterwards the peer can only be closed. */
void peer_cancel(struct peer *peer);

#endif
