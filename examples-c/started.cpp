// Several events at once in C++, with anchor.hpp: each is printed as it comes.
//
//     started EVENT...
//
// Exits with 0 if all events came, and with 1 otherwise; events that came are printed in both cases.
#include <anchor.hpp>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <vector>

int main(int argc, char **argv)
try {
    if (argc < 2) {
        std::cerr << "usage: started EVENT...\n";
        return EXIT_FAILURE;
    }

    // Settings from the environment, and some of this program. Destructors free everything below.
    anchor::config config;
    config.user_agent("started-example").connect_timeout(std::chrono::seconds(5));
    anchor::client client(config);

    std::vector<anchor::started_wait> waits;
    for (int i = 1; i < argc; i++) {
        waits.push_back(client.start(argv[i], std::chrono::minutes(1)));
    }

    // select ignores waits that are finished. If a wait failed, finish throws, and destructors cancel the other waits.
    for (std::size_t left = waits.size(); left > 0; left--) {
        const std::size_t index = anchor::select(waits);
        const anchor::json event = waits[index].finish();
        std::cout << argv[index + 1] << ": " << event.view() << std::endl;
    }
    return EXIT_SUCCESS;
} catch (const anchor::error &error) {
    std::cerr << "started: " << anchor_status_name(error.status()) << ": " << error.what() << '\n';
    return EXIT_FAILURE;
}
