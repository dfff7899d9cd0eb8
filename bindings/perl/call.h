/* A call that blocks, in a thread beside the interpreter: a signal or a drain. Its descriptor is readable when it has ended. */
#ifndef ANCHOR_PERL_CALL_H
#define ANCHOR_PERL_CALL_H

#include <anchor.h>

/* The interpreter keeps the client and the options until the call is freed. */
typedef struct call call;

/* Data of NULL is a drain. NULL if no thread, memory or descriptor is left. */
call *call_start(anchor_client *client, const char *name, const char *data, int64_t timeout_ms, const anchor_options *options);
int call_fd(const call *call);
void call_cancel(call *call);

/* Blocks until the call has ended. */
anchor_status call_join(call *call);
const char *call_text(const call *call);
uint32_t call_drained(const call *call);

/* Ends the call, if it still runs. */
void call_free(call *call);

#endif
