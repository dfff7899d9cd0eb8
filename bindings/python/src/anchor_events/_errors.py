"""What went wrong: a class for each way to fail, below AnchorError."""

from __future__ import annotations

import json
from enum import IntEnum
from typing import Any

from ._library import lib


class Status(IntEnum):
    """The outcome of a call, as in anchor.h."""

    OK = 0
    TIMEOUT = 1
    CANCELLED = 2
    PENDING = 3
    INTERRUPTED = 4
    INVALID_ARGUMENT = 10
    OUT_OF_MEMORY = 11
    INTERNAL = 12
    NOT_SENT = 20
    TLS = 21
    CONNECTION_LOST = 22
    PROTOCOL = 23
    RESPONSE_TOO_LARGE = 24
    BAD_REQUEST = 40
    UNAUTHORIZED = 41
    FORBIDDEN = 42
    NOT_FOUND = 43
    RATE_LIMITED = 44
    SERVER_ERROR = 45
    HTTP_ERROR = 46


class AnchorError(Exception):
    """A call failed.

    If time ended the call, the error is also a TimeoutError, whatever its class is.

    Attributes:
        status: the outcome; a plain int if the library is newer than this package
        code: the HTTP status, if there was one
        phase: how far the last request got: dns, connect, tls, send, wait or receive
        maybe_consumed: whether a request was sent and its answer never read, so that it may have taken an event or delivered
            a signal
        timed_out: whether the call ended because its time was over
        details: all that the library reports, such as attempts, elapsedMs, lastError, requestId and retryAfterMs
    """

    def __init__(self, status: int, details: dict[str, Any]) -> None:
        super().__init__(details.get("message") or lib.anchor_status_message(status).decode())
        self.status: int = Status(status) if status in _KNOWN else status
        self.details = details
        self.code: int | None = details.get("code")
        self.phase: str | None = details.get("phase")
        self.maybe_consumed: bool = details.get("maybeConsumed", False)
        self.timed_out: bool = details.get("timedOut", False) or status == Status.TIMEOUT

    def __reduce__(self) -> tuple[Any, ...]:
        return error, (int(self.status), self.details)


class EventTimeout(AnchorError, TimeoutError):
    """The event was not signaled within the time."""


class Cancelled(AnchorError):
    """The call was cancelled, or its client closed."""


class InvalidArgument(AnchorError, ValueError):
    """An argument, a setting or a variable of the environment is missing or not valid; the message names it."""


class NotSent(AnchorError, ConnectionError):
    """The service was not reached. Nothing happened, and the call is safe to repeat."""


class TLSError(AnchorError, ConnectionError):
    """The certificate or the TLS handshake was refused."""


class ConnectionLost(AnchorError, ConnectionError):
    """A request was sent and not completely answered: the event may be consumed, or the signal delivered."""


class ProtocolError(AnchorError):
    """The answer is not one of the API's, or is larger than the limit in the settings."""


class ServiceError(AnchorError):
    """The service answered with an HTTP status that is not a success."""


class BadRequest(ServiceError):
    """The service refused the request as malformed."""


class Unauthorized(ServiceError):
    """The API key is missing or not valid."""


class Forbidden(ServiceError):
    """The API key may not do this."""


class NotFound(ServiceError):
    """The service does not know this."""


class RateLimited(ServiceError):
    """Too many requests. `details["retryAfterMs"]` is the pause that the service asked for, if it did."""


class ServerError(ServiceError):
    """The service or a gateway failed."""


_KNOWN = frozenset(Status)
_CLASSES: dict[int, type[AnchorError]] = {
    Status.TIMEOUT: EventTimeout,
    Status.CANCELLED: Cancelled,
    Status.INVALID_ARGUMENT: InvalidArgument,
    Status.NOT_SENT: NotSent,
    Status.TLS: TLSError,
    Status.CONNECTION_LOST: ConnectionLost,
    Status.PROTOCOL: ProtocolError,
    Status.RESPONSE_TOO_LARGE: ProtocolError,
    Status.BAD_REQUEST: BadRequest,
    Status.UNAUTHORIZED: Unauthorized,
    Status.FORBIDDEN: Forbidden,
    Status.NOT_FOUND: NotFound,
    Status.RATE_LIMITED: RateLimited,
    Status.SERVER_ERROR: ServerError,
    Status.HTTP_ERROR: ServiceError,
}


def error(status: int, details: dict[str, Any]) -> AnchorError:
    """The exception for an outcome that is not a success."""
    kind = _CLASSES.get(status, AnchorError)
    return (_TIMED_OUT[kind] if details.get("timedOut") else kind)(status, details)


def error_of(status: int, text: str) -> AnchorError:
    """The same, with the error as JSON that the library gave."""
    return error(status, json.loads(text)["error"] if text else {})


def _as_timeout(kind: type[AnchorError]) -> type[AnchorError]:
    """The class, as a TimeoutError too."""
    return kind if issubclass(kind, TimeoutError) else type(kind.__name__, (kind, TimeoutError), {"__doc__": kind.__doc__})


_KINDS: set[type[AnchorError]] = {AnchorError, *_CLASSES.values()}
_TIMED_OUT = {kind: _as_timeout(kind) for kind in _KINDS}
