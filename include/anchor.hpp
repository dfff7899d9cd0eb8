// libanchor for C++17 and later: anchor.h with owning types, chrono and string_view. Header-only; link libanchor as from C.
//
// Every call has two forms. The plain form throws anchor::error. The form that takes std::nothrow first is noexcept,
// allocates nothing that could throw, and returns an anchor::result. Without exceptions (-fno-exceptions) only the second
// form exists. anchor.h says what the functions do and what each status means; its contract holds here too.
//
//     anchor::client client;                                              // settings from the environment
//     anchor::json event = client.wait("mfa_code", std::chrono::seconds(60));
//     std::string code = event.get("/data/code").str();
#ifndef ANCHOR_HPP
#define ANCHOR_HPP

#include <anchor.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#if __has_include(<stop_token>)
#include <stop_token>
#endif

#if defined(__cpp_exceptions)
#define ANCHOR_HPP_THROWS 1
#else
#define ANCHOR_HPP_THROWS 0
#endif

namespace anchor {

namespace detail {

struct string_free {
    void operator()(char *string) const noexcept { anchor_string_free(string); }
};

struct malloc_free {
    void operator()(char *string) const noexcept { std::free(string); }
};

using c_copy = std::unique_ptr<char, malloc_free>;

// A copy with a NUL at its end; NULL if there is no memory.
inline c_copy copy(std::string_view text) noexcept
{
    c_copy copied(static_cast<char *>(std::malloc(text.size() + 1)));
    if (copied) {
        if (!text.empty()) {
            std::memcpy(copied.get(), text.data(), text.size());
        }
        copied.get()[text.size()] = '\0';
    }
    return copied;
}

inline c_copy copy(const c_copy &text) noexcept { return text ? copy(std::string_view(text.get())) : nullptr; }

} // namespace detail

// Text from the library: JSON, or a string that was taken out of it.
class json {
public:
    json() noexcept = default;
    explicit json(char *owned) noexcept : text_(owned) {}

    // False if there is no text, as after get() of a value that is missing.
    explicit operator bool() const noexcept { return text_ != nullptr; }
    const char *c_str() const noexcept { return text_ ? text_.get() : ""; }
    std::string_view view() const noexcept { return c_str(); }
    std::string str() const { return c_str(); }

    // The value at a JSON pointer, as from anchor_json_get: a string unescaped, any other value as JSON.
    json get(const char *pointer) const noexcept { return json(anchor_json_get(text_.get(), pointer)); }

private:
    std::unique_ptr<char, detail::string_free> text_;
};

// How a call failed. Thrown, or held by a result.
class error : public std::exception {
public:
    explicit error(anchor_status status, std::string_view message = {}, std::string_view details = {}) noexcept
        : status_(status), message_(message.empty() ? nullptr : detail::copy(message)), json_(detail::copy(details))
    {
    }
    error(anchor_status status, const json &details) noexcept
        : error(status, details.get("/error/message").view(), details.view())
    {
    }
    error(const error &other) noexcept
        : std::exception(other), status_(other.status_), message_(detail::copy(other.message_)),
          json_(detail::copy(other.json_))
    {
    }
    error(error &&) noexcept = default;
    error &operator=(error other) noexcept
    {
        status_ = other.status_;
        message_.swap(other.message_);
        json_.swap(other.json_);
        return *this;
    }
    ~error() override = default;

