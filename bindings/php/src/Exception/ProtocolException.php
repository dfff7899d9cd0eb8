<?php

declare(strict_types=1);

namespace AnchorEvents\Exception;

/** The answer is not one of the API's, or too large. */
final class ProtocolException extends FailedException
{
}
