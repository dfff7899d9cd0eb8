/*
 * A host that loads anchor.dll, as a plug-in's host does, and unloads it again. The DLL stays if a thread of it may still run,
 * and goes if none was ever started. ANCHOR_TEST_DLL is its path.
 */
#include "../check.h"

#include <windows.h>

/* The types are those of the header, and the functions those of the DLL. */
#define FUNCTION(name) __typeof__(&name) name = (__typeof__(name))(void (*)(void))GetProcAddress(library, #name)

static int is_mapped(HMODULE library)
{
    HMODULE found = NULL;
    return GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
                              (LPCWSTR)(void *)library, &found);
}

static HMODULE load(void)
{
    HMODULE library = LoadLibraryA(getenv("ANCHOR_TEST_DLL"));
    CHECK(library != NULL);
    return library;
}

static void without_a_thread_it_goes(void)
{
    HMODULE library = load();
    FUNCTION(anchor_cancel_token_new);
    FUNCTION(anchor_cancel_token_free);

    anchor_cancel_token_free(anchor_cancel_token_new());
    CHECK(is_mapped(library));
    FreeLibrary(library);
    CHECK(!is_mapped(library));
}

static void with_a_thread_it_stays(void)
{
    HMODULE library = load();
    FUNCTION(anchor_config_new);
    FUNCTION(anchor_config_free);
    FUNCTION(anchor_client_new);
    FUNCTION(anchor_client_free);
    FUNCTION(anchor_wait_start);
    FUNCTION(anchor_wait_finish);
    FUNCTION(anchor_wait_free);
    anchor_client *client = NULL;
    anchor_wait *wait = NULL;
    anchor_config *config = anchor_config_new();

    CHECK(anchor_client_new(config, &client) == ANCHOR_OK);
    CHECK(anchor_wait_start(client, "quiet", 2000, &wait) == ANCHOR_OK);
    CHECK(anchor_wait_finish(wait, PATIENCE_MS, NULL) != ANCHOR_PENDING);
    anchor_wait_free(wait);
    anchor_client_free(client);
    anchor_config_free(config);
    FreeLibrary(library);
    CHECK(is_mapped(library));
}

/* In this order: what stays is not loaded again. */
static const struct test_case cases[] = {
    CASE(without_a_thread_it_goes),
    CASE(with_a_thread_it_stays),
};

RUN(cases)