    anchor_status status() const noexcept { return status_; }
    const char *what() const noexcept override { return message_ ? message_.get() : anchor_status_message(status_); }
    // {"error":{...}} as anchor.h describes it; empty if the function has no such text.
    const char *json() const noexcept { return json_ ? json_.get() : ""; }
    // The event may have been handed out, or the signal delivered.
    bool maybe_consumed() const noexcept
    {
        return anchor::json(anchor_json_get(json(), "/error/maybeConsumed")).view() == "true";
    }

private:
    anchor_status status_;
    detail::c_copy message_, json_;
};

// A value, or an error instead of it.
template <class T> class [[nodiscard]] result {
public:
    result(T value) noexcept : outcome_(std::move(value)) {}
    result(anchor::error error) noexcept : outcome_(std::move(error)) {}

    explicit operator bool() const noexcept { return outcome_.index() == 0; }
    anchor_status status() const noexcept { return *this ? ANCHOR_OK : error().status(); }

    // Only if there is a value, as with a pointer.
    T &operator*() noexcept { return *std::get_if<0>(&outcome_); }
    const T &operator*() const noexcept { return *std::get_if<0>(&outcome_); }
    T *operator->() noexcept { return std::get_if<0>(&outcome_); }
    const T *operator->() const noexcept { return std::get_if<0>(&outcome_); }

    // Only if there is no value.
    const anchor::error &error() const noexcept { return *std::get_if<1>(&outcome_); }

#if ANCHOR_HPP_THROWS
    T value() &&
    {
        if (!*this) {
            throw anchor::error(error());
        }
        return std::move(**this);
    }
#endif

private:
    std::variant<T, anchor::error> outcome_;
};

// Success, or an error.
template <> class [[nodiscard]] result<void> {
public:
    result() noexcept = default;
    result(anchor::error error) noexcept : error_(std::move(error)) {}

    explicit operator bool() const noexcept { return !error_; }
    anchor_status status() const noexcept { return error_ ? error_->status() : ANCHOR_OK; }

    // Only if there is one.
    const anchor::error &error() const noexcept { return *error_; }

#if ANCHOR_HPP_THROWS
    void value() &&
    {
        if (error_) {
            throw anchor::error(*error_);
        }
    }
#endif

private:
    std::optional<anchor::error> error_;
};

struct no_timeout_t {
    explicit no_timeout_t() = default;
};
// No time limit.
inline constexpr no_timeout_t no_timeout{};

struct request_timeout_t {
    explicit request_timeout_t() = default;
};
// For a signal or a drain: the request timeout of the settings.
inline constexpr request_timeout_t request_timeout{};

// Any std::chrono duration, rounded up to milliseconds; or no_timeout; or request_timeout, but not for a wait. A negative
// duration is an invalid argument.
class timeout {
public:
    constexpr timeout(no_timeout_t) noexcept : millis_(ANCHOR_NO_TIMEOUT) {}
    constexpr timeout(request_timeout_t) noexcept : millis_(ANCHOR_REQUEST_TIMEOUT) {}
    template <class Rep, class Period>
    constexpr timeout(const std::chrono::duration<Rep, Period> &duration) noexcept
        : millis_(round_up(std::chrono::duration<long double, std::milli>(duration).count()))
    {
    }

    constexpr std::int64_t milliseconds() const noexcept { return millis_; }

private:
    static constexpr std::int64_t round_up(long double millis) noexcept
    {
        constexpr std::int64_t refused = std::numeric_limits<std::int64_t>::min();
        constexpr std::int64_t longest = std::numeric_limits<std::int64_t>::max();
        if (!(millis >= 0)) { // also if it is not a number
            return refused;
        }
        if (millis >= static_cast<long double>(longest)) {
            return longest;
        }
        const std::int64_t whole = static_cast<std::int64_t>(millis);
        return static_cast<long double>(whole) < millis ? whole + 1 : whole;
    }

    std::int64_t millis_;
};

inline constexpr timeout default_timeout{std::chrono::milliseconds(ANCHOR_DEFAULT_TIMEOUT_MS)};

namespace detail {

// An argument with a NUL at its end. A NUL within it is refused, because C would ignore the rest.
class c_string {
public:
    explicit c_string(std::string_view text) noexcept
    {
        if (text.find('\0') != std::string_view::npos) {
            status_ = ANCHOR_INVALID_ARGUMENT;
        } else if (text.size() < sizeof short_) {
            std::memcpy(short_, text.data() ? text.data() : "", text.size());
            short_[text.size()] = '\0';
        } else if (!(long_ = copy(text))) {
            status_ = ANCHOR_OUT_OF_MEMORY;
        }
    }
    c_string(const c_string &) = delete;
    c_string &operator=(const c_string &) = delete;

