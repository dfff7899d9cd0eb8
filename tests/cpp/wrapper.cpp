// anchor.hpp, compiled with and without exceptions: what the noexcept half promises, and its types at compile time.
#include "../c/check.h"

#include <anchor.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#if defined(_WIN32)
#if !defined(NOMINMAX)
#define NOMINMAX
#endif
#include <windows.h>
#else
#include <poll.h>
#endif

namespace {

using namespace std::chrono_literals;
using anchor::no_timeout;
constexpr auto patience = std::chrono::milliseconds(PATIENCE_MS);

template <class T> constexpr bool is_move_only =
    std::is_nothrow_move_constructible_v<T> && std::is_nothrow_move_assignable_v<T> && !std::is_copy_constructible_v<T> &&
    !std::is_copy_assignable_v<T>;
static_assert(is_move_only<anchor::client> && is_move_only<anchor::started_wait> && is_move_only<anchor::config>);
static_assert(is_move_only<anchor::options> && !std::is_copy_constructible_v<anchor::cancellation>);
static_assert(is_move_only<anchor::cancel_source> && is_move_only<anchor::json>);
static_assert(is_move_only<anchor::queue> && is_move_only<anchor::completion> && is_move_only<anchor::queued_wait>);
static_assert(std::is_nothrow_copy_constructible_v<anchor::error> && std::is_base_of_v<std::exception, anchor::error>);
static_assert(sizeof(anchor::client) == sizeof(void *) && sizeof(anchor::started_wait) == sizeof(void *));
// Not from a literal: the standard does not say that a string_view of one is made without an exception.
static_assert(noexcept(std::declval<anchor::client &>().wait(std::nothrow, std::string_view())));
static_assert(noexcept(std::declval<anchor::client &>().signal(std::nothrow, std::string_view(), std::string_view(),
                                                               std::declval<anchor::timeout>(),
                                                               std::declval<const anchor::options &>())));
static_assert(noexcept(std::declval<anchor::started_wait &>().finish(std::nothrow)));
static_assert(noexcept(std::declval<anchor::queue &>().next(std::nothrow)));

constexpr std::int64_t refused = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t longest = std::numeric_limits<std::int64_t>::max();
static_assert(anchor::timeout(no_timeout).milliseconds() == ANCHOR_NO_TIMEOUT);
static_assert(anchor::timeout(anchor::request_timeout).milliseconds() == ANCHOR_REQUEST_TIMEOUT);
static_assert(anchor::timeout(0s).milliseconds() == 0);
static_assert(anchor::timeout(1ns).milliseconds() == 1);
static_assert(anchor::timeout(1ms).milliseconds() == 1);
static_assert(anchor::timeout(1000001ns).milliseconds() == 2);
static_assert(anchor::timeout(1.5s).milliseconds() == 1500);
static_assert(anchor::timeout(2h).milliseconds() == 7200000);
static_assert(anchor::timeout(std::chrono::duration<int, std::ratio<1, 3>>(1)).milliseconds() == 334);
static_assert(anchor::timeout(std::chrono::duration<unsigned char>(255)).milliseconds() == 255000);
static_assert(anchor::timeout(std::chrono::milliseconds::max()).milliseconds() == longest);
static_assert(anchor::timeout(std::chrono::hours::max()).milliseconds() == longest);
static_assert(anchor::timeout(-1ns).milliseconds() < ANCHOR_NO_TIMEOUT);
static_assert(anchor::timeout(-1ms).milliseconds() == refused);
static_assert(anchor::timeout(std::chrono::hours::min()).milliseconds() == refused);
static_assert(anchor::timeout(std::chrono::duration<double>(1e300)).milliseconds() == longest);

// A busy machine, above all under valgrind, may take long to send a wait of zero and to answer it.
anchor::client open_client()
{
    anchor::config config;
    auto client = anchor::client::make(std::nothrow, config.grace(patience));
    if (!client) check_failed(__FILE__, __LINE__, "no client: %s%s%s", client.error().what(), "", "");
    return std::move(*client);
}

anchor::queue open_queue()
{
    auto queue = anchor::queue::make(std::nothrow);
    CHECK_STATUS(ANCHOR_OK, queue.status());
    return std::move(*queue);
}

void an_event_comes_through()
{
    auto client = open_client();
    CHECK_STATUS(ANCHOR_OK, client.signal(std::nothrow, "wrapped", R"({"code":"1"})").status());
    const auto event = client.wait(std::nothrow, std::string_view("wrapped, cut", 7), patience);
    CHECK_STATUS(ANCHOR_OK, event.status());
    CHECK_TEXT(R"({"data":{"code":"1"}})", event->c_str());
    CHECK_TEXT("1", event->get("/data/code").c_str());
    CHECK(!event->get("/data/none") && event->get("/data/none").view().empty());
    CHECK_STATUS(ANCHOR_OK, client.signal(std::nothrow, "wrapped").status());
    CHECK(*client.drain(std::nothrow, "wrapped") == 1);
    CHECK_TEXT("3", client.stats(std::nothrow)->get("/waits").c_str());
}

void an_error_says_everything()
{
    auto client = open_client();
    // A busy machine may not send the request in time, which has a status of its own.
    const auto wait = [&client] { return client.wait(std::nothrow, "quiet", 20ms); };
    auto event = wait();
    for (int more = 500; event.status() == ANCHOR_NOT_SENT && more > 0; more--) event = wait();
    CHECK(!event);
    anchor::error error = event.error();
    const anchor::error moved = std::move(error), copied = moved;
    CHECK_STATUS(ANCHOR_TIMEOUT, copied.status());
    CHECK_TEXT("the event was not signaled within 20 ms", copied.what());
    CHECK_JSON("ANCHOR_TIMEOUT", copied.json(), "/error/status");
    CHECK(!copied.maybe_consumed());
    error = copied;
    CHECK_TEXT(copied.what(), error.what());
    CHECK_TEXT(anchor_status_message(ANCHOR_CANCELLED), anchor::error(ANCHOR_CANCELLED).what());
    CHECK_TEXT("", anchor::error(ANCHOR_CANCELLED).json());
    CHECK(client.signal(std::nothrow, "drop").error().maybe_consumed());
}

void wrong_arguments_are_refused()
{
    auto client = open_client();
    const std::string_view cut("cut\0off", 7);
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, client.wait(std::nothrow, cut).status());
    CHECK_CONTAINS("NUL", client.wait(std::nothrow, cut).error().what());
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, client.signal(std::nothrow, cut).status());
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, client.signal(std::nothrow, "e", std::string_view("{}\0", 3)).status());
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, client.drain(std::nothrow, cut).status());
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, client.start(std::nothrow, cut).status());
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, client.wait(std::nothrow, {}).status());
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, client.wait(std::nothrow, "e", -1ms).status());
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, client.start(std::nothrow, "e", -1ns).status());
    CHECK_CONTAINS("timeout_ms", client.start(std::nothrow, "e", -1ns).error().what());
    CHECK_CONTAINS("event_name", client.drain(std::nothrow, ".").error().what());
    const std::chrono::duration<double> not_a_number(std::numeric_limits<double>::quiet_NaN());
    CHECK(anchor::timeout(not_a_number).milliseconds() == refused);
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, client.wait(std::nothrow, std::string(4097, 'x')).status());
    const std::string long_name(4096, 'x');
    CHECK_STATUS(ANCHOR_OK, client.signal(std::nothrow, long_name).status());
    CHECK_STATUS(ANCHOR_OK, client.wait(std::nothrow, long_name, patience).status());
}

