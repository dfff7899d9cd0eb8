/*
 * libanchor: waits until a named event is signaled, and signals one.
 *
 * Generated from the library's sources: do not edit.
 *
 * THE CONTRACT, for every function, so that each needs few words.
 *
 * Calling    Each function is extern "C" with the platform's C calling convention. Handles are opaque
 *            pointers. Most functions return an anchor_status, 0 on success; look at it. New statuses may
 *            come in later versions: treat an unknown one as a failure. Enumerations are passed as int32_t
 *            and checked. Times are int64_t milliseconds on the monotonic clock. Strings are NUL-terminated
 *            UTF-8. A pointer that must not be NULL and is, gives ANCHOR_INVALID_ARGUMENT.
 *
 * Ownership  Arguments are copied where they are kept. What a function gives out is the caller's: strings are
 *            freed with anchor_string_free, handles with the ..._free of their kind, each once. All of these take
 *            NULL. A const char * that is returned is not to be freed. An out-parameter is set to NULL or 0 on
 *            entry and written last.
 *
 * out_json   may be NULL if it is not wanted. Otherwise it receives a string to be freed, on success and on
 *            failure (unless memory ran out). On success it is the service's answer, byte for byte. On failure:
 *                {"error":{"code":408,"message":"...","status":"ANCHOR_TIMEOUT","origin":"service",
 *                          "phase":"wait","attempts":3,"elapsedMs":60012,"maybeConsumed":false,
 *                          "lastError":"...","requestId":"..."}}
 *            code: the HTTP status, where there was one. origin: "service" or "client", who says so. phase: how
 *            far the last request came: dns, connect, tls, send, wait or receive. maybeConsumed: some request
 *            of the call was sent and the service's answer to it never read (a gateway's error page is none),
 *            so the event may have been handed out to it, or the signal delivered. lastError: the last failure,
 *            where another status says the outcome. Members may be absent, and new ones may come. Neither the
 *            API key nor an event's data is ever in it.
 *
 * Threads    A client and a cancel token may be used by any number of threads at once; settings by one at a
 *            time. No handle may be freed while another thread uses it. Blocking calls hold no lock. The
 *            library starts a thread only to look up a name, and for a started wait; all signals are blocked
 *            on it. pthread_cancel is disabled for the length of a call, and acts at the thread's next
 *            cancellation point after it; to end the call itself, cancel its token. Not for threads of
 *            asynchronous type. A callback that throws ends the process, and none may leave by longjmp.
 *
 * Signals    No handler is installed, SIGPIPE is never raised. Functions are not async-signal-safe unless they
 *            say so.
 *
 * fork       A client may be used by the child: it makes its own connections, and the parent's are left alone. A
 *            cancel token is shared between both. A call in progress, and a started wait, belong to the parent.
 *
 * Memory     That none is left is an answer where its amount is the caller's or the service's: for a string that is
 *            given out, for the data of a signal and for an answer. Without the small blocks that a call needs besides,
 *            the process is aborted, with a line on stderr, as Rust has it.
 *
 * Output     Nothing is written to stdout or stderr, but for Rust's words on stderr about a defect that is caught
 *            (ANCHOR_INTERNAL) or before an abort.
 */


#ifndef ANCHOR_H
#define ANCHOR_H

#include <stddef.h>
#include <stdint.h>

/** The version of this header; anchor_version() is that of the library that is loaded. */
#define ANCHOR_VERSION "0.1.0"
#define ANCHOR_VERSION_MAJOR 0
#define ANCHOR_VERSION_MINOR 1
#define ANCHOR_VERSION_PATCH 0
#define ANCHOR_VERSION_NUMBER \
    ((ANCHOR_VERSION_MAJOR << 16) | (ANCHOR_VERSION_MINOR << 8) | ANCHOR_VERSION_PATCH)

/** The compiler warns where a status, or what has to be freed, is dropped. */
#if defined(__GNUC__)
#define ANCHOR_MUST_USE __attribute__((warn_unused_result))
#else
#define ANCHOR_MUST_USE
#endif

/**
 * Tries again for as long as the call lasts, however many failures come in a row.
 */
#define ANCHOR_RETRY_ALWAYS 4294967295u

/**
 * A timeout that most waits can use, in milliseconds; also what the service takes when none is given.
 */
#define ANCHOR_DEFAULT_TIMEOUT_MS 60000

/**
 * A timeout without end.
 */
#define ANCHOR_NO_TIMEOUT (-1)