    anchor_status status() const noexcept { return status_; }
    const char *get() const noexcept { return long_ ? long_.get() : short_; }
    error refusal() const noexcept
    {
        return status_ == ANCHOR_OUT_OF_MEMORY ? error(status_) : error(status_, "a string holds a NUL character");
    }

private:
    anchor_status status_ = ANCHOR_OK;
    c_copy long_;
    char short_[256];
};

template <class T, void (*Free)(T *)> struct handle_free {
    void operator()(T *handle) const noexcept { Free(handle); }
};
template <class T, void (*Free)(T *)> using handle = std::unique_ptr<T, handle_free<T, Free>>;

// A function object of any type.
using owned_callback = std::unique_ptr<void, void (*)(void *)>;

// Frees a queue. It owns the queue's callback, so that the callback outlives the queue, in a move assignment too.
struct queue_free {
    owned_callback callback{nullptr, [](void *) {}};
    void operator()(anchor_queue *queue) const noexcept { anchor_queue_free(queue); }
};

// Of a call that has just failed and gives no JSON.
inline error last_error(anchor_status status) noexcept
{
    const char *message = anchor_last_error();
    return message ? error(status, message) : error(status);
}

inline result<json> answer(anchor_status status, char *out) noexcept
{
    json text(out);
    return status == ANCHOR_OK ? result<json>(std::move(text)) : error(status, text);
}

} // namespace detail

// What config and options share: a handle, and setters that can be chained. After the first refusal they change nothing.
template <class Derived, class T, void (*Free)(T *)> class setters {
public:
    anchor_status status() const noexcept { return refusal_ ? refusal_->status() : ANCHOR_OK; }
    // Only if the status is not ANCHOR_OK.
    const error &refusal() const noexcept { return *refusal_; }
    const T *get() const noexcept { return handle_.get(); }

protected:
    explicit setters(T *owned) noexcept : handle_(owned)
    {
        if (!handle_) {
            refusal_.emplace(ANCHOR_OUT_OF_MEMORY);
        }
    }

    template <class Setter, class... Values> Derived &set(Setter setter, Values... values) noexcept
    {
        if (!refusal_) {
            const anchor_status status = setter(handle_.get(), values...);
            if (status != ANCHOR_OK) {
                refusal_.emplace(detail::last_error(status));
            }
        }
        return static_cast<Derived &>(*this);
    }
    template <class Setter> Derived &set(Setter setter, timeout time) noexcept { return set(setter, time.milliseconds()); }
    template <class Setter> Derived &set(Setter setter, std::string_view value) noexcept
    {
        const detail::c_string text(value);
        return is_string(text) ? set(setter, text.get()) : static_cast<Derived &>(*this);
    }
    template <class Setter> Derived &set(Setter setter, std::string_view first, std::string_view second) noexcept
    {
        const detail::c_string one(first), two(second);
        return is_string(one) && is_string(two) ? set(setter, one.get(), two.get()) : static_cast<Derived &>(*this);
    }

private:
    bool is_string(const detail::c_string &text) noexcept
    {
        if (!refusal_ && text.status() != ANCHOR_OK) {
            refusal_.emplace(text.refusal());
        }
        return !refusal_;
    }

    detail::handle<T, Free> handle_;
    std::optional<error> refusal_;
};

// Settings, initially from the defaults and the environment. Setters can be chained. When a client is made from the
// settings, it reports the first setter that failed, and why.
class config : public setters<config, anchor_config, anchor_config_free> {
public:
    config() noexcept : setters(anchor_config_new()) {}

