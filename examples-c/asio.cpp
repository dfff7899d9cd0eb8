// Several events in an io_context of Asio, together with a timer of the program: Asio watches the queue of the waits.
//
//     asio TIMEOUT_MS EVENT...
//
// Prints a line for each tick of 100 ms, and each event as it is signaled. Exits with 0 if all events came, with 2 if one
// did not come in time, and with 1 on a failure. It takes Asio alone (Debian: libasio-dev), or Boost's if that is not there.
#include <anchor.hpp>

#if __has_include(<asio.hpp>)
#include <asio.hpp>
#else
#include <boost/asio.hpp>
namespace asio = boost::asio;
#endif

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

namespace {

// The descriptor belongs to the queue: Asio watches it, and gives it back instead of closing it.
class watched : public asio::posix::stream_descriptor {
public:
    using asio::posix::stream_descriptor::stream_descriptor;
    watched(const watched &) = delete;
    watched &operator=(const watched &) = delete;
    ~watched() { release(); }
};

class program {
public:
    program(anchor::timeout time, std::vector<std::string> names) : names_(std::move(names))
    {
        for (std::size_t i = 0; i < names_.size(); i++) {
            client_.start_on(queue_, names_[i], time, i); // the tag is the index of the name
        }
    }

    int run()
    {
        take_when_ready();
        tick();
        context_.run();
        return exit_status_;
    }

private:
    void take_when_ready()
    {
        ready_.async_wait(asio::posix::stream_descriptor::wait_read, [this](const auto &error) {
            if (error) {
                std::cerr << "asio: " << error.message() << '\n';
                exit_status_ = EXIT_FAILURE;
                context_.stop();
                return;
            }
            // Takes without blocking until nothing is left.
            while (const auto taken = queue_.next(std::nothrow, std::chrono::seconds(0))) {
                report(*taken);
            }
            if (queue_.running() > 0) {
                take_when_ready();
            } else {
                context_.stop(); // run() returns, whatever the timer is doing
            }
        });
    }

    void report(const anchor::completion &done)
    {
        const std::string &name = names_[done.tag()];
        if (done) {
            std::cout << name << ": " << done.view() << std::endl;
            return;
        }
        std::cerr << "asio: " << name << ": " << done.outcome(std::nothrow).error().what() << '\n';
        if (exit_status_ != EXIT_FAILURE) {
            exit_status_ = done.status() == ANCHOR_TIMEOUT ? 2 : EXIT_FAILURE;
        }
    }

    void tick()
    {
        timer_.expires_after(std::chrono::milliseconds(100));
        timer_.async_wait([this](const auto &error) {
            if (!error) {
                std::cout << "tick" << std::endl;
                tick();
            }
        });
    }

    std::vector<std::string> names_;
    anchor::client client_;
    anchor::queue queue_;
    asio::io_context context_;
    asio::steady_timer timer_{context_};
    watched ready_{context_, queue_.fd()}; // destroyed before the queue
    int exit_status_ = EXIT_SUCCESS;
};

} // namespace

int main(int argc, char **argv)
try {
    if (argc < 3) {
        std::cerr << "usage: asio TIMEOUT_MS EVENT...\n";
        return EXIT_FAILURE;
    }
    return program(std::chrono::milliseconds(std::atoll(argv[1])), {argv + 2, argv + argc}).run();
} catch (const anchor::error &error) {
    std::cerr << "asio: " << anchor_status_name(error.status()) << ": " << error.what() << '\n';
    return EXIT_FAILURE;
}
