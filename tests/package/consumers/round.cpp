// The round of round.c, as a C++ program writes it.
#include <anchor.hpp>
#include <iostream>

int main()
try {
    anchor::client client;
    client.signal("consumer", R"({"code":"123456"})");
    const anchor::json event = client.wait("consumer", std::chrono::seconds(10));
    const bool agrees = std::string_view(anchor_version()) == ANCHOR_VERSION;
    std::cout << "libanchor " << (agrees ? ANCHOR_VERSION : "of another version") << ": "
              << anchor_status_name(ANCHOR_OK) << ' ' << event.get("/data/code").view() << '\n';
} catch (const anchor::error &error) {
    std::cout << anchor_status_name(error.status()) << ' ' << error.what() << '\n';
    return 1;
}
