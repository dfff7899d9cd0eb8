/* The round of round.c by a program that does not need the library to start: a plugin, or an optional feature. */
#include <anchor.h>
#include <dlfcn.h>
#include <stdio.h>

#define FIND(name) __typeof__(name) *p_##name = (__typeof__(name) *)dlsym(library, #name)

int main(void)
{
    void *library = dlopen("libanchor.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        puts(dlerror());
        return 1;
    }
    FIND(anchor_client_new);
    FIND(anchor_client_free);
    FIND(anchor_signal_event);
    FIND(anchor_wait_for_event);
    FIND(anchor_json_get);
    FIND(anchor_string_free);
    FIND(anchor_status_name);
    FIND(anchor_version);

    anchor_client *client = NULL;
    char *json = NULL;
    anchor_status status = p_anchor_client_new(NULL, &client);

    if (status == ANCHOR_OK)
        status = p_anchor_signal_event(client, "consumer", "{\"code\":\"123456\"}", ANCHOR_REQUEST_TIMEOUT, NULL, NULL);
    if (status == ANCHOR_OK)
        status = p_anchor_wait_for_event(client, "consumer", 10000, NULL, &json);
    char *code = json ? p_anchor_json_get(json, "/data/code") : NULL;
    printf("libanchor %s: %s %s\n", p_anchor_version(), p_anchor_status_name(status), code ? code : "-");
    p_anchor_string_free(code);
    p_anchor_string_free(json);
    p_anchor_client_free(client);
    dlclose(library);
    return status == ANCHOR_OK ? 0 : 1;
}
