<?php

declare(strict_types=1);

namespace AnchorEvents\Exception;

/** Too many requests. details()['retryAfterMs'] is the pause that the service asked for, if it did. */
final class RateLimitedException extends ServiceException
{
}