    config &api_key(std::string_view key) noexcept { return set(anchor_config_set_api_key, key); }
    config &base_url(std::string_view url) noexcept { return set(anchor_config_set_base_url, url); }
    config &allow_http(bool allow) noexcept { return set(anchor_config_set_allow_http, int{allow}); }
    config &add_header(std::string_view name, std::string_view value) noexcept
    {
        return set(anchor_config_add_header, name, value);
    }
    config &user_agent(std::string_view agent) noexcept { return set(anchor_config_set_user_agent, agent); }
    config &proxy(std::string_view url) noexcept { return set(anchor_config_set_proxy, url); }
    config &connect_to(std::string_view host, std::string_view address) noexcept
    {
        return set(anchor_config_set_connect_to, host, address);
    }
    config &ca_file(std::string_view path) noexcept { return set(anchor_config_set_ca_file, path); }
    config &ca_pem(std::string_view pem) noexcept { return set(anchor_config_set_ca_pem, pem); }
    config &trust(anchor_trust trust) noexcept { return set(anchor_config_set_trust, std::int32_t{trust}); }
    config &client_certificate(std::string_view certificate_file, std::string_view key_file) noexcept
    {
        return set(anchor_config_set_client_certificate, certificate_file, key_file);
    }
    // The copy of the key that is made here is not wiped; that of the library is.
    config &client_certificate_pem(std::string_view certificate_pem, std::string_view key_pem) noexcept
    {
        return set(anchor_config_set_client_certificate_pem, certificate_pem, key_pem);
    }
    config &crl_file(std::string_view path) noexcept { return set(anchor_config_set_crl_file, path); }
    config &pinned_public_keys(std::string_view pins) noexcept { return set(anchor_config_set_pinned_public_keys, pins); }
    config &connect_timeout(timeout time) noexcept { return set(anchor_config_set_connect_timeout_ms, time); }
    config &request_timeout(timeout time) noexcept { return set(anchor_config_set_request_timeout_ms, time); }
    config &max_response_bytes(std::size_t bytes) noexcept { return set(anchor_config_set_max_response_bytes, bytes); }
    config &slice(timeout time) noexcept { return set(anchor_config_set_slice_ms, time); }
    config &grace(timeout time) noexcept { return set(anchor_config_set_grace_ms, time); }
    config &retries(std::uint32_t count) noexcept { return set(anchor_config_set_retries, count); }
    config &rearm(bool rearm) noexcept { return set(anchor_config_set_rearm, int{rearm}); }
    config &interruptible(bool tell) noexcept { return set(anchor_config_set_interruptible, int{tell}); }
    // The function is called on the threads that make calls, and on the library's own. It must not throw or block.
    config &log_callback(anchor_log_callback callback, void *user_data) noexcept
    {
        return set(anchor_config_set_log_callback, callback, user_data);
    }
    config &log_json(bool json) noexcept { return set(anchor_config_set_log_json, int{json}); }
};

// What one call, or many, do otherwise than the settings of the client say. Setters can be chained. A call with the options
// reports the first setter that failed, and why. Any number of calls may use them at once.
class options : public setters<options, anchor_options, anchor_options_free> {
public:
    options() noexcept : setters(anchor_options_new()) {}

    options &retries(std::uint32_t count) noexcept { return set(anchor_options_set_retries, count); }
    options &rearm(bool rearm) noexcept { return set(anchor_options_set_rearm, int{rearm}); }
    options &slice(timeout time) noexcept { return set(anchor_options_set_slice_ms, time); }
    options &add_header(std::string_view name, std::string_view value) noexcept
    {
        return set(anchor_options_add_header, name, value);
    }
    options &request_id(std::string_view id) noexcept { return set(anchor_options_set_request_id, id); }
};

// Unblocks calls, from any thread or signal handler. It stays cancelled until it is reset.
class cancel_source {
public:
    static result<cancel_source> make(std::nothrow_t) noexcept
    {
        cancel_source source(anchor_cancel_token_new());
        return source.handle_ ? result<cancel_source>(std::move(source)) : error(ANCHOR_OUT_OF_MEMORY);
    }
#if ANCHOR_HPP_THROWS
    cancel_source() : cancel_source(make(std::nothrow).value()) {}
#endif

    void cancel() const noexcept { anchor_cancel_token_cancel(handle_.get()); }
    void reset() const noexcept { anchor_cancel_token_reset(handle_.get()); }
    anchor_cancel_token *get() const noexcept { return handle_.get(); }

private:
    explicit cancel_source(anchor_cancel_token *owned) noexcept : handle_(owned) {}

    detail::handle<anchor_cancel_token, anchor_cancel_token_free> handle_;
};

// What ends a call before its time: nothing, a cancel_source, or in C++20 a std::stop_token. A parameter of calls, which is made
// where it is passed.
class cancellation {
public:
    cancellation() noexcept = default;
    cancellation(const cancel_source &source) noexcept : token_(source.get()) {}
    cancellation(const cancellation &) = delete;
    cancellation &operator=(const cancellation &) = delete;

#if defined(__cpp_lib_jthread)
    cancellation(std::stop_token stop) noexcept
    {
        if (stop.stop_possible()) {
            own_.reset(token_ = anchor_cancel_token_new());
            status_ = token_ ? ANCHOR_OK : ANCHOR_OUT_OF_MEMORY;
            on_stop_.emplace(std::move(stop), cancels{token_});
        }
    }
#endif

