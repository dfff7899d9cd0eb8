// Several events at once in C++, with anchor.hpp: each is printed as it comes.
//
//     pending EVENT...
//
// Exits with 0 if all came, and with 1 otherwise; what came is printed either way.
#include <anchor.hpp>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <vector>

int main(int argc, char **argv)
try {
    if (argc < 2) {
        std::cerr << "usage: pending EVENT...\n";
        return EXIT_FAILURE;
    }

    // The settings of the environment, and some of our own. Everything below frees itself.
    anchor::config config;
    config.user_agent("pending-example").connect_timeout(std::chrono::seconds(5));
    anchor::client client(config);

    std::vector<anchor::started_wait> waits;
    for (int i = 1; i < argc; i++) {
        waits.push_back(client.start(argv[i], std::chrono::minutes(1)));
    }

    // select passes over waits that are finished. If one of them failed, finish throws, and the others are cancelled on
    // the way out.
    for (std::size_t left = waits.size(); left > 0; left--) {
        const std::size_t index = anchor::select(waits);
        const anchor::json event = waits[index].finish();
        std::cout << argv[index + 1] << ": " << event.view() << std::endl;
    }
    return EXIT_SUCCESS;
} catch (const anchor::error &error) {
    std::cerr << "pending: " << anchor_status_name(error.status()) << ": " << error.what() << '\n';
    return EXIT_FAILURE;
}
