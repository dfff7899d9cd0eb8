// Coroutines of C++20 that await events by name: each reads as if it blocked, and one thread runs them all.
//
//     coroutine FIRST THEN OTHER
//
// One coroutine waits for FIRST and afterwards for THEN, another one meanwhile for OTHER. Exits with 0 if all events
// came, and with 1 otherwise; events that came are printed in both cases.
#include <anchor.hpp>

#include <chrono>
#include <coroutine>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>

namespace {

// A coroutine that runs at once, up to its first co_await. The object owns it.
class task {
public:
    struct promise_type {
        std::exception_ptr failure;

        task get_return_object() { return task(std::coroutine_handle<promise_type>::from_promise(*this)); }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        void return_void() noexcept {}
        void unhandled_exception() noexcept { failure = std::current_exception(); }
    };

    task(task &&other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
    task &operator=(task &&) = delete;
    ~task()
    {
        if (coroutine_) {
            coroutine_.destroy();
        }
    }

    // After the loop: throws what the coroutine threw.
    void rethrow() const
    {
        if (coroutine_.promise().failure) {
            std::rethrow_exception(coroutine_.promise().failure);
        }
    }

private:
    explicit task(std::coroutine_handle<promise_type> coroutine) noexcept : coroutine_(coroutine) {}

    std::coroutine_handle<promise_type> coroutine_;
};

// A queue, and the coroutines that it resumes.
class loop {
public:
    // What co_await takes. It lives in the coroutine, which is suspended meanwhile, so the wait's tag can be its address.
    class event {
    public:
        event(loop &loop, std::string_view name) noexcept : loop_(loop), name_(name) {}
        event(const event &) = delete;
        event &operator=(const event &) = delete;

        bool await_ready() const noexcept { return false; }
        void await_suspend(std::coroutine_handle<> waiting)
        {
            waiting_ = waiting;
            const auto tag = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(this));
            loop_.client_.start_on(loop_.queue_, name_, std::chrono::minutes(1), tag);
        }
        anchor::json await_resume() const { return done_.outcome(); } // or throws anchor::error

    private:
        friend class loop;

        loop &loop_;
        std::string_view name_;
        std::coroutine_handle<> waiting_;
        anchor::completion done_;
    };

    event signaled(std::string_view name) noexcept { return {*this, name}; }

    // Resumes a coroutine whenever its event has come, until none waits any more.
    void run()
    {
        while (queue_.running() > 0) {
            anchor::completion done = queue_.next();
            event &awaited = *reinterpret_cast<event *>(static_cast<std::uintptr_t>(done.tag()));
            awaited.done_ = std::move(done);
            awaited.waiting_.resume(); // it may await the next event
        }
    }

private:
    anchor::client client_;
    anchor::queue queue_;
};

task in_sequence(loop &loop, std::string first, std::string then)
{
    const anchor::json started = co_await loop.signaled(first);
    std::cout << first << ": " << started.view() << std::endl;
    const anchor::json ended = co_await loop.signaled(then);
    std::cout << then << ": " << ended.view() << std::endl;
}

task alone(loop &loop, std::string name)
{
    const anchor::json event = co_await loop.signaled(name);
    std::cout << name << ": " << event.view() << std::endl;
}

} // namespace

int main(int argc, char **argv)
try {
    if (argc != 4) {
        std::cerr << "usage: coroutine FIRST THEN OTHER\n";
        return EXIT_FAILURE;
    }
    loop loop;
    const task sequence = in_sequence(loop, argv[1], argv[2]);
    const task other = alone(loop, argv[3]);
    loop.run();
    sequence.rethrow();
    other.rethrow();
    return EXIT_SUCCESS;
} catch (const anchor::error &error) {
    std::cerr << "coroutine: " << anchor_status_name(error.status()) << ": " << error.what() << '\n';
    return EXIT_FAILURE;
}