    // ANCHOR_OUT_OF_MEMORY if a stop token cannot be watched.
    anchor_status status() const noexcept { return status_; }
    anchor_cancel_token *get() const noexcept { return token_; }

private:
    anchor_cancel_token *token_ = nullptr;
    anchor_status status_ = ANCHOR_OK;
#if defined(__cpp_lib_jthread)
    struct cancels {
        anchor_cancel_token *token;
        void operator()() const noexcept { anchor_cancel_token_cancel(token); }
    };
    detail::handle<anchor_cancel_token, anchor_cancel_token_free> own_;
    std::optional<std::stop_callback<cancels>> on_stop_; // ends before the token
#endif
};

// A wait that runs in the background. Destroying it cancels it and drops an outcome that was not taken.
class started_wait {
public:
    // Without a wait: fd() is -1, and finish() reports an invalid argument.
    started_wait() noexcept = default;
    explicit started_wait(anchor_wait *owned) noexcept : handle_(owned) {}

    // Readable from the wait's end until it is finished; only for poll, epoll and the like. -1 on Windows, which has
    // native_handle().
    int fd() const noexcept { return anchor_wait_fd(handle_.get()); }
    // On Windows an event, which is signaled from the wait's end until it is finished; NULL elsewhere.
    void *native_handle() const noexcept { return anchor_wait_handle(handle_.get()); }
    void cancel() const noexcept { anchor_wait_cancel(handle_.get()); }

    // Takes the outcome. ANCHOR_PENDING if the wait has not ended in that time; it is unchanged then.
    result<json> finish(std::nothrow_t, timeout time = no_timeout) noexcept
    {
        char *out = nullptr;
        const anchor_status status = anchor_wait_finish(handle_.get(), time.milliseconds(), &out);
        return detail::answer(status, out);
    }
#if ANCHOR_HPP_THROWS
    json finish(timeout time = no_timeout) { return finish(std::nothrow, time).value(); }
#endif

    anchor_wait *get() const noexcept { return handle_.get(); }

private:
    detail::handle<anchor_wait, anchor_wait_free> handle_;
};

// Blocks until one of the waits has ended, and returns its index. `waits` is an array, a vector or the like.
template <class Waits> result<std::size_t> select(std::nothrow_t, const Waits &waits, timeout time = no_timeout) noexcept
{
    const std::size_t count = std::size(waits);
    std::unique_ptr<anchor_wait *[]> handles(new (std::nothrow) anchor_wait *[count + 1]);
    if (!handles) {
        return error(ANCHOR_OUT_OF_MEMORY);
    }
    std::size_t index = 0;
    for (const started_wait &wait : waits) {
        handles[index++] = wait.get();
    }
    const anchor_status status = anchor_wait_select(handles.get(), count, time.milliseconds(), &index);
    return status == ANCHOR_OK ? result<std::size_t>(index) : detail::last_error(status);
}
#if ANCHOR_HPP_THROWS
template <class Waits> std::size_t select(const Waits &waits, timeout time = no_timeout)
{
    return select(std::nothrow, waits, time).value();
}
#endif

// The outcome of one wait that was started on a queue: its tag, and its answer or error.
class completion {
public:
    // Without a wait: the tag is 0, and the status is that of an invalid argument.
    completion() noexcept = default;
    explicit completion(anchor_completion *owned) noexcept : handle_(owned) {}

    // Whether the event was signaled.
    explicit operator bool() const noexcept { return status() == ANCHOR_OK; }
    std::uint64_t tag() const noexcept { return anchor_completion_tag(handle_.get()); }
    anchor_status status() const noexcept { return anchor_completion_status(handle_.get()); }

    // The answer, or the error as JSON, without a copy: it lives as long as the completion.
    const char *c_str() const noexcept
    {
        const char *text = anchor_completion_json(handle_.get());
        return text ? text : "";
    }
    std::string_view view() const noexcept { return c_str(); }
    // The value at a JSON pointer, as from json::get.
    json get(const char *pointer) const noexcept { return json(anchor_json_get(c_str(), pointer)); }

    // A copy of the answer, or the error.
    result<json> outcome(std::nothrow_t) const noexcept
    {
        if (!*this) {
            return error(status(), get("/error/message").view(), view());
        }
        json copied = get("");
        return copied ? result<json>(std::move(copied)) : error(ANCHOR_OUT_OF_MEMORY);
    }
#if ANCHOR_HPP_THROWS
    json outcome() const { return outcome(std::nothrow).value(); }
#endif

