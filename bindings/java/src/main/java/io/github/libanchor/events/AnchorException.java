package io.github.libanchor.events;

import java.util.Map;

/** A call failed, and not by its time or a cancel. The classes within this one are for the failures that programs handle. */
public class AnchorException extends RuntimeException implements Failure {
    private static final long serialVersionUID = 1;

    /** How the call failed. */
    private final Status status;
    private final transient Map<String, Object> details;

    AnchorException(Status status, String message, Map<String, Object> details) {
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

    static AnchorException of(Status status, String message, Map<String, Object> details) {
        return switch (status) {
            case NOT_SENT -> new NotSent(status, message, details);
            case TLS -> new Tls(status, message, details);
            case CONNECTION_LOST -> new ConnectionLost(status, message, details);
            case UNAUTHORIZED -> new Unauthorized(status, message, details);
            case FORBIDDEN -> new Forbidden(status, message, details);
            case NOT_FOUND -> new NotFound(status, message, details);
            case RATE_LIMITED -> new RateLimited(status, message, details);
            case SERVER_ERROR -> new ServerError(status, message, details);
            default -> new AnchorException(status, message, details);
        };
    }

    /** The service was not reached: the call is safe to repeat. */
    public static final class NotSent extends AnchorException {
        private static final long serialVersionUID = 1;

        NotSent(Status status, String message, Map<String, Object> details) {
            super(status, message, details);
        }
    }

    /** The certificate or the TLS handshake was refused. */
    public static final class Tls extends AnchorException {
        private static final long serialVersionUID = 1;

        Tls(Status status, String message, Map<String, Object> details) {
            super(status, message, details);
        }
    }

    /** A request was sent and not completely answered. */
    public static final class ConnectionLost extends AnchorException {
        private static final long serialVersionUID = 1;

        ConnectionLost(Status status, String message, Map<String, Object> details) {
            super(status, message, details);
        }
    }

    /** The API key is missing or not valid: HTTP 401. */
    public static final class Unauthorized extends AnchorException {
        private static final long serialVersionUID = 1;

        Unauthorized(Status status, String message, Map<String, Object> details) {
            super(status, message, details);
        }
    }

    /** The API key may not do this: HTTP 403. */
    public static final class Forbidden extends AnchorException {
        private static final long serialVersionUID = 1;

        Forbidden(Status status, String message, Map<String, Object> details) {
            super(status, message, details);
        }
    }

    /** The service does not know this: HTTP 404. */
    public static final class NotFound extends AnchorException {
        private static final long serialVersionUID = 1;

        NotFound(Status status, String message, Map<String, Object> details) {
            super(status, message, details);
        }
    }

    /** There were too many requests: HTTP 429. */
    public static final class RateLimited extends AnchorException {
        private static final long serialVersionUID = 1;

        RateLimited(Status status, String message, Map<String, Object> details) {
            super(status, message, details);
        }
    }

    /** The service or a gateway failed: HTTP 5xx. */
    public static final class ServerError extends AnchorException {
        private static final long serialVersionUID = 1;

        ServerError(Status status, String message, Map<String, Object> details) {
            super(status, message, details);
        }
    }
}