/**
 * The outcome of a call. New values may come in later versions; a value never changes its meaning.
 */
enum anchor_status
#if defined(__cplusplus) || (defined(__STDC_VERSION__) ? __STDC_VERSION__ : 0L) >= 202311L
  : int32_t
#endif /* defined(__cplusplus) || (defined(__STDC_VERSION__) ? __STDC_VERSION__ : 0L) >= 202311L */
 {
    /**
     * Success.
     */
    ANCHOR_OK = 0,
    /**
     * The event was not signaled within the time.
     */
    ANCHOR_TIMEOUT = 1,
    /**
     * Cancelled by a token, by cancelling all, or by cancelling the started wait.
     */
    ANCHOR_CANCELLED = 2,
    /**
     * A started wait has not ended yet.
     */
    ANCHOR_PENDING = 3,
    /**
     * A signal handler ran on the waiting thread, and the configuration asked to be told.
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
     * A defect in libanchor, caught at its boundary. Please report it.
     */
    ANCHOR_INTERNAL = 12,
    /**
     * The request never reached the service (DNS, connect, proxy): nothing happened, and it is safe to repeat.
     */
    ANCHOR_NOT_SENT = 20,
    /**
     * The certificate or the TLS handshake was refused: nothing happened.
     */
    ANCHOR_TLS = 21,
    /**
     * Sent, but not completely answered: the event may have been consumed, or the signal delivered.
     */
    ANCHOR_CONNECTION_LOST = 22,
    /**
     * What was received is not an answer of the API: not HTTP, not JSON, or a gateway's page.
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
     * Any other HTTP status, redirects among them: they are never followed.
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
 * How much a log line matters.
 */
enum anchor_log_level
#if defined(__cplusplus) || (defined(__STDC_VERSION__) ? __STDC_VERSION__ : 0L) >= 202311L
  : int32_t
#endif /* defined(__cplusplus) || (defined(__STDC_VERSION__) ? __STDC_VERSION__ : 0L) >= 202311L */
 {
    /**
     * A failure that was tried again, or that ended a call.
     */
    ANCHOR_LOG_LEVEL_WARNING = 1,
    /**
     * One line for each call and for each re-arm.
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
 * Which certificate authorities a client trusts, beside those of a file that it is given.
 */
enum anchor_trust
#if defined(__cplusplus) || (defined(__STDC_VERSION__) ? __STDC_VERSION__ : 0L) >= 202311L
  : int32_t
#endif /* defined(__cplusplus) || (defined(__STDC_VERSION__) ? __STDC_VERSION__ : 0L) >= 202311L */
 {
    /**
     * The system's; where none is found or may be read, the bundled Mozilla roots, with a warning in the log.
     */
    ANCHOR_TRUST_AUTO = 0,
    /**
     * The system's, or none.
     */
    ANCHOR_TRUST_SYSTEM = 1,
    /**
     * The bundled Mozilla roots, whatever the system has.
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
 * Brings blocked calls back, from any thread or signal handler. Any number of calls may share one.
 */
typedef struct anchor_cancel_token anchor_cancel_token;

/**
 * Connections to the service and the settings for them. One client serves any number of threads at once.
 */
typedef struct anchor_client anchor_client;

/**
 * Settings for clients. Used by one thread at a time.
 */
typedef struct anchor_config anchor_config;

/**
 * A wait that was started and is collected later: for programs with an event loop, or with several events to watch.
 * It runs on a thread of its own, on which all signals are blocked. One that has ended keeps its answer until
 * anchor_wait_finish takes it.
 */
typedef struct anchor_wait anchor_wait;

/**
 * Receives log lines, on the threads that make calls, those of started waits included. It must not call back into
 * the client. The key and events' data are never in a line.
 *
 * - user_data: what was given with the callback
 * - level: an anchor_log_level
 * - message: one line without its end, valid during the call
 */
typedef void (*anchor_log_callback)(void *user_data, int32_t level, const char *message);

#ifdef __cplusplus
extern "C" {
#endif /* __cplusplus */

/**
 * The version of the library that is loaded, such as "0.1.0". Static: not to be freed.
 * ANCHOR_VERSION is that of the header.
 */
ANCHOR_MUST_USE const char *anchor_version(void);

/**
 * The same as a number to compare: 0x00MMmmpp, as ANCHOR_VERSION_NUMBER.
 */
ANCHOR_MUST_USE uint32_t anchor_version_number(void);

/**
 * Frees a string that a function of libanchor gave out. NULL is fine.
 *
 * @param string  the string; not to be used any more
 */
void anchor_string_free(char *string);

/**
 * Takes a value out of a JSON text, such as the answer of a wait.
 *
 *     char *code = anchor_json_get(json, "/data/code");
 *
 * @param json     a JSON text
 * @param pointer  a JSON pointer (RFC 6901): empty for the whole text, or "/name/0/..." with "~1" for a slash
 *                 and "~0" for a tilde within a name
 * @return  a string to free with anchor_string_free: a JSON string unescaped, anything else as its JSON text,
 *          unchanged. NULL if nothing stands there, if an argument is NULL or malformed, if the string holds
 *          U+0000, which a C string cannot, or if memory ran out.
 */
ANCHOR_MUST_USE
char *anchor_json_get(const char *json,
                      const char *pointer);

/**
 * The name of a status, such as "ANCHOR_TIMEOUT"; "ANCHOR_UNKNOWN" for a value that this version does not know.
 * Static: not to be freed. Async-signal-safe.
 *
 * @param status  any value
 */
ANCHOR_MUST_USE
const char *anchor_status_name(int32_t status);

/**
 * One English sentence about a status. Static: not to be freed. Async-signal-safe.
 *
 * @param status  any value
 */
ANCHOR_MUST_USE const char *anchor_status_message(int32_t status);

/**
 * Makes settings of the defaults and of the environment: ANCHORBROWSER_API_KEY (then ANCHOR_API_KEY),
 * ANCHORBROWSER_BASE_URL, and HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY. Mistakes in these are reported by
 * anchor_client_new. What they say later has no effect.
 *
 * @return  settings to be freed with anchor_config_free; NULL if a defect was caught
 */
ANCHOR_MUST_USE
anchor_config *anchor_config_new(void);

/**
 * Frees settings. Clients made from them live on.
 *
 * @param config  the settings; NULL does nothing
 */
void anchor_config_free(anchor_config *config);

/**
 * Why the last anchor_config_set_... or anchor_client_new with these settings failed, naming the argument or the
 * variable of the environment.
 *
 * @param config  the settings
 * @return  an English sentence, valid until the settings are used again; NULL if the last call succeeded
 */
ANCHOR_MUST_USE
const char *anchor_config_error(const anchor_config *config);

/**
 * Sets the API key.
 *
 * @param config   the settings
 * @param api_key  printable ASCII, 1 to 4,096 bytes
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 */
ANCHOR_MUST_USE anchor_status anchor_config_set_api_key(anchor_config *config, const char *api_key);

/**
 * Sets where the service is. Plain http is refused by anchor_client_new unless the host is loopback or
 * anchor_config_set_allow_http allows it.
 *
 * @param config    the settings
 * @param base_url  "https://host[:port][/prefix]"; a trailing "/", "/v1" or "/api/v1" is understood.
 *                  "https://api.anchorbrowser.io" by default
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 */
ANCHOR_MUST_USE
anchor_status anchor_config_set_base_url(anchor_config *config,
                                         const char *base_url);

/**
 * Allows or forbids to send the key in clear: to a plain http base URL that is not loopback, or through a proxy that was
 * set.
 *
 * @param config  the settings
 * @param allow   0 or 1; 0 by default
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 */
ANCHOR_MUST_USE
anchor_status anchor_config_set_allow_http(anchor_config *config,
                                           int allow);

/**
 * Sets the User-Agent header.
 *
 * @param config      the settings
 * @param user_agent  printable ASCII, at most 1,024 bytes; empty sends none. "libanchor/VERSION" by default
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 */
ANCHOR_MUST_USE
anchor_status anchor_config_set_user_agent(anchor_config *config,
                                           const char *user_agent);

/**
 * Sets the proxy to tunnel through with CONNECT. From then on the environment's proxies and NO_PROXY do not count. With a
 * plain http base URL it needs anchor_config_set_allow_http. The environment's proxies are not used for loopback hosts.
 *
 * @param config  the settings
 * @param proxy   "http://[user:password@]host:port", also "https://..."; empty for none. A SOCKS proxy is refused
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 */
ANCHOR_MUST_USE
anchor_status anchor_config_set_proxy(anchor_config *config,
                                      const char *proxy);

/**
 * Adds certificate authorities to those that are trusted.
 *
 * @param config   the settings
 * @param ca_file  path of a PEM file, which anchor_client_new reads
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 */
ANCHOR_MUST_USE anchor_status anchor_config_set_ca_file(anchor_config *config, const char *ca_file);

/**
 * Sets which certificate authorities are trusted, beside those of anchor_config_set_ca_file. The variables SSL_CERT_FILE
 * and SSL_CERT_DIR name the system's, if they are set and not empty when anchor_client_new reads these. With
 * ANCHOR_TRUST_AUTO the bundled ones are trusted where none of the system's is found or may be read, and the log says so.
 *
 * @param config  the settings
 * @param trust   an anchor_trust; ANCHOR_TRUST_AUTO by default
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 */
ANCHOR_MUST_USE
anchor_status anchor_config_set_trust(anchor_config *config,
                                      int32_t trust);

/**
 * Sets how long DNS, connect and TLS handshake may take together, for each connection, within the call's time.
 *
 * @param config      the settings
 * @param timeout_ms  1 to 86,400,000; 10,000 by default
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 */
ANCHOR_MUST_USE
anchor_status anchor_config_set_connect_timeout_ms(anchor_config *config,
                                                   int64_t timeout_ms);

/**
 * Sets how long a signal, or a drain, may take.
 *
 * @param config      the settings
 * @param timeout_ms  1 to 86,400,000; 30,000 by default
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 */
ANCHOR_MUST_USE
anchor_status anchor_config_set_request_timeout_ms(anchor_config *config,
                                                   int64_t timeout_ms);

/**
 * Sets the largest answer that is taken; a larger one is ANCHOR_RESPONSE_TOO_LARGE.
 *
 * @param config  the settings
 * @param bytes   1 to 1,073,741,824; 8,388,608 by default
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 */
ANCHOR_MUST_USE
anchor_status anchor_config_set_max_response_bytes(anchor_config *config,
                                                   size_t bytes);

/**
 * Sets the longest that one request of a wait asks the service to hold it; a longer wait is made of several. It should
 * stay below the idle limits of gateways and NATs on the way.
 *
 * @param config    the settings
 * @param slice_ms  1 to 86,400,000; 50,000 by default
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 */
ANCHOR_MUST_USE
anchor_status anchor_config_set_slice_ms(anchor_config *config,
                                         int64_t slice_ms);

/**
 * Sets how much longer than it asked for a request of a wait is given, so that an answer sent at the last moment is
 * still taken. A wait returns at the latest at its timeout plus this.
 *
 * @param config    the settings
 * @param grace_ms  0 to 86,400,000; 2,000 by default
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 */
ANCHOR_MUST_USE
anchor_status anchor_config_set_grace_ms(anchor_config *config,
                                         int64_t grace_ms);

/**
 * Sets how many failures in a row are tried again before a call gives up. What is tried again is safe to repeat: what
 * never reached the service, and for a wait also HTTP 429, 502, 503 and 504, and, if re-arming, a broken connection.
 *
 * @param config   the settings
 * @param retries  5 by default; 0 gives up at once; ANCHOR_RETRY_ALWAYS never does
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 */
ANCHOR_MUST_USE
anchor_status anchor_config_set_retries(anchor_config *config,
                                        uint32_t retries);

/**
 * Sets whether a wait goes on after a connection broke that its request was written to. The event may have been handed
 * out to the broken connection; without re-arming the wait returns ANCHOR_CONNECTION_LOST at once.
 *
 * @param config  the settings
 * @param rearm   0 or 1; 1 by default
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 */
ANCHOR_MUST_USE
anchor_status anchor_config_set_rearm(anchor_config *config,
                                      int rearm);

/**
 * Sets whether a signal handler that runs on the blocked thread ends the call with ANCHOR_INTERRUPTED. For languages
 * whose Ctrl-C only sets a flag. A signal that arrives before the call blocks does not end it.
 *
 * @param config         the settings
 * @param interruptible  0 or 1; 0 by default
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 */
ANCHOR_MUST_USE
anchor_status anchor_config_set_interruptible(anchor_config *config,
                                              int interruptible);

/**
 * Sets who receives log lines.
 *
 * @param config     the settings
 * @param callback   the receiver, called from any thread that makes calls; NULL for none, the default
 * @param user_data  handed to it; it must stay valid as long as a client made from the settings
 * @return  ANCHOR_OK or ANCHOR_INVALID_ARGUMENT
 */
ANCHOR_MUST_USE
anchor_status anchor_config_set_log_callback(anchor_config *config,
                                             anchor_log_callback callback,
                                             void *user_data);

/**
 * Makes a client. Nothing is sent yet.
 *
 * @param config  the settings, which are copied; NULL for those of the environment
 * @param out     receives the client, to be freed with anchor_client_free; NULL on failure
 * @return  ANCHOR_OK; ANCHOR_INVALID_ARGUMENT if a setting or a variable of the environment is not valid or missing, which
 *          anchor_config_error names; or ANCHOR_OUT_OF_MEMORY if no descriptor or memory is left to read certificate
 *          authorities
 */
ANCHOR_MUST_USE
anchor_status anchor_client_new(const anchor_config *config,
                                anchor_client **out);

/**
 * Frees a client and closes its idle connections. No call may be running on it: cancel them with
 * anchor_client_cancel_all and let them return first. Started waits may live on.
 *
 * @param client  the client; NULL does nothing
 */
void anchor_client_free(anchor_client *client);

/**
 * Ends every call that is running on the client, and every started wait, with ANCHOR_CANCELLED. Later calls are not
 * affected. Any thread; not for signal handlers, where anchor_cancel_token_cancel is the way.
 *
 * @param client  the client; NULL does nothing
 */
void anchor_client_cancel_all(anchor_client *client);

/**
 * What the client has done so far, as a JSON object of numbers: waits, signals, answers, timeouts, cancels, failures,
 * rearms, retries, unanswered (requests that were sent and whose answer was never read: each may have taken an event or
 * delivered a signal), connectionsMade, connectionsReused, bytesSent, bytesReceived.
 *
 * @param client    the client
 * @param out_json  receives the object, to be freed with anchor_string_free
 * @return  ANCHOR_OK, ANCHOR_INVALID_ARGUMENT or ANCHOR_OUT_OF_MEMORY
 */
ANCHOR_MUST_USE
anchor_status anchor_client_stats(const anchor_client *client,
                                  char **out_json);

/**
 * Blocks until an event is signaled. A signal that was sent before the wait is taken at once.
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
 * @param timeout_ms  0 or more, in milliseconds: 0 asks once, without waiting; ANCHOR_NO_TIMEOUT: no limit. The call
 *                    returns normally one round trip after it, at the latest at the timeout plus the grace
 * @param cancel      ends the call from elsewhere; NULL for none
 * @param out_json    NULL, or receives a string to be freed with anchor_string_free: on success the service's
 *                    answer, byte for byte, one JSON object like {"data":{...}}; otherwise the error as JSON
 * @return  ANCHOR_OK, ANCHOR_TIMEOUT, ANCHOR_CANCELLED, or any other status but ANCHOR_PENDING
 */
ANCHOR_MUST_USE
anchor_status anchor_wait_for_event(anchor_client *client,
                                    const char *event_name,
                                    int64_t timeout_ms,
                                    anchor_cancel_token *cancel,
                                    char **out_json);

/**
 * Signals an event: hands data to whoever waits for it, now or later. It takes at most the request timeout, and is
 * never sent twice.
 *
 * @param client      the client
 * @param event_name  1 to 4,096 bytes of UTF-8, not "." or ".."
 * @param data_json   a JSON object; NULL for {}
 * @param out_json    as with anchor_wait_for_event
 * @return  ANCHOR_OK; ANCHOR_NOT_SENT if it is certain that nothing was delivered, ANCHOR_CONNECTION_LOST if it is not;
 *          or any other status but ANCHOR_TIMEOUT and ANCHOR_PENDING
 */
ANCHOR_MUST_USE
anchor_status anchor_signal_event(anchor_client *client,
                                  const char *event_name,
                                  const char *data_json,
                                  char **out_json);

/**
 * Takes and drops signals of an event that nobody has waited for, until none is left. To begin a run clean.
 *
 * @param client       the client
 * @param event_name   1 to 4,096 bytes of UTF-8, not "." or ".."
 * @param out_drained  NULL, or receives how many were dropped, on failure too
 * @return  ANCHOR_OK; ANCHOR_TIMEOUT if there were still some after the request timeout; or any other status but
 *          ANCHOR_PENDING
 */
ANCHOR_MUST_USE
anchor_status anchor_drain_event(anchor_client *client,
                                 const char *event_name,
                                 uint32_t *out_drained);

/**
 * Makes a token that is not cancelled. It holds one file descriptor.
 *
 * @return  the token, to be freed with anchor_cancel_token_free; NULL if the process has no file descriptor
 *          left
 */
ANCHOR_MUST_USE
anchor_cancel_token *anchor_cancel_token_new(void);

/**
 * Ends every call that was given the token with ANCHOR_CANCELLED, and every later one, until it is reset. An answer
 * that has already arrived is still returned. Any thread; async-signal-safe.
 *
 * @param token  the token; NULL does nothing
 */
void anchor_cancel_token_cancel(anchor_cancel_token *token);

/**
 * Makes a token usable again. Let the calls that it cancelled return first: one that has not may go on.
 *
 * @param token  the token; NULL does nothing
 */
void anchor_cancel_token_reset(anchor_cancel_token *token);

/**
 * Frees a token. No call may be using it any more.
 *
 * @param token  the token; NULL does nothing
 */
void anchor_cancel_token_free(anchor_cancel_token *token);

/**
 * Starts a wait. Its time counts from here. It goes on if the client is freed.
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
 * @param event_name  as with anchor_wait_for_event
 * @param timeout_ms  as with anchor_wait_for_event
 * @param out         receives the wait, to be freed with anchor_wait_free; NULL on failure
 * @return  ANCHOR_OK, ANCHOR_INVALID_ARGUMENT, or ANCHOR_OUT_OF_MEMORY if the process has no memory, thread or file
 *          descriptor left
 */
ANCHOR_MUST_USE
anchor_status anchor_wait_start(anchor_client *client,
                                const char *event_name,
                                int64_t timeout_ms,
                                anchor_wait **out);

/**
 * The descriptor of a started wait: readable from its end until it is finished. For poll, epoll (level or edge),
 * select, kqueue, libuv, GLib. It is not to be read, written or closed, and ends with anchor_wait_free.
 *
 * @param wait  the wait
 * @return  a file descriptor; -1 for NULL
 */
ANCHOR_MUST_USE
int anchor_wait_fd(const anchor_wait *wait);

/**
 * Blocks until one of several started waits has ended. Nothing is taken, and the others are left alone. NULL entries,
 * and waits that are finished, before or meanwhile by another thread, are passed over; a wait may be there twice.
 *
 * @param waits       an array of waits, of any clients
 * @param count       how many entries it has, 1 or more
 * @param timeout_ms  0 or more: 0 only looks; ANCHOR_NO_TIMEOUT: no limit
 * @param out_index   receives the place of the first entry that has ended; count if there is none
 * @return  ANCHOR_OK; ANCHOR_PENDING if none has ended in that time; ANCHOR_INVALID_ARGUMENT, also if every entry is
 *          NULL or finished; ANCHOR_INTERRUPTED if a signal handler ran on this thread and the settings of one of them
 *          ask to be told; ANCHOR_OUT_OF_MEMORY if there are more than the system can poll
 */
ANCHOR_MUST_USE
anchor_status anchor_wait_select(anchor_wait *const *waits,
                                 size_t count,
                                 int64_t timeout_ms,
                                 size_t *out_index);

/**
 * Takes what came of a started wait, cancelled or not, once: of several threads that finish it, one gets the outcome,
 * the others ANCHOR_INVALID_ARGUMENT.
 *
 * @param wait        the wait, which is still to be freed
 * @param timeout_ms  how long to wait for its end: 0 only looks; ANCHOR_NO_TIMEOUT: no limit
 * @param out_json    as with anchor_wait_for_event
 * @return  ANCHOR_PENDING if it has not ended in that time, which changes nothing; ANCHOR_INVALID_ARGUMENT if it was
 *          taken before; ANCHOR_INTERRUPTED if a signal handler ran on this thread and the settings ask to be told, which
 *          changes nothing either; otherwise what anchor_wait_for_event would have returned
 */
ANCHOR_MUST_USE
anchor_status anchor_wait_finish(anchor_wait *wait,
                                 int64_t timeout_ms,
                                 char **out_json);

/**
 * Makes a started wait end with ANCHOR_CANCELLED, unless an answer is there already: that is still the answer. Any
 * thread; async-signal-safe. What came of it is still to be taken with anchor_wait_finish, or dropped with
 * anchor_wait_free.
 *
 * @param wait  the wait; NULL, or one of a parent process, does nothing
 */
void anchor_wait_cancel(anchor_wait *wait);

/**
 * Cancels a started wait if it still runs, lets its thread end, and frees it, with an answer that was not taken. No
 * other thread may be using it. First take its descriptor out of what polls it, unless that is an epoll.
 *
 * @param wait  the wait; NULL does nothing
 */
void anchor_wait_free(anchor_wait *wait);

#ifdef __cplusplus
} /* extern "C" */
#endif /* __cplusplus */

#endif  /* ANCHOR_H */