void settings_are_chained_and_the_first_refusal_is_reported()
{
    anchor::config config;
    config.api_key("test-key").allow_http(false).user_agent("wrapper").trust(ANCHOR_TRUST_BUNDLED).retries(1).rearm(true);
    config.add_header("x-gate", "open");
    config.connect_timeout(1min).request_timeout(1min).slice(1min).grace(1min).max_response_bytes(1 << 20).interruptible(false);
    int lines = 0;
    const anchor_log_callback count_objects = [](void *data, std::int32_t, const char *line) {
        *static_cast<int *>(data) += line[0] == '{';
    };
    config.log_callback(count_objects, &lines).log_json(true);
    auto client = anchor::client::make(std::nothrow, config);
    CHECK_STATUS(ANCHOR_OK, client.status());
    CHECK_STATUS(ANCHOR_TIMEOUT, client->wait(std::nothrow, "quiet", 0s).status());
    CHECK(lines > 0);

    config.slice(-1s).retries(2).base_url("ftp://nowhere");
    const auto none = anchor::client::make(std::nothrow, config);
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, none.status());
    CHECK_CONTAINS("slice", none.error().what());
    const std::string_view cut_off("cut\0off", 7);
    anchor::config cut;
    cut.proxy(std::string_view("http://\0", 8)).ca_file("/none");
    CHECK_CONTAINS("NUL", anchor::client::make(std::nothrow, cut).error().what());
    anchor::config with_header;
    with_header.add_header("host", "nowhere").add_header(cut_off, "a");
    CHECK_CONTAINS("header is host", anchor::client::make(std::nothrow, with_header).error().what());
    CHECK_CONTAINS("NUL", anchor::config().add_header("a", cut_off).refusal().what());
    anchor::config elsewhere;
    elsewhere.connect_to("api.example:443", std::string_view("\0", 1));
    CHECK_CONTAINS("NUL", anchor::client::make(std::nothrow, elsewhere).error().what());
    anchor::config portless;
    portless.connect_to("api.example:443", "192.0.2.7:8443").connect_to("api.example", "192.0.2.7:8443");
    CHECK_CONTAINS("host has no port", anchor::client::make(std::nothrow, portless).error().what());
    anchor::config missing, untrusting, unnamed;
    untrusting.ca_pem("not PEM").crl_file("/none").pinned_public_keys("sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    untrusting.trust(ANCHOR_TRUST_BUNDLED);
    CHECK_CONTAINS("ca_pem", anchor::client::make(std::nothrow, untrusting).error().what());
    unnamed.trust(ANCHOR_TRUST_BUNDLED).client_certificate_pem("no certificate", "no key");
    CHECK_CONTAINS("certificate_pem", anchor::client::make(std::nothrow, unnamed).error().what());
    unnamed.client_certificate("/none.pem", "/none.key");
    CHECK_CONTAINS("/none.pem", anchor::client::make(std::nothrow, unnamed).error().what());
    CHECK_CONTAINS("NUL", anchor::config().client_certificate("a", std::string_view("b\0", 2)).refusal().what());
    CHECK_CONTAINS("pinned", anchor::config().pinned_public_keys("").refusal().what());
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor::client::make(std::nothrow, missing.ca_file("/none")).status());
}

