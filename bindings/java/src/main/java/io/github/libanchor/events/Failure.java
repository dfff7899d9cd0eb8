package io.github.libanchor.events;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What is known about a call that failed. {@link AnchorException}, {@link AnchorTimeoutException} and {@link
 * AnchorCancelledException} have it.
 */
public interface Failure {
    /**
     * Everything that the library reports, by the names of its JSON, such as {@code attempts} and {@code requestId}.
     *
     * @return the members; never the API key or an event's data
     */
    Map<String, Object> details();

    /**
     * How the call failed.
     *
     * @return the status
     */
    Status status();

    /**
     * The HTTP status, if there was one.
     *
     * @return such as 401
     */
    default OptionalInt httpStatus() {
        return details().get("code") instanceof Number code ? OptionalInt.of(code.intValue()) : OptionalInt.empty();
    }

    /**
     * How far the last request got.
     *
     * @return dns, connect, tls, send, wait or receive; empty if no request was begun
     */
    default Optional<String> phase() {
        return details().get("phase") instanceof String phase ? Optional.of(phase) : Optional.empty();
    }

    /**
     * Whether a request was sent and its answer never read: it may have taken an event or delivered a signal.
     *
     * @return true if so
     */
    default boolean maybeConsumed() {
        return Boolean.TRUE.equals(details().get("maybeConsumed"));
    }
}
