#include <anchor.h>

/* Options for calls that can be found in a trace; to be freed with anchor_options_free. */
anchor_options *options_of_trace(const char *traceparent)
{
    anchor_options *options = anchor_options_new();

    if (options != NULL && anchor_options_add_header(options, "traceparent", traceparent) != ANCHOR_OK) {
        anchor_options_free(options);
        options = NULL;
    }
    return options;
}
