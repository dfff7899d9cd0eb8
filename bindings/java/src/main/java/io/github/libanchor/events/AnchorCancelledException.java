package io.github.libanchor.events;

import java.util.Map;
import java.util.concurrent.CancellationException;

/** A call was ended by {@link Client#close}. */
public final class AnchorCancelledException extends CancellationException implements Failure {
    private static final long serialVersionUID = 1;

    /** How the call failed. */
    private final Status status;
    private final transient Map<String, Object> details;

    AnchorCancelledException(Status status, String message, Map<String, Object> details) {
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