// The server answers with the x-request-id of the request, so that an error shows it.
bool has_id(const char *id, const anchor::error &error)
{
    return anchor::json(anchor_json_get(error.json(), "/error/requestId")).view() == id;
}

void each_call_takes_options()
{
    auto client = open_client();
    auto queue = open_queue();
    const auto source = anchor::cancel_source::make(std::nothrow);
    anchor::options with_id;
    with_id.retries(0).rearm(false).slice(1min).add_header("x-gate", "open").request_id("id-1");
    CHECK_STATUS(ANCHOR_OK, with_id.status());

    CHECK(has_id("id-1", client.wait(std::nothrow, "status_403", patience, with_id).error()));
    CHECK(has_id("id-1", client.wait(std::nothrow, "status_403", patience, with_id, *source).error()));
    CHECK(has_id("id-1", client.signal(std::nothrow, "status_403", "{}", patience, with_id).error()));
    CHECK(has_id("id-1", client.signal(std::nothrow, "status_403", "{}", patience, with_id, *source).error()));
    CHECK(has_id("id-1", client.start(std::nothrow, "status_403", patience, with_id)->finish(std::nothrow).error()));
    CHECK_STATUS(ANCHOR_OK, client.start_on(std::nothrow, queue, "status_403", patience, 1, with_id).status());
    CHECK(has_id("id-1", queue.next(std::nothrow, patience)->outcome(std::nothrow).error()));
    CHECK(has_id("", client.wait(std::nothrow, "status_403", patience).error()));
    CHECK_STATUS(ANCHOR_FORBIDDEN, client.drain(std::nothrow, "status_403", patience, with_id).status());
    CHECK_STATUS(ANCHOR_FORBIDDEN, client.drain(std::nothrow, "status_403", patience, with_id, *source).status());

    // A drain takes no options without a request more, so its bytes show them.
    const auto sent = [&client] { return std::stol(client.stats(std::nothrow)->get("/bytesSent").str()); };
    const auto sends = [&](auto drain) { const long before = sent(); return drain(), sent() - before; };
    const long plain = sends([&] { CHECK(*client.drain(std::nothrow, "a") == 0); });
    const long with = sends([&] { CHECK(*client.drain(std::nothrow, "a", patience, with_id) == 0); });
    CHECK(with == plain + static_cast<long>(std::string_view("x-gate: open\r\nx-request-id: id-1\r\n").size()));
}

