/*
 * libanchor waits until a named event is signaled, and signals events.
 *
 * This file is generated from the library's sources: do not edit it.
 *
 * THE CONTRACT
 *
 * These rules hold for every function. Its comment says only what is special about it.
 *
 * Calling    Each function is extern "C" with the platform's C calling convention. Handles are opaque
 *            pointers. Most functions return an anchor_status, which is 0 on success: check it. Later
 *            versions may add statuses: treat an unknown one as a failure. Enumerations are passed as int32_t
 *            and checked. Times are int64_t milliseconds on the monotonic clock. Strings are NUL-terminated
 *            UTF-8, and so are paths, on Windows too. A function that gets NULL for a pointer that must not be
 *            NULL returns ANCHOR_INVALID_ARGUMENT. anchor_last_error returns why the last call of this thread
 *            failed.
 *
 * Ownership  A function copies the arguments that it keeps. The caller owns what a function gives it, and frees
 *            each string with anchor_string_free and each handle with the function for its kind whose name ends
 *            in _free, once. These functions accept NULL. The caller does not free a const char * that is
 *            returned. A function sets its out-parameters to NULL or 0 on entry and writes them last.
 *
 * out_json   May be NULL if it is not wanted. Otherwise it receives a string, on success and on failure, unless
 *            memory ran out. On success the string is the service's answer, byte for byte. On failure it is
 *                {"error":{"code":408,"message":"...","status":"ANCHOR_TIMEOUT","origin":"service",
 *                          "phase":"wait","attempts":3,"elapsedMs":60012,"maybeConsumed":false,
 *                          "lastError":"...","requestId":"..."}}
 *                code           the HTTP status, if there was one
 *                origin         who reports the failure: "service" or "client"
 *                phase          how far the last request got: dns, connect, tls, send, wait or receive
 *                maybeConsumed  whether a request of the call was sent and the service's answer to it never read. If
 *                               so, the event may have been handed to that request, or the signal delivered. A
 *                               gateway's error page is not the service's answer.
 *                timedOut       true if the call ended because its time was over
 *                retryAfterMs   the pause that the service asked for, if it did
 *                lastError      the last failure before the end, if the status reports something else
 *            Members may be absent, and later versions may add members. The error never contains the API key, the
 *            value of a header that the program added, or an event's data.
 *
 * Threads    Any number of threads may use a client, a queue or a cancel token at once, and options that no thread
 *            changes; one thread at a time may use settings. No handle may be freed while another thread uses it.
 *            Blocking calls hold no lock. There is nothing to initialise, and no global state that a program can see.
 *            The library starts a thread only to look up a name, which all calls share that need this name at the same
 *            time, and one for all started waits, which ends when their handles and queues are freed; all signals are
 *            blocked on these threads. pthread_cancel has no effect during a call: it acts at the thread's next
 *            cancellation point after the call. To end the call itself, cancel its token. Threads whose cancellation
 *            type is asynchronous may not call the library. A callback that throws ends the process; a callback may
 *            not leave by longjmp.
 *
 * Signals    The library installs no signal handler and never raises SIGPIPE. Functions are not
 *            async-signal-safe unless their comment says so.
 *
 * Network    A call connects to the host of the base URL, to what anchor_config_set_connect_to puts in its place, or to
 *            the proxy of the settings or of the environment. Over TLS the certificate is checked for the host of
 *            the base URL, wherever the connection goes. Without anchor_config_set_allow_http the key leaves
 *            unencrypted only over loopback or a Unix socket.
 *
 * fork       A child process may use a client of its parent: it makes its own connections and does not touch
 *            those of the parent. A queue of the parent is empty in the child. Parent and child share a cancel token. A
 *            call in progress and a started wait belong to the parent.
 *
 * Memory     If memory runs out for a string that is returned, for the data of a signal or for an answer, the
 *            call returns ANCHOR_OUT_OF_MEMORY, or NULL. If it runs out for the other small blocks that a
 *            call needs, the process is aborted with a line on stderr, as in every Rust program.
 *
 * Output     The library writes nothing to stdout or stderr, except for the message of Rust's runtime on stderr
 *            before an abort or about a defect that is caught (ANCHOR_INTERNAL).
 */


#ifndef ANCHOR_H
#define ANCHOR_H

#include <stddef.h>
#include <stdint.h>

/** The version of this header. anchor_version() returns that of the library that is loaded. */
#define ANCHOR_VERSION "0.1.0"
#define ANCHOR_VERSION_MAJOR 0
#define ANCHOR_VERSION_MINOR 1
#define ANCHOR_VERSION_PATCH 0
#define ANCHOR_VERSION_NUMBER \
    ((ANCHOR_VERSION_MAJOR << 16) | (ANCHOR_VERSION_MINOR << 8) | ANCHOR_VERSION_PATCH)

/** The compiler warns if a program ignores a status, or a value that it has to free. */
#if defined(__GNUC__) || defined(__clang__)
#define ANCHOR_MUST_USE __attribute__((warn_unused_result))
#else
#define ANCHOR_MUST_USE
#endif

/** On Windows a program that links the static library defines ANCHOR_STATIC. Other programs import the functions of
 * anchor.dll. */
#if defined(_WIN32) && !defined(ANCHOR_STATIC)
#define ANCHOR_API __declspec(dllimport)
#else
#define ANCHOR_API
#endif

/**
 * As a number of retries: no limit.
 */
#define ANCHOR_RETRY_ALWAYS 4294967295u

/**
 * A timeout that suits most waits, in milliseconds. It is also the service's default.
 */
#define ANCHOR_DEFAULT_TIMEOUT_MS 60000

/**
 * As a timeout: no limit.
 */
#define ANCHOR_NO_TIMEOUT (-1)

/**
 * As the timeout of a signal or a drain: the request timeout of the settings.
 */
#define ANCHOR_REQUEST_TIMEOUT (-2)

/**
 * The outcome of a call. Later versions may add values; a value never changes its meaning.
 */
enum anchor_status
#if defined(__cplusplus) || (defined(__STDC_VERSION__) ? __STDC_VERSION__ : 0L) >= 202311L
  : int32_t
