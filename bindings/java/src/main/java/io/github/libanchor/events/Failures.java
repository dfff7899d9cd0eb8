package io.github.libanchor.events;

import java.util.Collections;
import java.util.Map;

/** Makes the exception of a failed call. */
final class Failures {
    private Failures() {}

    /** From the error as JSON, or a message. */
    static Exception of(Status status, String text) {
        Map<String, Object> details = details(text);
        String message = details.get("message") instanceof String given ? given : text;
        if (status == Status.INVALID_ARGUMENT) {
            return new IllegalArgumentException(message);
        }
        if (status == Status.CANCELLED) {
            return new AnchorCancelledException(status, message, details);
        }
        if (status == Status.TIMEOUT || Boolean.TRUE.equals(details.get("timedOut"))) {
            return new AnchorTimeoutException(status, message, details);
        }
        return AnchorException.of(status, message, details);
    }

    private static Map<String, Object> details(String text) {
        if (text.startsWith("{") && Json.object(text).get("error") instanceof Map<?, ?> error) {
            return Collections.unmodifiableMap(Json.members(error));
        }
        return Map.of();
    }
}