void a_call_reports_the_first_refusal_of_its_options()
{
    auto client = open_client();
    auto queue = open_queue();
    anchor::options options;
    options.slice(-1s).request_id("a b");
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, options.status());
    CHECK_CONTAINS("slice_ms", options.refusal().what());
    CHECK_CONTAINS("slice_ms", client.wait(std::nothrow, "e", 0s, options).error().what());
    CHECK_CONTAINS("slice_ms", client.signal(std::nothrow, "e", "{}", 1s, options).error().what());
    CHECK_CONTAINS("slice_ms", client.drain(std::nothrow, "e", 1s, options).error().what());
    CHECK_CONTAINS("slice_ms", client.start(std::nothrow, "e", 1s, options).error().what());
    CHECK_CONTAINS("slice_ms", client.start_on(std::nothrow, queue, "e", 1s, 0, options).error().what());
    CHECK_CONTAINS("header is host", anchor::options().add_header("host", "a").refusal().what());
    CHECK_CONTAINS("request_id", anchor::options().request_id("").refusal().what());
    CHECK_CONTAINS("NUL", anchor::options().request_id(std::string_view("a\0b", 3)).refusal().what());
    CHECK(queue.running() == 0);
    CHECK_TEXT("0", client.stats(std::nothrow)->get("/connectionsMade").c_str());
}

void signals_and_drains_have_a_timeout_and_are_cancelled()
{
    auto client = open_client();
    auto source = anchor::cancel_source::make(std::nothrow);
    CHECK_STATUS(ANCHOR_OK, client.signal(std::nothrow, "both", "{}", patience, *source).status());
    CHECK(*client.drain(std::nothrow, "both", no_timeout, *source) == 1);
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, client.signal(std::nothrow, "both", "{}", 0s).status());
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, client.wait(std::nothrow, "both", anchor::request_timeout).status());
    std::thread canceller([&source] { source->cancel(); });
    CHECK_STATUS(ANCHOR_CANCELLED, client.signal(std::nothrow, "hang", "{}", no_timeout, *source).status());
    canceller.join();
    CHECK_STATUS(ANCHOR_CANCELLED, client.drain(std::nothrow, "hang", no_timeout, *source).status());
#if defined(__cpp_lib_jthread)
    anchor_status signaled = ANCHOR_OK, drained = ANCHOR_OK;
    {
        const auto until = [&](anchor_status &status, auto call) {
            return std::jthread([&status, call](std::stop_token stop) { status = call(std::move(stop)).status(); });
        };
        const auto signaling = until(signaled, [&](auto stop) {
            return client.signal(std::nothrow, "hang", "{}", no_timeout, std::move(stop));
        });
        const auto draining = until(drained, [&](auto stop) {
            return client.drain(std::nothrow, "hang", no_timeout, anchor::options(), std::move(stop));
        });
    } // requests the stops, and joins
    CHECK_STATUS(ANCHOR_CANCELLED, signaled);
    CHECK_STATUS(ANCHOR_CANCELLED, drained);
#endif
}

void a_key_is_replaced()
{
    auto client = open_client();
    CHECK_STATUS(ANCHOR_OK, client.set_api_key(std::nothrow, "unknown-key").status());
    CHECK_STATUS(ANCHOR_UNAUTHORIZED, client.wait(std::nothrow, "keyed", 0s).status());
    CHECK_STATUS(ANCHOR_OK, client.set_api_key(std::nothrow, "second-key").status());
    CHECK_STATUS(ANCHOR_OK, client.signal(std::nothrow, "keyed").status());
    CHECK_CONTAINS("api_key", client.set_api_key(std::nothrow, "").error().what());
    CHECK_CONTAINS("NUL", client.set_api_key(std::nothrow, std::string_view("a\0b", 3)).error().what());
    CHECK(*client.drain(std::nothrow, "keyed") == 1);
}

