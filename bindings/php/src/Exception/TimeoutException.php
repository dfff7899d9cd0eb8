<?php

declare(strict_types=1);

namespace AnchorEvents\Exception;

/** The event was not signaled, or the signal not delivered, within the time. In an outage the status is NotSent. */
final class TimeoutException extends \RuntimeException implements AnchorException
{
    use Failed;
}
