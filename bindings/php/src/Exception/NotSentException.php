<?php

declare(strict_types=1);

namespace AnchorEvents\Exception;

/** The service was not reached. Nothing happened, and the call is safe to repeat. */
final class NotSentException extends FailedException
{
}
