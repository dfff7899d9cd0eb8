<?php

declare(strict_types=1);

namespace AnchorEvents\Exception;

use AnchorEvents\Status;

/**
 * A call failed because of its arguments, the service or the network.
 *
 * If time ended the call, it is a TimeoutException, whatever its status is. getCode() is the number of the status.
 */
interface AnchorException extends \Throwable
{
    /** The outcome; null if the library is newer than this package. */
    public function status(): ?Status;

    /** The HTTP status, if there was one. */
    public function httpStatus(): ?int;

    /** How far the last request got: dns, connect, tls, send, wait or receive. */
    public function phase(): ?string;

    /** Whether a request was sent and its answer never read, so that it may have taken an event or delivered a signal. */
    public function maybeConsumed(): bool;

    /** Whether the call ended because its time was over. */
    public function timedOut(): bool;

    /**
     * All that the library reports, such as attempts, elapsedMs, lastError, requestId and retryAfterMs.
     *
     * @return array<string, mixed>
     */
    public function details(): array;
}
