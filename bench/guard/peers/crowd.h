/* Many waits at once, in the peer's own way: wait i is for the event "crowd-i". */
#ifndef CROWD_H
#define CROWD_H

#include "peer.h"

/* Starts them and returns. If one fails, the process ends. */
void crowd_start(const struct service *service, int count);

/* Returns when each has its event. */
void crowd_join(void);

#endif