    const anchor_completion *get() const noexcept { return handle_.get(); }

private:
    detail::handle<anchor_completion, anchor_completion_free> handle_;
};

// Collects the outcomes of any number of waits, for any number of threads that take them. Destroying it cancels the waits
// that run on it, and drops the completions that were not taken: take until running() is 0 first.
class queue {
public:
    static result<queue> make(std::nothrow_t) noexcept
    {
        anchor_queue *out = nullptr;
        const anchor_status status = anchor_queue_new(&out);
        return status == ANCHOR_OK ? result<queue>(queue(out)) : detail::last_error(status);
    }

    // Takes a completion. ANCHOR_PENDING if there is none in that time. A cancel ends this call, not the waits.
    result<completion> next(std::nothrow_t, timeout time = no_timeout, const cancellation &cancel = {}) noexcept
    {
        if (cancel.status() != ANCHOR_OK) {
            return error(cancel.status());
        }
        anchor_completion *out = nullptr;
        const anchor_status status = anchor_queue_next(handle_.get(), time.milliseconds(), cancel.get(), &out);
        return status == ANCHOR_OK ? result<completion>(completion(out)) : error(status);
    }

    // The function is called on a thread of the library, once for each change from empty to not empty, and at once if the
    // queue is not empty now. It is noexcept and calls nothing of libanchor: it wakes the thread that takes. The queue keeps
    // it, also when the queue is moved, until it is replaced or the queue is destroyed; both let a call of it end first.
    template <class Callback> result<void> set_callback(std::nothrow_t, Callback &&callback) noexcept
    {
        using stored = std::decay_t<Callback>;
        static_assert(std::is_nothrow_invocable_v<stored &>, "the callback is noexcept and takes nothing");
        static_assert(std::is_nothrow_constructible_v<stored, Callback>, "it can be stored without an exception");
        detail::owned_callback owned(new (std::nothrow) stored(std::forward<Callback>(callback)),
                                     [](void *it) { delete static_cast<stored *>(it); });
        if (!owned) {
            return error(ANCHOR_OUT_OF_MEMORY);
        }
        const auto call = [](void *it) noexcept { (*static_cast<stored *>(it))(); };
        const anchor_status status = anchor_queue_set_callback(handle_.get(), call, owned.get());
        if (status != ANCHOR_OK) {
            return detail::last_error(status);
        }
        handle_.get_deleter().callback = std::move(owned);
        return {};
    }
    void clear_callback() noexcept
    {
        if (handle_.get_deleter().callback) {
            const anchor_status status = anchor_queue_set_callback(handle_.get(), nullptr, nullptr);
            static_cast<void>(status); // it fails without a queue only
            handle_.get_deleter().callback.reset();
        }
    }

#if ANCHOR_HPP_THROWS
    queue() : queue(make(std::nothrow).value()) {}

    completion next(timeout time = no_timeout, const cancellation &cancel = {})
    {
        return next(std::nothrow, time, cancel).value();
    }
    template <class Callback> void set_callback(Callback &&callback)
    {
        set_callback(std::nothrow, std::forward<Callback>(callback)).value();
    }
#endif

    // Waits that were started on the queue and whose completion was not taken yet.
    std::size_t running() const noexcept { return anchor_queue_running(handle_.get()); }
    // Ends all of them; each still gives its completion.
    void cancel_all() const noexcept { anchor_queue_cancel_all(handle_.get()); }

    // Readable while the queue is not empty; only for poll, epoll and the like. -1 on Windows, which has native_handle().
    int fd() const noexcept { return anchor_queue_fd(handle_.get()); }
    // On Windows an event, which is signaled while the queue is not empty; NULL elsewhere.
    void *native_handle() const noexcept { return anchor_queue_handle(handle_.get()); }
    anchor_queue *get() const noexcept { return handle_.get(); }

private:
    explicit queue(anchor_queue *owned) noexcept : handle_(owned) {}

    std::unique_ptr<anchor_queue, detail::queue_free> handle_;
};

// A wait that was started on a queue. Destroying it cancels nothing: the wait goes on, and the queue gets its completion.
class queued_wait {
public:
    // Without a wait: cancel() does nothing.
    queued_wait() noexcept = default;
    explicit queued_wait(anchor_wait *owned) noexcept : handle_(owned) {}

