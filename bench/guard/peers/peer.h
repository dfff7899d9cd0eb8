/*
 * What every peer does: waits for an event over one warm connection, and hands out the value of /data/code. The driver
 * is the same for all, so that what differs between two figures is the peer alone.
 */
#ifndef PEER_H
#define PEER_H

#include <stddef.h>

/* Where the service is, and what a peer needs to use it. */
struct service {
    const char *base_url; /* without a slash at its end */
    const char *host;     /* a numeric address */
    int port;
    const char *api_key;
    const char *ca_file; /* the authorities to trust; NULL with plain HTTP */
    long grace_ms;       /* how long after its end a wait still takes an answer, if the peer has that */
};

enum outcome { WAIT_OK, WAIT_TIMEOUT, WAIT_CANCELLED, WAIT_FAILED };

enum { CODE_SIZE = 32 };

/* What one thread waits with: a socket, an easy handle, or the client that all threads share. */
struct peer;

/* The name and versions, such as "libcurl 7.88.1, cJSON 1.7.15". */
const char *peer_name(void);

/* NULL with a line on stderr if it cannot be had. */
struct peer *peer_open(const struct service *service);
void peer_close(struct peer *peer);

/* What went wrong, if anything did, is a line on stderr. */
enum outcome peer_wait(struct peer *peer, const char *event, long timeout_ms, char code[CODE_SIZE]);

/* Makes the wait that blocks on this peer return, from another thread; what was cancelled is only to be closed. */
void peer_cancel(struct peer *peer);

#endif
