/*
 * Many waits at once, started and taken by one thread, in the peer's own way: wait i is for the event "crowd-i". If
 * one of them fails, the process ends.
 */
#ifndef MANY_H
#define MANY_H

#include "peer.h"

/* Room for so many. A request asks the service to hold it for `slice_ms`, and is repeated when that is over. */
void many_open(const struct service *service, int size, long slice_ms);

void many_start(int wait);

/* The next wait that has its event. It can be started again. */
int many_take(void);

/* Cancels the waits that run, and returns when each has ended. */
void many_cancel(void);

#endif