void a_source_cancels_from_another_thread()
{
    auto client = open_client();
    auto source = anchor::cancel_source::make(std::nothrow);
    CHECK_STATUS(ANCHOR_OK, source.status());
    std::thread canceller([&source] { source->cancel(); });
    CHECK_STATUS(ANCHOR_CANCELLED, client.wait(std::nothrow, "never", no_timeout, *source).status());
    canceller.join();
    CHECK_STATUS(ANCHOR_CANCELLED, client.wait(std::nothrow, "never", no_timeout, *source).status());
    source->reset();
    CHECK_STATUS(ANCHOR_TIMEOUT, client.wait(std::nothrow, "never", 0s, *source).status());
}

// By its descriptor, or on Windows by its handle. A system has one of the two.
template <class Watched> bool can_be_watched(const Watched &watched)
{
#if defined(_WIN32)
    return watched.fd() == -1 && watched.native_handle() != nullptr;
#else
    return watched.fd() >= 0 && watched.native_handle() == nullptr;
#endif
}

void started_waits_are_collected()
{
    auto client = open_client();
    std::vector<anchor::started_wait> waits;
    for (const char *name : {"a", "b"}) waits.push_back(std::move(*client.start(std::nothrow, name, patience)));
    CHECK(can_be_watched(waits[0]));
    CHECK_STATUS(ANCHOR_PENDING, anchor::select(std::nothrow, waits, 0s).status());
    CHECK_STATUS(ANCHOR_PENDING, waits[1].finish(std::nothrow, 0s).status());
    CHECK_STATUS(ANCHOR_OK, client.signal(std::nothrow, "b").status());
    CHECK(*anchor::select(std::nothrow, waits) == 1);
    CHECK_TEXT(R"({"data":{}})", waits[1].finish(std::nothrow, 0s)->c_str());
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, waits[1].finish(std::nothrow).status());
    waits[0].cancel();
    CHECK_STATUS(ANCHOR_CANCELLED, waits[0].finish(std::nothrow).status());
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor::select(std::nothrow, waits).status());

    anchor::started_wait none;
    CHECK(!can_be_watched(none));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, none.finish(std::nothrow).status());
    none = std::move(*client.start(std::nothrow, "dropped", no_timeout));
    const std::array<anchor::started_wait, 0> nothing;
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, anchor::select(std::nothrow, nothing).status());
}

void cancel_all_ends_started_waits()
{
    auto client = open_client();
    auto wait = client.start(std::nothrow, "never", no_timeout);
    client.cancel_all();
    CHECK_STATUS(ANCHOR_CANCELLED, wait->finish(std::nothrow, patience).status());
}

bool is_readable(const anchor::queue &queue)
{
#if defined(_WIN32)
    return WaitForSingleObject(queue.native_handle(), 0) == WAIT_OBJECT_0;
#else
    pollfd polled = {queue.fd(), POLLIN, 0};
    return poll(&polled, 1, 0) == 1;
#endif
}

