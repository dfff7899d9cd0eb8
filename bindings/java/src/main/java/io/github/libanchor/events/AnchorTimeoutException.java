package io.github.libanchor.events;

import java.util.Map;
import java.util.concurrent.TimeoutException;

/** The time of a call was over. The status tells whether the event was not signaled, or the service not reached. */
public final class AnchorTimeoutException extends TimeoutException implements Failure {
    private static final long serialVersionUID = 1;

    /** How the call failed. */
    private final Status status;
    private final transient Map<String, Object> details;

    AnchorTimeoutException(Status status, String message, Map<String, Object> details) {
        super(message);
        this.status = status;
        this.details = details;
    }

    @Override
    public Status status() {
        return status;
    }

    @Override
    public Map<String, Object> details() {
        return details == null ? Map.of() : details;
    }
}