#endif /* defined(__cplusplus) || (defined(__STDC_VERSION__) ? __STDC_VERSION__ : 0L) >= 202311L */
 {
    /**
     * The call succeeded.
     */
    ANCHOR_OK = 0,
    /**
     * The event was not signaled within the time.
     */
    ANCHOR_TIMEOUT = 1,
    /**
     * The call was cancelled: by a token, together with all calls of the client, or as a started wait.
     */
    ANCHOR_CANCELLED = 2,
    /**
     * No started wait has ended yet.
     */
    ANCHOR_PENDING = 3,
    /**
     * A signal handler ran on the waiting thread, and the settings ask the call to return then.
     */
    ANCHOR_INTERRUPTED = 4,
    /**
     * An argument was NULL, not UTF-8, empty, out of range, not a URL or not JSON; the message names it.
     */
    ANCHOR_INVALID_ARGUMENT = 10,
    /**
     * No memory, thread or file descriptor was left.
     */
    ANCHOR_OUT_OF_MEMORY = 11,
    /**
     * A defect in libanchor was caught. Please report it.
     */
    ANCHOR_INTERNAL = 12,
    /**
     * The service was not reached (DNS, connect, proxy), and no earlier request of the call is unanswered: nothing happened,
     * and the call is safe to repeat.
     */
    ANCHOR_NOT_SENT = 20,
    /**
     * The certificate or the TLS handshake was refused, and no earlier request of the call is unanswered.
     */
    ANCHOR_TLS = 21,
    /**
     * A request was sent and not completely answered: the event may have been consumed, or the signal delivered.
     */
    ANCHOR_CONNECTION_LOST = 22,
    /**
     * The answer is not one of the API's: not HTTP, not JSON, or a gateway's page.
     */
    ANCHOR_PROTOCOL = 23,
    /**
     * The answer is larger than the configured limit.
     */
    ANCHOR_RESPONSE_TOO_LARGE = 24,
    /**
     * The service refused the request as malformed (HTTP 400, 413, 422).
     */
    ANCHOR_BAD_REQUEST = 40,
    /**
     * The API key is missing or not valid (HTTP 401).
     */
    ANCHOR_UNAUTHORIZED = 41,
    /**
     * The API key may not do this (HTTP 403).
     */
    ANCHOR_FORBIDDEN = 42,
    /**
     * The service does not know this (HTTP 404).
     */
    ANCHOR_NOT_FOUND = 43,
    /**
     * Too many requests (HTTP 429).
     */
    ANCHOR_RATE_LIMITED = 44,
    /**
     * The service or a gateway failed (HTTP 5xx).
     */
    ANCHOR_SERVER_ERROR = 45,
    /**
     * Any other HTTP status, such as a redirect; redirects are never followed.
     */
    ANCHOR_HTTP_ERROR = 46
};
#ifndef __cplusplus
#if (defined(__STDC_VERSION__) ? __STDC_VERSION__ : 0L) >= 202311L
typedef enum anchor_status anchor_status;
#else
typedef int32_t anchor_status;
#endif /* (defined(__STDC_VERSION__) ? __STDC_VERSION__ : 0L) >= 202311L */
#endif /* __cplusplus */

/**
 * The importance of a log line.
 */
enum anchor_log_level
#if defined(__cplusplus) || (defined(__STDC_VERSION__) ? __STDC_VERSION__ : 0L) >= 202311L
  : int32_t
#endif /* defined(__cplusplus) || (defined(__STDC_VERSION__) ? __STDC_VERSION__ : 0L) >= 202311L */
 {
    /**
     * A failure after which a call tries again, or a system without certificate authorities.
     */
    ANCHOR_LOG_LEVEL_WARNING = 1,
    /**
     * A wait asks again because the event was not signaled yet.
     */
    ANCHOR_LOG_LEVEL_INFO = 2,
    /**
     * One line for each request.
     */
    ANCHOR_LOG_LEVEL_DEBUG = 3
};
#ifndef __cplusplus
#if (defined(__STDC_VERSION__) ? __STDC_VERSION__ : 0L) >= 202311L
typedef enum anchor_log_level anchor_log_level;
#else
typedef int32_t anchor_log_level;
#endif /* (defined(__STDC_VERSION__) ? __STDC_VERSION__ : 0L) >= 202311L */
#endif /* __cplusplus */

/**
 * Which certificate authorities a client trusts, in addition to those of a CA file or text.
 */
enum anchor_trust
#if defined(__cplusplus) || (defined(__STDC_VERSION__) ? __STDC_VERSION__ : 0L) >= 202311L
  : int32_t
#endif /* defined(__cplusplus) || (defined(__STDC_VERSION__) ? __STDC_VERSION__ : 0L) >= 202311L */
 {
    /**
     * The system's; or Mozilla's, which are built in, if the system has none that may be read. The log reports this.
     */
    ANCHOR_TRUST_AUTO = 0,
    /**
     * Only the system's.
     */
    ANCHOR_TRUST_SYSTEM = 1,
    /**
     * Only Mozilla's, which are built in.
     */
    ANCHOR_TRUST_BUNDLED = 2
};
#ifndef __cplusplus
#if (defined(__STDC_VERSION__) ? __STDC_VERSION__ : 0L) >= 202311L
typedef enum anchor_trust anchor_trust;
#else
typedef int32_t anchor_trust;
#endif /* (defined(__STDC_VERSION__) ? __STDC_VERSION__ : 0L) >= 202311L */
#endif /* __cplusplus */

/**
 * Unblocks calls, from any thread or signal handler. Any number of calls may share a token.
 */
typedef struct anchor_cancel_token anchor_cancel_token;

/**
 * Settings and connections to the service. Any number of threads may use a client at once.
 */
typedef struct anchor_client anchor_client;

/**
 * The outcome of one wait on a queue.
 */
typedef struct anchor_completion anchor_completion;

/**
 * Settings for clients. One thread at a time may use them.
 */
typedef struct anchor_config anchor_config;

/**
 * Options of one call, or of many: what they set takes the place of the client's settings for these calls.
 */
typedef struct anchor_options anchor_options;

/**
 * Collects the outcomes of any number of waits, for a program that has many of them or an event loop. Any number of
 * threads may start waits on a queue and take from it at once.
 */
typedef struct anchor_queue anchor_queue;

/**
 * A wait that runs in the background, for programs with an event loop or with several events to wait for. After its
 * end it keeps its outcome until anchor_wait_finish takes it. The waits of all clients run on one thread of the
 * library.
 */
typedef struct anchor_wait anchor_wait;

/**
 * A function that receives log lines. It is called on the threads that make calls, and for started waits on the
 * thread of the library, on which all signals are blocked. There it delays every started wait of the process, so it
 * must return soon. It must not call a function that blocks, or one of the same client; it may cancel. A child that it
 * forks must not return from it. A line contains neither the key, nor added headers, nor events' data.
 *
 * - user_data: what was passed with the function
 * - level: an anchor_log_level
 * - message: one line without its end, valid during the call; a JSON object if anchor_config_set_log_json asks for it
 */
typedef void (*anchor_log_callback)(void *user_data, int32_t level, const char *message);

/**
 * Learns that a queue is not empty any more. It is called on a thread of the library, on which all signals are
 * blocked. It must return soon and must not call libanchor: it is meant to wake an event loop.
 *
 * - user_data: what was given to anchor_queue_set_callback
 */
typedef void (*anchor_queue_callback)(void *user_data);

