/* Many waits at once, the way a peer has for it: wait i is for the event "crowd-i". */
#ifndef CROWD_H
#define CROWD_H

#include "peer.h"

/* Starts them and comes back. One that fails ends the process. */
void crowd_start(const struct service *service, int count);

/* Comes back when each has got its event. */
void crowd_join(void);

#endif