void a_queue_gives_each_end_with_its_tag()
{
    auto client = open_client();
    auto queue = open_queue();
    CHECK(queue.running() == 0 && can_be_watched(queue) && !is_readable(queue));
    CHECK_STATUS(ANCHOR_PENDING, queue.next(std::nothrow, 0s).status());
    constexpr std::uint64_t high = std::numeric_limits<std::uint64_t>::max();
    CHECK_STATUS(ANCHOR_OK, client.start_on(std::nothrow, queue, "queued", patience, high).status());
    CHECK_STATUS(ANCHOR_OK, client.start_on(std::nothrow, queue, "status_403", patience, 7).status());

    const auto refused_one = queue.next(std::nothrow, patience);
    CHECK_STATUS(ANCHOR_OK, refused_one.status());
    CHECK(!*refused_one && refused_one->tag() == 7 && queue.running() == 1);
    CHECK_STATUS(ANCHOR_FORBIDDEN, refused_one->status());
    CHECK_STATUS(ANCHOR_FORBIDDEN, refused_one->outcome(std::nothrow).status());
    CHECK_TEXT("A fault rule asked for this", refused_one->outcome(std::nothrow).error().what());
    CHECK_TEXT("ANCHOR_FORBIDDEN", refused_one->get("/error/status").c_str());

    CHECK_STATUS(ANCHOR_OK, client.signal(std::nothrow, "queued", R"({"code":"1"})").status());
    CHECK_SOON(is_readable(queue));
    anchor::json kept;
    {
        auto taken = queue.next(std::nothrow, 0s);
        CHECK_STATUS(ANCHOR_OK, taken.status());
        const anchor::completion moved = std::move(*taken);
        CHECK(moved && moved.tag() == high && moved.get() != nullptr);
        CHECK(moved.view() == R"({"data":{"code":"1"}})");
        CHECK_TEXT("1", moved.get("/data/code").c_str());
        kept = std::move(*moved.outcome(std::nothrow));
    }
    CHECK_TEXT(R"({"data":{"code":"1"}})", kept.c_str()); // it outlives the completion
    CHECK(queue.running() == 0 && !is_readable(queue));
}

void what_runs_on_a_queue_is_cancelled_and_still_reported()
{
    auto client = open_client();
    auto queue = open_queue();
    for (std::uint64_t tag = 1; tag < 3; tag++) {
        CHECK_STATUS(ANCHOR_OK, client.start_on(std::nothrow, queue, "never", no_timeout, tag).status());
    }
    auto third = client.start_on(std::nothrow, queue, "never", no_timeout, 3);
    CHECK_STATUS(ANCHOR_OK, third.status());
    third->cancel();
    CHECK(queue.next(std::nothrow, patience)->tag() == 3);
    { const auto dropped = std::move(*third); } // frees its handle, which cancels nothing
    queue.cancel_all();
    for (std::size_t left = 2; left > 0; left--) {
        CHECK(queue.running() == left);
        CHECK_STATUS(ANCHOR_CANCELLED, queue.next(std::nothrow, patience)->status());
    }
    CHECK(queue.running() == 0);
    // This one is cancelled when the queue is destroyed.
    CHECK_STATUS(ANCHOR_OK, client.start_on(std::nothrow, queue, "never", no_timeout, 4).status());
}

void dropping_a_queued_wait_does_not_cancel_it()
{
    auto client = open_client();
    auto queue = open_queue();
    { const auto dropped = client.start_on(std::nothrow, queue, "goes_on", patience, 1); }
    CHECK_STATUS(ANCHOR_PENDING, queue.next(std::nothrow, 20ms).status());
    CHECK_STATUS(ANCHOR_OK, client.signal(std::nothrow, "goes_on").status());
    CHECK_STATUS(ANCHOR_OK, queue.next(std::nothrow, patience)->status());
}

void taking_is_cancelled_and_the_wait_is_not()
{
    auto client = open_client();
    auto queue = open_queue();
    auto source = anchor::cancel_source::make(std::nothrow);
    CHECK_STATUS(ANCHOR_OK, client.start_on(std::nothrow, queue, "taken_later", patience, 1).status());
    std::thread canceller([&source] { source->cancel(); });
    CHECK_STATUS(ANCHOR_CANCELLED, queue.next(std::nothrow, no_timeout, *source).status());
    canceller.join();
    CHECK_STATUS(ANCHOR_OK, client.signal(std::nothrow, "taken_later").status());
    CHECK_STATUS(ANCHOR_OK, queue.next(std::nothrow, patience)->status());
#if defined(__cpp_lib_jthread)
    anchor_status status = ANCHOR_OK;
    {
        std::jthread taking([&](std::stop_token stop) {
            status = queue.next(std::nothrow, no_timeout, std::move(stop)).status();
        });
    } // requests the stop, and joins
    CHECK_STATUS(ANCHOR_CANCELLED, status);
#endif
}