    void cancel() const noexcept { anchor_wait_cancel(handle_.get()); }
    anchor_wait *get() const noexcept { return handle_.get(); }

private:
    detail::handle<anchor_wait, anchor_wait_free> handle_;
};

// Settings and connections to the service. Any number of threads may use a client at once.
class client {
public:
    static result<client> make(std::nothrow_t, const config &settings) noexcept
    {
        anchor_client *out = nullptr;
        if (settings.status() != ANCHOR_OK) {
            return settings.refusal();
        }
        const anchor_status status = anchor_client_new(settings.get(), &out);
        return status == ANCHOR_OK ? result<client>(client(out)) : detail::last_error(status);
    }
    static result<client> make(std::nothrow_t) noexcept { return make(std::nothrow, config()); }

    // Each call has a form that takes options.
    result<json> wait(std::nothrow_t, std::string_view event, timeout time = default_timeout,
                      const cancellation &cancel = {}) noexcept
    {
        return wait_with(event, time, nullptr, cancel);
    }
    result<json> wait(std::nothrow_t, std::string_view event, timeout time, const options &options,
                      const cancellation &cancel = {}) noexcept
    {
        return wait_with(event, time, &options, cancel);
    }

    // `data` is a JSON object.
    result<json> signal(std::nothrow_t, std::string_view event, std::string_view data = "{}",
                        timeout time = request_timeout, const cancellation &cancel = {}) noexcept
    {
        return signal_with(event, data, time, nullptr, cancel);
    }
    result<json> signal(std::nothrow_t, std::string_view event, std::string_view data, timeout time,
                        const options &options, const cancellation &cancel = {}) noexcept
    {
        return signal_with(event, data, time, &options, cancel);
    }

    // Drops the signals that nobody has waited for, and returns how many there were.
    result<std::uint32_t> drain(std::nothrow_t, std::string_view event, timeout time = request_timeout,
                                const cancellation &cancel = {}) noexcept
    {
        return drain_with(event, time, nullptr, cancel);
    }
    result<std::uint32_t> drain(std::nothrow_t, std::string_view event, timeout time, const options &options,
                                const cancellation &cancel = {}) noexcept
    {
        return drain_with(event, time, &options, cancel);
    }

    result<started_wait> start(std::nothrow_t, std::string_view event, timeout time = default_timeout) noexcept
    {
        return start_with(event, time, nullptr);
    }
    result<started_wait> start(std::nothrow_t, std::string_view event, timeout time, const options &options) noexcept
    {
        return start_with(event, time, &options);
    }

    // The queue gets the wait's completion, with this tag. The result is only needed to cancel the wait.
    result<queued_wait> start_on(std::nothrow_t, queue &queue, std::string_view event, timeout time,
                                 std::uint64_t tag) noexcept
    {
        return start_on_with(queue, event, time, tag, nullptr);
    }
    result<queued_wait> start_on(std::nothrow_t, queue &queue, std::string_view event, timeout time, std::uint64_t tag,
                                 const options &options) noexcept
    {
        return start_on_with(queue, event, time, tag, &options);
    }

    // Calls and started waits that run send their next request with it.
    result<void> set_api_key(std::nothrow_t, std::string_view key) noexcept
    {
        const detail::c_string text(key);
        if (text.status() != ANCHOR_OK) {
            return text.refusal();
        }
        const anchor_status status = anchor_client_set_api_key(handle_.get(), text.get());
        return status == ANCHOR_OK ? result<void>() : detail::last_error(status);
    }

    result<json> stats(std::nothrow_t) const noexcept
    {
        char *out = nullptr;
        const anchor_status status = anchor_client_stats(handle_.get(), &out);
        return detail::answer(status, out);
    }

#if ANCHOR_HPP_THROWS
    client() : client(make(std::nothrow).value()) {}
    explicit client(const config &settings) : client(make(std::nothrow, settings).value()) {}

