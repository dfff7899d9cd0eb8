<?php

declare(strict_types=1);

namespace AnchorEvents\Exception;

/** The client, or the queue, was closed before the call. */
final class ClosedException extends \LogicException
{
}