#ifdef __cplusplus
extern "C" {
#endif /* __cplusplus */

/**
 * Returns why the last call of this thread failed.
 *
 * Each function that returns an anchor_status, a handle, or a string to be freed sets it, except anchor_queue_next. If
 * the call returned an error as JSON, it is the "message" of that JSON.
 *
 *     anchor_client *client = NULL;
 *     if (anchor_client_new(NULL, &client) != ANCHOR_OK)
 *         fprintf(stderr, "%s\n", anchor_last_error());
 *
 * @return  an English sentence of at most 1,023 bytes, which must not be freed and is valid until the next call of this
 *          thread; NULL if the last call succeeded
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
const char *anchor_last_error(void);

/**
 * Returns the version of the library that is loaded, such as "0.1.0".
 *
 * ANCHOR_VERSION is the version of the header.
 *
 * @return  a static string, which must not be freed
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE const char *anchor_version(void);

/**
 * Returns the version of the library that is loaded, as a number to compare.
 *
 * ANCHOR_VERSION_NUMBER is the same number of the header.
 *
 * @return  0x00MMmmpp: major, minor and patch
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE uint32_t anchor_version_number(void);

/**
 * Frees a string that a function of libanchor gave to the caller.
 *
 * @param string  the string; NULL does nothing
 * @since 0.1.0
 */
ANCHOR_API void anchor_string_free(char *string);

/**
 * Returns a value from a JSON text, such as the answer of a wait.
 *
 *     char *code = anchor_json_get(json, "/data/code");
 *
 * @param json     a JSON text
 * @param pointer  a JSON pointer (RFC 6901): "" for the whole text, or "/name/0/..." with "~1" for a slash and
 *                 "~0" for a tilde within a name
 * @return  a string to be freed with anchor_string_free: a JSON string without its quotes and escapes, any other
 *          value as its JSON text, unchanged. NULL if the text has no such value, if an argument is NULL or
 *          malformed, if the string contains U+0000, which a C string cannot hold, or if memory ran out
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
char *anchor_json_get(const char *json,
                      const char *pointer);

/**
 * Returns the name of a status, such as "ANCHOR_TIMEOUT".
 *
 * @param status  any value
 * @return  a static string, which must not be freed; "ANCHOR_UNKNOWN" for a value that this version does not know
 * @par Threads
 * Any thread. Async-signal-safe.
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
const char *anchor_status_name(int32_t status);

/**
 * Returns an English sentence about a status.
 *
 * @param status  any value
 * @return  a static string, which must not be freed
 * @par Threads
 * Any thread. Async-signal-safe.
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE const char *anchor_status_message(int32_t status);

/**
 * Makes settings from the defaults and the environment.
 *
 * It reads ANCHORBROWSER_API_KEY (then ANCHOR_API_KEY), ANCHORBROWSER_BASE_URL, HTTPS_PROXY, HTTP_PROXY, ALL_PROXY
 * and NO_PROXY; an empty variable counts as not set. anchor_client_new reports mistakes in them. A later change of
 * the environment has no effect on these settings.
 *
 * @return  the settings, to be freed with anchor_config_free; NULL if a defect was caught
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_config *anchor_config_new(void);

/**
 * Frees settings.
 *
 * Clients that were made from them are not affected.
 *
 * @param config  the settings; NULL does nothing
 * @since 0.1.0
 */
ANCHOR_API void anchor_config_free(anchor_config *config);

/**
 * Returns why the last setter, or anchor_client_new, failed with these settings.
 *
 * @param config  the settings; NULL gives NULL
 * @return  an English sentence that names the argument or the variable of the environment; NULL if the last call
 *          succeeded. It is valid until the settings are used again or freed, and must not be freed itself.
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
const char *anchor_config_error(const anchor_config *config);

/**
 * Sets the API key.
 *
 * @param config   the settings
 * @param api_key  printable ASCII, 1 to 4,096 bytes
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_config_set_api_key(anchor_config *config,
                                        const char *api_key);

/**
 * Sets where the service is.
 *
 * anchor_client_new refuses plain http, unless the host is loopback or anchor_config_set_allow_http allows it.
 *
 * An IPv6 address may have a zone, as in "http://[fe80::1%25eth0]:8642". "unix:/path" is a service at a Unix socket of
 * this machine, in plain HTTP; anchor_client_new refuses it on Windows, and where its path is too long for the system.
 *
 * @param config    the settings
 * @param base_url  "https://host[:port][/prefix]"; a trailing "/", "/v1" or "/api/v1" is ignored. Or "unix:/path".
 *                  "https://api.anchorbrowser.io" by default
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_config_set_base_url(anchor_config *config,
                                         const char *base_url);

/**
 * Sets whether the key may be sent unencrypted: to a plain http base URL whose host is not loopback, or to a proxy that
 * anchor_config_set_proxy sets for a plain http base URL.
 *
 * @param config  the settings
 * @param allow   0 or 1; 0 by default
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_config_set_allow_http(anchor_config *config,
                                           int allow);

/**
 * Adds a header to each request, such as traceparent or a gateway's token.
 *
 * Its value is treated as the key is: it is wiped from memory and never logged. There may be 32 headers, of 16,384
 * bytes together. A header that the library sets itself is refused.
 *
 * @param config  the settings
 * @param name    1 to 256 bytes, the name of a header
 * @param value   at most 4,096 bytes of printable ASCII
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_config_add_header(anchor_config *config,
                                       const char *name,
                                       const char *value);

/**
 * Sets the User-Agent header.
 *
 * @param config      the settings
 * @param user_agent  printable ASCII, at most 1,024 bytes; with "" the header is not sent. "libanchor/VERSION" by
 *                    default
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_config_set_user_agent(anchor_config *config,
                                           const char *user_agent);

/**
 * Sets the proxy to connect through.
 *
 * With http, and with https over TLS, the proxy opens a tunnel by CONNECT; if the base URL is plain http, it gets the
 * requests themselves. With socks5h it opens a tunnel by SOCKS5 and looks up the name of the service. With socks5 the
 * library looks up the name, and asks for its addresses in turn.
 *
 * Once it is set, the proxies and NO_PROXY of the environment are ignored. With a plain http base URL it needs
 * anchor_config_set_allow_http. Proxies of the environment are not used for loopback hosts.
 *
 * @param config  the settings
 * @param proxy   "scheme://[user:password@]host[:port]", both percent-encoded; "" for no proxy. The
 *                default port is 80, 443 or 1080
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT, also for SOCKS of another version than 5
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_config_set_proxy(anchor_config *config,
                                      const char *proxy);

/**
 * Sets what to connect to in place of the host of the base URL, as curl's --connect-to does.
 *
 * The request, and the check of the certificate, still name the host. A proxy is asked for the address, by a tunnel; the
 * proxies of the environment are not used if the address is loopback. A host that is not that of the base URL has no
 * effect.
 *
 * @param config   the settings
 * @param host     "host:port" of the base URL; the port of https is 443, that of http 80
 * @param address  "address:port"; the address may be a name too. Two empty strings remove the setting
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_config_set_connect_to(anchor_config *config,
                                           const char *host,
                                           const char *address);

/**
 * Sets how long DNS lookup, connect and TLS handshake of a connection may take together.
 *
 * The timeout of the call also applies to them.
 *
 * @param config      the settings
 * @param timeout_ms  milliseconds, 1 to 86,400,000; 10,000 by default
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_config_set_connect_timeout_ms(anchor_config *config,
                                                   int64_t timeout_ms);

/**
 * Sets how long a signal or a drain may take.
 *
 * @param config      the settings
 * @param timeout_ms  milliseconds, 1 to 86,400,000; 30,000 by default
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_config_set_request_timeout_ms(anchor_config *config,
                                                   int64_t timeout_ms);

/**
 * Sets the size of the largest answer that is accepted.
 *
 * A call that receives a larger one returns ANCHOR_RESPONSE_TOO_LARGE.
 *
 * @param config  the settings
 * @param bytes   1 to 1,073,741,824; 8,388,608 by default
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_config_set_max_response_bytes(anchor_config *config,
                                                   size_t bytes);

/**
 * Sets the longest time for which one request of a wait asks the service to hold it.
 *
 * A longer wait makes several requests. The slice should be shorter than the idle limits of the gateways and NATs
 * between the program and the service.
 *
 * @param config    the settings
 * @param slice_ms  milliseconds, 1 to 86,400,000; 50,000 by default
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_config_set_slice_ms(anchor_config *config,
                                         int64_t slice_ms);

/**
 * Sets how much longer a request of a wait is given than it asked for.
 *
 * This way an answer that the service sends at the last moment is still received. A wait returns at the latest at its
 * timeout plus this time.
 *
 * @param config    the settings
 * @param grace_ms  milliseconds, 0 to 86,400,000; 2,000 by default
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_config_set_grace_ms(anchor_config *config,
                                         int64_t grace_ms);

/**
 * Sets after how many failures in a row a call gives up.
 *
 * A call tries again what is safe to repeat: a request that never reached the service; in a wait also after HTTP
 * 408 of a gateway, 429, 502, 503 and 504 and, if anchor_config_set_rearm is on, after a broken connection.
 *
 * If this function is not called, the number depends on the failure. In an outage, in which the service cannot be
 * reached or a gateway answers 502, 503 or 504 instead of it, a wait tries again until its deadline. But if this client
 * has never reached the service, the wait gives up after 5 retries and 5 seconds, or after 5 retries if the name of
 * the host does not exist.
 *
 * After a failure that may have taken an event or reports a limit, a wait tries again 5 times in a row: a connection
 * that broke after its request was written, HTTP 429, no memory, thread or file descriptor. A signal tries again 5
 * times in a row. A drain, and a wait with a timeout of 0, do not try again.
 *
 * @param config   the settings
 * @param retries  0 or more; 0 gives up after the first failure; ANCHOR_RETRY_ALWAYS sets no limit
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_config_set_retries(anchor_config *config,
                                        uint32_t retries);

/**
 * Sets whether a wait continues after a connection broke to which its request had been written.
 *
 * The service may have handed the event to the broken connection. Without re-arming the wait returns
 * ANCHOR_CONNECTION_LOST at once.
 *
 * @param config  the settings
 * @param rearm   0 or 1; 1 by default
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_config_set_rearm(anchor_config *config,
                                      int rearm);

/**
 * Sets whether a signal handler that runs on the blocked thread ends the call with ANCHOR_INTERRUPTED.
 *
 * This is for languages in which Ctrl-C only sets a flag. A signal that arrives before the call blocks does not
 * end it.
 *
 * @param config         the settings
 * @param interruptible  0 or 1; 0 by default
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_config_set_interruptible(anchor_config *config,
                                              int interruptible);

/**
 * Sets the function that receives log lines.
 *
 * @param config     the settings
 * @param callback   the function; NULL for none, which is the default
 * @param user_data  passed to the function; it must stay valid until each client that was made from the settings is
 *                   freed, and each of its started waits or the queue of the wait
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 * @par Threads
 * The function is called on every thread that makes a call, and on the thread of started waits, possibly at the
 * same time.
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_config_set_log_callback(anchor_config *config,
                                             anchor_log_callback callback,
                                             void *user_data);

/**
 * Sets whether a log line is a JSON object with the fields of what it reports.
 *
 * Its members are level ("warning", "info" or "debug"), message, and what else is known: operation ("wait" or
 * "signal"), eventName, attempt, phase and status as in an error's JSON, code for the HTTP status, and pauseMs before
 * the call tries again. anchor_json_get reads them.
 *
 * @param config  the settings
 * @param json    0 or 1; 0 by default
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_config_set_log_json(anchor_config *config,
                                         int json);

/**
 * Adds the certificate authorities of a file to those that are trusted.
 *
 * @param config   the settings
 * @param ca_file  the path of a PEM file, which anchor_client_new reads
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_config_set_ca_file(anchor_config *config,
                                        const char *ca_file);

/**
 * Adds the certificate authorities of a text to those that are trusted, beside those of anchor_config_set_ca_file.
 *
 * @param config  the settings
 * @param ca_pem  certificates as PEM, which are copied; anchor_client_new reports what is wrong with them
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_config_set_ca_pem(anchor_config *config,
                                       const char *ca_pem);

/**
 * Sets which certificate authorities are trusted in addition to those of anchor_config_set_ca_file and
 * anchor_config_set_ca_pem.
 *
 * The system's are those that SSL_CERT_FILE and SSL_CERT_DIR name, if one of these is set and not empty when
 * anchor_client_new reads the certificates. ANCHOR_TRUST_AUTO takes the built-in ones if none of the system's is found or
 * may be read, and reports it to the log.
 *
 * @param config  the settings
 * @param trust   an anchor_trust; ANCHOR_TRUST_AUTO by default
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_config_set_trust(anchor_config *config,
                                      int32_t trust);

/**
 * Sets the certificate by which the client identifies itself to a service that asks for one, and its private key.
 *
 * A proxy does not get it. anchor_client_new reads the files, and checks that the key is that of the certificate.
 *
 * @param config            the settings
 * @param certificate_file  the path of a PEM file: the client's certificate, then those above it that the service needs to
 *                          check it
 * @param key_file          the path of a PEM file with the key, which may be the same file. RSA of 2,048 to 4,096 bits,
 *                          ECDSA on P-256 or P-384, or Ed25519, as PKCS#8, PKCS#1 or SEC1; an encrypted key is refused
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_config_set_client_certificate(anchor_config *config,
                                                   const char *certificate_file,
                                                   const char *key_file);

/**
 * Sets the certificate by which the client identifies itself, and its private key, as texts.
 *
 * It is as anchor_config_set_client_certificate, for programs that have them from elsewhere than a file. The copy of the
 * key is wiped when the settings and the clients that were made from them are freed.
 *
 * @param config           the settings
 * @param certificate_pem  the client's certificate, then those above it, as PEM, which are copied
 * @param key_pem          the key as PEM, which is copied
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_config_set_client_certificate_pem(anchor_config *config,
                                                       const char *certificate_pem,
                                                       const char *key_pem);

/**
 * Sets the file of certificate revocation lists.
 *
 * A certificate of the service, or of a proxy that is reached over TLS, is then accepted only if the file has a list of
 * the authority that signed it, and so on up to a trusted authority. The list must be valid now and not name the
 * certificate. The file is read once, by anchor_client_new: a program that runs for longer than its lists are valid
 * makes a new client. Without a file, revocation is not checked.
 *
 * @param config    the settings
 * @param crl_file  the path of a PEM file with one list or several
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_config_set_crl_file(anchor_config *config,
                                         const char *crl_file);

/**
 * Sets which public keys the service may have.
 *
 * Its certificate has to be valid as well. Any other key is refused with ANCHOR_TLS, and the message shows it. A proxy may
 * have any key.
 *
 * @param config  the settings
 * @param pins    up to 32, as CURLOPT_PINNEDPUBLICKEY takes them: "sha256//" and the SHA-256 of the key
 *                (SubjectPublicKeyInfo) in base64, with ";" between them
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_config_set_pinned_public_keys(anchor_config *config,
                                                   const char *pins);

/**
 * Makes a client.
 *
 * It reads the certificates of the settings. It does not connect to the service.
 *
 * @param config  the settings, which are copied; NULL for the defaults and the environment, as anchor_config_new
 *                reads it
 * @param out     receives the client, to be freed with anchor_client_free; NULL on failure
 * @return  ANCHOR_OK; ANCHOR_INVALID_ARGUMENT if a setting or a variable of the environment is missing or not valid:
 *          anchor_config_error names it; ANCHOR_OUT_OF_MEMORY if no file descriptor or memory is left to read
 *          certificates
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_client_new(const anchor_config *config,
                                anchor_client **out);

/**
 * Frees a client and closes its idle connections.
 *
 * No call may be running on the client: cancel them with anchor_client_cancel_all, and let them return first.
 * Started waits may continue after it, and log.
 *
 * @param client  the client; NULL does nothing
 * @since 0.1.0
 */
ANCHOR_API
void anchor_client_free(anchor_client *client);

/**
 * Replaces the API key for what is sent from now on.
 *
 * Calls and started waits that run send their next request with it. The client keeps the last seven keys before it, to
 * hide them where the service quotes them. They are wiped from memory when the client is freed and its started waits
 * have ended.
 *
 * @param client   the client
 * @param api_key  1 to 4,096 characters of printable ASCII
 * @return  ANCHOR_OK; ANCHOR_INVALID_ARGUMENT, and the key stays as it was; or ANCHOR_OUT_OF_MEMORY
 * @par Threads
 * Any thread. It is not async-signal-safe.
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_client_set_api_key(anchor_client *client,
                                        const char *api_key);

/**
 * Ends every call that is running on the client, and every started wait, with ANCHOR_CANCELLED.
 *
 * Later calls are not affected.
 *
 * @param client  the client; NULL does nothing
 * @par Threads
 * Any thread. It is not async-signal-safe; in a signal handler use anchor_cancel_token_cancel.
 * @since 0.1.0
 */
ANCHOR_API void anchor_client_cancel_all(anchor_client *client);

/**
 * Returns counts of what the client has done and does, as a JSON object.
 *
 * Its members are the numbers waits, signals, answers, timeouts, cancels, failures, dropped, rearms, retries,
 * unanswered, connectionsMade, connectionsReused, bytesSent and bytesReceived, and the objects connections and
 * started. "dropped" counts answers of started waits that nobody took before the wait or the queue was freed. "unanswered" counts
 * requests that were sent and whose answer was never read: each of them may have taken an event or delivered a
 * signal.
 *
 * "connections" shows the connections that this process has now: open is their number; of these, idle are those that
 * no call uses, and waiting those on which a request was sent and no byte of its answer has arrived.
 *
 * "started" shows where the started waits of this process are now. Its members are queued, for a turn to make a
 * connection, of which a client makes 128 at once; dns, connect, tls, send, wait, for an answer, and receive, which
 * are the phases of a request; and paused, before another request. Each is an object with "count" and "oldestMs",
 * the milliseconds since the first of these waits got there.
 *
 * @param client    the client
 * @param out_json  receives the object, to be freed with anchor_string_free
 * @return  ANCHOR_OK, ANCHOR_INVALID_ARGUMENT or ANCHOR_OUT_OF_MEMORY
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_client_stats(const anchor_client *client,
                                  char **out_json);

/**
 * Blocks until an event is signaled.
 *
 * If the event was signaled before, the call takes that signal and returns at once.
 *
 *     char *json = NULL;
 *     anchor_status status = anchor_wait_for_event(client, "mfa_code", 60000, NULL, &json);
 *     if (status == ANCHOR_OK) {
 *         char *code = anchor_json_get(json, "/data/code");
 *         ...
 *         anchor_string_free(code);
 *     }
 *     anchor_string_free(json);
 *
 * @param client      the client
 * @param event_name  1 to 4,096 bytes of UTF-8, not "." or ".."; events belong to the account
 * @param timeout_ms  milliseconds, 0 or more; 0 asks once, without waiting; ANCHOR_NO_TIMEOUT sets no limit. The
 *                    call usually returns one round trip after this time, and at the latest at this time plus the
 *                    grace
 * @param cancel      a token that ends the call; NULL for none
 * @param out_json    receives a string to be freed with anchor_string_free: on success the service's answer, byte
 *                    for byte, one JSON object such as {"data":{...}}; on failure the error as JSON. NULL if not
 *                    wanted
 * @return  ANCHOR_OK, ANCHOR_TIMEOUT, ANCHOR_CANCELLED, or any other status except ANCHOR_PENDING
 * @par Threads
 * Any number of threads may wait on one client at once, for the same event too. Each signal is taken by one of
 * them.
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_wait_for_event(anchor_client *client,
                                    const char *event_name,
                                    int64_t timeout_ms,
                                    anchor_cancel_token *cancel,
                                    char **out_json);

/**
 * As anchor_wait_for_event, with options of this call.
 *
 * @param client      the client
 * @param event_name  as in anchor_wait_for_event
 * @param timeout_ms  as in anchor_wait_for_event
 * @param options     what is otherwise than in the client's settings; NULL for nothing
 * @param cancel      as in anchor_wait_for_event
 * @param out_json    as in anchor_wait_for_event
 * @return  as anchor_wait_for_event
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_wait_for_event_with(anchor_client *client,
                                         const char *event_name,
                                         int64_t timeout_ms,
                                         const anchor_options *options,
                                         anchor_cancel_token *cancel,
                                         char **out_json);

/**
 * Signals an event: the service hands the data to a call that waits for the event, now or later.
 *
 * A request that was written is never sent again.
 *
 * @param client      the client
 * @param event_name  1 to 4,096 bytes of UTF-8, not "." or ".."
 * @param data_json   a JSON object; NULL for {}
 * @param timeout_ms  milliseconds, 1 or more; ANCHOR_REQUEST_TIMEOUT for the request timeout of the settings;
 *                    ANCHOR_NO_TIMEOUT sets no limit
 * @param cancel      a token that ends the call; NULL for none
 * @param out_json    receives the answer or the error, as in anchor_wait_for_event; NULL if not wanted
 * @return  ANCHOR_OK; ANCHOR_NOT_SENT if it is certain that the signal was not delivered; ANCHOR_CONNECTION_LOST
 *          if it may have been; or any other status except ANCHOR_TIMEOUT and ANCHOR_PENDING
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_signal_event(anchor_client *client,
                                  const char *event_name,
                                  const char *data_json,
                                  int64_t timeout_ms,
                                  anchor_cancel_token *cancel,
                                  char **out_json);

/**
 * As anchor_signal_event, with options of this call.
 *
 * @param client      the client
 * @param event_name  as in anchor_signal_event
 * @param data_json   as in anchor_signal_event
 * @param timeout_ms  as in anchor_signal_event
 * @param options     what is otherwise than in the client's settings; NULL for nothing
 * @param cancel      as in anchor_signal_event
 * @param out_json    as in anchor_signal_event
 * @return  as anchor_signal_event
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_signal_event_with(anchor_client *client,
                                       const char *event_name,
                                       const char *data_json,
                                       int64_t timeout_ms,
                                       const anchor_options *options,
                                       anchor_cancel_token *cancel,
                                       char **out_json);

/**
 * Takes and drops the signals of an event that no call has waited for, until none is left.
 *
 * A program can call it to begin without old signals.
 *
 * @param client       the client
 * @param event_name   1 to 4,096 bytes of UTF-8, not "." or ".."
 * @param timeout_ms   milliseconds, 0 or more; 0 asks once; ANCHOR_REQUEST_TIMEOUT for the request timeout of the
 *                     settings; ANCHOR_NO_TIMEOUT sets no limit
 * @param cancel       a token that ends the call; NULL for none
 * @param out_drained  receives how many signals were dropped, on failure too; NULL if not wanted
 * @return  ANCHOR_OK; ANCHOR_TIMEOUT if signals may be left after the time; or any other status except
 *          ANCHOR_PENDING
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_drain_event(anchor_client *client,
                                 const char *event_name,
                                 int64_t timeout_ms,
                                 anchor_cancel_token *cancel,
                                 uint32_t *out_drained);

/**
 * As anchor_drain_event, with options of this call.
 *
 * @param client       the client
 * @param event_name   as in anchor_drain_event
 * @param timeout_ms   as in anchor_drain_event
 * @param options      what is otherwise than in the client's settings; NULL for nothing
 * @param cancel       as in anchor_drain_event
 * @param out_drained  as in anchor_drain_event
 * @return  as anchor_drain_event
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_drain_event_with(anchor_client *client,
                                      const char *event_name,
                                      int64_t timeout_ms,
                                      const anchor_options *options,
                                      anchor_cancel_token *cancel,
                                      uint32_t *out_drained);

/**
 * Makes options that change nothing.
 *
 *     anchor_options *options = anchor_options_new();
 *     if (options && anchor_options_set_request_id(options, "4bf92f35") == ANCHOR_OK) {
 *         status = anchor_wait_for_event_with(client, "mfa_code", 60000, options, NULL, &json);
 *     }
 *     anchor_options_free(options);
 *
 * @return  the options, to be freed with anchor_options_free; NULL if no memory is left
 * @par Threads
 * Any number of calls may use them at once, as long as no thread changes them.
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE anchor_options *anchor_options_new(void);

/**
 * Frees options.
 *
 * No call may be running with them. A started wait has a copy of its own.
 *
 * @param options  the options; NULL does nothing
 * @since 0.1.0
 */
ANCHOR_API void anchor_options_free(anchor_options *options);

/**
 * Sets after how many failures in a row the call gives up, as in anchor_config_set_retries.
 *
 * @param options  the options
 * @param retries  0 or more; 0 gives up after the first failure; ANCHOR_RETRY_ALWAYS sets no limit
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_options_set_retries(anchor_options *options,
                                         uint32_t retries);

/**
 * Sets whether the wait continues after a connection broke to which its request had been written, as in
 * anchor_config_set_rearm.
 *
 * @param options  the options
 * @param rearm    0 or 1
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_options_set_rearm(anchor_options *options,
                                       int rearm);

/**
 * Sets the longest time for which one request of the wait asks the service to hold it, as in
 * anchor_config_set_slice_ms.
 *
 * @param options   the options
 * @param slice_ms  milliseconds, 1 to 86,400,000
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_options_set_slice_ms(anchor_options *options,
                                          int64_t slice_ms);

/**
 * Adds a header to each request of the call, after those of the settings, as anchor_config_add_header does.
 *
 * @param options  the options
 * @param name     1 to 256 bytes, the name of a header
 * @param value    at most 4,096 bytes of printable ASCII
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_options_add_header(anchor_options *options,
                                        const char *name,
                                        const char *value);

/**
 * Sets the id that each request of the call carries in the header x-request-id.
 *
 * Logs of the service and of gateways show it. It is not a secret.
 *
 * @param options     the options
 * @param request_id  1 to 256 bytes of printable ASCII without spaces
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_options_set_request_id(anchor_options *options,
                                            const char *request_id);

/**
 * Makes a cancel token.
 *
 * It holds one file descriptor.
 *
 * @return  the token, to be freed with anchor_cancel_token_free; NULL if the process has no file descriptor left
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_cancel_token *anchor_cancel_token_new(void);

/**
 * Ends every call that was given the token with ANCHOR_CANCELLED, and every later one, until the token is reset.
 *
 * An answer that has already arrived is still returned.
 *
 * @param token  the token; NULL does nothing
 * @par Threads
 * Any thread. Async-signal-safe.
 * @since 0.1.0
 */
ANCHOR_API
void anchor_cancel_token_cancel(anchor_cancel_token *token);

/**
 * Makes a cancelled token usable again.
 *
 * Let the calls that it cancelled return first: a call that has not returned yet may continue.
 *
 * @param token  the token; NULL does nothing
 * @since 0.1.0
 */
ANCHOR_API void anchor_cancel_token_reset(anchor_cancel_token *token);

/**
 * Frees a token.
 *
 * No call may be using it any more.
 *
 * @param token  the token; NULL does nothing
 * @since 0.1.0
 */
ANCHOR_API void anchor_cancel_token_free(anchor_cancel_token *token);

/**
 * Starts a wait that runs in the background.
 *
 * Its time counts from this call. It continues if the client is freed.
 *
 *     anchor_wait *wait = NULL;
 *     if (anchor_wait_start(client, "login_done", 60000, &wait) == ANCHOR_OK) {
 *         struct pollfd fd = { anchor_wait_fd(wait), POLLIN, 0 };
 *         ...                                  poll it with the program's own descriptors
 *         status = anchor_wait_finish(wait, 0, &json);
 *         ...
 *     }
 *     anchor_wait_free(wait);
 *
 * @param client      the client
 * @param event_name  as in anchor_wait_for_event
 * @param timeout_ms  as in anchor_wait_for_event
 * @param out         receives the wait, to be freed with anchor_wait_free; NULL on failure
 * @return  ANCHOR_OK, ANCHOR_INVALID_ARGUMENT, or ANCHOR_OUT_OF_MEMORY if the process has no memory, thread or
 *          file descriptor left
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_wait_start(anchor_client *client,
                                const char *event_name,
                                int64_t timeout_ms,
                                anchor_wait **out);

/**
 * As anchor_wait_start, with options of this wait.
 *
 * @param client      the client
 * @param event_name  as in anchor_wait_start
 * @param timeout_ms  as in anchor_wait_start
 * @param options     what is otherwise than in the client's settings, copied; NULL for nothing
 * @param out         as in anchor_wait_start
 * @return  as anchor_wait_start
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_wait_start_with(anchor_client *client,
                                     const char *event_name,
                                     int64_t timeout_ms,
                                     const anchor_options *options,
                                     anchor_wait **out);

/**
 * Returns the file descriptor of a started wait, which is readable from the wait's end until it is finished.
 *
 * It is for poll, epoll (level or edge), select, libuv or GLib. Do not read, write or close it; anchor_wait_free
 * closes it. The first call makes it, so a wait that nobody polls needs none.
 *
 * @param wait  the wait
 * @return  a file descriptor; -1 if wait is NULL or on a queue, if the process has no file descriptor left, or on
 *          Windows
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
int anchor_wait_fd(const anchor_wait *wait);

/**
 * Returns the event of a started wait on Windows, a HANDLE that is signaled from the wait's end until it is finished.
 *
 * It is for WaitForMultipleObjects, MsgWaitForMultipleObjects or RegisterWaitForSingleObject. Do not set, reset or close
 * it; anchor_wait_free closes it. The first call makes it, so a wait that nobody waits for needs none.
 *
 * @param wait  the wait
 * @return  a HANDLE; NULL if wait is NULL or on a queue, if the process has no handle left, or on a system that has
 *          descriptors: anchor_wait_fd
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
void *anchor_wait_handle(const anchor_wait *wait);

/**
 * Blocks until one of several started waits has ended.
 *
 * It takes no outcome and changes no wait. It ignores entries that are NULL, and waits that are finished already
 * or that another thread finishes meanwhile. A wait may be in the array twice.
 *
 * @param waits       an array of waits, which may belong to different clients
 * @param count       the number of its entries, 1 or more
 * @param timeout_ms  milliseconds, 0 or more; 0 only looks; ANCHOR_NO_TIMEOUT sets no limit
 * @param out_index   receives the index of the first entry that has ended; count if there is none
 * @return  ANCHOR_OK; ANCHOR_PENDING if no wait has ended in that time; ANCHOR_INVALID_ARGUMENT, also if every
 *          entry is NULL or finished, or one is on a queue; ANCHOR_INTERRUPTED if a signal handler ran on this
 *          thread and the settings of one of the waits ask for it
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_wait_select(anchor_wait *const *waits,
                                 size_t count,
                                 int64_t timeout_ms,
                                 size_t *out_index);

/**
 * Takes the outcome of a started wait, cancelled or not.
 *
 * The outcome can be taken once. If several threads finish the same wait, one of them gets it, and the others get
 * ANCHOR_INVALID_ARGUMENT.
 *
 * @param wait        the wait, which still has to be freed
 * @param timeout_ms  milliseconds to wait for its end, 0 or more; 0 only looks; ANCHOR_NO_TIMEOUT sets no limit
 * @param out_json    receives the answer or the error, as in anchor_wait_for_event; NULL if not wanted
 * @return  ANCHOR_PENDING if the wait has not ended in that time; ANCHOR_INTERRUPTED if a signal handler ran on
 *          this thread and the settings ask for it; neither changes the wait. ANCHOR_INVALID_ARGUMENT if the
 *          outcome was taken before or the wait is on a queue; otherwise what anchor_wait_for_event would have
 *          returned
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_wait_finish(anchor_wait *wait,
                                 int64_t timeout_ms,
                                 char **out_json);

/**
 * Ends a started wait with ANCHOR_CANCELLED, unless its answer has already arrived.
 *
 * An answer that has arrived stays the outcome. The outcome still has to be taken with anchor_wait_finish, or
 * dropped with anchor_wait_free; that of a wait on a queue goes to the queue.
 *
 * @param wait  the wait; NULL does nothing, and a wait of the parent process is not cancelled
 * @par Threads
 * Any thread. Async-signal-safe.
 * @since 0.1.0
 */
ANCHOR_API
void anchor_wait_cancel(anchor_wait *wait);

/**
 * Frees a started wait, with an outcome that was not taken.
 *
 * If the wait still runs, the call cancels it and blocks until it has ended, which takes a moment. When the call
 * returns, no log line of the wait comes any more. A wait on a queue continues instead. Remove its descriptor from a
 * poll loop before; an epoll forgets it by itself.
 *
 * @param wait  the wait; NULL does nothing
 * @par Threads
 * No other thread may be using the wait.
 * @since 0.1.0
 */
ANCHOR_API
void anchor_wait_free(anchor_wait *wait);

/**
 * Makes an empty queue.
 *
 * It holds one file descriptor. A child process may use a queue of its parent: it is empty there, has no callback,
 * and has a descriptor of its own.
 *
 *     anchor_queue *queue = NULL;
 *     anchor_completion *done = NULL;
 *     if (anchor_queue_new(&queue) == ANCHOR_OK) {
 *         status = anchor_wait_start_on(client, queue, "login_done", 60000, 1, NULL, NULL);
 *         ...                                  any number of them, each with a tag of its own
 *         while (anchor_queue_running(queue) > 0 &&
 *                anchor_queue_next(queue, ANCHOR_NO_TIMEOUT, NULL, &done) == ANCHOR_OK) {
 *             printf("%d %s\n", (int)anchor_completion_tag(done), anchor_completion_json(done));
 *             anchor_completion_free(done);
 *         }
 *     }
 *     anchor_queue_free(queue);
 *
 * @param out  receives the queue, to be freed with anchor_queue_free; NULL on failure
 * @return  ANCHOR_OK, ANCHOR_INVALID_ARGUMENT, or ANCHOR_OUT_OF_MEMORY if the process has no file descriptor left
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_queue_new(anchor_queue **out);

/**
 * Returns the file descriptor of a queue, which is readable while the queue is not empty.
 *
 * It is for poll, epoll (level or edge), select, libuv or GLib. Do not read, write or close it; anchor_queue_free
 * closes it. With an edge, take until anchor_queue_next returns ANCHOR_PENDING.
 *
 * @param queue  the queue
 * @return  a file descriptor; -1 if queue is NULL, if a child process has no descriptor left for a queue of its
 *          parent, or on Windows
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
int anchor_queue_fd(const anchor_queue *queue);

/**
 * Returns the event of a queue on Windows, a HANDLE that is signaled while the queue is not empty.
 *
 * It is for WaitForMultipleObjects, MsgWaitForMultipleObjects or RegisterWaitForSingleObject. Do not set, reset or close
 * it; anchor_queue_free closes it. It is a manual-reset event: take until anchor_queue_next returns ANCHOR_PENDING.
 *
 * @param queue  the queue
 * @return  a HANDLE; NULL if queue is NULL, or on a system that has descriptors: anchor_queue_fd
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
void *anchor_queue_handle(const anchor_queue *queue);

/**
 * Sets the function that is called once for each change of a queue from empty to not empty.
 *
 * If the queue is not empty, the function is called at once, on the calling thread. When this call returns, no call
 * of the function that it replaces is running.
 *
 * @param queue      the queue
 * @param callback   the function, which must return soon and must not call libanchor; NULL for none, which is the
 *                   default
 * @param user_data  passed to the function; it must stay valid until the function is replaced or the queue is freed
 * @return  ANCHOR_OK; ANCHOR_INVALID_ARGUMENT; ANCHOR_OUT_OF_MEMORY if a child process has no file descriptor left
 *          for a queue of its parent
 * @par Threads
 * The function is called on a thread of the library, one call at a time. It must not be replaced from within it.
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_queue_set_callback(anchor_queue *queue,
                                        anchor_queue_callback callback,
                                        void *user_data);

/**
 * Starts a wait that runs in the background and whose outcome goes to a queue.
 *
 * Its time counts from this call. It continues if the client is freed. It gives exactly one completion, cancelled
 * or not.
 *
 * The handle of the wait is only needed to cancel this wait alone, with anchor_wait_cancel; anchor_wait_fd returns
 * -1 for it, and anchor_wait_finish and anchor_wait_select refuse it. Freeing it with anchor_wait_free does not
 * cancel the wait.
 *
 * @param client      the client
 * @param queue       the queue
 * @param event_name  as in anchor_wait_for_event
 * @param timeout_ms  as in anchor_wait_for_event
 * @param tag         any number, which anchor_completion_tag returns; the library does not look at it
 * @param options     what is otherwise than in the client's settings, copied; NULL for nothing
 * @param out         receives the handle of the wait, to be freed with anchor_wait_free; NULL on failure. NULL if not
 *                    wanted
 * @return  ANCHOR_OK, ANCHOR_INVALID_ARGUMENT, or ANCHOR_OUT_OF_MEMORY if the process has no memory, thread or
 *          file descriptor left; if it is not ANCHOR_OK, there is no completion
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_wait_start_on(anchor_client *client,
                                   anchor_queue *queue,
                                   const char *event_name,
                                   int64_t timeout_ms,
                                   uint64_t tag,
                                   const anchor_options *options,
                                   anchor_wait **out);

/**
 * Blocks until a wait on a queue has ended, and takes its completion.
 *
 * Completions are taken in the order in which the waits ended, each once. The call does not change what
 * anchor_last_error returns.
 *
 * @param queue       the queue
 * @param timeout_ms  milliseconds, 0 or more; 0 only looks; ANCHOR_NO_TIMEOUT sets no limit
 * @param cancel      a token that ends this call and does not cancel the waits; NULL for none
 * @param out         receives the completion, to be freed with anchor_completion_free; NULL if there is none
 * @return  ANCHOR_OK: the outcome of the wait is in the completion. Otherwise nothing is taken: ANCHOR_PENDING if
 *          no wait has ended in that time; ANCHOR_CANCELLED; ANCHOR_INTERRUPTED if a signal handler ran on this
 *          thread and the settings of a client with a wait on the queue ask for it; ANCHOR_INVALID_ARGUMENT;
 *          ANCHOR_OUT_OF_MEMORY if a child process has no file descriptor left for a queue of its parent
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_queue_next(anchor_queue *queue,
                                int64_t timeout_ms,
                                anchor_cancel_token *cancel,
                                anchor_completion **out);

/**
 * Returns the number of waits on a queue whose completion was not taken yet.
 *
 * @param queue  the queue
 * @return  the number; 0 if queue is NULL
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE size_t anchor_queue_running(const anchor_queue *queue);

/**
 * Cancels the waits that run on a queue.
 *
 * Each still gives its completion: with ANCHOR_CANCELLED, unless its answer has already arrived. Waits that are
 * started later are not affected.
 *
 * @param queue  the queue; NULL does nothing
 * @par Threads
 * Any thread. It is not async-signal-safe; in a signal handler use anchor_wait_cancel.
 * @since 0.1.0
 */
ANCHOR_API
void anchor_queue_cancel_all(anchor_queue *queue);

/**
 * Frees a queue.
 *
 * It cancels the waits that run on it, blocks until they have ended, which takes a moment, and drops the events that
 * have arrived and were not taken; "dropped" in anchor_client_stats counts them. So take until anchor_queue_running
 * is 0 before. The handles of its waits and its completions stay valid. When the call returns, no log line of its
 * waits comes any more, and the callback has ended and is not called again. Remove its descriptor from a poll loop
 * before; an epoll forgets it by itself.
 *
 * @param queue  the queue; NULL does nothing
 * @par Threads
 * No other thread may be using the queue.
 * @since 0.1.0
 */
ANCHOR_API
void anchor_queue_free(anchor_queue *queue);

/**
 * Returns the tag that a wait was started with.
 *
 * @param completion  the completion
 * @return  the tag; 0 if completion is NULL
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE uint64_t anchor_completion_tag(const anchor_completion *completion);

/**
 * Returns how a wait ended.
 *
 * @param completion  the completion
 * @return  what anchor_wait_for_event would have returned; ANCHOR_INVALID_ARGUMENT if completion is NULL
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
anchor_status anchor_completion_status(const anchor_completion *completion);

/**
 * Returns the answer of a wait, or its error as JSON.
 *
 * @param completion  the completion
 * @return  the string that anchor_wait_for_event would have given, which lives as long as the completion; NULL if
 *          completion is NULL, or if memory ran out for it
 * @since 0.1.0
 */
ANCHOR_API ANCHOR_MUST_USE
const char *anchor_completion_json(const anchor_completion *completion);

/**
 * Frees a completion.
 *
 * @param completion  the completion; NULL does nothing
 * @since 0.1.0
 */
ANCHOR_API void anchor_completion_free(anchor_completion *completion);

#ifdef __cplusplus
} /* extern "C" */
#endif /* __cplusplus */

#endif  /* ANCHOR_H */