    template <class... Rest> json wait(std::string_view event, Rest &&...rest)
    {
        return wait(std::nothrow, event, std::forward<Rest>(rest)...).value();
    }
    template <class... Rest> json signal(std::string_view event, Rest &&...rest)
    {
        return signal(std::nothrow, event, std::forward<Rest>(rest)...).value();
    }
    template <class... Rest> std::uint32_t drain(std::string_view event, Rest &&...rest)
    {
        return drain(std::nothrow, event, std::forward<Rest>(rest)...).value();
    }
    template <class... Rest> started_wait start(std::string_view event, Rest &&...rest)
    {
        return start(std::nothrow, event, std::forward<Rest>(rest)...).value();
    }
    queued_wait start_on(queue &queue, std::string_view event, timeout time, std::uint64_t tag)
    {
        return start_on(std::nothrow, queue, event, time, tag).value();
    }
    queued_wait start_on(queue &queue, std::string_view event, timeout time, std::uint64_t tag, const options &options)
    {
        return start_on(std::nothrow, queue, event, time, tag, options).value();
    }
    void set_api_key(std::string_view key) { set_api_key(std::nothrow, key).value(); }
    json stats() const { return stats(std::nothrow).value(); }
#endif

    // Ends every call that is running on the client, and every started wait.
    void cancel_all() const noexcept { anchor_client_cancel_all(handle_.get()); }
    anchor_client *get() const noexcept { return handle_.get(); }

private:
    explicit client(anchor_client *owned) noexcept : handle_(owned) {}

    // Why a call cannot be made with these arguments, of which one is a string.
    static std::optional<error> refusal(const detail::c_string &text, const options *options,
                                        const cancellation &cancel = {}) noexcept
    {
        if (text.status() != ANCHOR_OK) {
            return text.refusal();
        }
        if (options && options->status() != ANCHOR_OK) {
            return options->refusal();
        }
        return cancel.status() == ANCHOR_OK ? std::nullopt : std::optional<error>(cancel.status());
    }
    static const anchor_options *handle_of(const options *options) noexcept { return options ? options->get() : nullptr; }

    result<json> wait_with(std::string_view event, timeout time, const options *options,
                           const cancellation &cancel) noexcept
    {
        const detail::c_string name(event);
        if (auto refused = refusal(name, options, cancel)) {
            return std::move(*refused);
        }
        char *out = nullptr;
        const anchor_status status = anchor_wait_for_event_with(handle_.get(), name.get(), time.milliseconds(),
                                                                handle_of(options), cancel.get(), &out);
        return detail::answer(status, out);
    }

    result<json> signal_with(std::string_view event, std::string_view data, timeout time, const options *options,
                             const cancellation &cancel) noexcept
    {
        const detail::c_string name(event), text(data);
        if (auto refused = refusal(name.status() == ANCHOR_OK ? text : name, options, cancel)) {
            return std::move(*refused);
        }
        char *out = nullptr;
        const anchor_status status = anchor_signal_event_with(handle_.get(), name.get(), text.get(), time.milliseconds(),
                                                              handle_of(options), cancel.get(), &out);
        return detail::answer(status, out);
    }

    result<std::uint32_t> drain_with(std::string_view event, timeout time, const options *options,
                                     const cancellation &cancel) noexcept
    {
        const detail::c_string name(event);
        if (auto refused = refusal(name, options, cancel)) {
            return std::move(*refused);
        }
        std::uint32_t drained = 0;
        const anchor_status status = anchor_drain_event_with(handle_.get(), name.get(), time.milliseconds(),
                                                             handle_of(options), cancel.get(), &drained);
        return status == ANCHOR_OK ? result<std::uint32_t>(drained) : detail::last_error(status);
    }

    result<started_wait> start_with(std::string_view event, timeout time, const options *options) noexcept
    {
        const detail::c_string name(event);
        if (auto refused = refusal(name, options)) {
            return std::move(*refused);
        }
        anchor_wait *out = nullptr;
        const anchor_status status =
            anchor_wait_start_with(handle_.get(), name.get(), time.milliseconds(), handle_of(options), &out);
        return status == ANCHOR_OK ? result<started_wait>(started_wait(out)) : detail::last_error(status);
    }

    result<queued_wait> start_on_with(queue &queue, std::string_view event, timeout time, std::uint64_t tag,
                                      const options *options) noexcept
    {
        const detail::c_string name(event);
        if (auto refused = refusal(name, options)) {
            return std::move(*refused);
        }
        anchor_wait *out = nullptr;
        const anchor_status status = anchor_wait_start_on(handle_.get(), queue.get(), name.get(), time.milliseconds(), tag,
                                                          handle_of(options), &out);
        return status == ANCHOR_OK ? result<queued_wait>(queued_wait(out)) : detail::last_error(status);
    }

    detail::handle<anchor_client, anchor_client_free> handle_;
};

} // namespace anchor

#endif // ANCHOR_HPP
