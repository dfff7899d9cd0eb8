#include <anchor.h>

/* The code in an answer, to be freed with anchor_string_free; NULL if there is none. */
char *code_of(const anchor_completion *done)
{
    if (anchor_completion_status(done) != ANCHOR_OK)
        return NULL;
    return anchor_json_get(anchor_completion_json(done), "/data/code");
}
