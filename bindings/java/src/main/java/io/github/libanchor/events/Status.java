package io.github.libanchor.events;

/** How a call failed. */
public enum Status {
    /** The event was not signaled within the time. */
    TIMEOUT(1),
    /** The call was cancelled. */
    CANCELLED(2),
    /** An argument or a setting is not valid. */
    INVALID_ARGUMENT(10),
    /** No memory, thread or file descriptor was left. */
    OUT_OF_MEMORY(11),
    /** A defect in the library was caught. */
    INTERNAL(12),
    /** The service was not reached: the call is safe to repeat. */
    NOT_SENT(20),
    /** The certificate or the TLS handshake was refused. */
    TLS(21),
    /** A request was sent and not completely answered. */
    CONNECTION_LOST(22),
    /** The answer is not one of the API's. */
    PROTOCOL(23),
    /** The answer is larger than the limit of the settings. */
    RESPONSE_TOO_LARGE(24),
    /** The service refused the request as malformed: HTTP 400, 413 or 422. */
    BAD_REQUEST(40),
    /** The API key is missing or not valid: HTTP 401. */
    UNAUTHORIZED(41),
    /** The API key may not do this: HTTP 403. */
    FORBIDDEN(42),
    /** The service does not know this: HTTP 404. */
    NOT_FOUND(43),
    /** There were too many requests: HTTP 429. */
    RATE_LIMITED(44),
    /** The service or a gateway failed: HTTP 5xx. */
    SERVER_ERROR(45),
    /** Any other HTTP status. */
    HTTP_ERROR(46),
    /** A status of a later version of the library. */
    UNKNOWN(-1);

    private final int code;

    Status(int code) {
        this.code = code;
    }

    /**
     * The number of the status in the C library.
     *
     * @return the number; -1 for {@link #UNKNOWN}
     */
    public int code() {
        return code;
    }

    static Status of(int code) {
        for (Status status : values()) {
            if (status.code == code) {
                return status;
            }
        }
        return UNKNOWN;
    }
}
