// The round of round.c, as a C++ program writes it.
#include <anchor.h>
#include <cstring>
#include <iostream>
#include <memory>

using text = std::unique_ptr<char, decltype(&anchor_string_free)>;

int main()
{
    anchor_client *handle = nullptr;
    anchor_status status = anchor_client_new(nullptr, &handle);
    std::unique_ptr<anchor_client, decltype(&anchor_client_free)> client(handle, anchor_client_free);
    char *out = nullptr;
    if (status == ANCHOR_OK)
        status = anchor_signal_event(client.get(), "consumer", R"({"code":"123456"})", nullptr);
    if (status == ANCHOR_OK)
        status = anchor_wait_for_event(client.get(), "consumer", 10000, nullptr, &out);
    text json(out, anchor_string_free);
    text code(out ? anchor_json_get(out, "/data/code") : nullptr, anchor_string_free);
    bool agrees = std::strcmp(anchor_version(), ANCHOR_VERSION) == 0;
    std::cout << "libanchor " << (agrees ? ANCHOR_VERSION : "of another version") << ": " << anchor_status_name(status)
              << ' ' << (code ? code.get() : "-") << '\n';
    return status == ANCHOR_OK ? 0 : 1;
}