void wrong_arguments_of_a_queue_are_refused()
{
    auto client = open_client();
    auto queue = open_queue();
    const std::string_view cut("cut\0off", 7);
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, client.start_on(std::nothrow, queue, cut, patience, 0).status());
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, client.start_on(std::nothrow, queue, ".", patience, 0).status());
    CHECK_CONTAINS("event_name", client.start_on(std::nothrow, queue, ".", patience, 0).error().what());
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, client.start_on(std::nothrow, queue, "e", -1ns, 0).status());
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, queue.next(std::nothrow, -1s).status());
    CHECK(queue.running() == 0);

    anchor::queue elsewhere = std::move(queue);
    CHECK(!can_be_watched(queue) && queue.running() == 0 && can_be_watched(elsewhere));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, queue.next(std::nothrow, 0s).status());
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, client.start_on(std::nothrow, queue, "e", 0s, 0).status());
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, queue.set_callback(std::nothrow, []() noexcept {}).status());
    CHECK_CONTAINS("queue is NULL", queue.set_callback(std::nothrow, []() noexcept {}).error().what());
    queue.clear_callback();
    queue.cancel_all();

    const anchor::completion none;
    CHECK(!none && none.tag() == 0 && none.view().empty() && !none.get("") && none.get() == nullptr);
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, none.outcome(std::nothrow).status());
    anchor::queued_wait().cancel();
}

// Its counts outlive it; the object itself is alive exactly as long as the queue may call it.
struct counting {
    std::shared_ptr<std::atomic<int>> calls = std::make_shared<std::atomic<int>>(0);
    void operator()() const noexcept { ++*calls; }
};

void a_queue_keeps_its_callback()
{
    auto client = open_client();
    const counting first, second;
    const auto is_held = [](const counting &callback) { return callback.calls.use_count() == 2; };
    auto signal_one = [&client](anchor::queue &queue) {
        CHECK_STATUS(ANCHOR_OK, client.signal(std::nothrow, "called").status());
        CHECK_STATUS(ANCHOR_OK, client.start_on(std::nothrow, queue, "called", patience, 0).status());
    };
    {
        auto queue = open_queue();
        CHECK_STATUS(ANCHOR_OK, queue.set_callback(std::nothrow, first).status());
        CHECK(is_held(first) && *first.calls == 0);
        auto moved = std::move(queue);
        signal_one(moved);
        CHECK_SOON(*first.calls == 1);

        // The queue is not empty, so the new callback is called at once.
        CHECK_STATUS(ANCHOR_OK, moved.set_callback(std::nothrow, second).status());
        CHECK(!is_held(first) && is_held(second) && *second.calls == 1);
        CHECK_STATUS(ANCHOR_OK, moved.next(std::nothrow, 0s)->status());
        signal_one(moved);
        CHECK_SOON(*second.calls == 2);

        moved = open_queue(); // frees the queue, and then its callback
        CHECK(!is_held(second));
        CHECK_STATUS(ANCHOR_OK, moved.set_callback(std::nothrow, first).status());
        moved.clear_callback();
        CHECK(!is_held(first));
        signal_one(moved);
        CHECK_STATUS(ANCHOR_OK, moved.next(std::nothrow, patience)->status());
        CHECK_STATUS(ANCHOR_OK, moved.set_callback(std::nothrow, second).status());
        CHECK(is_held(second));
    }
    CHECK(!is_held(second) && *first.calls == 1 && *second.calls == 2);
}

#if defined(__cpp_lib_jthread)
void a_stop_token_cancels()
{
    auto client = open_client();
    anchor_status status = ANCHOR_OK;
    {
        std::jthread waiting([&](std::stop_token stop) {
            status = client.wait(std::nothrow, "never", no_timeout, std::move(stop)).status();
        });
    } // requests the stop, and joins
    CHECK_STATUS(ANCHOR_CANCELLED, status);
    std::stop_source stopped;
    stopped.request_stop();
    CHECK_STATUS(ANCHOR_CANCELLED, client.wait(std::nothrow, "never", no_timeout, stopped.get_token()).status());
    CHECK_STATUS(ANCHOR_TIMEOUT, client.wait(std::nothrow, "never", 0ms, std::stop_token()).status());
}
#endif

#if ANCHOR_HPP_THROWS
template <class Call> anchor_status thrown(Call call)
{
    try {
        call();
    } catch (const anchor::error &error) {
        return error.status();
    }
    return ANCHOR_OK;
}

