// The same as wait.c from C++17: the plain C API, with every handle and string owned by a unique_ptr.
//
//     wait EVENT [TIMEOUT_MS]
//
// Exits with 0 if the event was signaled, with 2 if it was not signaled in time, and with 1 on any other failure.
#include <anchor.h>

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace {

// The library has a function to free each kind of handle, and one for strings.
struct Free {
    void operator()(anchor_config *config) const { anchor_config_free(config); }
    void operator()(anchor_client *client) const { anchor_client_free(client); }
    void operator()(char *string) const { anchor_string_free(string); }
};

using Config = std::unique_ptr<anchor_config, Free>;
using Client = std::unique_ptr<anchor_client, Free>;
using String = std::unique_ptr<char, Free>;

// A client with settings from the environment, such as ANCHORBROWSER_API_KEY.
Client open_client()
{
    Config config(anchor_config_new());
    if (!config) {
        throw std::bad_alloc();
    }
    anchor_client *client = nullptr;
    if (anchor_client_new(config.get(), &client) != ANCHOR_OK) {
        throw std::invalid_argument(anchor_config_error(config.get()));
    }
    return Client(client);
}

// The message of an error JSON, or the sentence of the status.
std::string message_of(anchor_status status, const String &error_json)
{
    String message(anchor_json_get(error_json.get(), "/error/message"));
    return message ? message.get() : anchor_status_message(status);
}

// The answer, or nothing if the event was not signaled in time. Throws on any other failure.
std::optional<std::string> wait_for_event(const Client &client, const char *event_name, std::int64_t timeout_ms)
{
    char *out = nullptr;
    const anchor_status status = anchor_wait_for_event(client.get(), event_name, timeout_ms, nullptr, &out);
    const String json(out);

    switch (status) {
    case ANCHOR_OK:
        return json.get();
    case ANCHOR_TIMEOUT:
        return std::nullopt;
    case ANCHOR_OUT_OF_MEMORY:
        throw std::bad_alloc();
    case ANCHOR_UNAUTHORIZED:
    case ANCHOR_FORBIDDEN:
        throw std::runtime_error("the API key is not accepted: " + message_of(status, json));
    case ANCHOR_NOT_SENT:
    case ANCHOR_TLS:
        throw std::runtime_error("the service was not reached, so nothing happened: " + message_of(status, json));
    case ANCHOR_CONNECTION_LOST:
        throw std::runtime_error("no answer came, the event may be lost to us: " + message_of(status, json));
    default: // later versions may add statuses
        throw std::runtime_error(std::string(anchor_status_name(status)) + ": " + message_of(status, json));
    }
}

} // namespace

int main(int argc, char **argv)
try {
    if (argc < 2 || argc > 3) {
        std::cerr << "usage: wait EVENT [TIMEOUT_MS]\n";
        return EXIT_FAILURE;
    }
    const std::int64_t timeout_ms = argc > 2 ? std::strtoll(argv[2], nullptr, 10) : ANCHOR_DEFAULT_TIMEOUT_MS;

    const Client client = open_client();
    if (const auto event = wait_for_event(client, argv[1], timeout_ms)) {
        std::cout << *event << '\n';
        return EXIT_SUCCESS;
    }
    std::cerr << "not signaled in time\n";
    return 2;
} catch (const std::exception &error) {
    std::cerr << "wait: " << error.what() << '\n';
    return EXIT_FAILURE;
}
