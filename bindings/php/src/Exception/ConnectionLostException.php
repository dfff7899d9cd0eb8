<?php

declare(strict_types=1);

namespace AnchorEvents\Exception;

/** A request was sent and not completely answered: the event may have been consumed, or the signal delivered. */
final class ConnectionLostException extends FailedException
{
}