void the_other_half_throws()
{
    anchor::client client(anchor::config().grace(patience));
    anchor::cancel_source source;
    CHECK_TEXT(R"({"data":{}})", (client.signal("thrown"), client.wait("thrown", patience, source).c_str()));
    CHECK(client.drain("thrown") == 0);
    CHECK(client.stats());
    source.cancel();
    CHECK_STATUS(ANCHOR_CANCELLED, thrown([&] { client.wait("thrown", no_timeout, source); }));
    CHECK_STATUS(ANCHOR_TIMEOUT, thrown([&] { client.wait("thrown", 0s); }));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, thrown([&] { client.wait(""); }));
    CHECK_STATUS(ANCHOR_CANCELLED, thrown([&] { client.signal("thrown", "{}", no_timeout, source); }));
    CHECK_STATUS(ANCHOR_CANCELLED, thrown([&] { client.drain("thrown", no_timeout, anchor::options(), source); }));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, thrown([&] { client.wait("a", 0s, anchor::options().slice(0s)); }));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, thrown([&] { client.set_api_key(""); }));
    client.set_api_key("test-key");
    CHECK_STATUS(ANCHOR_FORBIDDEN, thrown([&] { client.signal("status_403"); }));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, thrown([&] { client.drain("."); }));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, thrown([&] { client.start("."); }));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, thrown([&] { anchor::client(anchor::config().base_url("ftp://nowhere")); }));

    std::array<anchor::started_wait, 2> waits{client.start("first", patience), client.start("second")};
    client.signal("second");
    CHECK(anchor::select(waits) == 1);
    CHECK_TEXT(R"({"data":{}})", waits[1].finish().c_str());
    CHECK_STATUS(ANCHOR_PENDING, thrown([&] { waits[0].finish(0s); }));
    CHECK_STATUS(ANCHOR_PENDING, thrown([&] { anchor::select(waits, 1ms); }));

    anchor::queue queue;
    queue.set_callback([]() noexcept {});
    client.start_on(queue, "second", patience, 5);
    CHECK_STATUS(ANCHOR_PENDING, thrown([&] { queue.next(0s); }));
    CHECK_STATUS(ANCHOR_CANCELLED, thrown([&] { queue.next(no_timeout, source); }));
    client.signal("second");
    const anchor::completion completion = queue.next();
    CHECK(completion.tag() == 5);
    CHECK_TEXT(R"({"data":{}})", completion.outcome().c_str());
    client.start_on(queue, "status_403", patience, 6);
    CHECK_STATUS(ANCHOR_FORBIDDEN, thrown([&] { queue.next().outcome(); }));
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, thrown([&] { client.start_on(queue, ".", patience, 0); }));
    const anchor::queue elsewhere = std::move(queue);
    CHECK_STATUS(ANCHOR_INVALID_ARGUMENT, thrown([&] { queue.set_callback([]() noexcept {}); }));

    const auto quiet = client.wait(std::nothrow, "quiet", 0s);
    const std::exception &as_any = quiet.error();
    CHECK_CONTAINS("not signaled", as_any.what());
}
#endif

const test_case cases[] = {
    CASE(an_event_comes_through),
    CASE(an_error_says_everything),
    CASE(wrong_arguments_are_refused),
    CASE(settings_are_chained_and_the_first_refusal_is_reported),
    CASE(each_call_takes_options),
    CASE(a_call_reports_the_first_refusal_of_its_options),
    CASE(signals_and_drains_have_a_timeout_and_are_cancelled),
    CASE(a_key_is_replaced),
    CASE(a_source_cancels_from_another_thread),
    CASE(started_waits_are_collected),
    CASE(cancel_all_ends_started_waits),
    CASE(a_queue_gives_each_end_with_its_tag),
    CASE(what_runs_on_a_queue_is_cancelled_and_still_reported),
    CASE(dropping_a_queued_wait_does_not_cancel_it),
    CASE(taking_is_cancelled_and_the_wait_is_not),
    CASE(wrong_arguments_of_a_queue_are_refused),
    CASE(a_queue_keeps_its_callback),
#if defined(__cpp_lib_jthread)
    CASE(a_stop_token_cancels),
#endif
#if ANCHOR_HPP_THROWS
    CASE(the_other_half_throws),
#endif
};

} // namespace

RUN(cases)
