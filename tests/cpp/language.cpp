// The header in C++: its types are right at compile time, and its functions can be called.
#include "../c/check.h"

#include <atomic>
#include <csignal>
#include <cstdint>
#include <type_traits>

// Windows has no fork, so what ends a process cannot be tried there.
#if !defined(_WIN32)
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#define HAS_FORK
#endif

static_assert(std::is_enum<anchor_status>::value && sizeof(anchor_status) == 4, "an enumeration of 32 bits");
static_assert(std::is_same<std::underlying_type<anchor_status>::type, std::int32_t>::value, "signed");
static_assert(std::is_same<std::underlying_type<anchor_log_level>::type, std::int32_t>::value, "signed");
static_assert(std::is_same<std::underlying_type<anchor_trust>::type, std::int32_t>::value, "signed");
static_assert(std::is_same<decltype(anchor_config_set_retries(nullptr, 0)), anchor_status>::value, "a status");
static_assert(ANCHOR_OK == 0 && ANCHOR_NO_TIMEOUT == -1, "constants");
static_assert(std::is_same<decltype(anchor_completion_tag(nullptr)), std::uint64_t>::value, "a tag has 64 bits");
static_assert(!std::is_constructible<anchor_client *, anchor_config *>::value, "handles do not mix");

namespace {

// The constants, an unknown value included, fit where C passes an integer.
void statuses_are_values()
{
    const anchor_status later = static_cast<anchor_status>(1000);
    CHECK_TEXT("ANCHOR_TIMEOUT", anchor_status_name(ANCHOR_TIMEOUT));
    CHECK_TEXT("ANCHOR_UNKNOWN", anchor_status_name(later));
}

void a_lambda_is_a_log_callback()
{
    int lines = 0;
    anchor_config *config = check_config();
    const auto count = [](void *data, std::int32_t, const char *) { ++*static_cast<int *>(data); };
    CHECK_STATUS(ANCHOR_OK, anchor_config_set_log_callback(config, count, &lines));
    anchor_client *client = check_client_of(config);
    CHECK_STATUS(ANCHOR_TIMEOUT, anchor_wait_for_event(client, "quiet", 0, nullptr, nullptr));
    CHECK(lines > 0);
    anchor_client_free(client);
}

// With AddressSanitizer the library is built with panic=abort, where Rust's frames let an exception pass. It is not shipped so.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PANICS_ABORT
#endif
#endif

#if defined(HAS_FORK) && !defined(PANICS_ABORT)
// As the header says: it does not cross the library, and nothing goes on as if it had not been thrown.
void a_callback_that_throws_ends_the_process()
{
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        const rlimit no_core = {0, 0};
        CHECK(setrlimit(RLIMIT_CORE, &no_core) == 0 && close(STDERR_FILENO) == 0);
        anchor_config *config = check_config();
        const auto thrower = [](void *, std::int32_t, const char *) { throw 1; };
        CHECK_STATUS(ANCHOR_OK, anchor_config_set_log_callback(config, thrower, nullptr));
        anchor_client *client = check_client_of(config);
        try {
            CHECK_STATUS(ANCHOR_TIMEOUT, anchor_wait_for_event(client, "quiet", 0, nullptr, nullptr));
        } catch (...) {
        }
        _exit(0);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}
#endif

void an_event_comes_through()
{
    anchor_client *client = check_client();
    char *json = nullptr;
    CHECK_STATUS(ANCHOR_OK, anchor_signal_event(client, "cpp", "{\"from\":\"C++\"}", ANCHOR_REQUEST_TIMEOUT, nullptr,
                                                nullptr));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_for_event(client, "cpp", PATIENCE_MS, nullptr, &json));
    CHECK_JSON("C++", json, "/data/from");
    anchor_string_free(json);
    anchor_client_free(client);
}

void a_lambda_is_a_queue_callback()
{
    anchor_client *client = check_client();
    anchor_queue *queue = nullptr;
    std::atomic<int> calls{0};
    CHECK_STATUS(ANCHOR_OK, anchor_queue_new(&queue));
    const auto count = [](void *data) { ++*static_cast<std::atomic<int> *>(data); };
    CHECK_STATUS(ANCHOR_OK, anchor_queue_set_callback(queue, count, &calls));
    CHECK_STATUS(ANCHOR_OK, anchor_wait_start_on(client, queue, "quiet", 0, 1, nullptr, nullptr));
    CHECK_SOON(calls == 1);
    anchor_queue_free(queue);
    anchor_client_free(client);
}

const test_case cases[] = {
    CASE(statuses_are_values),
    CASE(a_lambda_is_a_log_callback),
#if defined(HAS_FORK) && !defined(PANICS_ABORT)
    CASE(a_callback_that_throws_ends_the_process),
#endif
    CASE(an_event_comes_through),
    CASE(a_lambda_is_a_queue_callback),
};

} // namespace

RUN(cases)
